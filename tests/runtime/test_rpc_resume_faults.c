/* Streams that resume while memory fails, and at servers that misbehave. */
#include "resume_world.h"
#include "rpc_peer.h"

#include "support/fault_alloc.h"

static struct resume_world it;
static struct peer server;

static int setup(void **state)
{
	(void)state;
	resume_open(&it, true, false);
	server.link = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (server.link != NULL) {
		it.world.has_peer_links = false;
		peer_close(&server);
	}
	resume_close(&it);
	return 0;
}

/* Sends items 2 to 5 by its own ring, over a connection that is lost half-way. True: an allocation
 * failed. */
static bool resume_once(int n)
{
	struct fast_stream *stream = resume_watch(&it, 3600000);
	uint32_t number = 0;
	bool has_fired;

	resume_send(&it, 1, 1);
	world_run(&it.world);
	fault_alloc_after(n);
	it.world.client->connection->connection.link->ops->close(
		it.world.client->connection->connection.link);
	world_advance_ms(&it.world, 100);
	has_fired = fault_alloc_fired();
	fault_alloc_after(-1);
	resume_expect(&it, stream, 1, 1);
	world_advance_ms(&it.world, 5000);
	if (!has_fired || it.call_count >= 2) {
		resume_send(&it, 2, 5);
		world_run(&it.world);
		resume_expect(&it, stream, 2, 5);
	} else {
		/* It may end, with its reason, but not hang. */
		assert_true(has_fired);
		assert_status(FAST_RESOURCE_EXHAUSTED, resume_next(&it, stream, &number));
		assert_true(fast_stream_ended(stream));
	}
	fast_stream_close(stream);
	world_run(&it.world);
	for (unsigned i = 0; i < it.call_count; i++) {
		if (it.calls[i].call != NULL) {
			fast_call_fail(it.calls[i].call, FAST_CANCELLED, "the test is over");
		}
	}
	it.call_count = 0;
	world_run(&it.world);
	return has_fired;
}

static void it_goes_on_or_ends_whatever_fails(void **state)
{
	int n = 0;

	(void)state;
	while (resume_once(n++)) {
	}
	assert_true(n > 5);
}

/* The client's next connection ends at the test, which is the server. */
static Fast__V1__Packet *take_request(uint32_t *id)
{
	peer_open(&server, it.world.net, it.world.peer_link);
	it.world.peer_link = NULL;
	peer_send_hello(&server, FAST_SP_REP);
	fast__v1__packet__free_unpacked(peer_take(&server, id), NULL);
	return peer_take(&server, id);
}

/* A stream that has item 5, and the request by which it goes on. */
static struct fast_stream *watch_peer(uint32_t *id)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	Fast__V1__Packet *request;

	resume_send(&it, 5, 5);
	world_run(&it.world);
	resume_expect(&it, stream, 5, 5);
	it.world.has_peer_links = true;
	resume_cut(&it);
	request = take_request(id);
	assert_non_null(request);
	assert_int_equal(FAST_STREAM_CREDIT, request->credit);
	assert_int_equal(5, request->resume_after);
	assert_int_equal(it.epoch, request->epoch);
	assert_true(request->mark);
	fast__v1__packet__free_unpacked(request, NULL);
	return stream;
}

static void send_item(uint32_t id, uint64_t sequence, uint64_t cursor)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t payload[] = {0x08, (uint8_t)cursor};

	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM;
	packet.sequence = sequence;
	packet.cursor = cursor;
	packet.epoch = it.epoch;
	packet.payload.data = payload;
	packet.payload.len = sizeof payload;
	assert_true(peer_send_packet(&server, id, &packet));
}

static void a_server_that_is_full_is_asked_again_later(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	Fast__V1__Packet *request;
	struct fast_stream *stream;
	uint32_t id;

	(void)state;
	stream = watch_peer(&id);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK;
	packet.status = &status;
	status.code = FAST_RESOURCE_EXHAUSTED;
	assert_true(peer_send_packet(&server, id, &packet));
	assert_null(peer_take(&server, &id));
	resume_expect_nothing(&it, stream);
	world_advance_ms(&it.world, 100);
	request = peer_take(&server, &id);
	assert_non_null(request);
	assert_int_equal(5, request->resume_after);
	fast__v1__packet__free_unpacked(request, NULL);
	send_item(id, 1, 6);
	resume_expect(&it, stream, 6, 6);
	fast_stream_close(stream);
}

static void a_stream_that_a_full_server_never_took_fails_as_any_call(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	struct fast_stream *stream;
	uint32_t id = 0;

	(void)state;
	it.world.has_peer_links = true;
	stream = resume_watch(&it, 0);
	fast__v1__packet__free_unpacked(take_request(&id), NULL);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK;
	packet.status = &status;
	status.code = FAST_RESOURCE_EXHAUSTED;
	assert_true(peer_send_packet(&server, id, &packet));
	resume_expect_end(&it, stream, FAST_RESOURCE_EXHAUSTED);
}

static void an_item_that_comes_twice_ends_the_stream(void **state)
{
	struct fast_stream *stream;
	uint32_t id;

	(void)state;
	stream = watch_peer(&id);
	send_item(id, 1, 5);
	resume_expect_end(&it, stream, FAST_INTERNAL);
}

static void an_answer_ends_the_stream(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	struct fast_stream *stream;
	uint32_t id;

	(void)state;
	stream = watch_peer(&id);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE;
	packet.status = &status;
	status.code = FAST_NOT_FOUND;
	assert_true(peer_send_packet(&server, id, &packet));
	resume_expect_end(&it, stream, FAST_NOT_FOUND);
}

static void others_of_the_client_are_not_kept_waiting(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	struct outcome outcome;

	(void)state;
	world_ask(&it.world, 1, 1000, &outcome);
	world_run(&it.world);
	assert_int_equal(1, outcome.count);
	resume_stop_server(&it);
	world_advance_ms(&it.world, 500);
	world_ask(&it.world, 1, 100000, &outcome);
	world_advance_ms(&it.world, 5000);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	fast_stream_close(stream);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(it_goes_on_or_ends_whatever_fails),
		test(a_server_that_is_full_is_asked_again_later),
		test(a_stream_that_a_full_server_never_took_fails_as_any_call),
		test(an_item_that_comes_twice_ends_the_stream),
		test(an_answer_ends_the_stream),
		test(others_of_the_client_are_not_kept_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
