/* Plugins that do not behave: each is refused with a sentence, and harms nobody else. */
#include "controller/node_world.h"
#include "controller/raw_plugin.h"

#include "daemon/session.h"
#include "page/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* A raw connection in a world. */
struct fixture {
	struct world world;
	int fd;
};

static void fixture_init(struct fixture *fixture)
{
	world_init(&fixture->world);
	fixture->fd = raw_connect(fixture->world.socket);
}

/* Ends it, after seeing that an honest plugin is still served. */
static void fixture_fini(struct fixture *fixture)
{
	struct fast_plugin *plugin = world_plugin(&fixture->world, "honest");

	(void)close(fixture->fd);
	fast_plugin_close(plugin);
	world_fini(&fixture->world);
}

/* Attaches well. */
static void fixture_attach(struct fixture *fixture, const char *name)
{
	int page = raw_page();
	struct raw_answer answer;

	assert_true(raw_send_attach(fixture->fd, name, "", page));
	answer = raw_receive(fixture->fd);
	assert_true(answer.attached);
	(void)close(page);
}

/* The next answer refuses with these words in its sentence. */
static void refused(struct fixture *fixture, enum fast_status status, const char *words)
{
	struct raw_answer answer = raw_receive(fixture->fd);

	assert_false(answer.closed);
	assert_false(answer.attached);
	assert_status(status, answer.code);
	if (strstr(answer.message, words) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", words, answer.message);
	}
}

static void closed(struct fixture *fixture)
{
	assert_true(raw_receive(fixture->fd).closed);
}

static void attach_without_a_descriptor_is_refused(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_true(raw_send_attach(fixture.fd, "cam", "", -1));
	refused(&fixture, FAST_INVALID_ARGUMENT, "one descriptor, the page's; it carried 0");
	closed(&fixture);
	fixture_fini(&fixture);
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
		struct fixture fixture;
		int pages[8];
		size_t before;

		fixture_init(&fixture);
		before = count_descriptors();
		for (size_t n = 0; n < 8; n++) {
			pages[n] = raw_page();
		}
		assert_true(raw_send_bytes(fixture.fd, attach, sizeof attach, pages, counts[i]));
		refused(&fixture, FAST_INVALID_ARGUMENT, "one descriptor");
		closed(&fixture);
		for (size_t n = 0; n < 8; n++) {
			(void)close(pages[n]);
		}
		wait_until(descriptors_are_back, &before);
		fixture_fini(&fixture);
	}
}

static void descriptors_sent_later_are_closed(void **state)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	struct fixture fixture;
	size_t before;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	before = count_descriptors();
	for (int i = 0; i < 10; i++) {
		int page = raw_page();
		assert_true(raw_send(fixture.fd, &packet, page)); /* of no bytes */
		refused(&fixture, FAST_UNIMPLEMENTED, "does not know");
		(void)close(page);
	}
	wait_until(descriptors_are_back, &before);
	fixture_fini(&fixture);
}

static void what_is_no_page_is_refused(void **state)
{
	struct fixture fixture;
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
	world_init(&fixture.world);
	for (size_t i = 0; i < FAST_TEST_COUNT(pages); i++) {
		fixture.fd = raw_connect(fixture.world.socket);
		assert_true(raw_send_attach(fixture.fd, "cam", "", pages[i].fd));
		refused(&fixture, FAST_INVALID_ARGUMENT, pages[i].words);
		closed(&fixture);
		(void)close(pages[i].fd);
		(void)close(fixture.fd);
	}
	fixture.fd = raw_connect(fixture.world.socket);
	fixture_fini(&fixture);
}

static void names_are_checked(void **state)
{
	const char *const names[] = {"", "Cam", "a b", ".cam", "cam.", "c\"am", "../etc",
				     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct fixture fixture;

	(void)state;
	world_init(&fixture.world);
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		int page = raw_page();
		fixture.fd = raw_connect(fixture.world.socket);
		assert_true(raw_send_attach(fixture.fd, names[i], "", page));
		refused(&fixture, FAST_INVALID_ARGUMENT, "plugin \"");
		closed(&fixture);
		(void)close(page);
		(void)close(fixture.fd);
	}
	fixture.fd = raw_connect(fixture.world.socket);
	fixture_fini(&fixture);
}

static void the_first_packet_must_be_attach(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_true(raw_send_metric(fixture.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	refused(&fixture, FAST_FAILED_PRECONDITION, "first packet must be Attach");
	closed(&fixture);
	fixture_fini(&fixture);
}

static void garbage_closes_a_connection_that_has_not_attached(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_true(raw_send_bytes(fixture.fd, "hello there", 11, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "");
	closed(&fixture);
	fixture_fini(&fixture);
}

static void garbage_within_a_session_is_refused_and_it_goes_on(void **state)
{
	struct fixture fixture;
	unsigned char bytes[300];

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	srandom(1);
	for (int i = 0; i < 500; i++) {
		size_t count = 1 + (size_t)random() % sizeof bytes;
		for (size_t n = 0; n < count; n++) {
			bytes[n] = (unsigned char)random();
		}
		bytes[0] = 0x07; /* a type of field that there is not */
		assert_true(raw_send_bytes(fixture.fd, bytes, count, NULL, 0));
		refused(&fixture, FAST_INVALID_ARGUMENT, "");
	}
	assert_true(raw_send_metric(fixture.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	(void)world_metric_wait(&fixture.world, "cam", "frames", 0);
	fixture_fini(&fixture);
}

static void a_packet_that_is_too_large_is_refused(void **state)
{
	struct fixture fixture;
	size_t count = PACKET_BYTES_MAX + 1;
	unsigned char *bytes = calloc(1, count);

	(void)state;
	assert_non_null(bytes);
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	assert_true(raw_send_bytes(fixture.fd, bytes, count, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "at most 65536 bytes");
	free(bytes);
	fixture_fini(&fixture);
}

static void too_many_refusals_end_the_session(void **state)
{
	struct fixture fixture;
	struct raw_answer answer = {.closed = false};
	int refusals = 0;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	while (!answer.closed && refusals <= SESSION_REFUSALS_MAX) {
		(void)raw_send_bytes(fixture.fd, "\x07", 1, NULL, 0);
		answer = raw_receive(fixture.fd);
		refusals += !answer.closed;
	}
	assert_int_equal(SESSION_REFUSALS_MAX, refusals);
	world_plugin_wait(&fixture.world, "cam", false);
	fixture_fini(&fixture);
}

static void cells_must_lie_where_cells_lie(void **state)
{
	const uint32_t offsets[] = {0,
				    64,
				    FAST_PAGE_A_OFFSET,
				    FAST_PAGE_B_OFFSET,
				    FAST_PAGE_CELLS_OFFSET - 64,
				    FAST_PAGE_CELLS_OFFSET + 8,
				    FAST_PAGE_BYTES - 64,
				    FAST_PAGE_BYTES,
				    UINT32_MAX - 63};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	for (size_t i = 0; i < FAST_TEST_COUNT(offsets); i++) {
		assert_true(raw_send_metric(fixture.fd, "beats", 5, offsets[i]));
		refused(&fixture, FAST_INVALID_ARGUMENT, "can lie at");
	}
	assert_true(raw_send_metric(fixture.fd, "beats", 6, FAST_PAGE_CELLS_OFFSET));
	refused(&fixture, FAST_INVALID_ARGUMENT, "kind 6 is not known");
	assert_true(raw_send_metric(fixture.fd, "beats", 0, FAST_PAGE_CELLS_OFFSET));
	refused(&fixture, FAST_INVALID_ARGUMENT, "kind 0 is not known");
	assert_true(raw_send_metric(fixture.fd, "beats", 5, FAST_PAGE_CELLS_OFFSET));
	(void)world_metric_wait(&fixture.world, "cam", "beats", 0);
	fixture_fini(&fixture);
}

static void a_name_declared_twice_must_be_the_same(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	assert_true(raw_send_metric(fixture.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	assert_true(raw_send_metric(fixture.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	assert_true(raw_send_metric(fixture.fd, "frames", 2, FAST_PAGE_CELLS_OFFSET));
	refused(&fixture, FAST_ALREADY_EXISTS, "metric \"frames\" is declared already");
	assert_true(raw_send_metric(fixture.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET + 64));
	refused(&fixture, FAST_ALREADY_EXISTS, "metric \"frames\"");
	assert_true(raw_send_param(fixture.fd, "quality", 5, 0));
	assert_true(raw_send_param(fixture.fd, "quality", 5, 0));
	assert_true(raw_send_param(fixture.fd, "quality", 5, 1));
	refused(&fixture, FAST_ALREADY_EXISTS, "param \"quality\"");
	fixture_fini(&fixture);
}

static void params_are_checked(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	assert_true(raw_send_param(fixture.fd, "quality", 101, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "101 is not allowed; it takes 0 to 100");
	assert_true(raw_send_param(fixture.fd, "Quality", 1, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "upper case");
	assert_true(raw_send_param(fixture.fd, "quality", 1, 64));
	refused(&fixture, FAST_INVALID_ARGUMENT, "slot 64");
	assert_true(raw_send_param(fixture.fd, "quality", 1, 0));
	assert_true(raw_send_param(fixture.fd, "size", 1, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "slot 0 is not a free one");
	fixture_fini(&fixture);
}

static void declarations_without_a_spec_are_refused(void **state)
{
	const unsigned char metric[] = {0x12, 0x00};
	const unsigned char param[] = {0x1a, 0x00};
	const unsigned char param_of_nothing[] = {0x1a, 0x02, 0x0a, 0x00};
	const unsigned char zero_in_name[] = {0x12, 0x07, 0x0a, 0x05, 0x0a, 0x03, 'a', 0, 'b'};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	assert_true(raw_send_bytes(fixture.fd, metric, sizeof metric, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "no spec");
	assert_true(raw_send_bytes(fixture.fd, param, sizeof param, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "no spec");
	assert_true(raw_send_bytes(fixture.fd, param_of_nothing, sizeof param_of_nothing, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "name is empty");
	assert_true(raw_send_bytes(fixture.fd, zero_in_name, sizeof zero_in_name, NULL, 0));
	refused(&fixture, FAST_INVALID_ARGUMENT, "zero byte");
	fixture_fini(&fixture);
}

static void there_is_a_limit_of_metrics(void **state)
{
	struct fixture fixture;
	char name[16];

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		assert_true(raw_send_metric(fixture.fd, name, 1, FAST_PAGE_CELLS_OFFSET));
	}
	assert_true(raw_send_metric(fixture.fd, "more", 1, FAST_PAGE_CELLS_OFFSET));
	refused(&fixture, FAST_RESOURCE_EXHAUSTED, "at most 200 metrics");
	fixture_fini(&fixture);
}

static void attaching_twice_is_refused(void **state)
{
	struct fixture fixture;
	int page = raw_page();

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	assert_true(raw_send_attach(fixture.fd, "cam", "", page));
	refused(&fixture, FAST_FAILED_PRECONDITION, "attach once");
	(void)close(page);
	fixture_fini(&fixture);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	closed(&fixture); /* after SESSION_ATTACH_MS */
	fixture_fini(&fixture);
}

static void a_peer_that_never_reads_loses_its_session_alone(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture_attach(&fixture, "cam");
	while (raw_send_bytes(fixture.fd, "\x07", 1, NULL, 0)) {
	}
	world_plugin_wait(&fixture.world, "cam", false);
	fixture_fini(&fixture);
}

static void a_page_full_of_garbage_is_sampled_without_harm(void **state)
{
	struct fixture fixture;
	unsigned char *bytes;
	struct node_metric metric;
	int page = raw_page();
	uint64_t random_word = 88172645463325252u;
	char name[8];

	(void)state;
	fixture_init(&fixture);
	bytes = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
	assert_true(bytes != MAP_FAILED);
	assert_true(raw_send_attach(fixture.fd, "cam", "", page));
	assert_true(raw_receive(fixture.fd).attached);
	for (int i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof name, "m%d", i + 1);
		assert_true(raw_send_metric(fixture.fd, name, i + 1, FAST_PAGE_CELLS_OFFSET));
	}
	assert_true(raw_send_param(fixture.fd, "quality", 5, 0));
	for (int round = 0; round < 30; round++) {
		for (size_t at = 0; at < FAST_PAGE_BYTES; at += 8) {
			random_word ^= random_word << 13;
			random_word ^= random_word >> 7;
			random_word ^= random_word << 17;
			__atomic_store_n((uint64_t *)(void *)(bytes + at), random_word,
					 __ATOMIC_RELAXED);
		}
		(void)world_metric(&fixture.world, "cam", "m*", &metric);
	}
	assert_ok(world_set(&fixture.world, "cam", "quality", value_int(6), 0).status);
	(void)munmap(bytes, FAST_PAGE_BYTES);
	(void)close(page);
	fixture_fini(&fixture);
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
	assert_status(FAST_FAILED_PRECONDITION, node_listen(second, world.socket, error));
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
		cmocka_unit_test(cells_must_lie_where_cells_lie),
		cmocka_unit_test(a_name_declared_twice_must_be_the_same),
		cmocka_unit_test(params_are_checked),
		cmocka_unit_test(declarations_without_a_spec_are_refused),
		cmocka_unit_test(there_is_a_limit_of_metrics),
		cmocka_unit_test(attaching_twice_is_refused),
		cmocka_unit_test(a_connection_that_says_nothing_is_closed),
		cmocka_unit_test(a_peer_that_never_reads_loses_its_session_alone),
		cmocka_unit_test(a_page_full_of_garbage_is_sampled_without_harm),
		cmocka_unit_test(sockets_are_taken_over_only_when_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
