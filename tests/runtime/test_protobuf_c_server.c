/* A service of protoc-c's stubs, behind our server. */
#include "rpc_real.h"

#include "support/fault_alloc.h"
#include <fast/protobuf_c.h>
#include <fast/v1/reflection.fast.h>
#include <string.h>

static struct real real;
static struct fast_client *client;

static int teardown(void **state)
{
	(void)state;
	fault_alloc_after(-1);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
	return 0;
}

/* A stock service: it knows protobuf-c alone. */
struct stock {
	Testing__V1__Probe_Service base; /* first */
	Testing__V1__ProbeResponse_Closure closure;
	void *closure_data;
	struct gate kept;
};

static void stock_echo(Testing__V1__Probe_Service *base, const Testing__V1__ProbeRequest *request,
		       Testing__V1__ProbeResponse_Closure closure, void *closure_data)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)base;
	response.number = request->number;
	response.text = request->text;
	closure(request->number == 0 ? NULL : &response, closure_data);
}

/* Answers later, or knows more than a stock service does. */
static void stock_read(Testing__V1__Probe_Service *base, const Testing__V1__ProbeRequest *request,
		       Testing__V1__ProbeResponse_Closure closure, void *closure_data)
{
	struct stock *stock = (struct stock *)base;

	if (request->number == 0) {
		fast_call_fail(closure_data, FAST_NOT_FOUND, "from %s",
			       fast_call_peer(closure_data)->endpoint);
		return;
	}
	stock->closure = closure;
	stock->closure_data = closure_data;
	gate_pass(&stock->kept);
}

static void stock_watch(Testing__V1__Probe_Service *base, const Testing__V1__ProbeRequest *request,
			Testing__V1__ProbeResponse_Closure closure, void *closure_data)
{
	(void)request;
	stock_echo(base, request, closure, closure_data);
}

static struct stock stock;

static int stock_setup_with(const uint8_t *set, size_t set_bytes)
{
	stock = (struct stock){.base = TESTING__V1__PROBE__INIT(stock_), .kept = GATE_INITIALIZER};
	real_open(&real, NULL, 0);
	real_stop(&real);
	assert_ok(fast_server_open(NULL, &real.server));
	assert_ok(fast_server_add_protobuf_c(real.server, &stock.base.base, set, set_bytes, 0));
	assert_ok(fast_server_listen(real.server, real.endpoint, 0600));
	client = real_client(real.endpoint);
	return 0;
}

static int stock_setup(void **state)
{
	(void)state;
	return stock_setup_with(NULL, 0);
}

static int stock_setup_schema(void **state)
{
	(void)state;
	return stock_setup_with(testing_v1_probe_service.descriptor_set,
				testing_v1_probe_service.descriptor_set_bytes);
}

static void a_stock_service_answers_a_typed_client(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	char text[] = "hello";

	(void)state;
	request.text = text;
	for (request.number = 1; request.number <= 20; request.number++) {
		assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(request.number, testing_v1_probe_echo_response(&reply)->number);
		assert_string_equal("hello", testing_v1_probe_echo_response(&reply)->text);
		fast_reply_fini(&reply);
	}
}

static void no_answer_is_an_internal_error(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	assert_status(FAST_INTERNAL, testing_v1_probe_echo(client, NULL, &request, &reply));
	assert_string_equal("testing.v1.Probe/Echo gave no answer", reply.text);
	fast_reply_fini(&reply);
	assert_status(FAST_NOT_FOUND, testing_v1_probe_read(client, NULL, &request, &reply));
	assert_string_equal("from ipc", reply.text);
	fast_reply_fini(&reply);
}

static void a_stock_service_may_answer_later(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	struct gate answered = GATE_INITIALIZER;

	(void)state;
	request.number = 1;
	assert_ok(testing_v1_probe_read_start(client, NULL, &request, real_pass, &answered));
	assert_true(gate_wait(&stock.kept, 1));
	assert_int_equal(0, gate_count(&answered));
	stock.closure(&response, stock.closure_data);
	assert_true(gate_wait(&answered, 1));
}

/* A client whose schema says that Watch is a stream. */
static void a_stock_service_refuses_a_stream(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	assert_status(FAST_UNIMPLEMENTED, testing_v1_probe_watch_next(stream, 20000, &item));
	assert_non_null(strstr(fast_stream_reply(stream)->text, "stream"));
	fast_stream_close(stream);
}

static void get_schema(struct fast_reply *reply)
{
	Fast__V1__GetSchemaRequest request = FAST__V1__GET_SCHEMA_REQUEST__INIT;
	char name[] = "testing.v1.Probe";

	request.service = name;
	fast_v1_reflection_get_schema(client, NULL, &request, reply);
}

static void reflection_says_that_it_has_no_schema(void **state)
{
	struct fast_reply reply;

	(void)state;
	get_schema(&reply);
	assert_status(FAST_NOT_FOUND, reply.status);
	assert_string_equal("\"testing.v1.Probe\" was added to this server without its schema",
			    reply.text);
	fast_reply_fini(&reply);
}

static void reflection_gives_the_schema_that_was_given(void **state)
{
	struct fast_reply reply;

	(void)state;
	get_schema(&reply);
	assert_ok(reply.status);
	assert_int_equal(testing_v1_probe_service.descriptor_set_bytes,
			 fast_v1_reflection_get_schema_response(&reply)->descriptor_set.len);
	fast_reply_fini(&reply);
}

static void adding_survives_each_allocation_failure(void **state)
{
	struct fast_server *server = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	assert_ok(fast_server_open(NULL, &server));
	for (;;) {
		fault_alloc_after(n++);
		status = fast_server_add_protobuf_c(server, &stock.base.base, NULL, 0, 0);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_true(n > 2);
	assert_status(FAST_ALREADY_EXISTS,
		      fast_server_add_protobuf_c(server, &stock.base.base, NULL, 0, 0));
	fast_server_close(server);
}

#define with_stock(name)  cmocka_unit_test_setup_teardown(name, stock_setup, teardown)
#define with_schema(name) cmocka_unit_test_setup_teardown(name, stock_setup_schema, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_stock(a_stock_service_answers_a_typed_client),
		with_stock(no_answer_is_an_internal_error),
		with_stock(a_stock_service_may_answer_later),
		with_stock(a_stock_service_refuses_a_stream),
		with_schema(a_stock_service_refuses_a_stream),
		with_stock(reflection_says_that_it_has_no_schema),
		with_schema(reflection_gives_the_schema_that_was_given),
		with_stock(adding_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
