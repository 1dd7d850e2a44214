/* client/table.h - a table of configurations: CSV with a header row, one row per configuration,
 * knobs first, then what was measured. */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <fast/status.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX     64
#define TABLE_ROWS_MAX        1024
#define TABLE_CELL_BYTES_MAX  64
#define TABLE_ERROR_BYTES_MAX 256
#define TABLE_NO_COLUMN       SIZE_MAX

/* Zeroed memory is a valid empty table. */
struct table {
	size_t column_count;
	size_t row_count;
	char (*cells)[TABLE_CELL_BYTES_MAX + 1]; /* row 0 is the header; row by row */
};

void table_fini(struct table *table);

/* Empties the table and gives it columns. INVALID_ARGUMENT: too many, a name twice, empty or too
 * long. */
FAST_MUST_CHECK enum fast_status table_begin(struct table *table, const char *const *names,
					     size_t count);

/* Adds a row of column_count cells. INVALID_ARGUMENT: a cell is too long. */
FAST_MUST_CHECK enum fast_status table_add(struct table *table, const char *const *cells);

/* Reads CSV (RFC 4180; empty lines and those that begin with '#' are skipped) into an empty or old
 * table. INVALID_ARGUMENT: error, TABLE_ERROR_BYTES_MAX bytes, says which line and what is wrong.
 */
FAST_MUST_CHECK enum fast_status table_read(struct table *table, FILE *file, char *error);

/* UNAVAILABLE: the file could not be written; errno says why. */
FAST_MUST_CHECK enum fast_status table_write(const struct table *table, FILE *file);

/* Index of the column with this name, or TABLE_NO_COLUMN. */
size_t table_column(const struct table *table, const char *name);

const char *table_name(const struct table *table, size_t column);
const char *table_cell(const struct table *table, size_t row, size_t column);

/* The cell as a finite number. INVALID_ARGUMENT: it is none. */
FAST_MUST_CHECK enum fast_status table_number(const struct table *table, size_t row, size_t column,
					      double *out);

#endif
