/* Faults and held calls on real threads: each call ends once, and everything closes. */
#include "rpc_real.h"

#include <fast/fault.h>
#include <fast/interceptor.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CALLS 400

static char folder[] = "/tmp/fast_fault.XXXXXX";
static char endpoint[96];
static struct fast_server *server;
static struct testing_v1_probe_handlers handlers;
static struct gate ended = GATE_INITIALIZER;

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	testing_v1_probe_echo_reply(call, &response);
}

static void server_open(void)
{
	assert_ok(fast_server_open(NULL, &server));
	handlers = (struct testing_v1_probe_handlers){.echo = echo, .read = echo};
	assert_ok(fast_server_add(server, &testing_v1_probe_service, &handlers, NULL, 0));
}

static void server_listen(void)
{
	real_name_endpoint(folder, endpoint, sizeof endpoint);
	assert_ok(fast_server_listen(server, endpoint, 0600));
}

static struct fast_faults *faults_new(const struct fast_fault_rule *rules, size_t count)
{
	struct fast_faults *faults = NULL;

	assert_ok(fast_faults_new(rules, count, 42, &faults));
	return faults;
}

static void every_call_ends_once_whatever_goes_wrong(void **state)
{
	const struct fast_fault_rule served[] = {
		{.kind = FAST_FAULT_DELAY, .percent = 30, .delay_ms = 5},
		{.kind = FAST_FAULT_ERROR, .percent = 10, .status = FAST_ABORTED},
		{.kind = FAST_FAULT_DROP, .percent = 5},
		{.kind = FAST_FAULT_DISCONNECT, .percent = 3},
		{.kind = FAST_FAULT_LOSE, .percent = 3},
	};
	const struct fast_fault_rule called[] = {
		{.kind = FAST_FAULT_DELAY, .percent = 30, .delay_ms = 5},
		{.kind = FAST_FAULT_DROP, .percent = 5},
		{.kind = FAST_FAULT_DISCONNECT, .percent = 3},
	};
	const struct fast_call_options options = {.size = sizeof options, .timeout_ms = 300};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_faults *at_server = faults_new(served, FAST_TEST_COUNT(served));
	struct fast_faults *at_client = faults_new(called, FAST_TEST_COUNT(called));
	struct fast_client *client;
	unsigned before = gate_count(&ended);

	(void)state;
	server_open();
	assert_ok(fast_faults_serve(at_server, server));
	server_listen();
	client = real_client(endpoint);
	assert_ok(fast_faults_call(at_client, client));
	for (unsigned i = 0; i < CALLS; i++) {
		struct fast_reply reply;
		request.number = i;
		if (i % 10 > 0) {
			assert_ok(testing_v1_probe_read_start(client, &options, &request, real_pass,
							      &ended));
			continue;
		}
		if (testing_v1_probe_echo(client, &options, &request, &reply) == FAST_OK) {
			assert_int_equal(i, testing_v1_probe_echo_response(&reply)->number);
		}
		fast_reply_fini(&reply);
	}
	assert_true(gate_wait(&ended, before + CALLS - CALLS / 10));
	for (size_t i = 0; i < FAST_TEST_COUNT(served); i++) {
		assert_true(fast_faults_struck(at_server, i) > 0);
	}
	fast_client_close(client);
	fast_server_close(server);
	assert_int_equal(before + CALLS - CALLS / 10, gate_count(&ended));
	fast_faults_free(at_client);
	fast_faults_free(at_server);
}

/* Calls that are held, until a thread of the test's own lets them go on. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fast_call *calls[CALLS];
	unsigned count; /* guarded by lock */
	bool stops;     /* guarded by lock */
} held = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void hold(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	(void)request;
	(void)arg;
	pthread_mutex_lock(&held.lock);
	held.calls[held.count++] = call;
	pthread_cond_signal(&held.changed);
	pthread_mutex_unlock(&held.lock);
}

static void *let_go(void *arg)
{
	(void)arg;
	for (;;) {
		struct fast_call *call;
		pthread_mutex_lock(&held.lock);
		while (held.count == 0 && !held.stops) {
			pthread_cond_wait(&held.changed, &held.lock);
		}
		call = held.count == 0 ? NULL : held.calls[--held.count];
		pthread_mutex_unlock(&held.lock);
		if (call == NULL) {
			return NULL;
		}
		if (((uintptr_t)call >> 6) % 4 == 0) {
			fast_call_reject(call, FAST_PERMISSION_DENIED, "not this one");
		} else {
			fast_call_proceed(call);
		}
	}
}

static void another_thread_lets_calls_go_on(void **state)
{
	const struct fast_interceptor holder = {.before = hold};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_client *client;
	unsigned before = gate_count(&ended);
	pthread_t thread;

	(void)state;
	held.stops = false;
	server_open();
	assert_ok(fast_server_intercept(server, &holder));
	server_listen();
	assert_int_equal(0, pthread_create(&thread, NULL, let_go, NULL));
	client = real_client(endpoint);
	for (unsigned i = 0; i < CALLS; i++) {
		assert_ok(testing_v1_probe_read_start(client, NULL, &request, real_pass, &ended));
	}
	assert_true(gate_wait(&ended, before + CALLS));
	fast_client_close(client);
	fast_server_close(server);
	pthread_mutex_lock(&held.lock);
	held.stops = true;
	pthread_cond_signal(&held.changed);
	pthread_mutex_unlock(&held.lock);
	assert_int_equal(0, pthread_join(thread, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_ends_once_whatever_goes_wrong),
		cmocka_unit_test(another_thread_lets_calls_go_on),
	};
	int failed;

	if (mkdtemp(folder) == NULL) {
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	real_transport = "inproc";
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(endpoint, sizeof endpoint, "%s/s.lock", folder);
	unlink(endpoint);
	rmdir(folder);
	return failed;
}
