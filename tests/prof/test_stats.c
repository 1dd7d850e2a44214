#include "prof/stats.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <math.h>

static void it_tells_mean_quantiles_and_extremes(void **state)
{
	const double values[] = {4, 1, (double)NAN, 3, 2};
	struct stats stats;

	(void)state;
	assert_ok(stats_of(values, NULL, 5, &stats));
	assert_int_equal(4, stats.count);
	assert_float_equal(stats.mean, 2.5, 0);
	assert_float_equal(stats.min, 1, 0);
	assert_float_equal(stats.max, 4, 0);
	assert_float_equal(stats.p50, 2.5, 0);
	assert_float_equal(stats.first, 4, 0);
	assert_float_equal(stats.last, 2, 0);
	assert_float_equal(stats.deviation, 1.2909944, 1e-5);
}

static void weights_move_the_mean(void **state)
{
	const double values[] = {10, 20};
	const double weights[] = {3, 1};
	struct stats stats;

	(void)state;
	assert_ok(stats_of(values, weights, 2, &stats));
	assert_float_equal(stats.mean, 12.5, 0);
}

static void nothing_is_not_a_number(void **state)
{
	struct stats stats;

	(void)state;
	assert_ok(stats_of(NULL, NULL, 0, &stats));
	assert_int_equal(0, stats.count);
	assert_true(isnan(stats.mean));
	assert_true(isnan(stats.p99));
}

static void an_interval_holds_the_mean_and_is_the_same_each_time(void **state)
{
	struct stats_interval first, again;
	double values[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		values[i] = 50 + (i * 37 % 11) - 5;
	}
	assert_ok(stats_mean_interval(values, 100, &first));
	assert_ok(stats_mean_interval(values, 100, &again));
	assert_true(first.low < 50 && 50 < first.high);
	assert_true(first.high - first.low < 3);
	assert_float_equal(first.low, again.low, 0);
}

static void a_difference_is_seen_and_none_is_not_invented(void **state)
{
	struct stats_interval interval;
	double a[60], b[60];

	(void)state;
	for (int i = 0; i < 60; i++) {
		a[i] = 10 + i * 7 % 5;
		b[i] = 13 + i * 7 % 5;
	}
	assert_ok(stats_difference(a, 60, b, 60, &interval));
	assert_true(interval.low > 2 && interval.high < 4);
	assert_ok(stats_difference(a, 60, a, 60, &interval));
	assert_true(interval.low < 0 && interval.high > 0);
}

static void two_values_say_nothing_about_certainty(void **state)
{
	const double values[] = {1, 2};
	struct stats_interval interval;

	(void)state;
	assert_ok(stats_mean_interval(values, 2, &interval));
	assert_true(isnan(interval.low) && isnan(interval.high));
}

static void want_of_memory_is_a_status(void **state)
{
	const double values[] = {1, 2, 3};
	struct stats_interval interval;
	struct stats stats;

	(void)state;
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, stats_of(values, NULL, 3, &stats));
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, stats_mean_interval(values, 3, &interval));
	fault_alloc_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_mean_quantiles_and_extremes),
		cmocka_unit_test(weights_move_the_mean),
		cmocka_unit_test(nothing_is_not_a_number),
		cmocka_unit_test(an_interval_holds_the_mean_and_is_the_same_each_time),
		cmocka_unit_test(a_difference_is_seen_and_none_is_not_invented),
		cmocka_unit_test(two_values_say_nothing_about_certainty),
		cmocka_unit_test(want_of_memory_is_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
