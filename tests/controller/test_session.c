/* Plugins that do not behave when they attach: each is refused with a sentence, and harms nobody
 * else. */
#include "controller/raw_world.h"

#include "daemon/session.h"
#include "page/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static void attach_without_a_descriptor_is_refused(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	assert_true(raw_send_attach(raw.fd, "cam", "", -1));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "one descriptor, the page's; it carried 0");
	raw_world_closed(&raw);
	raw_world_fini(&raw);
}

static size_t count_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

/* Whether no more descriptors are open than before, as arg says. */
static bool descriptors_are_back(void *arg)
{
	return count_descriptors() <= *(const size_t *)arg;
}

static void extra_descriptors_are_refused_and_closed(void **state)
{
	const unsigned char attach[] = {0x0a, 0x07, 0x08, 0x01, 0x12, 0x03, 'c', 'a', 'm'};
	const size_t counts[] = {2, 4, 5, 8};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(counts); i++) {
		struct raw_world raw;
		int pages[8];
		size_t before;

		raw_world_init(&raw);
		before = count_descriptors();
		for (size_t n = 0; n < 8; n++) {
			pages[n] = raw_page();
		}
		assert_true(raw_send_bytes(raw.fd, attach, sizeof attach, pages, counts[i]));
		raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "one descriptor");
		raw_world_closed(&raw);
		for (size_t n = 0; n < 8; n++) {
			(void)close(pages[n]);
		}
		wait_until(descriptors_are_back, &before);
		raw_world_fini(&raw);
	}
}

static void descriptors_sent_later_are_closed(void **state)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	struct raw_world raw;
	size_t before;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	before = count_descriptors();
	for (int i = 0; i < 10; i++) {
		int page = raw_page();
		assert_true(raw_send(raw.fd, &packet, page)); /* of no bytes */
		raw_world_refused(&raw, FAST_UNIMPLEMENTED, "does not know");
		(void)close(page);
	}
	wait_until(descriptors_are_back, &before);
	raw_world_fini(&raw);
}

static void what_is_no_page_is_refused(void **state)
{
	struct raw_world raw;
	const struct {
		int fd;
		const char *words;
	} pages[] = {
		{open("/dev/null", O_RDWR | O_CLOEXEC), "memfd"},
		{open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "memfd"},
		{raw_page_with(0, FAST_PAGE_BYTES), "seal"},
		{raw_page_with(F_SEAL_SHRINK | F_SEAL_SEAL, FAST_PAGE_BYTES), "seal"},
		{raw_page_with(SEALS | F_SEAL_WRITE, FAST_PAGE_BYTES), "sealed against writing"},
		{raw_page_with(SEALS, 4096), "size"},
		{raw_page_with(SEALS, 2 * FAST_PAGE_BYTES), "size"},
	};

	(void)state;
	world_init(&raw.world);
	for (size_t i = 0; i < FAST_TEST_COUNT(pages); i++) {
		raw.fd = raw_connect(raw.world.socket);
		assert_true(raw_send_attach(raw.fd, "cam", "", pages[i].fd));
		raw_world_refused(&raw, FAST_INVALID_ARGUMENT, pages[i].words);
		raw_world_closed(&raw);
		(void)close(pages[i].fd);
		(void)close(raw.fd);
	}
	raw.fd = raw_connect(raw.world.socket);
	raw_world_fini(&raw);
}

static void names_are_checked(void **state)
{
	const char *const names[] = {
		"",       "Cam",
		"a b",    ".cam",
		"cam.",   "c\"am",
		"../etc", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct raw_world raw;

	(void)state;
	world_init(&raw.world);
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		int page = raw_page();
		raw.fd = raw_connect(raw.world.socket);
		assert_true(raw_send_attach(raw.fd, names[i], "", page));
		raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "plugin \"");
		raw_world_closed(&raw);
		(void)close(page);
		(void)close(raw.fd);
	}
	raw.fd = raw_connect(raw.world.socket);
	raw_world_fini(&raw);
}

static void the_first_packet_must_be_attach(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	assert_true(raw_send_metric(raw.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	raw_world_refused(&raw, FAST_FAILED_PRECONDITION, "first packet must be Attach");
	raw_world_closed(&raw);
	raw_world_fini(&raw);
}

static void garbage_closes_a_connection_that_has_not_attached(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	assert_true(raw_send_bytes(raw.fd, "hello there", 11, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "");
	raw_world_closed(&raw);
	raw_world_fini(&raw);
}

static void garbage_within_a_session_is_refused_and_it_goes_on(void **state)
{
	struct raw_world raw;
	unsigned char bytes[300];

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	srandom(1);
	for (int i = 0; i < 500; i++) {
		size_t count = 1 + (size_t)random() % sizeof bytes;
		for (size_t n = 0; n < count; n++) {
			bytes[n] = (unsigned char)random();
		}
		bytes[0] = 0x07; /* a type of field that there is not */
		assert_true(raw_send_bytes(raw.fd, bytes, count, NULL, 0));
		raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "");
	}
	assert_true(raw_send_metric(raw.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	(void)world_metric_wait(&raw.world, "cam", "frames", 0);
	raw_world_fini(&raw);
}

static void a_packet_that_is_too_large_is_refused(void **state)
{
	struct raw_world raw;
	size_t count = PACKET_BYTES_MAX + 1;
	unsigned char *bytes = calloc(1, count);

	(void)state;
	assert_non_null(bytes);
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_bytes(raw.fd, bytes, count, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "at most 65536 bytes");
	free(bytes);
	raw_world_fini(&raw);
}

static void too_many_refusals_end_the_session(void **state)
{
	struct raw_world raw;
	struct raw_answer answer = {.closed = false};
	int refusals = 0;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	while (!answer.closed && refusals <= SESSION_REFUSALS_MAX) {
		(void)raw_send_bytes(raw.fd, "\x07", 1, NULL, 0);
		answer = raw_receive(raw.fd);
		refusals += !answer.closed;
	}
	assert_int_equal(SESSION_REFUSALS_MAX, refusals);
	world_plugin_wait(&raw.world, "cam", false);
	raw_world_fini(&raw);
}

static void attaching_twice_is_refused(void **state)
{
	struct raw_world raw;
	int page = raw_page();

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	raw_world_refused(&raw, FAST_FAILED_PRECONDITION, "attach once");
	(void)close(page);
	raw_world_fini(&raw);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_closed(&raw); /* after SESSION_ATTACH_MS */
	raw_world_fini(&raw);
}

static void one_user_cannot_wait_in_everybodys_place(void **state)
{
	struct raw_world raw;
	int fds[SESSION_WAITING_MAX + 8];
	struct raw_answer answer;
	size_t count = 0;
	char byte;
	struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};

	(void)state;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	raw_world_init(&raw);
	for (; count < FAST_TEST_COUNT(fds); count++) {
		fds[count] = raw_connect(raw.world.socket);
	}
	answer = raw_receive(fds[count - 1]); /* one too many */
	assert_status(FAST_RESOURCE_EXHAUSTED, answer.code);
	assert_non_null(strstr(answer.message, "256"));
	assert_true(raw_receive(fds[count - 1]).closed);
	assert_int_equal(-1, recv(fds[0], &byte, 1, MSG_DONTWAIT));
	assert_int_equal(EAGAIN, errno); /* the first has still time to attach */
	while (count > 0) {
		(void)close(fds[--count]);
	}
	raw_world_fini(&raw);
}

static void a_peer_that_never_reads_loses_its_session_alone(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	while (raw_send_bytes(raw.fd, "\x07", 1, NULL, 0)) {
	}
	world_plugin_wait(&raw.world, "cam", false);
	raw_world_fini(&raw);
}

static void sockets_are_taken_over_only_when_stale(void **state)
{
	struct world world;
	struct node_options options = {.tick_ms = WORLD_TICK_MS};
	struct node *second = NULL;
	char dir[] = "/tmp/fastd-test-XXXXXX";
	char error[NODE_TEXT_BYTES_MAX];
	struct stat there;
	FILE *file;

	(void)state;
	world_init(&world);
	assert_non_null(mkdtemp(dir));
	options.state_dir = dir;
	assert_ok(node_open(&options, &second, error));
	assert_status(FAST_ALREADY_EXISTS, node_listen(second, world.socket, error));
	assert_non_null(strstr(error, "is in use"));
	node_close(world.node);
	world.node = NULL;
	assert_int_equal(-1, stat(world.socket, &there)); /* removed */
	file = fopen(world.socket, "w");
	assert_non_null(file);
	(void)fclose(file);
	assert_status(FAST_FAILED_PRECONDITION, node_listen(second, world.socket, error));
	assert_non_null(strstr(error, "is no socket"));
	(void)unlink(world.socket);
	{ /* one that nobody listens to any more */
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", world.socket);
		assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
		(void)close(fd);
	}
	assert_ok(node_listen(second, world.socket, error));
	assert_int_equal(0, stat(world.socket, &there));
	assert_int_equal(0666, there.st_mode & 0777);
	node_close(second);
	directory_remove(dir);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_without_a_descriptor_is_refused),
		cmocka_unit_test(extra_descriptors_are_refused_and_closed),
		cmocka_unit_test(descriptors_sent_later_are_closed),
		cmocka_unit_test(what_is_no_page_is_refused),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(the_first_packet_must_be_attach),
		cmocka_unit_test(garbage_closes_a_connection_that_has_not_attached),
		cmocka_unit_test(garbage_within_a_session_is_refused_and_it_goes_on),
		cmocka_unit_test(a_packet_that_is_too_large_is_refused),
		cmocka_unit_test(too_many_refusals_end_the_session),
		cmocka_unit_test(attaching_twice_is_refused),
		cmocka_unit_test(a_connection_that_says_nothing_is_closed),
		cmocka_unit_test(one_user_cannot_wait_in_everybodys_place),
		cmocka_unit_test(a_peer_that_never_reads_loses_its_session_alone),
		cmocka_unit_test(sockets_are_taken_over_only_when_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
