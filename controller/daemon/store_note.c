/* Runs and events: written soon, but never instead of a knob. */
#include "store_bind.h"
#include "store_column.h"

#include <fnmatch.h>
#include <stdlib.h>

void store_note(struct store *store, const struct store_note *note)
{
	struct store_note *kept = malloc(sizeof *kept);

	if (kept != NULL) {
		*kept = *note;
		kept->next = NULL;
	}
	(void)pthread_mutex_lock(&store->lock);
	if (kept == NULL || store->note_count >= STORE_NOTES_MAX || store->stopping) {
		store->notes_dropped++;
		free(kept);
	} else {
		*store->notes_end = kept;
		store->notes_end = &kept->next;
		store->note_count++;
		(void)pthread_cond_signal(&store->changed);
	}
	(void)pthread_mutex_unlock(&store->lock);
}

void store_notes_free(struct store *store)
{
	while (store->notes != NULL) {
		struct store_note *note = store->notes;

		store->notes = note->next;
		free(note);
	}
	store->notes_end = &store->notes;
	store->note_count = 0;
}

static bool put_run(struct store *store, const struct store_note *note)
{
	const struct store_run *run = &note->u.run;
	struct binder binder = {.statement = store->statements[SQL_PUT_RUN]};

	bind_text(&binder, run->instance);
	bind_text(&binder, run->name);
	bind_text(&binder, run->version);
	bind_text(&binder, run->parent);
	bind_int(&binder, run->pid);
	bind_int(&binder, run->uid);
	bind_int(&binder, run->open_unix_ns);
	bind_int(&binder, run->start_unix_ns);
	return binder_run(&binder) && store_run_with(store, SQL_TRIM_RUNS, STORE_RUNS_MAX);
}

static bool end_run(struct store *store, const struct store_note *note)
{
	const struct store_run *run = &note->u.run;
	struct binder binder = {.statement = store->statements[SQL_END_RUN]};

	bind_int(&binder, run->end_unix_ns);
	bind_text(&binder, run->reason);
	bind_text(&binder, run->instance);
	bind_int(&binder, run->open_unix_ns);
	return binder_run(&binder);
}

static bool lose_runs(struct store *store, const struct store_note *note)
{
	const struct store_run *run = &note->u.run;
	struct binder binder = {.statement = store->statements[SQL_LOSE_RUNS]};

	bind_int(&binder, run->end_unix_ns);
	bind_text(&binder, run->reason);
	return binder_run(&binder);
}

static bool put_event(struct store *store, const struct store_note *note)
{
	const struct store_event *event = &note->u.event;
	struct binder binder = {.statement = store->statements[SQL_PUT_EVENT]};

	bind_int(&binder, event->time_unix_ns);
	bind_text(&binder, event->event);
	bind_text(&binder, event->instance);
	bind_text(&binder, event->text);
	return binder_run(&binder) && store_run_with(store, SQL_TRIM_EVENTS, STORE_EVENTS_MAX);
}

static bool (*const note_write[STORE_NOTE_VERBS])(struct store *store,
						  const struct store_note *note) = {
	[STORE_NOTE_RUN] = put_run,
	[STORE_NOTE_RUN_END] = end_run,
	[STORE_NOTE_RUNS_LOST] = lose_runs,
	[STORE_NOTE_EVENT] = put_event,
};

bool store_notes_write(struct store *store, const struct store_note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!note_write[notes->verb](store, notes)) {
			return false;
		}
		notes = i + 1 < count ? notes->next : notes; /* what follows the last is others' */
	}
	return true;
}

/* ---- reading: any thread ---- */

/* Whether the row's text at column matches; "" or NULL: everything does. */
static bool is_matched(sqlite3_stmt *row, int column, const char *glob)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return glob == NULL || glob[0] == '\0' || (text != NULL && fnmatch(glob, text, 0) == 0);
}

static void run_read(sqlite3_stmt *row, struct node_run *out)
{
	column_copy(row, 1, out->instance, sizeof out->instance);
	column_copy(row, 2, out->name, sizeof out->name);
	column_copy(row, 3, out->version, sizeof out->version);
	column_copy(row, 4, out->parent, sizeof out->parent);
	out->pid = (uint32_t)sqlite3_column_int64(row, 5);
	out->uid = (uint32_t)sqlite3_column_int64(row, 6);
	out->start_unix_ns = sqlite3_column_int64(row, 8);
	out->end_unix_ns = sqlite3_column_int64(row, 9);
	column_copy(row, 10, out->reason, sizeof out->reason);
}

static void event_read(sqlite3_stmt *row, struct node_event *out)
{
	out->sequence = column_unsigned(row, 0);
	out->time_unix_ns = sqlite3_column_int64(row, 1);
	column_copy(row, 2, out->event, sizeof out->event);
	column_copy(row, 3, out->plugin, sizeof out->plugin);
	column_copy(row, 4, out->text, sizeof out->text);
}

/* The newest rows that match, in an array of items, newest first; the caller frees it. */
static enum fast_status rows_collect(sqlite3_stmt *statement, const char *glob, int glob_column,
				     uint32_t limit, size_t item_bytes,
				     void (*read)(sqlite3_stmt *row, void *item), char **items,
				     size_t *count)
{
	size_t capacity = 0;
	int code = SQLITE_DONE;

	while (*count < limit && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!is_matched(statement, glob_column, glob)) {
			continue;
		}
		if (*count == capacity) {
			size_t wanted = capacity == 0 ? 64 : 2 * capacity;
			char *grown = realloc(*items, wanted * item_bytes);

			if (grown == NULL) {
				return FAST_RESOURCE_EXHAUSTED;
			}
			*items = grown;
			capacity = wanted;
		}
		read(statement, *items + *count * item_bytes);
		++*count;
	}
	return code == SQLITE_DONE || code == SQLITE_ROW ? FAST_OK : FAST_UNAVAILABLE;
}

static void run_read_any(sqlite3_stmt *row, void *item)
{
	run_read(row, item);
}

static void event_read_any(sqlite3_stmt *row, void *item)
{
	event_read(row, item);
}

enum fast_status store_each_run(struct store *store, const char *plugin_glob, uint32_t limit,
				node_run_fn *fn, void *arg)
{
	char *items = NULL;
	size_t count = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	enum fast_status status =
		store_reader_open(store, "SELECT * FROM runs ORDER BY id DESC", &db, &statement);

	if (status == FAST_OK) {
		status = rows_collect(statement, plugin_glob, 1, limit, sizeof(struct node_run),
				      run_read_any, &items, &count);
	}
	store_reader_close(db, statement);
	while (status == FAST_OK && count-- > 0) {
		fn((const struct node_run *)(const void *)(items + count * sizeof(struct node_run)),
		   arg);
	}
	free(items);
	return status;
}

enum fast_status store_each_event(struct store *store, const char *plugin_glob, uint64_t after,
				  uint32_t limit, node_event_fn *fn, void *arg)
{
	char *items = NULL;
	size_t count = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *statement;
	enum fast_status status = store_reader_open(
		store, "SELECT * FROM events WHERE sequence > ? ORDER BY sequence DESC", &db,
		&statement);

	if (status == FAST_OK) {
		(void)sqlite3_bind_int64(statement, 1,
					 (int64_t)(after > INT64_MAX ? INT64_MAX : after));
		status = rows_collect(statement, plugin_glob, 3, limit, sizeof(struct node_event),
				      event_read_any, &items, &count);
	}
	store_reader_close(db, statement);
	while (status == FAST_OK && count-- > 0) {
		fn((const struct node_event *)(const void *)(items +
							     count * sizeof(struct node_event)),
		   arg);
	}
	free(items);
	return status;
}
