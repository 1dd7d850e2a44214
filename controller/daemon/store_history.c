/* Samples of the past: seconds first, then what minutes tell of the time before. */
#include "store_column.h"
#include "store_impl.h"

#include <stdlib.h>

/* Each sample is one descent of the tree, since the slots are walked one by one: ?3 is since, ?4
 * the limit, ?5 the step in slots, ?6 the slot before which to look. */
#define HISTORY_SQL(slots, samples, slot, seconds)                                                 \
	"SELECT n.id, n.unit, n.kind, s.time, s.count, s.value, s.sum, s.instant, s.rate,"         \
	" s.global, s.window_ms, s.window_count, s.mean, s.p50, s.p95, s.p99, s.revision_first,"   \
	" s.revision_last, s.first, s.last, s.min, s.max, s.std, t." slot " FROM " slots           \
	" AS t CROSS JOIN " samples " AS s CROSS JOIN series AS n WHERE t." slot                   \
	" >= ?3 / 1000000000 / " seconds " AND t." slot " < ?6 AND t." slot                        \
	" % ?5 = 0 AND s." slot " = t." slot " AND s.series IN (SELECT id FROM series WHERE"       \
	" instance = ?1 AND metric = ?2) AND n.id = s.series AND s.time > ?3 ORDER BY t." slot     \
	" DESC LIMIT ?4"

static const char *const history_sql[STORE_LEVELS] = {
	[STORE_SECONDS] = HISTORY_SQL("seconds", "samples", "second", "1"),
	[STORE_MINUTES] = HISTORY_SQL("minutes", "minute_samples", "minute", "60"),
};

struct history_row {
	struct store_series series;
	struct store_sample sample;
};

/* Newest first. */
struct rows {
	struct history_row *rows;
	size_t count;
	size_t capacity;
};

static void sample_read(sqlite3_stmt *row, enum store_level level, struct history_row *out)
{
	out->series = (struct store_series){.id = column_unsigned(row, 0)};
	column_copy(row, 1, out->series.unit, sizeof out->series.unit);
	out->series.kind = (enum fast_metric_kind)sqlite3_column_int(row, 2);
	out->sample = (struct store_sample){
		.series = out->series.id,
		.second = sqlite3_column_int64(row, 23) * store_level_seconds[level],
		.time_unix_ns = sqlite3_column_int64(row, 3),
		.count = column_unsigned(row, 4),
		.value = column_double(row, 5),
		.sum = column_double(row, 6),
		.rate_instant = column_double(row, 7),
		.rate_window = column_double(row, 8),
		.rate_global = column_double(row, 9),
		.window_ms = (uint32_t)sqlite3_column_int64(row, 10),
		.window.count = column_unsigned(row, 11),
		.window.mean = column_double(row, 12),
		.window.p50 = column_double(row, 13),
		.window.p95 = column_double(row, 14),
		.window.p99 = column_double(row, 15),
		.revision_first = column_unsigned(row, 16),
		.revision_last = column_unsigned(row, 17),
		.window.first = column_double(row, 18),
		.window.last = column_double(row, 19),
		.window.min = column_double(row, 20),
		.window.max = column_double(row, 21),
		.window.std = column_double(row, 22),
	};
}

static struct history_row *rows_add(struct rows *rows)
{
	if (rows->count == rows->capacity) {
		size_t wanted = rows->capacity == 0 ? 256 : 2 * rows->capacity;
		struct history_row *grown = realloc(rows->rows, wanted * sizeof *grown);

		if (grown == NULL) {
			return NULL;
		}
		rows->rows = grown;
		rows->capacity = wanted;
	}
	return &rows->rows[rows->count++];
}

/* The level's samples from before what the rows tell already. */
static enum fast_status level_collect(struct store *store, const struct store_query *query,
				      enum store_level level, struct rows *rows)
{
	int64_t slot_s = store_level_seconds[level];
	int64_t until =
		rows->count == 0 ? INT64_MAX : rows->rows[rows->count - 1].sample.second / slot_s;
	int64_t step = query->step_s / slot_s;
	uint32_t limit = query->limit < STORE_HISTORY_MAX ? query->limit : STORE_HISTORY_MAX;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	enum fast_status status = store_reader_open(store, history_sql[level], &db, &statement);
	int code = SQLITE_DONE;

	if (status == FAST_OK) {
		(void)sqlite3_bind_text(statement, 1, query->instance, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 2, query->metric, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(statement, 3, query->since_unix_ns);
		(void)sqlite3_bind_int64(statement, 4, (int64_t)limit - (int64_t)rows->count);
		(void)sqlite3_bind_int64(statement, 5, step > 1 ? step : 1);
		(void)sqlite3_bind_int64(statement, 6, until);
		while (status == FAST_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
			struct history_row *row = rows_add(rows);

			if (row == NULL) {
				status = FAST_RESOURCE_EXHAUSTED;
			} else {
				sample_read(statement, level, row);
			}
		}
	}
	store_reader_close(db, statement);
	return status == FAST_OK && code != SQLITE_DONE ? FAST_UNAVAILABLE : status;
}

/* Whether the metric has a series at all. */
static enum fast_status series_exists(struct store *store, const struct store_query *query)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	int code = SQLITE_ERROR;

	if (store_reader_open(store,
			      "SELECT 1 FROM series WHERE instance = ? AND metric = ? LIMIT 1", &db,
			      &statement) == FAST_OK) {
		(void)sqlite3_bind_text(statement, 1, query->instance, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 2, query->metric, -1, SQLITE_STATIC);
		code = sqlite3_step(statement);
	}
	store_reader_close(db, statement);
	return code == SQLITE_ROW    ? FAST_OK
	       : code == SQLITE_DONE ? FAST_NOT_FOUND
				     : FAST_UNAVAILABLE;
}

enum fast_status store_history(struct store *store, const struct store_query *query,
			       store_sample_fn *fn, void *arg)
{
	bool coarse = query->step_s >= store_level_seconds[STORE_MINUTES];
	struct rows rows = {0};
	enum fast_status status = FAST_OK;

	for (size_t i = coarse ? STORE_MINUTES : STORE_SECONDS;
	     i < STORE_LEVELS && status == FAST_OK && rows.count < query->limit; i++) {
		status = level_collect(store, query, (enum store_level)i, &rows);
	}
	if (status == FAST_OK && rows.count == 0) {
		status = series_exists(store, query);
	}
	while (status == FAST_OK && rows.count-- > 0) {
		fn(&rows.rows[rows.count].series, &rows.rows[rows.count].sample, arg);
	}
	free(rows.rows);
	return status;
}
