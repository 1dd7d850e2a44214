/* Peers that never answer, on a clock that stands still: calls of every kind end when their
 * deadline has come, not a millisecond before, and not at all late. */
#include "flow_world.h"

#include <string.h>

#define TIMEOUT_MS  100
#define LARGE_BYTES 100000

static struct flow flow;

/* One call of each kind, all with the same deadline. */
struct waiting {
	struct outcome asked;
	struct outcome large;
	struct fast_stream *watch;
	struct fast_stream *sum;
	struct fast_stream *echo;
};

/* A peer that takes the connection, and nothing from it. */
static int setup_deaf(void **state)
{
	(void)state;
	flow_open(&flow);
	flow.world.has_peer_links = true;
	flow.world.capacity = 2048;
	return 0;
}

/* A server that takes every request and answers none. */
static int setup_mute(void **state)
{
	(void)state;
	flow_open(&flow);
	flow.handling = FLOW_KEEPS;
	flow.world.handling = WORLD_KEEPS;
	return 0;
}

static int teardown(void **state)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)state;
	while (flow.world.kept_count > 0) {
		struct fast_call *call = flow.world.kept[--flow.world.kept_count];
		if (fast_call_method(call)->kind == FAST_METHOD_UNARY) {
			fast_call_reply(call, &response.base);
		} else {
			fast_call_finish(call);
		}
	}
	flow_close(&flow);
	return 0;
}

static void start_large(struct outcome *outcome, int64_t timeout_ms)
{
	static uint8_t blob[LARGE_BYTES];
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	*outcome = (struct outcome){.count = 0};
	request.blob.data = blob;
	request.blob.len = sizeof blob;
	assert_ok(testing_v1_probe_echo_start(flow.world.client, &options, &request, outcome_note,
					      outcome));
}

static void start_all(struct waiting *waiting, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	*waiting = (struct waiting){.watch = NULL};
	world_ask(&flow.world, 1, timeout_ms, &waiting->asked);
	assert_ok(testing_v1_probe_watch(flow.world.client, &options, &request, &waiting->watch));
	assert_ok(testing_v1_flow_sum(flow.world.client, &options, &waiting->sum));
	assert_ok(testing_v1_flow_echo(flow.world.client, &options, &waiting->echo));
	start_large(&waiting->large, timeout_ms);
	world_run(&flow.world);
}

/* Nothing has come, and nobody has been told anything. */
static void expect_waiting(const struct waiting *waiting)
{
	const Testing__V1__ProbeResponse *item = NULL;
	const Testing__V1__FlowNumber *number = NULL;
	Testing__V1__FlowNumber put = TESTING__V1__FLOW_NUMBER__INIT;

	assert_int_equal(0, waiting->asked.count);
	assert_int_equal(0, waiting->large.count);
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_watch_next(waiting->watch, 0, &item));
	assert_false(fast_stream_ended(waiting->watch));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_put(waiting->sum, 0, &put));
	assert_false(fast_stream_is_over(waiting->sum));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_echo_next(waiting->echo, 0, &number));
	assert_false(fast_stream_ended(waiting->echo));
}

static void close_streams(struct waiting *waiting)
{
	fast_stream_close(waiting->watch);
	fast_stream_close(waiting->sum);
	fast_stream_close(waiting->echo);
	world_run(&flow.world);
}

static void expect_ended(struct waiting *waiting)
{
	const Testing__V1__ProbeResponse *item = NULL;
	const Testing__V1__FlowNumber *number = NULL;
	Testing__V1__FlowNumber put = TESTING__V1__FLOW_NUMBER__INIT;
	struct fast_reply reply;

	assert_int_equal(1, waiting->asked.count);
	assert_status(FAST_DEADLINE_EXCEEDED, waiting->asked.status);
	assert_int_equal(1, waiting->large.count);
	assert_status(FAST_DEADLINE_EXCEEDED, waiting->large.status);
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_watch_next(waiting->watch, -1, &item));
	assert_true(fast_stream_ended(waiting->watch));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_put(waiting->sum, -1, &put));
	assert_true(fast_stream_is_over(waiting->sum));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_finish(waiting->sum, &reply));
	fast_reply_fini(&reply);
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_flow_echo_next(waiting->echo, -1, &number));
	assert_true(fast_stream_ended(waiting->echo));
	close_streams(waiting);
}

static void calls_of_every_kind_end_when_their_deadline_comes(void **state)
{
	struct waiting waiting;

	(void)state;
	for (int round = 0; round < 20; round++) {
		start_all(&waiting, TIMEOUT_MS);
		world_advance_ms(&flow.world, TIMEOUT_MS - 1);
		expect_waiting(&waiting);
		world_advance_ms(&flow.world, 1);
		expect_ended(&waiting);
	}
}

static void a_close_waits_for_nobody(void **state)
{
	struct waiting waiting;

	(void)state;
	start_all(&waiting, FAST_CALL_TIMEOUT_MS_NONE);
	world_advance_ms(&flow.world, TIMEOUT_MS);
	expect_waiting(&waiting);
	close_streams(&waiting);
	world_close_client(&flow.world);
	assert_int_equal(1, waiting.asked.count);
	assert_status(FAST_CANCELLED, waiting.asked.status);
	assert_int_equal(1, waiting.large.count);
	assert_status(FAST_CANCELLED, waiting.large.status);
}

#define deaf(name) cmocka_unit_test_setup_teardown(name, setup_deaf, teardown)
#define mute(name) cmocka_unit_test_setup_teardown(name, setup_mute, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		deaf(calls_of_every_kind_end_when_their_deadline_comes),
		mute(calls_of_every_kind_end_when_their_deadline_comes),
		deaf(a_close_waits_for_nobody),
		mute(a_close_waits_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
