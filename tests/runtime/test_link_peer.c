#include "support/harness.h"

#include "base/timer.h"
#include "runtime/link_pair.h"
#include "runtime/random.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A link whose other end is a plain socket of the test's. */
struct half {
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct link_end end;
	int fd;
};

static int connect_to(const char *endpoint)
{
	struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un ipc = {.sun_family = AF_UNIX};
	unsigned port = 0;
	bool is_tcp = sscanf(endpoint, "tcp://127.0.0.1:%u", &port) == 1;
	int fd = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (is_tcp) {
		tcp.sin_port = htons((uint16_t)port);
		assert_int_equal(0, connect(fd, (struct sockaddr *)&tcp, sizeof tcp));
	} else {
		const char *path = strstr(endpoint, "://") + strlen("://");
		memcpy(ipc.sun_path, path, strlen(path));
		assert_int_equal(0, connect(fd, (struct sockaddr *)&ipc, sizeof ipc));
	}
	return fd;
}

static void half_open(struct half *half, const char *endpoint)
{
	struct fast_link *link;

	link_inbox_init(&half->inbox);
	assert_ok(
		fast_link_listen(endpoint, 0, link_inbox_accepted, &half->inbox, &half->listener));
	half->fd = connect_to(fast_link_listener_endpoint(half->listener));
	link = link_inbox_take(&half->inbox, 0);
	assert_non_null(link);
	link_end_init(&half->end, link);
}

static void half_close(struct half *half)
{
	half->end.link->ops->free(half->end.link);
	fast_link_listener_close(half->listener);
}

/* One receive, by completion or by waiting. */
static enum fast_status receive(struct link_end *end, bool waits, char *buffer, size_t bytes,
				size_t *received)
{
	unsigned before = gate_count(&end->received);

	if (waits) {
		return end->link->ops->recv_wait(end->link, buffer, bytes, FAST_TIME_NEVER,
						 received);
	}
	end->link->ops->recv(end->link, buffer, bytes);
	assert_true(gate_wait(&end->received, before + 1));
	*received = end->received_bytes;
	return end->received_status;
}

/* The peer has sent, and then closes with bytes of ours unread, which resets the stream. */
static void last_words(const char *endpoint, bool waits, bool is_receiving)
{
	struct iovec unread = {"you will never read this", 24};
	char text[100] = {0};
	size_t got = 0;
	size_t bytes = 0;
	struct half half;
	unsigned first = 0;

	half_open(&half, endpoint);
	half.end.link->ops->send(half.end.link, &unread, 1);
	assert_true(gate_wait(&half.end.sent, 1));
	if (is_receiving) {
		half.end.link->ops->recv(half.end.link, text, 3);
		first = 1;
	}
	assert_int_equal(18, write(half.fd, "these are my last.", 18));
	close(half.fd);
	if (first != 0) {
		assert_true(gate_wait(&half.end.received, first));
		assert_ok(half.end.received_status);
		got = half.end.received_bytes;
	}
	while (receive(&half.end, waits, text + got, 5, &bytes) == FAST_OK) {
		got += bytes;
		assert_true(got <= 18);
	}
	assert_string_equal("these are my last.", text);
	assert_status(FAST_UNAVAILABLE, receive(&half.end, waits, text, 5, &bytes));
	half_close(&half);
}

static void the_last_words_of_a_peer_that_resets_are_received(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++) {
		last_words(link_folder_endpoint("last"), i % 2 == 0, i % 3 == 0);
	}
}

/* Over tcp a reset may overtake what was sent, so a polite peer it is. */
static void the_last_words_of_a_peer_that_closes_are_received(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++) {
		char text[100] = {0};
		size_t got = 0;
		size_t bytes = 0;
		struct half half;

		half_open(&half, "tcp://127.0.0.1:0");
		assert_int_equal(18, write(half.fd, "these are my last.", 18));
		close(half.fd);
		while (receive(&half.end, i % 2 == 0, text + got, 5, &bytes) == FAST_OK) {
			got += bytes;
			assert_true(got <= 18);
		}
		assert_string_equal("these are my last.", text);
		half_close(&half);
	}
}

static void a_peer_that_goes_ends_a_stuck_send(void **state)
{
	static char zeros[1 << 20];
	struct iovec iov = {zeros, sizeof zeros};
	struct half half;
	unsigned sent = 0;

	(void)state;
	half_open(&half, link_folder_endpoint("goes"));
	half.end.link->ops->send(half.end.link, &iov, 1);
	assert_true(gate_wait(&half.end.sent, ++sent));
	half.end.link->ops->send(half.end.link, &iov, 1); /* fills, or waits */
	close(half.fd);
	do {
		assert_true(gate_wait(&half.end.sent, ++sent));
		if (half.end.sent_status == FAST_OK) {
			half.end.link->ops->send(half.end.link, &iov, 1);
		}
	} while (half.end.sent_status == FAST_OK);
	assert_status(FAST_UNAVAILABLE, half.end.sent_status);
	half_close(&half);
}

static void a_peer_that_shuts_down_ends_a_stuck_send(void **state)
{
	static char zeros[1 << 20];
	struct iovec iov = {zeros, sizeof zeros};
	struct half half;
	char buffer[8];

	(void)state;
	half_open(&half, link_folder_endpoint("shut"));
	half.end.link->ops->recv(half.end.link, buffer, sizeof buffer);
	half.end.link->ops->send(half.end.link, &iov, 1);
	assert_true(gate_wait(&half.end.sent, 1));
	half.end.link->ops->send(half.end.link, &iov, 1); /* waits */
	assert_int_equal(0, shutdown(half.fd, SHUT_RDWR));
	assert_true(gate_wait(&half.end.received, 1));
	assert_true(gate_wait(&half.end.sent, 2));
	assert_status(FAST_UNAVAILABLE, half.end.received_status);
	assert_status(FAST_UNAVAILABLE, half.end.sent_status);
	close(half.fd);
	half_close(&half);
}

/* Receives and sends for ever, from its own completions. */
struct engine {
	struct fast_link *link;
	struct gate ended; /* once by receiving, once by sending */
	atomic_int receiving;
	atomic_int sending;
	atomic_size_t received;
	atomic_uint lingered;
	atomic_int faults; /* asserting is for the test's own thread */
	char in[64];
	char out[64];
};

static void engine_expect(struct engine *engine, bool holds)
{
	atomic_fetch_add(&engine->faults, !holds);
}

/* What was started must not complete before this one has ended. Not each time: where others want
 * the processor, too, it comes back late. */
static void engine_linger(struct engine *engine)
{
	if (atomic_fetch_add(&engine->lingered, 1) % 16 == 0) {
		sched_yield();
	}
}

static void engine_receive(struct engine *engine)
{
	engine->link->ops->recv(engine->link, engine->in, sizeof engine->in);
}

static void engine_send(struct engine *engine)
{
	struct iovec iov = {engine->out, sizeof engine->out};

	engine->link->ops->send(engine->link, &iov, 1);
}

static void engine_received(void *arg, enum fast_status status, size_t bytes)
{
	struct engine *engine = arg;

	engine_expect(engine, atomic_fetch_add(&engine->receiving, 1) == 0);
	atomic_fetch_add(&engine->received, bytes);
	if (status == FAST_OK) {
		engine_receive(engine);
	} else {
		gate_pass(&engine->ended);
	}
	engine_linger(engine);
	engine_expect(engine, atomic_fetch_sub(&engine->receiving, 1) == 1);
}

static void engine_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct engine *engine = arg;

	engine_expect(engine, atomic_fetch_add(&engine->sending, 1) == 0);
	engine_expect(engine, (status == FAST_OK) == (bytes > 0));
	if (status == FAST_OK) {
		engine_send(engine);
	} else {
		gate_pass(&engine->ended);
	}
	engine_linger(engine);
	engine_expect(engine, atomic_fetch_sub(&engine->sending, 1) == 1);
}

static const struct fast_link_events engine_events = {engine_received, engine_sent};

static void engine_start(struct engine *engine, struct fast_link *link)
{
	memset(engine, 0, sizeof *engine);
	engine->ended = (struct gate)GATE_INITIALIZER;
	engine->link = link;
	fast_link_start(link, &engine_events, engine);
	engine_receive(engine);
	engine_send(engine);
}

static void completions_of_one_kind_never_overlap(void **state)
{
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct fast_link_dialer *dialer;
	uint64_t random = 5;

	(void)state;
	link_inbox_init(&inbox);
	assert_ok(fast_link_listen(link_folder_endpoint("engine"), 0, link_inbox_accepted, &inbox,
				   &listener));
	assert_ok(fast_link_dialer_new(link_folder_endpoint("engine"), &dialer));
	for (unsigned i = 0; i < 30; i++) {
		struct engine client;
		struct engine server;
		struct fast_link *link = NULL;
		size_t until = random_below(&random, 100000);

		assert_ok(link_dial_wait(dialer, 10000, &link));
		engine_start(&client, link);
		engine_start(&server, link_inbox_take(&inbox, i));
		while (atomic_load(&client.received) < until) {
			(void)poll(NULL, 0, 1);
		}
		link->ops->close(link);
		assert_true(gate_wait(&client.ended, 2));
		assert_true(gate_wait(&server.ended, 2));
		client.link->ops->free(client.link);
		server.link->ops->free(server.link);
		assert_int_equal(0, client.faults + server.faults);
	}
	fast_link_dialer_free(dialer);
	fast_link_listener_close(listener);
}

static void freeing_in_full_flow_ends_everything(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct link_pair pair;
		struct engine client;
		struct engine server;

		link_pair_open(&pair, link_folder_endpoint("flow"));
		engine_start(&client, pair.client.link);
		engine_start(&server, pair.server.link);
		while (atomic_load(&server.received) < 1000) {
			sched_yield();
		}
		link_pair_close(&pair);
		assert_int_equal(2, gate_count(&client.ended));
		assert_int_equal(2, gate_count(&server.ended));
		assert_int_equal(0, client.faults + server.faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_words_of_a_peer_that_resets_are_received),
		cmocka_unit_test(the_last_words_of_a_peer_that_closes_are_received),
		cmocka_unit_test(a_peer_that_goes_ends_a_stuck_send),
		cmocka_unit_test(a_peer_that_shuts_down_ends_a_stuck_send),
		cmocka_unit_test(completions_of_one_kind_never_overlap),
		cmocka_unit_test(freeing_in_full_flow_ends_everything),
	};

	return link_run_tests(tests, FAST_TEST_COUNT(tests));
}
