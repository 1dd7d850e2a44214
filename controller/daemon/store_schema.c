#include "store_impl.h"

#include <fast/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE  "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define SAMPLE5 SAMPLE "," SAMPLE "," SAMPLE "," SAMPLE "," SAMPLE
#define GROUP   SAMPLE5 "," SAMPLE5 "," SAMPLE5 "," SAMPLE5 "," SAMPLE5
_Static_assert(STORE_GROUP_SAMPLES == 25, "as many as GROUP has");

static const char *const statement_texts[SQL_STATEMENTS] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_PUT_PARAM] = "INSERT OR REPLACE INTO params VALUES (?,?,?,?,?,?,?,?,?,?)",
	[SQL_FORGET_PARAM] = "DELETE FROM params WHERE instance = ? AND param = ?",
	[SQL_PUT_REVISION] = "INSERT OR REPLACE INTO revisions VALUES (?,?)",
	[SQL_PUT_LEASE] = "INSERT OR REPLACE INTO leases VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_PUT_LEASE_ID] = "INSERT INTO meta VALUES ('lease_id', ?1) ON CONFLICT (key)"
			     " DO UPDATE SET value = max(value, ?1)",
	[SQL_PUT_BASELINE] = "INSERT OR REPLACE INTO baselines VALUES (?,?,?,?)",
	[SQL_DELETE_LEASE] = "DELETE FROM leases WHERE id = ?",
	[SQL_DELETE_BASELINES] = "DELETE FROM baselines WHERE lease = ?",
	[SQL_PUT_BOUND] = "INSERT OR REPLACE INTO bounds VALUES (?,?,?,?,?,?)",
	[SQL_PUT_BOUND_CHOICE] = "INSERT OR REPLACE INTO bound_choices VALUES (?,?,?,?,?)",
	[SQL_DELETE_BOUND] = "DELETE FROM bounds WHERE plugin = ? AND param = ?",
	[SQL_DELETE_BOUND_CHOICES] = "DELETE FROM bound_choices WHERE plugin = ? AND param = ?",
	[SQL_PUT_PROFILE_VALUE] = "INSERT OR REPLACE INTO profiles VALUES (?,?,?,?,?,?,?,?)",
	[SQL_DELETE_PROFILE] = "DELETE FROM profiles WHERE plugin = ? AND profile = ?",
	[SQL_PUT_AUDIT] = "INSERT INTO audit VALUES (NULL,?,?,?,?,?,?,?,?,?,?)",
	[SQL_TRIM_AUDIT] = "DELETE FROM audit WHERE sequence <= ?",
	[SQL_PUT_SERIES] = "INSERT INTO series VALUES (?1,?2,?3,?4,?5,?6,?6)"
			   " ON CONFLICT (id) DO UPDATE SET last = ?6",
	[SQL_PUT_SECOND] = "INSERT OR IGNORE INTO seconds VALUES (?)",
	[SQL_PUT_MINUTE] = "INSERT OR IGNORE INTO minutes VALUES (?)",
	[SQL_PUT_SAMPLE] = "INSERT OR REPLACE INTO samples VALUES " SAMPLE,
	[SQL_PUT_SAMPLES] = "INSERT OR REPLACE INTO samples VALUES " GROUP,
	[SQL_PUT_MINUTE_SAMPLE] = "INSERT OR REPLACE INTO minute_samples VALUES " SAMPLE,
	[SQL_PUT_MINUTE_SAMPLES] = "INSERT OR REPLACE INTO minute_samples VALUES " GROUP,
	[SQL_OLDEST_SECOND] = "SELECT min(second) FROM seconds",
	[SQL_OLDEST_MINUTE] = "SELECT min(minute) FROM minutes",
	[SQL_DELETE_SAMPLES] = "DELETE FROM samples WHERE second = ?",
	[SQL_DELETE_MINUTE_SAMPLES] = "DELETE FROM minute_samples WHERE minute = ?",
	[SQL_DELETE_SECOND] = "DELETE FROM seconds WHERE second = ?",
	[SQL_DELETE_MINUTE] = "DELETE FROM minutes WHERE minute = ?",
	/* A series' last is written about once a minute. */
	[SQL_DELETE_SERIES] = "DELETE FROM series WHERE last < ? - 120",
	[SQL_USED_BYTES] = "SELECT (p.page_count - f.freelist_count) * s.page_size FROM"
			   " pragma_page_count AS p, pragma_freelist_count AS f,"
			   " pragma_page_size AS s",
	[SQL_PUT_RUN] = "INSERT INTO runs VALUES (NULL,?,?,?,?,?,?,?,?,0,'')"
			" ON CONFLICT (instance, opened) DO UPDATE SET ended = 0, reason = ''",
	[SQL_END_RUN] = "UPDATE runs SET ended = ?, reason = ? WHERE instance = ? AND opened = ?",
	[SQL_LOSE_RUNS] = "UPDATE runs SET ended = ?, reason = ? WHERE ended = 0",
	[SQL_TRIM_RUNS] = "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?",
	[SQL_PUT_EVENT] = "INSERT INTO events VALUES (NULL,?,?,?,?)",
	[SQL_TRIM_EVENTS] = "DELETE FROM events WHERE sequence <= (SELECT max(sequence) FROM"
			    " events) - ?",
	[SQL_PUT_PLUGIN] = "INSERT OR REPLACE INTO plugins VALUES (?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_DELETE_DECLARATIONS] = "DELETE FROM declarations WHERE instance = ?",
	[SQL_PUT_DECLARATION] = "INSERT OR REPLACE INTO declarations VALUES"
				" (?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_LOSE_PLUGINS] = "UPDATE plugins SET ended = ? WHERE ended = 0",
	[SQL_FORGET_DECLARATIONS] = "DELETE FROM declarations WHERE instance IN (SELECT instance"
				    " FROM plugins WHERE ended <> 0 AND ended <= ?)",
	[SQL_FORGET_PLUGINS] = "DELETE FROM plugins WHERE ended <> 0 AND ended <= ?",
	[SQL_PROBE] = "INSERT OR REPLACE INTO meta VALUES ('probe', 0)",
};

/* Single number that a query gives; SQLite's code. */
static int query_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	if (code == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(statement);
	return code;
}

/* SQLITE_CORRUPT when the check finds something wrong. */
static int database_check(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	if (code == SQLITE_ROW) {
		const char *answer = (const char *)sqlite3_column_text(statement, 0);
		code = answer != NULL && strcmp(answer, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
	}
	(void)sqlite3_finalize(statement);
	return code;
}

/* SQLite would let everybody read what it makes. */
static void file_prepare(const struct store *store)
{
	int fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0) { /* else SQLite says why */
		(void)close(fd);
	}
}

/* Opens and prepares all; SQLite's code. version: of the schema that was found. */
static int database_open(struct store *store, int64_t *version)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = NORMAL;"
				      "PRAGMA journal_size_limit = 4194304;"
				      "PRAGMA foreign_keys = OFF;";
	int code;

	file_prepare(store);
	code = sqlite3_open_v2(store->path, &store->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_extended_result_codes(store->db, 1);
		(void)sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
		code = sqlite3_exec(store->db, pragmas, NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		code = query_number(store->db, "PRAGMA user_version", version);
	}
	if (code == SQLITE_OK && *version > STORE_VERSION) {
		return SQLITE_OK;
	}
	if (code == SQLITE_OK && *version < 0) {
		return SQLITE_CORRUPT; /* no fastd has written that */
	}
	if (code == SQLITE_OK && *version > 0) {
		code = database_check(store->db);
	}
	if (code == SQLITE_OK && *version < STORE_VERSION) {
		code = store_schema_upgrade(store->db, *version);
	}
	for (size_t i = 0; i < SQL_STATEMENTS && code == SQLITE_OK; i++) {
		code = sqlite3_prepare_v3(store->db, statement_texts[i], -1,
					  SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
	}
	return code;
}

void store_db_close(struct store *store)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	(void)sqlite3_close(store->db);
	store->db = NULL;
	store->durable = false; /* the next connection is not */
}

/* A database is broken when its bytes are, not when the disk is full or slow. A table that is
 * missing is a broken one, too. */
static bool is_broken(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
	       (code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_FORMAT;
}

/* A database and its companions. */
static const char *const suffixes[] = {"", "-wal", "-shm"};

/* Whether something else stands where one of them should: SQLite would be refused it for ever. */
static bool is_in_the_way(const struct store *store)
{
	char path[STORE_PATH_BYTES_MAX + 8];
	struct stat there;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		(void)snprintf(path, sizeof path, "%s%s", store->path, suffixes[i]);
		if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
			return true;
		}
	}
	return false;
}

enum fast_status store_db_set_aside(struct store *store, const char *why, char *error)
{
	char from[STORE_PATH_BYTES_MAX + 8];
	char to[STORE_PATH_BYTES_MAX + 64];
	long long now_s = (long long)time(NULL);
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (store->set_aside_s != 0 && now.tv_sec < store->set_aside_s + STORE_ASIDE_AGAIN_S) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "%.200s is broken, as the one before it was; it is left a while",
			       store->path);
		return FAST_UNAVAILABLE;
	}
	do { /* what was set aside before stays */
		(void)snprintf(to, sizeof to, "%s.corrupt-%lld", store->path, now_s++);
	} while (access(to, F_OK) == 0);
	now_s--;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		(void)snprintf(from, sizeof from, "%s%s", store->path, suffixes[i]);
		(void)snprintf(to, sizeof to, "%s.corrupt-%lld%s", store->path, now_s, suffixes[i]);
		if (rename(from, to) != 0 && errno != ENOENT) {
			(void)snprintf(error, NODE_TEXT_BYTES_MAX,
				       "the broken database %.200s can't be set aside: %m",
				       store->path);
			return FAST_UNAVAILABLE;
		}
	}
	store->set_aside = true;
	store->set_aside_s = now.tv_sec;
	fast_log(FAST_LOG_ERROR,
		 "%s is broken (%s) and set aside as %s.corrupt-%lld; starting afresh", store->path,
		 why, store->path, now_s);
	return FAST_OK;
}

/* SQLite knows the reason when the code is its own. */
static void why_tell(sqlite3 *db, int code, char *why, size_t size)
{
	const bool is_its_own = db != NULL && sqlite3_extended_errcode(db) == code;
	const int system_code = is_its_own ? sqlite3_system_errno(db) : 0;

	(void)snprintf(why, size, "%s%s%s", is_its_own ? sqlite3_errmsg(db) : sqlite3_errstr(code),
		       system_code != 0 ? ": " : "", system_code != 0 ? strerror(system_code) : "");
}

enum fast_status store_db_open(struct store *store, char *error)
{
	for (int attempt = 0;; attempt++) {
		char why[160];
		int64_t version = 0;
		int code = is_in_the_way(store) ? SQLITE_NOTADB : database_open(store, &version);

		if (code == SQLITE_OK && version <= STORE_VERSION) {
			return FAST_OK;
		}
		if (code == SQLITE_OK) {
			store_db_close(store);
			(void)snprintf(error, NODE_TEXT_BYTES_MAX,
				       "%.200s was written by a newer fastd; use that, or another "
				       "state directory",
				       store->path);
			return FAST_FAILED_PRECONDITION;
		}
		why_tell(store->db, code, why, sizeof why);
		store_db_close(store);
		if (code == SQLITE_NOMEM) {
			(void)snprintf(error, NODE_TEXT_BYTES_MAX, "no memory for the store");
			return FAST_RESOURCE_EXHAUSTED;
		}
		if (is_broken(code) && attempt == 0) {
			continue; /* a check that could not read says that it is broken, too */
		}
		if (!is_broken(code) || attempt > 1) {
			(void)snprintf(error, NODE_TEXT_BYTES_MAX, "can't open %.200s: %s",
				       store->path, why);
			return FAST_UNAVAILABLE;
		}
		if (store_db_set_aside(store, why, error) != FAST_OK) {
			return FAST_UNAVAILABLE;
		}
	}
}

/* The path as a URI that says that nobody changes the file. */
static void path_immutable(const struct store *store, char *out, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t used = (size_t)snprintf(out, size, "file:");

	for (const char *c = store->path; *c != '\0'; c++) {
		if (strchr("%?#", *c) != NULL) {
			out[used++] = '%';
			out[used++] = digits[(unsigned char)*c >> 4];
			out[used++] = digits[*c & 15];
		} else {
			out[used++] = *c;
		}
	}
	(void)snprintf(out + used, size - used, "?immutable=1");
}

/* SQLite's code. */
static int readable_open(const char *path, int flags, sqlite3 **db, int64_t *version)
{
	int code = sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK) { /* the index of the log is then kept in memory */
		code = sqlite3_exec(*db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		code = query_number(*db, "PRAGMA user_version", version);
	}
	return code;
}

enum fast_status store_db_open_readable(const struct store *store, sqlite3 **db, int64_t *version)
{
	char path[3 * STORE_PATH_BYTES_MAX + 32];
	struct stat there;
	int code;

	*db = NULL;
	*version = 0;
	if (stat(store->path, &there) != 0 || there.st_size == 0) {
		return FAST_OK;
	}
	code = readable_open(store->path, SQLITE_OPEN_READWRITE, db, version);
	(void)snprintf(path, sizeof path, "%s-wal", store->path);
	if (code != SQLITE_OK && (stat(path, &there) != 0 || there.st_size == 0)) {
		/* Not even a log can be made; but without one the database is whole. */
		(void)sqlite3_close(*db);
		path_immutable(store, path, sizeof path);
		code = readable_open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, version);
	}
	if (code == SQLITE_OK && *version > 0 && *version <= STORE_VERSION) {
		return FAST_OK;
	}
	(void)sqlite3_close(*db);
	*db = NULL;
	/* Tables that were never made hold nothing. */
	return code == SQLITE_OK && *version == 0 ? FAST_OK : FAST_UNAVAILABLE;
}
