#include "daemon/nearest.h"
#include "tests/support/harness.h"

#include <string.h>

static void the_distance_counts_letters(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{"", "", 0},         {"tick", "tick", 0},  {"", "tick", 4},
		{"tick", "tik", 1},  {"tick", "thick", 1}, {"tick", "tock", 1},
		{"tick", "itck", 1}, {"abc", "xyz", 3},    {"http", "https", 1},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_int_equal(cases[i].distance, nearest_distance(cases[i].a, cases[i].b));
		assert_int_equal(cases[i].distance, nearest_distance(cases[i].b, cases[i].a));
	}
}

static void a_word_that_is_too_long_is_near_nothing(void **state)
{
	char word[NEAREST_WORD_BYTES_MAX + 2];

	(void)state;
	memset(word, 'x', sizeof word);
	word[sizeof word - 1] = '\0';
	assert_true(nearest_distance(word, word) == SIZE_MAX);
	word[sizeof word - 2] = '\0';
	assert_int_equal(0, nearest_distance(word, word));
}

static void only_what_is_close_is_suggested(void **state)
{
	static const char *const words[] = {"socket", "plugin-socket", "tick"};

	(void)state;
	assert_string_equal("tick", nearest_word("tikc", words, 3));
	assert_string_equal("plugin-socket", nearest_word("plugin_socket", words, 3));
	assert_null(nearest_word("colour", words, 3));
	assert_null(nearest_word("", words, 3));
	assert_null(nearest_word("tick", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_distance_counts_letters),
		cmocka_unit_test(a_word_that_is_too_long_is_near_nothing),
		cmocka_unit_test(only_what_is_close_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
