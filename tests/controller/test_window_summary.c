/* What a window was: mean, extremes, deviation and percentiles of gauges and distributions. */
#include "support/harness.h"

#include "daemon/window.h"

#include "support/fault_alloc.h"

#include <math.h>
#include <string.h>

#define MS    INT64_C(1000000)
#define S     INT64_C(1000000000)
#define EPOCH (1700000000 * S) /* Unix time at monotonic 0 */

struct fixture {
	struct series series;
	struct sketch_budget budget;
	struct fast_cell_reading reading;
	int64_t now_ns;
};

static void fixture_init(struct fixture *fixture, enum fast_metric_kind kind, uint32_t tick_ms)
{
	*fixture = (struct fixture){.budget.bytes_max = 64u << 20, .reading.kind = kind};
	assert_ok(series_init(&fixture->series, kind, tick_ms, 0, EPOCH));
}

static void fixture_fini(struct fixture *fixture)
{
	series_fini(&fixture->series, &fixture->budget);
}

static void read_after(struct fixture *fixture, int64_t ns)
{
	fixture->now_ns += ns;
	series_add(&fixture->series, &fixture->reading, fixture->now_ns, EPOCH + fixture->now_ns, 0,
		   &fixture->budget);
}

static void gauge_after(struct fixture *fixture, int64_t ns, double value)
{
	fixture->reading.value = value;
	read_after(fixture, ns);
}

static struct node_window window_of(const struct fixture *fixture, uint32_t window_ms)
{
	struct window_summary summary;

	series_summarize(&fixture->series, window_ms, &summary);
	return summary.window;
}

static void near(double expected, double value)
{
	assert_true(fabs(expected - value) <= 1e-9 * fmax(1, fabs(expected)));
}

static void a_gauge_is_summed_up_from_its_samples(void **state)
{
	struct fixture fixture;
	struct node_window window;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 100);
	for (int i = 0; i <= 20; i++) {
		gauge_after(&fixture, 100 * MS, 1e9 + i);
	}
	window = window_of(&fixture, 1000); /* 11 to 20 */
	assert_int_equal(10, window.count);
	near(1e9 + 11, window.first);
	near(1e9 + 20, window.last);
	near(1e9 + 11, window.min);
	near(1e9 + 20, window.max);
	near(1e9 + 15.5, window.mean);
	near(sqrt(8.25), window.std);
	near(1e9 + 15, window.p50);
	near(1e9 + 20, window.p95);
	near(1e9 + 20, window.p99);
	fixture_fini(&fixture);
}

/* Samples of coarse levels stand for more time, and know what lay between them. */
static void a_long_window_of_a_gauge_weighs_time_and_keeps_a_peak(void **state)
{
	struct fixture fixture;
	struct node_window window;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 10);
	for (int i = 0; i < 6000; i++) { /* a minute: 20 for 30 s, then 10; a peak, and a dip */
		gauge_after(&fixture, 10 * MS,
			    i == 1234   ? 1000
			    : i == 5807 ? -50
			    : i < 3000  ? 20
					: 10);
	}
	window = window_of(&fixture, 50000);
	near(1000, window.max);
	near(-50, window.min);
	near(20, window.first);
	near(10, window.last);
	assert_true(fabs(window.mean - 14) < 1);
	near(10, window.p50);
	near(20, window.p99);
	window = window_of(&fixture, 5000);
	near(10, window.max);
	near(-50, window.min);
	near(10, window.mean); /* the dip was of no coarse sample */
	window = window_of(&fixture, 1000);
	near(10, window.min);
	near(0, window.std);
	assert_int_equal(100, window.count);
	fixture_fini(&fixture);
}

static void a_huge_value_of_a_gauge_has_a_finite_mean(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 100);
	for (int i = 0; i < 20; i++) {
		gauge_after(&fixture, 100 * MS, i % 2 == 0 ? 1e308 : 0);
	}
	near(0.5, window_of(&fixture, 1000).mean / 1e308);
	fixture_fini(&fixture);
}

static void a_gauge_never_set_has_no_window(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 100);
	for (int i = 0; i < 100; i++) {
		gauge_after(&fixture, 100 * MS, NAN);
	}
	assert_int_equal(0, window_of(&fixture, 1000).count);
	gauge_after(&fixture, 100 * MS, 7);
	assert_int_equal(1, window_of(&fixture, 1000).count);
	near(7, window_of(&fixture, 1000).mean);
	near(7, window_of(&fixture, 60000).min);
	near(0, window_of(&fixture, 60000).std);
	fixture_fini(&fixture);
}

static void a_gauge_that_was_sampled_once_is_what_it_was(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_GAUGE, 100);
	gauge_after(&fixture, 100 * MS, -3);
	assert_int_equal(1, window_of(&fixture, 1000).count);
	near(-3, window_of(&fixture, 1000).max);
	series_freeze(&fixture.series, &fixture.budget);
	near(-3, window_of(&fixture, 1000).max);
	fixture_fini(&fixture);
}

static void observe(struct fixture *fixture, size_t bucket, uint64_t count, double value)
{
	struct fast_distribution *distribution = &fixture->reading.distribution;
	bool first = distribution->count == 0;

	distribution->buckets[bucket] += count;
	distribution->octaves |= UINT64_C(1) << bucket / 8;
	distribution->count += count;
	distribution->sum += (double)count * value;
	distribution->min = first ? value : fmin(distribution->min, value);
	distribution->max = first ? value : fmax(distribution->max, value);
	fixture->reading.count = distribution->count;
}

static void a_distribution_has_extremes_and_a_deviation(void **state)
{
	struct fixture fixture;
	struct node_window window;
	double low = fast_distribution_bound(200);
	double high = fast_distribution_bound(220);
	double widest = fast_distribution_bound(410) * 0.97;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_TIMER, 100);
	observe(&fixture, 100, 5, fast_distribution_bound(100));
	observe(&fixture, 400, 5, fast_distribution_bound(400));
	read_after(&fixture, 100 * MS);
	for (int i = 0; i < 20; i++) {
		observe(&fixture, 200, 10, low);
		observe(&fixture, 220, 10, high);
		read_after(&fixture, 100 * MS);
	}
	window = window_of(&fixture, 1000);
	assert_int_equal(200, window.count);
	assert_true(window.min <= low && window.min > 0.9 * low);
	near(high, window.max);
	assert_true(fabs(window.std - (high - low) / 2) < 0.09 * high);
	observe(&fixture, 410, 1, widest); /* wider than ever: known exactly */
	read_after(&fixture, 100 * MS);
	near(widest, window_of(&fixture, 1000).max);
	fixture_fini(&fixture);
}

static void a_distribution_has_a_first_and_a_last(void **state)
{
	struct fixture fixture;
	struct node_window window;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HISTOGRAM, 100);
	observe(&fixture, 390, 1, fast_distribution_bound(390)); /* before the window */
	for (int i = 0; i < 20; i++) {
		if (i == 12) { /* the window's first alone */
			observe(&fixture, 247, 1, 2);
		} else if (i == 14) {
			observe(&fixture, 301, 3, 200);
		} else if (i == 17) { /* the last two, and nothing after them */
			observe(&fixture, 255, 1, 4);
			observe(&fixture, 263, 1, 8);
		}
		read_after(&fixture, 100 * MS);
	}
	window = window_of(&fixture, 1000);
	assert_int_equal(6, window.count);
	near(2, window.first);
	near(6, window.last);
	window = window_of(&fixture, 400); /* the two alone */
	assert_int_equal(2, window.count);
	near(6, window.first);
	near(6, window.last);
	window = window_of(&fixture, 100); /* nothing */
	assert_int_equal(0, window.count);
	near(0, window.first);
	fixture_fini(&fixture);
}

/* Of a minute the first and the last five seconds, or less. */
static void a_long_window_has_them_of_its_ends(void **state)
{
	struct fixture fixture;
	struct node_window window;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_TIMER, 10);
	for (int i = 0; i < 6000; i++) {
		double value = i < 3500 ? 1 : i < 5990 ? 2 : 4;

		observe(&fixture, value <= 1 ? 239 : value <= 2 ? 247 : 255, 1, value);
		read_after(&fixture, 10 * MS);
	}
	window = window_of(&fixture, 50000);
	near(1, window.first);
	near(4, window.last); /* the last tenth of a second */
	window = window_of(&fixture, 20000);
	near(2, window.first);
	near(4, window.last);
	fixture_fini(&fixture);
}

/* Those of a heartbeat are intervals. */
static void the_last_interval_of_a_heartbeat_shows(void **state)
{
	struct fixture fixture;
	struct node_window window;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_HEARTBEAT, 100);
	for (int i = 0; i < 12; i++) {
		fixture.reading.work = 100.0 * i; /* is another sum */
		observe(&fixture, 239, 1, i < 11 ? 1 : 0.95);
		read_after(&fixture, 100 * MS);
	}
	window = window_of(&fixture, 1000);
	near(1, window.first);
	near(0.95, window.last);
	fixture_fini(&fixture);
}

/* What is rewritten at each tick is nobody else's. */
static void a_distribution_that_is_read_often_keeps_what_it_was(void **state)
{
	struct fixture fixture;
	struct window_summary summary;
	size_t bytes = 0;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_TIMER, 10);
	for (size_t i = 0; i < 10000; i++) {
		observe(&fixture, 200 + i % 40, 1, 1);
		read_after(&fixture, 10 * MS);
		series_summarize(&fixture.series, 1000, &summary);
		assert_int_equal(summary.window_ms / 10, summary.window.count);
		series_summarize(&fixture.series, 30000, &summary);
		assert_int_equal(summary.window_ms / 10, summary.window.count);
		bytes = i < 7000 ? fixture.budget.bytes : bytes;
	}
	assert_in_range(fixture.budget.bytes, bytes / 2, bytes * 2);
	fixture_fini(&fixture);
}

/* The newest sample is the newest tick's; a window begins at a tenth of a second. */
static void ticks_faster_than_the_samples_lose_no_count(void **state)
{
	struct fixture fixture;
	struct window_summary summary;

	(void)state;
	fixture_init(&fixture, FAST_METRIC_COUNTER, 10);
	for (uint64_t i = 0; i < 1000; i++) {
		fixture.reading.count += 5;
		read_after(&fixture, 10 * MS);
		assert_int_equal(fixture.reading.count, series_newest(&fixture.series)->count);
		series_summarize(&fixture.series, 10, &summary);
		assert_in_range(summary.window_ms, i == 0 ? 0 : 10, 110);
		series_summarize(&fixture.series, 1000, &summary);
		assert_in_range(summary.window_ms, i < 95 ? i * 10 : 950, i < 95 ? i * 10 : 1050);
		near(i == 0 ? 0 : 500, summary.rate_window);
	}
	assert_int_equal(series_bytes(FAST_METRIC_COUNTER, 100),
			 series_bytes(FAST_METRIC_COUNTER, 10));
	fixture_fini(&fixture);
}

static void a_gauge_survives_each_allocation_failure(void **state)
{
	(void)state;
	for (int n = 0; n < 6; n++) {
		struct fixture fixture = {.reading.kind = FAST_METRIC_GAUGE};

		fault_alloc_after(n);
		if (series_init(&fixture.series, FAST_METRIC_GAUGE, 100, 0, EPOCH) == FAST_OK) {
			gauge_after(&fixture, 100 * MS, 1);
			gauge_after(&fixture, 600 * MS, 2);
			series_freeze(&fixture.series, &fixture.budget);
			near(2, window_of(&fixture, 1000).last);
		}
		fault_alloc_after(-1);
		fixture_fini(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gauge_is_summed_up_from_its_samples),
		cmocka_unit_test(a_long_window_of_a_gauge_weighs_time_and_keeps_a_peak),
		cmocka_unit_test(a_huge_value_of_a_gauge_has_a_finite_mean),
		cmocka_unit_test(a_gauge_never_set_has_no_window),
		cmocka_unit_test(a_gauge_that_was_sampled_once_is_what_it_was),
		cmocka_unit_test(a_distribution_has_extremes_and_a_deviation),
		cmocka_unit_test(a_distribution_has_a_first_and_a_last),
		cmocka_unit_test(a_long_window_has_them_of_its_ends),
		cmocka_unit_test(the_last_interval_of_a_heartbeat_shows),
		cmocka_unit_test(a_distribution_that_is_read_often_keeps_what_it_was),
		cmocka_unit_test(ticks_faster_than_the_samples_lose_no_count),
		cmocka_unit_test(a_gauge_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
