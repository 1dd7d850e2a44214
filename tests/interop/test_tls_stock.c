/* TLS sockets of NNG's own against the runtime, in both roles. */
#include "runtime/tls_world.h"

#include <fast/v1/packet.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testing/v1/probe.fast.h>

#define TIMEOUT_MS 10000

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	response.text = (char *)(uintptr_t)fast_call_peer(call)->common_name;
	testing_v1_probe_echo_reply(call, &response);
}

static const struct testing_v1_probe_handlers handlers = {.echo = echo, .read = echo};

static struct fast_server *serve(void)
{
	struct fast_tls *tls = tls_make("ca", "server");
	struct fast_server *server = NULL;

	assert_ok(fast_server_open(NULL, &server));
	assert_ok(fast_server_add(server, &testing_v1_probe_service, &handlers, NULL, 0));
	assert_ok(fast_server_listen_tls(server, "tls+tcp://127.0.0.1:0", tls));
	fast_tls_free(tls);
	return server;
}

/* name: of the certificate to show; NULL: none. */
static nng_tls_config *stock_config(nng_tls_mode mode, const char *name)
{
	struct fast_tls_options files = tls_options("ca", name);
	nng_tls_config *config = NULL;
	char both[128];

	assert_int_equal(0, nng_tls_config_alloc(&config, mode));
	assert_int_equal(0, nng_tls_config_ca_file(config, files.ca_file));
	assert_int_equal(0, nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED));
	if (mode == NNG_TLS_MODE_CLIENT) {
		assert_int_equal(0, nng_tls_config_server_name(config, "localhost"));
	}
	if (name == NULL) {
		return config;
	}
	/* NNG wants both in memory, or in one file. */
	snprintf(both, sizeof both, "cat '%s' '%s' > '%s'", files.certificate_file, files.key_file,
		 tls_file("both.pem"));
	assert_int_equal(0, system(both));
	assert_int_equal(0, nng_tls_config_cert_key_file(config, tls_file("both.pem"), NULL));
	return config;
}

static nng_socket stock_req(const struct fast_server *server, const char *name, int *error)
{
	nng_tls_config *config = stock_config(NNG_TLS_MODE_CLIENT, name);
	nng_socket socket;
	nng_dialer dialer;

	assert_int_equal(0, nng_req0_open(&socket));
	assert_int_equal(0, nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS));
	assert_int_equal(0, nng_dialer_create(&dialer, socket, fast_server_endpoint(server, 0)));
	assert_int_equal(0, nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config));
	*error = nng_dialer_start(dialer, 0);
	nng_tls_config_free(config);
	return socket;
}

static void a_stock_req_socket_gets_its_answers(void **state)
{
	struct fast_server *server = serve();
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	int error = 0;
	nng_socket socket = stock_req(server, "client", &error);

	(void)state;
	assert_int_equal(0, error);
	for (request.number = 1; request.number <= 50; request.number++) {
		Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
		Fast__V1__Packet *answer;
		Testing__V1__ProbeResponse *response;
		uint8_t payload[64];
		uint8_t bytes[256];
		uint8_t *got = NULL;
		size_t got_bytes = 0;

		packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
		packet.method = (char *)(uintptr_t) "testing.v1.Probe/Echo";
		packet.payload.len = testing__v1__probe_request__pack(&request, payload);
		packet.payload.data = payload;
		assert_int_equal(
			0, nng_send(socket, bytes, fast__v1__packet__pack(&packet, bytes), 0));
		assert_int_equal(0, nng_recv(socket, &got, &got_bytes, NNG_FLAG_ALLOC));
		answer = fast__v1__packet__unpack(NULL, got_bytes, got);
		nng_free(got, got_bytes);
		assert_non_null(answer);
		assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, answer->kind);
		response = testing__v1__probe_response__unpack(NULL, answer->payload.len,
							       answer->payload.data);
		assert_non_null(response);
		assert_int_equal(request.number, response->number);
		assert_string_equal("client", response->text);
		testing__v1__probe_response__free_unpacked(response, NULL);
		fast__v1__packet__free_unpacked(answer, NULL);
	}
	nng_close(socket);
	fast_server_close(server);
}

static void a_stock_socket_with_a_wrong_certificate_is_refused(void **state)
{
	static const char *const names[] = {"other-client", "expired-client", NULL};
	struct fast_server *server = serve();
	int error = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		nng_socket socket = stock_req(server, names[i], &error);
		assert_true(error == NNG_ECRYPTO || error == NNG_EPEERAUTH ||
			    error == NNG_ECONNSHUT);
		nng_close(socket);
	}
	fast_server_close(server);
}

/* A server on a stock REP socket, which leaves HELLO unanswered. */
struct stock_server {
	nng_socket socket;
	pthread_t thread;
	char endpoint[64];
};

static void *stock_serve(void *arg)
{
	struct stock_server *server = arg;
	uint8_t *got = NULL;
	size_t got_bytes = 0;

	while (nng_recv(server->socket, &got, &got_bytes, NNG_FLAG_ALLOC) == 0) {
		Fast__V1__Packet *asked = fast__v1__packet__unpack(NULL, got_bytes, got);
		Fast__V1__Packet answer = FAST__V1__PACKET__INIT;
		uint8_t bytes[256];

		nng_free(got, got_bytes);
		if (asked != NULL && asked->kind == FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST) {
			answer.kind = FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE;
			answer.payload = asked->payload; /* the fields have the same numbers */
			nng_send(server->socket, bytes, fast__v1__packet__pack(&answer, bytes), 0);
		}
		fast__v1__packet__free_unpacked(asked, NULL);
	}
	return NULL;
}

static void stock_open(struct stock_server *server)
{
	nng_tls_config *config = stock_config(NNG_TLS_MODE_SERVER, "server");
	nng_listener listener;
	int port = 0;

	assert_int_equal(0, nng_rep0_open(&server->socket));
	assert_int_equal(0,
			 nng_listener_create(&listener, server->socket, "tls+tcp://127.0.0.1:0"));
	assert_int_equal(0, nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config));
	assert_int_equal(0, nng_listener_start(listener, 0));
	assert_int_equal(0, nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port));
	snprintf(server->endpoint, sizeof server->endpoint, "tls+tcp://localhost:%d", port);
	nng_tls_config_free(config);
	assert_int_equal(0, pthread_create(&server->thread, NULL, stock_serve, server));
}

static void stock_close(struct stock_server *server)
{
	nng_close(server->socket);
	pthread_join(server->thread, NULL);
}

static struct fast_client *client_of(const struct stock_server *server, const char *name)
{
	struct fast_client_options options = {.size = sizeof options};
	struct fast_client *client = NULL;

	options.tls = tls_make("ca", name);
	assert_ok(fast_client_open(server->endpoint, &options, &client));
	fast_tls_free(options.tls);
	return client;
}

static void a_stock_rep_socket_answers_our_client(void **state)
{
	struct stock_server server;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	stock_open(&server);
	client = client_of(&server, "client");
	for (request.number = 1; request.number <= 50; request.number++) {
		assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(request.number, testing_v1_probe_echo_response(&reply)->number);
		fast_reply_fini(&reply);
	}
	fast_client_close(client);
	stock_close(&server);
}

static void a_stock_rep_socket_that_misses_our_certificate_is_understood(void **state)
{
	struct stock_server server;
	struct fast_client *client;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;

	(void)state;
	stock_open(&server);
	client = client_of(&server, NULL);
	assert_status(FAST_UNAUTHENTICATED, testing_v1_probe_echo(client, NULL, &request, &reply));
	assert_non_null(strstr(reply.text,
			       "the server wants a client certificate, and this client has none"));
	fast_reply_fini(&reply);
	fast_client_close(client);
	stock_close(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stock_req_socket_gets_its_answers),
		cmocka_unit_test(a_stock_socket_with_a_wrong_certificate_is_refused),
		cmocka_unit_test(a_stock_rep_socket_answers_our_client),
		cmocka_unit_test(a_stock_rep_socket_that_misses_our_certificate_is_understood),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
