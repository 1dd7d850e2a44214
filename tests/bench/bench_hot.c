/* bench_hot - what a plugin's inner loop pays for its metrics and knobs, beside a bare atomic add.
 */
#include "bench.h"

#include "page/atomic.h"
#include "page/map.h"
#include "page/view.h"

#include <fast/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS           200000
#define CALLS_QUICK     20000
#define DESCRIPTORS_MAX 256

/* What the loops call. */
struct world {
	struct fast_plugin *plugin;
	struct fast_page_map bare; /* a page for the baseline's cell */
	uint64_t *cell;
	struct fast_metric *counter;
	struct fast_metric *gauge;
	struct fast_metric *histogram;
	struct fast_metric *heartbeat;
	struct fast_param *integer;
	struct fast_param *string;
};

typedef void loop_fn(const struct world *world, uint64_t calls);

static void fetch_add_loop(const struct world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		page_add(world->cell, 1);
	}
}

static void clock_loop(const struct world *world, uint64_t calls)
{
	int64_t sum = 0;

	(void)world;
	for (uint64_t i = 0; i < calls; i++) {
		sum += bench_now_ns();
		bench_keep(&sum);
	}
}

static void counter_loop(const struct world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_inc(world->counter);
	}
}

static void gauge_loop(const struct world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_set(world->gauge, (double)i);
	}
}

static void observe_loop(const struct world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_observe(world->histogram, 0.02 + 1e-6 * (double)(i & 1023));
	}
}

static void heartbeat_loop(const struct world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_inc(world->heartbeat);
	}
}

static void get_loop(const struct world *world, uint64_t calls)
{
	int64_t sum = 0;

	for (uint64_t i = 0; i < calls; i++) {
		sum += fast_param_get_int(world->integer);
		bench_keep(&sum);
	}
}

static void get_string_loop(const struct world *world, uint64_t calls)
{
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	for (uint64_t i = 0; i < calls; i++) {
		fast_param_get_string(world->string, text);
		bench_keep(text);
	}
}

/* One measurement: ours beside its baseline. Rows without a name are not printed. */
static const struct {
	const char *name;       /* nanoseconds of one call */
	const char *ratio_name; /* ours / baseline */
	const char *over_name;  /* ours - baseline */
	loop_fn *baseline;
	loop_fn *ours;
} rows[] = {
	{"hot.counter_inc.ns", "hot.counter_inc.vs_fetch_add", NULL, fetch_add_loop, counter_loop},
	{"hot.gauge_set.ns", NULL, NULL, fetch_add_loop, gauge_loop},
	{"hot.observe.ns", NULL, NULL, fetch_add_loop, observe_loop},
	{"hot.heartbeat.ns", NULL, "hot.heartbeat.ns_over_clock", clock_loop, heartbeat_loop},
	{"hot.param_get.ns", NULL, NULL, fetch_add_loop, get_loop},
	{"hot.param_get_string.ns", NULL, NULL, fetch_add_loop, get_string_loop},
};

static void check(enum fast_status status, const char *what)
{
	if (status != FAST_OK) {
		fprintf(stderr, "bench_hot: %s: %s\n", what, fast_status_name(status));
		exit(1);
	}
}

static struct fast_metric *metric_declare(struct fast_plugin *plugin, const char *name,
					  enum fast_metric_kind kind)
{
	struct fast_metric_spec spec = {.size = sizeof spec, .name = name, .kind = kind};
	struct fast_metric *metric = NULL;

	check(fast_plugin_metric(plugin, &spec, &metric), name);
	return metric;
}

/* The plugin's page is the newest of our memfds; nobody hands it out, so it is looked for. */
static int page_find(void)
{
	char link[64];
	char target[64];

	for (int fd = DESCRIPTORS_MAX; fd > 2; fd--) {
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t bytes = readlink(link, target, sizeof target - 1);
		target[bytes < 0 ? 0 : bytes] = '\0';
		if (strncmp(target, "/memfd:fast-page", 16) == 0) {
			return fd;
		}
	}
	return -1;
}

/* Turns both knobs as fastd would: a get of a turned knob is the longer one. */
static void knobs_turn(void)
{
	struct fast_page_value integer = {.type = FAST_PARAM_INT, .u.integer = 720};
	struct fast_page_value string = {.type = FAST_PARAM_STRING, .string = "yolov8-medium"};
	struct fast_page_view *view = NULL;
	const char *reason = NULL;

	check(fast_page_view_open(page_find(), &view, &reason), "the page");
	fast_page_view_set(view, 0, 1, &integer);
	fast_page_view_set(view, 1, 2, &string);
	fast_page_view_commit(view);
	fast_page_view_close(view);
}

static void world_init(struct world *world)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent"};
	struct fast_param_spec integer = {
		.size = sizeof integer,
		.name = "resolution",
		.type = FAST_PARAM_INT,
		.initial.integer = 1080,
		.min = 1,
		.max = 4320,
	};
	struct fast_param_spec string = {
		.size = sizeof string,
		.name = "model",
		.type = FAST_PARAM_STRING,
		.initial.string = "yolov8-large",
	};

	check(fast_page_map_open(&world->bare), "a page");
	world->cell = (uint64_t *)(void *)(world->bare.base + FAST_PAGE_CELLS_OFFSET);
	check(fast_plugin_open("bench", &options, &world->plugin), "a plugin");
	world->counter = metric_declare(world->plugin, "frames", FAST_METRIC_COUNTER);
	world->gauge = metric_declare(world->plugin, "queue", FAST_METRIC_GAUGE);
	world->histogram = metric_declare(world->plugin, "latency", FAST_METRIC_HISTOGRAM);
	world->heartbeat = metric_declare(world->plugin, "fps", FAST_METRIC_HEARTBEAT);
	check(fast_plugin_param(world->plugin, &integer, &world->integer), "a param");
	check(fast_plugin_param(world->plugin, &string, &world->string), "a param");
	knobs_turn();
}

static double loop_ns(loop_fn *loop, const struct world *world, uint64_t calls)
{
	int64_t start = bench_now_ns();

	loop(world, calls);
	return (double)(bench_now_ns() - start) / (double)calls;
}

static void row_measure(struct bench *bench, const struct world *world, size_t row)
{
	uint64_t calls = bench->quick ? CALLS_QUICK : CALLS;
	uint64_t all = calls * (uint64_t)bench->rounds;
	struct bench_series baseline = {0};
	struct bench_series ours = {0};
	struct bench_series ratio = {0};
	struct bench_series over = {0};

	rows[row].ours(world, calls); /* warm up */
	for (int i = 0; i < bench->rounds; i++) {
		double baseline_ns = loop_ns(rows[row].baseline, world, calls);
		double ours_ns = loop_ns(rows[row].ours, world, calls);

		bench_series_add(&baseline, baseline_ns);
		bench_series_add(&ours, ours_ns);
		bench_series_add(&ratio, ours_ns / baseline_ns);
		bench_series_add(&over, ours_ns - baseline_ns);
	}
	bool noisy = bench_is_noisy(&baseline);
	bench_print(bench, rows[row].name, bench_median(&ours), "ns", all, noisy);
	if (rows[row].ratio_name != NULL) {
		bench_print(bench, rows[row].ratio_name, bench_median(&ratio), "x", all, noisy);
	}
	if (rows[row].over_name != NULL) {
		bench_print(bench, rows[row].over_name, bench_median(&over), "ns", all, noisy);
	}
	bench_series_fini(&baseline);
	bench_series_fini(&ours);
	bench_series_fini(&ratio);
	bench_series_fini(&over);
}

static bool row_wanted(const struct bench *bench, size_t row)
{
	return bench_wants(bench, rows[row].name) ||
	       (rows[row].ratio_name != NULL && bench_wants(bench, rows[row].ratio_name)) ||
	       (rows[row].over_name != NULL && bench_wants(bench, rows[row].over_name));
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct world world;

	bench_init(&bench, argc, argv);
	world_init(&world);
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		if (row_wanted(&bench, row)) {
			row_measure(&bench, &world, row);
		}
	}
	fast_plugin_close(world.plugin);
	fast_page_map_close(&world.bare);
	return 0;
}
