/* What plugins tell the node besides numbers. */
#include "controller/node_world.h"

#include <fast/param_change.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_LIVES   20
#define SHORT_METRICS 200

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

static bool is_wholly_read(void *arg)
{
	struct node_plugin info;

	return world_plugin_info(arg, "cam", &info) && info.effective_revision == info.revision;
}

/* A value that goes back to nobody having set it is in effect when all else is read: a knob that
 * has failed is not waited for, neither at once nor when it is set anew. */
static void a_knob_that_has_failed_keeps_no_revision_from_its_effect(void **state)
{
	struct node_assignment assignment = {.param = "size", .value = value_int(3)};
	const struct node_set passing = {.plugin = "cam",
					 .assignments = &assignment,
					 .count = 1,
					 .value_ttl_ms = 1,
					 .actor = "tester"};
	struct fast_plugin *plugin;
	struct fast_param *batch;
	struct world world;
	uint64_t revision = 0;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	batch = plugin_int_param(plugin, "batch", 1);
	(void)plugin_int_param(plugin, "size", 7);
	(void)world_param_wait(&world, "cam", "size", NODE_PARAM_UNSET);
	for (int i = 0; i < 2; i++) {
		struct outcome outcome = {0};

		assert_ok(world_set(&world, "cam", "batch", value_int(64 + i), 0).status);
		assert_ok(fast_param_wait(batch, &revision, WORLD_WAIT_MS));
		fast_param_failed(batch, revision, "no memory");
		(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_FAILED);
		node_set(world.node, &passing, outcome_done, &outcome);
		assert_ok(outcome_wait(&outcome).status);
		wait_until(is_wholly_read, &world);
	}
	assert_ok(world_set(&world, "cam", "batch", value_int(8), 0).status);
	assert_int_equal(8, fast_param_get_int(batch));
	(void)world_param_wait(&world, "cam", "batch", NODE_PARAM_APPLIED);
	wait_until(is_wholly_read, &world);
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

/* As a worker of Python's multiprocessing: seen under a name of its own, with its own numbers. */
static void a_forked_child_that_counts_is_an_instance_of_its_own(void **state)
{
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct fast_param *batch;
	struct node_plugin seen;
	struct world world;
	char name[NODE_INSTANCE_BYTES_MAX + 1];
	int ends[2];
	char byte;

	(void)state;
	if (WORLD_TSAN) {
		skip();
	}
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	batch = plugin_int_param(plugin, "batch", 1);
	fast_metric_add(frames, 5);
	(void)world_metric_wait(&world, "cam", "frames", 5);
	assert_int_equal(0, pipe(ends));
	pid_t child = fork();
	if (child == 0) {
		uint64_t revision = 0;

		(void)close(ends[1]);
		fast_metric_add(frames, 7);
		if (fast_param_wait(batch, &revision, WORLD_WAIT_MS) != FAST_OK ||
		    fast_param_get_int(batch) != 4) {
			_exit(1);
		}
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 2);
	}
	(void)close(ends[0]);
	(void)snprintf(name, sizeof name, "cam-%d", (int)child);
	(void)world_metric_wait(&world, name, "frames", 7);
	assert_true(world_plugin_info(&world, name, &seen));
	assert_string_equal("cam", seen.parent);
	assert_int_equal(child, seen.pid);
	(void)world_param_wait(&world, name, "batch", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, name, "batch", value_int(4), 0).status);
	(void)world_param_wait(&world, name, "batch", NODE_PARAM_APPLIED);
	assert_int_equal(1, fast_param_get_int(batch));
	assert_int_equal(5, world_metric_wait(&world, "cam", "frames", 5).count);
	(void)close(ends[1]);
	(void)world_plugin_wait(&world, name, false);
	int status = -1;
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
	assert_true(world_plugin_info(&world, "cam", &seen));
	assert_true(seen.live);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void metrics_and_knobs_beyond_the_first_segment_are_served(void **state)
{
	struct fast_plugin *plugin;
	struct fast_metric *metric = NULL;
	struct fast_param *param = NULL;
	struct world world;
	char name[16];

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		metric = plugin_metric_of(plugin, name, FAST_METRIC_HISTOGRAM);
	}
	for (int i = 0; i < FAST_PLUGIN_PARAMS_MAX; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		param = plugin_int_param(plugin, name, 1);
	}
	fast_metric_observe(metric, 3);
	(void)world_metric_wait(&world, "cam", "m299", 1);
	(void)world_param_wait(&world, "cam", "p127", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "p127", value_int(6), 0).status);
	while (fast_param_get_int(param) != 6) {
	}
	(void)world_param_wait(&world, "cam", "p127", NODE_PARAM_APPLIED);
	world_restart(&world);
	(void)world_metric_wait(&world, "cam", "m299", 1);
	assert_int_equal(
		6, world_param_wait(&world, "cam", "p127", NODE_PARAM_APPLIED).effective.u.integer);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void series_with_labels_are_known_by_name_and_labels(void **state)
{
	const struct fast_label left = {"camera", "left"};
	struct fast_metric *frames;
	struct fast_metric *series = NULL;
	struct fast_plugin *plugin;
	struct node_metric seen;
	struct world world;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	assert_ok(fast_metric_with(frames, &left, 1, &series));
	fast_metric_add(series, 3);
	fast_metric_add(frames, 1);
	seen = world_metric_wait(&world, "cam", "frames{camera=\"left\"}", 3);
	assert_int_equal(strlen("frames"), seen.base_bytes);
	assert_int_equal(3, seen.count);
	fast_plugin_close(plugin);
	world_fini(&world);
}

/* Its thread may not even have begun. */
static void what_a_plugin_has_counted_by_its_close_is_known(void **state)
{
	struct world world;
	char name[16];

	(void)state;
	world_init(&world);
	for (int round = 0; round < SHORT_LIVES; round++) {
		struct fast_plugin *plugin = world_plugin_begin(&world, "brief");
		struct node_metric seen;

		for (int i = 0; i < SHORT_METRICS; i++) {
			(void)snprintf(name, sizeof name, "m%d", i);
			fast_metric_add(plugin_metric_of(plugin, name, FAST_METRIC_COUNTER),
					(uint64_t)round + 1);
		}
		fast_plugin_close(plugin);
		fast_plugin_close(world_plugin(&world, "later")); /* what came before was heard */
		(void)world_plugin_wait(&world, "brief", false);
		for (int i = 0; i < SHORT_METRICS; i++) {
			(void)snprintf(name, sizeof name, "m%d", i);
			assert_true(world_metric(&world, "brief", name, &seen));
			assert_int_equal(round + 1, seen.count);
		}
	}
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_that_the_plugin_cannot_apply_fails_and_is_remembered),
		cmocka_unit_test(a_knob_that_has_failed_keeps_no_revision_from_its_effect),
		cmocka_unit_test(a_failure_is_known_again_after_a_restart_of_the_node),
		cmocka_unit_test(a_forked_child_that_counts_is_an_instance_of_its_own),
		cmocka_unit_test(series_with_labels_are_known_by_name_and_labels),
		cmocka_unit_test(metrics_and_knobs_beyond_the_first_segment_are_served),
		cmocka_unit_test(what_a_plugin_has_counted_by_its_close_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
