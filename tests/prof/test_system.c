#include "prof/system.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_in_the_plugins_group_is_want_of_memory),
		cmocka_unit_test(a_group_that_went_with_its_container_leaves_the_machines_count),
		cmocka_unit_test(nothing_is_said_of_a_plugin_that_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
