#include <tests/support/harness.h>

#include "options.h"

#include <stdlib.h>
#include <string.h>

static enum fast_status parse(struct options *options, char *error, const char *const *arguments)
{
	char *argv[16] = {(char *)"street"};
	int argc = 1;

	for (; arguments[argc - 1] != NULL; argc++) {
		argv[argc] = (char *)arguments[argc - 1];
	}
	return options_parse(argc, argv, options, error);
}

static int setup(void **state)
{
	(void)state;
	return unsetenv("FASTD_CLIP");
}

static void defaults_suit_a_first_run(void **state)
{
	struct options options;
	char error[OPTIONS_ERROR_BYTES];

	(void)state;
	assert_ok(parse(&options, error, (const char *[]){"--clip", "a.avi", NULL}));
	assert_string_equal(options.clip, "a.avi");
	assert_string_equal(options.name, "street");
	assert_null(options.cache);
	assert_true(options.res == 1);
	assert_true(options.frames == 0);
	assert_false(options.json);
}

static void values_come_after_a_space_or_an_equals_sign(void **state)
{
	struct options options;
	char error[OPTIONS_ERROR_BYTES];

	(void)state;
	assert_ok(parse(&options, error,
			(const char *[]){"--clip=a=b.avi", "--skip", "3", "--res=0.35", "--json",
					 "--seconds", "1.5", NULL}));
	assert_string_equal(options.clip, "a=b.avi");
	assert_true(options.skip == 3);
	assert_true(options.res == 0.35);
	assert_true(options.seconds == 1.5);
	assert_true(options.json);
}

static void the_clip_may_come_from_the_environment(void **state)
{
	struct options options;
	char error[OPTIONS_ERROR_BYTES];

	(void)state;
	assert_int_equal(setenv("FASTD_CLIP", "e.avi", 1), 0);
	assert_ok(parse(&options, error, (const char *[]){NULL}));
	assert_string_equal(options.clip, "e.avi");
	assert_int_equal(unsetenv("FASTD_CLIP"), 0);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *arguments[4];
		const char *named;
	} table[] = {
		{{"--json", NULL}, "--clip"},
		{{"--clip", NULL}, "--clip needs a value"},
		{{"--frobnicate", NULL}, "--frobnicate"},
		{{"clip", NULL}, "clip: no such option"},
		{{"--json=yes", NULL}, "--json takes no value"},
		{{"--skip", "4", NULL}, "from 0 to 3"},
		{{"--skip", "1.5", NULL}, "whole number"},
		{{"--frames", "-1", NULL}, "--frames -1"},
		{{"--frames", "", NULL}, "--frames"},
		{{"--frames-max", "0", NULL}, "--frames-max 0"},
		{{"--seconds", "nan", NULL}, "--seconds nan"},
		{{"--seconds", "1s", NULL}, "--seconds 1s"},
		{{"--res", "0.3", NULL}, "0.25"},
		{{"--", NULL}, "no such option"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(table); i++) {
		const char *arguments[8] = {NULL};
		struct options options;
		char error[OPTIONS_ERROR_BYTES] = "";

		memcpy(arguments, table[i].arguments, sizeof table[i].arguments);
		if (i > 0) { /* the first lacks a clip; the others shall not */
			assert_int_equal(setenv("FASTD_CLIP", "e.avi", 1), 0);
		}
		assert_status(FAST_INVALID_ARGUMENT, parse(&options, error, arguments));
		if (strstr(error, table[i].named) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", error, table[i].named);
		}
	}
	assert_int_equal(unsetenv("FASTD_CLIP"), 0);
}

static void help_names_every_metric_and_knob(void **state)
{
	static const char *const words[] = {"fps",  "latency", "objects",   "acc",    "res",
					    "skip", "--clip",  "--prepare", "--draw", "Exit:"};
	char text[8192] = "";
	FILE *file = fmemopen(text, sizeof text, "w");

	(void)state;
	assert_non_null(file);
	options_help(file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < FAST_TEST_COUNT(words); i++) {
		assert_non_null(strstr(text, words[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_suit_a_first_run),
		cmocka_unit_test(values_come_after_a_space_or_an_equals_sign),
		cmocka_unit_test(the_clip_may_come_from_the_environment),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(help_names_every_metric_and_knob),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
