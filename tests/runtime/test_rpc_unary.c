#include "rpc_world.h"

#include <string.h>

static void a_call_is_answered(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world_ask(&world, 7, 100, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(7, outcome.number);
	assert_string_equal("", outcome.text);
	world_close(&world);
}

static void a_failure_carries_sentence_detail_and_verdict(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.handling = WORLD_FAILS;
	world_ask(&world, 9, 100, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_OUT_OF_RANGE, outcome.status);
	assert_string_equal("9 is too much", outcome.text);
	assert_int_equal(1, outcome.details);
	assert_int_equal(FAST_EXECUTED_YES, outcome.executed);
	world_close(&world);
}

static void a_deadline_ends_the_call_at_its_time_and_tells_the_server(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 100, &outcome);
	world_advance_ms(&world, 99);
	assert_int_equal(0, outcome.count);
	assert_int_equal(0, world.cancelled);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_non_null(strstr(outcome.text, "no answer from memory:// within 100 ms"));

	/* The handler was told once: its own deadline, or the packet, whichever came first. */
	assert_int_equal(1, world.cancelled);
	assert_true(fast_call_is_cancelled(world.kept[0]));
	fast_call_fail(world.kept[0], FAST_CANCELLED, "given up");
	world_advance_ms(&world, 1000);
	assert_int_equal(1, outcome.count);
	assert_int_equal(1, world.cancelled);
	world_close(&world);
}

static void a_server_that_reads_but_never_answers_delays_no_call(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world_ask(&world, 1, 50, &outcome);
	world_advance_ms(&world, 50);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	world_close(&world);
}

static void a_server_that_never_reads_leaves_calls_not_executed(void **state)
{
	struct world world;
	struct outcome first;
	struct outcome second;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world.capacity = 16; /* the first bytes are taken, no more */
	world_ask(&world, 1, 50, &first);
	world_run(&world);
	world_ask(&world, 2, 50, &second);
	world_advance_ms(&world, 50);
	assert_int_equal(1, first.count);
	assert_status(FAST_DEADLINE_EXCEEDED, first.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, first.executed); /* begun */
	assert_int_equal(1, second.count);
	assert_status(FAST_DEADLINE_EXCEEDED, second.status);
	assert_int_equal(FAST_EXECUTED_NO, second.executed); /* still queued */
	assert_non_null(strstr(second.text, "did not take the request"));
	world_close(&world);
}

static void a_connection_without_write_progress_is_closed(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world.capacity = 60; /* the hellos and the first bytes of the request */
	world_ask(&world, 1, FAST_CALL_TIMEOUT_MS_NONE, &outcome);
	world_advance_ms(&world, 9999);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	world_close(&world);
}

static void a_missing_server_fails_the_call_at_once(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world_stop_server(&world);
	world_ask(&world, 1, 1000, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
	assert_string_equal("cannot connect to memory://: nobody serves there", outcome.text);
	world_close(&world);
}

static void start_patient(struct world *world, int64_t timeout_ms, struct outcome *outcome)
{
	struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = timeout_ms, .wait_for_ready = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	*outcome = (struct outcome){.count = 0};
	assert_ok(testing_v1_probe_echo_start(world->client, &options, &request, outcome_note,
					      outcome));
}

static void a_patient_call_waits_for_the_server(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world_stop_server(&world);
	start_patient(&world, 60000, &outcome);
	for (int i = 0; i < 300; i++) {
		world_advance_ms(&world, 100);
	}
	assert_int_equal(0, outcome.count);
	/* In 30 s, in the end 480 to 800 ms apart. */
	assert_in_range(world.dials, 37, 68);
	world_start_server(&world, NULL);
	world_advance_ms(&world, 2500);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	world_close(&world);
}

static void a_patient_call_ends_at_its_deadline(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world_stop_server(&world);
	start_patient(&world, 300, &outcome);
	world_advance_ms(&world, 299);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
	assert_non_null(strstr(outcome.text, "no connection to memory:// within 300 ms"));
	world_close(&world);
}

static void more_calls_than_the_server_takes_wait_for_their_turn(void **state)
{
	struct fast_server_options options = {.size = sizeof options, .calls_max = 4};
	struct world world;
	struct outcome first;
	static struct outcome outcomes[50];

	(void)state;
	world_open(&world, &options);
	world_ask(&world, 0, 1000, &first);
	world_run(&world); /* the server's HELLO has come */
	world.handling = WORLD_KEEPS;
	for (uint32_t i = 0; i < 50; i++) {
		world_ask(&world, i, 1000, &outcomes[i]);
	}
	world_run(&world);
	assert_int_equal(4, world.kept_count);
	for (unsigned i = 0; i < 50; i++) {
		Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
		testing_v1_probe_echo_reply(world.kept[i], &response);
		world_run(&world);
		assert_in_range(world.kept_count - i - 1, 0, 4);
	}
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(1, outcomes[i].count);
		assert_ok(outcomes[i].status);
	}
	world_close(&world);
}

static void a_close_ends_each_call_once_with_cancelled(void **state)
{
	struct world world;
	static struct outcome outcomes[100];

	(void)state;
	world_open(&world, NULL);
	world.handling = WORLD_KEEPS;
	for (uint32_t i = 0; i < 100; i++) {
		world_ask(&world, i, 1000, &outcomes[i]);
		if (i == 50) {
			world_run(&world);
		}
	}
	world_close_client(&world);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(1, outcomes[i].count);
		assert_status(FAST_CANCELLED, outcomes[i].status);
	}
	world_run(&world);
	for (unsigned i = 0; i < world.kept_count; i++) {
		fast_call_fail(world.kept[i], FAST_CANCELLED, "nobody waits");
	}
	assert_int_equal(world.kept_count, world.cancelled);
	world_close(&world);
}

static void a_request_that_cannot_be_packed_is_refused(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct outcome outcome = {.count = 0};
	struct world world;
	char *labels[] = {NULL};

	(void)state;
	world_open(&world, NULL);
	request.labels = labels;
	request.n_labels = 1;
	assert_status(
		FAST_INVALID_ARGUMENT,
		testing_v1_probe_echo_start(world.client, NULL, &request, outcome_note, &outcome));
	assert_int_equal(0, outcome.count);
	world_close(&world);
}

static void nested_in_callback(const struct fast_reply *reply, void *arg)
{
	struct world *world = arg;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply inner;

	assert_ok(reply->status);
	assert_status(FAST_FAILED_PRECONDITION,
		      testing_v1_probe_echo(world->client, NULL, &request, &inner));
	assert_int_equal(FAST_EXECUTED_NO, inner.executed);
	fast_reply_fini(&inner);
	world->cancelled = 77;
}

static void a_synchronous_call_in_a_callback_is_refused(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct world world;

	(void)state;
	world_open(&world, NULL);
	assert_ok(testing_v1_probe_echo_start(world.client, NULL, &request, nested_in_callback,
					      &world));
	world_run(&world);
	assert_int_equal(77, world.cancelled);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_answered),
		cmocka_unit_test(a_failure_carries_sentence_detail_and_verdict),
		cmocka_unit_test(a_deadline_ends_the_call_at_its_time_and_tells_the_server),
		cmocka_unit_test(a_server_that_reads_but_never_answers_delays_no_call),
		cmocka_unit_test(a_server_that_never_reads_leaves_calls_not_executed),
		cmocka_unit_test(a_connection_without_write_progress_is_closed),
		cmocka_unit_test(a_missing_server_fails_the_call_at_once),
		cmocka_unit_test(a_patient_call_waits_for_the_server),
		cmocka_unit_test(a_patient_call_ends_at_its_deadline),
		cmocka_unit_test(more_calls_than_the_server_takes_wait_for_their_turn),
		cmocka_unit_test(a_close_ends_each_call_once_with_cancelled),
		cmocka_unit_test(a_request_that_cannot_be_packed_is_refused),
		cmocka_unit_test(a_synchronous_call_in_a_callback_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
