/* Streams both ways, on memory links and a clock that the test moves. */
#include "flow_world.h"

#include <string.h>

static struct flow flow;

static int setup(void **state)
{
	(void)state;
	flow_open(&flow);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flow_close(&flow);
	return 0;
}

static enum fast_status next(struct fast_stream *stream, uint64_t *number)
{
	const Testing__V1__FlowNumber *item = NULL;
	enum fast_status status = testing_v1_flow_echo_next(stream, 0, &item);

	*number = item == NULL ? 0 : item->number;
	world_run(&flow.world);
	return status;
}

static void expect_item(struct fast_stream *stream, uint64_t expected)
{
	uint64_t number;

	assert_ok(next(stream, &number));
	assert_int_equal(expected, number);
}

static void expect_end(struct fast_stream *stream, enum fast_status status, const char *words)
{
	uint64_t number;

	assert_status(status, next(stream, &number));
	assert_int_equal(0, number);
	assert_true(fast_stream_ended(stream));
	assert_true(fast_stream_is_over(stream));
	assert_non_null(strstr(fast_stream_reply(stream)->text, words));
	fast_stream_close(stream);
	world_run(&flow.world);
}

static void ten_thousand_items_go_both_ways_in_order(void **state)
{
	struct fast_stream *stream;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	stream = flow_echo(&flow, 0);
	for (uint64_t first = 1; first <= 10000; first += 20) {
		for (item.number = first; item.number < first + 20; item.number++) {
			assert_ok(testing_v1_flow_echo_put(stream, 0, &item));
		}
		world_run(&flow.world);
		for (uint64_t i = first; i < first + 20; i++) {
			expect_item(stream, i);
		}
	}
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	assert_int_equal(0, fast_stream_dropped(stream));
	expect_end(stream, FAST_OK, "");
	assert_int_equal(10000, flow.calls[0].count);
	assert_int_equal(0, flow.calls[0].refused);
}

static void a_reader_that_sleeps_bounds_what_the_server_keeps(void **state)
{
	struct fast_stream *stream;
	unsigned kept = FAST_STREAM_CREDIT + FAST_STREAM_QUEUE_MAX;

	(void)state;
	stream = flow_echo(&flow, 0);
	for (uint64_t i = 1; i <= 200; i++) {
		assert_ok(flow_put(&flow, stream, i));
	}
	assert_int_equal(200 - kept, flow.calls[0].refused);
	for (uint64_t i = 1; i <= kept; i++) {
		expect_item(stream, i);
	}
	/* The next item tells of those that found no room. */
	assert_ok(flow_put(&flow, stream, 201));
	expect_item(stream, 201);
	assert_int_equal(200 - kept, fast_stream_dropped(stream));
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	expect_end(stream, FAST_OK, "");
}

static void the_server_goes_on_after_the_half_close(void **state)
{
	struct fast_stream *stream;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_echo(&flow, 0);
	assert_ok(flow_put(&flow, stream, 1));
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	assert_int_equal(1, flow.calls[0].ends);
	item.number = 7;
	assert_ok(testing_v1_flow_echo_send(flow.calls[0].call, &item));
	world_run(&flow.world);
	expect_item(stream, 7);
	assert_false(fast_stream_is_over(stream));
	flow_end(&flow.calls[0]);
	world_run(&flow.world);
	expect_end(stream, FAST_OK, "");
}

static void the_server_may_end_while_the_client_sends(void **state)
{
	struct fast_stream *stream;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	flow.answer_after = 2;
	stream = flow_echo(&flow, 0);
	for (item.number = 1; item.number <= 10; item.number++) {
		assert_ok(testing_v1_flow_echo_put(stream, 0, &item));
	}
	world_run(&flow.world);
	assert_status(FAST_OUT_OF_RANGE, testing_v1_flow_echo_put(stream, 0, &item));
	expect_item(stream, 1);
	expect_item(stream, 2);
	assert_ok(fast_stream_half_close(stream)); /* nobody wants to know */
	expect_end(stream, FAST_OK, "");
	assert_int_equal(2, flow.calls[0].count);
}

/* The handler is done, but what it sent waits for the reader; what the client sends goes nowhere.
 */
static void items_behind_an_end_that_waits_are_dropped(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.answer_after = 60;
	stream = flow_echo(&flow, 0);
	for (uint64_t i = 1; i <= 64; i++) {
		assert_ok(flow_put(&flow, stream, i));
	}
	assert_null(flow.calls[0].call);
	for (uint64_t i = 1; i <= 60; i++) {
		expect_item(stream, i);
	}
	expect_end(stream, FAST_OK, "");
	assert_int_equal(60, flow.calls[0].count);
}

static void cancel_ends_both_halves(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = flow_echo(&flow, 0);
	assert_ok(flow_put(&flow, stream, 1));
	fast_stream_cancel(stream);
	assert_status(FAST_CANCELLED, flow_put(&flow, stream, 2));
	world_run(&flow.world);
	assert_status(FAST_CANCELLED, flow.calls[0].told);
	expect_end(stream, FAST_CANCELLED, "was cancelled");
}

static void a_failure_ends_both_halves(void **state)
{
	struct fast_stream *stream;
	struct fast_call *call;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_echo(&flow, 0);
	assert_ok(flow_put(&flow, stream, 1));
	call = flow.calls[0].call;
	flow.calls[0].call = NULL;
	fast_call_fail(call, FAST_ABORTED, "no more");
	world_run(&flow.world);
	assert_status(FAST_ABORTED, flow_put(&flow, stream, 2));
	expect_end(stream, FAST_ABORTED, "no more");
}

static void a_lost_connection_ends_both_halves(void **state)
{
	struct fast_stream *stream;
	struct fast_link *link;

	(void)state;
	stream = flow_echo(&flow, 0);
	assert_ok(flow_put(&flow, stream, 1));
	link = flow.world.client->connection->connection.link;
	link->ops->close(link);
	world_run(&flow.world);
	assert_status(FAST_UNAVAILABLE, flow_put(&flow, stream, 2));
	expect_item(stream, 1); /* it had arrived */
	expect_end(stream, FAST_UNAVAILABLE, "was lost");
	assert_status(FAST_CANCELLED, flow.calls[0].told);
}

static void many_streams_share_the_connection(void **state)
{
	struct fast_stream *streams[100];

	(void)state;
	for (unsigned i = 0; i < FAST_TEST_COUNT(streams); i++) {
		streams[i] = flow_echo(&flow, 0);
	}
	for (uint64_t number = 1; number <= 50; number++) {
		for (unsigned i = 0; i < FAST_TEST_COUNT(streams); i++) {
			assert_ok(flow_put(&flow, streams[i], number * i));
			expect_item(streams[i], number * i);
		}
	}
	for (unsigned i = 0; i < FAST_TEST_COUNT(streams); i++) {
		assert_ok(fast_stream_half_close(streams[i]));
		world_run(&flow.world);
		expect_end(streams[i], FAST_OK, "");
		assert_int_equal(50, flow.calls[i].count);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(ten_thousand_items_go_both_ways_in_order),
		test(a_reader_that_sleeps_bounds_what_the_server_keeps),
		test(the_server_goes_on_after_the_half_close),
		test(the_server_may_end_while_the_client_sends),
		test(items_behind_an_end_that_waits_are_dropped),
		test(cancel_ends_both_halves),
		test(a_failure_ends_both_halves),
		test(a_lost_connection_ends_both_halves),
		test(many_streams_share_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
