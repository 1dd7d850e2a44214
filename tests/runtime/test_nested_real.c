/* A handler that waits for the answer of another server, on real threads. */
#include "rpc_real.h"

#include <string.h>

static struct real front;
static struct real back;
static struct fast_client *back_client;
static struct gate asked = GATE_INITIALIZER;
static _Atomic enum fast_status nested_status; /* of the newest that has ended */

static void front_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	const struct fast_call_options options = {.size = sizeof options,
						  .timeout_ms = FAST_CALL_TIMEOUT_MS_NONE};
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	struct fast_reply reply = {0};
	enum fast_status status;

	(void)arg;
	status = testing_v1_probe_echo(back_client, &options, request, &reply);
	nested_status = status;
	if (status == FAST_OK) {
		response.number = request->number;
		testing_v1_probe_echo_reply(call, &response);
	} else {
		fast_call_pass_on(call, &reply);
	}
	fast_reply_fini(&reply);
	gate_pass(&asked);
}

static int setup(void **state)
{
	(void)state;
	real_open(&back, NULL, 0);
	real_open(&front, NULL, 0);
	front.handlers.echo = front_echo;
	back_client = real_client(back.endpoint);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	real_stop(&front);
	real_answer_kept(&back);
	fast_client_close(back_client);
	real_stop(&back);
	real_close(&back);
	real_close(&front);
	return 0;
}

static void a_handler_may_wait_for_another_server(void **state)
{
	struct fast_client *client = real_client(front.endpoint);
	uint32_t number = 0;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_ok(real_echo(client, i, 20000, &number));
		assert_int_equal(i, number);
	}
	fast_client_close(client);
}

static void a_handler_that_waits_is_woken_when_its_caller_goes(void **state)
{
	struct fast_client *client = real_client(front.endpoint);
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	unsigned before = gate_count(&asked);
	unsigned kept = gate_count(&back.keeping);
	unsigned cancelled = gate_count(&back.cancelled);

	(void)state;
	back.handling = REAL_KEEPS;
	assert_ok(testing_v1_probe_echo_start(client, NULL, &request, real_pass, &ended));
	assert_true(gate_wait(&back.keeping, kept + 1));
	fast_client_close(client);
	assert_true(gate_wait(&asked, before + 1));
	assert_status(FAST_CANCELLED, nested_status);
	assert_true(gate_wait(&back.cancelled, cancelled + 1));
	assert_int_equal(1, gate_count(&ended));
}

static void many_callers_that_go_wake_every_handler(void **state)
{
	enum { CALLS = 4 }; /* as many as there are workers */
	struct fast_client *client = real_client(front.endpoint);
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate ended = GATE_INITIALIZER;
	unsigned before = gate_count(&asked);
	unsigned kept = gate_count(&back.keeping);

	(void)state;
	back.handling = REAL_KEEPS;
	for (int i = 0; i < CALLS; i++) {
		assert_ok(testing_v1_probe_echo_start(client, NULL, &request, real_pass, &ended));
	}
	assert_true(gate_wait(&back.keeping, kept + CALLS));
	fast_client_close(client);
	assert_true(gate_wait(&asked, before + CALLS));
}

#define nested_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		nested_test(a_handler_may_wait_for_another_server),
		nested_test(a_handler_that_waits_is_woken_when_its_caller_goes),
		nested_test(many_callers_that_go_wake_every_handler),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	real_transport = "inproc";
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
