#include "prof/system.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static struct system sampled; /* large */

/* A plugin in a group of its own, on a machine where 7 processes were killed long ago. */
static void begin(struct tree *tree)
{
	tree_open(tree);
	tree_put(tree, "/proc/42/cgroup", "0::/camera\n");
	tree_put(tree, "/proc/self/mountinfo", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
	tree_put(tree, "/cg/camera/memory.events", "oom_kill 1\n");
	tree_put(tree, "/proc/vmstat", "oom_kill 7\n");
	system_open(&sampled, tree->root);
	system_set_plugin(&sampled, 42);
}

static void end(struct tree *tree)
{
	system_close(&sampled);
	tree_close(tree);
}

static void a_kill_in_the_plugins_group_is_want_of_memory(void **state)
{
	struct tree tree;

	(void)state;
	begin(&tree);
	assert_false(system_was_out_of_memory(&sampled));
	tree_put(&tree, "/proc/vmstat", "oom_kill 8\n"); /* somebody else's */
	assert_false(system_was_out_of_memory(&sampled));
	tree_put(&tree, "/cg/camera/memory.events", "oom_kill 2\n");
	assert_true(system_was_out_of_memory(&sampled));
	end(&tree);
}

static void a_group_that_went_with_its_container_leaves_the_machines_count(void **state)
{
	struct tree tree;
	char path[128];

	(void)state;
	begin(&tree);
	snprintf(path, sizeof path, "%s/cg/camera/memory.events", tree.root);
	assert_int_equal(0, unlink(path));
	assert_false(system_was_out_of_memory(&sampled));
	tree_put(&tree, "/proc/vmstat", "oom_kill 8\n");
	assert_true(system_was_out_of_memory(&sampled));
	end(&tree);
}

static void nothing_is_said_of_a_plugin_that_is_forgotten(void **state)
{
	struct tree tree;

	(void)state;
	begin(&tree);
	system_forget_plugin(&sampled);
	assert_int_equal(0, sampled.tree.root_count);
	assert_string_equal("", sampled.cgroup.path);
	end(&tree);
}

static struct gauges read_gauges(const struct tree *tree)
{
	struct gauges gauges;

	system_open(&sampled, tree->root);
	system_read(&sampled, &gauges);
	system_close(&sampled);
	return gauges;
}

static void the_hottest_zone_is_the_temperature(void **state)
{
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/sys/class/thermal/thermal_zone0/temp", "41000\n");
	tree_put(&tree, "/sys/class/thermal/thermal_zone1/temp", ""); /* a sensor that is off */
	tree_put(&tree, "/sys/class/thermal/thermal_zone3/temp", "57500\n");
	gauges = read_gauges(&tree);
	assert_float_equal(gauges.values[GAUGE_HOST_TEMPERATURE], 57.5, 1e-9);
	tree_put(&tree, "/sys/class/thermal/thermal_zone0/temp", "-4000\n");
	tree_put(&tree, "/sys/class/thermal/thermal_zone3/temp", "-2500\n");
	gauges = read_gauges(&tree);
	assert_float_equal(gauges.values[GAUGE_HOST_TEMPERATURE], -2.5,
			   1e-9); /* an edge node in winter */
	tree_close(&tree);
}

static void the_clock_is_the_mean_of_the_processors_that_tell(void **state)
{
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1800000\n");
	gauges = read_gauges(&tree);
	assert_float_equal(gauges.values[GAUGE_HOST_FREQUENCY], 1.8e9, 1);
	tree_close(&tree);
}

static void what_the_machine_does_not_tell_is_not_0(void **state)
{
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	gauges = read_gauges(&tree);
	for (size_t i = 0; i < GAUGE_COUNT; i++) {
		assert_true(isnan(gauges.values[i]));
	}
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_in_the_plugins_group_is_want_of_memory),
		cmocka_unit_test(a_group_that_went_with_its_container_leaves_the_machines_count),
		cmocka_unit_test(nothing_is_said_of_a_plugin_that_is_forgotten),
		cmocka_unit_test(the_hottest_zone_is_the_temperature),
		cmocka_unit_test(the_clock_is_the_mean_of_the_processors_that_tell),
		cmocka_unit_test(what_the_machine_does_not_tell_is_not_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
