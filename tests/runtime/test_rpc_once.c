/* Calls that run once, whatever becomes of their connections. */
#include "rpc_peer.h"
#include "rpc_world.h"

#include "rpc/once.h"
#include "support/fault_alloc.h"

static struct world world;
static struct outcome outcome;
static struct peer peer;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	world.options.once = FAST_ONCE_ON;
	world.handling = WORLD_KEEPS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world_close(&world);
	return 0;
}

#define once_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void lose_connection(void)
{
	world.link->ops->close(world.link);
	fast_memory_run(world.net);
}

static void answer_kept(void)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	assert_int_equal(1, world.kept_count);
	response.number = world.kept_numbers[0];
	testing_v1_probe_echo_reply(world.kept[0], &response);
	world.kept_count = 0;
}

/* An answer for the first and only run. */
static void assert_ran_once(uint32_t number)
{
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(number, outcome.number);
	assert_int_equal(1, world.requests);
	assert_int_equal(0, world.cancelled);
}

static void a_call_with_a_key_waits_for_the_servers_hello(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world_ask(&world, 3, 1000, &outcome);
	world_run(&world);
	assert_ran_once(3);
	assert_int_equal(1, world.server->once->count);
}

static void a_call_without_a_key_leaves_the_window_alone(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world.options.once = FAST_ONCE_DEFAULT;
	world_ask(&world, 3, 1000, &outcome);
	world_run(&world);
	assert_ran_once(3);
	world.options.once = FAST_ONCE_ON;
	world_ask_read(&world, 4, 1000, &outcome); /* needs none */
	world_run(&world);
	assert_ok(outcome.status);
	assert_int_equal(0, world.server->once->count);
}

static void a_call_whose_request_was_not_written_is_sent_again(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world.has_peer_links = true; /* to nobody */
	world_ask(&world, 3, 1000, &outcome);
	world_run(&world);
	world.has_peer_links = false;
	lose_connection();
	world_run(&world);
	assert_ran_once(3);
	world.peer_link->ops->free(world.peer_link);
	world.peer_link = NULL;
}

/* The client has heard the server's HELLO, and written a request that the server will not read. */
static void lose_request(uint32_t number)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Hello hello = FAST__V1__HELLO__INIT;
	Fast__V1__Packet *request;
	uint32_t id;

	world.has_peer_links = true;
	world_ask(&world, number, 10000, &outcome);
	world_run(&world);
	peer_open(&peer, world.net, world.peer_link);
	world.peer_link = NULL;
	world.has_peer_links = false;
	peer_send_hello(&peer, FAST_SP_REP);
	hello.version_min = 1;
	hello.version_max = 1;
	hello.boot_id = world.server->once->boot_id;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_HELLO;
	packet.hello = &hello;
	fast__v1__packet__free_unpacked(peer_take(&peer, &id), NULL); /* the client's HELLO */
	assert_null(peer_take(&peer, &id));
	assert_true(peer_send_packet(&peer, FAST_SP_CONNECTION_ID, &packet));
	request = peer_take(&peer, &id);
	assert_non_null(request);
	assert_int_equal(FAST_IDEMPOTENCY_KEY_BYTES, request->idempotency_key.len);
	assert_int_equal(0, request->boot_id);
	assert_int_equal(0, request->key_age_us);
	assert_int_equal(0, request->attempt);
	fast__v1__packet__free_unpacked(request, NULL);
	peer_close(&peer);
}

static void a_call_whose_request_was_lost_runs_when_it_comes_again(void **state)
{
	(void)state;
	lose_request(3);
	world_run(&world);
	answer_kept();
	world_run(&world);
	assert_ran_once(3);
}

/* The server runs the second call of a client that it knows. */
static void write_request(void)
{
	world_ask(&world, 1, 1000, &outcome);
	world_run(&world);
	answer_kept();
	world_run(&world);
	assert_ok(outcome.status);
	world.requests = 0;
	world_ask(&world, 3, 10000, &outcome);
	world_run(&world);
	assert_int_equal(1, world.requests);
}

static void a_call_that_runs_is_found_again(void **state)
{
	(void)state;
	write_request();
	for (int i = 0; i < 3; i++) {
		lose_connection();
		world_advance_ms(&world, 3000);
	}
	assert_int_equal(0, outcome.count);
	answer_kept();
	world_run(&world);
	assert_ran_once(3);
}

static void an_answer_that_was_not_delivered_is_delivered_later(void **state)
{
	(void)state;
	write_request();
	world.is_unreachable = true;
	lose_connection();
	answer_kept();
	world_advance_ms(&world, 5000);
	assert_int_equal(0, outcome.count);
	world.is_unreachable = false;
	world_advance_ms(&world, 3000);
	assert_ran_once(3);
}

static void a_call_whose_server_stays_away_ends_at_its_deadline(void **state)
{
	(void)state;
	write_request();
	world.is_unreachable = true;
	lose_connection();
	answer_kept();
	world_advance_ms(&world, 9999);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
}

static void restart_server(void)
{
	lose_connection();
	answer_kept();
	world_stop_server(&world);
	world_start_server(&world, NULL);
	world.requests = 0;
	world_advance_ms(&world, 3000);
}

static void a_server_that_was_restarted_runs_nothing_a_second_time(void **state)
{
	(void)state;
	write_request();
	restart_server();
	assert_int_equal(1, outcome.count);
	assert_status(FAST_ABORTED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(0, world.requests);
}

static void what_was_never_sent_goes_to_a_restarted_server(void **state)
{
	(void)state;
	world.is_unreachable = true;
	world.options.wait_for_ready = true;
	world_ask(&world, 3, 10000, &outcome);
	world_advance_ms(&world, 1000);
	world_stop_server(&world);
	world_start_server(&world, NULL);
	world.is_unreachable = false;
	world.handling = WORLD_ANSWERS;
	world_advance_ms(&world, 3000);
	assert_ran_once(3);
}

static void a_server_that_comes_back_is_dialled_within_a_second(void **state)
{
	(void)state;
	world.handling = WORLD_ANSWERS;
	world.options.wait_for_ready = true;
	world_ask(&world, 3, 10000, &outcome);
	world_run(&world);
	for (unsigned i = 0; i < 50; i++) {
		lose_connection();
		world_run(&world);
		outcome = (struct outcome){0};
		world.is_unreachable = true;
		world_ask(&world, 3, 10000, &outcome);
		world_advance_ms(&world, 3000 + 17 * i);
		assert_int_equal(0, outcome.count);
		world.is_unreachable = false;
		world_advance_ms(&world, 1000);
		assert_int_equal(1, outcome.count);
		assert_ok(outcome.status);
	}
}

static void a_server_that_hangs_up_on_everybody_is_not_stormed(void **state)
{
	(void)state;
	world.has_peer_links = true;
	world.options.wait_for_ready = true;
	world_ask(&world, 3, 10000, &outcome);
	for (int i = 0; i < 1000; i++) {
		world_advance_ms(&world, 10);
		if (world.peer_link != NULL) {
			world.peer_link->ops->free(world.peer_link);
			world.peer_link = NULL;
			world_run(&world);
		}
	}
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
	assert_in_range(world.dials, 8, 20);
	world.has_peer_links = false;
}

static void a_closing_server_cancels_what_runs_on_for_nobody(void **state)
{
	(void)state;
	write_request();
	world.is_unreachable = true;
	lose_connection();
	assert_int_equal(0, world.cancelled);
	atomic_store(&world.server->once->is_closing, true);
	fast_call_cancel_detached(world.server);
	assert_int_equal(1, world.cancelled);
	assert_true(fast_call_is_cancelled(world.kept[0]));
	answer_kept();
	world_advance_ms(&world, 10000);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
}

static void a_refusal_does_not_hide_that_an_earlier_attempt_may_have_run(void **state)
{
	(void)state;
	world.server->once->results_max = 0;
	lose_request(3);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_RESOURCE_EXHAUSTED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(0, world.requests);
}

static void a_refusal_of_the_first_attempt_says_that_it_did_not_run(void **state)
{
	(void)state;
	world.server->once->results_max = 0;
	world_ask(&world, 3, 10000, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_RESOURCE_EXHAUSTED, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
}

/* A call that runs while its connection is lost; the nth allocation from its start on fails. False:
 * there are not so many. */
static bool live_through_a_loss(int n)
{
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 5000, .once = FAST_ONCE_ON};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	enum fast_status status;
	bool has_fired;

	outcome = (struct outcome){.count = 0};
	request.number = 3;
	fault_alloc_after(n);
	status = testing_v1_probe_echo_start(world.client, &options, &request, outcome_note,
					     &outcome);
	world_run(&world);
	if (world.client->connection != NULL) {
		lose_connection();
	}
	world_run(&world);
	if (world.kept_count > 0) {
		answer_kept();
	}
	world_run(&world);
	has_fired = fault_alloc_fired();
	fault_alloc_after(-1);
	world_advance_ms(&world, 5000);
	if (world.kept_count > 0) { /* it came again after all */
		answer_kept();
	}
	world_run(&world);
	assert_int_equal(status == FAST_OK, outcome.count);
	return has_fired;
}

static void each_allocation_may_fail_and_none_runs_twice(void **state)
{
	bool has_fired = true;

	(void)state;
	for (int n = 0; has_fired; n++) {
		world_close(&world);
		world_open(&world, NULL);
		world.handling = WORLD_KEEPS;
		has_fired = live_through_a_loss(n);
		assert_in_range(world.requests, 0, 1);
		assert_true(outcome.count == 0 || outcome.status != FAST_OK || world.requests == 1);
		assert_true(outcome.count == 0 || outcome.status == FAST_OK ||
			    outcome.executed != FAST_EXECUTED_NO || world.requests == 0);
		assert_true(n < 1000);
	}
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		once_test(a_call_with_a_key_waits_for_the_servers_hello),
		once_test(a_call_without_a_key_leaves_the_window_alone),
		once_test(a_call_whose_request_was_not_written_is_sent_again),
		once_test(a_call_whose_request_was_lost_runs_when_it_comes_again),
		once_test(a_call_that_runs_is_found_again),
		once_test(an_answer_that_was_not_delivered_is_delivered_later),
		once_test(a_call_whose_server_stays_away_ends_at_its_deadline),
		once_test(a_server_that_was_restarted_runs_nothing_a_second_time),
		once_test(what_was_never_sent_goes_to_a_restarted_server),
		once_test(a_server_that_comes_back_is_dialled_within_a_second),
		once_test(a_server_that_hangs_up_on_everybody_is_not_stormed),
		once_test(a_closing_server_cancels_what_runs_on_for_nobody),
		once_test(each_allocation_may_fail_and_none_runs_twice),
		once_test(a_refusal_of_the_first_attempt_says_that_it_did_not_run),
		once_test(a_refusal_does_not_hide_that_an_earlier_attempt_may_have_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
