/* Peers that are gone without a word, and peers that ask too often. */
#include "server_fixture.h"

#include "rpc/keepalive.h"
#include "rpc/limits.h"
#include <string.h>

static struct outcome outcome;

/* Takes packets until one of this kind comes; false: none did. */
static bool took(Fast__V1__PacketKind kind, uint64_t *token)
{
	Fast__V1__Packet *packet;
	uint32_t id;
	bool is_it = false;

	while (!is_it && (packet = peer_take(&peer, &id)) != NULL) {
		is_it = packet->kind == kind;
		*token = packet->token;
		fast__v1__packet__free_unpacked(packet, NULL);
	}
	return is_it;
}

static bool took_ping(uint64_t *token)
{
	return took(FAST__V1__PACKET_KIND__PACKET_KIND_PING, token);
}

static void send_token(Fast__V1__PacketKind kind, uint64_t token)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	packet.kind = kind;
	packet.token = token;
	peer_send_packet(&peer, FAST_SP_CONNECTION_ID, &packet);
}

/* The test is the server of the world's client, which has asked one thing. */
static void serve_client(void)
{
	peer_close(&peer);
	world.has_peer_links = true;
	world_ask(&world, 1, 3600000, &outcome);
	world_run(&world);
	peer_open(&peer, world.net, world.peer_link);
	world.peer_link = NULL;
	peer_send_hello(&peer, FAST_SP_REP);
}

static void a_silent_server_is_asked_and_then_given_up(void **state)
{
	uint64_t token = 0;

	(void)state;
	serve_client();
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT - 1);
	assert_false(took_ping(&token));
	world_advance_ms(&world, 1);
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT); /* the first one saw the hello */
	assert_true(took_ping(&token));
	world_advance_ms(&world, FAST_KEEPALIVE_ANSWER_MS - 1);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_true(peer.has_ended);
}

static void a_server_that_answers_pings_may_take_its_time(void **state)
{
	uint64_t token = 0;
	unsigned pings = 0;

	(void)state;
	serve_client();
	for (int i = 0; i < 60; i++) {
		world_advance_ms(&world, FAST_KEEPALIVE_ANSWER_MS);
		if (took_ping(&token)) {
			send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PONG, token);
			pings++;
		}
	}
	assert_in_range(pings, 15, 30);
	assert_int_equal(0, outcome.count);
	assert_false(peer.has_ended);
}

static void nobody_is_asked_while_no_call_is_open(void **state)
{
	Fast__V1__Packet answer = FAST__V1__PACKET__INIT;
	uint64_t token = 0;

	(void)state;
	serve_client();
	answer.kind = FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE;
	peer_send_packet(&peer, 0x80000001u, &answer);
	assert_int_equal(1, outcome.count);
	world_advance_ms(&world, 100 * FAST_KEEPALIVE_MS_DEFAULT);
	assert_false(took_ping(&token));
	assert_false(peer.has_ended);
	world_ask(&world, 2, 3600000, &outcome);
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT);
	assert_true(took_ping(&token));
}

static void a_server_asks_a_client_that_has_calls_open(void **state)
{
	uint64_t token = 0;

	(void)state;
	world.handling = WORLD_KEEPS;
	say_hello(1);
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT);
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT);
	assert_true(took_ping(&token));
	send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PONG, token);
	world_advance_ms(&world, FAST_KEEPALIVE_ANSWER_MS);
	world_advance_ms(&world, FAST_KEEPALIVE_MS_DEFAULT);
	assert_true(took_ping(&token));
	assert_int_equal(0, world.cancelled);
	world_advance_ms(&world, FAST_KEEPALIVE_ANSWER_MS);
	assert_int_equal(1, world.cancelled);
	assert_true(peer.has_ended);
}

static void a_bare_peer_is_never_asked(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	assert_true(ask(ID, "testing.v1.Probe/Echo", 1));
	world_advance_ms(&world, 10 * FAST_KEEPALIVE_MS_DEFAULT);
	expect_silence();
	assert_false(peer.has_ended);
}

static void a_hello_states_the_interval(void **state)
{
	Fast__V1__Packet *hello;

	(void)state;
	say_hello(1);
	hello = expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	assert_int_equal(FAST_KEEPALIVE_MS_DEFAULT, hello->hello->keepalive_ms);
	fast__v1__packet__free_unpacked(hello, NULL);
}

static void too_many_pings_are_answered_by_goaway_and_the_end(void **state)
{
	Fast__V1__Packet *packet = NULL;
	uint64_t token = 0;
	uint32_t id;

	(void)state;
	for (unsigned i = 0; i <= FAST_PING_STRIKES_MAX; i++) {
		send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PING, i);
		assert_true(took(FAST__V1__PACKET_KIND__PACKET_KIND_PONG, &token));
		assert_int_equal(i, token);
	}
	send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PING, 99);
	packet = peer_take(&peer, &id);
	assert_non_null(packet);
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY, packet->kind);
	assert_non_null(packet->status);
	assert_int_equal(FAST_RESOURCE_EXHAUSTED, packet->status->code);
	assert_string_equal("too many pings", packet->status->message);
	fast__v1__packet__free_unpacked(packet, NULL);
	world_advance_ms(&world, FAST_GOODBYE_MS);
	assert_true(peer.has_ended);
}

static void pings_that_are_not_too_frequent_are_answered_for_ever(void **state)
{
	uint64_t token = 0;

	(void)state;
	for (unsigned i = 0; i < 10 * FAST_PING_STRIKES_MAX; i++) {
		send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PING, i);
		assert_true(took(FAST__V1__PACKET_KIND__PACKET_KIND_PONG, &token));
		world_advance_ms(&world, FAST_PING_MS_MIN);
	}
	assert_false(peer.has_ended);
}

static void a_client_leaves_a_server_that_floods_it_with_pings(void **state)
{
	(void)state;
	serve_client();
	for (unsigned i = 0; i <= FAST_PING_STRIKES_MAX; i++) {
		send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PING, i);
	}
	assert_int_equal(0, outcome.count);
	send_token(FAST__V1__PACKET_KIND__PACKET_KIND_PING, 99);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
}

static void an_interval_has_a_default_and_a_floor_and_can_be_none(void **state)
{
	(void)state;
	assert_int_equal(FAST_KEEPALIVE_MS_DEFAULT, fast_keepalive_interval(0));
	assert_int_equal(FAST_KEEPALIVE_MS_MIN, fast_keepalive_interval(1));
	assert_int_equal(5000, fast_keepalive_interval(5000));
	assert_int_equal(0, fast_keepalive_interval(FAST_KEEPALIVE_MS_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(a_silent_server_is_asked_and_then_given_up),
		server_test(a_server_that_answers_pings_may_take_its_time),
		server_test(nobody_is_asked_while_no_call_is_open),
		server_test(a_server_asks_a_client_that_has_calls_open),
		server_test(a_bare_peer_is_never_asked),
		server_test(a_hello_states_the_interval),
		server_test(too_many_pings_are_answered_by_goaway_and_the_end),
		server_test(pings_that_are_not_too_frequent_are_answered_for_ever),
		server_test(a_client_leaves_a_server_that_floods_it_with_pings),
		cmocka_unit_test(an_interval_has_a_default_and_a_floor_and_can_be_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
