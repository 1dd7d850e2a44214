#include "support/harness.h"

#include "runtime/link_pair.h"
#include "support/fault_alloc.h"

#include <fast/log.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534

static struct fast_link_listener *listen_at(const char *endpoint, struct link_inbox *inbox)
{
	struct fast_link_listener *listener = NULL;

	link_inbox_init(inbox);
	assert_ok(fast_link_listen(endpoint, 0, link_inbox_accepted, inbox, &listener));
	return listener;
}

static enum fast_status listen_fails(const char *endpoint, unsigned mode)
{
	struct fast_link_listener *listener = NULL;
	struct link_inbox inbox;
	enum fast_status status;

	link_inbox_init(&inbox);
	status = fast_link_listen(endpoint, mode, link_inbox_accepted, &inbox, &listener);
	assert_null(listener);
	return status;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_true(strlen(path) < sizeof address.sun_path);
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

static int connect_plain(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void inbox_free_all(struct link_inbox *inbox)
{
	for (size_t i = 0; i < inbox->count; i++) {
		inbox->links[i]->ops->free(inbox->links[i]);
	}
}

static void a_thousand_who_come_and_go_leave_the_listener_alive(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = listen_at(link_folder_endpoint("alive"), &inbox);
	size_t descriptors = link_descriptors();
	int fd;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		fd = connect_plain(link_folder_path("alive"));
		assert_true(fd >= 0);
		if (i % 3 == 0) {
			(void)!send(fd, "\0SP", 3, MSG_NOSIGNAL); /* it may be closed already */
		}
		close(fd);
	}
	assert_true(gate_wait(&inbox.accepted, 1000));
	fd = connect_plain(link_folder_path("alive"));
	assert_true(fd >= 0);
	assert_true(gate_wait(&inbox.accepted, 1001));
	close(fd);
	fast_link_listener_close(listener);
	inbox_free_all(&inbox);
	link_descriptors_await(descriptors);
}

static void a_stale_socket_is_taken_over(void **state)
{
	struct sockaddr_un address = address_of(link_folder_path("stale"));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct link_pair pair;

	(void)state;
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fd, 1));
	close(fd); /* as a process does that is killed */
	assert_int_equal(0, access(link_folder_path("stale"), F_OK));
	link_pair_open(&pair, link_folder_endpoint("stale"));
	link_pass_text(&pair.client, &pair.server, "mine now");
	link_pair_close(&pair);
}

static void a_socket_that_is_served_is_refused(void **state)
{
	struct link_pair pair;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("live"));
	for (int i = 0; i < 10; i++) {
		assert_status(FAST_ALREADY_EXISTS, listen_fails(link_folder_endpoint("live"), 0));
	}
	link_pass_text(&pair.client, &pair.server, "still here");
	link_pair_close(&pair);
}

static void a_socket_of_another_kind_is_refused(void **state)
{
	struct sockaddr_un address = address_of(link_folder_path("packets"));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)state;
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fd, 1));
	assert_status(FAST_ALREADY_EXISTS, listen_fails(link_folder_endpoint("packets"), 0));
	assert_int_equal(0, access(link_folder_path("packets"), F_OK));
	close(fd);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	int fd = open(link_folder_path("diary"), O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_int_equal(4, write(fd, "dear", 4));
	close(fd);
	assert_status(FAST_FAILED_PRECONDITION, listen_fails(link_folder_endpoint("diary"), 0));
	assert_int_equal(0, access(link_folder_path("diary"), F_OK));
	assert_int_equal(0, symlink("nowhere", link_folder_path("link")));
	assert_status(FAST_FAILED_PRECONDITION, listen_fails(link_folder_endpoint("link"), 0));
}

static void the_file_has_the_mode_asked_for(void **state)
{
	static const unsigned modes[] = {0600, 0660, 0666, 0};
	struct link_inbox inbox;
	mode_t mask = umask(027);

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(modes); i++) {
		struct fast_link_listener *listener = NULL;
		struct stat file;

		link_inbox_init(&inbox);
		assert_ok(fast_link_listen(link_folder_endpoint("mode"), modes[i],
					   link_inbox_accepted, &inbox, &listener));
		assert_int_equal(0, stat(link_folder_path("mode"), &file));
		assert_int_equal(modes[i] == 0 ? 0750 : modes[i], file.st_mode & 0777);
		fast_link_listener_close(listener);
	}
	umask(mask);
	assert_status(FAST_INVALID_ARGUMENT, listen_fails(link_folder_endpoint("mode"), 01777));
}

static void closing_removes_the_file(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = listen_at(link_folder_endpoint("gone"), &inbox);

	(void)state;
	assert_int_equal(0, access(link_folder_path("gone"), F_OK));
	fast_link_listener_close(listener);
	assert_int_equal(-1, access(link_folder_path("gone"), F_OK));
	fast_link_listener_close(NULL);
}

static void paths_that_cannot_be_are_refused(void **state)
{
	char endpoint[300];
	size_t bytes;

	(void)state;
	snprintf(endpoint, sizeof endpoint, "%s:///tmp/", link_scheme);
	bytes = strlen(endpoint);
	memset(endpoint + bytes, 'x', 200);
	endpoint[bytes + 200] = '\0';
	assert_status(FAST_INVALID_ARGUMENT, listen_fails(endpoint, 0));
	assert_status(FAST_INVALID_ARGUMENT, listen_fails("ipc://", 0));
	assert_status(FAST_INVALID_ARGUMENT, listen_fails("unix://", 0));
	assert_status(FAST_INVALID_ARGUMENT, listen_fails("carrier-pigeon://home", 0));
	assert_status(FAST_NOT_FOUND, listen_fails(link_folder_endpoint("no/such"), 0));
}

static void a_path_of_107_bytes_is_the_longest(void **state)
{
	char endpoint[FAST_ENDPOINT_BYTES_MAX] = {0};
	size_t bytes = strlen(link_scheme) + strlen("://") + FAST_SOCKET_PATH_BYTES_MAX;
	struct link_pair pair;

	(void)state;
	memset(endpoint, 'x', bytes);
	memcpy(endpoint, link_folder_endpoint("long"), strlen(link_folder_endpoint("long")));
	link_pair_open(&pair, endpoint);
	link_pass_text(&pair.client, &pair.server, "far");
	link_pair_close(&pair);
}

static void *listen_as_nobody(void *arg)
{
	struct fast_link_listener *listener = NULL;
	struct link_inbox inbox;

	link_inbox_init(&inbox);
	setfsuid(NOBODY); /* this thread's alone */
	*(enum fast_status *)arg = fast_link_listen(link_folder_endpoint("forbidden"), 0,
						    link_inbox_accepted, &inbox, &listener);
	fast_link_listener_close(listener);
	return NULL;
}

static void a_folder_that_may_not_be_written_is_refused(void **state)
{
	enum fast_status status = FAST_OK;
	pthread_t thread;

	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	assert_int_equal(0, pthread_create(&thread, NULL, listen_as_nobody, &status));
	pthread_join(thread, NULL);
	assert_status(FAST_PERMISSION_DENIED, status);
}

static void tcp_is_for_loopback_alone(void **state)
{
	static const char *const endpoints[] = {
		"tcp://0.0.0.0:0",     "tcp://*:0",        "tcp://:0",
		"tcp://10.0.0.1:0",    "tcp://[::]:0",     "tcp://128.0.0.1:0",
		"tcp://localhost",     "tcp://127.0.0.1",  "tcp://127.0.0.1:",
		"tcp://127.0.0.1:x",   "tcp://",           "tcp://127.0.0.1:65536",
		"tcp://127.0.0.1:-1",  "tcp://127.1:0",    "tcp://example.com:80",
		"tcp://127.0.0.1:0/x", "tcp:/127.0.0.1:0",
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(endpoints); i++) {
		assert_status(FAST_INVALID_ARGUMENT, listen_fails(endpoints[i], 0));
	}
}

static void the_endpoint_has_its_real_port(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = listen_at("tcp://localhost:0", &inbox);
	unsigned port = 0;

	(void)state;
	assert_int_equal(
		1, sscanf(fast_link_listener_endpoint(listener), "tcp://127.0.0.1:%u", &port));
	assert_in_range(port, 1, 65535);
	assert_status(FAST_ALREADY_EXISTS, listen_fails(fast_link_listener_endpoint(listener), 0));
	fast_link_listener_close(listener);
}

static void loopback_of_ipv6_is_served(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool is_there = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
	struct link_pair pair;

	(void)state;
	close(fd);
	if (!is_there) {
		skip();
	}
	link_pair_open(&pair, "tcp://[::1]:0");
	link_pass_text(&pair.client, &pair.server, "six");
	link_pair_close(&pair);
}

static struct gate pauses = GATE_INITIALIZER;

static void log_pause(enum fast_log_level level, const char *message, void *arg)
{
	(void)level;
	if (strstr(message, "cannot accept connections") != NULL) {
		gate_pass(arg);
	}
}

/* What earlier tests have closed may become free late, so that some of the many are let in. The
 * first comes before there is want: what all links share exists, and each wants a descriptor alone.
 */
static void running_out_of_descriptors_is_only_a_pause(void **state)
{
	struct sockaddr_un address = address_of(link_folder_path("files"));
	struct link_inbox inbox;
	struct fast_link_listener *listener = listen_at(link_folder_endpoint("files"), &inbox);
	unsigned before = gate_count(&pauses);
	struct rlimit all;
	struct rlimit tight;
	int fds[FAST_TEST_COUNT(inbox.links)];

	(void)state;
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &all));
	fds[0] = connect_plain(link_folder_path("files"));
	assert_true(gate_wait(&inbox.accepted, 1));
	for (size_t i = 1; i < FAST_TEST_COUNT(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_true(fds[i] >= 0);
	}
	tight = all;
	tight.rlim_cur = (rlim_t)fds[FAST_TEST_COUNT(fds) - 1] + 1; /* nothing above is free */
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &tight));
	for (size_t i = 1; i < FAST_TEST_COUNT(fds); i++) {
		assert_int_equal(0, connect(fds[i], (struct sockaddr *)&address, sizeof address));
	}
	assert_true(gate_wait(&pauses, before + 1));
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &all));
	assert_true(gate_wait(&inbox.accepted, FAST_TEST_COUNT(fds)));
	for (size_t i = 0; i < FAST_TEST_COUNT(fds); i++) {
		close(fds[i]);
	}
	fast_link_listener_close(listener);
	inbox_free_all(&inbox);
}

static void listening_survives_each_allocation_failure(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	link_inbox_init(&inbox);
	for (;;) {
		fault_alloc_after(n++);
		status = fast_link_listen(link_folder_endpoint("sweep"), 0, link_inbox_accepted,
					  &inbox, &listener);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(listener);
	}
	assert_ok(status);
	fault_alloc_after(0); /* the link of whoever comes next */
	close(connect_plain(link_folder_path("sweep")));
	close(connect_plain(link_folder_path("sweep")));
	assert_true(gate_wait(&inbox.accepted, 1));
	fault_alloc_after(-1);
	fast_link_listener_close(listener);
	inbox_free_all(&inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_who_come_and_go_leave_the_listener_alive),
		cmocka_unit_test(a_stale_socket_is_taken_over),
		cmocka_unit_test(a_socket_that_is_served_is_refused),
		cmocka_unit_test(a_socket_of_another_kind_is_refused),
		cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
		cmocka_unit_test(the_file_has_the_mode_asked_for),
		cmocka_unit_test(closing_removes_the_file),
		cmocka_unit_test(paths_that_cannot_be_are_refused),
		cmocka_unit_test(a_path_of_107_bytes_is_the_longest),
		cmocka_unit_test(a_folder_that_may_not_be_written_is_refused),
		cmocka_unit_test(tcp_is_for_loopback_alone),
		cmocka_unit_test(the_endpoint_has_its_real_port),
		cmocka_unit_test(loopback_of_ipv6_is_served),
		cmocka_unit_test(running_out_of_descriptors_is_only_a_pause),
		cmocka_unit_test(listening_survives_each_allocation_failure),
	};

	fast_log_set_handler(log_pause, &pauses);
	return link_run_tests(tests, FAST_TEST_COUNT(tests));
}
