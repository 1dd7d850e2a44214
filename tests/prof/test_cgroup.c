#include "prof/cgroup.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <math.h>

static void read_group(const struct tree *tree, struct cgroup *cgroup, struct gauges *gauges)
{
	cgroup_find(cgroup, tree->root, 42);
	gauges_clear(gauges);
	cgroup_read(cgroup, gauges);
}

static void version_2_is_read_where_it_is_mounted(void **state)
{
	struct cgroup cgroup;
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/proc/42/cgroup", "0::/pods/camera\n");
	tree_put(&tree, "/proc/self/mountinfo",
		 "30 23 0:26 / /odd/place rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
	tree_put(&tree, "/odd/place/pods/camera/cpu.stat",
		 "usage_usec 2500000\nuser_usec 1\nthrottled_usec 500000\n");
	tree_put(&tree, "/odd/place/pods/camera/memory.current", "4096\n");
	tree_put(&tree, "/odd/place/pods/camera/memory.peak", "8192\n");
	tree_put(&tree, "/odd/place/pods/camera/memory.events", "low 0\noom 1\noom_kill 3\n");
	tree_put(&tree, "/odd/place/pods/camera/io.stat",
		 "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=0\n");
	read_group(&tree, &cgroup, &gauges);
	assert_string_equal("/pods/camera", cgroup.path);
	assert_float_equal(gauges.values[GAUGE_CGROUP_CPU], 2.5, 1e-9);
	assert_float_equal(gauges.values[GAUGE_CGROUP_THROTTLED], 0.5, 1e-9);
	assert_float_equal(gauges.values[GAUGE_CGROUP_MEMORY], 4096, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_MEMORY_PEAK], 8192, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_READ], 15, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_WRITE], 20, 0);
	assert_float_equal(cgroup_oom_kills(&cgroup), 3, 0);
	tree_close(&tree);
}

static void version_1_is_read_by_controller(void **state)
{
	struct cgroup cgroup;
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/proc/42/cgroup",
		 "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n3:blkio:/docker/abc\n"
		 "2:name=systemd:/docker/abc\n");
	/* As a container sees it: its own group is the mount's root. */
	tree_put(&tree, "/proc/self/mountinfo",
		 "31 30 0:27 /docker/abc /cg/cpu ro - cgroup cgroup rw,cpu,cpuacct\n"
		 "32 30 0:28 /docker/abc /cg/memory ro - cgroup cgroup rw,memory\n"
		 "33 30 0:29 / /cg/blkio ro - cgroup cgroup rw,blkio\n");
	tree_put(&tree, "/cg/cpu/cpuacct.usage", "3000000000\n");
	tree_put(&tree, "/cg/cpu/cpu.stat", "nr_periods 1\nthrottled_time 1000000000\n");
	tree_put(&tree, "/cg/memory/memory.usage_in_bytes", "100\n");
	tree_put(&tree, "/cg/memory/memory.max_usage_in_bytes", "200\n");
	tree_put(&tree, "/cg/memory/memory.oom_control", "under_oom 0\noom_kill 2\n");
	tree_put(&tree, "/cg/blkio/docker/abc/blkio.throttle.io_service_bytes",
		 "8:0 Read 7\n8:0 Write 9\n8:0 Sync 16\nTotal 16\n");
	read_group(&tree, &cgroup, &gauges);
	assert_float_equal(gauges.values[GAUGE_CGROUP_CPU], 3, 1e-9);
	assert_float_equal(gauges.values[GAUGE_CGROUP_THROTTLED], 1, 1e-9);
	assert_float_equal(gauges.values[GAUGE_CGROUP_MEMORY], 100, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_MEMORY_PEAK], 200, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_READ], 7, 0);
	assert_float_equal(gauges.values[GAUGE_CGROUP_WRITE], 9, 0);
	assert_float_equal(cgroup_oom_kills(&cgroup), 2, 0);
	tree_close(&tree);
}

static void a_hybrid_takes_each_number_where_it_is(void **state)
{
	struct cgroup cgroup;
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/proc/42/cgroup", "4:memory:/a\n0::/a\n");
	tree_put(&tree, "/proc/self/mountinfo",
		 "31 30 0:27 / /cg/unified rw - cgroup2 cgroup2 rw\n"
		 "32 30 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n");
	tree_put(&tree, "/cg/unified/a/cpu.stat", "usage_usec 1000000\n");
	tree_put(&tree, "/cg/memory/a/memory.usage_in_bytes", "300\n");
	read_group(&tree, &cgroup, &gauges);
	assert_float_equal(gauges.values[GAUGE_CGROUP_CPU], 1, 1e-9);
	assert_float_equal(gauges.values[GAUGE_CGROUP_MEMORY], 300, 0);
	assert_true(isnan(gauges.values[GAUGE_CGROUP_READ]));
	tree_close(&tree);
}

static void a_machine_without_cgroups_reads_nothing(void **state)
{
	struct cgroup cgroup;
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	read_group(&tree, &cgroup, &gauges);
	for (size_t i = 0; i < GAUGE_COUNT; i++) {
		assert_true(isnan(gauges.values[i]));
	}
	tree_put(&tree, "/proc/vmstat", "pgfault 5\noom_kill 4\n");
	assert_true(isnan(cgroup_oom_kills(&cgroup)));
	assert_float_equal(cgroup_machine_oom_kills(tree.root), 4, 0);
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_read_where_it_is_mounted),
		cmocka_unit_test(version_1_is_read_by_controller),
		cmocka_unit_test(a_hybrid_takes_each_number_where_it_is),
		cmocka_unit_test(a_machine_without_cgroups_reads_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
