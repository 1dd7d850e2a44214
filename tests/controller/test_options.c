#include "cli/options.h"
#include "tests/support/harness.h"

#include <string.h>

static const struct option table[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME", "", 0, 0},
	{"count", OPTION_INTEGER, offsetof(struct options, count), "N", "", 0, 0},
	{"interval", OPTION_INTEGER, offsetof(struct options, interval_ms), "MS", "", 10, 60000},
	{"margin", OPTION_NUMBER, offsetof(struct options, margin), "SHARE", "", 0, 1},
	{"since", OPTION_DURATION, offsetof(struct options, since_s), "AGO", "", 0, 1e8},
	{"all", OPTION_FLAG, offsetof(struct options, all), NULL, "", 0, 0},
	{"header", OPTION_TEXTS, offsetof(struct options, headers), "TEXT", "", 0, 0},
	{"verbose", OPTION_FLAG, offsetof(struct options, verbose), NULL, "", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

/* Reads a whole command line. False: error says why. */
static bool read_line(char **argv, int argc, struct options *options, struct words *words,
		      char *error)
{
	bool only_words = false;

	*options = (struct options){0};
	words->count = 0;
	for (int i = 0; i < argc;) {
		int used = options_read(table, options_common, argc - i, argv + i, &only_words,
					options, words, error);

		if (used == 0) {
			return false;
		}
		i += used;
	}
	return true;
}

static void options_and_words_stand_in_any_order(void **state)
{
	char *argv[] = {"res=1",     "--plugin", "camera", "--json", "skip=2",
			"--count=7", "--all",    "--",     "--x",    "-"};
	struct options options;
	struct words words;
	char error[OPTIONS_ERROR_BYTES_MAX];

	(void)state;
	assert_true(read_line(argv, 10, &options, &words, error));
	assert_int_equal(4, words.count);
	assert_string_equal("res=1", words.word[0]);
	assert_string_equal("--x", words.word[2]);
	assert_string_equal("camera", options.plugin);
	assert_true(options.json);
	assert_true(options.all);
	assert_true(options.count.given);
	assert_int_equal(7, options.count.value);
	assert_false(options.interval_ms.given);
}

static void durations_have_units(void **state)
{
	static const struct {
		char *chars;
		double seconds;
	} cases[] = {{"90", 90},   {"1.5s", 1.5}, {"10m", 600},
		     {"2h", 7200}, {"1d", 86400}, {"250ms", 0.25}};
	struct options options;
	struct words words;
	char error[OPTIONS_ERROR_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		char *argv[] = {"--since", cases[i].chars};

		assert_true(read_line(argv, 2, &options, &words, error));
		assert_float_equal(cases[i].seconds, options.since_s.value, 1e-9);
	}
}

static void mistakes_are_explained(void **state)
{
	static const struct {
		char *argv[2];
		const char *error;
	} cases[] = {
		{{"--colour", NULL}, "there is no option '--colour'"},
		{{"--al", NULL}, "there is no option '--al' (did you mean --all?)"},
		{{"--intreval=5", NULL}, "'--intreval=5' (did you mean --interval?)"},
		{{"-plugin", NULL}, "there is no option '-plugin' (did you mean --plugin?)"},
		{{"-x", NULL}, "there is no option '-x'"},
		{{"--plugin", NULL}, "--plugin needs NAME"},
		{{"--all=yes", NULL}, "--all takes no value"},
		{{"--interval", "5"}, "--interval takes MS from 10 to 60000, not '5'"},
		{{"--interval=-5", NULL}, "not '-5'"},
		{{"--count", "many"}, "--count takes N, a whole number, not 'many'"},
		{{"--count", "99999999999999999999"}, "--count takes N"},
		{{"--margin", "2"}, "--margin takes SHARE from 0 to 1, not '2'"},
		{{"--margin", "nan"}, "not 'nan'"},
		{{"--since", "3 weeks"}, "(90s, 10m, 2h, 1d), not '3 weeks'"},
	};
	struct options options;
	struct words words;
	char error[OPTIONS_ERROR_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		int argc = cases[i].argv[1] == NULL ? 1 : 2;

		assert_false(read_line((char **)cases[i].argv, argc, &options, &words, error));
		if (strstr(error, cases[i].error) == NULL) {
			fail_msg("'%s' gave '%s'", cases[i].argv[0], error);
		}
	}
}

static void too_many_words_are_refused(void **state)
{
	char *argv[OPTIONS_WORDS_MAX + 1];
	struct options options;
	struct words words;
	char error[OPTIONS_ERROR_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < OPTIONS_WORDS_MAX + 1; i++) {
		argv[i] = "word";
	}
	assert_true(read_line(argv, OPTIONS_WORDS_MAX, &options, &words, error));
	assert_false(read_line(argv, OPTIONS_WORDS_MAX + 1, &options, &words, error));
}

static void some_have_a_letter_and_some_come_more_than_once(void **state)
{
	char *argv[] = {"-H", "a: 1", "--header=b: 2", "-v", "--header", "c: 3"};
	char *many[2 * (OPTIONS_TEXTS_MAX + 1)];
	struct options options;
	struct words words;
	char error[OPTIONS_ERROR_BYTES_MAX];

	(void)state;
	assert_true(read_line(argv, FAST_TEST_COUNT(argv), &options, &words, error));
	assert_true(options.verbose);
	assert_int_equal(0, words.count);
	assert_int_equal(3, options.headers.count);
	assert_string_equal("a: 1", options.headers.text[0]);
	assert_string_equal("b: 2", options.headers.text[1]);
	assert_string_equal("c: 3", options.headers.text[2]);

	for (size_t i = 0; i < FAST_TEST_COUNT(many); i++) {
		many[i] = i % 2 == 0 ? "-H" : "k: v";
	}
	assert_false(read_line(many, FAST_TEST_COUNT(many), &options, &words, error));
	assert_string_equal("--header comes more than 16 times", error);
	assert_false(read_line((char *[]){"-H"}, 1, &options, &words, error));
	assert_string_equal("--header needs TEXT", error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_stand_in_any_order),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(some_have_a_letter_and_some_come_more_than_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
