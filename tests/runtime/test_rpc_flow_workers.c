/* Streams of requests, the workers that take their items, and other threads of the server. */
#include "flow_real.h"

#include <stdlib.h>

/* Whoever ends a call may free what its function uses. */
static void ending_a_call_waits_for_its_function(void **state)
{
	struct total total = {0, 0};
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	(void)state;
	ipc.keeps = true;
	ipc.blocks = true;
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &stream));
	assert_true(gate_wait(&ipc.handled, 1));
	testing_v1_flow_sum_on_item(ipc.kept[0], flow_real_sum_item, &total);
	assert_true(flow_real_put_all(stream, 3));
	assert_true(gate_wait(&ipc.entered, 1));
	gate_pass(&ipc.release);
	fast_call_fail(ipc.kept[0], FAST_ABORTED, "enough");
	assert_int_equal(gate_count(&ipc.entered), gate_count(&ipc.left));
	assert_status(FAST_ABORTED, testing_v1_flow_sum_finish(stream, &reply));
	assert_int_equal(gate_count(&ipc.left), total.count);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

/* Set by another thread than the handler's, when all there is to tell has come already. */
static void a_function_may_be_set_late(void **state)
{
	struct total *total = calloc(1, sizeof *total);
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	(void)state;
	assert_non_null(total);
	ipc.keeps = true;
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &stream));
	assert_ok(fast_stream_half_close(stream));
	assert_true(gate_wait(&ipc.handled, 1));
	testing_v1_flow_sum_on_item(ipc.kept[0], flow_real_sum_item, total);
	assert_ok(testing_v1_flow_sum_finish(stream, &reply));
	assert_int_equal(0, testing_v1_flow_sum_response(&reply)->count);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

/* One worker, which sleeps; one place in the queue; the third call finds neither. */
static void a_full_queue_refuses_new_streams_but_goes_on_with_old_ones(void **state)
{
	const struct fast_server_options options = {
		.size = sizeof options, .workers = 1, .queue_max = 1};
	struct fast_stream *streams[3] = {NULL, NULL, NULL};
	struct fast_reply reply;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	fast_server_close(ipc.server);
	flow_real_serve(&options);
	ipc.blocks = true;
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &streams[0]));
	item.number = 5;
	assert_ok(testing_v1_flow_sum_put(streams[0], -1, &item));
	assert_true(gate_wait(&ipc.entered, 1));
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &streams[1]));
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &streams[2]));
	assert_status(FAST_RESOURCE_EXHAUSTED, testing_v1_flow_sum_finish(streams[2], &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	fast_reply_fini(&reply);
	fast_stream_close(streams[1]); /* and so it never runs */
	assert_ok(testing_v1_flow_sum_put(streams[0], -1, &item));
	gate_pass(&ipc.release);
	assert_ok(testing_v1_flow_sum_finish(streams[0], &reply));
	assert_int_equal(10, testing_v1_flow_sum_response(&reply)->sum);
	fast_reply_fini(&reply);
	fast_stream_close(streams[0]);
	fast_stream_close(streams[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		flow_real_test(ending_a_call_waits_for_its_function),
		flow_real_test(a_function_may_be_set_late),
		flow_real_test(a_full_queue_refuses_new_streams_but_goes_on_with_old_ones),
	};

	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	flow_real_transport = "unix";
	return failed + cmocka_run_group_tests_name("unix", tests, NULL, NULL);
}
