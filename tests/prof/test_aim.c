#include "prof/aim.h"
#include "tests/support/harness.h"

#include <math.h>
#include <string.h>

static void a_plain_goal_is_about_the_mean(void **state)
{
	const struct stats stats = {.mean = 25, .p99 = 90};
	char error[GOAL_ERROR_BYTES_MAX];
	struct aim aim;

	(void)state;
	assert_ok(aim_parse("fps >= 24", &aim, error));
	assert_string_equal("fps", aim.goal.metric);
	assert_string_equal("mean", aim.statistic);
	assert_float_equal(aim_value(&aim, &stats), 25, 0);
	assert_true(aim_is_met(&aim, 24));
	assert_false(aim_is_met(&aim, 23.9));
	assert_false(aim_is_met(&aim, (double)NAN));
}

static void a_statistic_may_stand_around_the_metric(void **state)
{
	const struct stats stats = {.mean = 0.02, .p99 = 0.06};
	char error[GOAL_ERROR_BYTES_MAX];
	struct aim aim;

	(void)state;
	assert_ok(aim_parse(" p99( stage.latency ) <= 50ms", &aim, error));
	assert_string_equal("stage.latency", aim.goal.metric);
	assert_string_equal("p99", aim.statistic);
	assert_true(aim.goal.at_most);
	assert_float_equal(aim.goal.bound, 0.05, 1e-9);
	assert_false(aim_is_met(&aim, aim_value(&aim, &stats)));
}

static void nonsense_is_refused_with_a_reason(void **state)
{
	static const char *const wrong[] = {
		"",           "p98(latency) <= 5",  "p99(latency <= 5",
		"fps > 24",   "p99(latency) <= -1", "fps >= 24 furlongs",
		"(fps) >= 24"};
	char error[GOAL_ERROR_BYTES_MAX];
	struct aim aim;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		error[0] = '\0';
		assert_status(FAST_INVALID_ARGUMENT, aim_parse(wrong[i], &aim, error));
		assert_true(strlen(error) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_goal_is_about_the_mean),
		cmocka_unit_test(a_statistic_may_stand_around_the_metric),
		cmocka_unit_test(nonsense_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
