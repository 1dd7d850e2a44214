/* Children of other kinds than a plain fork(): made by a bare clone(), by a child, or executing
 * something else. */
#include "sdk/exemplar_world.h"

#include "page/atomic.h"

#include <fast/param_change.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEVELS 4

/* In a child, cmocka's assertions would run the parent's tests on: exit tells instead. */
#define child_check(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			_exit(__LINE__ % 250 + 1);                                                 \
		}                                                                                  \
	} while (0)

static void assert_child_succeeds(pid_t child)
{
	int status = 0;

	assert_true(child > 0);
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
}

struct things {
	struct fast_metric *counter;
	struct fast_metric *gauge;
	struct fast_metric *timer;
	struct fast_metric *heartbeat;
	struct fast_metric *undeclared;
	struct fast_param *integer;
	struct fast_param *text;
};

static struct things things_declare(struct world *world)
{
	const struct fast_param_spec integer = {
		.size = sizeof integer, .name = "i", .type = FAST_PARAM_INT, .initial.integer = 7};
	const struct fast_param_spec text = {.size = sizeof text,
					     .name = "t",
					     .type = FAST_PARAM_STRING,
					     .initial.string = "yolo"};

	return (struct things){
		.counter = world_metric(world, "a", FAST_METRIC_COUNTER),
		.gauge = world_metric(world, "b", FAST_METRIC_GAUGE),
		.timer = world_metric(world, "c", FAST_METRIC_TIMER),
		.heartbeat = world_metric(world, "d", FAST_METRIC_HEARTBEAT),
		.undeclared = world_metric(world, "e", FAST_METRIC_UNDECLARED),
		.integer = world_param(world, &integer),
		.text = world_param(world, &text),
	};
}

static void verbs_call(const struct things *things)
{
	fast_metric_inc(things->counter);
	fast_metric_add(things->counter, 2);
	fast_metric_set(things->gauge, 5);
	fast_metric_observe(things->timer, 1);
	fast_metric_observe_since(things->timer, 1);
	fast_metric_inc(things->heartbeat);
	fast_metric_beat(things->heartbeat, 2);
	fast_metric_inc(things->undeclared);
}

/* No malloc: a lock of its may be held by a thread that there is no more. */
static bool page_is_mapped(void)
{
	static char maps[1 << 20];
	size_t count = 0;
	ssize_t more = 1;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while (more > 0 && count < sizeof maps - 1) {
		more = read(fd, maps + count, sizeof maps - 1 - count);
		count += more > 0 ? (size_t)more : 0;
	}
	(void)close(fd);
	maps[count] = '\0';
	return strstr(maps, "memfd:fast-page") != NULL;
}

/* Nobody tells the SDK of such a child, and its locks may be in any state. */
static void a_child_of_a_bare_clone_counts_nowhere_and_comes_to_no_harm(void **state)
{
	struct world *world = *state;
	struct things things = things_declare(world);

	verbs_call(&things);
	assert_true(page_is_mapped());
	pthread_mutex_lock(&world->plugin->lock); /* as another thread might hold it */
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		struct fast_param *const params[] = {things.integer};
		struct fast_param_reading reading;
		struct fast_metric_spec spec = {.size = sizeof spec, .name = "more"};
		struct fast_metric *more = NULL;
		char text[FAST_PARAM_STRING_BYTES_MAX + 1];
		uint64_t seen = 0;

		child_check(!page_is_mapped());
		verbs_call(&things);
		child_check(fast_param_get_int(things.integer) == 7);
		fast_param_get_string(things.text, text);
		child_check(strcmp(text, "yolo") == 0);
		child_check(fast_param_snapshot(params, 1, &reading) == FAST_ABORTED);
		child_check(reading.value.integer == 7);
		fast_param_applied(things.integer, 9);
		fast_param_failed(things.integer, 9, "no");
		child_check(fast_param_wait(things.integer, &seen, -1) == FAST_UNAVAILABLE);
		child_check(fast_plugin_metric(world->plugin, &spec, &more) == FAST_UNAVAILABLE);
		_exit(0);
	}
	pthread_mutex_unlock(&world->plugin->lock);
	assert_child_succeeds(child);
	assert_int_equal(3, world_read(world, things.counter).count);
	assert_int_equal(2, world_read(world, things.timer).count);
	assert_int_equal(2, world_read(world, things.heartbeat).count);
	assert_int_equal(0, fast_page_view_ack(world->view, 0));
	fast_metric_inc(things.counter);
	assert_int_equal(4, world_read(world, things.counter).count);
}

static void exemplars_of_a_child_are_its_own_or_nobodys(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_TIMER);

	assert_ok(observe(latency, 1, "parent", TIME));
	pthread_mutex_lock(&world->plugin->lock);
	pid_t bare = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (bare == 0) {
		child_check(observe(latency, 1, "bare", TIME + NS_PER_MS) == FAST_OK);
		child_check(observe(latency, 1, "\n", TIME + NS_PER_MS) == FAST_OK);
		_exit(0);
	}
	pthread_mutex_unlock(&world->plugin->lock);
	assert_child_succeeds(bare);
	pid_t forked = fork();
	if (forked == 0) {
		struct fast_page_exemplars *exemplars;

		child_check(observe(latency, 1, "child", TIME) == FAST_OK);
		exemplars = metric_info(latency)->exemplars;
		child_check(page_load(&exemplars->checks[fast_page_exemplar_slot(FAST_METRIC_TIMER,
										 1)]) != 0);
		child_check(observe(latency, 1, "\n", TIME) == FAST_INVALID_ARGUMENT);
		_exit(0);
	}
	assert_child_succeeds(forked);
	assert_trace(world, latency, 1, "parent");
}

/* Each level counts for itself, whether or not those above it have counted. Every second does. */
static void levels_run(struct world *world, const struct things *things)
{
	unsigned int level = 1;
	pid_t child = 0;
	int status = 0;

	for (; level <= LEVELS && child == 0; level += child == 0) {
		for (unsigned int i = 0; i < 100 * level && level % 2 == 0; i++) {
			fast_metric_inc(things->counter);
		}
		child = fork();
	}
	child_check(child == 0 || (waitpid(child, &status, 0) == child && status == 0));
	if (child != 0 && level % 2 == 0) {
		child_check(*fast_metric_counter(things->counter) == 100 * level);
	}
	child_check(fast_param_get_int(things->integer) == 9);
	fast_plugin_close(world->plugin);
	_exit(0);
}

static void children_of_children_count_for_themselves(void **state)
{
	struct world *world = *state;
	struct things things = things_declare(world);
	struct fast_page_value nine = {.type = FAST_PARAM_INT, .u.integer = 9};

	fast_metric_inc(things.counter);
	fast_page_view_set(world->view, 0, 3, &nine);
	fast_page_view_commit(world->view);
	pid_t child = fork();
	if (child == 0) {
		levels_run(world, &things);
	}
	assert_child_succeeds(child);
	assert_int_equal(1, world_read(world, things.counter).count);
}

/* A page of several segments is made anew whole. */
static void a_child_of_a_plugin_with_many_metrics_counts_in_all_of_them(void **state)
{
	struct world *world = *state;
	struct fast_metric *metrics[400];
	char name[16];

	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		metrics[i] = world_metric(world, name, FAST_METRIC_HISTOGRAM);
	}
	assert_true(world->plugin->segment_count > 1);
	world_view_grow(world);
	pid_t child = fork();
	if (child == 0) {
		const char *reason = NULL;
		struct fast_page_view *view = NULL;
		struct fast_cell_reading reading;

		for (int i = 0; i < 400; i++) {
			fast_metric_observe(metrics[i], i);
		}
		child_check(fast_page_view_open(world->plugin->segments[0].fd, &view, &reason) ==
			    FAST_OK);
		child_check(fast_page_view_add(view, world->plugin->segments[1].fd, &reason) ==
			    FAST_OK);
		fast_page_view_read(view, FAST_METRIC_HISTOGRAM,
				    metric_info(metrics[399])->cell_offset, &reading);
		child_check(reading.count == 1 && reading.distribution.sum > 398);
		fast_page_view_close(view);
		_exit(0);
	}
	assert_child_succeeds(child);
	assert_int_equal(0, world_read(world, metrics[399]).count);
}

/* What is executed has no descriptor of ours: fastd sees the plugin's end, not the program's. */
static void a_program_that_is_executed_holds_nothing(void **state)
{
	struct world *world = *state;
	struct things things = things_declare(world);
	char command[256];

	fast_metric_inc(things.counter);
	(void)snprintf(command, sizeof command,
		       "! ls -l /proc/self/fd | grep -E 'memfd:|eventfd' >&2");
	pid_t child = fork();
	if (child == 0) {
		fast_metric_inc(things.counter); /* its own page is not left behind either */
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	assert_child_succeeds(child);
	child = vfork();
	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	assert_child_succeeds(child);
	assert_int_equal(1, world_read(world, things.counter).count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exemplars_of_a_child_are_its_own_or_nobodys),
		TEST(a_child_of_a_bare_clone_counts_nowhere_and_comes_to_no_harm),
		TEST(children_of_children_count_for_themselves),
		TEST(a_child_of_a_plugin_with_many_metrics_counts_in_all_of_them),
		TEST(a_program_that_is_executed_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
