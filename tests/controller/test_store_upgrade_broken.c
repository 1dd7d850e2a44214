/* An upgrade of an older database that is kept from its end. */
#include "controller/fault_vfs.h"
#include "controller/older_store.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define ROOM_STEP_BYTES 24576 /* SQLite's index of the log has 32768, and then the log grows */

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
	older_make(fixture.dir, 1);
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

static void assert_first_things(struct fixture *fixture)
{
	struct loaded loaded = fixture_load(fixture);

	assert_int_equal(1, loaded.params);
	assert_int_equal(9, loaded.param.value.u.integer);
	assert_int_equal(5000, loaded.lease.terms.ttl_ms);
	assert_int_equal(1, loaded.baselines);
}

static bool can_write(void *arg)
{
	char error[NODE_TEXT_BYTES_MAX];

	store_error(arg, error);
	return error[0] == '\0';
}

/* Files of the process can't grow beyond that. */
static void files_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = bytes;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

/* The disk is full after so many bytes: until there is room, what is there is read as it is, and
 * then the upgrade is done as if nothing had happened. */
static void an_upgrade_for_which_there_is_no_room_is_done_later(void **state)
{
	size_t failed = 0;
	bool good = false;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN); /* a write then fails */
	for (rlim_t room = 0; !good; room += ROOM_STEP_BYTES) {
		struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
		char error[NODE_TEXT_BYTES_MAX];
		struct end end;

		assert_non_null(mkdtemp(fixture.dir));
		older_make(fixture.dir, 1);
		files_limit(room);
		assert_ok(store_open_at(fixture.dir, &fixture.store, error));
		good = can_write(fixture.store);
		failed += !good;
		assert_first_things(&fixture);
		files_limit(RLIM_INFINITY);
		assert_ok(store_start(fixture.store));
		wait_until(can_write, fixture.store);
		assert_ok(fixture_put(&fixture, "quality", 9, 18, &end));
		older_declare(&fixture);
		fixture_reopen(&fixture);
		assert_first_things(&fixture);
		assert_declarations(fixture.store, 1);
		assert_int_equal(0, count_set_aside(fixture.dir));
		fixture_fini(&fixture);
	}
	print_message("%zu failed\n", failed);
	assert_true(failed > 1);
}

/* What a fastd leaves behind that is killed while it upgrades: part of it is in the log. */
static void an_upgrade_that_was_killed_is_done_again(void **state)
{
	static const char part[] =
		"PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN IMMEDIATE;"
		"ALTER TABLE params ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;"
		"CREATE TABLE bounds (plugin TEXT, param TEXT, min REAL, max REAL,"
		" actor TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (plugin, param))"
		" WITHOUT ROWID;"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
		" INSERT INTO params SELECT 'cam', 'k' || i, 2, i, i, 'tester', i, 0 FROM n;"
		"PRAGMA user_version = 2;";
	struct fixture begun = {.dir = "/tmp/fastd-store-XXXXXX"};
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	char text[256];
	struct stat log;
	sqlite3 *db = NULL;

	(void)state;
	assert_non_null(mkdtemp(begun.dir));
	assert_non_null(mkdtemp(fixture.dir));
	older_make(begun.dir, 1);
	(void)snprintf(text, sizeof text, "%s/fastd.db", begun.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(text, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, part, NULL, NULL, NULL));
	(void)snprintf(text, sizeof text, "cp %s/fastd.db %s/fastd.db-wal %s", begun.dir, begun.dir,
		       fixture.dir);
	assert_int_equal(0, system(text));
	(void)snprintf(text, sizeof text, "%s/fastd.db-wal", fixture.dir);
	assert_int_equal(0, stat(text, &log));
	assert_true(log.st_size > 65536); /* some of it was written */
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	fixture_open(&fixture);
	assert_first_things(&fixture);
	assert_int_equal(0, count_set_aside(fixture.dir));
	fixture_fini(&fixture);
	directory_remove(begun.dir);
}

/* Each write of it fails in turn, or each read, also for ever. */
static void an_upgrade_on_a_disk_that_fails_is_done_later(void **state)
{
	static const struct {
		int kinds;
		int code;
		bool for_ever;
	} troubles[] = {{FAULT_VFS_CHANGE, SQLITE_FULL, true},
			{FAULT_VFS_CHANGE, SQLITE_IOERR_WRITE, false},
			{FAULT_VFS_READ, SQLITE_IOERR_READ, false},
			{FAULT_VFS_READ, SQLITE_IOERR_READ, true}};

	(void)state;
	fault_vfs_install();
	for (size_t i = 0; i < FAST_TEST_COUNT(troubles); i++) {
		bool fired = true;
		int n;

		for (n = 0; fired; n++) {
			struct fixture fixture;
			char error[NODE_TEXT_BYTES_MAX];

			fixture_make(&fixture);
			older_make(fixture.dir, 1);
			fault_vfs_after(n, troubles[i].kinds, troubles[i].code,
					troubles[i].for_ever);
			assert_ok(store_open_at(fixture.dir, &fixture.store, error));
			if (troubles[i].kinds == FAULT_VFS_CHANGE) {
				assert_first_things(&fixture);
			}
			fixture_close(&fixture);
			fired = fault_vfs_fired();
			fault_vfs_heal();
			fixture_open(&fixture);
			assert_first_things(&fixture);
			assert_declarations(fixture.store, 0);
			assert_int_equal(0, count_set_aside(fixture.dir));
			fixture_fini(&fixture);
		}
		print_message("%d operations\n", n - 1);
		assert_true(n > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_that_can_not_be_brought_up_to_date_is_read_as_it_is),
		cmocka_unit_test(an_upgrade_for_which_there_is_no_room_is_done_later),
		cmocka_unit_test(an_upgrade_that_was_killed_is_done_again),
		cmocka_unit_test(an_upgrade_on_a_disk_that_fails_is_done_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
