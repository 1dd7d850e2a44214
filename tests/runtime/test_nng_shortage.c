#include "support/harness.h"

#include "runtime/link_pair.h"

#include <fcntl.h>
#include <nng/nng.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Fails what nng would allocate: the linker puts these before nng's own. */
int __real_nng_aio_alloc(nng_aio **out, void (*completion)(void *), void *arg);
int __real_nng_stream_dialer_alloc(nng_stream_dialer **out, const char *url);
int __real_nng_stream_listener_alloc(nng_stream_listener **out, const char *url);
int __wrap_nng_aio_alloc(nng_aio **out, void (*completion)(void *), void *arg);
int __wrap_nng_stream_dialer_alloc(nng_stream_dialer **out, const char *url);
int __wrap_nng_stream_listener_alloc(nng_stream_listener **out, const char *url);

static atomic_int countdown = -1;

static bool shortage(void)
{
	int left = atomic_load(&countdown);

	while (left >= 0) {
		if (atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
			return left == 0;
		}
	}
	return false;
}

int __wrap_nng_aio_alloc(nng_aio **out, void (*completion)(void *), void *arg)
{
	return shortage() ? NNG_ENOMEM : __real_nng_aio_alloc(out, completion, arg);
}

int __wrap_nng_stream_dialer_alloc(nng_stream_dialer **out, const char *url)
{
	return shortage() ? NNG_ENOMEM : __real_nng_stream_dialer_alloc(out, url);
}

int __wrap_nng_stream_listener_alloc(nng_stream_listener **out, const char *url)
{
	return shortage() ? NNG_ENOMEM : __real_nng_stream_listener_alloc(out, url);
}

static void dialling_reports_each_shortage(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct fast_link_dialer *dialer;
	enum fast_status status;
	struct fast_link *link = NULL;
	int n = 0;

	(void)state;
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen("tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox, &listener));
	do {
		assert_ok(fast_link_dialer_new(fast_link_listener_endpoint(listener), &dialer));
		atomic_store(&countdown, n++);
		status = link_dial_wait(dialer, 10000, &link);
		if (status != FAST_OK) {
			/* It may be the accepting side's; then the dial was good. */
			assert_status(FAST_RESOURCE_EXHAUSTED, status);
			atomic_store(&countdown, -1);
			assert_ok(link_dial_wait(dialer, 10000, &link));
			status = FAST_RESOURCE_EXHAUSTED;
		}
		link->ops->free(link);
		fast_link_dialer_free(dialer);
		/* The accepting side takes its share when it pleases. */
	} while (n < 12 || (status != FAST_OK && n < 1000));
	atomic_store(&countdown, -1);
	assert_ok(status);
	fast_link_listener_close(listener);
	for (size_t i = 0; i < inbox.count; i++) {
		inbox.links[i]->ops->free(inbox.links[i]);
	}
}

static void freeing_waits_for_the_report_of_a_shortage(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct link_outcome outcome = {.done = GATE_INITIALIZER};
		struct fast_link_dialer *dialer;

		assert_ok(fast_link_dialer_new("ipc:///tmp/nobody-is-there", &dialer));
		atomic_store(&countdown, 0);
		fast_link_dial(dialer, 1000, link_outcome_dialed, &outcome);
		fast_link_dialer_free(dialer);
		assert_int_equal(1, gate_count(&outcome.done));
		assert_status(FAST_RESOURCE_EXHAUSTED, outcome.status);
	}
}

static void listening_survives_each_shortage(void **state)
{
	struct fast_link_listener *listener = NULL;
	struct link_inbox inbox;
	enum fast_status status;
	int n = 0;

	(void)state;
	link_inbox_init(&inbox);
	do {
		atomic_store(&countdown, n++);
		status = fast_link_listen(link_folder_endpoint("short"), 0600, link_inbox_accepted,
					  &inbox, &listener);
		if (status != FAST_OK) {
			assert_status(FAST_RESOURCE_EXHAUSTED, status);
			assert_null(listener);
		}
	} while (status != FAST_OK);
	atomic_store(&countdown, -1);
	assert_int_equal(4, n);
	fast_link_listener_close(listener);
}

struct rival {
	pthread_t thread;
	pthread_barrier_t *start;
	const char *endpoint;
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	enum fast_status status;
};

static void *rival_listen(void *arg)
{
	struct rival *rival = arg;

	pthread_barrier_wait(rival->start);
	rival->status = fast_link_listen(rival->endpoint, 0, link_inbox_accepted, &rival->inbox,
					 &rival->listener);
	return NULL;
}

static void leave_a_stale_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	close(fd);
}

static void of_rivals_for_a_stale_socket_one_wins(void **state)
{
	pthread_barrier_t start;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct rival rivals[4] = {{0}};
		unsigned winners = 0;

		leave_a_stale_socket(link_folder_path("rivals"));
		pthread_barrier_init(&start, NULL, 4);
		for (size_t i = 0; i < 4; i++) {
			rivals[i].start = &start;
			rivals[i].endpoint = link_folder_endpoint("rivals");
			link_inbox_init(&rivals[i].inbox);
			assert_int_equal(0, pthread_create(&rivals[i].thread, NULL, rival_listen,
							   &rivals[i]));
		}
		for (size_t i = 0; i < 4; i++) {
			pthread_join(rivals[i].thread, NULL);
			winners += rivals[i].status == FAST_OK;
			if (rivals[i].status != FAST_OK) {
				assert_status(FAST_ALREADY_EXISTS, rivals[i].status);
			}
		}
		assert_int_equal(1, winners);
		for (size_t i = 0; i < 4; i++) {
			fast_link_listener_close(rivals[i].listener);
			for (size_t k = 0; k < rivals[i].inbox.count; k++) {
				struct fast_link *link = rivals[i].inbox.links[k];
				link->ops->free(link);
			}
		}
		pthread_barrier_destroy(&start);
	}
}

/* Who holds the lock may be about to listen: nothing of its is removed. */
static void without_the_folders_lock_nothing_is_removed(void **state)
{
	static const char *const schemes[] = {"ipc://", "unix://"};
	const char *path = link_folder_path("locked");
	char folder[128], endpoint[160];
	struct fast_link_listener *listener = NULL;
	struct link_inbox inbox;
	int fd;

	(void)state;
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(0, flock(fd, LOCK_EX));
	for (size_t i = 0; i < FAST_TEST_COUNT(schemes); i++) {
		snprintf(endpoint, sizeof endpoint, "%s%s", schemes[i], path);
		link_inbox_init(&inbox);
		leave_a_stale_socket(path);
		assert_status(FAST_UNAVAILABLE, fast_link_listen(endpoint, 0, link_inbox_accepted,
								 &inbox, &listener));
		assert_int_equal(0, access(path, F_OK));
		assert_int_equal(0, unlink(path));
		/* Where nothing is, nobody loses anything. */
		assert_ok(fast_link_listen(endpoint, 0, link_inbox_accepted, &inbox, &listener));
		fast_link_listener_close(listener);
	}
	close(fd);
	leave_a_stale_socket(path);
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen(endpoint, 0, link_inbox_accepted, &inbox, &listener));
	fast_link_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialling_reports_each_shortage),
		cmocka_unit_test(freeing_waits_for_the_report_of_a_shortage),
		cmocka_unit_test(listening_survives_each_shortage),
		cmocka_unit_test(of_rivals_for_a_stale_socket_one_wins),
		cmocka_unit_test(without_the_folders_lock_nothing_is_removed),
	};

	return cmocka_run_group_tests(tests, link_folder_make, link_folder_remove);
}
