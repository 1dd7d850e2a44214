/* The numbers of history's seconds never go back. */
#include "support/harness.h"

#include "daemon/seconds.h"

#define S INT64_C(1000000000)

static void seconds_are_those_since_1970(void **state)
{
	struct seconds seconds = {0};

	(void)state;
	assert_int_equal(1700000000, seconds_now(&seconds, 1700000000 * S, 5 * S));
	assert_int_equal(1700000000, seconds_now(&seconds, 1700000000 * S + 999999999, 6 * S));
	assert_int_equal(1700000009, seconds_now(&seconds, 1700000009 * S, 15 * S));
	assert_int_equal(1700000003, seconds_at(&seconds, 1700000003 * S, 9 * S));
}

static void a_clock_that_is_set_back_goes_on_from_the_newest(void **state)
{
	struct seconds seconds = {0};

	(void)state;
	assert_int_equal(1000, seconds_now(&seconds, 1000 * S, 10 * S));
	assert_int_equal(1001, seconds_now(&seconds, 400 * S, 11 * S));
	assert_int_equal(1005, seconds_now(&seconds, 404 * S, 15 * S));
	/* Samples from before and after are told apart, though their times overlap. */
	assert_int_equal(999, seconds_at(&seconds, 999 * S, 9 * S));
	assert_int_equal(1003, seconds_at(&seconds, 402 * S, 13 * S));
	/* Set right again, it is ahead by what was lost. */
	assert_int_equal(1611, seconds_now(&seconds, 1010 * S, 16 * S));
}

static void what_an_earlier_fastd_has_numbered_is_gone_beyond(void **state)
{
	struct seconds seconds = {.newest = 5000};

	(void)state;
	assert_int_equal(5001, seconds_now(&seconds, 1000 * S, 1 * S));
	assert_int_equal(5002, seconds_now(&seconds, 1001 * S, 2 * S));
}

static void a_clock_that_jumps_about_is_borne(void **state)
{
	struct seconds seconds = {0};
	int64_t before = 0;

	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		int64_t unix_ns = (i * 7919 % 1009 + 1) * S;
		int64_t second = seconds_now(&seconds, unix_ns, i * S);

		assert_true(second >= before);
		assert_int_equal(second, seconds_at(&seconds, unix_ns, i * S));
		before = second;
	}
	assert_int_equal(SECONDS_STEPS_MAX, seconds.step_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_are_those_since_1970),
		cmocka_unit_test(a_clock_that_is_set_back_goes_on_from_the_newest),
		cmocka_unit_test(what_an_earlier_fastd_has_numbered_is_gone_beyond),
		cmocka_unit_test(a_clock_that_jumps_about_is_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
