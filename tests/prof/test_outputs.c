#include "prof/outputs.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <math.h>
#include <unistd.h>

static struct profile profile; /* large */

/* Two settings of a knob; every name and reason is as hostile as it can be. Not finished. */
static void begin(void)
{
	const char *names[] = {"res"};
	const char *first[] = {"1"};
	const char *second[] = {"0.5"};
	char error[GOAL_ERROR_BYTES_MAX];

	memset(&profile, 0, sizeof profile);
	profile.ending = ENDING_RUNNING;
	assert_ok(table_begin(&profile.grid, names, 1));
	assert_ok(table_add(&profile.grid, first));
	assert_ok(table_add(&profile.grid, second));
	assert_ok(profile_begin(&profile, 2));
	for (size_t i = 0; i < 2; i++) {
		struct series *series =
			profile_series(&profile.settings[i], "fps", "Hz", SOURCE_PLUGIN);

		for (int j = 0; j < 10; j++) {
			profile_add(&profile, series, (struct point){j, 20 + j, 1, 0});
		}
		series = profile_series(&profile.settings[i], "lag", "ms", SOURCE_PLUGIN);
		profile_add(&profile, series, (struct point){1, i == 0 ? 50 : 30, 1, 0});
		profile_series(&profile.settings[i], "gpu.use", "1", SOURCE_GPU)->unsupported =
			true;
		profile.settings[i].repeats = 1;
		profile.settings[i].start_ns = 1;
		profile.settings[i].ending = ENDING_DONE;
	}
	snprintf(profile.run.plugin, sizeof profile.run.plugin, "<script>\"&\x01\xff");
	snprintf(profile.run.command, sizeof profile.run.command, "a <b> && \x1b[31m");
	assert_ok(aim_parse("fps >= 24", &profile.aims[0], error));
	profile.aim_count = 1;
}

static void build(void)
{
	begin();
	profile_end(&profile, ENDING_CRASHED, "killed <here> \x02");
	assert_ok(profile_finish(&profile));
}

/* Gives what a writer writes; the caller frees. */
static char *written(bool (*write)(const struct profile *profile, FILE *file))
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	assert_non_null(file);
	assert_true(write(&profile, file));
	fclose(file);
	return text;
}

static void results_are_json_that_says_how_it_ended(void **state)
{
	json_error_t error;
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
	assert_int_equal(2, json_array_size(json_object_get(root, "settings")));
	assert_int_equal(1, json_array_size(json_object_get(root, "unsupported")));
	json_decref(root);
	free(text);
	profile_fini(&profile);
}

static void no_text_from_elsewhere_steers_a_file(void **state)
{
	bool (*const writers[])(const struct profile *, FILE *) = {write_junit, write_html};

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
	profile_fini(&profile);
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
	profile_fini(&profile);
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
	profile_fini(&profile);
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
	assert_ok(aim_parse("lag <= 40 ms", &profile.aims[1], error));
	profile.aim_count = 2;
	profile_end(&profile, ENDING_DONE, "%s", "");
	assert_ok(profile_finish(&profile));
	assert_int_equal(PROFILE_EXIT_MET, profile_exit(&profile));
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
	profile_fini(&profile);
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
	text = written(write_measure_table);
	file = fmemopen(text, strlen(text), "r");
	assert_ok(table_read(&table, file, error));
	fclose(file);
	assert_int_equal(2, table.row_count);
	assert_int_equal(TABLE_NO_COLUMN, table_column(&table, "gpu.use"));
	assert_ok(table_number(&table, 1, table_column(&table, "fps"), &number));
	assert_float_equal(number, 24.5, 1e-6);
	table_fini(&table);
	free(text);
	profile_fini(&profile);
}

static void an_empty_profile_is_written_too(void **state)
{
	bool (*const writers[])(const struct profile *, FILE *) = {
		write_results, write_samples,   write_knob_table, write_measure_table,
		write_junit,   write_benchmark, write_report,     write_html};

	(void)state;
	memset(&profile, 0, sizeof profile);
	profile.ending = ENDING_RUNNING;
	for (size_t i = 0; i < FAST_TEST_COUNT(writers); i++) {
		free(written(writers[i]));
	}
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
	assert_true(outputs_write(&profile, folder, error));
	snprintf(path, sizeof path, "%s/results.json", folder);
	assert_int_equal(0, access(path, R_OK));
	snprintf(path, sizeof path, "%s/profile.sqlite", folder);
	assert_int_equal(0, access(path, R_OK));
	snprintf(path, sizeof path, "%s/results.json.tmp", folder);
	assert_int_not_equal(0, access(path, F_OK));
	snprintf(path, sizeof path, "%s/.reserve", folder);
	assert_int_not_equal(0, access(path, F_OK));
	tree_close(&tree);
	profile_fini(&profile);
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
	assert_false(output_file(tree.root, "report.txt", &profile, write_report));
	snprintf(path, sizeof path, "%s/report.txt", tree.root);
	assert_int_equal(0, access(path, R_OK));
	tree_close(&tree);
	profile_fini(&profile);
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
		cmocka_unit_test(a_file_that_cannot_be_written_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
