#include "client/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One CSV record being read. */
struct record {
	char cells[TABLE_COLUMNS_MAX][TABLE_CELL_BYTES_MAX + 1];
	size_t count;
	size_t line; /* of its last character */
	bool comment;
	const char *wrong; /* NULL: well-formed */
};

void table_fini(struct table *table)
{
	free(table->cells);
	*table = (struct table){0};
}

static enum fast_status table_push(struct table *table, const char *const *cells)
{
	size_t used = table->cells == NULL ? 0 : (table->row_count + 1) * table->column_count;
	char(*more)[TABLE_CELL_BYTES_MAX + 1];

	for (size_t i = 0; i < table->column_count; i++) {
		if (strlen(cells[i]) > TABLE_CELL_BYTES_MAX) {
			return FAST_INVALID_ARGUMENT;
		}
	}
	more = realloc(table->cells, (used + table->column_count) * sizeof *more);
	if (more == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	table->cells = more;
	for (size_t i = 0; i < table->column_count; i++) {
		memcpy(more[used + i], cells[i], strlen(cells[i]) + 1);
	}
	return FAST_OK;
}

enum fast_status table_begin(struct table *table, const char *const *names, size_t count)
{
	enum fast_status status;

	if (count == 0 || count > TABLE_COLUMNS_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(names[i], names[j]) == 0) {
				return FAST_INVALID_ARGUMENT;
			}
		}
		if (names[i][0] == '\0') {
			return FAST_INVALID_ARGUMENT;
		}
	}
	table_fini(table);
	table->column_count = count;
	status = table_push(table, names);
	if (status != FAST_OK) {
		table_fini(table);
	}
	return status;
}

enum fast_status table_add(struct table *table, const char *const *cells)
{
	enum fast_status status;

	assert(table->column_count > 0);
	if (table->row_count == TABLE_ROWS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = table_push(table, cells);
	if (status == FAST_OK) {
		table->row_count++;
	}
	return status;
}

/* Skips what is left of a line. */
static void record_skip_line(struct record *record, FILE *file)
{
	int byte;

	do {
		byte = getc(file);
	} while (byte != '\n' && byte != EOF);
	record->line++;
}

/* Reads one cell; gives the byte after it: ',', '\n' or EOF. */
static int record_read_cell(struct record *record, FILE *file)
{
	char *cell = record->cells[record->count];
	size_t bytes = 0;
	int byte = getc(file);
	bool quoted = byte == '"';

	if (quoted) {
		byte = getc(file);
	}
	for (;; byte = getc(file)) {
		if (quoted && byte == '"') {
			byte = getc(file);
			quoted = byte == '"'; /* a doubled quote is one of the cell */
		}
		if (byte == EOF || (!quoted && (byte == ',' || byte == '\n'))) {
			break;
		}
		if (byte == '\n') {
			record->line++;
		}
		if (byte == '\r' && !quoted) {
			continue;
		}
		if (bytes == TABLE_CELL_BYTES_MAX) {
			record->wrong = "a cell has more than 64 bytes";
			break;
		}
		cell[bytes++] = (char)byte;
	}
	if (quoted && byte == EOF) {
		record->wrong = "a quote is not closed";
	}
	cell[bytes] = '\0';
	record->count++;
	return byte;
}

/* Reads the next record that is neither empty nor a comment. Gives false at the end of the file. */
static bool record_read(struct record *record, FILE *file)
{
	int byte;

	record->wrong = NULL;
	for (;;) {
		record->count = 0;
		byte = getc(file);
		if (byte == EOF) {
			return false;
		}
		if (byte == '#') {
			record_skip_line(record, file);
			continue;
		}
		ungetc(byte, file);
		do {
			if (record->count == TABLE_COLUMNS_MAX) {
				record->wrong = "more than 64 cells";
				break;
			}
			byte = record_read_cell(record, file);
		} while (byte == ',' && record->wrong == NULL);
		record->line++;
		if (record->wrong != NULL || record->count > 1 || record->cells[0][0] != '\0') {
			return true;
		}
	}
}

/* Puts a record into the table: the first becomes the header. */
static const char *table_take(struct table *table, struct record *record)
{
	const char *cells[TABLE_COLUMNS_MAX];
	enum fast_status status;

	if (record->wrong != NULL) {
		return record->wrong;
	}
	for (size_t i = 0; i < record->count; i++) {
		cells[i] = record->cells[i];
	}
	if (table->column_count == 0) {
		status = table_begin(table, cells, record->count);
		return status == FAST_OK ? NULL : "a column has no name, or one used twice";
	}
	if (record->count != table->column_count) {
		return "the row has not as many cells as the header";
	}
	status = table_add(table, cells);
	return status == FAST_OK ? NULL : "more than 1024 rows, or no memory";
}

enum fast_status table_read(struct table *table, FILE *file, char *error)
{
	struct record *record = calloc(1, sizeof *record);
	enum fast_status status = FAST_INVALID_ARGUMENT;
	const char *wrong = NULL;

	table_fini(table);
	if (record == NULL) {
		snprintf(error, TABLE_ERROR_BYTES_MAX, "no memory");
		return FAST_RESOURCE_EXHAUSTED;
	}
	while (wrong == NULL && record_read(record, file)) {
		wrong = table_take(table, record);
	}
	if (wrong != NULL) {
		snprintf(error, TABLE_ERROR_BYTES_MAX, "line %zu: %s", record->line, wrong);
	} else if (ferror(file)) {
		snprintf(error, TABLE_ERROR_BYTES_MAX, "it cannot be read");
	} else if (table->row_count == 0) {
		snprintf(error, TABLE_ERROR_BYTES_MAX, "it has no rows below a header");
	} else {
		status = FAST_OK;
	}
	if (status != FAST_OK) {
		table_fini(table);
	}
	free(record);
	return status;
}

static void table_write_cell(const char *cell, FILE *file)
{
	if (cell[0] != '\0' && cell[0] != '#' && strpbrk(cell, ",\"\n\r") == NULL) {
		fputs(cell, file);
		return;
	}
	putc('"', file);
	for (; *cell != '\0'; cell++) {
		if (*cell == '"') {
			putc('"', file);
		}
		putc(*cell, file);
	}
	putc('"', file);
}

enum fast_status table_write(const struct table *table, FILE *file)
{
	for (size_t row = 0; row <= table->row_count; row++) {
		for (size_t column = 0; column < table->column_count; column++) {
			if (column > 0) {
				putc(',', file);
			}
			table_write_cell(table->cells[row * table->column_count + column], file);
		}
		putc('\n', file);
	}
	return fflush(file) != 0 || ferror(file) ? FAST_UNAVAILABLE : FAST_OK;
}

size_t table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (strcmp(table->cells[i], name) == 0) {
			return i;
		}
	}
	return TABLE_NO_COLUMN;
}

const char *table_name(const struct table *table, size_t column)
{
	assert(column < table->column_count);
	return table->cells[column];
}

const char *table_cell(const struct table *table, size_t row, size_t column)
{
	assert(row < table->row_count);
	assert(column < table->column_count);
	return table->cells[(row + 1) * table->column_count + column];
}

enum fast_status table_number(const struct table *table, size_t row, size_t column, double *out)
{
	const char *cell = table_cell(table, row, column);
	char *end;
	double number = strtod(cell, &end);

	if (end == cell || *end != '\0' || !isfinite(number)) {
		return FAST_INVALID_ARGUMENT;
	}
	*out = number;
	return FAST_OK;
}
