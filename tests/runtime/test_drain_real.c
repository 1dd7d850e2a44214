/* Servers that take over from each other while clients work, over real sockets. */
#include "rpc_real.h"

#include "rpc/client.h"
#include <fast/client.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS          3
#define RESTARTS         5
#define CALLS_PER_SERVER 300

static struct real real;

/* What one thread asks of the servers, one call after the other. */
struct caller {
	struct fast_client *client;
	pthread_t thread;
	atomic_bool *is_over;
	atomic_uint *calls;
	atomic_uint *failures;
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1]; /* of the first failure */
};

static void *caller_run(void *arg)
{
	struct caller *caller = arg;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	while (!atomic_load(caller->is_over)) {
		struct fast_reply reply;
		request.number = atomic_fetch_add(caller->calls, 1);
		if (testing_v1_probe_echo(caller->client, NULL, &request, &reply) != FAST_OK ||
		    testing_v1_probe_echo_response(&reply)->number != request.number) {
			if (atomic_fetch_add(caller->failures, 1) == 0) {
				memcpy(caller->text, reply.text, sizeof caller->text);
			}
		}
		fast_reply_fini(&reply);
	}
	return NULL;
}

static void await_calls(atomic_uint *calls, unsigned more)
{
	unsigned until = atomic_load(calls) + more;

	while (atomic_load(calls) < until) {
		sched_yield();
	}
}

static void servers_take_over_from_each_other_and_no_call_fails(void **state)
{
	struct caller callers[CALLERS];
	atomic_bool is_over = false;
	atomic_uint calls = 0;
	atomic_uint failures = 0;

	(void)state;
	real_open(&real, NULL, 0);
	for (unsigned i = 0; i < CALLERS; i++) {
		/* Two of them share a client. */
		callers[i] = (struct caller){
			.client = i == 1 ? callers[0].client : real_client(real.endpoint),
			.is_over = &is_over,
			.calls = &calls,
			.failures = &failures,
		};
		assert_int_equal(0,
				 pthread_create(&callers[i].thread, NULL, caller_run, &callers[i]));
	}
	for (unsigned i = 0; i < RESTARTS; i++) {
		await_calls(&calls, CALLS_PER_SERVER);
		assert_ok(fast_server_drain(real.server, 10000));
		real_stop(&real);
		real_serve(&real, NULL, 0);
	}
	await_calls(&calls, CALLS_PER_SERVER);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < CALLERS; i++) {
		assert_int_equal(0, pthread_join(callers[i].thread, NULL));
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		assert_string_equal("", callers[i].text);
		if (i != 1) {
			fast_client_close(callers[i].client);
		}
	}
	assert_int_equal(0, atomic_load(&failures));
	real_stop(&real);
	real_close(&real);
}

/* Until the client has heard that its server goes away. */
static void await_goaway(struct fast_client *client)
{
	bool is_told = false;

	while (!is_told) {
		sched_yield();
		pthread_mutex_lock(&client->lock);
		is_told = client->draining_count > 0;
		pthread_mutex_unlock(&client->lock);
	}
}

static void *drain_run(void *arg)
{
	static enum fast_status status;

	status = fast_server_drain(arg, 10000);
	return &status;
}

static void a_stream_goes_on_at_the_old_server_while_calls_go_to_the_new_one(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const ProtobufCMessage *item = NULL;
	struct fast_stream *stream = NULL;
	struct fast_client *client;
	struct fast_server *old;
	struct real next;
	enum fast_status serving;
	void *status = NULL;
	pthread_t drainer;
	uint32_t number = 0;

	(void)state;
	real_open(&real, NULL, 0);
	real.handling = REAL_KEEPS;
	client = real_client(real.endpoint);
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	assert_true(gate_wait(&real.keeping, 1));
	old = real.server;
	assert_int_equal(0, pthread_create(&drainer, NULL, drain_run, old));
	/* Another server takes the path as soon as it is free; both have what they need in next. */
	next = (struct real){.entered = GATE_INITIALIZER,
			     .cancelled = GATE_INITIALIZER,
			     .release = GATE_INITIALIZER,
			     .lock = PTHREAD_MUTEX_INITIALIZER};
	memcpy(next.endpoint, real.endpoint, sizeof next.endpoint);
	while (fast_server_endpoint(old, 0) != NULL) {
		sched_yield();
	}
	assert_ok(fast_server_open(NULL, &next.server));
	next.handlers = real.handlers;
	assert_ok(
		fast_server_add(next.server, &testing_v1_probe_service, &next.handlers, &next, 0));
	while ((serving = fast_server_listen(next.server, next.endpoint, 0600)) ==
	       FAST_ALREADY_EXISTS) {
		sched_yield();
	}
	assert_ok(serving);
	await_goaway(client);
	for (uint32_t i = 1; i <= 100; i++) {
		assert_ok(real_echo(client, i, 10000, &number));
		assert_int_equal(i, number);
	}
	assert_int_equal(100, gate_count(&next.entered));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_stream_next(stream, 0, &item));
	real_answer_kept(&real);
	assert_ok(fast_stream_next(stream, -1, &item));
	assert_null(item);
	fast_stream_close(stream);
	assert_int_equal(0, pthread_join(drainer, &status));
	assert_ok(*(enum fast_status *)status);
	fast_client_close(client);
	fast_server_close(next.server);
	real_stop(&real);
	real_close(&real);
}

static void what_does_not_end_is_cut_off_at_the_timeout(void **state)
{
	/* With keys they would wait for the server to come back. */
	const struct fast_call_options options = {.size = sizeof options, .once = FAST_ONCE_OFF};
	struct fast_client *client;
	struct gate answered = GATE_INITIALIZER;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	(void)state;
	real_open(&real, NULL, 0);
	real.handling = REAL_KEEPS;
	client = real_client(real.endpoint);
	assert_ok(testing_v1_probe_echo_start(client, &options, &request, real_pass, &answered));
	assert_true(gate_wait(&real.keeping, 1));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_server_drain(real.server, 100));
	assert_true(gate_wait(&real.cancelled, 1));
	assert_true(gate_wait(&answered, 1));
	real_answer_kept(&real);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_take_over_from_each_other_and_no_call_fails),
		cmocka_unit_test(a_stream_goes_on_at_the_old_server_while_calls_go_to_the_new_one),
		cmocka_unit_test(what_does_not_end_is_cut_off_at_the_timeout),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
