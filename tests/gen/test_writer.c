#include <writer.h>

#include <string.h>

#include "support/fault_alloc.h"
#include "support/harness.h"

#define LONG_WORD "abcdefghijklmnopqrstuvwxyz"

static struct writer writer;

static int writer_empty(void **state)
{
	(void)state;
	writer_fini(&writer);
	return 0;
}

static void a_comment_that_fits_has_one_line(void **state)
{
	(void)state;
	writer_comment(&writer, 1, " Turns the knob.\n");
	assert_string_equal("\t/* Turns the knob. */\n", writer.text);
}

static void a_blank_comment_is_none(void **state)
{
	(void)state;
	writer_comment(&writer, 0, NULL);
	writer_comment(&writer, 0, "");
	writer_comment(&writer, 0, " \n\t\n");
	assert_null(writer.text);
}

static void lines_of_a_comment_stay_lines(void **state)
{
	(void)state;
	writer_comment(&writer, 0, "\n One.\n\n   Two,\r\n three.  \n\n");
	assert_string_equal("/* One.\n *\n * Two,\n * three. */\n", writer.text);
}

static void a_comment_cannot_end_or_warn_within(void **state)
{
	(void)state;
	writer_comment(&writer, 0, "a */ b /* c /*/ d ?\?/ e ?\?\?> f **/");
	assert_string_equal("/* a * / b / * c / * / d ? ?/ e ? ? ?> f ** / */\n", writer.text);
}

static void no_line_of_a_comment_is_too_long(void **state)
{
	const char *line;

	(void)state;
	writer_comment(&writer, 1,
		       LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD " " LONG_WORD
				 " " LONG_WORD " " LONG_WORD);
	for (line = strtok(writer.text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) + WRITER_TAB_COLUMNS - 1 <= WRITER_COLUMNS_MAX);
	}
}

static void a_list_is_aligned_when_it_fits_so(void **state)
{
	static const char *const items[] = {"int " LONG_WORD, "int " LONG_WORD, "int " LONG_WORD};

	(void)state;
	writer_list(&writer, 0, "int ", "main(", items, FAST_TEST_COUNT(items), ");");
	assert_string_equal("int main(int " LONG_WORD ", int " LONG_WORD ",\n"
			    "\t int " LONG_WORD ");\n",
			    writer.text);
}

static void a_list_goes_below_its_name_when_it_must(void **state)
{
	static const char *const items[] = {"int " LONG_WORD, "int b"};

	(void)state;
	writer_list(&writer, 1, "int ", LONG_WORD LONG_WORD LONG_WORD "(", items,
		    FAST_TEST_COUNT(items), ");");
	assert_string_equal("\tint " LONG_WORD LONG_WORD LONG_WORD "(\n"
			    "\t\tint " LONG_WORD ", int b);\n",
			    writer.text);
}

static void a_name_goes_below_its_type_when_it_must(void **state)
{
	static const char *const items[] = {"void"};

	(void)state;
	writer_list(&writer, 0, "enum " LONG_WORD " ", LONG_WORD LONG_WORD LONG_WORD "(", items,
		    FAST_TEST_COUNT(items), ");");
	assert_string_equal("enum " LONG_WORD "\n" LONG_WORD LONG_WORD LONG_WORD "(void);\n",
			    writer.text);
}

static void bytes_are_spread_evenly_over_lines(void **state)
{
	static const uint8_t bytes[16] = {0x0a, 0xff};

	(void)state;
	writer_bytes(&writer, bytes, sizeof bytes);
	assert_string_equal("\t0x0a, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
			    "\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n",
			    writer.text);
}

static void a_writer_without_memory_has_failed(void **state)
{
	(void)state;
	fault_alloc_after(0);
	writer_printf(&writer, "%d", 1);
	fault_alloc_after(-1);
	assert_true(writer.failed);
	writer_printf(&writer, "%d", 2);
	assert_null(writer.text);
	writer_fini(&writer);

	fault_alloc_after(0);
	assert_string_equal("", writer_text(&writer, "%d", 1));
	fault_alloc_after(-1);
	assert_true(writer.failed);
}

static void a_name_that_no_line_has_room_for_stays_as_it_is(void **state)
{
	(void)state;
	writer_printf(&writer, "/* First. */\n/* " LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD
			       ". */\nint " LONG_WORD ";\n");
	writer_settle(&writer);
	assert_null(strstr(writer.text, "clang-format"));
	writer_printf(&writer, "int " LONG_WORD LONG_WORD LONG_WORD LONG_WORD ";\n");
	writer_settle(&writer);
	assert_memory_equal("/* First. */\n/* clang-format off */\n/* abc", writer.text, 41);
	assert_non_null(strstr(writer.text, LONG_WORD LONG_WORD LONG_WORD LONG_WORD ";\n"));
}

static void nothing_is_settled_without_memory(void **state)
{
	(void)state;
	writer_settle(&writer);
	assert_null(writer.text);
	/* One byte short of the room that the line behind the first wants. */
	writer_printf(&writer, "/* First. */\nx %0*d\n", 4060, 1);
	fault_alloc_after(0);
	writer_settle(&writer);
	fault_alloc_after(-1);
	assert_true(writer.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_comment_that_fits_has_one_line, writer_empty),
		cmocka_unit_test_teardown(a_blank_comment_is_none, writer_empty),
		cmocka_unit_test_teardown(lines_of_a_comment_stay_lines, writer_empty),
		cmocka_unit_test_teardown(a_comment_cannot_end_or_warn_within, writer_empty),
		cmocka_unit_test_teardown(no_line_of_a_comment_is_too_long, writer_empty),
		cmocka_unit_test_teardown(a_list_is_aligned_when_it_fits_so, writer_empty),
		cmocka_unit_test_teardown(a_list_goes_below_its_name_when_it_must, writer_empty),
		cmocka_unit_test_teardown(a_name_goes_below_its_type_when_it_must, writer_empty),
		cmocka_unit_test_teardown(bytes_are_spread_evenly_over_lines, writer_empty),
		cmocka_unit_test_teardown(a_writer_without_memory_has_failed, writer_empty),
		cmocka_unit_test_teardown(a_name_that_no_line_has_room_for_stays_as_it_is,
					  writer_empty),
		cmocka_unit_test_teardown(nothing_is_settled_without_memory, writer_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
