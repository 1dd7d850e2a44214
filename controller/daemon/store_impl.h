/* daemon/store_impl.h - what a store is, for store*.c. */
#ifndef FASTD_STORE_IMPL_H
#define FASTD_STORE_IMPL_H

#include "spans.h"
#include "store.h"

#include <pthread.h>
#include <sqlite3.h>

#define STORE_PATH_BYTES_MAX 4096
#define STORE_VERSION        5 /* of the schema */
#define STORE_BUSY_MS        2000
#define STORE_ASIDE_AGAIN_S  60 /* between two databases that are set aside: they fill the disk */
/* Samples that one statement writes where there are so many: it starts, seeks and ends once. */
#define STORE_GROUP_SAMPLES 25

enum store_statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_PUT_PARAM,
	SQL_FORGET_PARAM,
	SQL_PUT_REVISION,
	SQL_PUT_LEASE,
	SQL_PUT_LEASE_ID,
	SQL_PUT_BASELINE,
	SQL_DELETE_LEASE,
	SQL_DELETE_BASELINES,
	SQL_PUT_BOUND,
	SQL_PUT_BOUND_CHOICE,
	SQL_DELETE_BOUND,
	SQL_DELETE_BOUND_CHOICES,
	SQL_PUT_PROFILE_VALUE,
	SQL_DELETE_PROFILE,
	SQL_PUT_AUDIT,
	SQL_TRIM_AUDIT,
	SQL_PUT_SERIES,
	SQL_PUT_SECOND,
	SQL_PUT_MINUTE,
	SQL_PUT_SAMPLE,
	SQL_PUT_SAMPLES,
	SQL_PUT_MINUTE_SAMPLE,
	SQL_PUT_MINUTE_SAMPLES,
	SQL_OLDEST_SECOND,
	SQL_OLDEST_MINUTE,
	SQL_DELETE_SAMPLES,
	SQL_DELETE_MINUTE_SAMPLES,
	SQL_DELETE_SECOND,
	SQL_DELETE_MINUTE,
	SQL_DELETE_SERIES,
	SQL_USED_BYTES,
	SQL_PUT_RUN,
	SQL_END_RUN,
	SQL_LOSE_RUNS,
	SQL_TRIM_RUNS,
	SQL_PUT_EVENT,
	SQL_TRIM_EVENTS,
	SQL_PUT_PLUGIN,
	SQL_DELETE_DECLARATIONS,
	SQL_PUT_DECLARATION,
	SQL_LOSE_PLUGINS,
	SQL_FORGET_DECLARATIONS,
	SQL_FORGET_PLUGINS,
	SQL_PROBE,
	SQL_STATEMENTS
};

struct store {
	char path[STORE_PATH_BYTES_MAX];
	int lock_fd; /* -1: none */
	uint64_t samples_bytes_max;
	uint32_t samples_age_s_max[STORE_LEVELS];
	sqlite3 *db; /* store thread, once that runs; NULL: the disk did not let us open it yet */
	sqlite3_stmt *statements[SQL_STATEMENTS];
	pthread_t thread;
	bool started;
	bool durable;     /* synchronous is FULL; store thread */
	int64_t begin_ns; /* of the transaction; store thread */
	/* Store thread, once that runs. */
	bool broken;           /* a transaction has found it so */
	uint32_t broken_count; /* of late */
	int64_t broken_ns;     /* when that was */
	int64_t set_aside_s;   /* monotonic; 0: no database was */
	bool set_aside;        /* and nobody has been told */
	struct store_job *(*renewed)(void *arg);
	void *renewed_arg;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool stopping;
	struct store_job *jobs; /* first in, first out */
	struct store_job **jobs_end;
	size_t job_count;
	struct store_job *owed;        /* failed, and still to be written; before the jobs */
	struct store_samples *samples; /* first in, first out */
	struct store_samples **samples_end;
	size_t sample_count;
	uint64_t dropped;
	struct store_note *notes; /* first in, first out */
	struct store_note **notes_end;
	size_t note_count;
	uint64_t notes_dropped;
	struct spans commits;
	uint64_t lease_id_newest;
	uint64_t series_id_newest;
	int64_t second_newest; /* that was stored when it was opened */
	bool failing;
	char error[NODE_TEXT_BYTES_MAX];
};

/* ---- store_schema.c ---- */

/* Opens the database, makes its tables, prepares the statements. */
FAST_MUST_CHECK enum fast_status store_db_open(struct store *store, char *error);
void store_db_close(struct store *store);
/* Renames the database, which is closed, and its companions, so that somebody may look at them. */
FAST_MUST_CHECK enum fast_status store_db_set_aside(struct store *store, const char *why,
						    char *error);
/* A connection that reads where nothing can be written, not even what SQLite needs beside the
 * database. Gives *db and the version of its schema; NULL: there is no database. UNAVAILABLE: it
 * can't be read. */
FAST_MUST_CHECK enum fast_status store_db_open_readable(const struct store *store, sqlite3 **db,
							int64_t *version);

/* ---- store_upgrade.c ---- */

/* Makes the tables (version 0: there are none), or brings them up to date, all or nothing. SQLite's
 * code. */
int store_schema_upgrade(sqlite3 *db, int64_t version);

/* ---- store_read.c: any thread ---- */

/* A connection for one answer, and its query, which are to be closed either way. */
FAST_MUST_CHECK enum fast_status store_reader_open(const struct store *store, const char *sql,
						   sqlite3 **db, sqlite3_stmt **statement);
void store_reader_close(sqlite3 *db, sqlite3_stmt *statement);

/* ---- store_write.c: store thread ---- */

/* Runs a statement to its end and resets it. */
bool store_run(struct store *store, enum store_statement statement);
/* The same, with its only parameter. */
bool store_run_with(struct store *store, enum store_statement statement, uint64_t value);
/* The job's ops, within a transaction. False: SQLite says why. */
bool store_write_job(struct store *store, const struct store_job *job);

/* ---- store_transaction.c: store thread ---- */

/* durable: it survives a power cut, too. */
bool store_begin(struct store *store, bool durable);
/* Commits when all went well. Notes the health either way. */
bool store_end(struct store *store, bool good);

/* ---- store_note.c ---- */

/* So many notes, within a transaction. Store thread. */
bool store_notes_write(struct store *store, const struct store_note *notes, size_t count);
/* Frees those that wait. */
void store_notes_free(struct store *store);

/* ---- store_write_samples.c: store thread ---- */

/* Some of the samples, within a transaction: count is what may still be written. */
bool store_write_samples(struct store *store, struct store_samples *samples, size_t *count);
/* Deletes samples that are too old or too many, a few at a time, within a transaction. */
bool store_trim(struct store *store, int64_t now_s, size_t count);

#endif
