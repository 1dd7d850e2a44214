/* Calls with a key at the server, of which every byte is written by the test. */
#include "server_fixture.h"

#include "rpc/once.h"
#include <string.h>

#define ECHO      "testing.v1.Probe/Echo"
#define WINDOW_MS 1000

struct keyed {
	uint8_t key; /* all of its bytes */
	uint32_t number;
	uint64_t boot_id;
	uint64_t age_ms;
};

/* A server that keeps at most two results. */
static int setup_small(void **state)
{
	const struct fast_server_options options = {
		.size = sizeof options, .once_window_ms = WINDOW_MS, .once_results_max = 2};

	(void)state;
	world_open(&world, &options);
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	return 0;
}

#define once_test(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)

static void ask_keyed(uint32_t id, struct keyed keyed)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	char method[] = ECHO;
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES];
	uint8_t packed[64];

	memset(key, keyed.key, sizeof key);
	request.number = keyed.number;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.idempotency_key.data = key;
	packet.idempotency_key.len = sizeof key;
	packet.boot_id = keyed.boot_id;
	packet.key_age_us = keyed.age_ms * 1000;
	packet.payload.data = packed;
	packet.payload.len = testing__v1__probe_request__pack(&request, packed);
	assert_true(peer_send_packet(&peer, id, &packet));
}

/* A failure whose executed is not NO. */
static void expect_verdict(uint32_t id, enum fast_status code, Fast__V1__Executed executed)
{
	Fast__V1__Packet *packet = expect(id, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);

	assert_non_null(packet->status);
	assert_int_equal(code, packet->status->code);
	assert_int_equal(executed, packet->status->executed);
	fast__v1__packet__free_unpacked(packet, NULL);
}

static void expect_pushback(uint32_t id)
{
	Fast__V1__Packet *packet = expect(id, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK);

	assert_int_equal(FAST_RESOURCE_EXHAUSTED, packet->status->code);
	assert_int_equal(FAST__V1__EXECUTED__EXECUTED_NO, packet->status->executed);
	fast__v1__packet__free_unpacked(packet, NULL);
}

/* The other end of a connection that is lost, and a new one, as uid. */
static void come_back(uint32_t uid)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	peer_close(&peer);
	world_run(&world);
	assert_ok(fast_memory_link_pair(world.net, world.capacity, &ours, &theirs));
	theirs->peer.has_credentials = true;
	theirs->peer.uid = uid;
	fast_server_take_link(world.server, theirs);
	peer_open(&peer, world.net, ours);
	peer_send_hello(&peer, FAST_SP_REQ);
}

static void kept_answer(unsigned index)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	response.number = world.kept_numbers[index];
	testing_v1_probe_echo_reply(world.kept[index], &response);
}

static void a_key_that_comes_again_is_answered_without_the_handler(void **state)
{
	(void)state;
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	expect_answer(ID, 7);
	ask_keyed(ID + 1, (struct keyed){.key = 1, .number = 7});
	expect_answer(ID + 1, 7);
	assert_int_equal(1, world.requests);
	ask_keyed(ID + 2, (struct keyed){.key = 2, .number = 7});
	expect_answer(ID + 2, 7);
	assert_int_equal(2, world.requests);
}

static void a_failure_is_kept_with_its_details(void **state)
{
	(void)state;
	world.handling = WORLD_FAILS;
	for (uint32_t i = 0; i < 2; i++) {
		Fast__V1__Packet *packet;

		ask_keyed(ID + i, (struct keyed){.key = 1, .number = 7});
		packet = expect(ID + i, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
		assert_int_equal(FAST_OUT_OF_RANGE, packet->status->code);
		assert_int_equal(FAST__V1__EXECUTED__EXECUTED_YES, packet->status->executed);
		assert_string_equal("7 is too much", packet->status->message);
		assert_int_equal(1, packet->status->n_details);
		assert_string_equal("testing.v1.ProbeRequest", packet->status->details[0]->type);
		fast__v1__packet__free_unpacked(packet, NULL);
	}
	assert_int_equal(1, world.requests);
}

static void another_payload_under_a_key_is_refused(void **state)
{
	(void)state;
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	expect_answer(ID, 7);
	ask_keyed(ID + 1, (struct keyed){.key = 1, .number = 8});
	expect_failure(ID + 1, FAST_INVALID_ARGUMENT, "another request was made under this key");
	assert_int_equal(1, world.requests);
}

static void who_asks_again_waits_for_the_call_that_runs(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	ask_keyed(ID + 1, (struct keyed){.key = 1, .number = 7});
	assert_int_equal(1, world.requests);
	expect_silence();
	kept_answer(0);
	world.kept_count = 0;
	expect_answer(ID + 1, 7);
	expect_answer(ID, 7);
}

static void of_many_who_wait_the_first_gives_way(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	for (uint32_t i = 0; i < FAST_ONCE_WAITERS_MAX + 2; i++) {
		ask_keyed(ID + i, (struct keyed){.key = 1, .number = 7});
	}
	expect_verdict(ID + 1, FAST_ABORTED, FAST__V1__EXECUTED__EXECUTED_UNSPECIFIED);
	expect_silence();
	kept_answer(0);
	world.kept_count = 0;
	for (uint32_t i = 2; i < FAST_ONCE_WAITERS_MAX + 2; i++) {
		expect_answer(ID + i, 7);
	}
	expect_answer(ID, 7);
	assert_int_equal(1, world.requests);
}

static void a_call_with_a_key_runs_on_when_its_connection_is_lost(void **state)
{
	(void)state;
	world.handling = WORLD_KEEPS;
	come_back(5);
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	assert_true(ask(ID + 1, ECHO, 8)); /* without a key */
	come_back(5);
	assert_int_equal(1, world.cancelled);
	fast_call_fail(world.kept[1], FAST_CANCELLED, "it was cancelled");
	assert_false(fast_call_is_cancelled(world.kept[0]));
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	come_back(5); /* who waits may be lost too */
	kept_answer(0);
	world.kept_count = 0;
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	expect_answer(ID, 7);
	assert_int_equal(2, world.requests);
	assert_int_equal(0, stats().calls_open);
}

static void a_key_belongs_to_its_user(void **state)
{
	(void)state;
	come_back(5);
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	expect_answer(ID, 7);
	come_back(6);
	ask_keyed(ID, (struct keyed){.key = 1, .number = 8}); /* neither his answer nor a refusal */
	expect_answer(ID, 8);
	assert_int_equal(2, world.requests);
}

static void what_may_have_run_elsewhere_is_not_run_here(void **state)
{
	(void)state;
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7, .boot_id = 1});
	expect_verdict(ID, FAST_ABORTED, FAST__V1__EXECUTED__EXECUTED_UNSPECIFIED);
	assert_int_equal(0, world.requests);
	ask_keyed(ID,
		  (struct keyed){.key = 1, .number = 7, .boot_id = world.server->once->boot_id});
	expect_answer(ID, 7);
}

static void what_may_be_forgotten_is_not_run_again(void **state)
{
	uint64_t boot_id;

	(void)state;
	boot_id = world.server->once->boot_id;
	ask_keyed(ID, (struct keyed){1, 7, boot_id, WINDOW_MS + 1});
	expect_verdict(ID, FAST_ABORTED, FAST__V1__EXECUTED__EXECUTED_UNSPECIFIED);
	assert_int_equal(0, world.requests);
	ask_keyed(ID, (struct keyed){1, 7, boot_id, WINDOW_MS});
	expect_answer(ID, 7);
	world_advance_ms(&world, 2 * WINDOW_MS - 1); /* it is kept for twice the window */
	ask_keyed(ID, (struct keyed){1, 7, boot_id, 2 * WINDOW_MS});
	expect_answer(ID, 7);
	assert_int_equal(1, world.requests);
}

static void a_full_window_refuses_and_forgets_nothing(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= 2; i++) {
		ask_keyed(ID, (struct keyed){.key = i, .number = i});
		expect_answer(ID, i);
	}
	ask_keyed(ID, (struct keyed){.key = 3, .number = 3});
	expect_pushback(ID);
	ask_keyed(ID, (struct keyed){.key = 1, .number = 1});
	expect_answer(ID, 1);
	assert_int_equal(2, world.requests);
	world_advance_ms(&world, 2 * WINDOW_MS);
	ask_keyed(ID, (struct keyed){.key = 3, .number = 3});
	expect_answer(ID, 3);
	assert_int_equal(3, world.requests);
	assert_int_equal(1, world.server->once->count);
}

static void a_window_full_of_bytes_refuses_too(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .once_bytes_max = 1};

	(void)state;
	world_close_client(&world);
	peer_close(&peer);
	world_run(&world);
	world_stop_server(&world);
	world_start_server(&world, &options);
	assert_ok(fast_client_open("tcp://127.0.0.1:1", NULL, &world.client)); /* for the end */
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	ask_keyed(ID, (struct keyed){.key = 1, .number = 7});
	expect_pushback(ID);
	assert_int_equal(0, world.requests);
}

static void what_did_not_run_may_be_asked_again(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	char method[] = ECHO;
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES] = {9};
	uint8_t bad[] = {0x12, 1, 0xff}; /* text that is not UTF-8 */

	(void)state;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = method;
	packet.idempotency_key.data = key;
	packet.idempotency_key.len = sizeof key;
	packet.payload.data = bad;
	packet.payload.len = sizeof bad;
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(peer_send_packet(&peer, ID, &packet));
		expect_failure(ID, FAST_INVALID_ARGUMENT, "");
	}
	assert_int_equal(0, world.server->once->count);
}

static void a_key_needs_its_length_and_a_call_of_one_answer(void **state)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	char echo[] = ECHO;
	char watch[] = "testing.v1.Probe/Watch";
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES] = {1};

	(void)state;
	say_hello(1);
	fast__v1__packet__free_unpacked(
		expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO), NULL);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = watch;
	packet.credit = 1;
	packet.idempotency_key.data = key;
	packet.idempotency_key.len = sizeof key;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_failure(ID, FAST_UNIMPLEMENTED, "one request and one answer");
	packet.method = echo;
	packet.credit = 0;
	packet.idempotency_key.len = 15;
	assert_true(peer_send_packet(&peer, ID, &packet));
	expect_failure(ID, FAST_INVALID_ARGUMENT, "");
	assert_int_equal(0, world.requests);
}

static void the_server_says_which_window_it_has(void **state)
{
	Fast__V1__Packet *packet;

	(void)state;
	say_hello(1);
	packet = expect(FAST_SP_CONNECTION_ID, FAST__V1__PACKET_KIND__PACKET_KIND_HELLO);
	assert_true(packet->hello->boot_id == world.server->once->boot_id);
	assert_true(packet->hello->boot_id != 0);
	fast__v1__packet__free_unpacked(packet, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		once_test(a_key_that_comes_again_is_answered_without_the_handler),
		once_test(a_failure_is_kept_with_its_details),
		once_test(another_payload_under_a_key_is_refused),
		once_test(who_asks_again_waits_for_the_call_that_runs),
		once_test(of_many_who_wait_the_first_gives_way),
		once_test(a_call_with_a_key_runs_on_when_its_connection_is_lost),
		once_test(a_key_belongs_to_its_user),
		once_test(what_may_have_run_elsewhere_is_not_run_here),
		once_test(what_may_be_forgotten_is_not_run_again),
		once_test(a_full_window_refuses_and_forgets_nothing),
		once_test(a_window_full_of_bytes_refuses_too),
		once_test(what_did_not_run_may_be_asked_again),
		once_test(a_key_needs_its_length_and_a_call_of_one_answer),
		once_test(the_server_says_which_window_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
