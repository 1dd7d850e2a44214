#include "sdk/world.h"

#include "support/fault_alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS          8
#define CALLS_PER_THREAD 20000

static void a_counter_counts(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "frames", FAST_METRIC_COUNTER);

	assert_int_equal(0, world_read(world, metric).count);
	fast_metric_inc(metric);
	fast_metric_inc(metric);
	fast_metric_add(metric, 40);
	assert_int_equal(42, world_read(world, metric).count);
}

/* What a program does that calls through a pointer, or from another language. */
static void a_counter_counts_through_the_exported_functions(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "frames", FAST_METRIC_COUNTER);
	void (*volatile inc)(struct fast_metric *) = fast_metric_inc;
	void (*volatile add)(struct fast_metric *, uint64_t) = fast_metric_add;

	inc(metric);
	add(metric, 2);
	assert_int_equal(3, world_read(world, metric).count);
}

static void a_gauge_is_nan_until_it_is_set(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "queue", FAST_METRIC_GAUGE);

	assert_true(isnan(world_read(world, metric).value));
	fast_metric_set(metric, 3.5);
	assert_true(world_read(world, metric).value == 3.5);
	fast_metric_set(metric, -INFINITY);
	assert_true(isinf(world_read(world, metric).value));
}

static void a_histogram_keeps_count_sum_min_max_and_buckets(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "size", FAST_METRIC_HISTOGRAM);
	struct fast_cell_reading reading = world_read(world, metric);

	assert_int_equal(0, reading.count);
	assert_true(isnan(reading.distribution.min));
	fast_metric_observe(metric, 4);
	fast_metric_observe(metric, 1);
	fast_metric_observe(metric, 0);
	fast_metric_observe(metric, -2);
	reading = world_read(world, metric);
	assert_int_equal(4, reading.count);
	assert_int_equal(2, reading.distribution.zero);
	assert_true(reading.distribution.sum == 3);
	assert_true(reading.distribution.min == -2);
	assert_true(reading.distribution.max == 4);
	assert_int_equal(1, reading.distribution.buckets[30 * 8 - 1]); /* 2^0 is its bound */
}

static void what_is_not_finite_is_not_observed(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "size", FAST_METRIC_HISTOGRAM);

	fast_metric_observe(metric, NAN);
	fast_metric_observe(metric, INFINITY);
	fast_metric_observe(metric, -INFINITY);
	assert_int_equal(0, world_read(world, metric).count);
}

static void a_timer_counts_seconds_since_a_start(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "decode", FAST_METRIC_TIMER);
	struct fast_cell_reading reading = {.count = 0};

	assert_string_equal("s", metric_info(metric)->unit);
	fast_metric_observe_since(metric, fast_metric_now() - 2000000000);
	fast_metric_observe(metric, 0.5);
	reading = world_read(world, metric);
	assert_int_equal(2, reading.count);
	assert_true(reading.distribution.max >= 2 && reading.distribution.max < 60);
	assert_true(reading.distribution.min == 0.5);
}

static void a_heartbeat_counts_beats_work_and_intervals(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);
	struct fast_cell_reading reading = world_read(world, metric);
	int64_t start_ns = fast_metric_now();

	assert_int_equal(0, reading.count);
	assert_int_equal(0, reading.last_ns);
	fast_metric_inc(metric);
	reading = world_read(world, metric);
	assert_int_equal(1, reading.count);
	assert_true(reading.work == 1);
	assert_int_equal(0, reading.distribution.count);
	assert_true(reading.last_ns >= start_ns);

	fast_metric_beat(metric, 8);
	fast_metric_beat(metric, 0.5);
	fast_metric_beat(metric, NAN);
	reading = world_read(world, metric);
	assert_int_equal(4, reading.count);
	assert_true(reading.work == 1 + 8 + 0.5 + 1);
	assert_int_equal(3, reading.distribution.count);
	assert_true(reading.last_ns <= fast_metric_now());
	/* The intervals add up to the time from the first beat to the last. */
	assert_true(reading.distribution.sum >= reading.distribution.max);
	assert_true(reading.distribution.sum <= 1e-9 * (double)(reading.last_ns - start_ns) + 1e-9);
}

/* Every verb on every kind: 1 for what fits. */
static void a_verb_that_does_not_fit_changes_nothing_and_is_reported_once(void **state)
{
	struct world *world = *state;
	char name[] = "kind_0";

	for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_HEARTBEAT; kind++) {
		struct fast_cell_reading before = {.count = 0};
		struct fast_cell_reading after = {.count = 0};
		bool counter = kind == FAST_METRIC_COUNTER;
		bool distribution = kind == FAST_METRIC_HISTOGRAM || kind == FAST_METRIC_TIMER;
		name[5] = (char)('0' + kind);
		struct fast_metric *metric = world_metric(world, name, (enum fast_metric_kind)kind);

		memset(&before, 0, sizeof before);
		memset(&after, 0, sizeof after);
		log_capture();
		fast_page_view_read(world->view, (enum fast_metric_kind)kind,
				    metric_info(metric)->cell_offset, &before);
		for (int i = 0; i < 3; i++) {
			if (!counter && kind != FAST_METRIC_HEARTBEAT) {
				fast_metric_inc(metric);
			}
			if (!counter) {
				fast_metric_add(metric, 7);
			}
			if (kind != FAST_METRIC_GAUGE) {
				fast_metric_set(metric, 7);
			}
			if (!distribution) {
				fast_metric_observe(metric, 7);
			}
			if (kind != FAST_METRIC_HEARTBEAT) {
				fast_metric_beat(metric, 7);
			}
			if (kind != FAST_METRIC_TIMER) {
				fast_metric_observe_since(metric, 7);
			}
		}
		fast_page_view_read(world->view, (enum fast_metric_kind)kind,
				    metric_info(metric)->cell_offset, &after);
		assert_memory_equal(&before, &after, sizeof before);
		assert_int_equal(1, log_count());
	}
	assert_string_equal("metric \"kind_5\" is a heartbeat: add() does not fit it; use inc() or "
			    "beat()",
			    log_last());
}

static void the_same_declaration_gives_the_same_metric(void **state)
{
	struct world *world = *state;
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);
	struct fast_metric *late = world_metric(world, "late", FAST_METRIC_UNDECLARED);

	assert_ptr_equal(fps, world_metric(world, "fps", FAST_METRIC_HEARTBEAT));
	assert_ptr_equal(fps, world_metric(world, "fps", FAST_METRIC_UNDECLARED));
	assert_ptr_equal(late, world_metric(world, "late", FAST_METRIC_GAUGE));
	assert_int_equal(FAST_METRIC_GAUGE, metric_kind(late));
	assert_int_equal(2, world->plugin->metric_count);
	assert_error(world->plugin, "");
}

static void cells_neither_overlap_nor_leave_the_page(void **state)
{
	struct world *world = *state;
	uint32_t end = FAST_PAGE_CELLS_OFFSET;
	uint32_t view_segments = 1;
	char name[16];

	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		struct fast_metric *metric = world_metric(world, name, FAST_METRIC_HEARTBEAT);
		if (metric_info(metric)->cell_offset >= FAST_PAGE_BYTES * view_segments) {
			/* on to the next segment: what is left of this one is too small */
			assert_true(end + fast_page_cell_bytes(FAST_METRIC_HEARTBEAT) >
				    FAST_PAGE_BYTES * view_segments);
			end = FAST_PAGE_BYTES * view_segments++ + FAST_PAGE_CELLS_OFFSET;
		}
		assert_int_equal(end, metric_info(metric)->cell_offset);
		world_view_grow(world);
		assert_true(fast_page_view_cell_valid(world->view, FAST_METRIC_HEARTBEAT,
						      metric_info(metric)->cell_offset));
		fast_metric_inc(metric);
		fast_metric_inc(metric);
		assert_int_equal(2, world_read(world, metric).count);
		end += fast_page_cell_bytes(FAST_METRIC_HEARTBEAT);
	}
	assert_int_equal(5, view_segments);
	struct fast_metric *more = world_metric(world, "more", FAST_METRIC_HEARTBEAT);
	assert_int_equal(end, metric_info(more)->cell_offset); /* of all that follow */
}

static void a_wrong_declaration_is_answered_with_what_would_be_right(void **state)
{
	static const struct {
		struct fast_metric_spec spec;
		enum fast_status status;
		const char *error;
	} cases[] = {
		{{.size = 0, .name = "a"},
		 FAST_INVALID_ARGUMENT,
		 "metric spec: size is 0; set it to sizeof(struct fast_metric_spec)"},
		{{.size = sizeof(struct fast_metric_spec), .name = "FPS"},
		 FAST_INVALID_ARGUMENT,
		 "metric \"FPS\": upper case 'F' at byte 0; use [a-z0-9_] parts joined by dots"},
		{{.size = sizeof(struct fast_metric_spec), .name = "a", .unit = "per s"},
		 FAST_INVALID_ARGUMENT,
		 "metric \"a\": unit \"per s\" at byte 3; use a UCUM code, visible ASCII without "
		 "spaces, such as \"By\""},
		{{.size = sizeof(struct fast_metric_spec), .name = "a", .help = "a\tb"},
		 FAST_INVALID_ARGUMENT,
		 "metric \"a\": help has a control character at byte 1; use one line"},
		{{.size = sizeof(struct fast_metric_spec), .name = "a", .kind = 9},
		 FAST_INVALID_ARGUMENT,
		 "metric \"a\": kind 9 does not exist; use one of enum fast_metric_kind"},
		{{.size = sizeof(struct fast_metric_spec),
		  .name = "a",
		  .kind = FAST_METRIC_TIMER,
		  .unit = "ms"},
		 FAST_INVALID_ARGUMENT,
		 "metric \"a\": unit \"ms\" on a timer; a timer counts seconds: leave the unit "
		 "out, "
		 "or use a histogram"},
		{{.size = sizeof(struct fast_metric_spec),
		  .name = "fps",
		  .kind = FAST_METRIC_GAUGE},
		 FAST_ALREADY_EXISTS,
		 "metric \"fps\" is already declared as heartbeat; it cannot also be gauge"},
	};
	struct world *world = *state;
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct fast_metric *metric = NULL;

		assert_status(cases[i].status,
			      fast_plugin_metric(world->plugin, &cases[i].spec, &metric));
		assert_null(metric);
		assert_error(world->plugin, cases[i].error);
	}
	assert_int_equal(1, world->plugin->metric_count);
	fast_metric_inc(fps); /* whoever declared it first is not concerned */
	assert_int_equal(1, world_read(world, fps).count);
}

static void a_declaration_survives_each_allocation_failure(void **state)
{
	struct world *world = *state;
	struct fast_metric_spec spec = {.size = sizeof spec, .name = "a"};
	struct fast_metric *metric = NULL;
	enum fast_status status;
	int n = 0;

	for (;;) {
		fault_alloc_after(n++);
		status = fast_plugin_metric(world->plugin, &spec, &metric);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(metric);
		assert_error(world->plugin, "metric \"a\": no memory");
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_int_equal(2, n);
}

static void no_verb_allocates(void **state)
{
	struct world *world = *state;
	struct fast_metric *counter = world_metric(world, "a", FAST_METRIC_COUNTER);
	struct fast_metric *heartbeat = world_metric(world, "b", FAST_METRIC_UNDECLARED);
	unsigned long before = fault_alloc_count();

	for (int i = 0; i < 100; i++) {
		fast_metric_inc(counter);
		fast_metric_inc(heartbeat);
		fast_metric_set(counter, 1);
	}
	assert_int_equal(before, fault_alloc_count());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_counter_counts),
		TEST(a_counter_counts_through_the_exported_functions),
		TEST(a_gauge_is_nan_until_it_is_set),
		TEST(a_histogram_keeps_count_sum_min_max_and_buckets),
		TEST(what_is_not_finite_is_not_observed),
		TEST(a_timer_counts_seconds_since_a_start),
		TEST(a_heartbeat_counts_beats_work_and_intervals),
		TEST(a_verb_that_does_not_fit_changes_nothing_and_is_reported_once),
		TEST(the_same_declaration_gives_the_same_metric),
		TEST(cells_neither_overlap_nor_leave_the_page),
		TEST(a_wrong_declaration_is_answered_with_what_would_be_right),
		TEST(a_declaration_survives_each_allocation_failure),
		TEST(no_verb_allocates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
