/* The tables of the database, and what each version of them has added. */
#include "store_impl.h"

/* Samples are found by second and series: each flush appends to the end of the tree, where a tree
 * ordered by series would touch a page for each series. */
static const char schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE revisions (instance TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT "
	"ROWID;"
	"CREATE TABLE params (instance TEXT, param TEXT, type INTEGER NOT NULL, value NOT NULL,"
	" revision INTEGER NOT NULL, actor TEXT NOT NULL, time INTEGER NOT NULL,"
	" PRIMARY KEY (instance, param)) WITHOUT ROWID;"
	"CREATE TABLE leases (id INTEGER PRIMARY KEY, instance TEXT NOT NULL, owner TEXT NOT NULL,"
	" ttl_ms INTEGER NOT NULL, on_loss INTEGER NOT NULL);"
	"CREATE TABLE baselines (lease INTEGER, param TEXT, type INTEGER NOT NULL, value,"
	" PRIMARY KEY (lease, param)) WITHOUT ROWID;"
	"CREATE TABLE audit (sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" actor TEXT NOT NULL, verb TEXT NOT NULL, instance TEXT NOT NULL, param TEXT NOT NULL,"
	" old TEXT NOT NULL, new TEXT NOT NULL, revision INTEGER NOT NULL, lease INTEGER NOT NULL,"
	" result TEXT NOT NULL);"
	"CREATE TABLE series (id INTEGER PRIMARY KEY, instance TEXT NOT NULL, metric TEXT NOT NULL,"
	" unit TEXT NOT NULL, kind INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT "
	"NULL);"
	"CREATE INDEX series_name ON series (instance, metric);"
	"CREATE TABLE seconds (second INTEGER PRIMARY KEY);"
	"CREATE TABLE samples (second INTEGER, series INTEGER, time INTEGER NOT NULL,"
	" count INTEGER NOT NULL, value REAL, sum REAL, instant REAL, rate REAL, global REAL,"
	" window_ms INTEGER, window_count INTEGER, mean REAL, p50 REAL, p95 REAL, p99 REAL,"
	" revision_first INTEGER, revision_last INTEGER, PRIMARY KEY (second, series)) WITHOUT "
	"ROWID;"
	"PRAGMA user_version = 1;";

/* What brings each version to the next; the first entry is that of version 1. */
static const char *const upgrades[STORE_VERSION - 1] = {
	/* Values that go back, terms of leases, bounds, profiles. */
	"ALTER TABLE params ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE params ADD COLUMN back_type INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE params ADD COLUMN back;"
	"ALTER TABLE leases ADD COLUMN hold_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN notice_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE leases ADD COLUMN principal TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN client TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN outlive INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE bounds (plugin TEXT, param TEXT, min REAL, max REAL, actor TEXT NOT NULL,"
	" time INTEGER NOT NULL, PRIMARY KEY (plugin, param)) WITHOUT ROWID;"
	"CREATE TABLE bound_choices (plugin TEXT, param TEXT, position INTEGER,"
	" type INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (plugin, param, position))"
	" WITHOUT ROWID;"
	"CREATE TABLE profiles (plugin TEXT, profile TEXT, param TEXT, type INTEGER NOT NULL,"
	" value NOT NULL, actor TEXT NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL,"
	" PRIMARY KEY (plugin, profile, param)) WITHOUT ROWID;"
	"PRAGMA user_version = 2;",
	/* Windows say more, and minutes are kept longer than seconds. */
	"ALTER TABLE samples ADD COLUMN first REAL;"
	"ALTER TABLE samples ADD COLUMN last REAL;"
	"ALTER TABLE samples ADD COLUMN min REAL;"
	"ALTER TABLE samples ADD COLUMN max REAL;"
	"ALTER TABLE samples ADD COLUMN std REAL;"
	"CREATE TABLE minutes (minute INTEGER PRIMARY KEY);"
	"CREATE TABLE minute_samples (minute INTEGER, series INTEGER, time INTEGER NOT NULL,"
	" count INTEGER NOT NULL, value REAL, sum REAL, instant REAL, rate REAL, global REAL,"
	" window_ms INTEGER, window_count INTEGER, mean REAL, p50 REAL, p95 REAL, p99 REAL,"
	" revision_first INTEGER, revision_last INTEGER, first REAL, last REAL, min REAL, max REAL,"
	" std REAL, PRIMARY KEY (minute, series)) WITHOUT ROWID;"
	"PRAGMA user_version = 3;",
	/* Runs of plugins, and what has happened. */
	"CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL,"
	" name TEXT NOT NULL, version TEXT NOT NULL, parent TEXT NOT NULL, pid INTEGER NOT NULL,"
	" uid INTEGER NOT NULL, opened INTEGER NOT NULL, start INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, reason TEXT NOT NULL, UNIQUE (instance, opened));"
	"CREATE TABLE events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" event TEXT NOT NULL, instance TEXT NOT NULL, text TEXT NOT NULL);"
	"PRAGMA user_version = 4;",
	/* Plugins, with what they have declared of their knobs: the packets in which they did. */
	"CREATE TABLE plugins (instance TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT "
	"NULL,"
	" parent TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" opened INTEGER NOT NULL, attached INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" effective_revision INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE declarations (instance TEXT, position INTEGER, param TEXT NOT NULL,"
	" packet BLOB NOT NULL, effective_type INTEGER NOT NULL, effective,"
	" effective_revision INTEGER NOT NULL, failure_type INTEGER NOT NULL, failure,"
	" failure_revision INTEGER NOT NULL, failure_time INTEGER NOT NULL,"
	" failure_reason TEXT NOT NULL, PRIMARY KEY (instance, position)) WITHOUT ROWID;"
	"PRAGMA user_version = 5;",
};

int store_schema_upgrade(sqlite3 *db, int64_t version)
{
	int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (code == SQLITE_OK && version == 0) {
		code = sqlite3_exec(db, schema, NULL, NULL, NULL);
		version = 1;
	}
	for (; version < STORE_VERSION && code == SQLITE_OK; version++) {
		code = sqlite3_exec(db, upgrades[version - 1], NULL, NULL, NULL);
	}
	if (code == SQLITE_OK) {
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	if (code != SQLITE_OK) {
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	return code;
}
