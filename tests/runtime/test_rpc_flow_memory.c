/* Streams of requests while memory runs out: every call ends once, and the next one is served. */
#include "flow_world.h"
#include "support/fault_alloc.h"

static struct flow flow;

static bool end_fault(void)
{
	bool has_fired = fault_alloc_fired();

	fault_alloc_after(-1);
	return has_fired;
}

static void expect_service(void)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	struct fast_stream *stream = flow_sum(&flow, 60000);
	uint64_t sum = 0;

	world_advance_ms(&flow.world, 3000); /* if the connection was lost */
	if (fast_stream_is_over(stream)) {
		fast_stream_close(stream);
		stream = flow_sum(&flow, 60000);
	}
	for (uint64_t i = 1; i <= 40; i++) {
		assert_ok(flow_put(&flow, stream, i));
	}
	assert_ok(flow_finish(&flow, stream, &sum, text));
	assert_int_equal(820, sum);
}

/* With the allocation of number n failing. False: there was none. */
static bool sum_once(int n)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 1000};
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	struct fast_stream *stream = NULL;
	struct fast_reply reply = {.status = FAST_UNKNOWN};
	uint64_t sent = 0;
	bool has_fired;

	item.number = 1;
	fault_alloc_after(n);
	if (testing_v1_flow_sum(flow.world.client, &options, &stream) == FAST_OK) {
		world_run(&flow.world);
		for (unsigned i = 0; i < 40; i++) {
			sent += testing_v1_flow_sum_put(stream, 0, &item) == FAST_OK;
			world_run(&flow.world);
		}
		if (fast_stream_half_close(stream) == FAST_OK) {
			world_advance_ms(&flow.world, 1000); /* by then it is over, well or not */
		} else {
			fast_stream_cancel(stream);
		}
		testing_v1_flow_sum_finish(stream, &reply);
	}
	has_fired = end_fault();
	if (reply.status == FAST_OK) {
		assert_int_equal(sent, testing_v1_flow_sum_response(&reply)->sum);
	}
	assert_true(has_fired || reply.status == FAST_OK);
	if (stream != NULL) {
		fast_reply_fini(&reply);
	}
	fast_stream_close(stream);
	world_advance_ms(&flow.world, 1000);
	expect_service();
	return has_fired;
}

static void a_stream_ends_once_whatever_fails(void **state)
{
	struct fast_server_stats stats;
	int n = 0;

	(void)state;
	flow_open(&flow);
	expect_service();
	while (sum_once(n++)) {
	}
	assert_true(n > 40);
	fast_server_stats(flow.world.server, &stats);
	assert_int_equal(0, stats.calls_open);
	flow_close(&flow);
}

/* Beyond the frame at the client, and at the server the item as it came. */
static void an_item_allocates_little(void **state)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	struct fast_stream *stream;

	(void)state;
	flow_open(&flow);
	stream = flow_sum(&flow, 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_ok(flow_put(&flow, stream, 1));
	}
	fault_alloc_after(2);
	assert_ok(testing_v1_flow_sum_put(stream, 0, &item));
	world_run(&flow.world);
	assert_false(end_fault());
	fast_stream_close(stream);
	world_run(&flow.world);
	flow_close(&flow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_ends_once_whatever_fails),
		cmocka_unit_test(an_item_allocates_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
