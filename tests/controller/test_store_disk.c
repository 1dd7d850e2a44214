/* What happens when the disk does not play along. */
#include "controller/store_world.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define NOBODY  65534

/* Opens as somebody who may not write there; in a child, whose exit status tells. */
static int open_as_nobody(const char *dir, const char *expected)
{
	char error[NODE_TEXT_BYTES_MAX] = "";
	struct store *store = NULL;

	if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
		return SKIPPED;
	}
	if (store_open_at(dir, &store, error) != FAST_UNAVAILABLE) {
		return 1;
	}
	return strstr(error, expected) != NULL ? 0 : 2;
}

static void a_directory_that_is_not_writable_is_told(void **state)
{
	char dir[] = "/tmp/fastd-store-XXXXXX";
	int wait_status;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(0, chmod(dir, 0555));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(open_as_nobody(dir, "is not writable: Permission denied"));
	}
	assert_int_equal(child, waitpid(child, &wait_status, 0));
	assert_true(WIFEXITED(wait_status));
	assert_true(WEXITSTATUS(wait_status) == 0 || WEXITSTATUS(wait_status) == SKIPPED);
	(void)rmdir(dir);
}

static void a_directory_that_cannot_be_made_is_told(void **state)
{
	struct store *store = NULL;
	char error[NODE_TEXT_BYTES_MAX];

	(void)state;
	assert_status(FAST_UNAVAILABLE, store_open_at("/proc/none/fastd", &store, error));
	assert_string_equal("state directory /proc/none/fastd can't be made: No such file or "
			    "directory",
			    error);
}

static void fill(const char *dir, bool full)
{
	char path[96];
	char block[4096] = "";
	int fd;

	(void)snprintf(path, sizeof path, "%s/ballast", dir);
	if (!full) {
		assert_int_equal(0, unlink(path));
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0) {
	}
	(void)close(fd);
}

static bool can_write(void *arg)
{
	struct fixture *fixture = arg;
	char error[NODE_TEXT_BYTES_MAX];

	store_error(fixture->store, error);
	return error[0] == '\0';
}

static bool fixture_init_small(struct fixture *fixture)
{
	*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->dir));
	if (mount("none", fixture->dir, "tmpfs", 0, "size=512k,mode=0700") != 0) {
		(void)rmdir(fixture->dir);
		return false;
	}
	fixture->mounted = true;
	fixture_open(fixture);
	return true;
}

static void a_full_disk_is_told_and_got_over(void **state)
{
	struct fixture fixture;
	struct end end;
	struct end owed = {0};
	struct store_job *job;
	uint64_t revision = 1;

	(void)state;
	if (!fixture_init_small(&fixture)) {
		skip();
	}
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 1, revision, &end));
	fill(fixture.dir, true);
	while (fixture_put(&fixture, "quality", (int64_t)revision + 1, revision + 1, &end) ==
	       FAST_OK) {
		revision++; /* the log has some room left */
		assert_true(revision < 1000);
	}
	assert_status(FAST_UNAVAILABLE, end.status);
	assert_non_null(strstr(end.error, "full"));
	assert_false(can_write(&fixture));
	job = put_job(&owed, "owed", 7, 2000);
	job->owed = true;
	assert_ok(store_push(fixture.store, job));
	wait_until(end_is_done, &owed);
	assert_status(FAST_UNAVAILABLE, owed.status);
	fill(fixture.dir, false);
	wait_until(can_write, &fixture);
	assert_ok(fixture_put(&fixture, "size", 1, 2001, &end));
	fixture_reopen(&fixture);
	assert_int_equal(3, fixture_load(&fixture).params);
	fixture_fini(&fixture);
}

static void a_disk_that_is_full_from_the_start_is_waited_for(void **state)
{
	struct fixture fixture;
	struct loaded loaded;
	struct end end;

	(void)state;
	if (!fixture_init_small(&fixture)) {
		skip();
	}
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 5, 1, &end));
	fixture_close(&fixture);
	fill(fixture.dir, true);
	{
		char error[NODE_TEXT_BYTES_MAX];
		assert_ok(store_open_at(fixture.dir, &fixture.store, error));
	}
	loaded = fixture_load(&fixture); /* reading goes on */
	assert_int_equal(1, loaded.params);
	assert_int_equal(5, loaded.newest_value);
	assert_ok(store_start(fixture.store));
	assert_false(can_write(&fixture));
	assert_status(FAST_UNAVAILABLE, fixture_put(&fixture, "quality", 6, 2, &end));
	fill(fixture.dir, false);
	wait_until(can_write, &fixture);
	assert_ok(fixture_put(&fixture, "quality", 7, 3, &end));
	fixture_reopen(&fixture);
	assert_int_equal(7, fixture_load(&fixture).newest_value);
	fixture_fini(&fixture);
}

/* Runs SQL beside the store. */
static void run_beside(const struct fixture *fixture, const char *sql)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture->dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	(void)sqlite3_busy_timeout(db, WORLD_WAIT_MS);
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
}

static void what_is_owed_never_overwrites_what_came_after_it(void **state)
{
	struct fixture fixture;
	struct end owed = {0};
	struct end later = {0};
	struct end end;
	struct store_job *job = put_job(&owed, "quality", 1, 1);

	(void)state;
	fixture_init(&fixture);
	run_beside(&fixture, "CREATE TRIGGER no BEFORE INSERT ON params WHEN NEW.revision = 1"
			     " BEGIN SELECT RAISE(ABORT, 'not now'); END");
	job->owed = true;
	assert_ok(store_push(fixture.store, job));
	assert_ok(store_push(fixture.store, put_job(&later, "quality", 2, 2)));
	assert_ok(store_start(fixture.store)); /* both in one group */
	wait_until(end_is_done, &later);
	assert_status(FAST_UNAVAILABLE, owed.status);
	assert_status(FAST_UNAVAILABLE, later.status);
	run_beside(&fixture, "DROP TRIGGER no");
	wait_until(can_write, &fixture);
	assert_ok(fixture_put(&fixture, "quality", 3, 3, &end));
	fixture_reopen(&fixture);
	assert_int_equal(3, fixture_load(&fixture).param.value.u.integer);
	assert_int_equal(3, fixture_load(&fixture).revision);
	fixture_fini(&fixture);
}

static void ids_of_series_go_on_whatever_the_clock_says(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	run_beside(&fixture,
		   "INSERT INTO series VALUES (4000000000000000000,'cam','fps','',5,1,1)");
	fixture_reopen(&fixture);
	(void)fixture_load(&fixture);
	assert_true(store_series_id_next(fixture.store) > UINT64_C(4000000000000000000));
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_that_is_not_writable_is_told),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_told),
		cmocka_unit_test(a_full_disk_is_told_and_got_over),
		cmocka_unit_test(a_disk_that_is_full_from_the_start_is_waited_for),
		cmocka_unit_test(what_is_owed_never_overwrites_what_came_after_it),
		cmocka_unit_test(ids_of_series_go_on_whatever_the_clock_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
