/* A node without memory, without disk, and with many plugins. */
#include "controller/node_world.h"
#include "controller/raw_plugin.h"

#include "page/page.h"
#include "support/fault_alloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#define PLUGINS 200
#define FAULTS  40

static void open_survives_each_allocation_failure(void **state)
{
	char dir[] = "/tmp/fastd-test-XXXXXX";
	const struct node_options options = {.state_dir = dir, .boot_id = 1};
	char error[NODE_TEXT_BYTES_MAX];
	struct node *node = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (;;) {
		fault_alloc_after(n++);
		status = node_open(&options, &node, error);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(node);
		assert_int_not_equal('\0', error[0]);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	node_close(node);
	directory_remove(dir);
}

static void open_refuses_a_tick_out_of_range(void **state)
{
	const uint32_t ticks[] = {1, 9, 1001, UINT32_MAX};
	char error[NODE_TEXT_BYTES_MAX];
	struct node *node = NULL;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(ticks); i++) {
		const struct node_options options = {.state_dir = "/nowhere", .tick_ms = ticks[i]};
		assert_status(FAST_INVALID_ARGUMENT, node_open(&options, &node, error));
		assert_non_null(strstr(error, "10 to 1000 ms"));
	}
}

static void close_before_start_is_allowed(void **state)
{
	char dir[] = "/tmp/fastd-test-XXXXXX";
	const struct node_options options = {.state_dir = dir, .boot_id = 1};
	char error[NODE_TEXT_BYTES_MAX];
	struct node *node = NULL;

	(void)state;
	node_close(NULL);
	assert_non_null(mkdtemp(dir));
	assert_ok(node_open(&options, &node, error));
	node_close(node);
	directory_remove(dir);
}

static void changes_survive_allocation_failures(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	for (int n = 0; n < FAULTS; n++) {
		struct node_result result;
		struct outcome outcome = {0};

		fault_alloc_after(n % 10);
		result = world_set(&world, "cam", "quality", value_int(n), 0);
		fault_alloc_after(-1);
		assert_true(result.status == FAST_OK || result.status == FAST_RESOURCE_EXHAUSTED);
		fault_alloc_after(n % 10);
		result = world_claim(&world, "cam", NULL, 1000, NODE_ON_LOSS_HOLD, "holder");
		fault_alloc_after(-1);
		if (result.status == FAST_OK) {
			node_release(world.node, &(struct node_lease_key){.id = result.lease_id},
				     false, "holder", outcome_done, &outcome);
			assert_ok(outcome_wait(&outcome).status);
		} else {
			assert_status(FAST_RESOURCE_EXHAUSTED, result.status);
		}
	}
	assert_ok(world_set(&world, "cam", "quality", value_int(99), 0).status);
	assert_int_equal(99, fast_param_get_int(param));
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void sessions_survive_allocation_failures(void **state)
{
	struct world world;
	int page = raw_page();

	(void)state;
	world_init(&world);
	for (int n = 0; n < FAULTS; n++) {
		int fd = raw_connect(world.socket);
		bool attached;

		fault_alloc_after(n);
		attached = raw_send_attach(fd, "cam", "", page) && raw_receive(fd).attached;
		if (attached && raw_send_metric(fd, "beats", 5, FAST_PAGE_CELLS_OFFSET) &&
		    raw_send_param(fd, "quality", 5, 0)) {
			(void)raw_send_bytes(fd, "\x07", 1, NULL, 0);
			(void)raw_receive(fd); /* by then all was read */
		}
		fault_alloc_after(-1);
		(void)close(fd);
		if (attached) {
			world_plugin_wait(&world, "cam", false);
		}
	}
	(void)close(page);
	world_fini(&world);
}

static void fill(const char *dir)
{
	char path[100];
	const char block[4096] = "";
	int fd;

	(void)snprintf(path, sizeof path, "%s/ballast", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0) {
	}
	(void)close(fd);
}

static bool store_has_recovered(void *arg)
{
	struct node_status status;

	node_status(arg, &status);
	return status.store_error[0] == '\0';
}

/* Sets until the disk is full. */
static struct node_result set_until_refused(struct world *world)
{
	struct node_result result = {.status = FAST_OK};

	for (int i = 0; i < 1000 && result.status == FAST_OK; i++) {
		result = world_set(world, "cam", "quality", value_int(i), 0);
	}
	return result;
}

static bool size_is_back(void *arg)
{
	struct node_param param;

	return world_param(arg, "cam", "size", &param) && param.desired.u.integer == 7;
}

static void a_full_disk_stops_no_live_work(void **state)
{
	struct world world = {.dir = "/tmp/fastd-full-XXXXXX"};
	char dir[sizeof world.dir];
	char ballast[100];
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct node_result held;
	struct node_result kept;
	struct outcome released = {0};
	struct node_status status;
	struct fast_param *param;

	(void)state;
	world_init(&world);
	(void)snprintf(dir, sizeof dir, "%s", world.dir);
	node_close(world.node);
	if (mount("none", dir, "tmpfs", 0, "size=768k,mode=0755") != 0) {
		directory_remove(dir);
		skip();
	}
	world.node = NULL;
	world_restart(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	param = plugin_int_param(plugin, "quality", 7);
	(void)plugin_int_param(plugin, "size", 7);
	(void)plugin_int_param(plugin, "depth", 7);
	(void)world_param_wait(&world, "cam", "depth", NODE_PARAM_UNSET);
	kept = world_claim(&world, "cam", "depth", 60000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(kept.status);
	held = world_claim(&world, "cam", "size", 1000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(world_set(&world, "cam", "size", value_int(9), held.lease_id).status);
	fill(dir);
	held = set_until_refused(&world);
	assert_status(FAST_UNAVAILABLE, held.status);
	assert_non_null(strstr(held.text, "full"));
	node_status(world.node, &status);
	assert_non_null(strstr(status.store_error, "full"));
	assert_int_not_equal(-1, fast_param_get_int(param));
	fast_metric_add(frames, 5);
	(void)world_metric_wait(&world, "cam", "frames", 5);
	/* A lost lease reverts all the same, and a released one has ended. */
	wait_until(size_is_back, &world);
	node_release(world.node, &(struct node_lease_key){.id = kept.lease_id}, true, "holder",
		     outcome_done, &released);
	assert_ok(outcome_wait(&released).status);
	(void)snprintf(ballast, sizeof ballast, "%s/ballast", dir);
	assert_int_equal(0, unlink(ballast));
	wait_until(store_has_recovered, world.node);
	assert_ok(world_set(&world, "cam", "quality", value_int(1), 0).status);
	fast_plugin_close(plugin);
	node_close(world.node);
	assert_int_equal(0, umount(dir));
	directory_remove(dir);
}

static bool all_are_sampled(void *arg)
{
	struct world *world = arg;
	char name[16];
	struct node_metric metric;

	for (int i = 0; i < PLUGINS; i++) {
		(void)snprintf(name, sizeof name, "p%d", i);
		if (!world_metric(world, name, "frames", &metric) || !metric.sampled ||
		    metric.stale) {
			return false;
		}
	}
	return true;
}

static void many_plugins_are_sampled(void **state)
{
	struct world world;
	int fds[PLUGINS];
	int page = raw_page();
	char name[16];
	struct node_status status;
	struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};

	(void)state;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	world_init(&world);
	for (int i = 0; i < PLUGINS; i++) {
		fds[i] = raw_connect(world.socket);
		(void)snprintf(name, sizeof name, "p%d", i);
		assert_true(raw_send_attach(fds[i], name, "", page));
		assert_true(raw_send_metric(fds[i], "frames", 1, FAST_PAGE_CELLS_OFFSET));
	}
	wait_until(all_are_sampled, &world);
	node_status(world.node, &status);
	assert_int_equal(PLUGINS, status.plugins_live);
	assert_int_equal(PLUGINS, status.metrics);
	for (int i = 0; i < PLUGINS; i++) {
		(void)close(fds[i]);
	}
	(void)close(page);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_survives_each_allocation_failure),
		cmocka_unit_test(open_refuses_a_tick_out_of_range),
		cmocka_unit_test(close_before_start_is_allowed),
		cmocka_unit_test(changes_survive_allocation_failures),
		cmocka_unit_test(sessions_survive_allocation_failures),
		cmocka_unit_test(a_full_disk_stops_no_live_work),
		cmocka_unit_test(many_plugins_are_sampled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
