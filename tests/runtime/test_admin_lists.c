#include "admin_world.h"

#include "rpc/admin.h"
#include "rpc/stats.h"
#include <stdio.h>
#include <string.h>

static void open_calls_are_listed_oldest_first(void **state)
{
	const Fast__V1__AdminCallsResponse *response;
	static struct outcome outcomes[3];

	(void)state;
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 20, &outcomes[0]);
	world_advance_ms(&world, 5);
	world_ask_read(&world, 2, 0, &outcomes[1]);
	world_advance_ms(&world, 7);
	response = calls();
	assert_int_equal(3, response->n_open);
	assert_string_equal(ECHO, response->open[0]->method);
	assert_string_equal(READ, response->open[1]->method);
	assert_string_equal("fast.v1.Admin/Calls", response->open[2]->method);
	assert_int_equal(12000, response->open[0]->duration_us);
	assert_int_equal(7000, response->open[1]->duration_us);
	assert_int_equal(0, response->open[2]->duration_us);
	assert_int_equal(1, response->open[0]->connection_id);
	assert_false(response->open[0]->ended);
	assert_true(response->open[0]->begin_time_unix_ns > 0);
	/* The handler of a call that was given up still runs. */
	world_advance_ms(&world, 8);
	assert_status(FAST_DEADLINE_EXCEEDED, outcomes[0].status);
	assert_int_equal(3, calls()->n_open);
}

static void the_oldest_open_calls_are_listed_when_there_are_many(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .admin_for_all = true};
	static struct outcome outcomes[300];
	const Fast__V1__AdminCallsResponse *response;
	struct peer peer;

	(void)state;
	teardown(NULL);
	setup_with(&options);
	world.handling = WORLD_KEEPS;
	for (size_t i = 0; i < 300; i++) {
		world_ask(&world, 1, -1, &outcomes[i]);
		world_advance_ms(&world, 1);
	}
	bare_open(&world, &peer);
	response = calls();
	assert_int_equal(FAST_ADMIN_CALLS_MAX, response->n_open);
	for (size_t i = 0; i < response->n_open; i++) {
		assert_int_equal((300 - i) * 1000, response->open[i]->duration_us);
	}
	peer_close(&peer);
}

static void calls_that_failed_of_late_are_remembered(void **state)
{
	const Fast__V1__AdminCallsResponse *response;
	struct outcome outcome;

	(void)state;
	world.handling = WORLD_FAILS;
	for (unsigned i = 1; i <= 40; i++) {
		world_ask(&world, i, 0, &outcome);
		world_run(&world);
	}
	response = calls();
	assert_int_equal(FAST_RECENT_CALLS_MAX, response->n_failed);
	for (unsigned i = 0; i < FAST_RECENT_CALLS_MAX; i++) {
		char sentence[32];
		snprintf(sentence, sizeof sentence, "%u is too much", i + 9);
		assert_string_equal(sentence, response->failed[i]->message);
		assert_string_equal(ECHO, response->failed[i]->method);
		assert_int_equal(FAST_OUT_OF_RANGE, response->failed[i]->code);
		assert_true(response->failed[i]->ended);
	}
}

/* One Echo that takes so long. */
static void take(int64_t ms)
{
	struct outcome outcome;

	world.kept_count = 0;
	world_ask(&world, 1, -1, &outcome);
	world_advance_ms(&world, ms);
	answer_kept(0);
	world.kept_count = 0;
	assert_ok(outcome.status);
}

static void the_slowest_calls_of_late_are_remembered(void **state)
{
	const Fast__V1__AdminCallsResponse *response;

	(void)state;
	world.handling = WORLD_KEEPS;
	for (int64_t i = 0; i < 40; i++) {
		take(i * 7 % 40 + 1); /* 1 to 40 ms, in no order */
	}
	response = calls();
	assert_int_equal(FAST_RECENT_CALLS_MAX, response->n_slow);
	for (size_t i = 0; i < response->n_slow; i++) {
		assert_true(response->slow[i]->duration_us >= 9000);
		assert_true(response->slow[i]->ended);
		assert_string_equal("", response->slow[i]->message);
	}
	/* Newest last: the last one of 40 ms took 39 * 7 % 40 + 1. */
	assert_int_equal(34000, response->slow[FAST_RECENT_CALLS_MAX - 1]->duration_us);
	/* What was long ago gives way to what is slow today. */
	world_advance_ms(&world, FAST_RECENT_SLOW_MS);
	take(2);
	response = calls();
	assert_int_equal(1, response->n_slow);
	assert_int_equal(2000, response->slow[0]->duration_us);
}

static void connections_are_listed_by_id(void **state)
{
	const Fast__V1__AdminConnectionsResponse *response;
	static struct outcome outcome;
	struct peer peer;

	(void)state;
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, -1, &outcome);
	world_advance_ms(&world, 30);
	bare_open(&world, &peer);
	world_advance_ms(&world, 12);
	response = connections();
	assert_int_equal(2, response->n_connections);
	assert_int_equal(1, response->connections[0]->id);
	assert_int_equal(2, response->connections[1]->id);
	assert_string_equal("inproc", response->connections[0]->transport);
	assert_int_equal(42, response->connections[0]->age_ms);
	assert_int_equal(12, response->connections[1]->age_ms);
	assert_int_equal(2, response->connections[0]->calls_open); /* the asking one too */
	assert_int_equal(0, response->connections[1]->calls_open);
	assert_int_equal(0, response->connections[0]->queued_bytes);
	assert_string_equal("", response->connections[1]->agent);
	peer_close(&peer);
	world_run(&world);
	assert_int_equal(1, connections()->n_connections);
	/* An id is never used twice. */
	bare_open(&world, &peer);
	assert_int_equal(3, connections()->connections[1]->id);
	peer_close(&peer);
}

static void what_a_peer_does_not_read_is_shown_as_queued(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Fast__V1__AdminConnectionsResponse *response;
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	uint8_t packed[16];
	struct peer peer;

	(void)state;
	stats(); /* the client is connected, with room for its answers */
	world.capacity = 64;
	bare_open(&world, &peer);
	peer_stop_reading(&peer);
	request.number = 9;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)ECHO;
	packet.payload.data = packed;
	packet.payload.len = testing__v1__probe_request__pack(&request, packed);
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(peer_send_packet(&peer, 0x80000010u + i, &packet));
	}
	response = connections();
	assert_int_equal(2, response->n_connections);
	assert_true(response->connections[1]->queued_bytes > 100);
	assert_int_equal(0, response->connections[1]->calls_open);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		admin_test(open_calls_are_listed_oldest_first),
		admin_test(the_oldest_open_calls_are_listed_when_there_are_many),
		admin_test(calls_that_failed_of_late_are_remembered),
		admin_test(the_slowest_calls_of_late_are_remembered),
		admin_test(connections_are_listed_by_id),
		admin_test(what_a_peer_does_not_read_is_shown_as_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
