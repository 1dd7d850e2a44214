#include "prof/proctree.h"
#include "tests/prof/tree.h"
#include "tests/support/harness.h"

#include <math.h>
#include <unistd.h>

static struct proctree members; /* large */

static void put_process(const struct tree *tree, int pid, int parent, const char *name, int ticks)
{
	char path[64], text[512];

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	snprintf(text, sizeof text,
		 "%d (%s) S %d 1 1 0 -1 4194304 7 1 2 0 %d 0 0 0 20 0 3 0 100 1000000 5 1844\n",
		 pid, name, parent, ticks);
	tree_put(tree, path, text);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	tree_put(tree, path, "Name:\tx\nVmHWM:\t     100 kB\nThreads:\t3\n");
	snprintf(path, sizeof path, "/proc/%d/io", pid);
	tree_put(tree, path, "rchar: 5\nread_bytes: 4096\nwrite_bytes: 8192\n");
	snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, pid);
	tree_put(tree, path, "voluntary_ctxt_switches:\t11\nnonvoluntary_ctxt_switches:\t2\n");
	snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, pid + 1);
	tree_put(tree, path, "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n");
}

static void it_sums_over_descendants_whatever_their_names(void **state)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	put_process(&tree, 100, 1, "sh", 100);
	put_process(&tree, 205, 100, "odd ) S name (", 200);
	put_process(&tree, 90, 205, "child", 50); /* a number smaller than its parent's */
	put_process(&tree, 300, 1, "stranger", 1000);
	members = (struct proctree){.root = tree.root};
	proctree_add_root(&members, 100);
	proctree_add_root(&members, 100);
	assert_int_equal(1, members.root_count);
	proctree_look(&members);
	assert_int_equal(3, members.member_count);
	assert_true(proctree_has(&members, 90));
	assert_false(proctree_has(&members, 300));
	gauges_clear(&gauges);
	proctree_read(&members, &gauges);
	assert_true(fabs(gauges.values[GAUGE_PROC_CPU] - 350 / ticks) < 1e-6);
	assert_float_equal(gauges.values[GAUGE_PROC_PROCESSES], 3, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_THREADS], 9, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_FAULTS_MINOR], 24, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_FAULTS_MAJOR], 6, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_MEMORY_PEAK], 3 * 102400, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_READ], 3 * 4096, 0);
	assert_float_equal(gauges.values[GAUGE_PROC_SWITCHES_VOLUNTARY], 36, 0);
	tree_close(&tree);
}

static void a_tree_that_is_gone_reads_nothing(void **state)
{
	struct gauges gauges;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_put(&tree, "/proc/100/stat", "100 (cut");
	members = (struct proctree){.root = tree.root};
	proctree_add_root(&members, 100);
	proctree_look(&members);
	assert_int_equal(0, members.member_count);
	gauges_clear(&gauges);
	proctree_read(&members, &gauges);
	assert_true(isnan(gauges.values[GAUGE_PROC_CPU]));
	tree_close(&tree);
}

static void our_own_process_is_really_read(void **state)
{
	struct gauges gauges;

	(void)state;
	members = (struct proctree){.root = ""};
	proctree_add_root(&members, getpid());
	proctree_look(&members);
	assert_true(proctree_has(&members, getpid()));
	gauges_clear(&gauges);
	proctree_read(&members, &gauges);
	assert_true(gauges.values[GAUGE_PROC_MEMORY] > 100000);
	assert_true(gauges.values[GAUGE_PROC_MEMORY_PEAK] > 100000);
	assert_true(gauges.values[GAUGE_PROC_CPU] > 0);
	assert_true(proctree_cpu("", getpid()) > 0);
	proctree_forget_peak(&members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sums_over_descendants_whatever_their_names),
		cmocka_unit_test(a_tree_that_is_gone_reads_nothing),
		cmocka_unit_test(our_own_process_is_really_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
