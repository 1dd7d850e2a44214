#include "controller/older_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first schema, as it was, with one of each thing in it. */
static const char first_schema[] =
	"PRAGMA journal_mode = WAL;"
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
	"INSERT INTO meta VALUES ('lease_id', 41);"
	"INSERT INTO revisions VALUES ('cam', 17);"
	"INSERT INTO params VALUES ('cam', 'quality', 2, 9, 17, 'somebody', 5);"
	"INSERT INTO leases VALUES (41, 'cam', 'holder', 5000, 2);"
	"INSERT INTO baselines VALUES (41, 'quality', 2, 4);"
	"INSERT INTO audit VALUES (NULL, 5, 'somebody', 'set', 'cam', 'quality', '4', '9', 17, 0,"
	" 'ok');"
	"PRAGMA user_version = 1;";

/* What made each later schema of the one before, as it was, with one of each new thing. */
static const char *const later_schemas[] = {
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
	"UPDATE leases SET priority = 3, principal = 'uid:7';"
	"INSERT INTO bounds VALUES ('c*', 'quality', 1, 50, 'operator', 5);"
	"INSERT INTO profiles VALUES ('cam', 'night', 'quality', 2, 6, 'operator', 5, 0);"
	"PRAGMA user_version = 2;",
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
	"INSERT INTO series VALUES (7, 'cam', 'lag', 's', 4, 600, 600);"
	"INSERT INTO minutes VALUES (10);"
	"INSERT INTO minute_samples (minute, series, time, count, max)"
	" VALUES (10, 7, 600000000000, 9, 2.5);"
	"PRAGMA user_version = 3;",
	"CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL,"
	" name TEXT NOT NULL, version TEXT NOT NULL, parent TEXT NOT NULL, pid INTEGER NOT NULL,"
	" uid INTEGER NOT NULL, opened INTEGER NOT NULL, start INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, reason TEXT NOT NULL, UNIQUE (instance, opened));"
	"CREATE TABLE events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" event TEXT NOT NULL, instance TEXT NOT NULL, text TEXT NOT NULL);"
	"INSERT INTO runs VALUES (NULL, 'cam', 'cam', '1.2', '', 77, 7, 5, 6, 9, 'goodbye');"
	"INSERT INTO events VALUES (NULL, 9, 'end', 'cam', 'goodbye');"
	"PRAGMA user_version = 4;",
};

/* What a plugin says that declares a bool knob "a". */
static const unsigned char packet[] = {0x1a, 9, 0x0a, 7, 0x0a, 1, 'a', 0x10, 1, 0x2a, 0};

void older_make(const char *dir, size_t version)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof path, "%s/fastd.db", dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, first_schema, NULL, NULL, NULL));
	for (size_t i = 1; i < version; i++) {
		assert_int_equal(SQLITE_OK,
				 sqlite3_exec(db, later_schemas[i - 1], NULL, NULL, NULL));
	}
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
}

static bool plugin_count(const struct store_plugin *plugin, void *arg)
{
	assert_string_equal("1.2", plugin->version);
	assert_int_equal(0, plugin->end_unix_ns);
	++*(size_t *)arg;
	return true;
}

static bool declaration_count(const struct store_declaration *declaration, void *arg)
{
	assert_string_equal("a", declaration->param);
	assert_int_equal(sizeof packet, declaration->packet_bytes);
	assert_memory_equal(packet, declaration->packet, sizeof packet);
	assert_true(declaration->has_effective);
	++*(size_t *)arg;
	return true;
}

void older_declare(struct fixture *fixture)
{
	struct end end = {0};
	struct store_job *job = store_job_new(2, end_note, &end);
	unsigned char *copy = malloc(sizeof packet);
	struct store_declaration *put;
	struct store_plugin *plugin;

	assert_true(job != NULL && copy != NULL);
	memcpy(copy, packet, sizeof packet);
	plugin = &store_job_add(job, STORE_PUT_PLUGIN)->u.plugin;
	(void)snprintf(plugin->instance, sizeof plugin->instance, "cam");
	(void)snprintf(plugin->version, sizeof plugin->version, "1.2");
	put = &store_job_add(job, STORE_PUT_DECLARATION)->u.declaration;
	(void)snprintf(put->instance, sizeof put->instance, "cam");
	(void)snprintf(put->param, sizeof put->param, "a");
	put->packet = copy;
	put->packet_bytes = sizeof packet;
	put->has_effective = true;
	put->effective = value_int(1);
	assert_ok(store_push(fixture->store, job));
	wait_until(end_is_done, &end);
	assert_ok(end.status);
}

void assert_declarations(struct store *store, size_t expected)
{
	size_t plugins = 0;
	size_t declarations = 0;
	struct store_visitor visitor = {.plugin = plugin_count, .arg = &plugins};

	assert_ok(store_load(store, &visitor));
	visitor = (struct store_visitor){.declaration = declaration_count, .arg = &declarations};
	assert_ok(store_load(store, &visitor));
	assert_int_equal(expected, plugins);
	assert_int_equal(expected, declarations);
}
