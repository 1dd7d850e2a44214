/* How long things took, and how long at most of late. */
#include "support/harness.h"

#include "daemon/spans.h"

#define S INT64_C(1000000000)

static void near(double expected, double value)
{
	assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void all_is_summed_up(void **state)
{
	struct spans spans = {0};

	(void)state;
	near(0, spans_max(&spans, 1000 * S));
	spans_add(&spans, 2 * S, 1000 * S);
	spans_add(&spans, 3 * S, 1001 * S);
	spans_add(&spans, 1 * S, 1002 * S);
	assert_int_equal(3, spans.count);
	assert_int_equal(6 * S, spans.total_ns);
	near(3, spans_max(&spans, 1002 * S));
}

static void the_longest_is_forgotten_after_two_minutes_at_most(void **state)
{
	struct spans spans = {0};

	(void)state;
	spans_add(&spans, 9 * S, 1000 * S);
	for (int64_t t = 1001; t < 1200; t++) {
		spans_add(&spans, 1 * S, t * S);
		near(t < 1120 ? 9 : 1, spans_max(&spans, t * S));
	}
	spans_add(&spans, 5 * S, 1200 * S);
	near(0, spans_max(&spans, 1500 * S)); /* nothing has been done of late */
	spans_add(&spans, 2 * S, 1500 * S);
	near(2, spans_max(&spans, 1500 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_summed_up),
		cmocka_unit_test(the_longest_is_forgotten_after_two_minutes_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
