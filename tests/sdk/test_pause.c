/* When a plugin of another host tries again. */
#include "support/harness.h"

#include "remote/pause.h"

#define TRIES 10000

/* What fastd needs to be reached, once it is tried: a handshake over TLS and the first messages. */
#define REACH_MS 250

struct range {
	int64_t least;
	int64_t most;
};

static struct range pauses(unsigned failures, bool refused)
{
	struct range range = {INT64_MAX, 0};

	for (int64_t i = 0; i < TRIES; i++) {
		int64_t ms = pause_ms(failures, refused, 1795437880668715384 + i * 1000003);

		range.least = ms < range.least ? ms : range.least;
		range.most = ms > range.most ? ms : range.most;
	}
	return range;
}

static void a_fastd_that_comes_back_is_tried_within_a_second(void **state)
{
	(void)state;
	for (unsigned failures = 0; failures < 100; failures++) {
		assert_in_range(pauses(failures, false).most, 1, 1000 - REACH_MS);
	}
}

static void pauses_grow_up_to_the_longest(void **state)
{
	(void)state;
	assert_int_equal(PAUSE_FIRST_MS, pauses(0, false).most);
	assert_int_equal(2 * PAUSE_FIRST_MS, pauses(1, false).most);
	assert_int_equal(4 * PAUSE_FIRST_MS, pauses(2, false).most);
	assert_int_equal(PAUSE_MAX_MS, pauses(3, false).most);
	assert_int_equal(PAUSE_MAX_MS, pauses(1000000, false).most);
}

/* So that who waits for long tries at most four times a second. */
static void no_pause_is_shorter_than_half(void **state)
{
	(void)state;
	assert_int_equal(PAUSE_FIRST_MS / 2, pauses(0, false).least);
	assert_int_equal(PAUSE_MAX_MS / 2, pauses(50, false).least);
	assert_int_equal(PAUSE_REFUSED_MS / 2, pauses(0, true).least);
}

static void who_is_refused_waits_for_long_from_the_first(void **state)
{
	(void)state;
	assert_int_equal(PAUSE_REFUSED_MS, pauses(0, true).most);
	assert_int_equal(PAUSE_REFUSED_MS, pauses(9, true).most);
}

/* A thousand that read their clocks within one millisecond: no tenth of the time has twice its
 * share. */
static void those_who_begin_together_are_spread(void **state)
{
	unsigned tenths[10] = {0};

	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		int64_t ms = pause_ms(9, false, 1795437880668715384 + i * 997);

		tenths[(ms - PAUSE_MAX_MS / 2) * 10 / (PAUSE_MAX_MS / 2 + 1)]++;
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(tenths); i++) {
		assert_in_range(tenths[i], 50, 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fastd_that_comes_back_is_tried_within_a_second),
		cmocka_unit_test(pauses_grow_up_to_the_longest),
		cmocka_unit_test(no_pause_is_shorter_than_half),
		cmocka_unit_test(who_is_refused_waits_for_long_from_the_first),
		cmocka_unit_test(those_who_begin_together_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
