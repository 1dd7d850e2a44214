/* Peers that never answer, over real sockets: one that accepts and never reads, and one that has
 * stopped in the middle of its work. Calls of every kind end in time, and so does the close. */
#include "deadlines.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define ENDPOINT_BYTES 128
#define PORT_NONE      "tcp://127.0.0.1:0"

/* A socket that the kernel alone answers for. */
static int listen_deaf_tcp(char endpoint[ENDPOINT_BYTES])
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t bytes = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fd, 16));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&address, &bytes));
	snprintf(endpoint, ENDPOINT_BYTES, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	return fd;
}

static void a_peer_that_never_reads_delays_nobody(const char *endpoint, int deaf)
{
	struct fast_client *client = real_client(endpoint);

	deadlines_hold(client);
	deadlines_close(client);
	close(deaf);
}

static void an_ipc_peer_that_never_reads_delays_nobody(void **state)
{
	struct real real;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real);
	a_peer_that_never_reads_delays_nobody(real.endpoint, real_listen_deaf(real.endpoint));
	real_close(&real);
}

static void a_tcp_peer_that_never_reads_delays_nobody(void **state)
{
	char endpoint[ENDPOINT_BYTES];
	int deaf = listen_deaf_tcp(endpoint);

	(void)state;
	a_peer_that_never_reads_delays_nobody(endpoint, deaf);
}

/* This program again, as a server; it writes where it serves. */
static int serve(const char *endpoint)
{
	struct real real = {.entered = GATE_INITIALIZER,
			    .keeping = GATE_INITIALIZER,
			    .cancelled = GATE_INITIALIZER,
			    .release = GATE_INITIALIZER,
			    .lock = PTHREAD_MUTEX_INITIALIZER};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(real.endpoint, sizeof real.endpoint, "%s", endpoint);
	real_serve(&real, NULL, 0);
	printf("%s\n", fast_server_endpoint(real.server, 0));
	fflush(stdout);
	while (pause() < 0) {
	}
	return 0;
}

/* Fills said with its endpoint. */
static pid_t spawn_server(char *endpoint, char said[ENDPOINT_BYTES])
{
	char name[] = "server";
	char option[] = "--serve";
	char *arguments[] = {name, option, endpoint, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid = 0;
	FILE *from;

	assert_int_equal(0, pipe(ends));
	assert_int_equal(0, posix_spawn_file_actions_init(&actions));
	assert_int_equal(0, posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO));
	assert_int_equal(0, posix_spawn_file_actions_addclose(&actions, ends[0]));
	assert_int_equal(0,
			 posix_spawn(&pid, "/proc/self/exe", &actions, NULL, arguments, environ));
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	from = fdopen(ends[0], "r");
	assert_non_null(from);
	assert_non_null(fgets(said, ENDPOINT_BYTES, from));
	said[strcspn(said, "\n")] = 0;
	fclose(from);
	return pid;
}

static void a_stopped_server_delays_nobody(char *endpoint)
{
	char said[ENDPOINT_BYTES];
	pid_t pid = spawn_server(endpoint, said);
	struct fast_client *client = real_client(said);
	struct fast_client *idle = real_client(said);
	int status = 0;

	assert_ok(real_echo(client, 1, 20000, NULL));
	assert_ok(real_echo(idle, 1, 20000, NULL));
	assert_int_equal(0, kill(pid, SIGSTOP));
	assert_int_equal(pid, waitpid(pid, &status, WUNTRACED));
	assert_true(WIFSTOPPED(status));
	deadlines_hold(client);
	deadlines_close(client);
	deadlines_close(idle);
	assert_int_equal(0, kill(pid, SIGKILL));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
}

static void a_stopped_ipc_server_delays_nobody(void **state)
{
	struct real real;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real);
	a_stopped_server_delays_nobody(real.endpoint);
	real_close(&real);
}

static void a_stopped_tcp_server_delays_nobody(void **state)
{
	char endpoint[] = PORT_NONE;

	(void)state;
	a_stopped_server_delays_nobody(endpoint);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipc_peer_that_never_reads_delays_nobody),
		cmocka_unit_test(a_tcp_peer_that_never_reads_delays_nobody),
		cmocka_unit_test(a_stopped_ipc_server_delays_nobody),
		cmocka_unit_test(a_stopped_tcp_server_delays_nobody),
	};

	if (argc == 3 && strcmp(argv[1], "--serve") == 0) {
		return serve(argv[2]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
