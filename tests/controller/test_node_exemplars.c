/* Exemplars as the node has them: from plugins of the SDK, and from others. */
#include "controller/node_world.h"
#include "controller/raw_world.h"
#include "support/fault_alloc.h"

#include "daemon/exemplars.h"
#include "page/map.h"

#include <fast/exemplar.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIME (INT64_C(1520879607789) * 1000000)

/* ---- one metric's ---- */

/* A page with exemplars at the begin of its cells. */
struct bench {
	struct fast_page_map map;
	struct fast_page_view *view;
	struct sketch_budget budget;
};

static void bench_init(struct bench *bench)
{
	const char *reason = NULL;

	*bench = (struct bench){.budget.bytes_max = 65536};
	assert_ok(fast_page_map_open(&bench->map, 0));
	assert_ok(fast_page_view_open(bench->map.fd, &bench->view, &reason));
}

static void bench_fini(struct bench *bench)
{
	assert_int_equal(0, bench->budget.bytes);
	fast_page_view_close(bench->view);
	fast_page_map_close(&bench->map);
}

static void put(const struct bench *bench, double value, int64_t time_unix_ns, const char *trace_id)
{
	const struct fast_label label = {"trace_id", trace_id};
	struct fast_exemplar_text text;
	char reason[1];

	assert_ok(fast_exemplar_write("m", &label, 1, &text, reason, sizeof reason));
	fast_page_exemplar_put((void *)(bench->map.base + FAST_PAGE_CELLS_OFFSET),
			       fast_page_exemplar_slot(FAST_METRIC_TIMER, value), value,
			       time_unix_ns, &text);
}

static struct exemplars *timer_exemplars(struct bench *bench)
{
	return exemplars_new(FAST_METRIC_TIMER, FAST_PAGE_CELLS_OFFSET, &bench->budget);
}

static uint32_t read_all(struct bench *bench, struct exemplars *exemplars)
{
	return exemplars_read(exemplars, bench->view, TIME + 1, &bench->budget);
}

/* trace_id alone. */
static const char *trace_of(const struct node_exemplar *exemplar)
{
	struct fast_label label;
	size_t at = 0;

	assert_true(fast_exemplar_next(exemplar->text, exemplar->bytes, &at, &label));
	assert_string_equal("trace_id", label.name);
	assert_false(fast_exemplar_next(exemplar->text, exemplar->bytes, &at, &label));
	return label.value;
}

static void the_newest_of_each_slot_is_kept(void **state)
{
	struct node_exemplar list[NODE_EXEMPLARS_MAX];
	struct exemplars *exemplars;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	exemplars = timer_exemplars(&bench);
	assert_non_null(exemplars);
	assert_int_equal(FAST_PAGE_CELLS_OFFSET, exemplars_offset(exemplars));
	assert_int_equal(0, read_all(&bench, exemplars));
	assert_int_equal(0, exemplars_list(exemplars, list));
	put(&bench, 0.001, TIME - 9000000, "a");
	put(&bench, 0.5, TIME - 9000000, "b");
	assert_int_equal(0, read_all(&bench, exemplars));
	put(&bench, 0.5, TIME, "a longer one");
	assert_int_equal(0, read_all(&bench, exemplars));
	assert_int_equal(0, read_all(&bench, exemplars));
	assert_int_equal(2, exemplars_list(exemplars, list));
	size_t slow = list[0].value > list[1].value ? 0 : 1;
	assert_string_equal("a longer one", trace_of(&list[slow]));
	assert_float_equal(0.5, list[slow].value, 0);
	assert_int_equal(TIME, list[slow].time_unix_ns);
	assert_string_equal("a", trace_of(&list[1 - slow]));
	exemplars_free(exemplars, &bench.budget);
	bench_fini(&bench);
}

static void a_time_in_the_future_is_now(void **state)
{
	struct node_exemplar list[NODE_EXEMPLARS_MAX];
	struct exemplars *exemplars;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	exemplars = timer_exemplars(&bench);
	put(&bench, 1, INT64_MAX, "a");
	assert_int_equal(0, read_all(&bench, exemplars));
	assert_int_equal(1, exemplars_list(exemplars, list));
	assert_int_equal(TIME + 1, list[0].time_unix_ns);
	exemplars_free(exemplars, &bench.budget);
	bench_fini(&bench);
}

static void what_is_none_is_rejected_once_and_leaves_the_one_before(void **state)
{
	const struct fast_exemplar_text wrong = {.bytes = 4, .u.chars = "a\0\n"};
	struct node_exemplar list[NODE_EXEMPLARS_MAX];
	struct exemplars *exemplars;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	exemplars = timer_exemplars(&bench);
	put(&bench, 1, TIME - 9000000, "a");
	assert_int_equal(0, read_all(&bench, exemplars));
	fast_page_exemplar_put((void *)(bench.map.base + FAST_PAGE_CELLS_OFFSET),
			       fast_page_exemplar_slot(FAST_METRIC_TIMER, 1), 1, TIME, &wrong);
	assert_int_equal(1, read_all(&bench, exemplars));
	assert_int_equal(0, read_all(&bench, exemplars));
	assert_int_equal(1, exemplars_list(exemplars, list));
	assert_string_equal("a", trace_of(&list[0]));
	exemplars_free(exemplars, &bench.budget);
	bench_fini(&bench);
}

static void a_spent_budget_rejects(void **state)
{
	struct node_exemplar list[NODE_EXEMPLARS_MAX];
	struct exemplars *exemplars;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	exemplars = timer_exemplars(&bench);
	bench.budget.bytes_max = bench.budget.bytes;
	assert_null(timer_exemplars(&bench));
	put(&bench, 1, TIME - 9000000, "a");
	assert_int_equal(1, read_all(&bench, exemplars));
	assert_int_equal(0, exemplars_list(exemplars, list));
	exemplars_free(exemplars, &bench.budget);
	bench_fini(&bench);
}

static void each_allocation_may_fail(void **state)
{
	struct node_exemplar list[NODE_EXEMPLARS_MAX];
	struct bench bench;
	bool fired = true;

	(void)state;
	bench_init(&bench);
	put(&bench, 1, TIME - 9000000, "a");
	put(&bench, 3, TIME - 9000000, "b");
	for (int n = 0; fired; n++) {
		struct exemplars *exemplars;
		uint32_t rejected = 0;

		fault_alloc_after(n);
		exemplars = timer_exemplars(&bench);
		if (exemplars != NULL) {
			rejected = read_all(&bench, exemplars);
		}
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_true((exemplars == NULL || rejected == 1) == fired);
		if (exemplars != NULL) {
			assert_int_equal(2, rejected + exemplars_list(exemplars, list));
		}
		exemplars_free(exemplars, &bench.budget);
	}
	bench_fini(&bench);
}

/* ---- the node's ---- */

struct seen {
	const char *metric;
	size_t count;
	char trace[32]; /* of the first */
	double value;
};

static void see(const struct node_metric *metric, void *arg)
{
	struct seen *seen = arg;

	if (strcmp(metric->name, seen->metric) == 0) {
		seen->count = metric->exemplar_count;
		seen->value = metric->exemplar_count > 0 ? metric->exemplars[0].value : 0;
		(void)snprintf(seen->trace, sizeof seen->trace, "%s",
			       metric->exemplar_count > 0 ? trace_of(&metric->exemplars[0]) : "");
	}
}

static struct seen exemplars_of(struct world *world, const char *metric)
{
	const struct node_filter all = {.include_ended = true};
	struct seen seen = {.metric = metric};

	node_each_metric(world->node, &all, see, &seen);
	return seen;
}

struct wanted {
	struct world *world;
	const char *metric;
	const char *trace;
};

static bool is_seen(void *arg)
{
	const struct wanted *wanted = arg;

	return strcmp(exemplars_of(wanted->world, wanted->metric).trace, wanted->trace) == 0;
}

static void exemplar_wait(struct world *world, const char *metric, const char *trace)
{
	struct wanted wanted = {world, metric, trace};

	wait_until(is_seen, &wanted);
}

static void exemplars_of_plugins_are_known_and_outlive_them(void **state)
{
	struct fast_label label = {"trace_id", "first"};
	struct fast_exemplar exemplar = {
		.size = sizeof exemplar, .labels = &label, .label_count = 1, .time_unix_ns = TIME};
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct fast_metric *latency;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	latency = plugin_metric_of(plugin, "latency", FAST_METRIC_TIMER);
	fast_metric_inc(frames);
	(void)world_metric_wait(&world, "cam", "frames", 1);
	assert_int_equal(0, exemplars_of(&world, "frames").count);
	assert_ok(fast_metric_add_exemplar(frames, 5, &exemplar));
	exemplar_wait(&world, "frames", "first");
	assert_float_equal(5, exemplars_of(&world, "frames").value, 0);
	label.value = "second";
	exemplar.time_unix_ns += 1000000;
	assert_ok(fast_metric_add_exemplar(frames, 1, &exemplar));
	assert_ok(fast_metric_observe_exemplar(latency, 0.5, &exemplar));
	exemplar_wait(&world, "frames", "second");
	exemplar_wait(&world, "latency", "second");
	world_restart(&world); /* they are in the page still */
	exemplar_wait(&world, "frames", "second");
	exemplar_wait(&world, "latency", "second");
	label.value = "last";
	exemplar.time_unix_ns += 1000000;
	assert_ok(fast_metric_add_exemplar(frames, 1, &exemplar));
	fast_plugin_close(plugin);
	(void)world_plugin_wait(&world, "cam", false);
	assert_string_equal("last", exemplars_of(&world, "frames").trace);
	world_fini(&world);
}

static bool declare(int fd, const char *name, int kind, uint32_t cell, uint32_t exemplars)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;
	Fast__V1__DeclareMetric declare = FAST__V1__DECLARE_METRIC__INIT;
	Fast__V1__MetricSpec spec = FAST__V1__METRIC_SPEC__INIT;

	spec.name = (char *)name;
	spec.kind = (Fast__V1__MetricKind)kind;
	declare.spec = &spec;
	declare.cell_offset = cell;
	declare.exemplars_offset = exemplars;
	up.kind_case = FAST__V1__SESSION_UP__KIND_DECLARE_METRIC;
	up.declare_metric = &declare;
	return raw_send(fd, &up, -1);
}

static void exemplars_must_lie_where_exemplars_lie(void **state)
{
	const uint32_t cell = FAST_PAGE_CELLS_OFFSET;
	const uint32_t good = cell + 64;
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, 64));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT,
			  "metric \"frames\": no 704 bytes of exemplars can lie at 64;");
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, good + 1));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "can lie at");
	assert_true(declare(raw.fd, "latency", FAST_METRIC_TIMER, cell, FAST_PAGE_BYTES - 9216));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "no 9344 bytes of exemplars can lie at");
	assert_true(declare(raw.fd, "queue", FAST_METRIC_GAUGE, cell, good));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "not of a gauge, info or stateset");
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, good));
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, good));
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, 0));
	assert_true(declare(raw.fd, "frames", FAST_METRIC_COUNTER, cell, good + 64));
	raw_world_refused(&raw, FAST_ALREADY_EXISTS,
			  "metric \"frames\" has its exemplars elsewhere already");
	assert_true(declare(raw.fd, "frames", FAST_METRIC_TIMER, cell, good));
	raw_world_refused(&raw, FAST_ALREADY_EXISTS, "with another kind or cell");
	raw_world_fini(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_each_slot_is_kept),
		cmocka_unit_test(a_time_in_the_future_is_now),
		cmocka_unit_test(what_is_none_is_rejected_once_and_leaves_the_one_before),
		cmocka_unit_test(a_spent_budget_rejects),
		cmocka_unit_test(each_allocation_may_fail),
		cmocka_unit_test(exemplars_of_plugins_are_known_and_outlive_them),
		cmocka_unit_test(exemplars_must_lie_where_exemplars_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
