#include "support/harness.h"

#include "base/timer.h"
#include "runtime/link_pair.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define OPENERS          4
#define PAIRS_PER_OPENER 50

static unsigned entries_of(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		count++;
	}
	closedir(dir);
	return count;
}

/* Listens at the same path by one scheme, and dials by the other. */
static void crosses(const char *server_scheme, const char *client_scheme)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener = NULL;
	struct fast_link_dialer *dialer = NULL;
	struct fast_link *link = NULL;
	struct link_end client;
	struct link_end server;

	link_inbox_init(&inbox);
	link_scheme = server_scheme;
	assert_ok(fast_link_listen(link_folder_endpoint("cross"), 0600, link_inbox_accepted, &inbox,
				   &listener));
	link_scheme = client_scheme;
	assert_ok(fast_link_dialer_new(link_folder_endpoint("cross"), &dialer));
	assert_ok(link_dial_wait(dialer, 10000, &link));
	link_end_init(&client, link);
	link_end_init(&server, link_inbox_take(&inbox, 0));
	assert_int_equal(FAST_SP_IPC, client.link->framing);
	assert_int_equal(FAST_SP_IPC, server.link->framing);
	for (int i = 0; i < 100; i++) {
		link_pass_text(&client, &server, "same bytes?");
		link_pass_text(&server, &client, "same bytes");
	}
	client.link->ops->free(client.link);
	server.link->ops->free(server.link);
	fast_link_dialer_free(dialer);
	fast_link_listener_close(listener);
}

static void ipc_and_unix_reach_each_other(void **state)
{
	(void)state;
	crosses("unix", "ipc");
	crosses("ipc", "unix");
}

static void a_path_that_one_serves_is_refused_to_the_other(void **state)
{
	struct fast_link_listener *other = NULL;
	struct link_inbox inbox;
	struct link_pair pair;

	(void)state;
	link_inbox_init(&inbox);
	link_scheme = "unix";
	link_pair_open(&pair, link_folder_endpoint("taken"));
	link_scheme = "ipc";
	assert_status(FAST_ALREADY_EXISTS, fast_link_listen(link_folder_endpoint("taken"), 0,
							    link_inbox_accepted, &inbox, &other));
	link_pair_close(&pair);
}

static void *open_and_close(void *arg)
{
	for (int i = 0; i < PAIRS_PER_OPENER; i++) {
		struct link_pair pair;
		link_pair_open(&pair, arg);
		link_pass_text(&pair.client, &pair.server, "hello");
		link_pair_close(&pair);
	}
	return NULL;
}

static void *do_nothing(void *arg)
{
	return arg;
}

/* The loop's thread starts with the first link and ends with the last, time and again. */
static void links_come_and_go_on_many_threads_and_leave_nothing(void **state)
{
	const struct timespec poll_interval = {.tv_nsec = 1000000};
	char endpoints[OPENERS][FAST_ENDPOINT_BYTES_MAX];
	pthread_t threads[OPENERS];
	unsigned threads_before;
	unsigned files_before;
	char name[16];

	(void)state;
	/* With its first thread a sanitizer starts one of its own. */
	assert_int_equal(0, pthread_create(&threads[0], NULL, do_nothing, NULL));
	pthread_join(threads[0], NULL);
	threads_before = entries_of("/proc/self/task");
	files_before = entries_of("/proc/self/fd");
	link_scheme = "unix";
	for (int i = 0; i < OPENERS; i++) {
		snprintf(name, sizeof name, "many%d", i);
		snprintf(endpoints[i], sizeof endpoints[i], "%s", link_folder_endpoint(name));
		assert_int_equal(0,
				 pthread_create(&threads[i], NULL, open_and_close, endpoints[i]));
	}
	for (int i = 0; i < OPENERS; i++) {
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(files_before, entries_of("/proc/self/fd"));
	/* A dialer's thread may still be on its way out. */
	for (int64_t end_ns = fast_clock_now_ns() + INT64_C(10000000000);
	     entries_of("/proc/self/task") > threads_before && fast_clock_now_ns() < end_ns;) {
		nanosleep(&poll_interval, NULL);
	}
	assert_int_equal(threads_before, entries_of("/proc/self/task"));
}

/* With one more descriptor each time, until a dial succeeds. */
static void dialling_survives_each_missing_descriptor(void **state)
{
	struct fast_link_listener *listener = NULL;
	struct fast_link_dialer *dialer = NULL;
	struct fast_link *link = NULL;
	struct link_inbox inbox;
	struct rlimit before;
	struct rlimit tight;
	enum fast_status status;
	unsigned failures = 0;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(next >= 0);
	close(next);
	link_scheme = "unix";
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen(link_folder_endpoint("few"), 0, link_inbox_accepted, &inbox,
				   &listener));
	assert_ok(fast_link_dialer_new(link_folder_endpoint("few"), &dialer));
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &before));
	tight = before;
	for (tight.rlim_cur = (rlim_t)next;; tight.rlim_cur++, failures++) {
		assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &tight));
		status = link_dial_wait(dialer, 10000, &link);
		assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &before));
		if (status == FAST_OK) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
	}
	assert_true(failures >= 3); /* the socket's and the loop's own two */
	link->ops->free(link);
	fast_link_dialer_free(dialer);
	fast_link_listener_close(listener);
	for (size_t i = 0; i < inbox.count; i++) {
		inbox.links[i]->ops->free(inbox.links[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_come_and_go_on_many_threads_and_leave_nothing),
		cmocka_unit_test(dialling_survives_each_missing_descriptor),
		cmocka_unit_test(ipc_and_unix_reach_each_other),
		cmocka_unit_test(a_path_that_one_serves_is_refused_to_the_other),
	};

	return cmocka_run_group_tests(tests, link_folder_make, link_folder_remove);
}
