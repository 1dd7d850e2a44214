#include "sdk/fake_fastd.h"
#include "sdk/world.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 10000
#define BEATERS 3
#define FORKS   30

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

static void a_child_counts_for_itself(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);
	struct fast_metric *late = world_metric(world, "late", FAST_METRIC_UNDECLARED);

	fast_metric_add(frames, 5);
	fast_metric_inc(fps);
	pid_t child = fork();
	if (child == 0) {
		struct fast_metric *more = NULL;
		struct fast_metric_spec spec = {.size = sizeof spec, .name = "more"};

		fast_metric_inc(frames);
		uint64_t *count = fast_metric_counter(frames);
		child_check(*count == 1);
		for (int i = 1; i < 1000; i++) {
			fast_metric_inc(frames);
			fast_metric_inc(fps);
		}
		child_check(*count == 1000);
		fast_metric_set(late, 1);
		child_check(metric_kind(late) == FAST_METRIC_GAUGE);
		child_check(fast_plugin_metric(world->plugin, &spec, &more) == FAST_OK);
		fast_metric_inc(more);
		child_check(!fast_plugin_is_attached(world->plugin));
		child_check(fast_plugin_wait_attached(world->plugin, 1) == FAST_DEADLINE_EXCEEDED);
		fast_plugin_close(world->plugin);
		_exit(0);
	}
	assert_child_succeeds(child);
	assert_int_equal(5, world_read(world, frames).count);
	assert_int_equal(1, world_read(world, fps).count);
	assert_int_equal(FAST_METRIC_UNDECLARED, metric_kind(late));
	fast_metric_inc(frames);
	assert_int_equal(6, world_read(world, frames).count);
}

static void a_child_keeps_the_knobs_as_they_were(void **state)
{
	struct world *world = *state;
	struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = "resolution",
		.type = FAST_PARAM_INT,
		.initial.integer = 1080,
	};
	struct fast_param *param = world_param(world, &spec);
	struct fast_page_value value = {.type = FAST_PARAM_INT, .u.integer = 480};

	fast_page_view_set(world->view, 0, 1, &value);
	fast_page_view_commit(world->view);
	pid_t child = fork();
	if (child == 0) {
		child_check(fast_param_get_int(param) == 480);
		child_check(fast_param_revision(param) == 1);
		fast_plugin_close(world->plugin);
		_exit(0);
	}
	assert_child_succeeds(child);
	assert_int_equal(0, fast_page_view_ack(world->view, 0)); /* the child's get is not ours */
	value.u.integer = 360;
	fast_page_view_set(world->view, 0, 2, &value);
	fast_page_view_commit(world->view);
	assert_int_equal(360, fast_param_get_int(param));
}

/* The child's page counts its generations anew: the same number stands for another bank. */
static void a_childs_choice_is_that_of_its_own_page(void **state)
{
	static const union fast_param_value modes[] = {{.string = "slow"}, {.string = "fast"}};
	struct world *world = *state;
	struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = "mode",
		.type = FAST_PARAM_ENUM,
		.initial.string = "slow",
		.choices = modes,
		.choice_count = FAST_TEST_COUNT(modes),
	};
	struct fast_param *param = world_param(world, &spec);
	struct fast_page_value value = {.type = FAST_PARAM_ENUM, .string = "slow"};

	fast_page_view_set(world->view, 0, 1, &value);
	fast_page_view_commit(world->view);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(0, fast_param_get_choice(param));
	}
	pid_t child = fork();
	if (child == 0) {
		struct fast_page_view *view = NULL;
		const char *reason = NULL;

		child_check(fast_plugin_is_here(world->plugin));
		child_check(fast_page_view_open(world->plugin->map.fd, &view, &reason) == FAST_OK);
		strcpy(value.string, "fast");
		fast_page_view_set(view, 0, 2, &value);
		fast_page_view_commit(view);
		child_check(fast_param_get_choice(param) == 1);
		fast_page_view_close(view);
		fast_plugin_close(world->plugin);
		_exit(0);
	}
	assert_child_succeeds(child);
	assert_int_equal(0, fast_param_get_choice(param));
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Else fastd would take the plugin for alive while any child of it is. */
static void a_child_holds_on_to_nothing_of_the_parents(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	struct fast_plugin_options options = {.size = sizeof options, .socket = path};
	struct fast_plugin *plugin = NULL;
	int ends[2];

	(void)state;
	assert_ok(fast_plugin_open("bird", &options, &plugin));
	assert_ok(fast_plugin_wait_attached(plugin, WAIT_MS));
	assert_int_equal(0, pipe(ends));
	const int held[] = {plugin->socket_fd, plugin->wake_fd, plugin->map.fd};
	pid_t child = fork();
	if (child == 0) {
		char byte;

		child_check(!fast_plugin_is_attached(plugin));
		for (size_t i = 0; i < FAST_TEST_COUNT(held); i++) {
			child_check(!is_open(held[i]));
		}
		(void)close(ends[1]);
		child_check(read(ends[0], &byte, 1) == 0); /* lives as long as the test likes */
		_exit(0);
	}
	assert_true(child > 0);
	for (size_t i = 0; i < FAST_TEST_COUNT(held); i++) {
		assert_true(is_open(held[i]));
	}
	assert_true(fast_plugin_is_attached(plugin));
	fast_plugin_close(plugin);
	fake_fastd_await(fastd, detaches, 1);
	fake_fastd_await(fastd, ends, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_child_succeeds(child);
	fake_fastd_stop(fastd);
	fake_path_free(path);
}

/* The waiter has told its thread id and then waits for a fastd that never comes. */
struct waiter {
	struct fast_plugin *plugin;
	_Atomic pid_t thread;
};

static void *waiter_run(void *arg)
{
	struct waiter *waiter = arg;

	atomic_store(&waiter->thread, gettid());
	(void)!fast_plugin_wait_attached(waiter->plugin, 500);
	return NULL;
}

/* Waits until the thread sleeps, as the kernel sees it. */
static void thread_await_sleep(const struct waiter *waiter)
{
	char path[64];
	char line[256] = "";

	while (atomic_load(&waiter->thread) == 0) {
		sched_yield();
	}
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&waiter->thread));
	do {
		FILE *file = fopen(path, "r");

		assert_non_null(file);
		assert_non_null(fgets(line, sizeof line, file));
		(void)fclose(file);
	} while (strstr(line, ") S ") == NULL);
}

/* A condition variable can't be destroyed while it has waiters, and a child has a copy of them. */
static void a_child_of_a_plugin_that_was_waited_for_can_close_it(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {.plugin = world->plugin};
	pthread_t thread;

	assert_int_equal(0, pthread_create(&thread, NULL, waiter_run, &waiter));
	thread_await_sleep(&waiter);
	pid_t child = fork();
	if (child == 0) {
		(void)alarm(10);
		fast_plugin_close(world->plugin);
		_exit(0);
	}
	assert_child_succeeds(child);
	pthread_join(thread, NULL);
}

struct beater {
	struct fast_metric *metric;
	atomic_bool *done;
	_Atomic uint64_t beats;
};

static void *beater_run(void *arg)
{
	struct beater *beater = arg;

	while (!atomic_load(beater->done)) {
		fast_metric_inc(beater->metric);
		atomic_fetch_add(&beater->beats, 1);
	}
	return NULL;
}

/* All beat: none is still starting, which allocates. */
static void beaters_await(const struct beater *beaters)
{
	for (int i = 0; i < BEATERS; i++) {
		while (atomic_load(&beaters[i].beats) == 0) {
			(void)sched_yield();
		}
	}
}

static void forking_beside_beating_threads_loses_and_doubles_nothing(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	atomic_bool done = false;
	struct beater beaters[BEATERS];
	pthread_t threads[BEATERS];
	uint64_t beats = 0;

	for (int i = 0; i < BEATERS; i++) {
		beaters[i] = (struct beater){.metric = frames, .done = &done};
		assert_int_equal(0, pthread_create(&threads[i], NULL, beater_run, &beaters[i]));
	}
	beaters_await(beaters);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child == 0) {
			for (int n = 0; n < 100; n++) {
				fast_metric_inc(frames);
			}
			child_check(*fast_metric_counter(frames) == 100);
			fast_plugin_close(world->plugin);
			_exit(0);
		}
		assert_child_succeeds(child);
	}
	atomic_store(&done, true);
	for (int i = 0; i < BEATERS; i++) {
		pthread_join(threads[i], NULL);
		beats += atomic_load(&beaters[i].beats);
	}
	assert_int_equal(beats, world_read(world, frames).count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_child_counts_for_itself),
		TEST(a_child_keeps_the_knobs_as_they_were),
		TEST(a_childs_choice_is_that_of_its_own_page),
		cmocka_unit_test(a_child_holds_on_to_nothing_of_the_parents),
		TEST(a_child_of_a_plugin_that_was_waited_for_can_close_it),
		TEST(forking_beside_beating_threads_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
