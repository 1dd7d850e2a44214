#include "daemon/help.h"
#include "tests/support/harness.h"

#include <stdlib.h>
#include <string.h>

struct page {
	char *text;
	size_t bytes;
	FILE *file;
};

static void page_open(struct page *page)
{
	page->file = open_memstream(&page->text, &page->bytes);
	assert_non_null(page->file);
}

static void page_is(struct page *page, const char *expected)
{
	assert_int_equal(0, fclose(page->file));
	assert_string_equal(expected, page->text);
	free(page->text);
}

static void an_option_stands_before_what_it_does(void **state)
{
	struct page page;

	(void)state;
	page_open(&page);
	help_option(page.file, 12, "--all", "all of them");
	help_option(page.file, 12, "--long NAME", "its name"); /* two blanks between, at least */
	page_is(&page, "  --all     all of them\n  --long NAME\n            its name\n");
}

static void a_line_ends_before_a_terminal_does(void **state)
{
	static const char thirty[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char text[128], expected[256];
	struct page page;

	(void)state;
	snprintf(text, sizeof text, "%s %s %s", thirty, thirty, thirty);
	snprintf(expected, sizeof expected, "%s %s\n          %s\n", thirty, thirty, thirty);
	page_open(&page);
	help_text(page.file, 10, 10, text);
	page_is(&page, expected);
	snprintf(expected, sizeof expected, "%s %s\n          %s\n", thirty, thirty, thirty);
	page_open(&page);
	help_text(page.file, 19, 10, text); /* 19 + 30 + 1 + 30: just as many as there are */
	page_is(&page, expected);
}

static void a_word_that_has_no_room_stands_whole(void **state)
{
	char word[HELP_COLUMNS + 2], expected[HELP_COLUMNS + 32];
	struct page page;

	(void)state;
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	snprintf(expected, sizeof expected, "%s\n", word);
	page_open(&page);
	help_text(page.file, 4, 4, word);
	page_is(&page, expected);
	page_open(&page);
	help_text(page.file, 4, 4, "");
	page_is(&page, "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_stands_before_what_it_does),
		cmocka_unit_test(a_line_ends_before_a_terminal_does),
		cmocka_unit_test(a_word_that_has_no_room_stands_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
