#include "deadlines.h"

#include "base/timer.h"
#include <stdlib.h>
#include <testing/v1/flow.fast.h>

#define TIMEOUT_MS  60
#define CALLS       20
#define LARGE_BYTES 3000000
#define NS_PER_MS   1000000

int64_t deadlines_now_ms(void)
{
	return fast_clock_now_ns() / NS_PER_MS;
}

static const struct fast_call_options bounded = {.size = sizeof bounded, .timeout_ms = TIMEOUT_MS};

static void expect_in_time(int64_t begin_ms)
{
	assert_in_range(deadlines_now_ms() - begin_ms, TIMEOUT_MS - 1,
			TIMEOUT_MS + DEADLINES_LATE_MS_MAX);
}

static void call_ends_in_time(struct fast_client *client, size_t bytes)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	int64_t begin_ms = deadlines_now_ms();

	request.blob.data = calloc(1, bytes);
	request.blob.len = bytes;
	assert_non_null(request.blob.data);
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_echo(client, &bounded, &request, &reply));
	expect_in_time(begin_ms);
	fast_reply_fini(&reply);
	free(request.blob.data);
}

static void callbacks_come_in_time(struct fast_client *client)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	int64_t begin_ms = deadlines_now_ms();

	for (int i = 0; i < CALLS; i++) {
		assert_ok(
			testing_v1_probe_echo_start(client, &bounded, &request, real_pass, &ended));
	}
	assert_true(gate_wait(&ended, CALLS));
	expect_in_time(begin_ms);
}

static void stream_ends_in_time(struct fast_client *client)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;
	int64_t begin_ms = deadlines_now_ms();

	assert_ok(testing_v1_probe_watch(client, &bounded, &request, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_probe_watch_next(stream, -1, &item));
	assert_true(fast_stream_ended(stream));
	expect_in_time(begin_ms);
	fast_stream_close(stream);
}

/* The stream goes on; its reader does not wait longer than it said. */
static void wait_ends_in_time(struct fast_client *client)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;
	int64_t begin_ms = deadlines_now_ms();

	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_watch_next(stream, TIMEOUT_MS, &item));
	assert_false(fast_stream_ended(stream));
	expect_in_time(begin_ms);
	fast_stream_close(stream);
	assert_in_range(deadlines_now_ms() - begin_ms, 0, TIMEOUT_MS + DEADLINES_LATE_MS_MAX);
}

static void sender_ends_in_time(struct fast_client *client)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	struct fast_stream *stream = NULL;
	struct fast_reply reply;
	int64_t begin_ms = deadlines_now_ms();

	assert_ok(testing_v1_flow_sum(client, &bounded, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_put(stream, -1, &item));
	assert_true(fast_stream_is_over(stream));
	expect_in_time(begin_ms);
	fast_stream_close(stream);

	begin_ms = deadlines_now_ms();
	assert_ok(testing_v1_flow_sum(client, &bounded, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_finish(stream, &reply));
	expect_in_time(begin_ms);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

static void both_ways_end_in_time(struct fast_client *client)
{
	const Testing__V1__FlowNumber *item = NULL;
	struct fast_stream *stream = NULL;
	int64_t begin_ms = deadlines_now_ms();

	assert_ok(testing_v1_flow_echo(client, &bounded, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_echo_next(stream, -1, &item));
	expect_in_time(begin_ms);
	fast_stream_close(stream);
}

void deadlines_hold(struct fast_client *client)
{
	call_ends_in_time(client, 10);
	callbacks_come_in_time(client);
	stream_ends_in_time(client);
	wait_ends_in_time(client);
	sender_ends_in_time(client);
	both_ways_end_in_time(client);
	call_ends_in_time(client, LARGE_BYTES); /* more than the kernel takes */
	call_ends_in_time(client, 10);          /* behind it */
	stream_ends_in_time(client);
	sender_ends_in_time(client);
}

void deadlines_close(struct fast_client *client)
{
	const struct fast_call_options unbounded = {.size = sizeof unbounded,
						    .timeout_ms = FAST_CALL_TIMEOUT_MS_NONE};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	int64_t begin_ms;

	for (int i = 0; i < CALLS; i++) {
		assert_ok(testing_v1_probe_echo_start(client, &unbounded, &request, real_pass,
						      &ended));
	}
	begin_ms = deadlines_now_ms();
	fast_client_close(client);
	assert_in_range(deadlines_now_ms() - begin_ms, 0, DEADLINES_LATE_MS_MAX);
	assert_int_equal(CALLS, gate_count(&ended));
}
