/* A node with real plugins: what they measure arrives, and outlives them. */
#include "controller/node_world.h"

#include "daemon/node_past.h"

#include <fast/plugin.h>
#include <poll.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void a_counter_is_sampled(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct node_metric metric;
	struct node_plugin info;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	fast_metric_add(frames, 42);
	metric = world_metric_wait(&world, "cam", "frames", 42);
	assert_int_equal(42, metric.count);
	assert_int_equal(FAST_METRIC_COUNTER, metric.kind);
	assert_true(metric.live);
	assert_false(metric.stale);
	assert_true(world_plugin_info(&world, "cam", &info));
	assert_int_equal(getpid(), info.pid);
	assert_string_equal("1.2", info.version);
	assert_int_equal(1, info.metric_count);
	fast_plugin_close(plugin);
	world_plugin_wait(&world, "cam", false);
	world_fini(&world);
}

static void a_heartbeat_has_rates_and_intervals(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_metric *fps;
	struct node_metric metric;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	fps = plugin_metric_of(plugin, "fps", FAST_METRIC_HEARTBEAT);
	for (int i = 0; i < 200; i++) {
		fast_metric_beat(fps, 2);
		(void)poll(NULL, 0, 2);
	}
	metric = world_metric_wait(&world, "cam", "fps", 200);
	assert_true(metric.rate_instant > 1 && metric.rate_instant < 501);
	assert_true(metric.rate_window > 1 && metric.rate_window < 501);
	assert_true(metric.rate_global > 1 && metric.rate_global < 501);
	assert_true(metric.window_ms >= 10 && metric.window_ms <= 1100);
	assert_true(metric.window.count > 0 && metric.window.p50 >= 0.002 * 0.9);
	assert_true(fabs(metric.sum - 400) < 1e-9);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void a_second_plugin_of_a_name_gets_a_number(void **state)
{
	struct world world;
	struct fast_plugin *first;
	struct fast_plugin *second;
	char instance[80];

	(void)state;
	world_init(&world);
	first = world_plugin(&world, "cam");
	second = world_plugin(&world, "cam");
	fast_plugin_instance(second, instance, sizeof instance);
	assert_string_equal("cam-2", instance);
	fast_plugin_close(first);
	fast_plugin_close(second);
	world_plugin_wait(&world, "cam-2", false);
	world_fini(&world);
}

/* A plugin in a process of its own. It is forked before this process has threads, and begins when
 * it is told the socket. */
struct child {
	pid_t pid;
	int go_fd;
	int told_fd;
};

/* Attaches, counts to 12000, says so, and waits to be killed. */
static void child_run(int go_fd, int told_fd)
{
	char socket[80];
	const struct fast_plugin_options options = {.size = sizeof options, .socket = socket};
	const struct fast_metric_spec spec = {
		.size = sizeof spec, .name = "frames", .kind = FAST_METRIC_COUNTER};
	struct fast_plugin *plugin;
	struct fast_metric *frames;

	if (read(go_fd, socket, sizeof socket) != (ssize_t)sizeof socket ||
	    fast_plugin_open("cam", &options, &plugin) != FAST_OK ||
	    fast_plugin_metric(plugin, &spec, &frames) != FAST_OK ||
	    fast_plugin_wait_attached(plugin, WORLD_WAIT_MS) != FAST_OK) {
		_exit(1);
	}
	fast_metric_add(frames, 12000);
	if (write(told_fd, "a", 1) != 1) {
		_exit(2);
	}
	(void)pause();
}

static struct child child_fork(void)
{
	struct child child;
	int go[2];
	int told[2];

	assert_int_equal(0, pipe(go));
	assert_int_equal(0, pipe(told));
	child = (struct child){.pid = fork(), .go_fd = go[1], .told_fd = told[0]};
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		child_run(go[0], told[1]);
		_exit(3);
	}
	(void)close(go[0]);
	(void)close(told[1]);
	return child;
}

static void child_go(const struct child *child, const struct world *world)
{
	char word;

	assert_int_equal((int)sizeof world->socket,
			 write(child->go_fd, world->socket, sizeof world->socket));
	assert_int_equal(1, read(child->told_fd, &word, 1));
}

static void child_kill(const struct child *child)
{
	assert_int_equal(0, kill(child->pid, SIGKILL));
	assert_int_equal(child->pid, waitpid(child->pid, NULL, 0));
	(void)close(child->go_fd);
	(void)close(child->told_fd);
}

static void the_last_values_of_a_killed_plugin_are_kept(void **state)
{
	struct child first = child_fork();
	struct child second = child_fork();
	struct world world;
	struct node_metric metric;
	struct node_plugin info;

	(void)state;
	world_init(&world);
	child_go(&first, &world);
	(void)world_metric_wait(&world, "cam", "frames", 0);
	child_kill(&first);
	info = world_plugin_wait(&world, "cam", false);
	assert_int_equal(first.pid, info.pid);
	assert_true(info.end_unix_ns > info.attach_unix_ns);
	assert_true(world_metric(&world, "cam", "frames", &metric));
	assert_int_equal(12000, metric.count);
	assert_false(metric.live);
	child_go(&second, &world); /* and the name is free again */
	info = world_plugin_wait(&world, "cam", true);
	assert_int_equal(second.pid, info.pid);
	assert_false(world_plugin_info(&world, "cam-2", &info));
	child_kill(&second);
	world_fini(&world);
}

static void revisions_are_stamped_on_samples(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;
	struct fast_metric *frames;
	struct node_metric metric;

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	(void)world_metric_wait(&world, "cam", "frames", 0);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	assert_int_equal(9, fast_param_get_int(param));
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_APPLIED);
	fast_metric_add(frames, 1);
	metric = world_metric_wait(&world, "cam", "frames", 1);
	assert_int_equal(0, metric.revision_first);
	assert_int_equal(1, metric.revision_last);
	fast_plugin_close(plugin);
	world_fini(&world);
}

static void history_note(const struct node_metric *metric, void *arg)
{
	struct node_metric *newest = arg;

	assert_true(metric->time_unix_ns > newest->time_unix_ns);
	assert_string_equal("frames", metric->name);
	assert_int_equal(FAST_METRIC_COUNTER, metric->kind);
	*newest = *metric;
	newest->age_ms = 0;
}

static enum fast_status history_of(struct world *world, const char *metric,
				   struct node_metric *newest)
{
	const struct node_past past = {.plugin = "cam", .metric = metric, .limit = 100};

	return node_history(world->node, &past, history_note, newest);
}

static void history_outlives_the_plugin_and_the_node(void **state)
{
	struct world world;
	struct fast_plugin *plugin;
	struct fast_metric *frames;
	struct node_metric newest = {0};

	(void)state;
	world_init(&world);
	plugin = world_plugin(&world, "cam");
	frames = plugin_metric_of(plugin, "frames", FAST_METRIC_COUNTER);
	fast_metric_add(frames, 77);
	(void)world_metric_wait(&world, "cam", "frames", 77);
	assert_ok(history_of(&world, "frames", &newest));
	assert_int_equal(77, newest.count);
	assert_true(newest.live);
	assert_status(FAST_NOT_FOUND, history_of(&world, "none", &newest));
	fast_plugin_close(plugin);
	world_plugin_wait(&world, "cam", false);
	world_restart(&world);
	newest = (struct node_metric){0};
	assert_ok(history_of(&world, "frames", &newest));
	assert_int_equal(77, newest.count);
	assert_false(newest.live);
	world_fini(&world);
}

/* Numbers what it was told. */
struct heard {
	int sampled; /* atomic */
	int changed; /* atomic */
	uint64_t newest_revision;
};

static void hear_sampled(int64_t time_unix_ns, void *arg)
{
	assert_true(time_unix_ns > 0);
	__atomic_fetch_add(&((struct heard *)arg)->sampled, 1, __ATOMIC_RELAXED);
}

static void hear_changed(const struct node_param *param, void *arg)
{
	struct heard *heard = arg;

	assert_string_equal("quality", param->name);
	heard->newest_revision = param->revision;
	__atomic_fetch_add(&heard->changed, 1, __ATOMIC_RELEASE);
}

static bool has_heard_all(void *arg)
{
	const struct heard *heard = arg;

	return __atomic_load_n(&heard->sampled, __ATOMIC_RELAXED) >= 3 &&
	       __atomic_load_n(&heard->changed, __ATOMIC_ACQUIRE) >= 3;
}

static void listeners_hear_of_samples_and_changes(void **state)
{
	static struct heard heard;
	const struct node_listener listener = {hear_sampled, hear_changed, NULL, &heard};
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *param;
	char error[NODE_TEXT_BYTES_MAX];

	(void)state;
	world_init(&world);
	node_close(world.node);
	assert_ok(node_open(&world.options, &world.node, error));
	assert_ok(node_listen(world.node, world.socket, error));
	assert_ok(node_add_listener(world.node, &listener));
	for (int i = 1; i < NODE_LISTENERS_MAX; i++) {
		assert_ok(node_add_listener(world.node, &(struct node_listener){0}));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, node_add_listener(world.node, &listener));
	assert_ok(node_start(world.node));
	plugin = world_plugin(&world, "cam");
	param = plugin_int_param(plugin, "quality", 7);
	(void)world_param_wait(&world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&world, "cam", "quality", value_int(9), 0).status);
	assert_int_equal(9, fast_param_get_int(param));
	wait_until(has_heard_all, &heard); /* declared, set, applied */
	assert_int_equal(1, heard.newest_revision);
	fast_plugin_close(plugin);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_is_sampled),
		cmocka_unit_test(a_heartbeat_has_rates_and_intervals),
		cmocka_unit_test(a_second_plugin_of_a_name_gets_a_number),
		cmocka_unit_test(the_last_values_of_a_killed_plugin_are_kept),
		cmocka_unit_test(revisions_are_stamped_on_samples),
		cmocka_unit_test(history_outlives_the_plugin_and_the_node),
		cmocka_unit_test(listeners_hear_of_samples_and_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
