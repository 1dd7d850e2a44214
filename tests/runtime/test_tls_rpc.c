#include "runtime/tls_world.h"

#include <fast/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testing/v1/probe.fast.h>

#define BLOB_BYTES (1u << 20)

static bool own_sockets; /* of the clients */

struct service {
	struct fast_server *server;
	struct testing_v1_probe_handlers handlers;
	struct fast_tls *tls;
};

/* Answers with the blob, and as text who calls. */
static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	const struct fast_peer *peer = fast_call_peer(call);
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	response.blob = request->blob;
	if (peer->has_certificate && peer->name_count > 0) {
		response.text = (char *)(uintptr_t)peer->names[0];
	}
	fast_call_reply(call, &response.base);
}

static void watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	for (item.number = 1; item.number <= request->number; item.number++) {
		enum fast_status status = testing_v1_probe_watch_send(call, &item);
		if (status != FAST_OK) {
			fast_call_fail(call, status, "item %u was refused", item.number);
			return;
		}
	}
	fast_call_finish(call);
}

static void service_open(struct service *service)
{
	*service = (struct service){.tls = tls_make("ca", "server")};
	service->handlers =
		(struct testing_v1_probe_handlers){.echo = echo, .read = echo, .watch = watch};
	assert_ok(fast_server_open(NULL, &service->server));
	assert_ok(fast_server_add(service->server, &testing_v1_probe_service, &service->handlers,
				  NULL, 0));
	assert_ok(fast_server_listen_tls(service->server, "tls+tcp://127.0.0.1:0", service->tls));
}

static void service_close(struct service *service)
{
	fast_server_close(service->server);
	fast_tls_free(service->tls);
}

static struct fast_client *client_open(const char *endpoint, struct fast_tls *tls)
{
	struct fast_client_options options = {
		.size = sizeof options, .tls = tls, .own_sockets = own_sockets};
	struct fast_client *client = NULL;

	assert_ok(fast_client_open(endpoint, &options, &client));
	fast_tls_free(tls);
	return client;
}

static struct fast_client *client_of(const struct service *service, const char *name)
{
	return client_open(fast_server_endpoint(service->server, 0), tls_make("ca", name));
}

static void calls_go_both_ways_and_say_who_calls(void **state)
{
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	service_open(&service);
	client = client_of(&service, "client");
	for (request.number = 1; request.number <= 100; request.number++) {
		assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(request.number, testing_v1_probe_echo_response(&reply)->number);
		assert_string_equal("controller.example",
				    testing_v1_probe_echo_response(&reply)->text);
		fast_reply_fini(&reply);
	}
	fast_client_close(client);
	service_close(&service);
}

/* Other tests have an address. */
static void a_host_is_looked_up_by_its_name(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_client *client;
	struct service service;
	char endpoint[64];
	struct fast_reply reply;

	(void)state;
	service_open(&service);
	snprintf(endpoint, sizeof endpoint, "tls+tcp://localhost%s",
		 strrchr(fast_server_endpoint(service.server, 0), ':'));
	client = client_open(endpoint, tls_make("ca", "client"));
	assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	fast_client_close(client);
	service_close(&service);
}

static void a_mebibyte_comes_back(void **state)
{
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	request.blob.len = BLOB_BYTES;
	request.blob.data = malloc(BLOB_BYTES);
	assert_non_null(request.blob.data);
	for (size_t i = 0; i < BLOB_BYTES; i++) {
		request.blob.data[i] = (uint8_t)(i * 2654435761u >> 11);
	}
	service_open(&service);
	client = client_of(&service, "client");
	for (int i = 0; i < 5; i++) {
		assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(BLOB_BYTES, testing_v1_probe_echo_response(&reply)->blob.len);
		assert_memory_equal(request.blob.data,
				    testing_v1_probe_echo_response(&reply)->blob.data, BLOB_BYTES);
		fast_reply_fini(&reply);
	}
	free(request.blob.data);
	fast_client_close(client);
	service_close(&service);
}

static void note_ok(const struct fast_reply *reply, void *arg)
{
	if (reply->status == FAST_OK) {
		gate_pass(arg);
	}
}

static void many_calls_are_under_way_at_once(void **state)
{
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate answers = GATE_INITIALIZER;

	(void)state;
	service_open(&service);
	client = client_of(&service, "client");
	for (request.number = 0; request.number < 500; request.number++) {
		assert_ok(testing_v1_probe_echo_start(client, NULL, &request, note_ok, &answers));
	}
	assert_true(gate_wait(&answers, 500));
	fast_client_close(client);
	service_close(&service);
}

static void a_stream_comes_whole(void **state)
{
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;
	uint32_t count = 0;

	(void)state;
	request.number = 60;
	service_open(&service);
	client = client_of(&service, "client");
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	while (testing_v1_probe_watch_next(stream, 10000, &item) == FAST_OK && item != NULL) {
		assert_int_equal(++count, item->number);
	}
	assert_int_equal(60, count);
	fast_stream_close(stream);
	fast_client_close(client);
	service_close(&service);
}

/* The sentence is in the reply, and a call that would wait for a server does not wait for this. */
static void a_refused_certificate_ends_even_patient_calls_at_once(void **state)
{
	static const struct fast_call_options patient = {
		.size = sizeof patient, .timeout_ms = 60000, .wait_for_ready = true};
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	service_open(&service);
	client = client_of(&service, "other-client");
	assert_status(FAST_UNAUTHENTICATED,
		      testing_v1_probe_echo(client, &patient, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	assert_non_null(
		strstr(reply.text, "the server refused this client's certificate: unknown CA"));
	assert_non_null(strstr(reply.text, fast_server_endpoint(service.server, 0)));
	fast_reply_fini(&reply);
	fast_client_close(client);
	client = client_open(fast_server_endpoint(service.server, 0),
			     tls_make("other-ca", "client"));
	assert_status(FAST_UNAUTHENTICATED,
		      testing_v1_probe_echo(client, &patient, &request, &reply));
	assert_non_null(strstr(reply.text, "the server's certificate is not signed by a CA in"));
	fast_reply_fini(&reply);
	fast_client_close(client);
	service_close(&service);
}

static void a_client_without_tls_is_told(void **state)
{
	struct fast_client *client = NULL;

	(void)state;
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_client_open("tls+tcp://localhost:5000", NULL, &client));
	assert_null(client);
}

static void a_host_that_nobody_knows_is_unavailable(void **state)
{
	struct fast_client *client = client_open("tls+tcp://127.0.0.1:1", tls_make("ca", "client"));
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	assert_status(FAST_UNAVAILABLE, testing_v1_probe_echo(client, NULL, &request, &reply));
	assert_non_null(strstr(reply.text, "nobody serves there"));
	fast_reply_fini(&reply);
	fast_client_close(client);
}

static void closing_the_server_ends_calls_under_way(void **state)
{
	/* With a key it would wait for the server to come back. */
	struct fast_call_options options = {.size = sizeof options, .once = FAST_ONCE_OFF};
	struct service service;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	struct fast_tls_stats stats;

	(void)state;
	service_open(&service);
	client = client_of(&service, "client");
	assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	fast_tls_stats(service.tls, &stats);
	assert_int_equal(1, stats.handshakes);
	service_close(&service);
	assert_status(FAST_UNAVAILABLE, testing_v1_probe_echo(client, &options, &request, &reply));
	fast_reply_fini(&reply);
	fast_client_close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_go_both_ways_and_say_who_calls),
		cmocka_unit_test(a_host_is_looked_up_by_its_name),
		cmocka_unit_test(a_mebibyte_comes_back),
		cmocka_unit_test(many_calls_are_under_way_at_once),
		cmocka_unit_test(a_stream_comes_whole),
		cmocka_unit_test(a_refused_certificate_ends_even_patient_calls_at_once),
		cmocka_unit_test(a_client_without_tls_is_told),
		cmocka_unit_test(a_host_that_nobody_knows_is_unavailable),
		cmocka_unit_test(closing_the_server_ends_calls_under_way),
	};

	int failed = cmocka_run_group_tests_name("nng", tests, tls_world_make, tls_world_remove);

	own_sockets = true;
	return failed +
	       cmocka_run_group_tests_name("own sockets", tests, tls_world_make, tls_world_remove);
}
