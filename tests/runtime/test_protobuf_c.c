/* Calls by stubs that protoc-c alone made. */
#include "rpc_real.h"

#include "support/fault_alloc.h"
#include <fast/protobuf_c.h>
#include <fast/v1/reflection.fast.h>
#include <stdlib.h>
#include <string.h>

static struct real real;
static struct fast_client *client;
static ProtobufCService *service;

static struct fast_protobuf_c_options options_with_schema(void)
{
	return (struct fast_protobuf_c_options){
		.size = sizeof(struct fast_protobuf_c_options),
		.descriptor_set = testing_v1_probe_service.descriptor_set,
		.descriptor_set_bytes = testing_v1_probe_service.descriptor_set_bytes,
	};
}

static int setup(void **state)
{
	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	service = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_alloc_after(-1);
	fast_client_close(client);
	if (service != NULL) {
		protobuf_c_service_destroy(service);
	}
	real_stop(&real);
	real_close(&real);
	return 0;
}

/* What a closure saw. */
struct seen {
	struct gate gate; /* once per run */
	bool has_message;
	uint32_t number;
	enum fast_status status;
	enum fast_executed executed;
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	pthread_t thread;
};

static void see(const Testing__V1__ProbeResponse *response, void *arg)
{
	struct seen *seen = arg;
	const struct fast_reply *reply = fast_closure_reply();

	assert_non_null(reply);
	seen->has_message = response != NULL;
	seen->number = response == NULL ? 0 : response->number;
	seen->status = reply->status;
	seen->executed = reply->executed;
	memcpy(seen->text, reply->text, sizeof seen->text);
	seen->thread = pthread_self();
	gate_pass(&seen->gate);
}

static void a_call_is_answered_before_it_returns(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct seen seen = {.gate = GATE_INITIALIZER};

	(void)state;
	assert_ok(fast_client_service(client, &testing__v1__probe__descriptor, NULL, &service));
	for (request.number = 1; request.number <= 20; request.number++) {
		testing__v1__probe__echo(service, &request, see, &seen);
		assert_int_equal(request.number, gate_count(&seen.gate));
		assert_int_equal(request.number, seen.number);
		assert_true(pthread_equal(seen.thread, pthread_self()));
	}
	assert_null(fast_closure_reply());
}

static void a_failed_call_gives_null_and_says_why(void **state)
{
	/* Long enough that the handler has begun. */
	struct fast_protobuf_c_options options = {.size = sizeof options, .timeout_ms = 1000};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct seen seen = {.gate = GATE_INITIALIZER};

	(void)state;
	real.handling = REAL_KEEPS;
	assert_ok(fast_client_service(client, &testing__v1__probe__descriptor, &options, &service));
	testing__v1__probe__echo(service, &request, see, &seen);
	assert_int_equal(1, gate_count(&seen.gate));
	assert_false(seen.has_message);
	assert_status(FAST_DEADLINE_EXCEEDED, seen.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, seen.executed);
	assert_true(gate_wait(&real.cancelled, 1));
	real_answer_kept(&real);
}

static void an_asynchronous_call_is_answered_later_and_once(void **state)
{
	struct fast_protobuf_c_options options = {.size = sizeof options, .is_async = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct seen seen = {.gate = GATE_INITIALIZER};

	(void)state;
	real.handling = REAL_BLOCKS;
	assert_ok(fast_client_service(client, &testing__v1__probe__descriptor, &options, &service));
	request.number = 7;
	testing__v1__probe__read(service, &request, see, &seen);
	assert_int_equal(0, gate_count(&seen.gate));
	gate_pass(&real.release);
	assert_true(gate_wait(&seen.gate, 1));
	assert_true(seen.has_message);
	assert_int_equal(7, seen.number);
	assert_false(pthread_equal(seen.thread, pthread_self()));
	fast_client_close(client);
	client = NULL;
	assert_int_equal(1, gate_count(&seen.gate));
}

static void a_close_ends_the_calls_that_are_open(void **state)
{
	struct fast_protobuf_c_options options = {.size = sizeof options, .is_async = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct seen seen = {.gate = GATE_INITIALIZER};

	(void)state;
	real.handling = REAL_KEEPS;
	assert_ok(fast_client_service(client, &testing__v1__probe__descriptor, &options, &service));
	for (int i = 0; i < 10; i++) {
		testing__v1__probe__echo(service, &request, see, &seen);
	}
	assert_true(gate_wait(&real.entered, 10));
	fast_client_close(client);
	client = NULL;
	assert_int_equal(10, gate_count(&seen.gate));
	assert_status(FAST_CANCELLED, seen.status);
	assert_true(gate_wait(&real.cancelled, 10));
	real_answer_kept(&real);
}

static void a_stream_is_refused_with_or_without_the_schema(void **state)
{
	struct fast_protobuf_c_options options = options_with_schema();
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct seen seen = {.gate = GATE_INITIALIZER};

	(void)state;
	for (int with_schema = 0; with_schema < 2; with_schema++) {
		assert_ok(fast_client_service(client, &testing__v1__probe__descriptor,
					      with_schema ? &options : NULL, &service));
		testing__v1__probe__watch(service, &request, see, &seen);
		assert_status(FAST_UNIMPLEMENTED, seen.status);
		assert_int_equal(FAST_EXECUTED_NO, seen.executed);
		assert_non_null(strstr(seen.text, "testing.v1.Probe/Watch"));
		assert_non_null(strstr(seen.text, "stream"));
		protobuf_c_service_destroy(service);
		service = NULL;
	}
	assert_int_equal(0, gate_count(&real.entered));
}

static void a_schema_of_something_else_is_refused(void **state)
{
	struct fast_protobuf_c_options options = options_with_schema();
	const uint8_t torn[] = {0x0a, 0x05, 0x01};

	(void)state;
	options.descriptor_set = fast_v1_reflection_service.descriptor_set;
	options.descriptor_set_bytes = fast_v1_reflection_service.descriptor_set_bytes;
	assert_status(
		FAST_INVALID_ARGUMENT,
		fast_client_service(client, &testing__v1__probe__descriptor, &options, &service));
	options.descriptor_set = torn;
	options.descriptor_set_bytes = sizeof torn;
	assert_status(
		FAST_INVALID_ARGUMENT,
		fast_client_service(client, &testing__v1__probe__descriptor, &options, &service));
	assert_null(service);
}

/* Cut anywhere, it is read to its end and no further. */
static void a_torn_schema_is_no_schema(void **state)
{
	struct fast_protobuf_c_options options = options_with_schema();
	size_t bytes = options.descriptor_set_bytes;
	size_t refused = 0;

	(void)state;
	for (size_t cut = 0; cut < bytes; cut++) {
		uint8_t *torn = malloc(cut + 1);
		enum fast_status status;

		assert_non_null(torn);
		memcpy(torn, testing_v1_probe_service.descriptor_set, cut);
		options.descriptor_set = torn;
		options.descriptor_set_bytes = cut;
		status = fast_client_service(client, &testing__v1__probe__descriptor, &options,
					     &service);
		free(torn);
		refused += status == FAST_INVALID_ARGUMENT;
	}
	assert_int_equal(bytes, refused);
	assert_null(service);
}

static void a_call_without_memory_is_refused_once(void **state)
{
	struct fast_protobuf_c_options options = {.size = sizeof options, .is_async = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	enum fast_status status = FAST_OK;
	int n = 0;

	(void)state;
	do {
		fault_alloc_after(n++);
		status = fast_client_service(client, &testing__v1__probe__descriptor, &options,
					     &service);
		assert_true(status == FAST_OK || status == FAST_RESOURCE_EXHAUSTED);
	} while (fault_alloc_fired());
	fault_alloc_after(-1);
	assert_ok(status);
	assert_true(n > 2);
	for (int i = 0; i < 2; i++) {
		struct seen seen = {.gate = GATE_INITIALIZER};
		fault_alloc_after(i);
		testing__v1__probe__echo(service, &request, see, &seen);
		fault_alloc_after(-1);
		assert_true(gate_wait(&seen.gate, 1));
		assert_status(FAST_RESOURCE_EXHAUSTED, seen.status);
		assert_int_equal(FAST_EXECUTED_NO, seen.executed);
	}
}

#define with_client(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_client(a_call_is_answered_before_it_returns),
		with_client(a_failed_call_gives_null_and_says_why),
		with_client(an_asynchronous_call_is_answered_later_and_once),
		with_client(a_close_ends_the_calls_that_are_open),
		with_client(a_stream_is_refused_with_or_without_the_schema),
		with_client(a_schema_of_something_else_is_refused),
		with_client(a_torn_schema_is_no_schema),
		with_client(a_call_without_memory_is_refused_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
