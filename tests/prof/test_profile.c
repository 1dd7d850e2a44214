#include "prof/gauges.h"
#include "tests/support/harness.h"

#include <math.h>
#include <string.h>

static struct profile profile; /* large */

static void begin(size_t settings)
{
	memset(&profile, 0, sizeof profile);
	profile.ending = ENDING_RUNNING;
	assert_ok(profile_begin(&profile, settings));
}

static void measure(size_t setting, const char *name, double value)
{
	struct series *series =
		profile_series(&profile.settings[setting], name, "Hz", SOURCE_PLUGIN);

	assert_non_null(series);
	profile_add(&profile, series, (struct point){1, value, 1, 0});
	profile.settings[setting].repeats = 1;
}

static void a_goal_is_met_when_one_setting_meets_it(void **state)
{
	char error[GOAL_ERROR_BYTES_MAX];

	(void)state;
	begin(2);
	measure(0, "fps", 10);
	measure(1, "fps", 30);
	assert_ok(aim_parse("fps >= 24", &profile.aims[0], error));
	assert_ok(aim_parse("fps >= 40", &profile.aims[1], error));
	assert_ok(aim_parse("missing <= 4", &profile.aims[2], error));
	profile.aim_count = 3;
	profile_end(&profile, ENDING_DONE, "%s", "");
	assert_ok(profile_finish(&profile));
	assert_int_equal(AIM_MET, profile.aims[0].verdict);
	assert_int_equal(1, profile.aims[0].best_setting);
	assert_int_equal(AIM_MISSED, profile.aims[1].verdict);
	assert_int_equal(AIM_UNKNOWN, profile.aims[2].verdict);
	assert_int_equal(PROFILE_EXIT_MISSED, profile_exit(&profile));
	profile.aim_count = 1;
	assert_int_equal(PROFILE_EXIT_MET, profile_exit(&profile));
	profile_fini(&profile);
}

static void a_setting_in_which_the_plugin_failed_is_no_choice(void **state)
{
	char error[GOAL_ERROR_BYTES_MAX];

	(void)state;
	begin(2);
	measure(0, "fps", 50);
	measure(1, "fps", 30);
	profile.settings[0].ending = ENDING_CRASHED;
	profile.settings[1].ending = ENDING_DONE;
	assert_ok(aim_parse("fps >= 24", &profile.aims[0], error));
	profile.aim_count = 1;
	assert_ok(profile_finish(&profile));
	assert_false(setting_is_measured(&profile.settings[0]));
	assert_int_equal(1, profile.aims[0].best_setting);
	assert_ptr_equal(&profile.settings[1], profile_first(&profile));
	profile_fini(&profile);
}

static void a_run_ends_as_its_first_failed_setting(void **state)
{
	(void)state;
	begin(3);
	profile.settings[0].ending = ENDING_REFUSED;
	profile.settings[1].ending = ENDING_OUT_OF_MEMORY;
	profile.settings[2].ending = ENDING_HUNG;
	snprintf(profile.settings[1].reason, sizeof profile.settings[1].reason, "no room");
	profile_sum_up(&profile);
	assert_int_equal(PROFILE_EXIT_PLUGIN, profile_exit(&profile));
	assert_int_equal(ENDING_OUT_OF_MEMORY, profile.ending);
	assert_non_null(strstr(profile.reason, "2 of 3 settings"));
	assert_non_null(strstr(profile.reason, "no room"));
	profile_fini(&profile);
	begin(1);
	profile.settings[0].ending = ENDING_REFUSED;
	profile_sum_up(&profile);
	assert_int_equal(ENDING_DONE, profile.ending);
	profile_fini(&profile);
}

static void the_first_reason_to_end_stays(void **state)
{
	(void)state;
	begin(1);
	profile_end(&profile, ENDING_CRASHED, "first");
	profile_end(&profile, ENDING_DONE, "second");
	assert_int_equal(PROFILE_EXIT_PLUGIN, profile_exit(&profile));
	assert_string_equal("first", profile.reason);
	profile_fini(&profile);
}

static void every_ending_has_a_name_and_the_published_codes(void **state)
{
	(void)state;
	for (int i = 0; i < ENDING_COUNT; i++) {
		assert_true(strlen(ending_name((enum ending)i)) > 3);
	}
	assert_int_equal(0, ending_exit(ENDING_DONE));
	assert_int_equal(3, ending_exit(ENDING_OUT_OF_MEMORY));
	assert_int_equal(4, ending_exit(ENDING_TIMEOUT));
	assert_int_equal(5, ending_exit(ENDING_FASTD));
}

static void points_past_the_limit_are_counted(void **state)
{
	struct series *series;

	(void)state;
	begin(1);
	series = profile_series(profile.settings, "fps", "Hz", SOURCE_PLUGIN);
	for (int i = 0; i < PROFILE_POINTS_MAX + 5; i++) {
		profile_add(&profile, series, (struct point){i, 1, 1, 0});
	}
	assert_int_equal(PROFILE_POINTS_MAX, series->count);
	assert_int_equal(5, profile.points_lost);
	profile_fini(&profile);
}

static void what_cannot_be_had_is_unsupported_and_never_zero(void **state)
{
	struct gauges older, newer;

	(void)state;
	begin(1);
	gauges_clear(&older);
	gauges_clear(&newer);
	newer.time_ns = 2000000000;
	older.values[GAUGE_PROC_CPU] = 10;
	newer.values[GAUGE_PROC_CPU] = 11;
	newer.values[GAUGE_PROC_MEMORY] = 4096;
	gauges_add(&profile, profile.settings, 0, &older, &newer);
	assert_ok(profile_finish(&profile));
	assert_float_equal(profile_find(profile.settings, "proc.cpu")->stats.mean, 0.5, 1e-9);
	assert_float_equal(profile_find(profile.settings, "proc.memory")->stats.mean, 4096, 0);
	assert_true(profile_find(profile.settings, "gpu.use")->unsupported);
	assert_true(isnan(profile_find(profile.settings, "gpu.use")->stats.mean));
	profile_fini(&profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_goal_is_met_when_one_setting_meets_it),
		cmocka_unit_test(a_setting_in_which_the_plugin_failed_is_no_choice),
		cmocka_unit_test(a_run_ends_as_its_first_failed_setting),
		cmocka_unit_test(the_first_reason_to_end_stays),
		cmocka_unit_test(every_ending_has_a_name_and_the_published_codes),
		cmocka_unit_test(points_past_the_limit_are_counted),
		cmocka_unit_test(what_cannot_be_had_is_unsupported_and_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
