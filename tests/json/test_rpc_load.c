#include "support/harness.h"

#include "cli/rpc_load.h"

#include <stdlib.h>

static void buckets_grow_with_latency_and_stay_within_two_percent(void **state)
{
	size_t last = 0;

	(void)state;
	for (int64_t ns = 1; ns < INT64_C(3600000000000); ns += ns / 97 + 1) {
		struct rpc_load_result *result = calloc(1, sizeof *result);
		size_t bucket = rpc_load_bucket(ns);
		int64_t shown;

		assert_non_null(result);
		assert_true(bucket >= last && bucket < RPC_LOAD_OCTAVES * RPC_LOAD_STEPS);
		last = bucket;
		result->by_status[FAST_OK] = 1;
		result->latencies[bucket] = 1;
		result->max_ns = INT64_MAX;
		shown = rpc_load_percentile(result, 0.5);
		assert_true(shown >= ns && (ns < RPC_LOAD_STEPS || shown <= ns + ns / 50));
		free(result);
	}
}

static void percentiles_are_shares_of_calls_that_ended_well(void **state)
{
	struct rpc_load_result *result = calloc(1, sizeof *result);

	(void)state;
	assert_non_null(result);
	assert_true(rpc_load_percentile(result, 0.5) == 0);
	result->by_status[FAST_OK] = 1000;
	result->by_status[FAST_UNAVAILABLE] = 7;
	result->latencies[rpc_load_bucket(1000)] = 899;
	result->latencies[rpc_load_bucket(50000)] = 91;
	result->latencies[rpc_load_bucket(9000000)] = 10;
	result->max_ns = 9000000;
	assert_in_range(rpc_load_percentile(result, 0.5), 1000, 1020);
	assert_in_range(rpc_load_percentile(result, 0.9), 50000, 51000);
	assert_in_range(rpc_load_percentile(result, 0.99), 50000, 51000);
	assert_int_equal(9000000, rpc_load_percentile(result, 0.999));
	free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_grow_with_latency_and_stay_within_two_percent),
		cmocka_unit_test(percentiles_are_shares_of_calls_that_ended_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
