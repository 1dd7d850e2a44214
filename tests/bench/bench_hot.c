/* bench_hot - what a plugin's inner loop pays for its metrics and knobs, beside a bare atomic add,
 * with one thread and with two on the same cell, and beside prometheus-cpp. */
#include "bench.h"
#include "bench_hot_world.h"
#ifdef BENCH_HAS_PROMETHEUS
#include "bench_prometheus.h"
#define PEER(loop) prometheus_##loop##_loop
#else
#define PEER(loop) NULL
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLS       200000
#define CALLS_QUICK 20000
#define NAME_BYTES  64

typedef void peer_loop_fn(uint64_t calls);

static const struct row {
	const char *name;
	hot_loop_fn *ours;
	peer_loop_fn *peer; /* NULL: prometheus-cpp has no such thing, or is not installed */
	bool reads_clock;
} rows[] = {
	{"counter_inc", hot_counter_loop, PEER(counter), false},
	{"gauge_set", hot_gauge_loop, PEER(gauge), false},
	{"observe", hot_observe_loop, PEER(observe), false},
	{"observe_exemplar", hot_observe_exemplar_loop, NULL, true},
	{"heartbeat", hot_heartbeat_loop, NULL, true},
	{"param_get", hot_get_loop, NULL, false},
	{"param_get_string", hot_get_string_loop, NULL, false},
};

/* One loop on a thread of its own, begun together with the other's. */
struct runner {
	pthread_t thread;
	hot_loop_fn *loop;
	const struct hot_world *world;
	uint64_t calls;
	atomic_uint *ready; /* threads that stand at the start */
	int64_t begin_ns;
	int64_t end_ns;
};

static void *runner_run(void *arg)
{
	struct runner *runner = arg;

	atomic_fetch_add(runner->ready, 1);
	while (atomic_load(runner->ready) < 2) {
	}
	runner->begin_ns = bench_now_ns();
	runner->loop(runner->world, runner->calls);
	runner->end_ns = bench_now_ns();
	return NULL;
}

/* Nanoseconds of one call while two threads make them at once. */
static double two_threads_ns(hot_loop_fn *loop, const struct hot_world *world, uint64_t calls)
{
	atomic_uint ready = 0;
	struct runner runners[2];
	int64_t ns = 0;

	for (int i = 0; i < 2; i++) {
		runners[i] = (struct runner){
			.loop = loop, .world = world, .calls = calls, .ready = &ready};
		if (pthread_create(&runners[i].thread, NULL, runner_run, &runners[i]) != 0) {
			fprintf(stderr, "bench_hot: no second thread\n");
			exit(1);
		}
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(runners[i].thread, NULL);
		ns += runners[i].end_ns - runners[i].begin_ns;
	}
	return (double)ns / 2 / (double)calls;
}

static double one_thread_ns(hot_loop_fn *loop, const struct hot_world *world, uint64_t calls)
{
	int64_t start = bench_now_ns();

	loop(world, calls);
	return (double)(bench_now_ns() - start) / (double)calls;
}

static double peer_ns(peer_loop_fn *loop, uint64_t calls)
{
	int64_t start = bench_now_ns();

	loop(calls);
	return (double)(bench_now_ns() - start) / (double)calls;
}

/* What the rounds of one row gave. */
struct figures {
	struct bench_series add; /* the baseline */
	struct bench_series ours;
	struct bench_series vs_add;
	struct bench_series vs_peer;
	struct bench_series over_clock;
	struct bench_series add_2;
	struct bench_series ours_2;
	struct bench_series vs_add_2;
};

static void round_measure(const struct row *row, const struct hot_world *world, uint64_t calls,
			  struct figures *figures)
{
	double add_ns = one_thread_ns(hot_fetch_add_loop, world, calls);
	double ours_ns = one_thread_ns(row->ours, world, calls);
	double add_2_ns;
	double ours_2_ns;

	bench_series_add(&figures->add, add_ns);
	bench_series_add(&figures->ours, ours_ns);
	bench_series_add(&figures->vs_add, ours_ns / add_ns);
	if (row->peer != NULL) {
		bench_series_add(&figures->vs_peer, ours_ns / peer_ns(row->peer, calls));
	}
	if (row->reads_clock) {
		bench_series_add(&figures->over_clock,
				 ours_ns - one_thread_ns(hot_clock_loop, world, calls));
	}
	add_2_ns = two_threads_ns(hot_fetch_add_loop, world, calls);
	ours_2_ns = two_threads_ns(row->ours, world, calls);
	bench_series_add(&figures->add_2, add_2_ns);
	bench_series_add(&figures->ours_2, ours_2_ns);
	bench_series_add(&figures->vs_add_2, ours_2_ns / add_2_ns);
}

static void figures_print(struct bench *bench, const struct row *row, struct figures *figures,
			  uint64_t n)
{
	const struct {
		const char *suffix;
		const char *unit;
		struct bench_series *series;
		struct bench_series *baseline;
	} outputs[] = {
		{"ns", "ns", &figures->ours, &figures->add},
		{"vs_fetch_add", "x", &figures->vs_add, &figures->add},
		{"vs_prometheus_cpp", "x", &figures->vs_peer, &figures->add},
		{"ns_over_clock", "ns", &figures->over_clock, &figures->add},
		{"ns_2threads", "ns", &figures->ours_2, &figures->add_2},
		{"vs_fetch_add_2threads", "x", &figures->vs_add_2, &figures->add_2},
	};
	char name[NAME_BYTES];

	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
		struct bench_series *series = outputs[i].series;
		if (series->count > 0) {
			(void)snprintf(name, sizeof name, "hot.%s.%s", row->name,
				       outputs[i].suffix);
			bench_print(bench, name, bench_median(series), outputs[i].unit, n,
				    bench_is_noisy(outputs[i].baseline));
		}
		bench_series_fini(series);
	}
	bench_series_fini(&figures->add);
	bench_series_fini(&figures->add_2);
}

/* Whether any row that begins with hot.NAME. was asked for. */
static bool row_wanted(const struct bench *bench, const struct row *row)
{
	static const char *const suffixes[] = {"ns", "vs_fetch_add", "vs_prometheus_cpp",
					       "ns_2threads", "ns_over_clock"};
	char name[NAME_BYTES];

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		(void)snprintf(name, sizeof name, "hot.%s.%s", row->name, suffixes[i]);
		if (bench_wants(bench, name)) {
			return true;
		}
	}
	(void)snprintf(name, sizeof name, "hot.%s.vs_fetch_add_2threads", row->name);
	return bench_wants(bench, name);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct hot_world world = {.plugin = NULL};

	bench_init(&bench, argc, argv);
	uint64_t calls = bench.quick ? CALLS_QUICK : CALLS;
	hot_world_init(&world);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct figures figures = {.add = {0}};

		if (!row_wanted(&bench, &rows[i])) {
			continue;
		}
		rows[i].ours(&world, calls); /* warm up */
		for (int round = 0; round < bench.rounds; round++) {
			round_measure(&rows[i], &world, calls, &figures);
		}
		figures_print(&bench, &rows[i], &figures, calls * (uint64_t)bench.rounds);
	}
	hot_world_fini(&world);
	return 0;
}
