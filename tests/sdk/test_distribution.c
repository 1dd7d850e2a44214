#include "support/harness.h"

#include "page/distribution.h"
#include "page/view.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static void a_bound_is_the_nearest_double_to_its_power_of_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_PAGE_BUCKETS; i++) {
		long double exact = exp2l((long double)((int)i + 1 + FAST_PAGE_BUCKET_FIRST) / 8);

		assert_true(fast_distribution_bound(i) == (double)exact);
	}
}

static void a_bucket_ends_at_its_bound_and_the_next_begins_one_ulp_later(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < FAST_PAGE_BUCKETS; i++) {
		double bound = fast_distribution_bound(i);
		uint32_t next = i + 1 < FAST_PAGE_BUCKETS ? i + 1 : i;

		assert_int_equal(i, fast_page_bucket(bound));
		assert_int_equal(i, fast_page_bucket(nextafter(bound, 0)));
		assert_int_equal(next, fast_page_bucket(nextafter(bound, INFINITY)));
	}
}

static void a_value_between_bounds_lands_between_them(void **state)
{
	(void)state;
	srandom(1);
	for (int n = 0; n < 100000; n++) {
		double part = (double)random() / RAND_MAX;
		double value = exp2(FAST_PAGE_OCTAVE_FIRST + 64 * part);
		uint32_t bucket = fast_page_bucket(value);

		assert_true(value <= fast_distribution_bound(bucket));
		assert_true(bucket == 0 || value > fast_distribution_bound(bucket - 1));
	}
}

static void what_is_too_small_or_too_large_lands_in_the_first_and_the_last(void **state)
{
	(void)state;
	assert_int_equal(0, fast_page_bucket(DBL_TRUE_MIN));
	assert_int_equal(0, fast_page_bucket(DBL_MIN));
	assert_int_equal(0, fast_page_bucket(0x1p-30));
	assert_int_equal(FAST_PAGE_BUCKETS - 1, fast_page_bucket(0x1p34));
	assert_int_equal(FAST_PAGE_BUCKETS - 1, fast_page_bucket(DBL_MAX));
	assert_int_equal(FAST_PAGE_BUCKETS - 1, fast_page_bucket(INFINITY));
}

static struct fast_distribution *distribution_new(void)
{
	struct fast_distribution *distribution = calloc(1, sizeof *distribution);

	assert_non_null(distribution);
	distribution->min = NAN;
	distribution->max = NAN;
	return distribution;
}

static void distribution_put(struct fast_distribution *distribution, size_t bucket, uint64_t count)
{
	distribution->buckets[bucket] += count;
	distribution->octaves |= UINT64_C(1) << (bucket >> FAST_PAGE_SCALE);
}

static void quantiles_are_within_a_bucket_of_the_truth(void **state)
{
	struct fast_distribution *distribution = distribution_new();

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		distribution_put(distribution, fast_page_bucket(i), 1);
	}
	for (int percent = 1; percent <= 100; percent++) {
		double value = fast_distribution_quantile(distribution, percent / 100.0);

		assert_true(fabs(value - percent * 10) <= 0.0905 * percent * 10 + 1);
	}
	free(distribution);
}

static void quantiles_stay_within_min_and_max(void **state)
{
	struct fast_distribution *distribution = distribution_new();

	(void)state;
	distribution_put(distribution, fast_page_bucket(10), 3);
	distribution->min = 10;
	distribution->max = 10;
	assert_true(fast_distribution_quantile(distribution, 0) == 10);
	assert_true(fast_distribution_quantile(distribution, 0.5) == 10);
	assert_true(fast_distribution_quantile(distribution, 1) == 10);
	free(distribution);
}

static void quantiles_of_nothing_are_nan_and_of_zeros_zero(void **state)
{
	struct fast_distribution *distribution = distribution_new();

	(void)state;
	assert_true(isnan(fast_distribution_quantile(distribution, 0.5)));
	distribution->zero = 4;
	assert_true(fast_distribution_quantile(distribution, 0) == 0);
	assert_true(fast_distribution_quantile(distribution, 1) == 0);
	free(distribution);
}

static void quantiles_survive_counts_that_no_plugin_has_reached(void **state)
{
	struct fast_distribution *distribution = distribution_new();

	(void)state;
	distribution->zero = UINT64_MAX;
	for (size_t i = 0; i < FAST_PAGE_BUCKETS; i++) {
		distribution_put(distribution, i, UINT64_MAX);
	}
	assert_true(fast_distribution_quantile(distribution, 0) == 0);
	assert_true(fast_distribution_quantile(distribution, 1) <= 0x1p34);
	free(distribution);
}

static void a_difference_holds_what_came_in_between(void **state)
{
	struct fast_distribution *older = distribution_new();
	struct fast_distribution *newer = distribution_new();

	(void)state;
	older->zero = 1;
	distribution_put(older, 5, 2);
	older->sum = 3;
	newer->zero = 1;
	distribution_put(newer, 5, 6);
	distribution_put(newer, 7, 1);
	newer->sum = 10;
	fast_distribution_difference(newer, older, newer); /* out may be newer */
	assert_int_equal(5, newer->count);
	assert_int_equal(0, newer->zero);
	assert_int_equal(4, newer->buckets[5]);
	assert_int_equal(1, newer->buckets[7]);
	assert_true(newer->sum == 7);
	assert_true(isnan(newer->min));
	assert_true(isnan(newer->max));
	free(older);
	free(newer);
}

static void a_bucket_that_went_back_counts_as_new(void **state)
{
	struct fast_distribution *older = distribution_new();
	struct fast_distribution *newer = distribution_new();
	struct fast_distribution *out = distribution_new();

	(void)state;
	distribution_put(older, 5, 100);
	older->sum = 1000;
	distribution_put(newer, 5, 2);
	newer->sum = 4;
	fast_distribution_difference(newer, older, out);
	assert_int_equal(2, out->count);
	assert_int_equal(2, out->buckets[5]);
	assert_true(out->sum == 4);
	free(older);
	free(newer);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_is_the_nearest_double_to_its_power_of_two),
		cmocka_unit_test(a_bucket_ends_at_its_bound_and_the_next_begins_one_ulp_later),
		cmocka_unit_test(a_value_between_bounds_lands_between_them),
		cmocka_unit_test(what_is_too_small_or_too_large_lands_in_the_first_and_the_last),
		cmocka_unit_test(quantiles_are_within_a_bucket_of_the_truth),
		cmocka_unit_test(quantiles_stay_within_min_and_max),
		cmocka_unit_test(quantiles_of_nothing_are_nan_and_of_zeros_zero),
		cmocka_unit_test(quantiles_survive_counts_that_no_plugin_has_reached),
		cmocka_unit_test(a_difference_holds_what_came_in_between),
		cmocka_unit_test(a_bucket_that_went_back_counts_as_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
