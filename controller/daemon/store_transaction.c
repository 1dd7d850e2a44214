/* Transactions, and what the store says when they begin to fail, or do no more. */
#include "store_impl.h"

#include <fast/log.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void event_note(struct store *store, const char *event, const char *text)
{
	struct store_note note = {.verb = STORE_NOTE_EVENT};
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	note.u.event.time_unix_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	(void)snprintf(note.u.event.event, sizeof note.u.event.event, "%s", event);
	(void)snprintf(note.u.event.text, sizeof note.u.event.text, "%s", text);
	store_note(store, &note);
}

/* Notes how the last transaction went; says so when that has changed. */
static void health_note(struct store *store, bool good)
{
	char error[NODE_TEXT_BYTES_MAX] = "";
	int64_t end_ns = now_ns();
	bool changed;

	if (!good && store->db == NULL) {
		return; /* what kept it from being opened is noted */
	}
	if (!good) {
		(void)snprintf(error, sizeof error, "can't write %.200s: %.200s", store->path,
			       sqlite3_errmsg(store->db));
	}
	(void)pthread_mutex_lock(&store->lock);
	spans_add(&store->commits, end_ns - store->begin_ns, end_ns);
	changed = store->failing == good;
	store->failing = !good;
	(void)snprintf(store->error, sizeof store->error, "%s", error);
	(void)pthread_mutex_unlock(&store->lock);
	if (changed) {
		event_note(store, good ? "store_mended" : "store_failed", error);
	}
	if (changed && good) {
		fast_log(FAST_LOG_INFO,
			 "the store can write again; %" PRIu64
			 " samples are missing from the history",
			 store_dropped(store));
	} else if (changed) {
		fast_log(FAST_LOG_ERROR, "%s; knobs can't be turned, and no history is kept",
			 error);
	}
}

bool store_begin(struct store *store, bool durable)
{
	store->begin_ns = now_ns();
	if (store->db == NULL) {
		return false;
	}
	if (durable != store->durable) {
		const char *pragma =
			durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
		if (sqlite3_exec(store->db, pragma, NULL, NULL, NULL) != SQLITE_OK) {
			return false;
		}
		store->durable = durable;
	}
	return store_run(store, SQL_BEGIN);
}

static bool is_broken(sqlite3 *db)
{
	const int code = db == NULL ? SQLITE_OK : sqlite3_errcode(db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool store_end(struct store *store, bool good)
{
	good = good && store_run(store, SQL_COMMIT);
	health_note(store, good); /* before a rollback forgets why */
	store->broken = store->broken || (!good && is_broken(store->db));
	if (store->db != NULL && sqlite3_get_autocommit(store->db) == 0) {
		(void)store_run(store, SQL_ROLLBACK);
	}
	return good;
}
