/* Clients on the process's own sockets, and what a fork does to them. */
#include "rpc_real.h"

#include "support/threads.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

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

static struct fast_client *own_client(const char *endpoint)
{
	const struct fast_client_options options = {.size = sizeof options, .own_sockets = true};
	struct fast_client *client = NULL;

	return fast_client_open(endpoint, &options, &client) == FAST_OK ? client : NULL;
}

/* Its first endpoint is ipc, its second one tcp. */
static void both_open(struct real *real)
{
	real_open(real, NULL, 0);
	assert_ok(fast_server_listen(real->server, "tcp://127.0.0.1:0", 0));
}

static void both_close(struct real *real)
{
	real_stop(real);
	real_close(real);
}

static void calls_are_answered_over_each_of_them(void **state)
{
	char list[256];
	struct real real;

	(void)state;
	both_open(&real);
	snprintf(list, sizeof list, "tcp://127.0.0.1:1,%s", fast_server_endpoint(real.server, 1));
	const char *const endpoints[] = {fast_server_endpoint(real.server, 0),
					 fast_server_endpoint(real.server, 1), list};
	for (size_t i = 0; i < FAST_TEST_COUNT(endpoints); i++) {
		struct fast_client *client = own_client(endpoints[i]);
		uint32_t back = 0;

		assert_non_null(client);
		for (uint32_t n = 1; n <= 100; n++) {
			assert_ok(real_echo(client, n, WAIT_MS, &back));
			assert_int_equal(n, back);
		}
		fast_client_close(client);
	}
	both_close(&real);
}

/* The server has NNG running, which the child could not use. */
static void a_forked_process_opens_clients_of_its_own(void **state)
{
	struct real real;
	uint32_t back = 0;

	(void)state;
	both_open(&real);
	for (size_t i = 0; i < 2; i++) {
		const char *endpoint = fast_server_endpoint(real.server, i);
		struct fast_client *client = own_client(endpoint);
		pid_t child;

		assert_non_null(client);
		assert_ok(real_echo(client, 1, WAIT_MS, &back));
		assert_true(threads_rest());
		child = fork();
		if (child == 0) {
			struct fast_client *own = own_client(endpoint);
			uint32_t number = 0;

			(void)alarm(WAIT_MS / 1000);
			child_check(own != NULL);
			child_check(real_echo(own, 7, WAIT_MS, &number) == FAST_OK);
			child_check(number == 7);
			fast_client_close(own);
			_exit(0);
		}
		assert_child_succeeds(child);
		assert_ok(real_echo(client, 2, WAIT_MS, &back)); /* as if nothing had happened */
		assert_int_equal(2, back);
		fast_client_close(client);
	}
	both_close(&real);
}

static void echo_ended(const struct fast_reply *reply, void *arg)
{
	(void)reply;
	gate_pass(arg);
}

/* A call on a client to a socket of the test's own; gives the accepted connection. */
static int connected(int listener, struct fast_client *client, struct gate *ended)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	int fd;

	assert_ok(testing_v1_probe_echo_start(client, NULL, &request, echo_ended, ended));
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* Reads until the connection ends. */
static bool has_ended(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	char bytes[256];

	while (poll(&polled, 1, WAIT_MS) == 1) {
		if (recv(fd, bytes, sizeof bytes, 0) <= 0) {
			return true;
		}
	}
	return false;
}

static void a_forked_process_holds_none_of_the_connections(void **state)
{
	struct real real;
	struct gate ended = GATE_INITIALIZER;
	struct fast_client *client;
	int ends[2];
	int listener;
	pid_t child;
	int fd;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real); /* its folder alone is wanted */
	listener = real_listen_deaf(real.endpoint);
	client = own_client(real.endpoint);
	assert_non_null(client);
	fd = connected(listener, client, &ended);
	assert_int_equal(0, pipe(ends));
	child = fork();
	if (child == 0) {
		char byte;

		(void)close(ends[1]);
		child_check(read(ends[0], &byte, 1) == 0); /* lives as long as the test likes */
		_exit(0);
	}
	fast_client_close(client);
	assert_true(has_ended(fd));
	assert_int_equal(1, gate_count(&ended));
	(void)close(ends[1]);
	(void)close(ends[0]);
	assert_child_succeeds(child);
	close(fd);
	close(listener);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_answered_over_each_of_them),
		cmocka_unit_test(a_forked_process_opens_clients_of_its_own),
		cmocka_unit_test(a_forked_process_holds_none_of_the_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
