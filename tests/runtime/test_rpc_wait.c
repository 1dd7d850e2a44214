/* Handlers that go no faster than their reader, over a real socket. */
#include "rpc_real.h"

#include <stdatomic.h>

#define ITEMS 2000

static struct real real;
static struct gate over = GATE_INITIALIZER;
static atomic_int ended_with;
static atomic_int wait_ms;
static atomic_uint sent;

/* Sends as many items as the number says, waiting for each. */
static void watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	enum fast_status status = FAST_OK;

	(void)arg;
	for (item.number = 1; item.number <= request->number && status == FAST_OK; item.number++) {
		status = fast_call_send_wait(call, &item.base, atomic_load(&wait_ms));
		atomic_fetch_add(&sent, status == FAST_OK);
	}
	atomic_store(&ended_with, (int)status);
	if (status == FAST_OK) {
		fast_call_finish(call);
	} else {
		fast_call_fail(call, status, "item %u could not be sent", item.number - 1);
	}
	gate_pass(&over);
}

static int setup(void **state)
{
	(void)state;
	over.count = 0;
	atomic_store(&sent, 0);
	atomic_store(&wait_ms, -1);
	real_open(&real, NULL, 0);
	real.handlers.watch = watch;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	real_stop(&real);
	real_close(&real);
	return 0;
}

static struct fast_stream *open_watch(struct fast_client *client, uint32_t number)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.number = number;
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	return stream;
}

static void a_handler_that_waits_loses_nothing(void **state)
{
	struct fast_client *client = real_client(real.endpoint);
	struct fast_stream *stream = open_watch(client, ITEMS);
	const Testing__V1__ProbeResponse *item;

	(void)state;
	for (uint32_t i = 1; i <= ITEMS; i++) {
		assert_ok(testing_v1_probe_watch_next(stream, 10000, &item));
		assert_int_equal(i, item->number);
	}
	assert_ok(testing_v1_probe_watch_next(stream, 10000, &item));
	assert_null(item);
	assert_int_equal(0, fast_stream_dropped(stream));
	fast_stream_close(stream);
	fast_client_close(client);
}

static void a_wait_that_is_over_drops_the_item_and_says_so(void **state)
{
	struct fast_client *client = real_client(real.endpoint);
	struct fast_stream *stream;
	const Testing__V1__ProbeResponse *item;
	uint32_t number = 0;

	(void)state;
	atomic_store(&wait_ms, 20);
	stream = open_watch(client, ITEMS);
	assert_true(gate_wait(&over, 1));
	assert_status(FAST_RESOURCE_EXHAUSTED, atomic_load(&ended_with));
	assert_int_equal(FAST_STREAM_CREDIT + FAST_STREAM_QUEUE_MAX, atomic_load(&sent));
	while (testing_v1_probe_watch_next(stream, 10000, &item) == FAST_OK) {
		assert_int_equal(++number, item->number);
	}
	assert_int_equal(FAST_STREAM_CREDIT + FAST_STREAM_QUEUE_MAX, number);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_stream_reply(stream)->status);
	fast_stream_close(stream);
	fast_client_close(client);
}

static void a_caller_that_goes_wakes_the_handler(void **state)
{
	struct fast_client *client = real_client(real.endpoint);
	struct fast_stream *stream = open_watch(client, ITEMS);
	const Testing__V1__ProbeResponse *item;

	(void)state;
	assert_ok(testing_v1_probe_watch_next(stream, 10000, &item));
	fast_stream_close(stream);
	assert_true(gate_wait(&over, 1));
	assert_status(FAST_CANCELLED, atomic_load(&ended_with));
	fast_client_close(client);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_handler_that_waits_loses_nothing),
		test(a_wait_that_is_over_drops_the_item_and_says_so),
		test(a_caller_that_goes_wakes_the_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
