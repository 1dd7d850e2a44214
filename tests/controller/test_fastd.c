/* The daemon as a whole, in this process, with its real node and its real RPC server. */
#include "daemon/address.h"
#include "daemon/fastd.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <fast/client.h>
#include <fast/v1/plugin.fast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
	char folder[32];
	struct options options;
	struct fastd *fastd;
	char error[FASTD_ERROR_BYTES_MAX];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	struct options *options;

	if (world == NULL) {
		return -1;
	}
	*state = world;
	options = &world->options;
	snprintf(world->folder, sizeof world->folder, "/tmp/fastd-test-XXXXXX");
	if (mkdtemp(world->folder) == NULL) {
		return -1;
	}
	snprintf(options->socket, sizeof options->socket, "%s/run/fastd.sock", world->folder);
	snprintf(options->plugin_socket, sizeof options->plugin_socket, "%s/run/plugin.sock",
		 world->folder);
	snprintf(options->state_dir, sizeof options->state_dir, "%s/state", world->folder);
	snprintf(options->http, sizeof options->http, "unix:%s/run/http.sock", world->folder);
	options->tick_ms = 100;
	options->log_level = FAST_LOG_ERROR;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char command[64];

	fastd_close(world->fastd);
	snprintf(command, sizeof command, "rm -r %s", world->folder);
	free(world);
	return system(command);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void it_serves_and_leaves_no_socket_behind(void **state)
{
	struct world *world = *state;
	char endpoint[OPTIONS_TEXT_BYTES_MAX + 16];
	const Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	const Fast__V1__NodeStatusResponse *response;
	struct fast_reply reply = {0};
	struct fast_client *client = NULL;
	struct stat run;

	assert_ok(fastd_open(&world->options, &world->fastd, world->error));
	snprintf(endpoint, sizeof endpoint, "ipc://%s", world->options.socket);
	assert_ok(fast_client_open(endpoint, NULL, &client));
	assert_ok(fast_v1_node_status(client, NULL, &request, &reply));
	response = fast_v1_node_status_response(&reply);
	assert_int_equal(getpid(), response->pid);
	assert_int_equal(3, response->n_endpoints);
	assert_string_equal(endpoint, response->endpoints[0]);
	assert_string_equal(world->options.http, response->endpoints[2]);
	assert_int_equal(100, response->tick_ms);
	fast_reply_fini(&reply);
	fast_client_close(client);

	snprintf(endpoint, sizeof endpoint, "%s/run", world->folder);
	assert_int_equal(0, stat(endpoint, &run));
	assert_int_equal(0755, run.st_mode & 0777);
	fastd_close(world->fastd);
	world->fastd = NULL;
	assert_false(exists(world->options.socket));
	assert_false(exists(world->options.plugin_socket));
	assert_false(exists(world->options.http + strlen("unix:")));
}

static void the_ready_line_names_what_is_served(void **state)
{
	struct world *world = *state;
	char line[FASTD_READY_BYTES_MAX], expected[FASTD_READY_BYTES_MAX];
	struct options *options = &world->options;

	options->listen.count = 1;
	snprintf(options->listen.items[0], sizeof options->listen.items[0], "tcp://127.0.0.1:0");
	assert_ok(fastd_open(options, &world->fastd, world->error));
	fastd_describe(world->fastd, line);
	snprintf(expected, sizeof expected,
		 " ready: control ipc://%s, plugins %s, calls tcp://127.0.0.1:", options->socket,
		 options->plugin_socket);
	assert_non_null(strstr(line, expected));
	assert_null(strstr(line, "127.0.0.1:0,"));
	snprintf(expected, sizeof expected, ", http %s", options->http);
	assert_non_null(strstr(line, expected));
}

static void a_second_one_is_refused_and_harms_nothing(void **state)
{
	struct world *world = *state;
	struct fastd *second = NULL;
	char served[64];

	assert_ok(fastd_open(&world->options, &world->fastd, world->error));
	assert_status(FAST_ALREADY_EXISTS, fastd_open(&world->options, &second, world->error));
	assert_non_null(strstr(world->error, world->options.socket));
	assert_non_null(strstr(world->error, "is already running"));
	snprintf(served, sizeof served, "is served by pid %d (", (int)getpid());
	assert_non_null(strstr(world->error, served));
	assert_null(second);
	assert_true(socket_path_is_served(world->options.socket, NULL));
}

/* Of two that share nothing but one endpoint, the second says who has it. */
static void another_one_that_wants_one_of_the_sockets_is_told_who_has_it(void **state)
{
	struct world *world = *state;
	struct options wanted = world->options;
	struct fastd *second = NULL;
	char holder[64];

	assert_ok(fastd_open(&world->options, &world->fastd, world->error));
	snprintf(holder, sizeof holder, "pid %d (", (int)getpid());
	snprintf(wanted.socket, sizeof wanted.socket, "%s/other/fastd.sock", world->folder);
	snprintf(wanted.state_dir, sizeof wanted.state_dir, "%s/other/state", world->folder);

	/* The plugin socket and HTTP are the first one's. */
	assert_status(FAST_ALREADY_EXISTS, fastd_open(&wanted, &second, world->error));
	assert_non_null(strstr(world->error, "plugin.sock is in use by pid "));
	assert_non_null(strstr(world->error, holder));
	snprintf(wanted.plugin_socket, sizeof wanted.plugin_socket, "%s/other/p.sock",
		 world->folder);
	assert_status(FAST_ALREADY_EXISTS, fastd_open(&wanted, &second, world->error));
	assert_non_null(strstr(world->error, "http.sock is in use by pid "));
	assert_non_null(strstr(world->error, holder));

	/* So is a further endpoint, even where it is of another type. */
	wanted.http[0] = '\0';
	wanted.listen.count = 1;
	snprintf(wanted.listen.items[0], sizeof wanted.listen.items[0], "ipc://%.90s",
		 world->options.plugin_socket);
	assert_status(FAST_ALREADY_EXISTS, fastd_open(&wanted, &second, world->error));
	assert_non_null(strstr(world->error, holder));
	assert_non_null(strstr(world->error, "serves there"));
	snprintf(wanted.plugin_socket, sizeof wanted.plugin_socket, "%s", world->options.socket);
	assert_status(FAST_ALREADY_EXISTS, fastd_open(&wanted, &second, world->error));
	assert_non_null(strstr(world->error, "fastd.sock is in use by pid "));

	assert_null(second);
	assert_true(socket_path_is_served(world->options.plugin_socket, NULL));
	assert_true(socket_path_is_served(world->options.socket, NULL));
	assert_true(socket_path_is_served(world->options.http + strlen("unix:"), NULL));
}

static void what_cannot_be_opened_is_named(void **state)
{
	struct world *world = *state;
	FILE *file;

	snprintf(world->options.publish, sizeof world->options.publish, "ipc:///nonexistent/x");
	assert_int_not_equal(FAST_OK, fastd_open(&world->options, &world->fastd, world->error));
	assert_non_null(strstr(world->error, "ipc:///nonexistent/x"));

	world->options.publish[0] = '\0';
	file = fopen(world->options.http + strlen("unix:"), "w");
	assert_non_null(file);
	fclose(file);
	assert_int_not_equal(FAST_OK, fastd_open(&world->options, &world->fastd, world->error));
	assert_non_null(strstr(world->error, "no socket"));
	assert_false(exists(world->options.socket));
	assert_false(exists(world->options.plugin_socket));
}

/* As whom nobody let write there: another user, where the tests run as root. */
static void a_folder_of_somebody_else_is_told_with_a_way_out(void **state)
{
	struct world *world = *state;
	char run[64];
	pid_t child;
	int ended = 0;

	snprintf(run, sizeof run, "%s/run", world->folder);
	assert_int_equal(0, mkdir(run, 0555));
	assert_int_equal(0, chmod(world->folder, 0555));
	child = fork();
	if (child == 0) {
		enum fast_status status;

		if (geteuid() == 0 && setuid(65534) != 0) {
			_exit(2);
		}
		status = fastd_open(&world->options, &world->fastd, world->error);
		_exit(status == FAST_UNAVAILABLE && strstr(world->error, run) != NULL &&
				      strstr(world->error, "or set XDG_RUNTIME_DIR") != NULL
			      ? 0
			      : 1);
	}
	assert_true(child > 0);
	assert_int_equal(child, waitpid(child, &ended, 0));
	assert_int_equal(0, chmod(world->folder, 0700));
	assert_int_equal(0, ended);
}

static void open_survives_each_allocation_failure(void **state)
{
	struct world *world = *state;
	enum fast_status status;
	int n = 0;

	for (;;) {
		fault_alloc_after(n++);
		status = fastd_open(&world->options, &world->fastd, world->error);
		if (!fault_alloc_fired()) {
			break;
		}
		fault_alloc_after(-1);
		if (status == FAST_OK) { /* it could do without that memory */
			fastd_close(world->fastd);
			world->fastd = NULL;
			continue;
		}
		assert_true(world->error[0] != '\0');
		assert_null(world->fastd);
		assert_false(exists(world->options.socket));
	}
	fault_alloc_after(-1);
	assert_ok(status);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_serves_and_leaves_no_socket_behind),
		TEST(the_ready_line_names_what_is_served),
		TEST(a_second_one_is_refused_and_harms_nothing),
		TEST(another_one_that_wants_one_of_the_sockets_is_told_who_has_it),
		TEST(what_cannot_be_opened_is_named),
		TEST(a_folder_of_somebody_else_is_told_with_a_way_out),
		TEST(open_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
