/* What plugins tell the node besides numbers. */
#include "controller/node_world.h"

#include <fast/param_change.h>

#include <stdio.h>
#include <string.h>

/* The reason, which is only there under the node's lock. */
static void keep_reason(const struct node_param *param, void *arg)
{
	(void)snprintf(arg, FAST_PARAM_REASON_BYTES_MAX + 1, "%s", param->failure_reason);
}

static void a_value_that_the_plugin_cannot_apply_fails_and_is_remembered(void **state)
{
	const struct fast_param_spec spec = {.size = sizeof spec,
					     .name = "batch",
					     .type = FAST_PARAM_INT,
					     .initial.integer = 1,
					     .ack = FAST_PARAM_ACK_EXPLICIT};
	const struct node_filter filter = {.plugin = "cam"};
	char reason[FAST_PARAM_REASON_BYTES_MAX + 1];
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct node_param seen;
	struct world world;
	uint64_t revision = 0;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	assert_ok(fast_plugin_param(plugin, &spec, &param));
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "batch", value_int(64), 0).status);
	assert_ok(fast_param_wait(param, &revision, WORLD_WAIT_MS));
	assert_int_equal(64, fast_param_get_int(param));
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_APPLYING);
	fast_param_failed(param, revision, "no memory for 64 pictures");
	seen = world_param_wait(&world, "cam", "batch", NODE_PARAM_FAILED);
	assert_int_equal(64, seen.desired.u.integer);
	assert_int_equal(1, seen.effective.u.integer);
	assert_int_equal(revision, seen.failure_revision);
	node_each_param(world.node, &filter, keep_reason, reason);
	assert_string_equal("no memory for 64 pictures", reason);

	assert_ok(world_set(&world, "cam", "batch", value_int(8), 0).status);
	assert_ok(fast_param_wait(param, &revision, WORLD_WAIT_MS));
	fast_param_applied(param, revision);
	seen = world_param_wait(&world, "cam", "batch", NODE_PARAM_APPLIED);
	assert_int_equal(8, seen.effective.u.integer);
	assert_int_equal(64, seen.failure_value.u.integer);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* The failed value is still what is wanted: it fails again, and is not tried for ever. */
static void a_failure_is_known_again_after_a_restart_of_the_node(void **state)
{
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct world world;
	uint64_t revision = 0;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "batch", 1);
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "batch", value_int(64), 0).status);
	assert_ok(fast_param_wait(param, &revision, WORLD_WAIT_MS));
	fast_param_failed(param, revision, NULL);
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_FAILED);
	world_restart(&world);
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_FAILED);
	fast_plugin_close(plugin);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_that_the_plugin_cannot_apply_fails_and_is_remembered),
		cmocka_unit_test(a_failure_is_known_again_after_a_restart_of_the_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
