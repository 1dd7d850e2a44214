#include "store_column.h"
#include "store_impl.h"

#include <fnmatch.h>
#include <stdlib.h>

enum fast_status store_reader_open(const struct store *store, const char *sql, sqlite3 **db,
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

void store_reader_close(sqlite3 *db, sqlite3_stmt *statement)
{
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
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
	enum fast_status status = store_reader_open(
		store, "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence DESC", &db,
		&statement);

	if (status == FAST_OK) {
		(void)sqlite3_bind_int64(statement, 1,
					 (int64_t)(after > INT64_MAX ? INT64_MAX : after));
		status = audit_collect(statement, plugin_glob,
				       limit < STORE_HISTORY_MAX ? limit : STORE_HISTORY_MAX, &rows,
				       &count);
	}
	store_reader_close(db, statement);
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
