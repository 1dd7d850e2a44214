/* Whatever became of the database: fastd starts, with it or without it, and can write again. */
#include "controller/store_world.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS         60
#define SPOILT_MAX     4096 /* bytes in a row */
#define COMMAND_BYTES  512
#define JUNK(count)    "tr '\\0' Z </dev/zero | head -c " #count " "
#define OVER(at, file) "| dd of=" file " bs=1 seek=" #at " conv=notrunc status=none"
#define FORGET_LOG     "rm -f fastd.db-wal fastd.db-shm; "

/* Some of everything, so that there are many pages of each kind. */
static const char plenty[] =
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	" INSERT INTO params SELECT 'cam', 'k' || i, 2, i, i, 'tester', i, 0, 0, NULL FROM n;"
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	" INSERT INTO audit SELECT NULL, i, 'tester', 'set', 'cam', 'k' || i, '4', '9', i, 0, 'ok'"
	" FROM n;"
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	" INSERT INTO series SELECT i, 'cam', 'm' || i, 's', 1, 1, 2 FROM n;"
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	" INSERT INTO samples (second, series, time, count) SELECT 1, i, i, i FROM n;"
	"INSERT INTO seconds VALUES (1);"
	"INSERT INTO leases VALUES (41, 'cam', 'holder', 5000, 2, 0, 0, 0, 1, '', '', 0);"
	"INSERT INTO baselines VALUES (41, 'k1', 2, 4);";

static void run_in(const char *dir, const char *command)
{
	char line[COMMAND_BYTES];

	assert_in_range(snprintf(line, sizeof line, "cd %s && %s", dir, command), 1,
			COMMAND_BYTES - 1);
	assert_int_equal(0, system(line));
}

/* A directory as a fastd leaves it that is killed: the newest value, 6, is in the log alone. */
static void killed_make(char *dir)
{
	struct fixture fixture;
	struct end end;
	char path[128];
	sqlite3 *db = NULL;

	fixture_init(&fixture);
	(void)snprintf(path, sizeof path, "%s/fastd.db", fixture.dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, plenty, NULL, NULL, NULL));
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
	fixture_reopen(&fixture);
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 6, 301, &end));
	(void)snprintf(dir, sizeof fixture.dir, "/tmp/fastd-store-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "cp -p fastd.db fastd.db-wal fastd.db-shm %s", dir);
	run_in(fixture.dir, path);
	fixture_fini(&fixture);
}

/* A copy of that. */
static void fixture_copy(struct fixture *fixture, const char *killed)
{
	char command[128];

	*fixture = (struct fixture){.dir = "/tmp/fastd-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->dir));
	(void)snprintf(command, sizeof command, "cp -p %s/* .", killed);
	run_in(fixture->dir, command);
}

static void each_kind_of_damage_is_borne(void **state)
{
	static const struct {
		const char *name;
		const char *spoil;
		int set_aside;
		size_t params;
	} kinds[] = {
		{"none", "true", 0, 301},
		{"another header", FORGET_LOG JUNK(3000) OVER(0, "fastd.db"), 1, 0},
		{"no schema", FORGET_LOG JUNK(3000) OVER(100, "fastd.db"), 1, 0},
		{"junk in the middle", FORGET_LOG JUNK(4096) OVER(8192, "fastd.db"), 1, 0},
		{"junk at the end",
		 FORGET_LOG JUNK(4096) OVER("$(($(stat -c %s fastd.db) - 4096))", "fastd.db"), 1,
		 0},
		{"zeros", FORGET_LOG "head -c 65536 /dev/zero >fastd.db", 1, 0},
		{"a text", FORGET_LOG "echo hello >fastd.db", 1, 0},
		{"half of it", FORGET_LOG "truncate -s 12288 fastd.db", 1, 0},
		{"part of a page", FORGET_LOG "truncate -s 100 fastd.db", 1, 0},
		{"nothing", FORGET_LOG ": >fastd.db", 0, 0},
		{"nothing, with a log", ": >fastd.db", 0, 0},
		{"no database, with a log", "rm fastd.db", 0, 0},
		{"a version below 0",
		 FORGET_LOG "printf '\\377\\377\\377\\360'" OVER(60, "fastd.db"), 1, 0},
		{"an older version than its tables",
		 FORGET_LOG "printf '\\0\\0\\0\\1'" OVER(60, "fastd.db"), 1, 0},
		{"a folder in its place", "rm fastd.db* && mkdir -p fastd.db/x", 1, 0},
		{"a pipe in its place", "rm fastd.db* && mkfifo fastd.db", 1, 0},
		{"junk for a log", JUNK(40000) ">fastd.db-wal", 0, 300},
		{"half a log", "truncate -s 3000 fastd.db-wal", 0, 300},
		{"an empty log", ": >fastd.db-wal", 0, 300},
		{"a folder for a log", "rm fastd.db-wal && mkdir fastd.db-wal", 1, 0},
		{"junk for the log's index", JUNK(400) ">fastd.db-shm", 0, 301},
	};
	char killed[sizeof((struct fixture){0}.dir)];

	(void)state;
	killed_make(killed);
	for (size_t i = 0; i < FAST_TEST_COUNT(kinds); i++) {
		struct fixture fixture;
		struct end end;

		fixture_copy(&fixture, killed);
		print_message("%s\n", kinds[i].name);
		run_in(fixture.dir, kinds[i].spoil);
		fixture_open(&fixture);
		assert_int_equal(kinds[i].params, fixture_load(&fixture).params);
		assert_int_equal(kinds[i].set_aside, count_set_aside(fixture.dir));
		assert_ok(store_start(fixture.store));
		assert_ok(fixture_put(&fixture, "quality", 7, 302, &end));
		run_in(fixture.dir, "test \"$(stat -c %a fastd.db)\" = 600"); /* nobody else's */
		fixture_reopen(&fixture); /* and not again and again */
		assert_int_equal(302, fixture_load(&fixture).revision);
		assert_int_equal(kinds[i].set_aside, count_set_aside(fixture.dir));
		fixture_fini(&fixture);
	}
	directory_remove(killed);
}

static uint32_t draw(uint64_t *random, uint32_t limit)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)((*random >> 20) % limit);
}

/* Some bytes of the database or of its log become others. */
static void spoil_somewhere(const char *dir, uint64_t *random)
{
	const bool is_log = draw(random, 4) == 0;
	unsigned char bytes[SPOILT_MAX];
	size_t count = 1 + draw(random, draw(random, 2) == 0 ? 16 : SPOILT_MAX);
	struct stat there;
	char path[128];
	int fd;

	for (size_t i = 0; i < count; i++) {
		bytes[i] = (unsigned char)draw(random, 256);
	}
	(void)snprintf(path, sizeof path, "%s/fastd.db%s", dir, is_log ? "-wal" : "");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(0, fstat(fd, &there));
	assert_int_equal((ssize_t)count,
			 pwrite(fd, bytes, count, draw(random, (uint32_t)there.st_size)));
	(void)close(fd);
	if (!is_log) { /* which would have repaired some */
		run_in(dir, "rm fastd.db-wal fastd.db-shm");
	}
}

static void damage_anywhere_is_borne(void **state)
{
	const char *chosen = getenv("FAST_TEST_SEED");
	uint64_t random = chosen != NULL ? strtoull(chosen, NULL, 10) | 1 : 20261123;
	char killed[sizeof((struct fixture){0}.dir)];
	int set_aside = 0;

	(void)state;
	print_message("seed %" PRIu64 "\n", random);
	killed_make(killed);
	for (int i = 0; i < ROUNDS; i++) {
		struct fixture fixture;
		struct end end;

		fixture_copy(&fixture, killed);
		spoil_somewhere(fixture.dir, &random);
		fixture_open(&fixture);
		(void)fixture_load(&fixture);
		assert_ok(store_start(fixture.store));
		assert_ok(fixture_put(&fixture, "quality", 7, 302, &end));
		fixture_reopen(&fixture);
		assert_int_equal(302, fixture_load(&fixture).revision);
		set_aside += count_set_aside(fixture.dir);
		fixture_fini(&fixture);
	}
	print_message("%d of %d were set aside\n", set_aside, ROUNDS);
	assert_in_range(set_aside, 1, ROUNDS - 1);
	directory_remove(killed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_damage_is_borne),
		cmocka_unit_test(damage_anywhere_is_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
