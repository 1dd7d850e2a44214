/* Streams to the server, on memory links and a clock that the test moves. */
#include "flow_world.h"

#include <string.h>

static struct flow flow;
static char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];

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

static uint64_t calls_open(void)
{
	struct fast_server_stats stats;

	fast_server_stats(flow.world.server, &stats);
	return stats.calls_open;
}

static void put_many(struct fast_stream *stream, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		assert_ok(flow_put(&flow, stream, i));
	}
}

/* Also, that nothing is left at the server but what the test keeps. */
static void expect_sum(struct fast_stream *stream, uint64_t expected)
{
	uint64_t sum = 0;

	assert_ok(flow_finish(&flow, stream, &sum, text));
	assert_int_equal(expected, sum);
	assert_int_equal(0, calls_open());
}

static void expect_failure(struct fast_stream *stream, enum fast_status status, const char *words)
{
	uint64_t sum = 0;

	assert_status(status, flow_finish(&flow, stream, &sum, text));
	assert_non_null(strstr(text, words));
}

static void the_answer_comes_behind_all_items(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 1000);
	assert_false(fast_stream_is_over(stream));
	expect_sum(stream, 500500);
	assert_int_equal(1000, flow.calls[0].count);
	assert_status(FAST_OK, flow.calls[0].told);
}

static void an_empty_stream_is_answered(void **state)
{
	(void)state;
	expect_sum(flow_sum(&flow, 0), 0);
	assert_int_equal(1, flow.calls[0].ends);
}

static void items_wait_until_the_handler_takes_them(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_KEEPS;
	stream = flow_sum(&flow, 0);
	assert_status(FAST_DEADLINE_EXCEEDED, flow_put(&flow, stream, 1));
	assert_false(fast_stream_is_over(stream));
	flow.handling = FLOW_ANSWERS;
	flow_take_items(&flow.calls[0]);
	world_run(&flow.world);
	put_many(stream, 1, 100);
	expect_sum(stream, 5050);
}

static void a_half_close_may_come_before_the_connection(void **state)
{
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	(void)state;
	assert_ok(testing_v1_flow_sum(flow.world.client, NULL, &stream));
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	assert_true(fast_stream_is_over(stream));
	assert_ok(testing_v1_flow_sum_finish(stream, &reply));
	assert_int_equal(0, testing_v1_flow_sum_response(&reply)->count);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

static void nothing_is_sent_after_the_half_close(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 3);
	assert_ok(fast_stream_half_close(stream));
	assert_status(FAST_FAILED_PRECONDITION, flow_put(&flow, stream, 4));
	assert_ok(fast_stream_half_close(stream)); /* and again */
	world_run(&flow.world);
	assert_int_equal(1, flow.calls[0].ends);
	flow_end(&flow.calls[0]);
	world_run(&flow.world);
	expect_sum(stream, 6);
}

static void a_second_finish_fails(void **state)
{
	struct fast_stream *stream;
	struct fast_reply reply;

	(void)state;
	stream = flow_sum(&flow, 0);
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	assert_ok(testing_v1_flow_sum_finish(stream, &reply));
	fast_reply_fini(&reply);
	assert_status(FAST_FAILED_PRECONDITION, testing_v1_flow_sum_finish(stream, &reply));
	assert_non_null(strstr(reply.text, "finished before"));
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

static void the_server_may_answer_early(void **state)
{
	struct fast_stream *stream;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	flow.answer_after = 3;
	stream = flow_sum(&flow, 0);
	for (item.number = 1; item.number <= 10; item.number++) {
		assert_ok(testing_v1_flow_sum_put(stream, 0, &item)); /* seven go to nobody */
	}
	world_run(&flow.world);
	assert_true(fast_stream_is_over(stream));
	assert_status(FAST_OUT_OF_RANGE, flow_put(&flow, stream, 11));
	expect_sum(stream, 6);
	assert_int_equal(0, flow.calls[0].ends);
	assert_int_equal(3, flow.calls[0].count);
}

static void the_server_may_fail_early(void **state)
{
	struct fast_stream *stream;
	struct fast_call *call;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 3);
	call = flow.calls[0].call;
	flow.calls[0].call = NULL;
	fast_call_fail(call, FAST_ABORTED, "three are enough");
	world_run(&flow.world);
	assert_status(FAST_ABORTED, flow_put(&flow, stream, 4));
	assert_true(fast_stream_is_over(stream));
	expect_failure(stream, FAST_ABORTED, "three are enough");
}

static void a_deadline_ends_a_sender_that_waits(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_KEEPS;
	stream = flow_sum(&flow, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, flow_put(&flow, stream, 1));
	assert_false(fast_stream_is_over(stream));
	world_advance_ms(&flow.world, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, flow_put(&flow, stream, 1));
	assert_true(fast_stream_is_over(stream));
	expect_failure(stream, FAST_DEADLINE_EXCEEDED, "within 100 ms");
}

static void a_deadline_is_told_to_the_handler(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_sum(&flow, 100);
	put_many(stream, 1, 3);
	world_advance_ms(&flow.world, 99);
	assert_int_equal(0, flow.calls[0].ends);
	world_advance_ms(&flow.world, 1);
	assert_int_equal(1, flow.calls[0].ends);
	assert_int_not_equal(FAST_OK, flow.calls[0].told);
	assert_int_equal(0, calls_open());
	expect_failure(stream, FAST_DEADLINE_EXCEEDED, "within 100 ms");
}

static void a_cancel_is_told_to_the_handler(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 3);
	fast_stream_cancel(stream);
	assert_status(FAST_CANCELLED, flow_put(&flow, stream, 4));
	assert_int_equal(1, flow.calls[0].ends);
	assert_status(FAST_CANCELLED, flow.calls[0].told);
	assert_int_equal(0, calls_open());
	expect_failure(stream, FAST_CANCELLED, "was cancelled");
}

/* A stream that was cut off is never taken for one that was sent to its end. */
static void closing_is_no_half_close(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 3);
	fast_stream_close(stream);
	world_run(&flow.world);
	assert_int_equal(1, flow.calls[0].ends);
	assert_status(FAST_CANCELLED, flow.calls[0].told);
	assert_int_equal(0, calls_open());
}

static void no_cancel_is_told_after_the_half_close(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_WAITS;
	stream = flow_sum(&flow, 0);
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	fast_stream_close(stream);
	world_run(&flow.world);
	assert_int_equal(1, flow.calls[0].ends);
	assert_status(FAST_OK, flow.calls[0].told);
	assert_true(fast_call_is_cancelled(flow.calls[0].call));
}

static void lose_connection(void)
{
	struct fast_link *link = flow.world.client->connection->connection.link;

	link->ops->close(link);
	world_run(&flow.world);
}

static void a_missing_server_shows_when_sending(void **state)
{
	struct fast_stream *stream;

	(void)state;
	world_stop_server(&flow.world);
	stream = flow_sum(&flow, 0);
	assert_status(FAST_UNAVAILABLE, flow_put(&flow, stream, 1));
	expect_failure(stream, FAST_UNAVAILABLE, "nobody serves there");
}

static void a_lost_connection_ends_the_stream_at_any_step(void **state)
{
	struct fast_stream *stream;

	(void)state;
	flow.handling = FLOW_WAITS;
	for (unsigned step = 0; step < 4; step++) {
		stream = flow_sum(&flow, 0);
		if (step > 0) {
			put_many(stream, 1, step == 1 ? 1 : 50);
		}
		if (step == 3) {
			assert_ok(fast_stream_half_close(stream));
			world_run(&flow.world);
		}
		lose_connection();
		assert_int_equal(step + 1, flow.call_count); /* never sent again */
		assert_int_equal(1, flow.calls[step].ends);
		assert_status(step == 3 ? FAST_OK : FAST_CANCELLED, flow.calls[step].told);
		assert_true(fast_stream_is_over(stream));
		if (step < 3) {
			assert_status(FAST_UNAVAILABLE, flow_put(&flow, stream, 1));
		}
		expect_failure(stream, FAST_UNAVAILABLE, "was lost");
	}
}

static void a_request_that_was_not_written_is_sent_again_with_its_half_close(void **state)
{
	struct fast_stream *first;
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	(void)state;
	first = flow_sum(&flow, 0);
	/* The connection goes before anything of the second request could be written. */
	flow.world.client->connection->connection.link->ops->close(
		flow.world.client->connection->connection.link);
	assert_ok(testing_v1_flow_sum(flow.world.client, NULL, &stream));
	assert_ok(fast_stream_half_close(stream));
	world_run(&flow.world);
	assert_ok(testing_v1_flow_sum_finish(stream, &reply));
	fast_reply_fini(&reply);
	fast_stream_close(stream);
	expect_failure(first, FAST_UNAVAILABLE, "was lost");
}

static void an_item_that_is_too_long_is_refused_and_the_stream_goes_on(void **state)
{
	struct fast_stream *stream;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	static uint8_t blob[FAST_MESSAGE_BYTES_MAX];

	(void)state;
	stream = flow_sum(&flow, 0);
	item.blob.data = blob;
	item.blob.len = sizeof blob;
	assert_status(FAST_RESOURCE_EXHAUSTED, testing_v1_flow_sum_put(stream, 0, &item));
	assert_false(fast_stream_is_over(stream));
	put_many(stream, 1, 3);
	expect_sum(stream, 6);
}

static void the_closing_server_tells_the_handler(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = flow_sum(&flow, 0);
	put_many(stream, 1, 3);
	world_stop_server(&flow.world);
	assert_int_equal(1, flow.calls[0].ends);
	assert_status(FAST_CANCELLED, flow.calls[0].told);
	world_run(&flow.world);
	expect_failure(stream, FAST_UNAVAILABLE, "was lost");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_answer_comes_behind_all_items),
		test(an_empty_stream_is_answered),
		test(items_wait_until_the_handler_takes_them),
		test(a_half_close_may_come_before_the_connection),
		test(nothing_is_sent_after_the_half_close),
		test(a_second_finish_fails),
		test(the_server_may_answer_early),
		test(the_server_may_fail_early),
		test(a_deadline_ends_a_sender_that_waits),
		test(a_deadline_is_told_to_the_handler),
		test(a_cancel_is_told_to_the_handler),
		test(closing_is_no_half_close),
		test(no_cancel_is_told_after_the_half_close),
		test(a_missing_server_shows_when_sending),
		test(a_lost_connection_ends_the_stream_at_any_step),
		test(a_request_that_was_not_written_is_sent_again_with_its_half_close),
		test(an_item_that_is_too_long_is_refused_and_the_stream_goes_on),
		test(the_closing_server_tells_the_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
