/* A client and a server with a proxy between them that does harm: one test per kind of harm. */
#include "faults_world.h"

#include "deadlines.h"
#include "support/flat.h"
#include <stdlib.h>
#include <string.h>

#define CUTS            200
#define SETTLE_MS_MAX   20000
#define HEAP_SLACK      65536
#define RATE_BYTES      125000 /* 1 Mbit/s */
#define RATE_BLOB_BYTES 30000

static const char *over = "ipc";
static struct faults_world world;

static int setup(void **state)
{
	(void)state;
	faults_open(&world, over);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	faults_close(&world);
	return 0;
}

/* An Echo of a blob, which must come back as it was. */
static enum fast_status echo_blob(struct fast_client *client, size_t bytes, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	enum fast_status status;

	request.blob.data = malloc(bytes);
	request.blob.len = bytes;
	assert_non_null(request.blob.data);
	for (size_t i = 0; i < bytes; i++) {
		request.blob.data[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	status = testing_v1_probe_echo(client, &options, &request, &reply);
	if (status == FAST_OK) {
		const Testing__V1__ProbeResponse *response = testing_v1_probe_echo_response(&reply);
		assert_int_equal(bytes, response->blob.len);
		assert_memory_equal(request.blob.data, response->blob.data, bytes);
	}
	fast_reply_fini(&reply);
	free(request.blob.data);
	return status;
}

/* Reads a stream of count items to its end. */
static void watch_all(struct fast_client *client, uint32_t count)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;

	request.number = count;
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	for (uint32_t i = 1; i <= count; i++) {
		assert_ok(testing_v1_probe_watch_next(stream, 20000, &item));
		assert_non_null(item);
		assert_int_equal(i, item->number);
	}
	assert_ok(testing_v1_probe_watch_next(stream, 20000, &item));
	assert_null(item);
	fast_stream_close(stream);
}

static void a_slow_way_is_waited_for_until_the_deadline(void **state)
{
	const struct fault_plan slow = {.delay_ms = 50};
	int64_t begin_ms;

	(void)state;
	assert_ok(real_echo(world.client, 1, 0, NULL));
	fault_proxy_set(world.proxy, &slow);
	begin_ms = deadlines_now_ms();
	assert_ok(echo_blob(world.client, 1000, 20000));
	assert_true(deadlines_now_ms() - begin_ms >= 100);
	begin_ms = deadlines_now_ms();
	assert_status(FAST_DEADLINE_EXCEEDED, echo_blob(world.client, 1000, 30));
	assert_in_range(deadlines_now_ms() - begin_ms, 29, 30 + DEADLINES_LATE_MS_MAX);
	watch_all(world.client, 40); /* more than the first credit */
}

static void a_lost_connection_ends_calls_with_unknown(void **state)
{
	/* With keys they would wait for the server to come back. */
	const struct fast_call_options options = {.size = sizeof options, .once = FAST_ONCE_OFF};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	int64_t begin_ms;

	(void)state;
	world.real.handling = REAL_KEEPS;
	for (int i = 0; i < 5; i++) {
		assert_ok(testing_v1_probe_echo_start(world.client, &options, &request, real_pass,
						      &ended));
	}
	assert_true(gate_wait(&world.real.keeping, 5));
	begin_ms = deadlines_now_ms();
	fault_proxy_cut(world.proxy);
	assert_true(gate_wait(&ended, 5));
	assert_in_range(deadlines_now_ms() - begin_ms, 0, DEADLINES_LATE_MS_MAX);
	assert_true(gate_wait(&world.real.cancelled, 5));
	real_answer_kept(&world.real);
	world.real.handling = REAL_ANSWERS;
	assert_ok(real_echo(world.client, 1, 20000, NULL));
	assert_int_equal(5, gate_count(&ended));
}

struct answered {
	struct gate gate;
	enum fast_status status;
};

static void note_status(const struct fast_reply *reply, void *arg)
{
	struct answered *answered = arg;

	answered->status = reply->status;
	gate_pass(&answered->gate);
}

static void a_call_without_side_effects_survives_the_loss(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct answered answered = {.gate = GATE_INITIALIZER};

	(void)state;
	world.real.handling = REAL_KEEPS;
	assert_ok(
		testing_v1_probe_read_start(world.client, NULL, &request, note_status, &answered));
	assert_true(gate_wait(&world.real.keeping, 1));
	world.real.handling = REAL_ANSWERS; /* the second time */
	fault_proxy_cut(world.proxy);
	assert_true(gate_wait(&answered.gate, 1));
	assert_ok(answered.status);
	assert_int_equal(2, gate_count(&world.real.entered));
}

static void a_half_open_connection_delays_no_deadline_and_no_close(void **state)
{
	const struct fault_plan half_open = {.is_half_open = true};

	(void)state;
	assert_ok(real_echo(world.client, 1, 0, NULL));
	fault_proxy_set(world.proxy, &half_open);
	deadlines_hold(world.client);
	deadlines_close(world.client);
	world.client = NULL;
}

static void a_dribble_of_bytes_is_put_together(void **state)
{
	const struct fault_plan dribble = {.chunk_bytes = 1};

	(void)state;
	fault_proxy_set(world.proxy, &dribble);
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t back = 0;
		assert_ok(real_echo(world.client, i, 20000, &back));
		assert_int_equal(i, back);
	}
	assert_ok(echo_blob(world.client, 5000, 20000));
	watch_all(world.client, 40);
}

static void clients_that_connect_out_of_order_get_their_own_answers(void **state)
{
	const struct fault_plan reorder = {.hold_connects = 2};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct answered first = {.gate = GATE_INITIALIZER};
	struct fast_client *second = real_client(fault_proxy_endpoint(world.proxy));
	uint32_t back = 0;

	(void)state;
	fault_proxy_set(world.proxy, &reorder);
	assert_ok(testing_v1_probe_echo_start(world.client, NULL, &request, note_status, &first));
	assert_ok(real_echo(second, 2, 20000, &back));
	assert_int_equal(2, back);
	assert_true(gate_wait(&first.gate, 1));
	assert_ok(first.status);
	assert_int_equal(2, fault_proxy_accepted(world.proxy));
	fast_client_close(second);
}

static void a_thin_way_slows_calls_and_moves_no_deadline(void **state)
{
	const struct fault_plan thin = {.bytes_per_s = RATE_BYTES};
	int64_t begin_ms = deadlines_now_ms();
	struct fast_client *other;

	(void)state;
	fault_proxy_set(world.proxy, &thin);
	assert_ok(echo_blob(world.client, RATE_BLOB_BYTES, 20000));
	assert_true(deadlines_now_ms() - begin_ms >=
		    2 * (int64_t)RATE_BLOB_BYTES * 1000 / RATE_BYTES - 50);
	begin_ms = deadlines_now_ms();
	assert_status(FAST_DEADLINE_EXCEEDED, echo_blob(world.client, 3000000, 200));
	assert_in_range(deadlines_now_ms() - begin_ms, 199, 200 + DEADLINES_LATE_MS_MAX);
	other = real_client(fault_proxy_endpoint(world.proxy));
	assert_ok(real_echo(other, 1, 20000, NULL));
	fast_client_close(other);
}

/* Sent again when its connection turns out to be dead. */
static enum fast_status read_number(struct fast_client *client)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = 20000};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	enum fast_status status = testing_v1_probe_read(client, &options, &request, &reply);

	fast_reply_fini(&reply);
	return status;
}

/* Every loss takes its connections with it, at both sides; the last ones a little later. */
static void losses_leave_nothing_behind(void **state)
{
	int64_t until_ms = deadlines_now_ms() + SETTLE_MS_MAX;
	size_t descriptors = 0;
	size_t heap_bytes = 0;
	bool is_flat = false;

	(void)state;
	for (int i = 0; i < 2 * CUTS; i++) {
		assert_ok(read_number(world.client));
		if (i == CUTS) {
			descriptors = flat_descriptors();
			heap_bytes = flat_heap_bytes();
		}
		fault_proxy_cut(world.proxy);
	}
	while (!is_flat && deadlines_now_ms() < until_ms) {
		assert_ok(read_number(world.client));
		is_flat = flat_descriptors() <= descriptors &&
			  flat_heap_bytes() <= heap_bytes + HEAP_SLACK;
	}
	assert_true(is_flat);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_slow_way_is_waited_for_until_the_deadline),
		test(a_lost_connection_ends_calls_with_unknown),
		test(a_call_without_side_effects_survives_the_loss),
		test(a_half_open_connection_delays_no_deadline_and_no_close),
		test(a_dribble_of_bytes_is_put_together),
		test(clients_that_connect_out_of_order_get_their_own_answers),
		test(a_thin_way_slows_calls_and_moves_no_deadline),
		test(losses_leave_nothing_behind),
	};
	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	over = "tcp";
	return failed + cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
