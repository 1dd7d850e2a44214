#include "client/table.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <stdlib.h>
#include <string.h>

static enum fast_status read_text(struct table *table, const char *text, char *error)
{
	FILE *file = fmemopen((char *)text, strlen(text), "r");
	enum fast_status status;

	assert_non_null(file);
	status = table_read(table, file, error);
	fclose(file);
	return status;
}

static void it_reads_a_header_and_rows(void **state)
{
	struct table table = {0};
	char error[TABLE_ERROR_BYTES_MAX];
	double number = 0;

	(void)state;
	assert_ok(read_text(
		&table,
		"# a comment\r\nres,\"the, model\",fps\r\n\r\n1080,\"a \"\"b\"\"\",11.9\r\n"
		"720,c,26.3",
		error));
	assert_int_equal(3, table.column_count);
	assert_int_equal(2, table.row_count);
	assert_string_equal("the, model", table_name(&table, 1));
	assert_string_equal("a \"b\"", table_cell(&table, 0, 1));
	assert_int_equal(2, table_column(&table, "fps"));
	assert_true(table_column(&table, "acc") == TABLE_NO_COLUMN);
	assert_ok(table_number(&table, 1, 2, &number));
	assert_float_equal(26.3, number, 0);
	assert_status(FAST_INVALID_ARGUMENT, table_number(&table, 0, 1, &number));
	table_fini(&table);
}

static void it_says_which_line_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{"a", "no rows"},
		{"# nothing\n\n", "no rows"},
		{"a,b\n1,2\n3\n", "line 3: the row has not as many cells"},
		{"a,a\n1,2\n", "line 1: a column has no name, or one used twice"},
		{"a,\n1,2\n", "line 1: a column has no name"},
		{"a,b\n1,\"2\n", "a quote is not closed"},
		{"a\n#\n123456789012345678901234567890123456789012345678901234567890123456789\n",
		 "line 3: a cell has more than 64 bytes"},
	};
	struct table table = {0};
	char error[TABLE_ERROR_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		assert_status(FAST_INVALID_ARGUMENT, read_text(&table, cases[i].text, error));
		assert_int_equal(0, table.row_count);
		if (strstr(error, cases[i].error) == NULL) {
			fail_msg("'%s' gave '%s'", cases[i].text, error);
		}
	}
}

static void it_refuses_more_than_its_limits(void **state)
{
	struct table table = {0};
	char error[TABLE_ERROR_BYTES_MAX];
	char text[TABLE_ROWS_MAX * 2 + 100] = "a\n";

	(void)state;
	for (size_t i = 0; i < TABLE_ROWS_MAX; i++) {
		memcpy(text + 2 + 2 * i, "1\n", 3);
	}
	assert_ok(read_text(&table, text, error));
	assert_int_equal(TABLE_ROWS_MAX, table.row_count);
	strcat(text, "1\n");
	assert_status(FAST_INVALID_ARGUMENT, read_text(&table, text, error));
	text[0] = '\0';
	for (size_t i = 0; i < TABLE_COLUMNS_MAX + 1; i++) {
		sprintf(text + strlen(text), "%sc%zu", i == 0 ? "" : ",", i);
	}
	assert_status(FAST_INVALID_ARGUMENT, read_text(&table, text, error));
	table_fini(&table);
}

static void what_it_writes_it_reads_back(void **state)
{
	static const char *const names[] = {"knob", "odd, name", "fps"};
	static const char *const rows[][3] = {
		{"fast", "a \"quoted\" text", "24.5"}, {"", "two\nlines", "#1"}, {"#x", ",", "0"}};
	struct table table = {0}, again = {0};
	char error[TABLE_ERROR_BYTES_MAX];
	FILE *file = tmpfile();

	(void)state;
	assert_ok(table_begin(&table, names, 3));
	for (size_t i = 0; i < 3; i++) {
		assert_ok(table_add(&table, rows[i]));
	}
	assert_ok(table_write(&table, file));
	rewind(file);
	assert_ok(table_read(&again, file, error));
	assert_int_equal(3, again.row_count);
	assert_string_equal("odd, name", table_name(&again, 1));
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(rows[i / 3][i % 3], table_cell(&again, i / 3, i % 3));
	}
	fclose(file);
	table_fini(&table);
	table_fini(&again);
}

static void it_survives_each_allocation_failure(void **state)
{
	struct table table = {0};
	char error[TABLE_ERROR_BYTES_MAX];
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		FILE *file = fmemopen("a,b\n1,2\n3,4\n", 12, "r");

		fault_alloc_after(n++);
		status = table_read(&table, file, error);
		if (!fault_alloc_fired()) {
			fclose(file);
			break;
		}
		fault_alloc_after(-1);
		fclose(file);
		assert_true(status != FAST_OK);
		assert_null(table.cells);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_true(n > 2);
	table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_a_header_and_rows),
		cmocka_unit_test(it_says_which_line_is_wrong),
		cmocka_unit_test(it_refuses_more_than_its_limits),
		cmocka_unit_test(what_it_writes_it_reads_back),
		cmocka_unit_test(it_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
