#include "prof/runlog.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <string.h>

/* Large. */
static struct profile profile;
static struct runlog runlog;
static struct meter meter;
static struct tree tree;

static int setup(void **state)
{
	(void)state;
	memset(&profile, 0, sizeof profile);
	memset(&meter, 0, sizeof meter);
	assert_ok(profile_begin(&profile, 1));
	meter.count = 2;
	snprintf(meter.marks[0].metric, sizeof meter.marks[0].metric, "fps{camera=\"left\"}");
	snprintf(meter.marks[1].metric, sizeof meter.marks[1].metric, "latency");
	tree_open(&tree);
	runlog_open(&runlog, tree.root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	profile_fini(&profile);
	tree_close(&tree);
	return 0;
}

static void append(const char *text)
{
	FILE *file = fopen(runlog.path, "a");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const struct series *read_series(const char *name)
{
	runlog_read(&runlog, &meter, &profile, profile.settings, 3);
	return profile_find(profile.settings, name);
}

static void numbers_become_points_of_the_setting(void **state)
{
	const struct series *series;

	(void)state;
	append("{\"meta\":{},\"name\":\"env.temp\",\"timestamp\":\"2022-08-23T13:27:10.562104000\","
	       "\"value\":23.1}\n"
	       "{\"meta\":{\"camera\":\"left\",\"vsn\":\"W1\"},\"name\":\"people\",\"timestamp\":"
	       "\"2022-08-23T13:27:10000\",\"value\":4}\n");
	series = read_series("env.temp");
	assert_non_null(series);
	assert_int_equal(1, series->count);
	assert_int_equal(SOURCE_RUNLOG, series->source);
	assert_float_equal(series->points[0].value, 23.1, 1e-9);
	assert_int_equal(3, series->points[0].repeat);
	assert_non_null(profile_find(profile.settings, "people{camera=\"left\",vsn=\"W1\"}"));
}

static void what_fastd_tells_is_not_told_twice(void **state)
{
	(void)state;
	append("{\"name\":\"fps\",\"value\":24}\n{\"name\":\"latency.p95\",\"value\":0.1}\n"
	       "{\"name\":\"fps2\",\"value\":1}\n");
	assert_non_null(read_series("fps2"));
	assert_int_equal(1, profile.settings[0].count);
}

static void what_is_no_number_is_passed_over(void **state)
{
	(void)state;
	append("{\"name\":\"upload\",\"value\":\"uploads/"
	       "1-a.jpg\"}\nnonsense\n[1]\n{\"value\":1}\n\n"
	       "{\"name\":\"huge\",\"value\":1e999}\n{\"name\":\"night\",\"value\":true}\n");
	assert_float_equal(read_series("night")->points[0].value, 1, 0);
	assert_int_equal(1, profile.settings[0].count);
}

static void a_line_is_taken_when_it_is_whole(void **state)
{
	(void)state;
	append("{\"name\":\"a\",\"val");
	assert_null(read_series("a"));
	append("ue\":7}\n");
	assert_float_equal(read_series("a")->points[0].value, 7, 0);
}

static void a_line_without_end_is_passed_over(void **state)
{
	(void)state;
	append("{\"name\":\"long\",\"value\":1,\"meta\":{\"x\":\"");
	for (int i = 0; i < RUNLOG_LINE_BYTES_MAX / 8 + 1; i++) {
		append("12345678");
	}
	append("\"}}\n{\"name\":\"short\",\"value\":1}\n");
	assert_non_null(read_series("short"));
	assert_null(profile_find(profile.settings, "long"));
	assert_int_equal(1, profile.settings[0].count);
}

static void what_was_there_before_can_be_skipped(void **state)
{
	(void)state;
	append("{\"name\":\"old\",\"value\":1}\n{\"name\":\"cut");
	runlog_skip(&runlog);
	append("\",\"value\":1}\n{\"name\":\"new\",\"value\":1}\n");
	assert_non_null(read_series("new"));
	assert_int_equal(1, profile.settings[0].count);
}

static void a_log_that_began_anew_is_read_from_its_beginning(void **state)
{
	(void)state;
	append("{\"name\":\"first_of_all\",\"value\":1}\n");
	assert_non_null(read_series("first_of_all"));
	tree_put(&tree, "/data.ndjson", "{\"name\":\"b\",\"value\":2}\n");
	assert_non_null(read_series("b"));
}

static void without_a_log_nothing_is_read(void **state)
{
	(void)state;
	runlog_skip(&runlog);
	assert_null(read_series("a")); /* not there yet */
	runlog_open(&runlog, NULL);
	runlog_skip(&runlog);
	assert_null(read_series("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_become_points_of_the_setting, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_fastd_tells_is_not_told_twice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_no_number_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_is_taken_when_it_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_without_end_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_there_before_can_be_skipped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_log_that_began_anew_is_read_from_its_beginning,
						setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_log_nothing_is_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
