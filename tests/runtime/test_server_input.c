/* The server before clients that stream requests against the rules. PROTOCOL.md, "Streams". */
#include "flow_world.h"
#include "server_fixture.h"

#include <string.h>

static struct flow flow;

static int flow_setup(void **state)
{
	(void)state;
	flow_open(&flow);
	/* The fixture works on a world of its own name. */
	world = flow.world;
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	return 0;
}

static int flow_teardown(void **state)
{
	(void)state;
	peer_close(&peer);
	world_run(&flow.world);
	flow_close(&flow);
	return 0;
}

static void meet(void)
{
	say_hello(1);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO), NULL);
}

static void expect_credit(uint32_t credit)
{
	Fast__V1__Packet *packet = expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_SERVER_CREDIT);

	assert_int_equal(credit, packet->credit);
	fast__v1__packet__free_unpacked(packet, NULL);
}

static void open_call(const char *method)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)method;
	assert_true(peer_send_packet(&peer, ID, &packet));
}

static void open_sum(void)
{
	meet();
	open_call("testing.v1.Flow/Sum");
	expect_credit(FAST_STREAM_CREDIT);
}

static void send_item(uint64_t sequence)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t payload[] = {0x08, (uint8_t)(sequence & 0x7f)};

	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM;
	packet.sequence = sequence;
	packet.payload.data = payload;
	packet.payload.len = sizeof payload;
	assert_true(peer_send_packet(&peer, ID, &packet));
}

static void expect_answered(enum fast_status code, const char *words)
{
	Fast__V1__Packet *packet = expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);

	assert_non_null(packet->status);
	assert_int_equal(code, packet->status->code);
	assert_non_null(strstr(packet->status->message, words));
	fast__v1__packet__free_unpacked(packet, NULL);
}

/* The peer gets its answer, the handler is told, and the connection goes on. */
static void expect_cut_off(enum fast_status code, const char *words)
{
	expect_answered(code, words);
	assert_int_equal(1, flow.calls[0].ends);
	assert_status(FAST_CANCELLED, flow.calls[0].told);
	send_item(1); /* for a call that is not open */
	expect_silence();
	assert_false(peer.has_ended);
	assert_int_equal(0, stats().calls_open);
}

static void credit_comes_back_as_items_are_read(void **state)
{
	(void)state;
	open_sum();
	for (uint64_t i = 1; i <= 64; i++) {
		send_item(i);
		if (i % (FAST_STREAM_CREDIT / 2) == 0) {
			expect_credit(FAST_STREAM_CREDIT / 2);
		}
	}
	assert_int_equal(64, flow.calls[0].count);
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE);
	fast__v1__packet__free_unpacked(expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE),
					NULL);
	expect_silence();
}

static void more_items_than_credit_are_cut_off(void **state)
{
	(void)state;
	flow.handling = FLOW_KEEPS; /* grants nothing */
	meet();
	open_call("testing.v1.Flow/Sum");
	expect_silence();
	send_item(1);
	expect_answered(FAST_RESOURCE_EXHAUSTED, "more items than");
	assert_true(fast_call_is_cancelled(flow.calls[0].call));
	assert_int_equal(0, flow.calls[0].count);
	expect_silence();
}

static void an_item_after_the_half_close_is_cut_off(void **state)
{
	(void)state;
	flow.handling = FLOW_WAITS;
	open_sum();
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE);
	send_item(1);
	expect_answered(FAST_INVALID_ARGUMENT, "after the half close");
	assert_int_equal(1, flow.calls[0].ends); /* as it was told before */
	assert_status(FAST_OK, flow.calls[0].told);
	assert_true(fast_call_is_cancelled(flow.calls[0].call));
}

static void a_gap_in_the_sequence_is_cut_off(void **state)
{
	(void)state;
	open_sum();
	send_item(1);
	send_item(3);
	expect_cut_off(FAST_INVALID_ARGUMENT, "left out");
}

static void an_item_in_pieces_without_a_payload_ends_the_connection(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	(void)state;
	open_sum();
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM;
	packet.sequence = 1;
	packet.more = true;
	assert_true(peer_send_packet(&peer, ID, &packet));
	world_run(&world);
	assert_true(peer.has_ended);
	assert_null(flow.calls[0].call); /* it was told that its caller has gone, and has ended */
}

static void an_item_that_cannot_be_read_is_cut_off(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t payload[] = {0x12, 0x7f};

	(void)state;
	open_sum();
	send_item(1);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM;
	packet.sequence = 2;
	packet.payload.data = payload;
	packet.payload.len = sizeof payload;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_cut_off(FAST_INVALID_ARGUMENT, "");
	assert_int_equal(1, flow.calls[0].count);
}

static void a_second_half_close_is_counted_and_dropped(void **state)
{
	(void)state;
	flow.handling = FLOW_WAITS;
	open_sum();
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE);
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE);
	expect_silence();
	assert_int_equal(1, stats().packets_malformed);
	assert_int_equal(1, flow.calls[0].ends);
}

static void items_for_a_method_of_one_request_are_counted_and_dropped(void **state)
{
	(void)state;
	flow.world.handling = WORLD_KEEPS;
	meet();
	assert_true(ask(ID, "testing.v1.Probe/Echo", 3));
	send_item(1);
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE);
	expect_silence();
	assert_int_equal(2, stats().packets_malformed);
	fast_call_fail(flow.world.kept[0], FAST_ABORTED, "the test is over");
}

static void a_request_with_a_payload_is_refused(void **state)
{
	(void)state;
	meet();
	assert_true(ask(ID, "testing.v1.Flow/Sum", 3));
	expect_failure(ID, FAST_UNIMPLEMENTED, "has no payload");
	assert_int_equal(0, flow.call_count);
}

static void a_bare_peer_is_refused(void **state)
{
	(void)state;
	open_call("testing.v1.Flow/Sum");
	expect_failure(ID, FAST_UNIMPLEMENTED, "needs a client that says HELLO");
	open_call("testing.v1.Flow/Echo");
	expect_failure(ID, FAST_UNIMPLEMENTED, "needs a client that says HELLO");
	assert_int_equal(0, flow.call_count);
}

#define test(name) cmocka_unit_test_setup_teardown(name, flow_setup, flow_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(credit_comes_back_as_items_are_read),
		test(more_items_than_credit_are_cut_off),
		test(an_item_after_the_half_close_is_cut_off),
		test(a_gap_in_the_sequence_is_cut_off),
		test(an_item_in_pieces_without_a_payload_ends_the_connection),
		test(an_item_that_cannot_be_read_is_cut_off),
		test(a_second_half_close_is_counted_and_dropped),
		test(items_for_a_method_of_one_request_are_counted_and_dropped),
		test(a_request_with_a_payload_is_refused),
		test(a_bare_peer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
