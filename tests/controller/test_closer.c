/* Descriptors whose closing would wait for hours: a TCP socket that lingers, with bytes that nobody
 * will ever read. */
#include "controller/node_world.h"
#include "controller/raw_plugin.h"

#include "daemon/closer.h"
#include "daemon/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_S  3600
#define LINGERERS 3
#define TICKS     20

/* One of its ends waits when it is closed. */
struct lingerer {
	int stuck;
	int deaf;
};

static void lingerer_init(struct lingerer *lingerer)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = LINGER_S};
	static const char bytes[65536];
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(0, bind(listener, (struct sockaddr *)&address, length));
	assert_int_equal(0, listen(listener, 1));
	assert_int_equal(0, getsockname(listener, (struct sockaddr *)&address, &length));
	lingerer->stuck = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(0, connect(lingerer->stuck, (struct sockaddr *)&address, length));
	lingerer->deaf = accept(listener, NULL, NULL);
	assert_true(lingerer->deaf >= 0);
	(void)close(listener);
	while (send(lingerer->stuck, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
	}
	assert_int_equal(
		0, setsockopt(lingerer->stuck, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

/* A socket with the lingering one in what it has not read: to close it is to close both. */
static int lingerer_wrap(struct lingerer *lingerer)
{
	int ends[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	assert_true(raw_send_bytes(ends[0], "x", 1, &lingerer->stuck, 1));
	(void)close(ends[0]);
	(void)close(lingerer->stuck);
	return ends[1];
}

static bool has_hung_up(void *arg)
{
	struct pollfd polled = {.fd = *(int *)arg};

	return poll(&polled, 1, 0) > 0;
}

static void what_it_takes_is_closed(void **state)
{
	struct closer *closer = NULL;
	int ends[2];

	(void)state;
	assert_ok(closer_open(&closer));
	assert_int_equal(0, pipe(ends));
	closer_take(closer, ends[0]);
	wait_until(has_hung_up, &ends[1]);
	(void)close(ends[1]);
	closer_close(closer);
}

static void what_waits_at_the_end_is_closed(void **state)
{
	struct closer *closer = NULL;
	int ends[2];

	(void)state;
	assert_ok(closer_open(&closer));
	assert_int_equal(0, pipe(ends));
	closer_take(closer, ends[0]);
	closer_close(closer);
	assert_true(has_hung_up(&ends[1]));
	(void)close(ends[1]);
}

struct urging {
	struct closer *closer;
	int fd;
};

static bool has_hung_up_when_urged(void *arg)
{
	struct urging *urging = arg;

	closer_urge(urging->closer);
	return has_hung_up(&urging->fd);
}

static void what_lingers_keeps_nobody_waiting(void **state)
{
	struct lingerer lingerers[LINGERERS];
	struct urging urging;
	int ends[2];

	(void)state;
	assert_ok(closer_open(&urging.closer));
	for (int i = 0; i < LINGERERS; i++) {
		lingerer_init(&lingerers[i]);
		closer_take(urging.closer, lingerers[i].stuck);
	}
	assert_int_equal(0, pipe(ends));
	closer_take(urging.closer, ends[0]);
	urging.fd = ends[1];
	wait_until(has_hung_up_when_urged, &urging);
	(void)close(ends[1]);
	lingerer_init(&lingerers[0]);
	closer_take(urging.closer, lingerers[0].stuck);
	closer_close(urging.closer); /* returns */
	for (int i = 1; i < LINGERERS; i++) {
		(void)close(lingerers[i].deaf);
	}
	(void)close(lingerers[0].deaf);
}

struct ticking {
	struct node *node;
	uint64_t from;
};

static bool has_ticked(void *arg)
{
	struct ticking *ticking = arg;
	struct node_status status;

	node_status(ticking->node, &status);
	return status.samplings >= ticking->from + TICKS;
}

/* Begins to send when the node does not yet read, so that the node is the last to have them. */
static void world_receives(void (*send_to)(int fd))
{
	struct node_status status;
	struct ticking ticking;
	char error[NODE_TEXT_BYTES_MAX];
	struct world world;
	int fd;

	world_init(&world);
	node_close(world.node);
	assert_ok(node_open(&world.options, &world.node, error));
	assert_ok(node_listen(world.node, world.socket, error));
	fd = raw_connect(world.socket);
	send_to(fd);
	assert_ok(node_start(world.node));
	node_status(world.node, &status);
	ticking = (struct ticking){.node = world.node, .from = status.samplings};
	wait_until(has_ticked, &ticking);
	(void)close(fd);
	ticking.from += TICKS;
	wait_until(has_ticked, &ticking);
	world_fini(&world);
}

/* As many as a packet can have; the node wants none of them. */
static void send_many(int fd)
{
	int fds[SESSION_DESCRIPTORS_MAX];
	struct lingerer lingerer;

	lingerer_init(&lingerer);
	for (int i = 0; i < SESSION_DESCRIPTORS_MAX; i++) {
		fds[i] = lingerer.stuck;
	}
	assert_true(raw_send_bytes(fd, "\x08\x01", 2, fds, SESSION_DESCRIPTORS_MAX));
	(void)close(lingerer.stuck);
}

static void descriptors_that_linger_stop_no_node(void **state)
{
	(void)state;
	world_receives(send_many);
}

static void send_wrapped(int fd)
{
	struct lingerer lingerer;
	int wrapped;

	lingerer_init(&lingerer);
	wrapped = lingerer_wrap(&lingerer);
	assert_true(raw_send_attach(fd, "cam", "", wrapped));
	(void)close(wrapped);
}

static void a_descriptor_that_holds_one_that_lingers_stops_no_node(void **state)
{
	(void)state;
	world_receives(send_wrapped);
}

/* The first packet ends the session, and the others are never read. */
static void send_unread(int fd)
{
	assert_true(raw_send_bytes(fd, "\xff", 1, NULL, 0));
	send_wrapped(fd);
}

static void a_socket_that_holds_one_that_lingers_stops_no_node(void **state)
{
	(void)state;
	world_receives(send_unread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_takes_is_closed),
		cmocka_unit_test(what_waits_at_the_end_is_closed),
		cmocka_unit_test(what_lingers_keeps_nobody_waiting),
		cmocka_unit_test(descriptors_that_linger_stop_no_node),
		cmocka_unit_test(a_descriptor_that_holds_one_that_lingers_stops_no_node),
		cmocka_unit_test(a_socket_that_holds_one_that_lingers_stops_no_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
