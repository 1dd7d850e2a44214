/* A database that an older fastd has made goes on with all that is in it. */
#include "controller/store_world.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first schema, as it was, with one of each thing in it. */
static const char first_schema[] =
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
};

/* A database of that schema: 1 is the first. */
static void older_make(const char *dir, size_t version)
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

static void first_make(const char *dir)
{
	older_make(dir, 1);
}

static void audit_count(const struct node_audit *entry, void *arg)
{
	assert_string_equal("set", entry->verb);
	++*(int *)arg;
}

static void a_database_of_the_first_schema_is_brought_up_to_date(void **state)
{
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	struct loaded loaded;
	struct end end;
	int entries = 0;

	(void)state;
	assert_non_null(mkdtemp(fixture.dir));
	first_make(fixture.dir);
	fixture_open(&fixture);
	for (int round = 0; round < 2; round++) {
		loaded = fixture_load(&fixture);
		assert_int_equal(1, loaded.params);
		assert_int_equal(9, loaded.param.value.u.integer);
		assert_int_equal(17, loaded.revision);
		assert_int_equal(0, loaded.param.expires_unix_ns);
		assert_false(loaded.param.has_back);
		assert_int_equal(1, loaded.leases);
		assert_int_equal(1, loaded.lease.epoch);
		assert_int_equal(5000, loaded.lease.terms.ttl_ms);
		assert_int_equal(NODE_ON_LOSS_DEFAULT, loaded.lease.terms.on_loss);
		assert_string_equal("", loaded.lease.principal);
		assert_int_equal(1, loaded.baselines);
		assert_int_equal(4, loaded.baseline.value.u.integer);
		fixture_reopen(&fixture);
	}
	(void)fixture_load(&fixture);
	assert_int_equal(42, store_lease_id_next(fixture.store));
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 10, 18, &end));
	assert_ok(store_each_audit(fixture.store, "", 0, 10, audit_count, &entries));
	assert_int_equal(1, entries);
	fixture_fini(&fixture);
}

static void sample_count(const struct store_series *series, const struct store_sample *sample,
			 void *arg)
{
	assert_string_equal("s", series->unit);
	assert_int_equal(9, sample->count);
	assert_true(isnan(sample->window.max)); /* it was not known then */
	++*(int *)arg;
}

static void samples_of_an_older_fastd_are_part_of_the_history(void **state)
{
	static const char samples[] =
		"INSERT INTO series VALUES (7, 'cam', 'lag', 's', 4, 1000, 1000);"
		"INSERT INTO seconds VALUES (1000);"
		"INSERT INTO samples VALUES (1000, 7, 1000000000000, 9, 0, 0, 0, 0, 0, 1000, 3, 1,"
		" 1, 1, 1, 0, 0);";
	const struct store_query query = {.instance = "cam", .metric = "lag", .limit = 10};
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	char path[128];
	sqlite3 *db = NULL;
	int count = 0;

	(void)state;
	assert_non_null(mkdtemp(fixture.dir));
	first_make(fixture.dir);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, samples, NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	fixture_open(&fixture);
	assert_ok(store_history(fixture.store, &query, sample_count, &count));
	assert_int_equal(1, count);
	(void)fixture_load(&fixture);
	assert_int_equal(1000, store_second_newest(fixture.store));
	fixture_fini(&fixture);
}

static bool bound_count(const struct store_bound *bound, void *arg)
{
	assert_float_equal(50, bound->max, 0);
	++*(size_t *)arg;
	return true;
}

static bool profile_count(const struct store_profile_value *value, void *arg)
{
	assert_int_equal(6, value->value.u.integer);
	++*(size_t *)arg;
	return true;
}

static void minute_count(const struct store_series *series, const struct store_sample *sample,
			 void *arg)
{
	(void)series;
	assert_float_equal(2.5, sample->window.max, 0);
	++*(int *)arg;
}

/* What a database of that schema has beyond the first. */
static void assert_later_things(struct store *store, size_t version)
{
	const struct store_query query = {.instance = "cam", .metric = "lag", .limit = 10};
	size_t bounds = 0;
	size_t profiles = 0;
	int minutes = 0;
	struct store_visitor visitor = {.bound = bound_count, .arg = &bounds};

	assert_ok(store_load(store, &visitor));
	visitor = (struct store_visitor){.profile = profile_count, .arg = &profiles};
	assert_ok(store_load(store, &visitor));
	assert_int_equal(version >= 2, bounds);
	assert_int_equal(version >= 2, profiles);
	assert_status(version >= 3 ? FAST_OK : FAST_NOT_FOUND,
		      store_history(store, &query, minute_count, &minutes));
	assert_int_equal(version >= 3, minutes);
}

static void a_database_of_each_older_schema_is_brought_up_to_date(void **state)
{
	(void)state;
	for (size_t version = 1; version <= FAST_TEST_COUNT(later_schemas) + 1; version++) {
		struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
		struct loaded loaded;
		struct end end;

		assert_non_null(mkdtemp(fixture.dir));
		older_make(fixture.dir, version);
		for (int round = 0; round < 2; round++) {
			fixture_open(&fixture);
			loaded = fixture_load(&fixture);
			assert_int_equal(9, loaded.param.value.u.integer);
			assert_int_equal(1, loaded.baselines);
			assert_int_equal(version >= 2 ? 3 : 0, loaded.lease.terms.priority);
			assert_later_things(fixture.store, version);
			assert_ok(store_start(fixture.store));
			assert_ok(fixture_put(&fixture, "quality", 9, 18, &end));
			fixture_close(&fixture);
		}
		assert_int_equal(0, count_set_aside(fixture.dir));
		fixture_fini(&fixture);
	}
}

/* The upgrade is one transaction: what could not be done at all is read as it is. */
static void a_database_that_can_not_be_brought_up_to_date_is_read_as_it_is(void **state)
{
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	char path[128];
	char error[NODE_TEXT_BYTES_MAX];
	struct loaded loaded;
	sqlite3 *db = NULL;

	(void)state;
	assert_non_null(mkdtemp(fixture.dir));
	first_make(fixture.dir);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK,
			 sqlite3_open(path, &db)); /* somebody writes, and does not end */
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	assert_ok(store_open_at(fixture.dir, &fixture.store, error));
	store_error(fixture.store, error);
	assert_string_not_equal("", error);
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	loaded = fixture_load(&fixture);
	assert_int_equal(1, loaded.params);
	assert_int_equal(9, loaded.param.value.u.integer);
	assert_int_equal(5000, loaded.lease.terms.ttl_ms);
	assert_int_equal(1, loaded.baselines);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_of_the_first_schema_is_brought_up_to_date),
		cmocka_unit_test(a_database_of_each_older_schema_is_brought_up_to_date),
		cmocka_unit_test(samples_of_an_older_fastd_are_part_of_the_history),
		cmocka_unit_test(a_database_that_can_not_be_brought_up_to_date_is_read_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
