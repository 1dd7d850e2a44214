#include "client/goal.h"
#include "tests/support/harness.h"

#include <string.h>

static void it_reads_metric_operator_and_number(void **state)
{
	char error[GOAL_ERROR_BYTES_MAX];
	struct goal goal;

	(void)state;
	assert_ok(goal_parse("fps >= 24", &goal, error));
	assert_string_equal("fps", goal.metric);
	assert_false(goal.at_most);
	assert_float_equal(24, goal.bound, 0);
	assert_ok(goal_parse("  stage.frame_time<=0.04 ", &goal, error));
	assert_string_equal("stage.frame_time", goal.metric);
	assert_true(goal.at_most);
	assert_float_equal(0.04, goal.bound, 0);
}

static void it_scales_units(void **state)
{
	static const struct {
		const char *words;
		double bound;
	} cases[] = {{"x <= 40 ms", 0.04},
		     {"x<=250us", 250e-6},
		     {"x <= 2 s", 2},
		     {"x >= 24Hz", 24},
		     {"x >= 1.5 kHz", 1500}};
	char error[GOAL_ERROR_BYTES_MAX];
	struct goal goal;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_ok(goal_parse(cases[i].words, &goal, error));
		assert_float_equal(cases[i].bound, goal.bound, 1e-12);
	}
}

static void it_says_where_a_goal_is_wrong(void **state)
{
	static const struct {
		const char *words;
		const char *error;
	} cases[] = {
		{"", "at character 1, where the goal ends"},
		{"FPS >= 24",
		 "name (a-z, 0-9, '_', '.') should stand at character 1, not 'FPS >= 24'"},
		{"fps > 24", "'>=' or '<=' should stand at character 5, not '> 24'"},
		{"fps >= fast", "a number greater than 0 should stand at character 8, not 'fast'"},
		{"fps >= 0", "a number greater than 0 should stand at character 8, not '0'"},
		{"fps >= -3", "at character 8"},
		{"fps >= inf", "at character 8"},
		{"fps >=", "at character 7, where the goal ends"},
		{"fps >= 24 apples",
		 "a unit (Hz, kHz, s, ms, us) should stand at character 11, not 'app"},
		{"fps >= 24 ms now", "the end should stand at character 14, not 'now'"},
	};
	char error[GOAL_ERROR_BYTES_MAX];
	struct goal goal;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_status(FAST_INVALID_ARGUMENT, goal_parse(cases[i].words, &goal, error));
		if (strstr(error, cases[i].error) == NULL) {
			fail_msg("'%s' gave '%s'", cases[i].words, error);
		}
	}
}

static void it_refuses_a_name_that_is_too_long(void **state)
{
	char words[100], error[GOAL_ERROR_BYTES_MAX];
	struct goal goal;

	(void)state;
	memset(words, 'a', 65);
	strcpy(words + 65, ">=1");
	assert_status(FAST_INVALID_ARGUMENT, goal_parse(words, &goal, error));
	assert_ok(goal_parse(words + 1, &goal, error));
}

static void its_unit_suits_the_metric(void **state)
{
	char error[GOAL_ERROR_BYTES_MAX];
	struct goal goal;

	(void)state;
	assert_ok(goal_parse("frame_time <= 40 ms", &goal, error));
	assert_ok(goal_fit(&goal, "s", error));
	assert_float_equal(0.04, goal.bound, 1e-12);
	assert_ok(goal_fit(&goal, "", error));
	assert_ok(goal_fit(&goal, "ms", error));
	assert_float_equal(40, goal.bound, 1e-9);
	assert_ok(goal_parse("temp <= 40", &goal, error));
	assert_ok(goal_fit(&goal, "Cel", error));
	assert_ok(goal_parse("temp <= 40 ms", &goal, error));
	assert_status(FAST_INVALID_ARGUMENT, goal_fit(&goal, "Cel", error));
	assert_string_equal("the goal is in ms, but temp is in Cel: give the number in that, "
			    "without a unit",
			    error);
}

static void a_goal_below_is_a_speed_above(void **state)
{
	struct goal above = {.bound = 24}, below = {.at_most = true, .bound = 0.04};

	(void)state;
	assert_float_equal(24, goal_speed(&above, 24), 0);
	assert_float_equal(25, goal_speed(&below, 0.04), 1e-9);
	assert_float_equal(0.04, goal_value(&below, goal_speed(&below, 0.04)), 1e-12);
	assert_true(goal_speed(&below, 0.03) > goal_speed(&below, 0.04));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_metric_operator_and_number),
		cmocka_unit_test(it_scales_units),
		cmocka_unit_test(it_says_where_a_goal_is_wrong),
		cmocka_unit_test(it_refuses_a_name_that_is_too_long),
		cmocka_unit_test(its_unit_suits_the_metric),
		cmocka_unit_test(a_goal_below_is_a_speed_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
