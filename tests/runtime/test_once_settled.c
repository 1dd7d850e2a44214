/* Calls that run once: what their client has settled is not kept, and does not run again. */
#include "server_fixture.h"

#include "rpc/once.h"
#include <string.h>

#define ECHO "testing.v1.Probe/Echo"

/* A server that keeps at most two results. */
static void open_small(void)
{
	const struct fast_server_options options = {
		.size = sizeof options, .once_window_ms = 1000, .once_results_max = 2};

	world_open(&world, &options);
}

static int setup_peer(void **state)
{
	(void)state;
	open_small();
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	return 0;
}

static int setup_client(void **state)
{
	(void)state;
	open_small();
	world.options.once = FAST_ONCE_ON;
	return 0;
}

static int teardown_client(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world_close(&world);
	return 0;
}

#define peer_test(name)   cmocka_unit_test_setup_teardown(name, setup_peer, teardown)
#define client_test(name) cmocka_unit_test_setup_teardown(name, setup_client, teardown_client)

/* Under the key with this number, of one client that has settled all below another. */
static void ask_numbered(uint32_t id, uint8_t number, uint64_t settled)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

	key[sizeof key - 1] = number;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)ECHO;
	packet.idempotency_key.data = key;
	packet.idempotency_key.len = sizeof key;
	packet.key_settled = settled;
	assert_true(peer_send_packet(&peer, id, &packet));
}

static void kept_reply(unsigned index)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	testing_v1_probe_echo_reply(world.kept[index], &response);
}

static void expect_aborted(uint32_t id)
{
	Fast__V1__Packet *packet = expect(id, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);

	assert_non_null(packet->status);
	assert_int_equal(FAST_ABORTED, packet->status->code);
	assert_int_equal(FAST__V1__EXECUTED__EXECUTED_UNSPECIFIED, packet->status->executed);
	fast__v1__packet__free_unpacked(packet, NULL);
}

static void settled_answers_make_room(void **state)
{
	(void)state;
	for (uint8_t number = 1; number <= 100; number++) {
		ask_numbered(ID + number, number, number);
		expect_answer(ID + number, 0);
	}
	assert_int_equal(100, world.requests);
	assert_int_equal(1, world.server->once->count);
}

static void a_settled_call_that_comes_late_does_not_run(void **state)
{
	(void)state;
	ask_numbered(ID, 1, 1);
	expect_answer(ID, 0);
	ask_numbered(ID + 1, 2, 2);
	expect_answer(ID + 1, 0);
	ask_numbered(ID + 2, 1, 1); /* from a connection that was thought lost */
	expect_aborted(ID + 2);
	assert_int_equal(2, world.requests);
}

static void what_is_not_settled_is_kept(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	ask_numbered(ID, 1, 1);
	expect_answer(ID, 0);
	ask_numbered(ID + 1, 2, 1);
	expect_answer(ID + 1, 0);
	ask_numbered(ID + 2, 1, 1);
	expect_answer(ID + 2, 0);
	assert_int_equal(2, world.requests);
	ask_numbered(ID + 3, 3, 1);
	packet = expect(ID + 3, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);
	assert_int_equal(FAST_RESOURCE_EXHAUSTED, packet->status->code);
	fast__v1__packet__free_unpacked(packet, NULL);
}

static void a_call_that_is_settled_while_it_runs_is_forgotten_at_its_end(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	ask_numbered(ID, 1, 1);
	ask_numbered(ID + 1, 2, 2); /* the client has given up the first */
	assert_int_equal(2, world.server->once->count);
	kept_reply(0);
	expect_answer(ID, 0);
	assert_int_equal(1, world.server->once->count);
	kept_reply(1);
	expect_answer(ID + 1, 0);
	world.kept_count = 0;
	assert_int_equal(1, world.server->once->count);
}

static void clients_are_forgotten_with_the_window(void **state)
{
	(void)state;
	ask_numbered(ID, 1, 1);
	expect_answer(ID, 0);
	assert_int_equal(1, world.server->once->clients.count);
	world_advance_ms(&world, 2001);
	assert_true(ask(ID + 1, ECHO, 1));
	expect_answer(ID + 1, 1);
	ask_numbered(ID + 2, 2, 0); /* any key has the window looked through */
	expect_answer(ID + 2, 0);
	assert_int_equal(0, world.server->once->clients.count);
}

static void a_client_calls_as_often_as_it_likes(void **state)
{
	(void)state;
	for (uint32_t number = 1; number <= 1000; number++) {
		struct outcome outcome = {.count = 0};

		world_ask(&world, number, 1000, &outcome);
		world_run(&world);
		assert_ok(outcome.status);
		assert_int_equal(number, outcome.number);
	}
	assert_int_equal(1, world.server->once->count);
}

/* The lowest call that is open holds back what is settled. */
static void calls_in_flight_are_not_settled(void **state)
{
	struct outcome first = {.count = 0};
	struct outcome second = {.count = 0};
	struct outcome third = {.count = 0};

	(void)state;
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 1000, &first);
	world_run(&world);
	world.handling = WORLD_ANSWERS;
	world_ask(&world, 2, 1000, &second);
	world_run(&world);
	assert_ok(second.status);
	assert_int_equal(2, world.server->once->count);
	kept_reply(0);
	world.kept_count = 0;
	world_run(&world);
	assert_ok(first.status);
	world_ask(&world, 3, 1000, &third);
	world_run(&world);
	assert_ok(third.status);
	assert_int_equal(1, world.server->once->count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		peer_test(settled_answers_make_room),
		peer_test(a_settled_call_that_comes_late_does_not_run),
		peer_test(what_is_not_settled_is_kept),
		peer_test(a_call_that_is_settled_while_it_runs_is_forgotten_at_its_end),
		peer_test(clients_are_forgotten_with_the_window),
		client_test(a_client_calls_as_often_as_it_likes),
		client_test(calls_in_flight_are_not_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
