/* The server before clients that misbehave in packets, or speak no more than the rules ask. */
#include "server_fixture.h"

#include <string.h>

static void a_bare_peer_gets_its_one_answer_and_nothing_else(void **state)
{
	(void)state;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 3));
	expect_answer(ID, 3);
	expect_silence();
}

static void hello_is_answered_by_hello(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	say_hello(1);
	packet = expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	assert_int_equal(1, packet->hello->version_max);
	assert_int_equal(4 << 20, packet->hello->packet_bytes_max);
	assert_int_equal(1024, packet->hello->calls_max);
	assert_true(packet->hello->boot_id != 0);
	fast__v1__packet__free_unpacked(packet, NULL);
	expect_silence();
}

static void a_peer_of_another_version_is_told_to_go(void **state)
{
	(void)state;
	say_hello(2);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY), NULL);
	assert_true(ask(ID, "testing.v1.Probe/Echo", 3));
	expect_silence();
	assert_false(peer.has_ended);
	world_advance_ms(&world, 1000);
	assert_true(peer.has_ended);
	assert_int_equal(0, world.requests);
}

static void a_ping_is_answered_with_its_token(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Packet *pong;

	(void)state;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_PING;
	packet.token = 0x1122334455667788;
	assert_true(peer_send_packet(&peer, FAST_SP_CONNECTION_ID, &packet));
	pong = expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_PONG);
	assert_true(pong->token == packet.token);
	fast__v1__packet__free_unpacked(pong, NULL);
}

static void an_unknown_method_is_named_in_the_answer(void **state)
{
	(void)state;
	assert_true(ask(ID, "testing.v1.Probe/Reed", 1));
	expect_failure(ID, FAST_UNIMPLEMENTED,
		       "no method testing.v1.Probe/Reed: its service has no such method");
	assert_true(ask(ID, "testing.v1.Prob/Echo", 1));
	expect_failure(ID, FAST_UNIMPLEMENTED,
		       "no method testing.v1.Prob/Echo: there is no such service");
	assert_true(ask(ID, "", 1));
	expect_failure(ID, FAST_UNIMPLEMENTED, "there is no such service");
	assert_int_equal(3, stats().calls_refused);
}

static void a_stream_for_a_bare_peer_is_refused(void **state)
{
	(void)state;
	assert_true(ask(ID, "testing.v1.Probe/Watch", 1));
	expect_failure(ID, FAST_UNIMPLEMENTED, "needs a client that says HELLO");
	expect_silence();
}

static void what_is_no_packet_is_answered_and_the_connection_goes_on(void **state)
{
	(void)state;
	assert_true(peer_send_message(&peer, "\x80\0\0\5\xff\xff\xff", 7));
	expect_failure(ID, FAST_INVALID_ARGUMENT, "");
	assert_true(peer_send_message(&peer, "\x80\0\0\5", 4)); /* a packet without a kind */
	expect_failure(ID, FAST_INVALID_ARGUMENT, "");
	assert_true(peer_send_message(&peer, "\x80\0\0\0\xff", 5)); /* nobody to answer */
	expect_silence();
	assert_int_equal(3, stats().packets_malformed);
	assert_true(ask(ID, "testing.v1.Probe/Echo", 3));
	expect_answer(ID, 3);
}

static void an_unknown_kind_is_answered(void **state)
{
	(void)state;
	say(ID, (Fast__V1__PacketKind)99);
	expect_failure(ID, FAST_UNIMPLEMENTED, "kind");
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO); /* not under a call's id */
	expect_failure(ID, FAST_UNIMPLEMENTED, "kind");
}

static void packets_of_the_wrong_side_are_counted_and_dropped(void **state)
{
	static const Fast__V1__PacketKind kinds[] = {
		FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE,
		FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK,
		FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED,
		FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM,
		FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE,
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(kinds); i++) {
		say(ID, kinds[i]);
		say(FAST_SP_CONNECTION_ID, kinds[i]);
	}
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL); /* of no open call: no fault */
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_CREDIT);
	expect_silence();
	assert_int_equal(2 * FAST_TEST_COUNT(kinds), stats().packets_malformed);
	assert_false(peer.has_ended);
}

static void a_payload_that_breaks_its_schema_does_not_run(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	char method[] = "testing.v1.Probe/Echo";
	uint8_t bad_text[] = {0x12, 0x01, 0xff};

	(void)state;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.payload.data = bad_text;
	packet.payload.len = sizeof bad_text;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_failure(ID, FAST_INVALID_ARGUMENT, "");
	assert_int_equal(0, world.requests);
	assert_int_equal(0, stats().calls_open);
}

static void what_this_version_lacks_is_refused_not_left_out(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	char method[] = "testing.v1.Probe/Echo";

	(void)state;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.more = true;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_failure(ID, FAST_UNIMPLEMENTED, "fragments");
	packet.more = false;
	packet.resume_after = 1;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_failure(ID, FAST_UNIMPLEMENTED, "resumed");
	assert_int_equal(0, world.requests);
}

static void an_id_that_is_open_does_not_run_twice(void **state)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)state;
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1)); /* as a stock REQ socket resends */
	assert_int_equal(1, world.kept_count);
	world.kept_count = 0;
	testing_v1_probe_echo_reply(world.kept[0], &response);
	expect_answer(ID, 0);
	expect_silence();
}

static void cancel_reaches_the_handler_once(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL);
	assert_int_equal(1, world.cancelled);
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL);
	peer_close(&peer);
	world_run(&world);
	assert_int_equal(1, world.cancelled);
	connect_peer();
}

static void the_loss_of_the_connection_cancels_every_call(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(ask(ID + i, "testing.v1.Probe/Echo", 1));
	}
	peer_close(&peer);
	world_run(&world);
	assert_int_equal(100, world.cancelled);
	connect_peer();
}

static void a_cancelled_call_is_not_answered(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL);
	fast_call_fail(world.kept[0], FAST_CANCELLED, "given up");
	world.kept_count = 0;
	expect_silence();
	assert_int_equal(0, stats().calls_open);
}

static void a_call_cancelled_by_its_deadline_ends_by_that(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Packet *answer;

	(void)state;
	world.handling = WORLD_KEEPS;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t) "testing.v1.Probe/Echo";
	packet.timeout_us = 50000;
	assert_true(peer_send_packet(&peer, ID, &packet));
	world_advance_ms(&world, 51);
	assert_int_equal(1, world.cancelled);
	fast_call_fail(world.kept[0], FAST_CANCELLED, "given up");
	world.kept_count = 0;
	answer = expect(ID, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
	assert_int_equal(FAST_DEADLINE_EXCEEDED, answer->status->code);
	assert_string_equal("given up", answer->status->message);
	fast__v1__packet__free_unpacked(answer, NULL);
}

static void more_calls_than_agreed_are_pushed_back(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	world.handling = WORLD_KEEPS;
	for (uint32_t i = 0; i < 1025; i++) {
		assert_true(ask(ID + i, "testing.v1.Probe/Echo", 1));
	}
	assert_int_equal(1024, world.kept_count);
	packet = expect(ID + 1024, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	assert_int_equal(FAST_RESOURCE_EXHAUSTED, packet->status->code);
	assert_int_equal(FAST__V1__EXECUTED__EXECUTED_NO, packet->status->executed);
	fast__v1__packet__free_unpacked(packet, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(a_bare_peer_gets_its_one_answer_and_nothing_else),
		server_test(hello_is_answered_by_hello),
		server_test(a_peer_of_another_version_is_told_to_go),
		server_test(a_ping_is_answered_with_its_token),
		server_test(an_unknown_method_is_named_in_the_answer),
		server_test(a_stream_for_a_bare_peer_is_refused),
		server_test(what_is_no_packet_is_answered_and_the_connection_goes_on),
		server_test(an_unknown_kind_is_answered),
		server_test(packets_of_the_wrong_side_are_counted_and_dropped),
		server_test(a_payload_that_breaks_its_schema_does_not_run),
		server_test(what_this_version_lacks_is_refused_not_left_out),
		server_test(an_id_that_is_open_does_not_run_twice),
		server_test(cancel_reaches_the_handler_once),
		server_test(the_loss_of_the_connection_cancels_every_call),
		server_test(a_cancelled_call_is_not_answered),
		server_test(a_call_cancelled_by_its_deadline_ends_by_that),
		server_test(more_calls_than_agreed_are_pushed_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
