#include "sdk/fake_fastd.h"
#include "sdk/world.h"

#include "support/fault_alloc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 10000

static int capture_setup(void **state)
{
	(void)state;
	log_capture();
	return 0;
}

static void open_refuses_what_is_wrong_and_logs_what_would_be_right(void **state)
{
	char path[109];
	const struct {
		const char *name;
		struct fast_plugin_options options;
		const char *message;
	} cases[] = {
		{"Bird",
		 {.size = sizeof cases[0].options},
		 "plugin \"Bird\": upper case 'B' at byte 0; use [a-z0-9_-] parts joined by dots"},
		{"bird",
		 {.size = 1},
		 "plugin options: size is 1; set it to sizeof(struct fast_plugin_options)"},
		{"bird",
		 {.size = sizeof cases[0].options, .version = "1\n2"},
		 "plugin \"bird\": version has a control character at byte 1; use one line"},
		{"bird",
		 {.size = sizeof cases[0].options, .socket = path},
		 "socket path of 108 bytes: at most 107"},
	};

	(void)state;
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct fast_plugin *plugin = NULL;

		assert_status(FAST_INVALID_ARGUMENT,
			      fast_plugin_open(cases[i].name, &cases[i].options, &plugin));
		assert_null(plugin);
		assert_int_equal(i + 1, log_count());
		assert_string_equal(cases[i].message, log_last());
	}
}

static void open_survives_each_allocation_failure(void **state)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent/x"};
	struct fast_plugin *plugin = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_plugin_open("bird", &options, &plugin);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(plugin);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	fast_plugin_close(plugin);
}

/* Without descriptors there is no memfd and no eventfd. */
static void open_without_descriptors_fails_or_runs_unattached(void **state)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent/x"};
	struct fast_plugin *plugin = NULL;
	struct rlimit old;
	struct rlimit none;

	(void)state;
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &old));
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
	enum fast_status status = fast_plugin_open("bird", &options, &plugin);
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &old));
	assert_ok(status); /* on memory that nobody else sees */
	assert_int_equal(-1, plugin->map.fd);
	assert_string_equal("plugin \"bird\": no memfd: it runs, but fastd can't see it",
			    log_last());

	struct fast_metric_spec spec = {.size = sizeof spec, .name = "fps"};
	struct fast_metric *metric = NULL;
	assert_ok(fast_plugin_metric(plugin, &spec, &metric));
	fast_metric_inc(metric);
	assert_status(FAST_DEADLINE_EXCEEDED, fast_plugin_wait_attached(plugin, 1));
	fast_plugin_close(plugin);
}

static void close_of_null_is_allowed(void **state)
{
	(void)state;
	fast_plugin_close(NULL);
}

static void the_socket_comes_from_the_environment(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	struct fast_plugin *plugin = NULL;

	(void)state;
	assert_int_equal(0, setenv("FASTD_PLUGIN_SOCKET", path, 1));
	assert_ok(fast_plugin_open("bird", NULL, &plugin));
	assert_int_equal(0, unsetenv("FASTD_PLUGIN_SOCKET"));
	assert_ok(fast_plugin_wait_attached(plugin, WAIT_MS));
	fast_plugin_close(plugin);
	fake_fastd_stop(fastd);
	fake_path_free(path);
}

static void without_it_the_socket_is_the_users_or_the_nodes(void **state)
{
	struct fast_plugin *plugin = NULL;

	(void)state;
	assert_int_equal(0, setenv("XDG_RUNTIME_DIR", "/nonexistent/user", 1));
	assert_ok(fast_plugin_open("bird", NULL, &plugin));
	assert_string_equal("/nonexistent/user/fastd/plugin.sock", plugin->addresses[0].sun_path);
	assert_string_equal("/run/fastd/plugin.sock", plugin->addresses[1].sun_path);
	fast_plugin_close(plugin);
	assert_int_equal(0, unsetenv("XDG_RUNTIME_DIR"));
	assert_ok(fast_plugin_open("bird", NULL, &plugin));
	assert_string_equal("/run/fastd/plugin.sock", plugin->addresses[0].sun_path);
	assert_string_equal("", plugin->addresses[1].sun_path);
	fast_plugin_close(plugin);
}

static void a_plugin_of_a_user_without_a_fastd_attaches_to_the_nodes(void **state)
{
	char *path = fake_path_new();
	struct fake_fastd *fastd = fake_fastd_start(path, FAKE_ANSWERS, "x");
	struct fast_plugin *plugin = NULL;

	(void)state;
	assert_int_equal(0, setenv("XDG_RUNTIME_DIR", "/nonexistent/user", 1));
	assert_ok(fast_plugin_open("bird", NULL, &plugin));
	assert_int_equal(0, unsetenv("XDG_RUNTIME_DIR"));
	pthread_mutex_lock(&plugin->lock);
	(void)snprintf(plugin->addresses[1].sun_path, sizeof plugin->addresses[1].sun_path, "%s",
		       path);
	pthread_mutex_unlock(&plugin->lock);
	assert_ok(fast_plugin_wait_attached(plugin, WAIT_MS));
	fast_plugin_close(plugin);
	fake_fastd_stop(fastd);
	fake_path_free(path);
}

static atomic_ulong handler_thread;

static void signal_keep(int number)
{
	(void)number;
	atomic_store(&handler_thread, (unsigned long)pthread_self());
}

/* If the plugin's thread took signals, it would be the only one left to take this. */
static void no_signal_is_handled_on_the_plugins_thread(void **state)
{
	struct sigaction action = {.sa_handler = signal_keep};
	struct sigaction old;
	sigset_t set;
	sigset_t old_set;
	struct world *world = NULL;

	(void)state;
	assert_int_equal(0, world_setup((void **)&world));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_int_equal(0, sigaction(SIGUSR1, &action, &old));
	assert_int_equal(0, pthread_sigmask(SIG_BLOCK, &set, &old_set));
	assert_int_equal(0, kill(getpid(), SIGUSR1));
	assert_int_equal(0, world_teardown((void **)&world)); /* joins the thread */
	assert_int_equal(0, atomic_load(&handler_thread));
	assert_int_equal(0, pthread_sigmask(SIG_SETMASK, &old_set, NULL));
	assert_int_equal((unsigned long)pthread_self(), atomic_load(&handler_thread));
	assert_int_equal(0, sigaction(SIGUSR1, &old, NULL));
}

static void a_plugin_leaves_no_descriptor_behind(void **state)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent/x"};
	struct fast_plugin *plugin = NULL;
	int before = dup(0);

	(void)state;
	assert_int_equal(0, close(before));
	for (int i = 0; i < 20; i++) {
		assert_ok(fast_plugin_open("bird", &options, &plugin));
		fast_plugin_close(plugin);
	}
	int after = dup(0);
	assert_int_equal(before, after);
	assert_int_equal(0, close(after));
}

/* By the API alone, on the thread that asked. */
static void a_failed_open_says_why(void **state)
{
	struct fast_plugin_options options = {.size = sizeof options, .endpoint = "tcp://[::1]:1"};
	struct fast_plugin *plugin = NULL;
	char error[FAST_PLUGIN_ERROR_BYTES] = "x";

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, fast_plugin_open("Bad Name", NULL, &plugin));
	fast_plugin_open_error(error, sizeof error);
	assert_string_equal("plugin \"Bad Name\": upper case 'B' at byte 0; use [a-z0-9_-] parts "
			    "joined by dots",
			    error);
	assert_status(FAST_FAILED_PRECONDITION, fast_plugin_open("bird", &options, &plugin));
	fast_plugin_open_error(error, sizeof error);
	assert_string_equal(
		"plugin \"bird\": endpoint tcp://[::1]:1 needs fast_plugin_use_remote() "
		"of the library fast::plugin_remote",
		error);
	assert_null(plugin);
	options.size = offsetof(struct fast_plugin_options, endpoint); /* of an older header */
	options.socket = "/nonexistent/x";
	assert_ok(fast_plugin_open("bird", &options, &plugin));
	fast_plugin_open_error(error, sizeof error);
	assert_string_equal("", error);
	fast_plugin_close(plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(open_refuses_what_is_wrong_and_logs_what_would_be_right,
				       capture_setup),
		cmocka_unit_test_setup(open_survives_each_allocation_failure, capture_setup),
		cmocka_unit_test_setup(open_without_descriptors_fails_or_runs_unattached,
				       capture_setup),
		cmocka_unit_test_setup(a_failed_open_says_why, capture_setup),
		cmocka_unit_test(close_of_null_is_allowed),
		cmocka_unit_test(the_socket_comes_from_the_environment),
		cmocka_unit_test(without_it_the_socket_is_the_users_or_the_nodes),
		cmocka_unit_test(a_plugin_of_a_user_without_a_fastd_attaches_to_the_nodes),
		cmocka_unit_test(no_signal_is_handled_on_the_plugins_thread),
		cmocka_unit_test(a_plugin_leaves_no_descriptor_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
