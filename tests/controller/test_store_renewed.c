/* A database that is found broken while it is used: a new one gets what is known. */
#include "controller/ended_world.h"
#include "controller/fault_vfs.h"
#include "controller/store_world.h"

#include "daemon/node_knobs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096

/* Junk, but for the first page. */
static void spoil(const char *dir)
{
	char path[128];
	struct stat there;
	char junk[PAGE_BYTES];
	int fd;

	memset(junk, 'Z', sizeof junk);
	(void)snprintf(path, sizeof path, "%s/fastd.db", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(0, fstat(fd, &there));
	assert_true(there.st_size > 10 * PAGE_BYTES);
	for (off_t at = PAGE_BYTES; at < there.st_size; at += PAGE_BYTES) {
		assert_int_equal(PAGE_BYTES, pwrite(fd, junk, PAGE_BYTES, at));
	}
	(void)close(fd);
}

static bool is_settable(void *arg)
{
	struct world *world = arg;
	struct node_result result = world_set(world, "cam", "quality", value_int(9), 0);

	assert_true(result.status == FAST_OK || result.status == FAST_UNAVAILABLE);
	return result.status == FAST_OK;
}

/* Whoever uses it notices. */
static bool is_noticed(void *arg)
{
	(void)is_settable(arg);
	return count_set_aside(((struct world *)arg)->dir) > 0;
}

static void profile_note(const struct node_profile *profile, void *arg)
{
	assert_string_equal("night", profile->name);
	assert_int_equal(2, profile->count);
	++*(int *)arg;
}

/* What is asked of the node on the way to the damage. */
static uint64_t knobs_set(struct world *world)
{
	const struct node_bound bound = {
		.plugin = "*", .param = "quality", .has_max = true, .max = 50, .actor = "operator"};
	const struct node_profile_save save = {.plugin = "cam", .name = "night", .actor = "me"};
	struct outcome bounded = {0};
	struct outcome saved = {0};
	struct node_result held;

	assert_ok(world_set(world, "cam", "quality", value_int(8), 0).status);
	assert_ok(world_set(world, "cam", "size", value_int(3), 0).status);
	node_bound(world->node, &bound, outcome_done, &bounded);
	assert_ok(outcome_wait(&bounded).status);
	node_profile_save(world->node, &save, outcome_done, &saved);
	assert_ok(outcome_wait(&saved).status);
	held = world_claim(world, "cam", "size", 60000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(held.status);
	assert_ok(world_set(world, "cam", "size", value_int(4), held.lease_id).status);
	return held.lease_id;
}

static void what_is_known_of_knobs_is_in_the_new_database(void **state)
{
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct node_result result;
	struct node_param seen;
	struct outcome released = {0};
	struct world world;
	uint64_t lease_id;
	int profiles = 0;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	(void)plugin_int_param(plugin, "size", 7);
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	lease_id = knobs_set(&world);
	world_database_wait(&world, "PRAGMA wal_checkpoint(TRUNCATE)", 0); /* nobody was busy */
	spoil(world.dir);
	wait_until(is_noticed, &world);
	wait_until(is_settable, &world);
	assert_int_equal(1, count_set_aside(world.dir));
	fast_metric_add(frames, 1);
	world_database_wait(&world, "SELECT count(*) FROM declarations", 2);
	world_database_wait(&world, "SELECT count(*) FROM series WHERE metric = 'frames'", 1);

	world_kill(&world);                              /* the plugin does not find the next one */
	assert_int_equal(1, count_set_aside(world.dir)); /* which was copied; no further one */
	assert_true(world_param(&world, "cam", "quality", &seen));
	assert_int_equal(9, seen.desired.u.integer);
	assert_true(world_param(&world, "cam", "size", &seen));
	assert_int_equal(4, seen.desired.u.integer);
	assert_int_equal(lease_id, seen.lease_id);
	assert_string_equal("holder", seen.lease_owner);
	node_release(world.node, &(struct node_lease_key){.id = lease_id}, true, "holder",
		     outcome_done, &released);
	assert_ok(outcome_wait(&released).status);
	assert_true(world_param(&world, "cam", "size", &seen));
	assert_int_equal(3, seen.desired.u.integer);
	node_each_profile(world.node, "cam", profile_note, &profiles);
	assert_int_equal(1, profiles);
	fast_plugin_close(plugin);

	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLYING);
	result = world_set(&world, "cam", "quality", value_int(51), 0);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	result = world_claim(&world, "cam", "quality", 60000, NODE_ON_LOSS_HOLD, "other");
	assert_ok(result.status);
	assert_true(result.lease_id > lease_id);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* ---- the store alone ---- */

static struct end renewed_end;

/* First there is no memory for it. */
static struct store_job *renew(void *arg)
{
	int *asked = arg;

	if (__atomic_fetch_add(asked, 1, __ATOMIC_RELAXED) == 0) {
		return NULL;
	}
	return put_job(&renewed_end, "quality", 4, 4);
}

static bool is_set_aside(void *arg)
{
	return count_set_aside(((struct fixture *)arg)->dir) > 0;
}

static bool is_writable(void *arg)
{
	struct end end;

	return fixture_put(arg, "size", 6, 6, &end) == FAST_OK;
}

/* A job after another, until one is written. */
struct chain {
	struct store *store;
	int done; /* atomic */
};

static void chain_on(enum fast_status status, const char *error, void *arg);

static void chain_push(struct chain *chain)
{
	struct store_job *job = store_job_new(1, chain_on, chain);
	struct store_revision *revision;

	assert_non_null(job);
	revision = &store_job_add(job, STORE_PUT_REVISION)->u.revision;
	(void)snprintf(revision->instance, sizeof revision->instance, "mic");
	revision->revision = 1;
	assert_ok(store_push(chain->store, job));
}

static void chain_on(enum fast_status status, const char *error, void *arg)
{
	struct chain *chain = arg;

	(void)error;
	if (status == FAST_OK) {
		__atomic_store_n(&chain->done, 1, __ATOMIC_RELEASE);
	} else {
		(void)sched_yield();
		chain_push(chain);
	}
}

static bool chain_is_done(void *arg)
{
	return __atomic_load_n(&((struct chain *)arg)->done, __ATOMIC_ACQUIRE) != 0;
}

/* The database is good each time that somebody looks, and broken each time that it is used, which
 * it is all the time. */
static void a_database_that_is_broken_again_and_again_is_set_aside_once(void **state)
{
	int asked = 0;
	struct fixture fixture = {.dir = "/tmp/fastd-store-XXXXXX"};
	const struct store_options options = {.state_dir = fixture.dir,
					      .samples_bytes_max = 1u << 20,
					      .samples_age_s_max = {86400, 864000},
					      .renewed = renew,
					      .renewed_arg = &asked};
	char error[NODE_TEXT_BYTES_MAX];
	struct chain chain = {0};
	struct loaded loaded;
	struct end end;

	(void)state;
	fault_vfs_install();
	assert_non_null(mkdtemp(fixture.dir));
	assert_ok(store_open(&options, &fixture.store, error));
	assert_ok(store_start(fixture.store));
	assert_ok(fixture_put(&fixture, "quality", 3, 3, &end));
	fault_vfs_after(0, FAULT_VFS_CHANGE, SQLITE_CORRUPT, true);
	assert_status(FAST_UNAVAILABLE, fixture_put(&fixture, "quality", 5, 5, &end));
	chain.store = fixture.store;
	chain_push(&chain);
	wait_until(is_set_aside, &fixture);
	assert_status(FAST_UNAVAILABLE, fixture_put(&fixture, "quality", 5, 5, &end));
	fault_vfs_heal();
	wait_until(end_is_done, &renewed_end); /* told that it is owed */
	wait_until(chain_is_done, &chain);
	wait_until(is_writable, &fixture);
	assert_true(asked > 1);
	assert_int_equal(1, count_set_aside(fixture.dir));
	fixture_reopen(&fixture);
	loaded = fixture_load(&fixture);
	assert_int_equal(2, loaded.params);
	assert_int_equal(6, loaded.newest_value);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_of_knobs_is_in_the_new_database),
		cmocka_unit_test(a_database_that_is_broken_again_and_again_is_set_aside_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
