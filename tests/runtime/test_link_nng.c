#include "support/harness.h"

#include "base/timer.h"
#include "runtime/link_pair.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

static const char *tcp_endpoint(void)
{
	return "tcp://127.0.0.1:0";
}

static int64_t in_ms(int64_t ms)
{
	return fast_clock_now_ns() + ms * NS_PER_MS;
}

static void echoes(const char *endpoint, enum fast_sp_framing framing, const char *name)
{
	struct link_pair pair;

	link_pair_open(&pair, endpoint);
	assert_int_equal(framing, pair.client.link->framing);
	assert_string_equal(name, pair.client.link->peer.endpoint);
	assert_string_equal(name, pair.server.link->peer.endpoint);
	for (int i = 0; i < 100; i++) {
		link_pass_text(&pair.client, &pair.server, "is anybody there?");
		link_pass_text(&pair.server, &pair.client, "yes");
	}
	link_pair_close(&pair);
}

static void bytes_go_both_ways_over_a_path(void **state)
{
	(void)state;
	echoes(link_folder_endpoint("echo"), FAST_SP_IPC, link_scheme);
}

static void bytes_go_both_ways_over_tcp(void **state)
{
	(void)state;
	echoes(tcp_endpoint(), FAST_SP_TCP, "tcp");
	echoes("tcp://localhost:0", FAST_SP_TCP, "tcp");
}

static void the_kernel_says_who_the_peer_is(void **state)
{
	struct link_pair pair;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("peer"));
	assert_true(pair.server.link->peer.has_credentials);
	assert_int_equal(getuid(), pair.server.link->peer.uid);
	assert_int_equal(getgid(), pair.server.link->peer.gid);
	assert_int_equal(getpid(), pair.server.link->peer.pid);
	assert_true(pair.client.link->peer.has_credentials);
	link_pair_close(&pair);
	link_pair_open(&pair, tcp_endpoint());
	assert_false(pair.server.link->peer.has_credentials);
	link_pair_close(&pair);
}

static void several_pieces_are_sent_as_one(void **state)
{
	struct link_pair pair;
	char parts[FAST_LINK_IOV_MAX][2];
	struct iovec iov[FAST_LINK_IOV_MAX];
	char buffer[64] = {0};

	(void)state;
	link_pair_open(&pair, tcp_endpoint());
	for (size_t i = 0; i < FAST_LINK_IOV_MAX; i++) {
		parts[i][0] = (char)('a' + i);
		iov[i] = (struct iovec){parts[i], i == 3 ? 0 : 1};
	}
	pair.client.link->ops->send(pair.client.link, iov, FAST_LINK_IOV_MAX);
	assert_true(gate_wait(&pair.client.sent, 1));
	assert_int_equal(FAST_LINK_IOV_MAX - 1, pair.client.sent_bytes);
	pair.server.link->ops->recv(pair.server.link, buffer, sizeof buffer);
	assert_true(gate_wait(&pair.server.received, 1));
	assert_string_equal("abcefgh", buffer);
	link_pair_close(&pair);
}

static void a_waiting_receive_gives_what_comes(void **state)
{
	struct link_pair pair;
	struct iovec iov = {"now", 3};
	char buffer[8] = {0};
	size_t bytes = 0;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("wait"));
	pair.server.link->ops->send(pair.server.link, &iov, 1);
	assert_ok(pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer,
						   FAST_TIME_NEVER, &bytes));
	assert_int_equal(3, bytes);
	assert_string_equal("now", buffer);
	link_pair_close(&pair);
}

static void a_deadline_ends_the_wait_and_loses_nothing(void **state)
{
	struct link_pair pair;
	char buffer[64] = {0};
	size_t bytes = 0;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("deadline"));
	for (int i = 0; i < 20; i++) {
		int64_t deadline_ns = in_ms(i % 4);
		struct iovec iov = {"later", 5};
		assert_status(FAST_DEADLINE_EXCEEDED,
			      pair.client.link->ops->recv_wait(pair.client.link, buffer,
							       sizeof buffer, deadline_ns, &bytes));
		assert_true(fast_clock_now_ns() >= deadline_ns);
		pair.server.link->ops->send(pair.server.link, &iov, 1);
		assert_true(gate_wait(&pair.server.sent, (unsigned)i + 1));
		/* A deadline that has passed still takes what is there. */
		assert_ok(pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer,
							   i % 2 == 0 ? 0 : in_ms(10000), &bytes));
		assert_int_equal(5, bytes);
	}
	link_pair_close(&pair);
}

struct dribble {
	struct link_end *end;
	size_t bytes;
};

/* Sends numbered bytes, a few at a time, whatever the other end does. */
static void *dribble_send(void *arg)
{
	struct dribble *dribble = arg;
	struct link_end *end = dribble->end;

	for (size_t i = 0; i < dribble->bytes; i++) {
		uint8_t byte = (uint8_t)i;
		struct iovec iov = {&byte, 1};
		end->link->ops->send(end->link, &iov, 1);
		if (!gate_wait(&end->sent, (unsigned)i + 1)) {
			abort();
		}
	}
	return NULL;
}

static void short_waits_beside_arriving_bytes_lose_none(void **state)
{
	struct link_pair pair;
	struct dribble dribble = {&pair.server, 5000};
	pthread_t thread;
	uint8_t buffer[16];
	size_t got = 0;

	(void)state;
	link_pair_open(&pair, tcp_endpoint());
	assert_int_equal(0, pthread_create(&thread, NULL, dribble_send, &dribble));
	while (got < dribble.bytes) {
		size_t bytes = 0;
		enum fast_status status = pair.client.link->ops->recv_wait(
			pair.client.link, buffer, sizeof buffer, in_ms(1), &bytes);
		if (status == FAST_DEADLINE_EXCEEDED) {
			continue;
		}
		assert_ok(status);
		for (size_t i = 0; i < bytes; i++) {
			assert_int_equal((uint8_t)(got + i), buffer[i]);
		}
		got += bytes;
	}
	pthread_join(thread, NULL);
	link_pair_close(&pair);
}

static void *interrupt_link(void *arg)
{
	struct fast_link *link = arg;

	link->ops->interrupt(link);
	return NULL;
}

static void an_interrupt_ends_the_wait_under_way_or_the_next(void **state)
{
	struct link_pair pair;
	pthread_t thread;
	char buffer[64];
	size_t bytes;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("interrupt"));
	pair.client.link->ops->interrupt(pair.client.link);
	assert_status(FAST_CANCELLED,
		      pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer,
						       FAST_TIME_NEVER, &bytes));
	for (int i = 0; i < 500; i++) {
		assert_int_equal(0,
				 pthread_create(&thread, NULL, interrupt_link, pair.client.link));
		assert_status(FAST_CANCELLED, pair.client.link->ops->recv_wait(
						      pair.client.link, buffer, sizeof buffer,
						      FAST_TIME_NEVER, &bytes));
		pthread_join(thread, NULL);
	}
	assert_status(FAST_DEADLINE_EXCEEDED, /* each interrupt counts once */
		      pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer, 0,
						       &bytes));
	link_pair_close(&pair);
}

static void closing_ends_what_is_under_way(void **state)
{
	struct link_pair pair;
	char buffer[64];

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("close"));
	pair.client.link->ops->recv(pair.client.link, buffer, sizeof buffer);
	pair.server.link->ops->recv(pair.server.link, buffer, sizeof buffer);
	pair.client.link->ops->close(pair.client.link);
	pair.client.link->ops->close(pair.client.link);
	assert_true(gate_wait(&pair.client.received, 1));
	assert_status(FAST_UNAVAILABLE, pair.client.received_status);
	assert_true(gate_wait(&pair.server.received, 1));
	assert_status(FAST_UNAVAILABLE, pair.server.received_status);
	link_pair_close(&pair);
}

static void a_closed_link_completes_what_is_started(void **state)
{
	struct link_pair pair;
	struct iovec iov = {"x", 1};
	char buffer[64];
	size_t bytes;

	(void)state;
	link_pair_open(&pair, tcp_endpoint());
	pair.client.link->ops->close(pair.client.link);
	for (unsigned i = 1; i <= 3; i++) {
		pair.client.link->ops->recv(pair.client.link, buffer, sizeof buffer);
		pair.client.link->ops->send(pair.client.link, &iov, 1);
		assert_true(gate_wait(&pair.client.received, i));
		assert_true(gate_wait(&pair.client.sent, i));
		assert_status(FAST_UNAVAILABLE, pair.client.received_status);
		assert_status(FAST_UNAVAILABLE, pair.client.sent_status);
	}
	assert_status(FAST_UNAVAILABLE,
		      pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer,
						       FAST_TIME_NEVER, &bytes));
	link_pair_close(&pair);
}

/* Sends until the kernel takes no more. */
static void fill(struct link_end *end)
{
	static uint8_t zeros[1 << 20];
	struct iovec iov = {zeros, sizeof zeros};

	for (unsigned sent = 0;; sent++) {
		struct timespec until;
		end->link->ops->send(end->link, &iov, 1);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100 * NS_PER_MS;
		if (until.tv_nsec >= 1000 * NS_PER_MS) {
			until.tv_nsec -= 1000 * NS_PER_MS;
			until.tv_sec++;
		}
		pthread_mutex_lock(&end->sent.lock);
		while (end->sent.count == sent &&
		       pthread_cond_timedwait(&end->sent.changed, &end->sent.lock, &until) == 0) {
		}
		bool is_stuck = end->sent.count == sent;
		pthread_mutex_unlock(&end->sent.lock);
		if (is_stuck) {
			return;
		}
	}
}

static void a_send_stuck_against_a_peer_that_never_reads_is_ended(const char *endpoint)
{
	struct link_pair pair;
	unsigned sent;
	int64_t before_ns;

	link_pair_open(&pair, endpoint);
	fill(&pair.client);
	sent = gate_count(&pair.client.sent);
	before_ns = fast_clock_now_ns();
	pair.client.link->ops->close(pair.client.link);
	assert_true(gate_wait(&pair.client.sent, sent + 1));
	assert_true(fast_clock_now_ns() - before_ns < 2000 * NS_PER_MS);
	assert_status(FAST_UNAVAILABLE, pair.client.sent_status);
	link_pair_close(&pair);
}

static void close_ends_a_stuck_send_at_once(void **state)
{
	(void)state;
	a_send_stuck_against_a_peer_that_never_reads_is_ended(link_folder_endpoint("stuck"));
	a_send_stuck_against_a_peer_that_never_reads_is_ended(tcp_endpoint());
}

static void free_ends_a_stuck_send_too(void **state)
{
	struct link_pair pair;

	(void)state;
	link_pair_open(&pair, link_folder_endpoint("stuck2"));
	fill(&pair.client);
	link_pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_over_a_path),
		cmocka_unit_test(bytes_go_both_ways_over_tcp),
		cmocka_unit_test(the_kernel_says_who_the_peer_is),
		cmocka_unit_test(several_pieces_are_sent_as_one),
		cmocka_unit_test(a_waiting_receive_gives_what_comes),
		cmocka_unit_test(a_deadline_ends_the_wait_and_loses_nothing),
		cmocka_unit_test(short_waits_beside_arriving_bytes_lose_none),
		cmocka_unit_test(an_interrupt_ends_the_wait_under_way_or_the_next),
		cmocka_unit_test(closing_ends_what_is_under_way),
		cmocka_unit_test(a_closed_link_completes_what_is_started),
		cmocka_unit_test(close_ends_a_stuck_send_at_once),
		cmocka_unit_test(free_ends_a_stuck_send_too),
	};

	return link_run_tests(tests, FAST_TEST_COUNT(tests));
}
