#include "runtime/tls_world.h"

#include "base/timer.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define DIAL_MS   15000
#define BIG       (1u << 20)

struct tls_pair {
	struct tls_ends ends;
	struct link_end client;
	struct link_end server;
};

static void pair_open(struct tls_pair *pair)
{
	struct fast_link *link = NULL;

	tls_ends_open(&pair->ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	assert_ok(tls_ends_dial(&pair->ends, DIAL_MS, &link));
	link_end_init(&pair->client, link);
	link = link_inbox_take(&pair->ends.inbox, 0);
	assert_non_null(link);
	link_end_init(&pair->server, link);
}

static void pair_close(struct tls_pair *pair)
{
	pair->client.link->ops->free(pair->client.link);
	tls_ends_close(&pair->ends);
}

static int64_t in_ms(int64_t ms)
{
	return fast_clock_now_ns() + ms * NS_PER_MS;
}

static uint8_t *pattern_make(size_t bytes)
{
	uint8_t *data = malloc(bytes);

	assert_non_null(data);
	for (size_t i = 0; i < bytes; i++) {
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	}
	return data;
}

/* Starts a send of what is left, or a receive; false: all is done. */
static bool send_more(struct link_end *end, const uint8_t *data, size_t bytes, size_t *done)
{
	struct iovec iov = {(void *)(uintptr_t)(data + *done), bytes - *done};

	if (*done == bytes) {
		return false;
	}
	end->link->ops->send(end->link, &iov, 1);
	return true;
}

/* All of data, while other things go on; then waits with recv on this thread. */
struct sender {
	struct link_end *end;
	const uint8_t *data;
	size_t bytes;
};

static void *sender_body(void *arg)
{
	struct sender *sender = arg;
	size_t done = 0;
	unsigned sent = gate_count(&sender->end->sent);

	while (send_more(sender->end, sender->data, sender->bytes, &done)) {
		assert_true(gate_wait(&sender->end->sent, ++sent));
		assert_ok(sender->end->sent_status);
		done += sender->end->sent_bytes;
	}
	return NULL;
}

/* Sends from one end and receives at the other, room_bytes at a time, by recv or recv_wait. */
static void pass(struct link_end *from, struct link_end *to, size_t bytes, size_t room_bytes,
		 bool waits)
{
	uint8_t *data = pattern_make(bytes);
	uint8_t *got = malloc(bytes);
	struct sender sender = {from, data, bytes};
	pthread_t thread;
	size_t done = 0;

	assert_non_null(got);
	assert_int_equal(0, pthread_create(&thread, NULL, sender_body, &sender));
	while (done < bytes) {
		size_t room = bytes - done < room_bytes ? bytes - done : room_bytes;
		size_t received = 0;
		if (waits) {
			assert_ok(to->link->ops->recv_wait(to->link, got + done, room, in_ms(20000),
							   &received));
		} else {
			unsigned count = gate_count(&to->received);
			to->link->ops->recv(to->link, got + done, room);
			assert_true(gate_wait(&to->received, count + 1));
			assert_ok(to->received_status);
			received = to->received_bytes;
		}
		assert_in_range(received, 1, room);
		done += received;
	}
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_memory_equal(data, got, bytes);
	free(data);
	free(got);
}

static void a_mebibyte_goes_each_way(void **state)
{
	struct tls_pair pair;

	(void)state;
	pair_open(&pair);
	pass(&pair.client, &pair.server, BIG, 65536, false);
	pass(&pair.server, &pair.client, BIG, 65536, true);
	pair_close(&pair);
}

static void what_small_buffers_leave_comes_with_the_next(void **state)
{
	struct tls_pair pair;

	(void)state;
	pair_open(&pair);
	pass(&pair.client, &pair.server, 5000, 7, false);
	pass(&pair.client, &pair.server, 5000, 7, true);
	pass(&pair.server, &pair.client, 100000, 16384, false);
	pair_close(&pair);
}

static void many_records_pass(void **state)
{
	struct tls_pair pair;

	(void)state;
	pair_open(&pair);
	for (int i = 0; i < 2000; i++) {
		link_pass_text(&pair.client, &pair.server, "is anybody there?");
		link_pass_text(&pair.server, &pair.client, "yes");
	}
	pair_close(&pair);
}

static void what_goes_at_once_goes_without_a_completion(void **state)
{
	struct tls_pair pair;
	struct iovec iov[] = {{"one ", 4}, {"", 0}, {"two ", 4}, {"three", 5}};
	char buffer[64] = {0};
	size_t bytes = 0;

	(void)state;
	pair_open(&pair);
	assert_int_equal(13, pair.client.link->ops->send_now(pair.client.link, iov, 4));
	assert_ok(pair.server.link->ops->recv_wait(pair.server.link, buffer, sizeof buffer,
						   in_ms(20000), &bytes));
	assert_string_equal("one two three", buffer);
	assert_int_equal(0, gate_count(&pair.client.sent));
	pair_close(&pair);
}

/* Until the kernel takes no more; what was taken is all there at the end, in order. */
static void a_send_at_once_that_stops_half_way_goes_on(void **state)
{
	struct tls_pair pair;
	uint8_t *data = pattern_make(16 * BIG);
	uint8_t *got = malloc(16 * BIG);
	size_t sent = 0;
	size_t done = 0;
	size_t now;

	(void)state;
	assert_non_null(got);
	pair_open(&pair);
	do {
		struct iovec iov = {data + sent, 16 * BIG - sent};
		now = pair.client.link->ops->send_now(pair.client.link, &iov, 1);
		sent += now;
	} while (now > 0 && sent < 16 * BIG);
	assert_int_equal(0, now);
	struct iovec rest = {data + sent, 100000};
	pair.client.link->ops->send(pair.client.link, &rest, 1);
	while (gate_count(&pair.client.sent) == 0 || done < sent + pair.client.sent_bytes) {
		size_t bytes = 0;
		enum fast_status status = pair.server.link->ops->recv_wait(
			pair.server.link, got + done, 16 * BIG - done, in_ms(20), &bytes);
		assert_true(status == FAST_OK || status == FAST_DEADLINE_EXCEEDED);
		done += bytes;
	}
	assert_ok(pair.client.sent_status);
	assert_int_equal(sent + pair.client.sent_bytes, done);
	assert_memory_equal(data, got, done);
	pair_close(&pair);
	free(data);
	free(got);
}

static void a_deadline_ends_the_wait_and_loses_nothing(void **state)
{
	struct tls_pair pair;
	char buffer[64] = {0};
	size_t bytes = 0;

	(void)state;
	pair_open(&pair);
	for (int i = 0; i < 3; i++) {
		assert_status(FAST_DEADLINE_EXCEEDED,
			      pair.server.link->ops->recv_wait(pair.server.link, buffer,
							       sizeof buffer, in_ms(20), &bytes));
	}
	link_pass_text(&pair.client, &pair.server, "late");
	pair_close(&pair);
}

static void an_interrupt_ends_the_wait(void **state)
{
	struct tls_pair pair;
	char buffer[64] = {0};
	size_t bytes = 0;

	(void)state;
	pair_open(&pair);
	for (int i = 0; i < 3; i++) {
		pair.server.link->ops->interrupt(pair.server.link);
		assert_status(FAST_CANCELLED, pair.server.link->ops->recv_wait(
						      pair.server.link, buffer, sizeof buffer,
						      FAST_TIME_NEVER, &bytes));
	}
	link_pass_text(&pair.client, &pair.server, "on it goes");
	pair_close(&pair);
}

static void closing_ends_what_is_under_way_on_both_sides(void **state)
{
	struct tls_pair pair;
	char buffer[64];
	size_t bytes = 0;

	(void)state;
	pair_open(&pair);
	pair.client.link->ops->recv(pair.client.link, buffer, sizeof buffer);
	pair.client.link->ops->close(pair.client.link);
	pair.client.link->ops->close(pair.client.link);
	assert_true(gate_wait(&pair.client.received, 1));
	assert_status(FAST_UNAVAILABLE, pair.client.received_status);
	assert_status(FAST_UNAVAILABLE,
		      pair.server.link->ops->recv_wait(pair.server.link, buffer, sizeof buffer,
						       in_ms(20000), &bytes));
	assert_status(FAST_UNAVAILABLE,
		      pair.client.link->ops->recv_wait(pair.client.link, buffer, sizeof buffer,
						       in_ms(20000), &bytes));
	pair_close(&pair);
}

static void a_closed_link_completes_what_is_started(void **state)
{
	struct tls_pair pair;
	struct iovec iov = {"x", 1};
	char buffer[64];

	(void)state;
	pair_open(&pair);
	pair.client.link->ops->close(pair.client.link);
	for (unsigned i = 1; i <= 3; i++) {
		pair.client.link->ops->recv(pair.client.link, buffer, sizeof buffer);
		pair.client.link->ops->send(pair.client.link, &iov, 1);
		assert_true(gate_wait(&pair.client.received, i));
		assert_true(gate_wait(&pair.client.sent, i));
		assert_status(FAST_UNAVAILABLE, pair.client.received_status);
		assert_status(FAST_UNAVAILABLE, pair.client.sent_status);
		assert_int_equal(0, pair.client.link->ops->send_now(pair.client.link, &iov, 1));
	}
	pair_close(&pair);
}

/* Sends without anybody reading, so that a send is stuck. */
static void fill(struct link_end *end, const uint8_t *data)
{
	struct iovec iov = {(void *)(uintptr_t)data, BIG};

	while (end->link->ops->send_now(end->link, &iov, 1) > 0) {
	}
	end->link->ops->send(end->link, &iov, 1);
}

static void close_and_free_end_a_stuck_send(void **state)
{
	uint8_t *data = pattern_make(BIG);

	(void)state;
	for (int frees = 0; frees < 2; frees++) {
		struct tls_pair pair;
		pair_open(&pair);
		fill(&pair.client, data);
		if (!frees) {
			pair.client.link->ops->close(pair.client.link);
			assert_true(gate_wait(&pair.client.sent, 1));
			assert_status(FAST_UNAVAILABLE, pair.client.sent_status);
		}
		pair_close(&pair);
		assert_int_equal(1, gate_count(&pair.client.sent));
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mebibyte_goes_each_way),
		cmocka_unit_test(what_small_buffers_leave_comes_with_the_next),
		cmocka_unit_test(many_records_pass),
		cmocka_unit_test(what_goes_at_once_goes_without_a_completion),
		cmocka_unit_test(a_send_at_once_that_stops_half_way_goes_on),
		cmocka_unit_test(a_deadline_ends_the_wait_and_loses_nothing),
		cmocka_unit_test(an_interrupt_ends_the_wait),
		cmocka_unit_test(closing_ends_what_is_under_way_on_both_sides),
		cmocka_unit_test(a_closed_link_completes_what_is_started),
		cmocka_unit_test(close_and_free_end_a_stuck_send),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
