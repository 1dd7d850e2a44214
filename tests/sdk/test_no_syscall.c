/* The hot calls under a seccomp filter that kills: whatever enters the kernel fails the test. */
#include "sdk/world.h"

#include <fast/exemplar.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS           100000
#define EXIT_NO_SECCOMP 77

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Allows _exit() and one more call. */
static void filter_set(uint32_t allowed)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {FAST_TEST_COUNT(rules), rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		_exit(EXIT_NO_SECCOMP);
	}
}

/* Runs in a child under the filter, which gets its own page of the plugin before and holds its
 * lock: whoever takes that waits in the kernel. Gives its wait status. */
static int child_run(struct fast_plugin *plugin, void (*run)(void *arg), void *arg,
		     uint32_t allowed)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (!fast_plugin_is_here(plugin)) {
			_exit(1);
		}
		pthread_mutex_lock(&plugin->lock);
		filter_set(allowed);
		run(arg);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(child, waitpid(child, &status, 0));
	return status;
}

static void clock_read(void *arg)
{
	(void)arg;
	(void)fast_metric_now();
}

struct hot {
	struct fast_metric *counter;
	struct fast_metric *gauge;
	struct fast_metric *histogram;
	struct fast_metric *timer;
	struct fast_metric *heartbeat;
	struct fast_metric *states;
	struct fast_metric *series;
	struct fast_param *integer;
	struct fast_param *string;
	struct fast_param *mode;
	struct fast_param *flag;
	struct fast_param *real;
	struct fast_plugin *plugin;
};

static void hot_run(void *arg)
{
	const struct hot *hot = arg;
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];
	struct fast_param *const params[] = {hot->integer, hot->string, hot->mode};
	struct fast_param_reading readings[3];
	const struct fast_label trace = {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"};
	struct fast_exemplar exemplar = {
		.size = sizeof exemplar, .labels = &trace, .label_count = 1, .time_unix_ns = 1};

	for (int i = 0; i < CALLS; i++) {
		fast_metric_inc(hot->counter);
		fast_metric_add(hot->counter, 2);
		fast_metric_set(hot->gauge, i);
		fast_metric_observe(hot->histogram, i);
		exemplar.time_unix_ns += 1000000;
		(void)fast_metric_observe_exemplar(hot->histogram, i, &exemplar);
		(void)fast_metric_inc_exemplar(hot->counter, &exemplar);
		exemplar.time_unix_ns += 1000000;
		(void)fast_metric_add_exemplar(hot->counter, 2, &exemplar);
		fast_metric_observe_since(hot->timer, i);
		fast_metric_inc(hot->heartbeat);
		fast_metric_add(hot->heartbeat, 2);
		fast_metric_beat(hot->heartbeat, i);
		fast_metric_inc(fast_metric_nowhere());
		fast_metric_set(fast_metric_nowhere(), i);
		fast_metric_observe(fast_metric_nowhere(), i);
		fast_metric_observe(hot->timer, i);
		fast_metric_state(hot->states, 0, i % 2 == 0);
		fast_metric_enter(hot->states, 1);
		fast_metric_inc(hot->series);
		(void)fast_param_get_int(hot->integer);
		(void)fast_param_get_bool(hot->flag);
		(void)fast_param_get_double(hot->real);
		(void)fast_param_revision(hot->real);
		(void)fast_param_get_choice(hot->mode);
		(void)fast_plugin_is_attached(hot->plugin);
		(void)fast_plugin_dispatch(hot->plugin);
		fast_param_get_string(hot->string, text);
		(void)!fast_param_snapshot(params, 3, readings);
		fast_param_applied(hot->integer, readings[0].revision);
	}
}

static struct hot hot_declare(struct world *world)
{
	static const union fast_param_value modes[] = {{.string = "slow"}, {.string = "fast"}};
	const struct fast_param_spec integer = {
		.size = sizeof integer, .name = "i", .type = FAST_PARAM_INT};
	const struct fast_param_spec string = {.size = sizeof string,
					       .name = "s",
					       .type = FAST_PARAM_STRING,
					       .initial.string = "yolo"};
	const struct fast_param_spec mode = {
		.size = sizeof mode,
		.name = "mode",
		.type = FAST_PARAM_ENUM,
		.initial.string = "slow",
		.choices = modes,
		.choice_count = 2,
	};

	const struct fast_param_spec flag = {
		.size = sizeof flag, .name = "flag", .type = FAST_PARAM_BOOL};
	const struct fast_param_spec real = {
		.size = sizeof real, .name = "real", .type = FAST_PARAM_DOUBLE};
	static const char *const names[] = {"idle", "busy"};
	const struct fast_metric_spec set = {.size = sizeof set,
					     .name = "f",
					     .kind = FAST_METRIC_STATESET,
					     .states = names,
					     .state_count = 2};
	const struct fast_label label = {"camera", "left"};
	struct fast_metric *states = NULL;
	struct fast_metric *series = NULL;

	assert_ok(fast_plugin_metric(world->plugin, &set, &states));
	assert_ok(fast_metric_with(world_metric(world, "g", FAST_METRIC_COUNTER), &label, 1,
				   &series));
	return (struct hot){
		.states = states,
		.series = series,
		.counter = world_metric(world, "a", FAST_METRIC_COUNTER),
		.gauge = world_metric(world, "b", FAST_METRIC_GAUGE),
		.histogram = world_metric(world, "c", FAST_METRIC_HISTOGRAM),
		.timer = world_metric(world, "d", FAST_METRIC_TIMER),
		.heartbeat = world_metric(world, "e", FAST_METRIC_HEARTBEAT),
		.integer = world_param(world, &integer),
		.string = world_param(world, &string),
		.mode = world_param(world, &mode),
		.flag = world_param(world, &flag),
		.real = world_param(world, &real),
		.plugin = world->plugin,
	};
}

/* Knobs turned before the fork, so that the child's first gets also find something new. */
static void knobs_turn(struct world *world)
{
	struct fast_page_value integer = {.type = FAST_PARAM_INT, .u.integer = 4};
	struct fast_page_value mode = {.type = FAST_PARAM_ENUM, .string = "fast"};

	fast_page_view_set(world->view, 0, 1, &integer);
	fast_page_view_set(world->view, 1, 2, &mode);
	fast_page_view_set(world->view, 2, 3, &mode);
	fast_page_view_commit(world->view);
}

static void no_hot_call_enters_the_kernel(void **state)
{
	struct world *world = *state;
	struct hot hot = hot_declare(world);
	uint32_t allowed = SYS_exit_group;
	int status;

	if (SANITIZED) {
		skip(); /* the sanitizer's own calls would be killed */
	}
	hot_run(&hot); /* the page and the vDSO are mapped in */
	status = child_run(world->plugin, clock_read, NULL, allowed);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_SECCOMP) {
		skip();
	}
	if (WIFSIGNALED(status)) {
		allowed = SYS_clock_gettime; /* this machine's clock can't be read without one */
	}
	knobs_turn(world);
	assert_int_equal(0, child_run(world->plugin, hot_run, &hot, allowed));
}

/* The test itself: a call that does enter the kernel is caught. */
static void kernel_enter(void *arg)
{
	(void)arg;
	(void)getppid();
}

static void a_call_that_enters_the_kernel_would_be_caught(void **state)
{
	struct world *world = *state;
	int status;

	if (SANITIZED) {
		skip();
	}
	status = child_run(world->plugin, kernel_enter, NULL, SYS_exit_group);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_SECCOMP) {
		skip();
	}
	assert_true(WIFSIGNALED(status));
	assert_int_equal(SIGSYS, WTERMSIG(status));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_hot_call_enters_the_kernel),
		TEST(a_call_that_enters_the_kernel_would_be_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
