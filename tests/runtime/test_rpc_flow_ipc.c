/* Streams of generated stubs over a real socket, with handlers on workers. */
#include "flow_real.h"
#include "random.h"

#define ITEMS   10000
#define THREADS 4

static bool sum_is_right(uint64_t count)
{
	struct fast_stream *stream = NULL;
	struct fast_reply reply;
	bool is_right;

	if (testing_v1_flow_sum(ipc.client, NULL, &stream) != FAST_OK) {
		return false;
	}
	is_right = flow_real_put_all(stream, count) &&
		   testing_v1_flow_sum_finish(stream, &reply) == FAST_OK &&
		   testing_v1_flow_sum_response(&reply)->sum == count * (count + 1) / 2;
	fast_reply_fini(&reply);
	fast_stream_close(stream);
	return is_right;
}

static void a_long_stream_is_summed(void **state)
{
	(void)state;
	assert_true(sum_is_right(ITEMS));
	assert_true(sum_is_right(0));
	assert_true(sum_is_right(1));
}

static void *sum_body(void *arg)
{
	unsigned *good = arg;

	for (uint64_t i = 0; i < 20; i++) {
		*good += sum_is_right(100 + i);
	}
	return NULL;
}

static void many_threads_stream_at_once(void **state)
{
	pthread_t threads[THREADS];
	unsigned good[THREADS] = {0};

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(0, pthread_create(&threads[i], NULL, sum_body, &good[i]));
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(0, pthread_join(threads[i], NULL));
		assert_int_equal(20, good[i]);
	}
}

struct drifter {
	uint64_t seed;
	pthread_t thread;
};

/* Opens, sends a little, and leaves in one of many ways, at no particular moment. */
static void drift(uint64_t *seed)
{
	bool has_deadline = random_below(seed, 4) == 0;
	struct fast_call_options options = {
		.size = sizeof options,
		.timeout_ms = has_deadline ? 1 + random_below(seed, 3) : 0,
	};
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	if (random_below(seed, 2) == 0) {
		assert_ok(testing_v1_flow_echo(ipc.client, &options, &stream));
		flow_real_put_all(stream, random_below(seed, 60));
		if (random_below(seed, 2) == 0) {
			fast_stream_cancel(stream);
		}
	} else {
		assert_ok(testing_v1_flow_sum(ipc.client, &options, &stream));
		flow_real_put_all(stream, random_below(seed, 100));
		if (random_below(seed, 2) == 0) {
			testing_v1_flow_sum_finish(stream, &reply);
			fast_reply_fini(&reply);
		}
	}
	fast_stream_close(stream);
}

static void *drift_body(void *arg)
{
	struct drifter *drifter = arg;

	for (unsigned i = 0; i < 150; i++) {
		drift(&drifter->seed);
	}
	return NULL;
}

/* Each call's total is freed by its last event: a second one, or none, would show as a double free
 * or a leak. The server's close waits for them all. */
static void callers_that_leave_at_any_moment_are_told_once(void **state)
{
	struct drifter drifters[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		drifters[i].seed = i + 1;
		assert_int_equal(
			0, pthread_create(&drifters[i].thread, NULL, drift_body, &drifters[i]));
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(0, pthread_join(drifters[i].thread, NULL));
	}
	assert_true(sum_is_right(100));
}

static void *send_body(void *stream)
{
	bool is_sent =
		flow_real_put_all(stream, ITEMS) && fast_stream_half_close(stream) == FAST_OK;

	return is_sent ? stream : NULL;
}

static void one_thread_sends_while_another_reads(void **state)
{
	struct fast_stream *stream = NULL;
	const Testing__V1__FlowNumber *item = NULL;
	pthread_t sender;
	void *result = NULL;

	(void)state;
	assert_ok(testing_v1_flow_echo(ipc.client, NULL, &stream));
	assert_int_equal(0, pthread_create(&sender, NULL, send_body, stream));
	for (uint64_t i = 1; i <= ITEMS; i++) {
		assert_ok(testing_v1_flow_echo_next(stream, -1, &item));
		assert_non_null(item);
		assert_int_equal(i, item->number);
	}
	assert_ok(testing_v1_flow_echo_next(stream, -1, &item));
	assert_null(item);
	assert_int_equal(0, pthread_join(sender, &result));
	assert_ptr_equal(stream, result);
	fast_stream_close(stream);
}

static void a_handler_that_sleeps_holds_the_sender_back(void **state)
{
	struct fast_stream *stream = NULL;
	struct fast_reply reply;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	ipc.blocks = true;
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &stream));
	item.number = 1;
	assert_ok(testing_v1_flow_sum_put(stream, -1, &item));
	assert_true(gate_wait(&ipc.entered, 1));
	for (unsigned i = 1; i < FAST_STREAM_CREDIT; i++) {
		assert_ok(testing_v1_flow_sum_put(stream, 0, &item));
	}
	assert_status(FAST_DEADLINE_EXCEEDED, testing_v1_flow_sum_put(stream, 20, &item));
	assert_false(fast_stream_is_over(stream));
	gate_pass(&ipc.release);
	assert_ok(testing_v1_flow_sum_put(stream, -1, &item));
	assert_ok(testing_v1_flow_sum_finish(stream, &reply));
	assert_int_equal(FAST_STREAM_CREDIT + 1, testing_v1_flow_sum_response(&reply)->sum);
	fast_reply_fini(&reply);
	fast_stream_close(stream);
}

static void *cancel_body(void *stream)
{
	/* The sender may wait already, or come to wait later: it ends in both cases. */
	gate_wait(&ipc.entered, 1);
	fast_stream_cancel(stream);
	return NULL;
}

static void a_cancel_wakes_a_sender_that_waits(void **state)
{
	struct fast_stream *stream = NULL;
	pthread_t canceller;

	(void)state;
	ipc.blocks = true;
	assert_ok(testing_v1_flow_sum(ipc.client, NULL, &stream));
	assert_int_equal(0, pthread_create(&canceller, NULL, cancel_body, stream));
	assert_false(flow_real_put_all(stream, ITEMS));
	assert_int_equal(0, pthread_join(canceller, NULL));
	gate_pass(&ipc.release);
	assert_true(gate_wait(&ipc.gone, 1));
	fast_stream_close(stream);
}

static void a_deadline_wakes_a_sender_that_waits(void **state)
{
	/* Long enough that the handler has its first item. */
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 1000};
	struct fast_stream *stream = NULL;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;
	enum fast_status status;

	(void)state;
	ipc.blocks = true;
	assert_ok(testing_v1_flow_sum(ipc.client, &options, &stream));
	do {
		status = testing_v1_flow_sum_put(stream, -1, &item);
	} while (status == FAST_OK);
	assert_status(FAST_DEADLINE_EXCEEDED, status);
	assert_true(fast_stream_is_over(stream));
	gate_pass(&ipc.release);
	assert_true(gate_wait(&ipc.gone, 1));
	fast_stream_close(stream);
}

static void a_client_that_goes_away_is_told(void **state)
{
	struct fast_stream *stream = NULL;
	struct fast_client *client = NULL;
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	(void)state;
	assert_ok(fast_client_open(ipc.endpoint, NULL, &client));
	assert_ok(testing_v1_flow_sum(client, NULL, &stream));
	assert_ok(testing_v1_flow_sum_put(stream, -1, &item));
	assert_true(gate_wait(&ipc.entered, 1));
	fast_stream_close(stream);
	fast_client_close(client);
	assert_true(gate_wait(&ipc.gone, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		flow_real_test(a_long_stream_is_summed),
		flow_real_test(many_threads_stream_at_once),
		flow_real_test(callers_that_leave_at_any_moment_are_told_once),
		flow_real_test(one_thread_sends_while_another_reads),
		flow_real_test(a_handler_that_sleeps_holds_the_sender_back),
		flow_real_test(a_cancel_wakes_a_sender_that_waits),
		flow_real_test(a_deadline_wakes_a_sender_that_waits),
		flow_real_test(a_client_that_goes_away_is_told),
	};

	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	flow_real_transport = "unix";
	failed += cmocka_run_group_tests_name("unix", tests, NULL, NULL);
	flow_real_transport = "inproc";
	return failed + cmocka_run_group_tests_name("inproc", tests, NULL, NULL);
}
