/* What must outlive a power cut is on the disk before it is answered; what need not costs no wait.
 */
#include "controller/fault_vfs.h"
#include "controller/node_world.h"
#include "controller/store_world.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PUTS 20

static atomic_int syncs;

/* In place of the C library's, for SQLite, too. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	return (int)syscall(SYS_fsync, fd);
}

static struct store_job *durable_job(struct end *end, uint64_t revision)
{
	struct store_job *job = put_job(end, "quality", 1, revision);

	job->durable = true;
	return job;
}

static void a_durable_job_is_synced_and_another_is_not(void **state)
{
	struct fixture fixture;
	struct end end = {0};
	int before;

	(void)state;
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 1, 1, &end)); /* the log is begun */
	before = atomic_load(&syncs);
	for (uint64_t i = 2; i < PUTS; i++) {
		assert_ok(fixture_put(&fixture, "quality", 1, i, &end));
	}
	assert_int_equal(before, atomic_load(&syncs));
	for (uint64_t i = PUTS; i < 2 * PUTS; i++) {
		end = (struct end){0};
		before = atomic_load(&syncs);
		assert_ok(store_push(fixture.store, durable_job(&end, i)));
		wait_until(end_is_done, &end);
		assert_true(atomic_load(&syncs) > before);
	}
	before = atomic_load(&syncs);
	assert_ok(fixture_put(&fixture, "quality", 1, 2 * PUTS, &end));
	assert_int_equal(before, atomic_load(&syncs));
	fixture_fini(&fixture);
}

static bool is_writable(void *arg)
{
	struct end end;

	return fixture_put(arg, "quality", 1, 1, &end) == FAST_OK;
}

/* Another connection does not sync by itself. */
static void a_durable_job_is_synced_after_a_database_was_found_broken(void **state)
{
	struct fixture fixture;
	struct end end = {0};
	int before;

	(void)state;
	fault_vfs_install();
	fixture_init(&fixture);
	assert_ok(store_start(fixture.store));
	assert_ok(store_push(fixture.store, durable_job(&end, 1)));
	wait_until(end_is_done, &end);
	assert_ok(end.status);
	fault_vfs_after(0, FAULT_VFS_CHANGE, SQLITE_CORRUPT, false);
	end = (struct end){0};
	assert_ok(store_push(fixture.store, durable_job(&end, 2)));
	wait_until(end_is_done, &end);
	assert_status(FAST_UNAVAILABLE, end.status);
	wait_until(is_writable, &fixture);
	assert_int_equal(0, count_set_aside(fixture.dir)); /* it was good when looked at */
	end = (struct end){0};
	before = atomic_load(&syncs);
	assert_ok(store_push(fixture.store, durable_job(&end, 3)));
	wait_until(end_is_done, &end);
	assert_ok(end.status);
	assert_true(atomic_load(&syncs) > before);
	fixture_fini(&fixture);
}

/* Before the first write under it, which its holder can't make before. */
static void a_claims_baseline_is_synced_before_the_claim_is_answered(void **state)
{
	struct node_result held;
	struct world world;
	int before;

	(void)state;
	world_init(&world);
	struct fast_plugin *plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(5), 0).status);
	before = atomic_load(&syncs);
	held = world_claim(&world, "cam", "quality", 60000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(held.status);
	assert_true(atomic_load(&syncs) > before);
	fast_plugin_close(plugin);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_durable_job_is_synced_and_another_is_not),
		cmocka_unit_test(a_durable_job_is_synced_after_a_database_was_found_broken),
		cmocka_unit_test(a_claims_baseline_is_synced_before_the_claim_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
