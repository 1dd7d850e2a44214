#include "prof/outputs.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <math.h>
#include <unistd.h>

static struct profiles profiles;

/* Two settings of a knob; every name and reason is as hostile as it can be. Not finished. */
static void begin(void)
{
	const char *names[] = {"res"};
	const char *first[] = {"1"};
	const char *second[] = {"0.5"};
	char error[GOAL_ERROR_BYTES_MAX];

	assert_ok(profiles_begin(&profiles, 1));
	snprintf(profiles.all->target, sizeof profiles.all->target, "default");
	assert_ok(table_begin(&profiles.all->grid, names, 1));
	assert_ok(table_add(&profiles.all->grid, first));
	assert_ok(table_add(&profiles.all->grid, second));
	assert_ok(profile_begin(profiles.all, 2));
	for (size_t i = 0; i < 2; i++) {
		struct series *series =
			profile_series(&profiles.all->settings[i], "fps", "Hz", SOURCE_PLUGIN);

		for (int j = 0; j < 10; j++) {
			profile_add(profiles.all, series, (struct point){j, 20 + j, 1, 0});
		}
		series = profile_series(&profiles.all->settings[i], "lag", "ms", SOURCE_PLUGIN);
		profile_add(profiles.all, series, (struct point){1, i == 0 ? 50 : 30, 1, 0});
		profile_series(&profiles.all->settings[i], "gpu.use", "1", SOURCE_GPU)
			->unsupported = true;
		profiles.all->settings[i].repeats = 1;
		profiles.all->settings[i].start_ns = 1;
		profiles.all->settings[i].ending = ENDING_DONE;
	}
	snprintf(profiles.all->run.plugin, sizeof profiles.all->run.plugin, "<script>\"&\x01\xff");
	snprintf(profiles.all->run.command, sizeof profiles.all->run.command, "a <b> && \x1b[31m");
	assert_ok(aim_parse("fps >= 24", &profiles.all->aims[0], error));
	profiles.all->aim_count = 1;
}

static void build(void)
{
	begin();
	profile_end(profiles.all, ENDING_CRASHED, "killed <here> \x02");
	assert_ok(profile_finish(profiles.all));
}

/* Gives what a writer writes; the caller frees. */
static char *written(outputs_write_fn *write)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	assert_non_null(file);
	assert_true(write(&profiles, file));
	fclose(file);
	return text;
}

static bool measure_table_of_the_first(const struct profiles *all, FILE *file)
{
	return write_measure_table(&all->all[0], file);
}

static bool knob_table_of_the_first(const struct profiles *all, FILE *file)
{
	return write_knob_table(&all->all[0], file);
}

static void results_are_json_that_says_how_it_ended(void **state)
{
	json_error_t error;
	json_t *target;
	char *text;
	json_t *root;

	(void)state;
	build();
	text = written(write_results);
	root = json_loads(text, 0, &error);
	assert_non_null(root);
	assert_string_equal(OUTPUTS_SCHEMA, json_string_value(json_object_get(root, "schema")));
	assert_string_equal("crashed", json_string_value(json_object_get(root, "ending")));
	assert_int_equal(3, json_integer_value(json_object_get(root, "exitCode")));
	target = json_array_get(json_object_get(root, "targets"), 0);
	assert_string_equal("default", json_string_value(json_object_get(target, "name")));
	assert_int_equal(2, json_array_size(json_object_get(target, "settings")));
	assert_int_equal(1, json_array_size(json_object_get(target, "unsupported")));
	json_decref(root);
	free(text);
	profiles_fini(&profiles);
}

static void no_text_from_elsewhere_steers_a_file(void **state)
{
	outputs_write_fn *const writers[] = {write_junit, write_html};

	(void)state;
	build();
	for (size_t i = 0; i < FAST_TEST_COUNT(writers); i++) {
		char *text = written(writers[i]);

		assert_null(strstr(text, "<script>"));
		assert_null(strstr(text, "<here>"));
		assert_null(strchr(text, '\x01'));
		assert_null(strchr(text, '\x1b'));
		assert_non_null(strstr(text, "&lt;script&gt;&quot;&amp;"));
		free(text);
	}
	profiles_fini(&profiles);
}

static void a_page_needs_nothing_from_outside(void **state)
{
	char *text;

	(void)state;
	build();
	text = written(write_html);
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "https:"));
	assert_null(strstr(text, "src="));
	assert_non_null(strstr(text, "<svg"));
	assert_non_null(strstr(text, "prefers-color-scheme:dark"));
	free(text);
	profiles_fini(&profiles);
}

static void junit_counts_its_cases(void **state)
{
	char *text;

	(void)state;
	build();
	text = written(write_junit);
	assert_non_null(strstr(text, "tests=\"2\" failures=\"0\" errors=\"1\""));
	assert_non_null(strstr(text, "name=\"fps_at_least_24\""));
	free(text);
	profiles_fini(&profiles);
}

static json_t *threshold(json_t *root, size_t setting, const char *series)
{
	json_t *test = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "groups"), 0), "tests"),
		setting);
	json_t *results = json_object_get(test, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *result = json_array_get(results, i);

		if (strcmp(json_string_value(json_object_get(result, "name")), series) == 0) {
			return json_array_get(json_object_get(result, "thresholds"), 0);
		}
	}
	fail_msg("there is no %s", series);
	return NULL;
}

/* Jenkins fails the build at one threshold that is crossed; a goal wants one setting to meet it. */
static void thresholds_stand_at_the_setting_that_is_best_in_its_unit(void **state)
{
	char error[GOAL_ERROR_BYTES_MAX];
	char *text;
	json_t *root;

	(void)state;
	begin();
	assert_ok(aim_parse("lag <= 40 ms", &profiles.all->aims[1], error));
	profiles.all->aim_count = 2;
	profile_end(profiles.all, ENDING_DONE, "%s", "");
	assert_ok(profile_finish(profiles.all));
	assert_int_equal(PROFILE_EXIT_MET, profile_exit(profiles.all));
	text = written(write_benchmark);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_float_equal(
		24, json_number_value(json_object_get(threshold(root, 0, "fps"), "minimum")), 0);
	assert_null(threshold(root, 1, "fps"));
	assert_null(threshold(root, 0, "lag"));
	assert_float_equal(
		40, json_number_value(json_object_get(threshold(root, 1, "lag"), "maximum")), 1e-9);
	json_decref(root);
	free(text);
	text = written(write_html);
	assert_non_null(strstr(text, "<td>30 ms</td>"));
	free(text);
	profiles_fini(&profiles);
}

static void the_measure_table_is_one_that_a_controller_reads(void **state)
{
	char error[TABLE_ERROR_BYTES_MAX];
	struct table table = {0};
	double number = 0;
	char *text;
	FILE *file;

	(void)state;
	build();
	text = written(measure_table_of_the_first);
	file = fmemopen(text, strlen(text), "r");
	assert_ok(table_read(&table, file, error));
	fclose(file);
	assert_int_equal(2, table.row_count);
	assert_int_equal(TABLE_NO_COLUMN, table_column(&table, "gpu.use"));
	assert_ok(table_number(&table, 1, table_column(&table, "fps"), &number));
	assert_float_equal(number, 24.5, 1e-6);
	table_fini(&table);
	free(text);
	profiles_fini(&profiles);
}

static void an_empty_profile_is_written_too(void **state)
{
	outputs_write_fn *const writers[] = {write_results,
					     write_samples,
					     knob_table_of_the_first,
					     measure_table_of_the_first,
					     write_junit,
					     write_benchmark,
					     write_report,
					     write_html};

	(void)state;
	assert_ok(profiles_begin(&profiles, 1));
	for (size_t i = 0; i < FAST_TEST_COUNT(writers); i++) {
		free(written(writers[i]));
	}
	profiles_fini(&profiles);
}

static void files_are_whole_and_nothing_else_is_left(void **state)
{
	char error[OUTPUTS_ERROR_BYTES_MAX];
	char folder[128], path[160];
	struct tree tree;

	(void)state;
	build();
	tree_open(&tree);
	snprintf(folder, sizeof folder, "%s/deep/out", tree.root);
	assert_true(outputs_open(folder, error));
	assert_true(outputs_write(&profiles, folder, error));
	snprintf(path, sizeof path, "%s/results.json", folder);
	assert_int_equal(0, access(path, R_OK));
	snprintf(path, sizeof path, "%s/profile.sqlite", folder);
	assert_int_equal(0, access(path, R_OK));
	snprintf(path, sizeof path, "%s/results.json.tmp", folder);
	assert_int_not_equal(0, access(path, F_OK));
	snprintf(path, sizeof path, "%s/.reserve", folder);
	assert_int_not_equal(0, access(path, F_OK));
	tree_close(&tree);
	profiles_fini(&profiles);
}

/* A second target, of one setting without knobs, that went well. */
static void build_two(void)
{
	struct profile first;

	build();
	first = *profiles.all;
	free(profiles.all);
	assert_ok(profiles_begin(&profiles, 2));
	first.is_one_of_several = true;
	profiles.all[0] = first;
	snprintf(profiles.all[0].target, sizeof profiles.all[0].target, "day");
	snprintf(profiles.all[1].target, sizeof profiles.all[1].target, "night");
	profiles.all[1].first_id = 2;
	assert_ok(profile_begin(&profiles.all[1], 1));
	profile_add(&profiles.all[1],
		    profile_series(profiles.all[1].settings, "fps", "Hz", SOURCE_PLUGIN),
		    (struct point){1, 7, 1, 0});
	profiles.all[1].settings[0].repeats = 1;
	profiles.all[1].settings[0].start_ns = 1;
	profiles.all[1].settings[0].ending = ENDING_DONE;
	profile_end(&profiles.all[1], ENDING_DONE, "%s", "");
	assert_ok(profile_finish(&profiles.all[1]));
}

static void targets_are_told_apart_in_every_file(void **state)
{
	static const struct {
		outputs_write_fn *write;
		const char *words[3];
	} files[] = {
		{write_results, {"\"name\": \"day\"", "\"name\": \"night\"", "\"id\": 2,"}},
		{write_samples,
		 {"\"target\":\"day\",\"setting\":1,", "\"night\",\"setting\":2,", ""}},
		{write_junit, {".day\" tests=\"2\"", ".night\" tests=\"1\"", ""}},
		{write_benchmark, {" day\"", " night\"", ""}},
		{write_report, {"target   day", "target   night", ""}},
		{write_html, {"day", "night", ""}},
	};

	(void)state;
	build_two();
	for (size_t i = 0; i < FAST_TEST_COUNT(files); i++) {
		char *text = written(files[i].write);

		for (size_t j = 0; j < FAST_TEST_COUNT(files[i].words); j++) {
			assert_non_null(strstr(text, files[i].words[j]));
		}
		free(text);
	}
	profiles_fini(&profiles);
}

static void tables_of_several_targets_are_files_of_their_own(void **state)
{
	static const char *const names[] = {"knobtable-day.csv", "measuretable-day.csv",
					    "knobtable-night.csv", "measuretable-night.csv"};
	char error[OUTPUTS_ERROR_BYTES_MAX];
	char path[160];
	struct tree tree;

	(void)state;
	build_two();
	tree_open(&tree);
	assert_true(outputs_open(tree.root, error));
	assert_true(outputs_write(&profiles, tree.root, error));
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", tree.root, names[i]);
		assert_int_equal(0, access(path, R_OK));
	}
	assert_true(outputs_open(tree.root, error)); /* another run */
	assert_int_not_equal(0, access(path, F_OK));
	tree_close(&tree);
	profiles_fini(&profiles);
}

static void the_worst_target_speaks_for_all(void **state)
{
	char reason[512];

	(void)state;
	build_two();
	profiles_reason(&profiles, reason, sizeof reason);
	assert_int_equal(PROFILE_EXIT_PLUGIN, profiles_exit(&profiles));
	assert_string_equal("target day: killed <here> \x02", reason);
	profiles.all[1].ending = ENDING_FASTD;
	assert_int_equal(PROFILE_EXIT_BROKEN, profiles_exit(&profiles));
	assert_ptr_equal(&profiles.all[1], profiles_worst(&profiles));
	profiles_fini(&profiles);
}

static void a_file_that_cannot_be_written_leaves_the_old_one(void **state)
{
	struct tree tree;
	char path[128];

	(void)state;
	build();
	tree_open(&tree);
	tree_put(&tree, "/report.txt", "old");
	tree_put(&tree, "/report.txt.tmp/in-the-way", "");
	assert_false(output_file(tree.root, "report.txt", &profiles, write_report));
	snprintf(path, sizeof path, "%s/report.txt", tree.root);
	assert_int_equal(0, access(path, R_OK));
	tree_close(&tree);
	profiles_fini(&profiles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_json_that_says_how_it_ended),
		cmocka_unit_test(no_text_from_elsewhere_steers_a_file),
		cmocka_unit_test(a_page_needs_nothing_from_outside),
		cmocka_unit_test(junit_counts_its_cases),
		cmocka_unit_test(thresholds_stand_at_the_setting_that_is_best_in_its_unit),
		cmocka_unit_test(the_measure_table_is_one_that_a_controller_reads),
		cmocka_unit_test(an_empty_profile_is_written_too),
		cmocka_unit_test(files_are_whole_and_nothing_else_is_left),
		cmocka_unit_test(targets_are_told_apart_in_every_file),
		cmocka_unit_test(tables_of_several_targets_are_files_of_their_own),
		cmocka_unit_test(the_worst_target_speaks_for_all),
		cmocka_unit_test(a_file_that_cannot_be_written_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
