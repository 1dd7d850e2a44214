#include "support/harness.h"

#include <string.h>

static void each_status_has_its_grpc_number_and_name(void **state)
{
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		assert_string_equal(names[i], fast_status_name((enum fast_status)i));
		assert_status(i, fast_status_from_wire((uint32_t)i));
		assert_true(strlen(fast_status_sentence((enum fast_status)i)) > 0);
	}
}

static void a_number_that_is_no_status_is_unknown(void **state)
{
	(void)state;
	assert_status(FAST_UNKNOWN, fast_status_from_wire(17));
	assert_status(FAST_UNKNOWN, fast_status_from_wire(UINT32_MAX));
	assert_string_equal("UNKNOWN", fast_status_name((enum fast_status)1000));
	assert_string_equal("UNKNOWN", fast_status_name((enum fast_status) - 1));
	assert_non_null(fast_status_sentence((enum fast_status)1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_has_its_grpc_number_and_name),
		cmocka_unit_test(a_number_that_is_no_status_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
