/* The client before servers that misbehave. */
#include "rpc_peer.h"
#include "rpc_world.h"

#include <fast/retry.h>

#include <string.h>

static struct world world;
static struct peer server;
static struct outcome outcome;

/* The client has dialled, and asked one thing; the test answers. */
static void meet(uint32_t expected_calls)
{
	uint32_t id = 0;

	world_run(&world);
	peer_open(&server, world.net, world.peer_link);
	world.peer_link = NULL;
	peer_send_hello(&server, FAST_SP_REP);
	fast__v1__packet__free_unpacked(peer_take(&server, &id), NULL);
	assert_int_equal(FAST_SP_CONNECTION_ID, id);
	for (uint32_t i = 0; i < expected_calls; i++) {
		Fast__V1__Packet *request = peer_take(&server, &id);
		assert_non_null(request);
		assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST, request->kind);
		assert_int_equal(0x80000001u + i, id);
		fast__v1__packet__free_unpacked(request, NULL);
	}
}

#define ID 0x80000001u

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	outcome = (struct outcome){.count = 0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world.has_peer_links = false;
	if (server.link != NULL) {
		peer_close(&server);
	}
	world_run(&world);
	world_close(&world);
	return 0;
}

static void ask_one(void)
{
	world_ask(&world, 1, 60000, &outcome);
	meet(1);
}

static Fast__V1__Packet packet_of(Fast__V1__PacketKind kind)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	packet.kind = kind;
	return packet;
}

static void say(uint32_t id, Fast__V1__PacketKind kind)
{
	Fast__V1__Packet packet = packet_of(kind);

	peer_send_packet(&server, id, &packet);
}

static void answer(uint32_t id, uint32_t number)
{
	Fast__V1__Packet packet = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
	uint8_t packed[] = {0x08, (uint8_t)number};

	packet.payload.data = packed;
	packet.payload.len = sizeof packed;
	assert_true(peer_send_packet(&server, id, &packet));
}

static void expect_outcome(enum fast_status status, enum fast_executed executed, const char *words)
{
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(status, outcome.status);
	assert_int_equal(executed, outcome.executed);
	assert_non_null(strstr(outcome.text, words));
}

static void an_answer_to_nobody_is_a_stray(void **state)
{
	(void)state;
	ask_one();
	answer(0x80000077u, 9);
	assert_int_equal(0, outcome.count);
	assert_int_equal(1, world.client->strays);
	answer(ID, 9);
	assert_int_equal(1, outcome.count);
	assert_int_equal(9, outcome.number);
}

static void a_second_answer_is_a_stray(void **state)
{
	(void)state;
	ask_one();
	answer(ID, 9);
	answer(ID, 10);
	world_advance_ms(&world, 1000); /* nobody waits, so it is read when the client is idle */
	assert_int_equal(1, outcome.count);
	assert_int_equal(9, outcome.number);
	assert_int_equal(1, world.client->strays);
}

static void an_item_for_a_unary_call_ends_it(void **state)
{
	(void)state;
	ask_one();
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_ITEM);
	expect_outcome(FAST_INTERNAL, FAST_EXECUTED_UNKNOWN, "an item of a stream");
	assert_false(server.has_ended);
}

static void a_packet_of_the_calling_side_ends_the_call(void **state)
{
	(void)state;
	ask_one();
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST);
	expect_outcome(FAST_INTERNAL, FAST_EXECUTED_UNKNOWN, "wrong kind");
}

static void what_is_no_packet_ends_the_call(void **state)
{
	(void)state;
	ask_one();
	assert_true(peer_send_message(&server, "\x80\0\0\1\xff", 5));
	expect_outcome(FAST_INTERNAL, FAST_EXECUTED_UNKNOWN, "no packet");
	assert_false(server.has_ended);
}

static void an_answer_that_cannot_be_read_is_data_loss(void **state)
{
	Fast__V1__Packet packet = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
	uint8_t bad_text[] = {0x12, 0x01, 0xff};

	(void)state;
	ask_one();
	packet.payload.data = bad_text;
	packet.payload.len = sizeof bad_text;
	assert_true(peer_send_packet(&server, ID, &packet));
	expect_outcome(FAST_DATA_LOSS, FAST_EXECUTED_YES, "cannot be read");
}

static void a_status_that_cannot_be_read_is_a_failure(void **state)
{
	static const char message[] = "\x80\0\0\1"
				      "\x08\x05\x2a\x02\x12\x09";

	(void)state;
	ask_one();
	assert_true(peer_send_message(&server, message, sizeof message - 1));
	expect_outcome(FAST_UNKNOWN, FAST_EXECUTED_UNKNOWN, "its status cannot be read");
}

static void a_code_that_is_no_status_is_unknown(void **state)
{
	Fast__V1__Packet packet = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
	Fast__V1__Status status = FAST__V1__STATUS__INIT;

	(void)state;
	ask_one();
	status.code = 4711;
	packet.status = &status;
	assert_true(peer_send_packet(&server, ID, &packet));
	expect_outcome(FAST_UNKNOWN, FAST_EXECUTED_UNKNOWN, "");
}

static void a_pushback_says_that_nothing_ran(void **state)
{
	Fast__V1__Packet packet = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	char text[] = "busy";

	(void)state;
	ask_one();
	status.code = FAST_RESOURCE_EXHAUSTED;
	status.message = text;
	packet.status = &status;
	assert_true(peer_send_packet(&server, ID, &packet));
	expect_outcome(FAST_RESOURCE_EXHAUSTED, FAST_EXECUTED_NO, "busy");
}

static void a_pushback_without_reason_is_a_failure_too(void **state)
{
	(void)state;
	ask_one();
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	expect_outcome(FAST_UNAVAILABLE, FAST_EXECUTED_NO, "gave no reason");
}

static void an_answer_longer_than_the_limit_loses_the_connection(void **state)
{
	(void)state;
	ask_one();
	assert_true(peer_send(&server, "\0\0\0\0\0\x40\0\1", 8));
	expect_outcome(FAST_UNAVAILABLE, FAST_EXECUTED_UNKNOWN, "lost");
	assert_true(server.has_ended);
}

static void what_is_not_sp_loses_the_connection(void **state)
{
	(void)state;
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	peer_open(&server, world.net, world.peer_link);
	world.peer_link = NULL;
	peer_send(&server, "220 ready\r\n", 11);
	expect_outcome(FAST_UNAVAILABLE, FAST_EXECUTED_UNKNOWN, "lost");
}

static void half_an_answer_and_the_end_are_a_loss(void **state)
{
	(void)state;
	ask_one();
	assert_true(peer_send(&server, "\0\0\0\0\0\0\0\x10\x80\0\0\1", 12));
	peer_close(&server);
	expect_outcome(FAST_UNAVAILABLE, FAST_EXECUTED_UNKNOWN, "lost");
}

static void a_server_of_another_version_fails_calls_for_good(void **state)
{
	(void)state;
	world_ask_read(&world, 1, 60000, &outcome); /* would be sent again after a mere loss */
	meet(1);
	say(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY);
	expect_outcome(FAST_FAILED_PRECONDITION, FAST_EXECUTED_NO, "another version");
	assert_true(server.has_ended);
	assert_int_equal(1, world.dials);
}

static void say_hello(void)
{
	Fast__V1__Packet packet = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	Fast__V1__Hello hello = FAST__V1__HELLO__INIT;

	hello.version_min = 1;
	hello.version_max = 3;
	hello.packet_bytes_max = 1000;
	packet.hello = &hello;
	assert_true(peer_send_packet(&server, FAST_SP_CONNECTION_ID, &packet));
}

static void a_server_that_goes_away_gets_no_new_calls_and_may_finish_the_old(void **state)
{
	struct outcome later;

	(void)state;
	ask_one();
	say_hello();
	say(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY);
	assert_int_equal(0, outcome.count);
	world_ask(&world, 2, 60000, &later);
	world.has_peer_links = false; /* the next dial finds a server that answers */
	answer(ID, 9);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_true(server.has_ended);
	assert_int_equal(1, later.count);
	assert_ok(later.status);
	assert_int_equal(2, later.number);
}

static void a_ping_is_answered_and_unasked_news_are_ignored(void **state)
{
	uint32_t id = 0;
	Fast__V1__Packet *pong;

	(void)state;
	ask_one();
	say(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_PONG);
	say(ID, FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED);
	say(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_PING);
	pong = peer_take(&server, &id);
	assert_non_null(pong);
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_PONG, pong->kind);
	fast__v1__packet__free_unpacked(pong, NULL);
	answer(ID, 9);
	expect_outcome(FAST_OK, FAST_EXECUTED_UNKNOWN, "");
}

static void a_request_longer_than_the_server_takes_is_not_sent(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	uint8_t blob[1000] = {0};
	uint32_t id;

	(void)state;
	ask_one();
	say_hello();
	request.blob.data = blob;
	request.blob.len = sizeof blob;
	assert_status(
		FAST_RESOURCE_EXHAUSTED,
		testing_v1_probe_echo_start(world.client, NULL, &request, outcome_note, &outcome));
	assert_null(peer_take(&server, &id));
	assert_int_equal(0, outcome.count);
	answer(ID, 1);
}

/* Another call's request, so long that the link is busy with it until the server reads. */
static void ask_at_length(struct outcome *lengthy)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	static uint8_t blob[200000];

	request.blob.data = blob;
	request.blob.len = sizeof blob;
	assert_ok(testing_v1_probe_echo_start(world.client, NULL, &request, outcome_note, lengthy));
	world_run(&world);
}

static void a_refusal_of_what_was_not_yet_sent_is_tried_again_in_its_turn(void **state)
{
	const struct fast_retry policy = {.size = sizeof policy};
	Fast__V1__Packet refusal = packet_of(FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	Fast__V1__Status unavailable = FAST__V1__STATUS__INIT;
	struct outcome lengthy = {.count = 0};
	struct outcome refused = {.count = 0};
	const struct fast_outbox *outbox;

	(void)state;
	assert_ok(fast_client_set_retry(world.client, "", &policy));
	unavailable.code = FAST_UNAVAILABLE;
	unavailable.executed = FAST__V1__EXECUTED__EXECUTED_NO;
	refusal.status = &unavailable;
	ask_one();
	peer_stop_reading(&server);
	outbox = &world.client->connection->connection.outbox;
	ask_at_length(&lengthy);
	world_ask(&world, 3, 60000, &refused);
	assert_int_equal(1, outbox->waiting_count);
	peer_send_packet(&server, ID + 2, &refusal);
	world_run(&world);
	assert_int_equal(0, outbox->waiting_count);
	world_advance_ms(&world, 1000);
	assert_int_equal(1, outbox->waiting_count);
	assert_int_equal(0, refused.count);
	peer_close(&server);
	world.has_peer_links = false;
	world_advance_ms(&world, 1000);
	assert_int_equal(1, refused.count);
	assert_ok(refused.status);
	assert_int_equal(3, refused.number);
	assert_status(FAST_UNAVAILABLE, lengthy.status);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_answer_to_nobody_is_a_stray),
		test(a_second_answer_is_a_stray),
		test(an_item_for_a_unary_call_ends_it),
		test(a_packet_of_the_calling_side_ends_the_call),
		test(what_is_no_packet_ends_the_call),
		test(an_answer_that_cannot_be_read_is_data_loss),
		test(a_status_that_cannot_be_read_is_a_failure),
		test(a_code_that_is_no_status_is_unknown),
		test(a_pushback_says_that_nothing_ran),
		test(a_pushback_without_reason_is_a_failure_too),
		test(an_answer_longer_than_the_limit_loses_the_connection),
		test(what_is_not_sp_loses_the_connection),
		test(half_an_answer_and_the_end_are_a_loss),
		test(a_server_of_another_version_fails_calls_for_good),
		test(a_server_that_goes_away_gets_no_new_calls_and_may_finish_the_old),
		test(a_ping_is_answered_and_unasked_news_are_ignored),
		test(a_request_longer_than_the_server_takes_is_not_sent),
		test(a_refusal_of_what_was_not_yet_sent_is_tried_again_in_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
