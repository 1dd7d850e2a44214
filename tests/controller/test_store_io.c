/* Each operation on the disk fails in turn, once, or with all that follow: what was told to be
 * committed is there, and the store goes on when the disk does. A store without a thread. */
#include "controller/fault_vfs.h"
#include "controller/store_world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define PUTS 6

/* What is known to be committed: the value of knob "k<i>", 0: nothing is known. */
struct life {
	struct fixture fixture;
	int64_t values[PUTS];
	uint64_t revision;
};

static bool store_opens(struct life *life)
{
	char error[NODE_TEXT_BYTES_MAX];

	assert_ok(store_open_at(life->fixture.dir, &life->fixture.store, error));
	store_error(life->fixture.store, error);
	return error[0] == '\0';
}

/* Whether it was committed. */
static bool put(struct life *life, int knob, bool durable)
{
	struct end end = {0};
	char name[16];
	struct store_job *job;

	(void)snprintf(name, sizeof name, "k%d", knob);
	job = put_job(&end, name, (int64_t)life->revision + 1, life->revision + 1);
	job->durable = durable;
	assert_ok(store_push(life->fixture.store, job));
	store_work_off(life->fixture.store);
	assert_int_equal(1, end.done);
	assert_true(end.status == FAST_OK || end.status == FAST_UNAVAILABLE);
	life->revision++;
	if (end.status == FAST_OK) {
		life->values[knob] = (int64_t)life->revision;
	} else {
		life->values[knob] = 0; /* it may come to light yet */
	}
	return end.status == FAST_OK;
}

static bool compare_param(const struct store_param *param, void *arg)
{
	struct life *life = arg;
	int knob = atoi(param->param + 1);

	assert_in_range(knob, 0, PUTS - 1);
	assert_true(life->values[knob] == 0 || life->values[knob] == param->value.u.integer);
	life->values[knob] = 0;
	return true;
}

/* All that is known is there. */
static void compare(const struct life *life)
{
	struct life found = *life;
	const struct store_visitor visitor = {.param = compare_param, .arg = &found};

	assert_ok(store_load(life->fixture.store, &visitor));
	for (int knob = 0; knob < PUTS; knob++) {
		assert_int_equal(0, found.values[knob]);
	}
}

static void life_begin(struct life *life, bool fresh)
{
	fault_vfs_heal();
	*life = (struct life){0};
	fixture_make(&life->fixture);
	if (fresh) {
		return;
	}
	fixture_open(&life->fixture);
	for (int knob = 0; knob < PUTS; knob++) {
		assert_true(put(life, knob, false));
	}
	fixture_close(&life->fixture);
}

/* How the disk fails. */
struct trouble {
	int kinds;
	int code;
	bool for_ever;
	bool at_close; /* it is not over before the store is closed */
	bool fresh;    /* there is no database yet */
};

/* Opens and works on a disk that may fail. */
static void life_suffer(struct life *life, const struct trouble *trouble)
{
	bool opened = store_opens(life);

	if (trouble->kinds == FAULT_VFS_CHANGE) {
		compare(life); /* as it is, when it can't be opened to be written */
	}
	for (int knob = 0; knob < PUTS; knob += 2) {
		(void)put(life, knob, knob == 2);
	}
	if (!trouble->at_close) {
		fault_vfs_heal();
		if (opened) {
			assert_true(put(life, 1, false)); /* it mends itself */
			assert_true(put(life, 3, true));
		}
	}
	fixture_close(&life->fixture);
	fault_vfs_heal();
}

static void assert_borne(const struct trouble *trouble)
{
	bool fired = true;
	int n;

	for (n = 0; fired; n++) {
		struct life life;

		life_begin(&life, trouble->fresh);
		fault_vfs_after(n, trouble->kinds, trouble->code, trouble->for_ever);
		life_suffer(&life, trouble);
		fired = fault_vfs_fired();
		assert_true(store_opens(&life));
		compare(&life);
		assert_true(put(&life, 5, false));
		assert_int_equal(0, count_set_aside(life.fixture.dir));
		fixture_fini(&life.fixture);
	}
	print_message("%d operations\n", n - 1);
	assert_true(n > 10);
}

static void a_disk_that_is_full_is_borne(void **state)
{
	(void)state;
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_FULL, false, false, false});
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_FULL, true, true, false});
}

static void a_disk_that_does_not_write_is_borne(void **state)
{
	(void)state;
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_IOERR_WRITE, false, false, false});
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_IOERR_WRITE, true, true, false});
}

static void a_disk_that_does_not_sync_is_borne(void **state)
{
	(void)state;
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_IOERR_FSYNC, false, true, false});
}

static void a_disk_that_fails_from_the_first_start_is_borne(void **state)
{
	(void)state;
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_FULL, false, false, true});
	assert_borne(&(struct trouble){FAULT_VFS_CHANGE, SQLITE_FULL, true, true, true});
}

/* Then a database that is whole must not be taken for a broken one. */
static void a_disk_that_does_not_read_is_borne(void **state)
{
	(void)state;
	assert_borne(&(struct trouble){FAULT_VFS_READ, SQLITE_IOERR_READ, false, false, false});
	assert_borne(&(struct trouble){FAULT_VFS_READ, SQLITE_IOERR_READ, true, true, false});
}

static int install(void **state)
{
	(void)state;
	fault_vfs_install();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_is_full_is_borne),
		cmocka_unit_test(a_disk_that_does_not_write_is_borne),
		cmocka_unit_test(a_disk_that_does_not_sync_is_borne),
		cmocka_unit_test(a_disk_that_fails_from_the_first_start_is_borne),
		cmocka_unit_test(a_disk_that_does_not_read_is_borne),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
