/* Peers that stop: none delays a call past its deadline, nor a close. */
#include "rpc_real.h"

#include "base/timer.h"
#include "rpc/frame.h"
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MS 1000000
/* What a loaded machine may add to a deadline. */
#define LATE_MS_MAX 1000

/* A folder with a socket that nobody reads from. */
static void open_deaf(struct real *real, int *deaf)
{
	real_open(real, NULL, 0);
	real_stop(real);
	*deaf = real_listen_deaf(real->endpoint);
}

static void expect_deadline(struct fast_client *client, size_t blob_bytes, int64_t timeout_ms,
			    enum fast_executed executed)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	int64_t begin_ns = fast_clock_now_ns();

	request.blob.data = calloc(1, blob_bytes + 1);
	request.blob.len = blob_bytes;
	assert_non_null(request.blob.data);
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_echo(client, &options, &request, &reply));
	assert_int_equal(executed, reply.executed);
	assert_in_range((fast_clock_now_ns() - begin_ns) / MS, timeout_ms,
			timeout_ms + LATE_MS_MAX);
	fast_reply_fini(&reply);
	free(request.blob.data);
}

static void a_server_that_never_reads_delays_no_call_and_no_close(void **state)
{
	struct real real;
	struct fast_client *client;
	int64_t begin_ns;
	int deaf;

	(void)state;
	open_deaf(&real, &deaf);
	client = real_client(real.endpoint);
	expect_deadline(client, 10, 200, FAST_EXECUTED_UNKNOWN);
	expect_deadline(client, 3000000, 200,
			FAST_EXECUTED_UNKNOWN);                  /* more than the kernel takes */
	expect_deadline(client, 3000000, 200, FAST_EXECUTED_NO); /* never left the queue */
	expect_deadline(client, 10, 200, FAST_EXECUTED_NO);
	begin_ns = fast_clock_now_ns();
	fast_client_close(client);
	assert_true(fast_clock_now_ns() - begin_ns < LATE_MS_MAX * (int64_t)MS);
	close(deaf);
	real_close(&real);
}

static void callbacks_of_a_deaf_server_come_in_time(void **state)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 200};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	struct real real;
	struct fast_client *client;
	int64_t begin_ns = fast_clock_now_ns();
	int deaf;

	(void)state;
	open_deaf(&real, &deaf);
	client = real_client(real.endpoint);
	for (int i = 0; i < 100; i++) {
		assert_ok(
			testing_v1_probe_echo_start(client, &options, &request, real_pass, &ended));
	}
	assert_true(gate_wait(&ended, 100));
	assert_in_range((fast_clock_now_ns() - begin_ns) / MS, 200, 200 + LATE_MS_MAX);
	fast_client_close(client);
	assert_int_equal(100, gate_count(&ended));
	close(deaf);
	real_close(&real);
}

struct closer {
	struct fast_client *client;
	struct fast_reply reply;
	pthread_t thread;
	struct gate begun;
};

static void *closer_call(void *arg)
{
	struct closer *closer = arg;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	gate_pass(&closer->begun);
	testing_v1_probe_echo(closer->client, NULL, &request, &closer->reply);
	return NULL;
}

static void a_close_ends_a_caller_that_waits(void **state)
{
	struct closer closers[4];
	struct real real;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, 0);
	real.handling = REAL_KEEPS;
	client = real_client(real.endpoint);
	for (int i = 0; i < 4; i++) {
		closers[i] = (struct closer){.client = client, .begun = GATE_INITIALIZER};
		assert_int_equal(
			0, pthread_create(&closers[i].thread, NULL, closer_call, &closers[i]));
		assert_true(gate_wait(&closers[i].begun, 1));
	}
	assert_true(gate_wait(&real.keeping, 4)); /* all are inside */
	fast_client_close(client);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(0, pthread_join(closers[i].thread, NULL));
		assert_status(FAST_CANCELLED, closers[i].reply.status);
		assert_int_equal(FAST_EXECUTED_UNKNOWN, closers[i].reply.executed);
		fast_reply_fini(&closers[i].reply);
	}
	assert_true(gate_wait(&real.cancelled, 4));
	real_answer_kept(&real);
	real_stop(&real);
	real_close(&real);
}

/* A raw client that asks for answers of 50000 bytes and reads none; the socket. */
static int connect_deaf(const struct real *real, uint32_t requests)
{
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static const char method[] = "testing.v1.Probe/Echo";
	static uint8_t blob[50000];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", real->folder);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(8, send(fd, "\0SP\0\0\x30\0\0", 8, 0));
	packet.method = (struct fast_span){(const uint8_t *)method, sizeof method - 1};
	request.blob.data = blob;
	request.blob.len = sizeof blob;
	for (uint32_t i = 0; i < requests; i++) {
		struct fast_frame *frame = NULL;
		uint8_t header[4];
		fast_id_write(0x80000001u + i, header);
		assert_ok(fast_frame_packet(FAST_SP_IPC, header, sizeof header, &packet,
					    &request.base, FAST_MESSAGE_BYTES_MAX, &frame));
		/* The server stops reading at last; that is as good. What went in part ends it: a
		 * frame behind a torn one is no frame. */
		ssize_t sent =
			send(fd, frame->bytes, frame->byte_count, MSG_DONTWAIT | MSG_NOSIGNAL);
		bool is_whole = sent == (ssize_t)frame->byte_count;
		fast_frame_free(frame);
		if (!is_whole) {
			break;
		}
	}
	return fd;
}

static void a_client_that_reads_no_answers_disturbs_nobody(void **state)
{
	struct real real;
	struct fast_client *client;
	int64_t begin_ns;
	int deaf[8];

	(void)state;
	real_open(&real, NULL, FAST_SERVICE_INLINE);
	for (int i = 0; i < 8; i++) {
		deaf[i] = connect_deaf(&real, 100);
	}
	client = real_client(real.endpoint);
	for (uint32_t i = 0; i < 100; i++) {
		assert_ok(real_echo(client, i, 1000, NULL));
	}
	fast_client_close(client);
	begin_ns = fast_clock_now_ns();
	real_stop(&real);
	assert_true(fast_clock_now_ns() - begin_ns < LATE_MS_MAX * (int64_t)MS);
	for (int i = 0; i < 8; i++) {
		close(deaf[i]);
	}
	real_close(&real);
}

/* This program again, as a server. */
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
	while (pause() < 0) {
	}
	return 0;
}

static pid_t spawn_server(char *endpoint)
{
	char name[] = "server";
	char option[] = "--serve";
	char *arguments[] = {name, option, endpoint, NULL};
	pid_t pid = 0;

	assert_int_equal(0, posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ));
	return pid;
}

/* Returns when it has stopped. */
static void stop_server(pid_t pid)
{
	int status = 0;

	assert_int_equal(0, kill(pid, SIGSTOP));
	assert_int_equal(pid, waitpid(pid, &status, WUNTRACED));
	assert_true(WIFSTOPPED(status));
}

static void a_stopped_server_costs_a_call_its_deadline_and_no_more(void **state)
{
	struct fast_call_options patient = {
		.size = sizeof patient, .timeout_ms = 20000, .wait_for_ready = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct real real;
	struct fast_client *client;
	struct fast_reply reply;
	pid_t pid;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real);
	pid = spawn_server(real.endpoint);
	client = real_client(real.endpoint);
	assert_ok(testing_v1_probe_echo(client, &patient, &request, &reply));
	fast_reply_fini(&reply);

	stop_server(pid);
	expect_deadline(client, 10, 200, FAST_EXECUTED_UNKNOWN);
	expect_deadline(client, 10, 200, FAST_EXECUTED_UNKNOWN);
	assert_int_equal(0, kill(pid, SIGCONT));
	assert_ok(real_echo(client, 1, 20000, NULL)); /* the connection has survived */

	stop_server(pid);
	fast_client_close(client);
	assert_int_equal(0, kill(pid, SIGKILL));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	real_close(&real);
}

static void a_killed_server_ends_calls_with_unknown(void **state)
{
	/* With keys they would wait for the server to come back. */
	const struct fast_call_options options = {.size = sizeof options, .once = FAST_ONCE_OFF};
	struct fast_call_options patient = {
		.size = sizeof patient, .timeout_ms = 20000, .wait_for_ready = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	struct real real;
	struct fast_client *client;
	struct fast_reply reply;
	pid_t pid;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real);
	pid = spawn_server(real.endpoint);
	client = real_client(real.endpoint);
	assert_ok(testing_v1_probe_echo(client, &patient, &request, &reply));
	fast_reply_fini(&reply);
	stop_server(pid);
	for (int i = 0; i < 10; i++) {
		assert_ok(
			testing_v1_probe_echo_start(client, &options, &request, real_pass, &ended));
	}
	assert_int_equal(0, kill(pid, SIGKILL));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	assert_true(gate_wait(&ended, 10));
	assert_status(FAST_UNAVAILABLE, real_echo(client, 1, 20000, NULL));
	fast_client_close(client);
	real_close(&real);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_never_reads_delays_no_call_and_no_close),
		cmocka_unit_test(callbacks_of_a_deaf_server_come_in_time),
		cmocka_unit_test(a_close_ends_a_caller_that_waits),
		cmocka_unit_test(a_client_that_reads_no_answers_disturbs_nobody),
		cmocka_unit_test(a_stopped_server_costs_a_call_its_deadline_and_no_more),
		cmocka_unit_test(a_killed_server_ends_calls_with_unknown),
	};

	if (argc == 3 && strcmp(argv[1], "--serve") == 0) {
		return serve(argv[2]);
	}
	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	real_transport = "unix";
	return failed + cmocka_run_group_tests_name("unix", tests, NULL, NULL);
}
