/* bench_node - what a real fastd costs its node, and how long its news takes. */
#include "bench.h"
#include "floor.h"
#include "node_world.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define NAME_BYTES      64
#define SETTLE_MS       1500 /* after a crowd has attached */
#define SHARE_MS        5000 /* one reading of fastd's CPU time: its store writes so often */
#define FLOOR_MS        3000
#define FLOOR_MS_QUICK  1000
#define LATENCY_CALLS   200
#define WATCH_WAIT_MS   5000
#define KNOB_WAIT_NS    INT64_C(2000000000)
#define TICK_MS_DEFAULT "100"
#define TICK_MS_FASTEST "10"
#define NS_PER_US       1e3
#define SCRAPED_PLUGINS 1000
/* Pauses are spread over more than a tick, so that every phase of it is met. */
#define PAUSE_MS_DEFAULT 150
#define PAUSE_MS_FASTEST 15

/* A length to measure over, or a phase to begin in: never a wait for something to be done. */
static void sleep_ms(int64_t ms)
{
	(void)poll(NULL, 0, (int)ms);
}

static bool wants_any(const struct bench *bench, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bench_wants(bench, names[i])) {
			return true;
		}
	}
	return false;
}

/* fastd.start_ms, fastd.rss_idle_mib. */
static void idle_measure(struct bench *bench)
{
	static const char *const names[] = {"fastd.start_ms", "fastd.rss_idle_mib"};
	struct bench_series start = {0};
	struct bench_series rss = {0};

	if (!wants_any(bench, names, 2)) {
		return;
	}
	for (int i = 0; i < bench->rounds; i++) {
		struct node_world world;

		node_world_start(&world, TICK_MS_DEFAULT);
		bench_series_add(&start, world.start_ms);
		sleep_ms(300); /* some ticks */
		bench_series_add(&rss, node_world_rss_mib(&world));
		node_world_stop(&world);
	}
	bench_print(bench, names[0], bench_median(&start), "ms", start.count, false);
	bench_print(bench, names[1], bench_median(&rss), "MiB", rss.count, false);
	bench_series_fini(&start);
	bench_series_fini(&rss);
}

/* What the same costs when nothing is done with what is read; fastd stands still meanwhile. */
static void floor_measure(struct bench *bench, const char *name, const struct node_world *world,
			  const struct crowd *crowd)
{
	int64_t length_ms = bench->quick ? FLOOR_MS_QUICK : FLOOR_MS;
	struct bench_series share = {0};

	if (!bench_wants(bench, name)) {
		return;
	}
	(void)kill(world->pid, SIGSTOP);
	for (int i = 0; i < bench->rounds / 5 + 2; i++) {
		bench_series_add(&share, floor_percent(crowd, crowd->rate_hz, length_ms));
	}
	(void)kill(world->pid, SIGCONT);
	bench_print(bench, name, bench_median(&share), "%", share.count, false);
	bench_series_fini(&share);
}

/* One crowd: fastd's share of one core and its memory. */
static void crowd_measure(struct bench *bench, size_t plugins, const char *tick_ms,
			  unsigned rate_hz)
{
	char share_name[NAME_BYTES];
	char rss_name[NAME_BYTES];
	char floor_name[NAME_BYTES];
	struct node_world world;
	struct crowd crowd;
	struct bench_series share = {0};

	(void)snprintf(share_name, sizeof share_name, "fastd.cpu_percent.%zux%dx%uhz", plugins,
		       CROWD_METRICS, rate_hz);
	(void)snprintf(rss_name, sizeof rss_name, "fastd.rss_mib.%zux%dx%uhz", plugins,
		       CROWD_METRICS, rate_hz);
	(void)snprintf(floor_name, sizeof floor_name, "fastd.sample_floor.%zux%dx%uhz", plugins,
		       CROWD_METRICS, rate_hz);
	if (!wants_any(bench, (const char *const[]){share_name, rss_name, floor_name}, 3)) {
		return;
	}
	node_world_start(&world, tick_ms);
	crowd_open(&crowd, &world, plugins, CROWD_MIXED, rate_hz);
	sleep_ms(SETTLE_MS);
	for (int i = 0; i < bench->rounds / 5 + 2; i++) {
		double cpu_s = node_world_cpu_s(&world);
		int64_t begin_ns = bench_now_ns();

		sleep_ms(SHARE_MS);
		bench_series_add(&share, 100 * (node_world_cpu_s(&world) - cpu_s) /
						 ((double)(bench_now_ns() - begin_ns) / 1e9));
	}
	bench_print(bench, share_name, bench_median(&share), "%", share.count, false);
	bench_print(bench, rss_name, node_world_rss_mib(&world), "MiB", 1, false);
	bench_series_fini(&share);
	floor_measure(bench, floor_name, &world, &crowd);
	crowd_close(&crowd);
	node_world_stop(&world);
}

/* scrape.10000.*: all of it over HTTP, as Prometheus reads it. */
static void scrape_measure(struct bench *bench)
{
	static const char *const names[] = {"scrape.10000.ms", "scrape.10000.bytes"};
	struct node_world world;
	struct crowd crowd;
	struct bench_series ms = {0};
	size_t bytes = 0;

	if (!wants_any(bench, names, 2)) {
		return;
	}
	node_world_start(&world, TICK_MS_DEFAULT);
	crowd_open(&crowd, &world, SCRAPED_PLUGINS, CROWD_PLAIN, 1);
	sleep_ms(SETTLE_MS);
	for (int i = 0; i < bench->rounds; i++) {
		int64_t begin_ns = bench_now_ns();

		bytes = node_world_scrape(&world);
		bench_series_add(&ms, (double)(bench_now_ns() - begin_ns) / 1e6);
	}
	bench_print(bench, names[0], bench_median(&ms), "ms", ms.count, false);
	bench_print(bench, names[1], (double)bytes, "By", ms.count, false);
	bench_series_fini(&ms);
	crowd_close(&crowd);
	node_world_stop(&world);
}

/* A plugin with one counter and one knob. */
struct lone {
	struct fast_plugin *plugin;
	struct fast_metric *counter;
	struct fast_param *knob;
};

static void lone_open(struct lone *lone, const struct node_world *world)
{
	struct fast_plugin_options options = {.size = sizeof options,
					      .socket = world->plugin_socket};
	struct fast_metric_spec counter = {
		.size = sizeof counter, .name = "frames", .kind = FAST_METRIC_COUNTER};
	struct fast_param_spec knob = {.size = sizeof knob,
				       .name = "res",
				       .type = FAST_PARAM_INT,
				       .initial.integer = 1,
				       .min = 0,
				       .max = 1e9};

	bench_check(fast_plugin_open("lone", &options, &lone->plugin), "a plugin");
	bench_check(fast_plugin_metric(lone->plugin, &counter, &lone->counter), "a metric");
	bench_check(fast_plugin_param(lone->plugin, &knob, &lone->knob), "a param");
	bench_check(fast_plugin_wait_attached(lone->plugin, WATCH_WAIT_MS), "attaching");
}

/* Whether the item shows the counter at this count or more. */
static bool watch_shows(const Fast__V1__MetricWatchResponse *item, uint64_t count)
{
	for (size_t i = 0; i < item->n_samples; i++) {
		if (item->samples[i]->count >= count) {
			return true;
		}
	}
	return false;
}

/* From inc() until a client's Watch shows it. */
static double watch_us(struct fast_stream *stream, const struct lone *lone, uint64_t count)
{
	const Fast__V1__MetricWatchResponse *item = NULL;
	int64_t begin_ns = bench_now_ns();

	fast_metric_inc(lone->counter);
	do {
		bench_check(fast_v1_metric_watch_next(stream, WATCH_WAIT_MS, &item), "a sample");
	} while (!watch_shows(item, count));
	return (double)(bench_now_ns() - begin_ns) / NS_PER_US;
}

static void watch_measure(struct bench *bench, const char *tick_ms, int pause_ms,
			  const char *const names[2])
{
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;
	int calls = bench->quick ? LATENCY_CALLS / 5 : LATENCY_CALLS;
	struct bench_series us = {0};
	struct node_world world;
	struct fast_stream *stream = NULL;
	struct lone lone;

	if (!wants_any(bench, names, 2)) {
		return;
	}
	node_world_start(&world, tick_ms);
	lone_open(&lone, &world);
	request.plugin = (char *)"lone";
	bench_check(fast_v1_metric_watch(world.client, NULL, &request, &stream), "a watch");
	for (int i = 0; i < calls; i++) {
		bench_series_add(&us, watch_us(stream, &lone, (uint64_t)i + 1));
		sleep_ms(i * 37 % pause_ms);
	}
	bench_print(bench, names[0], bench_quantile(&us, 0.5), "us", us.count, false);
	bench_print(bench, names[1], bench_quantile(&us, 0.99), "us", us.count, false);
	bench_series_fini(&us);
	fast_stream_close(stream);
	fast_plugin_close(lone.plugin);
	node_world_stop(&world);
}

/* A thread of the plugin that reads its knob all the time. */
struct reader {
	struct fast_param *knob;
	atomic_int_least64_t value;   /* newest seen */
	atomic_int_least64_t seen_ns; /* when */
	atomic_bool stop;
};

static void *reader_run(void *arg)
{
	struct reader *reader = arg;
	int64_t last = -1;

	while (!atomic_load_explicit(&reader->stop, memory_order_relaxed)) {
		int64_t value = fast_param_get_int(reader->knob);
		if (value != last) {
			last = value;
			atomic_store(&reader->seen_ns, bench_now_ns());
			atomic_store(&reader->value, value);
		}
	}
	return NULL;
}

/* From the client's call until the plugin's get() gives the value. */
static double knob_us(const struct node_world *world, struct reader *reader, int64_t value)
{
	Fast__V1__ParamValue typed = FAST__V1__PARAM_VALUE__INIT;
	Fast__V1__ParamAssignment assignment = FAST__V1__PARAM_ASSIGNMENT__INIT;
	Fast__V1__ParamAssignment *assignments[] = {&assignment};
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	struct fast_reply reply = {.status = FAST_OK};
	int64_t begin_ns;

	typed.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	typed.int_value = value;
	assignment.param = (char *)"res";
	assignment.value = &typed;
	request.plugin = (char *)"lone";
	request.n_assignments = 1;
	request.assignments = assignments;
	begin_ns = bench_now_ns();
	bench_check(fast_v1_param_set(world->client, NULL, &request, &reply), "a set");
	fast_reply_fini(&reply);
	while (atomic_load(&reader->value) != value) {
		if (bench_now_ns() - begin_ns > KNOB_WAIT_NS) {
			bench_die("a set", "the plugin does not see it");
		}
	}
	return (double)(atomic_load(&reader->seen_ns) - begin_ns) / NS_PER_US;
}

static void knob_measure(struct bench *bench)
{
	static const char *const names[] = {"knob.set_call_to_get.p50_us",
					    "knob.set_call_to_get.p99_us"};
	int calls = bench->quick ? LATENCY_CALLS : 5 * LATENCY_CALLS;
	struct bench_series us = {0};
	struct node_world world;
	struct lone lone;
	struct reader reader = {.knob = NULL};
	pthread_t thread;

	if (!wants_any(bench, names, 2)) {
		return;
	}
	node_world_start(&world, TICK_MS_DEFAULT);
	lone_open(&lone, &world);
	reader.knob = lone.knob;
	if (pthread_create(&thread, NULL, reader_run, &reader) != 0) {
		bench_die("a reader", "no thread");
	}
	for (int i = 0; i < calls; i++) {
		bench_series_add(&us, knob_us(&world, &reader, i + 2));
	}
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	bench_print(bench, names[0], bench_quantile(&us, 0.5), "us", us.count, false);
	bench_print(bench, names[1], bench_quantile(&us, 0.99), "us", us.count, false);
	bench_series_fini(&us);
	fast_plugin_close(lone.plugin);
	node_world_stop(&world);
}

int main(int argc, char **argv)
{
	static const char *const watch_names[] = {"metric.inc_to_watch.p50_us",
						  "metric.inc_to_watch.p99_us"};
	static const char *const fastest_names[] = {"metric.inc_to_watch_fastest.p50_us",
						    "metric.inc_to_watch_fastest.p99_us"};
	struct bench bench;

	bench_init(&bench, argc, argv);
	idle_measure(&bench);
	crowd_measure(&bench, 10, TICK_MS_DEFAULT, 10);
	crowd_measure(&bench, 100, TICK_MS_DEFAULT, 10);
	crowd_measure(&bench, 1000, TICK_MS_DEFAULT, 10);
	crowd_measure(&bench, 1000, TICK_MS_FASTEST, 100);
	scrape_measure(&bench);
	knob_measure(&bench);
	watch_measure(&bench, TICK_MS_DEFAULT, PAUSE_MS_DEFAULT, watch_names);
	watch_measure(&bench, TICK_MS_FASTEST, PAUSE_MS_FASTEST, fastest_names);
	return 0;
}
