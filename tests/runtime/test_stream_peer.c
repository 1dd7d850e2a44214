/* Streams of a server that misbehaves. */
#include "rpc_peer.h"
#include "rpc_world.h"

#include <string.h>

static struct world world;
static struct peer server;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	server.link = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (server.link != NULL) {
		world.has_peer_links = false;
		peer_close(&server);
	}
	world_run(&world);
	world_close(&world);
	return 0;
}

static struct fast_stream *watch(uint32_t number, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.number = number;
	assert_ok(testing_v1_probe_watch(world.client, &options, &request, &stream));
	world_run(&world);
	return stream;
}

static enum fast_status next(struct fast_stream *stream, uint32_t *number)
{
	const Testing__V1__ProbeResponse *item = NULL;
	enum fast_status status = testing_v1_probe_watch_next(stream, 0, &item);

	*number = item == NULL ? 0 : item->number;
	world_run(&world);
	return status;
}

static void expect_items(struct fast_stream *stream, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++) {
		uint32_t number;
		assert_ok(next(stream, &number));
		assert_int_equal(i, number);
	}
}

static void expect_end(struct fast_stream *stream, enum fast_status status, const char *words)
{
	uint32_t number;

	assert_false(fast_stream_ended(stream));
	assert_status(status, next(stream, &number));
	assert_int_equal(0, number);
	assert_true(fast_stream_ended(stream));
	assert_status(status, fast_stream_reply(stream)->status);
	assert_non_null(strstr(fast_stream_reply(stream)->text, words));
	assert_status(status, next(stream, &number)); /* and again */
	fast_stream_close(stream);
}

/* The server is the test. */
static struct fast_stream *watch_peer(void)
{
	struct fast_stream *stream;
	uint32_t id = 0;
	Fast__V1__Packet *request;

	world.has_peer_links = true;
	stream = watch(1, 0);
	peer_open(&server, world.net, world.peer_link);
	world.peer_link = NULL;
	peer_send_hello(&server, FAST_SP_REP);
	fast__v1__packet__free_unpacked(peer_take(&server, &id), NULL);
	request = peer_take(&server, &id);
	assert_non_null(request);
	assert_int_equal(FAST_STREAM_CREDIT, request->credit);
	assert_int_equal(0, request->timeout_us);
	fast__v1__packet__free_unpacked(request, NULL);
	return stream;
}

static void send_item(uint64_t sequence, uint32_t number)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t payload[] = {0x08, (uint8_t)number};

	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM;
	packet.sequence = sequence;
	packet.payload.data = payload;
	packet.payload.len = sizeof payload;
	assert_true(peer_send_packet(&server, 0x80000001u, &packet));
}

static void a_stream_without_its_end_is_a_failure(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch_peer();
	send_item(1, 1);
	send_item(2, 2);
	world.has_peer_links = false;
	world_stop_server(&world); /* so that it cannot be had elsewhere */
	peer_close(&server);
	world_run(&world);
	expect_items(stream, 1, 2);
	expect_end(stream, FAST_UNAVAILABLE, "lost");
}

static void more_items_than_credit_end_the_stream(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch_peer();
	for (uint64_t i = 1; i <= FAST_STREAM_CREDIT + 1; i++) {
		send_item(i, (uint32_t)i);
	}
	expect_items(stream, 1, FAST_STREAM_CREDIT);
	expect_end(stream, FAST_INTERNAL, "more items than it was granted");
}

static void a_gap_in_the_sequence_ends_the_stream(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch_peer();
	send_item(1, 1);
	send_item(3, 3);
	expect_items(stream, 1, 1);
	expect_end(stream, FAST_INTERNAL, "left out an item");
}

static void an_item_behind_the_end_is_a_stray(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	struct fast_stream *stream;

	(void)state;
	stream = watch_peer();
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE;
	assert_true(peer_send_packet(&server, 0x80000001u, &packet));
	send_item(1, 1);
	assert_int_equal(1, world.client->strays);
	expect_end(stream, FAST_OK, "");
}

static void an_item_that_cannot_be_read_ends_the_stream(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t bad_text[] = {0x12, 0x01, 0xff};
	struct fast_stream *stream;

	(void)state;
	stream = watch_peer();
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM;
	packet.sequence = 1;
	packet.payload.data = bad_text;
	packet.payload.len = sizeof bad_text;
	assert_true(peer_send_packet(&server, 0x80000001u, &packet));
	expect_end(stream, FAST_DATA_LOSS, "");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_stream_without_its_end_is_a_failure),
		test(more_items_than_credit_end_the_stream),
		test(a_gap_in_the_sequence_ends_the_stream),
		test(an_item_behind_the_end_is_a_stray),
		test(an_item_that_cannot_be_read_ends_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
