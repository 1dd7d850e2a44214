/* Clients and servers with real threads, over real sockets and within the process. */
#include "rpc_real.h"

#include <unistd.h>

#define THREADS 8

struct caller {
	struct fast_client *client;
	uint32_t first;
	unsigned calls;
	unsigned good;
	pthread_t thread;
};

static void *caller_body(void *arg)
{
	struct caller *caller = arg;

	for (uint32_t i = 0; i < caller->calls; i++) {
		uint32_t back = 0;
		caller->good +=
			real_echo(caller->client, caller->first + i, 20000, &back) == FAST_OK &&
			back == caller->first + i;
	}
	return NULL;
}

static void run_callers(struct fast_client *client, unsigned calls)
{
	struct caller callers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.client = client, .first = i * 100000, .calls = calls};
		assert_int_equal(
			0, pthread_create(&callers[i].thread, NULL, caller_body, &callers[i]));
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(0, pthread_join(callers[i].thread, NULL));
		assert_int_equal(calls, callers[i].good);
	}
}

static void callers_of_one_client_hand_the_reading_over(void **state)
{
	struct real real;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, FAST_SERVICE_INLINE);
	client = real_client(real.endpoint);
	run_callers(client, 500);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void workers_answer_callers_of_many_threads(void **state)
{
	struct real real;
	struct fast_client *client;
	struct fast_server_stats stats;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	run_callers(client, 300);
	fast_client_close(client);
	fast_server_stats(real.server, &stats);
	assert_int_equal(THREADS * 300, stats.calls_total);
	assert_int_equal(0, stats.calls_open);
	assert_int_equal(1, stats.connections_total);
	real_stop(&real);
	real_close(&real);
}

struct reader {
	struct fast_client *client;
	uint32_t items;
	uint32_t read;
	enum fast_status status;
	pthread_t thread;
};

static void *reader_body(void *arg)
{
	struct reader *reader = arg;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;

	request.number = reader->items;
	if (testing_v1_probe_watch(reader->client, NULL, &request, &stream) != FAST_OK) {
		return NULL;
	}
	do {
		reader->status = testing_v1_probe_watch_next(stream, -1, &item);
		reader->read += reader->status == FAST_OK && item != NULL &&
				item->number == reader->read + 1;
	} while (reader->status == FAST_OK && item != NULL);
	fast_stream_close(stream);
	return NULL;
}

static void calls_streams_and_callbacks_share_a_client(void **state)
{
	struct real real;
	struct gate answered = GATE_INITIALIZER;
	struct reader readers[3];
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	for (unsigned i = 0; i < 3; i++) {
		readers[i] = (struct reader){.client = client, .items = 2000};
		assert_int_equal(
			0, pthread_create(&readers[i].thread, NULL, reader_body, &readers[i]));
	}
	for (unsigned i = 0; i < 500; i++) {
		assert_ok(
			testing_v1_probe_echo_start(client, NULL, &request, real_pass, &answered));
	}
	run_callers(client, 100);
	assert_true(gate_wait(&answered, 500));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(0, pthread_join(readers[i].thread, NULL));
		assert_ok(readers[i].status);
		assert_int_equal(readers[i].items, readers[i].read);
	}
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

struct callback {
	struct gate gate;
	pthread_t thread;
};

static void note_thread(const struct fast_reply *reply, void *arg)
{
	struct callback *callback = arg;

	(void)reply;
	callback->thread = pthread_self();
	gate_pass(&callback->gate);
}

/* A caller may hold locks that the callback wants. */
static void a_callback_never_runs_on_a_callers_thread(void **state)
{
	struct real real;
	struct callback callback = {.gate = GATE_INITIALIZER};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, FAST_SERVICE_INLINE);
	client = real_client(real.endpoint);
	for (unsigned i = 1; i <= 200; i++) {
		assert_ok(testing_v1_probe_echo_start(client, NULL, &request, note_thread,
						      &callback));
		assert_ok(real_echo(client, i, 0, NULL));
		assert_true(gate_wait(&callback.gate, i));
		assert_false(pthread_equal(callback.thread, pthread_self()));
	}
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void a_large_message_goes_both_ways(void **state)
{
	struct real real;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	static uint8_t blob[4000000];
	struct fast_client *client;
	struct fast_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof blob; i++) {
		blob[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	request.blob.data = blob;
	request.blob.len = sizeof blob;
	for (int i = 0; i < 3; i++) {
		assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(sizeof blob, testing_v1_probe_echo_response(&reply)->blob.len);
		assert_memory_equal(blob, testing_v1_probe_echo_response(&reply)->blob.data,
				    sizeof blob);
		fast_reply_fini(&reply);
		assert_ok(real_echo(client, 1, 0, NULL));
	}
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void a_restarted_server_is_found_again(void **state)
{
	struct real real;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, FAST_SERVICE_INLINE);
	client = real_client(real.endpoint);
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t back = 0;
		assert_ok(real_echo(client, i, 0, &back));
		assert_int_equal(i, back);
		real_stop(&real);
		if (i % 2 == 1) {
			assert_status(FAST_UNAVAILABLE, real_echo(client, i, 0, NULL));
		}
		real_serve(&real, NULL, FAST_SERVICE_INLINE);
	}
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void the_handler_knows_who_calls(void **state)
{
	struct real real;
	struct gate answered = GATE_INITIALIZER;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const struct fast_peer *peer;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, 0);
	real.handling = REAL_KEEPS;
	client = real_client(real.endpoint);
	assert_ok(testing_v1_probe_echo_start(client, NULL, &request, real_pass, &answered));
	assert_true(gate_wait(&real.entered, 1));
	fast_client_close(client);
	assert_true(gate_wait(&real.cancelled, 1)); /* and so kept */
	pthread_mutex_lock(&real.lock);
	peer = fast_call_peer(real.kept[0]);
	assert_string_equal(real_transport, peer->endpoint);
	assert_true(peer->has_credentials);
	assert_int_equal(geteuid(), peer->uid);
	assert_int_equal(getpid(), peer->pid);
	assert_string_equal("testing.v1.Probe/Echo", fast_call_method(real.kept[0])->path);
	pthread_mutex_unlock(&real.lock);
	real_answer_kept(&real);
	real_stop(&real);
	real_close(&real);
}

static void tcp_works_too(void **state)
{
	struct real real;
	struct fast_client *client;
	const char *endpoint;

	(void)state;
	real_open(&real, NULL, 0);
	assert_ok(fast_server_listen(real.server, "tcp://127.0.0.1:0", 0));
	endpoint = fast_server_endpoint(real.server, 1);
	assert_non_null(endpoint);
	assert_null(fast_server_endpoint(real.server, 2));
	client = real_client(endpoint);
	run_callers(client, 100);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_of_one_client_hand_the_reading_over),
		cmocka_unit_test(workers_answer_callers_of_many_threads),
		cmocka_unit_test(calls_streams_and_callbacks_share_a_client),
		cmocka_unit_test(a_callback_never_runs_on_a_callers_thread),
		cmocka_unit_test(a_large_message_goes_both_ways),
		cmocka_unit_test(a_restarted_server_is_found_again),
		cmocka_unit_test(the_handler_knows_who_calls),
		cmocka_unit_test(tcp_works_too),
	};

	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	real_transport = "unix";
	failed += cmocka_run_group_tests_name("unix", tests, NULL, NULL);
	real_transport = "inproc";
	return failed + cmocka_run_group_tests_name("inproc", tests, NULL, NULL);
}
