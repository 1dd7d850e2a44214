#include "store_column.h"
#include "store_impl.h"

#include <fnmatch.h>
#include <stdlib.h>

/* A connection for one answer, and its query. */
static enum fast_status reader_open(const struct store *store, const char *sql, sqlite3 **db,
				    sqlite3_stmt **statement)
{
	int code =
		sqlite3_open_v2(store->path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	*statement = NULL;
	if (code == SQLITE_OK) {
		(void)sqlite3_busy_timeout(*db, STORE_BUSY_MS);
		code = sqlite3_prepare_v2(*db, sql, -1, statement, NULL);
	}
	return code == SQLITE_OK ? FAST_OK : FAST_UNAVAILABLE;
}

static void reader_close(sqlite3 *db, sqlite3_stmt *statement)
{
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
}

static void sample_read(sqlite3_stmt *row, struct store_series *series, struct store_sample *sample)
{
	*series = (struct store_series){.id = column_unsigned(row, 0)};
	column_copy(row, 1, series->unit, sizeof series->unit);
	series->kind = (enum fast_metric_kind)sqlite3_column_int(row, 2);
	*sample = (struct store_sample){
		.series = series->id,
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
	};
}

/* Each sample is one descent of the tree, since the seconds are walked one by one. */
static const char history_sql[] =
	"SELECT n.id, n.unit, n.kind, s.time, s.count, s.value, s.sum, s.instant, s.rate, s.global,"
	" s.window_ms, s.window_count, s.mean, s.p50, s.p95, s.p99, s.revision_first,"
	" s.revision_last FROM seconds AS t CROSS JOIN samples AS s CROSS JOIN series AS n"
	" WHERE t.second >= ?3 / 1000000000 AND s.second = t.second AND s.series IN"
	" (SELECT id FROM series WHERE instance = ?1 AND metric = ?2) AND n.id = s.series"
	" AND s.time > ?3 ORDER BY t.second DESC LIMIT ?4";

struct history_row {
	struct store_series series;
	struct store_sample sample;
};

static enum fast_status history_collect(sqlite3_stmt *statement, struct history_row **rows,
					size_t *count)
{
	size_t capacity = 0;
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		if (*count == capacity) {
			size_t wanted = capacity == 0 ? 256 : 2 * capacity;
			struct history_row *grown = realloc(*rows, wanted * sizeof *grown);
			if (grown == NULL) {
				return FAST_RESOURCE_EXHAUSTED;
			}
			*rows = grown;
			capacity = wanted;
		}
		sample_read(statement, &(*rows)[*count].series, &(*rows)[*count].sample);
		++*count;
	}
	return code == SQLITE_DONE ? FAST_OK : FAST_UNAVAILABLE;
}

/* Whether the metric has a series at all. */
static enum fast_status series_exists(sqlite3 *db, const char *instance, const char *metric)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(
		db, "SELECT 1 FROM series WHERE instance = ? AND metric = ? LIMIT 1", -1,
		&statement, NULL);

	if (code == SQLITE_OK) {
		(void)sqlite3_bind_text(statement, 1, instance, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 2, metric, -1, SQLITE_STATIC);
		code = sqlite3_step(statement);
	}
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW    ? FAST_OK
	       : code == SQLITE_DONE ? FAST_NOT_FOUND
				     : FAST_UNAVAILABLE;
}

enum fast_status store_history(struct store *store, const char *instance, const char *metric,
			       int64_t since_unix_ns, uint32_t limit, store_sample_fn *fn,
			       void *arg)
{
	struct history_row *rows = NULL;
	size_t count = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	enum fast_status status = reader_open(store, history_sql, &db, &statement);

	if (status == FAST_OK) {
		(void)sqlite3_bind_text(statement, 1, instance, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 2, metric, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(statement, 3, since_unix_ns);
		(void)sqlite3_bind_int64(statement, 4,
					 limit < STORE_HISTORY_MAX ? limit : STORE_HISTORY_MAX);
		status = history_collect(statement, &rows, &count);
	}
	if (status == FAST_OK && count == 0) {
		status = series_exists(db, instance, metric);
	}
	reader_close(db, statement);
	while (status == FAST_OK && count-- > 0) {
		fn(&rows[count].series, &rows[count].sample, arg);
	}
	free(rows);
	return status;
}

static void audit_read(sqlite3_stmt *row, struct store_audit *audit)
{
	audit->time_unix_ns = sqlite3_column_int64(row, 1);
	column_copy(row, 2, audit->actor, sizeof audit->actor);
	column_copy(row, 3, audit->verb, sizeof audit->verb);
	column_copy(row, 4, audit->instance, sizeof audit->instance);
	column_copy(row, 5, audit->param, sizeof audit->param);
	column_copy(row, 6, audit->old_value, sizeof audit->old_value);
	column_copy(row, 7, audit->new_value, sizeof audit->new_value);
	audit->revision = column_unsigned(row, 8);
	audit->lease_id = column_unsigned(row, 9);
	column_copy(row, 10, audit->result, sizeof audit->result);
}

struct audit_row {
	uint64_t sequence;
	struct store_audit audit;
};

/* The newest that match, newest first. */
static enum fast_status audit_collect(sqlite3_stmt *statement, const char *plugin_glob,
				      uint32_t limit, struct audit_row **rows, size_t *count)
{
	size_t capacity = 0;
	int code = SQLITE_DONE;

	while (*count < limit && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *instance = (const char *)sqlite3_column_text(statement, 4);

		if (plugin_glob != NULL && plugin_glob[0] != '\0' &&
		    (instance == NULL || fnmatch(plugin_glob, instance, 0) != 0)) {
			continue;
		}
		if (*count == capacity) {
			size_t wanted = capacity == 0 ? 64 : 2 * capacity;
			struct audit_row *grown = realloc(*rows, wanted * sizeof *grown);
			if (grown == NULL) {
				return FAST_RESOURCE_EXHAUSTED;
			}
			*rows = grown;
			capacity = wanted;
		}
		(*rows)[*count].sequence = column_unsigned(statement, 0);
		audit_read(statement, &(*rows)[*count].audit);
		++*count;
	}
	return code == SQLITE_DONE || code == SQLITE_ROW ? FAST_OK : FAST_UNAVAILABLE;
}

enum fast_status store_each_audit(struct store *store, const char *plugin_glob, uint64_t after,
				  uint32_t limit, node_audit_fn *fn, void *arg)
{
	struct audit_row *rows = NULL;
	size_t count = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	enum fast_status status =
		reader_open(store, "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence DESC",
			    &db, &statement);

	if (status == FAST_OK) {
		(void)sqlite3_bind_int64(statement, 1,
					 (int64_t)(after > INT64_MAX ? INT64_MAX : after));
		status = audit_collect(statement, plugin_glob,
				       limit < STORE_HISTORY_MAX ? limit : STORE_HISTORY_MAX, &rows,
				       &count);
	}
	reader_close(db, statement);
	while (status == FAST_OK && count-- > 0) {
		const struct store_audit *audit = &rows[count].audit;
		const struct node_audit entry = {
			.sequence = rows[count].sequence,
			.time_unix_ns = audit->time_unix_ns,
			.actor = audit->actor,
			.verb = audit->verb,
			.plugin = audit->instance,
			.param = audit->param,
			.old_value = audit->old_value,
			.new_value = audit->new_value,
			.revision = audit->revision,
			.lease_id = audit->lease_id,
			.result = audit->result,
		};
		fn(&entry, arg);
	}
	free(rows);
	return status;
}
