/* daemon/store_column.h - what a row of a query holds, by the number of its column. */
#ifndef FASTD_STORE_COLUMN_H
#define FASTD_STORE_COLUMN_H

#include "node.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>

static inline void column_copy(sqlite3_stmt *row, int column, char *out, size_t out_bytes)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	(void)snprintf(out, out_bytes, "%s", text != NULL ? text : "");
}

static inline uint64_t column_unsigned(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

/* SQLite keeps NaN as NULL. */
static inline double column_double(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
							       : sqlite3_column_double(row, column);
}

/* Type and value stand side by side. False: no type. */
static inline bool column_value(sqlite3_stmt *row, int column, struct fast_page_value *out)
{
	*out = (struct fast_page_value){
		.type = (enum fast_param_type)sqlite3_column_int(row, column)};
	switch (out->type) {
	case FAST_PARAM_BOOL:
		out->u.boolean = sqlite3_column_int(row, column + 1) != 0;
		return true;
	case FAST_PARAM_INT:
		out->u.integer = sqlite3_column_int64(row, column + 1);
		return true;
	case FAST_PARAM_DOUBLE:
		out->u.number = sqlite3_column_double(row, column + 1);
		return true;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		column_copy(row, column + 1, out->string, sizeof out->string);
		return true;
	}
	return false;
}

#endif
