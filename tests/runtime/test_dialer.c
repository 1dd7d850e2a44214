#include "support/harness.h"

#include "base/timer.h"
#include "runtime/link_pair.h"
#include "support/fault_alloc.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY    65534
#define NS_PER_MS INT64_C(1000000)

static enum fast_status dial_fails(const char *endpoint, int64_t timeout_ms)
{
	struct fast_link_dialer *dialer = link_dialer_to(endpoint);
	struct fast_link *link = NULL;
	enum fast_status status = link_dial_wait(dialer, timeout_ms, &link);

	assert_null(link);
	fast_link_dialer_free(dialer);
	return status;
}

static unsigned threads_of_this_process(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned count = 0;

	assert_non_null(tasks);
	for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
		count += entry->d_name[0] != '.';
	}
	closedir(tasks);
	return count;
}

static void no_thread_starts_before_the_first_dial(void **state)
{
	unsigned before = threads_of_this_process();
	struct fast_link_dialer *ipc = link_dialer_to("ipc:///tmp/nobody");
	struct fast_link_dialer *tcp = link_dialer_to("tcp://127.0.0.1:1");

	(void)state;
	fast_link_dialer_free(ipc);
	fast_link_dialer_free(tcp);
	fast_link_dialer_free(NULL);
	assert_int_equal(before, threads_of_this_process());
}

static void an_endpoint_that_is_none_is_refused(void **state)
{
	static const char *const endpoints[] = {
		"", "ipc://", "tcp://127.0.0.1:0", "tcp://8.8.8.8:53", "unix://", "nonsense",
	};
	struct fast_link_dialer *dialer = NULL;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(endpoints); i++) {
		assert_status(FAST_INVALID_ARGUMENT, fast_link_dialer_new(endpoints[i], &dialer));
		assert_null(dialer);
	}
}

static int bind_tcp(char endpoint[64])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&address, &bytes));
	snprintf(endpoint, 64, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	return fd;
}

static int bind_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

static void dialling_nobody_fails_at_once(void **state)
{
	int64_t before_ns = fast_clock_now_ns();
	char endpoint[64];
	int fd = bind_tcp(endpoint); /* and nobody listens */

	(void)state;
	assert_status(FAST_UNAVAILABLE, dial_fails(endpoint, 60000));
	close(fd);
	fd = bind_unix(link_folder_path("deaf"));
	assert_status(FAST_UNAVAILABLE, dial_fails(link_folder_endpoint("deaf"), 60000));
	close(fd);
	assert_status(FAST_UNAVAILABLE, dial_fails(link_folder_endpoint("none"), 60000));
	assert_status(FAST_UNAVAILABLE, dial_fails("ipc:///no/such/folder/at.all", 60000));
	assert_status(FAST_UNAVAILABLE, dial_fails("ipc:///etc/passwd/x", 60000));
	assert_status(FAST_UNAVAILABLE, dial_fails("unix:///etc/passwd/x", 60000));
	assert_true(fast_clock_now_ns() - before_ns < 10000 * NS_PER_MS);
}

static void *dial_as_nobody(void *arg)
{
	struct link_outcome *outcome = arg;
	struct fast_link_dialer *dialer;

	setfsuid(NOBODY); /* this thread's alone */
	dialer = link_dialer_to(link_folder_endpoint("private"));
	fast_link_dial(dialer, 10000, link_outcome_dialed, outcome);
	gate_wait(&outcome->done, 1);
	fast_link_dialer_free(dialer);
	return NULL;
}

static void a_socket_that_may_not_be_used_is_said_so(void **state)
{
	struct link_outcome outcome = {.done = GATE_INITIALIZER};
	pthread_t thread;
	int fd;

	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	fd = bind_unix(link_folder_path("private"));
	assert_int_equal(0, listen(fd, 1));
	assert_int_equal(0, chmod(link_folder_path("private"), 0600));
	assert_int_equal(0, pthread_create(&thread, NULL, dial_as_nobody, &outcome));
	pthread_join(thread, NULL);
	assert_status(FAST_PERMISSION_DENIED, outcome.status);
	close(fd);
}

static void one_dialer_dials_any_number_of_times(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct fast_link_dialer *dialer;

	(void)state;
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen(link_folder_endpoint("many"), 0, link_inbox_accepted, &inbox,
				   &listener));
	dialer = link_dialer_to(link_folder_endpoint("many"));
	for (unsigned i = 0; i < 40; i++) {
		struct fast_link *link = NULL;
		struct link_end end;
		struct link_end server;
		assert_ok(link_dial_wait(dialer, 10000, &link));
		link_end_init(&end, link);
		link_end_init(&server, link_inbox_take(&inbox, i));
		link_pass_text(&server, &end, "welcome");
		link->ops->free(link);
		server.link->ops->free(server.link);
	}
	fast_link_listener_close(listener);
	fast_link_dialer_free(dialer);
}

/* Connects until the kernel lets no more wait. */
static size_t fill_queue(const struct sockaddr *address, socklen_t bytes, int family, int *fds,
			 size_t count)
{
	size_t i = 0;

	while (i < count) {
		fds[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(fds[i] >= 0);
		if (connect(fds[i++], address, bytes) != 0 && family == AF_UNIX) {
			break;
		}
	}
	return i;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close(fds[i]);
	}
}

static void a_dial_ends_at_its_timeout(void **state)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	int listener = bind_unix(link_folder_path("full"));
	int64_t before_ns;
	int fds[8];
	size_t count;

	(void)state;
	memcpy(path.sun_path, link_folder_path("full"), strlen(link_folder_path("full")));
	assert_int_equal(0, listen(listener, 1));
	count = fill_queue((struct sockaddr *)&path, sizeof path, AF_UNIX, fds, 8);
	before_ns = fast_clock_now_ns();
	assert_status(FAST_DEADLINE_EXCEEDED, dial_fails(link_folder_endpoint("full"), 100));
	assert_in_range(fast_clock_now_ns() - before_ns, 90 * NS_PER_MS, 5000 * NS_PER_MS);
	assert_status(FAST_DEADLINE_EXCEEDED, dial_fails(link_folder_endpoint("full"), 0));
	close_all(fds, count);
	close(listener);
}

static void a_tcp_dial_ends_at_its_timeout(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof address;
	char endpoint[64];
	int listener = bind_tcp(endpoint);
	struct fast_link_dialer *dialer;
	struct fast_link *link;
	int fds[8];

	(void)state;
	assert_int_equal(0, listen(listener, 0));
	assert_int_equal(0, getsockname(listener, (struct sockaddr *)&address, &bytes));
	fill_queue((struct sockaddr *)&address, sizeof address, AF_INET, fds, 8);
	dialer = link_dialer_to(endpoint);
	for (int i = 0; i < 20; i++) {
		assert_status(FAST_DEADLINE_EXCEEDED, link_dial_wait(dialer, 5, &link));
	}
	fast_link_dialer_free(dialer);
	close_all(fds, 8);
	close(listener);
}

static void a_full_queue_is_tried_until_there_is_room(void **state)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct link_outcome outcome = {.done = GATE_INITIALIZER};
	int listener = bind_unix(link_folder_path("queue"));
	struct fast_link_dialer *dialer = link_dialer_to(link_folder_endpoint("queue"));
	int fds[8];
	size_t count;

	(void)state;
	memcpy(path.sun_path, link_folder_path("queue"), strlen(link_folder_path("queue")));
	assert_int_equal(0, listen(listener, 1));
	count = fill_queue((struct sockaddr *)&path, sizeof path, AF_UNIX, fds, 8);
	fast_link_dial(dialer, 20000, link_outcome_dialed, &outcome);
	for (size_t i = 0; i + 1 < count; i++) {
		close(accept(listener, NULL, NULL));
	}
	assert_true(gate_wait(&outcome.done, 1));
	assert_ok(outcome.status);
	outcome.link->ops->free(outcome.link);
	fast_link_dialer_free(dialer);
	close_all(fds, count);
	close(listener);
}

static void freeing_ends_a_dial_under_way(void **state)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	int listener = bind_unix(link_folder_path("busy"));
	int fds[8];
	size_t count;

	(void)state;
	memcpy(path.sun_path, link_folder_path("busy"), strlen(link_folder_path("busy")));
	assert_int_equal(0, listen(listener, 1));
	count = fill_queue((struct sockaddr *)&path, sizeof path, AF_UNIX, fds, 8);
	for (int i = 0; i < 300; i++) {
		struct link_outcome outcome = {.done = GATE_INITIALIZER};
		struct fast_link_dialer *dialer = link_dialer_to(link_folder_endpoint("busy"));
		fast_link_dial(dialer, 3600000, link_outcome_dialed, &outcome);
		fast_link_dialer_free(dialer);
		assert_int_equal(1, gate_count(&outcome.done));
		assert_status(FAST_CANCELLED, outcome.status);
	}
	close_all(fds, count);
	close(listener);
}

static void freeing_races_with_success(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener;

	(void)state;
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen("tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox, &listener));
	for (int i = 0; i < 300; i++) {
		struct link_outcome outcome = {.done = GATE_INITIALIZER};
		struct fast_link_dialer *dialer =
			link_dialer_to(fast_link_listener_endpoint(listener));
		fast_link_dial(dialer, 10000, link_outcome_dialed, &outcome);
		if (i % 2 == 0) {
			sched_yield();
		}
		fast_link_dialer_free(dialer);
		assert_int_equal(1, gate_count(&outcome.done));
		if (outcome.status == FAST_OK) {
			outcome.link->ops->free(outcome.link);
		} else {
			assert_status(FAST_CANCELLED, outcome.status);
		}
	}
	fast_link_listener_close(listener);
	for (size_t i = 0; i < inbox.count; i++) {
		inbox.links[i]->ops->free(inbox.links[i]);
	}
}

struct redial {
	struct fast_link_dialer *dialer;
	struct gate done;
	unsigned left;
	unsigned faults;
};

static void redial(enum fast_status status, struct fast_link *link, void *arg)
{
	struct redial *redialled = arg;

	(void)link;
	redialled->faults += status != FAST_UNAVAILABLE;
	if (--redialled->left > 0) {
		fast_link_dial(redialled->dialer, 1000, redial, redialled);
	} else {
		gate_pass(&redialled->done);
	}
}

static void a_completion_may_dial_again(void **state)
{
	struct redial redialled = {link_dialer_to(link_folder_endpoint("none")), GATE_INITIALIZER,
				   200, 0};

	(void)state;
	fast_link_dial(redialled.dialer, 1000, redial, &redialled);
	assert_true(gate_wait(&redialled.done, 1));
	assert_int_equal(0, redialled.faults);
	fast_link_dialer_free(redialled.dialer);
}

static void dialling_survives_each_allocation_failure(void **state)
{
	struct fast_link_dialer *dialer = NULL;
	struct fast_link *link = NULL;
	int listener = bind_unix(link_folder_path("memory"));

	(void)state;
	assert_int_equal(0, listen(listener, 8));
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_link_dialer_new(link_folder_endpoint("memory"), &dialer));
	assert_null(dialer);
	dialer = link_dialer_to(link_folder_endpoint("memory"));
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, link_dial_wait(dialer, 10000, &link));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	assert_ok(link_dial_wait(dialer, 10000, &link));
	link->ops->free(link);
	fast_link_dialer_free(dialer);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_thread_starts_before_the_first_dial), /* must be first */
		cmocka_unit_test(an_endpoint_that_is_none_is_refused),
		cmocka_unit_test(dialling_nobody_fails_at_once),
		cmocka_unit_test(a_socket_that_may_not_be_used_is_said_so),
		cmocka_unit_test(one_dialer_dials_any_number_of_times),
		cmocka_unit_test(a_dial_ends_at_its_timeout),
		cmocka_unit_test(a_tcp_dial_ends_at_its_timeout),
		cmocka_unit_test(a_full_queue_is_tried_until_there_is_room),
		cmocka_unit_test(freeing_ends_a_dial_under_way),
		cmocka_unit_test(freeing_races_with_success),
		cmocka_unit_test(a_completion_may_dial_again),
		cmocka_unit_test(dialling_survives_each_allocation_failure),
	};

	return link_run_tests(tests, FAST_TEST_COUNT(tests));
}
