/* Plugins that have ended, and their knobs: the next node tells of them as this one does. */
#include "controller/ended_world.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)
#define KEEP_S   (NODE_ENDED_KEEP_MS / 1000)

static void end(struct world *world, struct fast_plugin *plugin)
{
	fast_plugin_close(plugin);
	(void)world_plugin_wait(world, "cam", false);
}

static void knobs_of_an_ended_plugin_are_told_the_same_by_the_next_node(void **state)
{
	void (*const ways[])(struct world *) = {world_kill, world_restart, world_restart};
	struct fast_param *params[KNOBS];
	struct fast_plugin *plugin;
	struct node_result result;
	struct world world;
	struct ended_text before;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	ended_declare(plugin, params);
	ended_turn(&world, params);
	end(&world, plugin);
	before = world_known(&world);
	world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended > 0", 1);
	for (size_t i = 0; i < FAST_TEST_COUNT(ways); i++) {
		ways[i](&world);
		assert_string_equal(before.bytes, world_known(&world).bytes);
		result = world_set(&world, "cam", "quality", value_int(11), 0);
		assert_status(FAST_FAILED_PRECONDITION, result.status);
		assert_string_equal("plugin \"cam\" has ended", result.text);
		result = world_claim(&world, "cam", "size", 60000, NODE_ON_LOSS_HOLD, "holder");
		assert_status(FAST_FAILED_PRECONDITION, result.status);
		world_database_wait(&world, "SELECT count(*) FROM audit WHERE new = '11'",
				    (int64_t)i + 1);
		before = world_known(&world); /* with that attempt */
	}
	world_fini(&world);
}

/* Nobody knows then what it has read. */
static void a_plugin_that_goes_while_no_node_is_there_is_known_as_ended(void **state)
{
	struct fast_param *params[KNOBS];
	struct fast_plugin *plugin;
	struct node_plugin info;
	struct node_param seen;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	ended_declare(plugin, params);
	ended_turn(&world, params);
	world_kill(&world); /* the plugin does not find the next node */
	assert_true(world_plugin_info(&world, "cam", &info));
	assert_false(info.live);
	assert_int_equal(KNOBS, info.param_count);
	assert_true(info.end_unix_ns > info.attach_unix_ns);
	assert_true(world_param(&world, "cam", "quality", &seen));
	assert_int_equal(9, seen.desired.u.integer);
	assert_int_equal(7, seen.effective.u.integer);
	assert_int_equal(NODE_PARAM_PENDING, seen.status);
	assert_true(world_param(&world, "cam", "serial", &seen));
	assert_int_equal(NODE_PARAM_UNSET, seen.status);
	assert_status(FAST_FAILED_PRECONDITION,
		      world_set(&world, "cam", "size", value_int(4), 0).status);
	world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended = 0", 0);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_node_that_stops_says_what_was_read(void **state)
{
	struct fast_param *params[KNOBS];
	struct fast_plugin *plugin;
	struct node_param seen;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	ended_declare(plugin, params);
	ended_turn(&world, params);
	(void)snprintf(world.socket, sizeof world.socket, "%s/q.sock", world.dir);
	world_restart(&world); /* the plugin does not find it */
	assert_true(world_param(&world, "cam", "quality", &seen));
	assert_false(seen.live);
	assert_int_equal(9, seen.effective.u.integer);
	assert_int_equal(NODE_PARAM_APPLIED, seen.status);
	assert_true(world_param(&world, "cam", "slow", &seen));
	assert_int_equal(NODE_PARAM_FAILED, seen.status);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_plugin_that_comes_back_goes_on_with_its_knobs(void **state)
{
	struct fast_param *params[KNOBS];
	struct fast_plugin *plugin;
	struct node_plugin before;
	struct node_plugin after;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	ended_declare(plugin, params);
	(void)world_param_wait(&world, "cam", "slow", NODE_PARAM_UNSET);
	before = world_plugin_wait(&world, "cam", true);
	world_restart(&world);
	after = world_plugin_wait(&world, "cam", true);
	assert_int_equal(before.attach_unix_ns, after.attach_unix_ns);
	assert_int_equal(0, after.end_unix_ns);
	(void)world_param_wait(&world, "cam", "slow", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(11), 0).status);
	assert_int_equal(11, fast_param_get_int(params[QUALITY]));
	world_database_wait(&world, "SELECT count(*) FROM plugins WHERE ended = 0", 1);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void what_a_former_run_has_declared_is_forgotten(void **state)
{
	struct node_param seen;
	struct world world;

	(void)state;
	world_init(&world);
	ended_visit(&world, "cam", "old", NULL);
	ended_visit(&world, "cam", "new", NULL);
	world_restart(&world);
	assert_true(world_param(&world, "cam", "new", &seen));
	assert_false(world_param(&world, "cam", "old", &seen));
	world_fini(&world);
}

static bool is_forgotten(void *arg)
{
	struct node_plugin info;

	return !world_plugin_info(arg, "cam", &info);
}

static void restart_later(struct world *world, int64_t s)
{
	(void)__atomic_fetch_add(&ended_later_ns, s * NS_PER_S, __ATOMIC_RELAXED);
	world_restart(world);
}

static void a_plugin_that_has_ended_is_known_as_long_as_without_a_restart(void **state)
{
	struct node_param seen;
	struct world world;

	(void)state;
	world_init(&world);
	ended_visit(&world, "cam", "quality", NULL);
	restart_later(&world, KEEP_S / 2);
	assert_true(world_param(&world, "cam", "quality", &seen));
	restart_later(&world, -KEEP_S); /* the clock was set back: it ends in the future */
	assert_true(world_param(&world, "cam", "quality", &seen));
	restart_later(&world, KEEP_S / 2 + KEEP_S - 2); /* and its time is nearly up */
	wait_until(is_forgotten, &world);
	world_database_wait(&world, "SELECT count(*) FROM plugins", 0);
	world_database_wait(&world, "SELECT count(*) FROM declarations", 0);
	ended_visit(&world, "cam", "quality", NULL);
	restart_later(&world, KEEP_S + 1);
	assert_true(is_forgotten(&world));
	world_database_wait(&world, "SELECT count(*) FROM plugins", 0);
	world_database_wait(&world, "SELECT count(*) FROM declarations", 0);
	world_fini(&world);
	ended_later_ns = 0;
}

static void what_was_declared_is_stored_before_what_was_set(void **state)
{
	struct fast_plugin *plugin;
	struct node_param seen;
	struct world world;

	(void)state;
	world_init(&world);
	world.options.tick_ms = 1000; /* it need not wait for that */
	world_restart(&world);
	plugin = world_plugin(&world, "cam");
	(void)plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	assert_int_equal(1, world_database_number(&world, "SELECT count(*) FROM declarations"));
	world_kill(&world);
	assert_true(world_param(&world, "cam", "quality", &seen));
	assert_int_equal(9, seen.desired.u.integer);
	fast_plugin_close(plugin);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knobs_of_an_ended_plugin_are_told_the_same_by_the_next_node),
		cmocka_unit_test(a_plugin_that_goes_while_no_node_is_there_is_known_as_ended),
		cmocka_unit_test(a_node_that_stops_says_what_was_read),
		cmocka_unit_test(a_plugin_that_comes_back_goes_on_with_its_knobs),
		cmocka_unit_test(what_a_former_run_has_declared_is_forgotten),
		cmocka_unit_test(a_plugin_that_has_ended_is_known_as_long_as_without_a_restart),
		cmocka_unit_test(what_was_declared_is_stored_before_what_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
