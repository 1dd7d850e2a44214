/* Sockets of NNG's own, and plain protoc-c messages, against the runtime. */
#include "support/harness.h"

#include <fast/publisher.h>
#include <fast/server.h>
#include <fast/v1/packet.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testing/v1/probe.fast.h>
#include <unistd.h>

#define TIMEOUT_MS 10000

struct world {
	char folder[64];
	char rpc[96];
	char pub[96];
	struct fast_server *server;
};

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	response.text = request->text;
	testing_v1_probe_echo_reply(call, &response);
}

static const struct testing_v1_probe_handlers handlers = {.echo = echo, .read = echo};

static void world_open(struct world *world)
{
	snprintf(world->folder, sizeof world->folder, "/tmp/fast_stock.XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->rpc, sizeof world->rpc, "ipc://%s/rpc", world->folder);
	snprintf(world->pub, sizeof world->pub, "ipc://%s/pub", world->folder);
	assert_ok(fast_server_open(NULL, &world->server));
	assert_ok(fast_server_add(world->server, &testing_v1_probe_service, &handlers, NULL, 0));
	assert_ok(fast_server_listen(world->server, world->rpc, 0600));
	assert_ok(fast_server_listen(world->server, "tcp://127.0.0.1:0", 0));
}

static void world_close(struct world *world)
{
	static const char *const files[] = {"rpc.lock", "pub.lock"};
	char path[128];

	fast_server_close(world->server);
	for (size_t i = 0; i < FAST_TEST_COUNT(files); i++) {
		snprintf(path, sizeof path, "%s/%s", world->folder, files[i]);
		unlink(path);
	}
	assert_int_equal(0, rmdir(world->folder));
}

static nng_socket dial_req(const char *endpoint)
{
	nng_socket socket;

	assert_int_equal(0, nng_req0_open(&socket));
	assert_int_equal(0, nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS));
	assert_int_equal(0, nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, TIMEOUT_MS));
	assert_int_equal(0, nng_dial(socket, endpoint, NULL, 0));
	return socket;
}

/* Packs a request for Echo, sends it, and receives what comes. The caller frees the packet. */
static Fast__V1__Packet *ask(nng_socket socket, const char *method, uint32_t number)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Packet *answer;
	uint8_t payload[64];
	uint8_t bytes[256];
	void *received = NULL;
	size_t received_bytes = 0;
	char text[] = "hello";

	request.number = number;
	request.text = text;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)method;
	packet.timeout_us = TIMEOUT_MS * 1000;
	packet.payload.data = payload;
	packet.payload.len = testing__v1__probe_request__pack(&request, payload);
	assert_int_equal(0, nng_send(socket, bytes, fast__v1__packet__pack(&packet, bytes), 0));
	assert_int_equal(0, nng_recv(socket, &received, &received_bytes, NNG_FLAG_ALLOC));
	answer = fast__v1__packet__unpack(NULL, received_bytes, received);
	assert_non_null(answer);
	nng_free(received, received_bytes);
	return answer;
}

static void expect_echoes(const char *endpoint, uint32_t count)
{
	nng_socket socket = dial_req(endpoint);

	for (uint32_t i = 0; i < count; i++) {
		Fast__V1__Packet *answer = ask(socket, "testing.v1.Probe/Echo", i);
		Testing__V1__ProbeResponse *response = testing__v1__probe_response__unpack(
			NULL, answer->payload.len, answer->payload.data);
		assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, answer->kind);
		assert_null(answer->status);
		assert_non_null(response);
		assert_int_equal(i, response->number);
		assert_string_equal("hello", response->text);
		testing__v1__probe_response__free_unpacked(response, NULL);
		fast__v1__packet__free_unpacked(answer, NULL);
	}
	nng_close(socket);
}

static void a_stock_req_socket_is_answered_over_ipc(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	expect_echoes(world.rpc, 100);
	world_close(&world);
}

static void a_stock_req_socket_is_answered_by_a_direct_link(void **state)
{
	struct world world;
	char direct[128];
	char ipc[128];

	(void)state;
	world_open(&world);
	snprintf(direct, sizeof direct, "unix://%s/direct", world.folder);
	snprintf(ipc, sizeof ipc, "ipc://%s/direct", world.folder);
	assert_ok(fast_server_listen(world.server, direct, 0600));
	expect_echoes(ipc, 100);
	world_close(&world);
}

static void a_stock_req_socket_is_answered_over_tcp(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	expect_echoes(fast_server_endpoint(world.server, 1), 100);
	world_close(&world);
}

static void a_stock_req_socket_is_told_what_is_wrong(void **state)
{
	struct world world;
	Fast__V1__Packet *answer;
	nng_socket socket;

	(void)state;
	world_open(&world);
	socket = dial_req(world.rpc);
	answer = ask(socket, "testing.v1.Probe/Watch", 1);
	assert_non_null(answer->status);
	assert_int_equal(FAST_UNIMPLEMENTED, answer->status->code);
	fast__v1__packet__free_unpacked(answer, NULL);
	answer = ask(socket, "testing.v1.Probe/Walk", 1);
	assert_non_null(answer->status);
	assert_non_null(strstr(answer->status->message, "testing.v1.Probe/Walk"));
	fast__v1__packet__free_unpacked(answer, NULL);
	nng_close(socket);
	world_close(&world);
}

/* Each comes and goes: the listener survives what kills NNG's own. */
static void many_short_lived_sockets_leave_the_server_whole(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	for (int i = 0; i < 50; i++) {
		nng_socket socket = dial_req(world.rpc);
		nng_close(socket);
		expect_echoes(world.rpc, 1);
	}
	world_close(&world);
}

static nng_socket dial_sub(const char *endpoint, const char *topic)
{
	nng_socket socket;

	assert_int_equal(0, nng_sub0_open(&socket));
	assert_int_equal(0, nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS));
	assert_int_equal(0, nng_socket_set_int(socket, NNG_OPT_RECVBUF, 1024));
	assert_int_equal(0, nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, topic, strlen(topic)));
	assert_int_equal(0, nng_dial(socket, endpoint, NULL, 0));
	return socket;
}

static void expect_sample(nng_socket socket, const char *topic, uint64_t sequence, uint32_t number)
{
	void *bytes = NULL;
	size_t count = 0;
	size_t topic_bytes = strlen(topic) + 1;
	Fast__V1__Packet *packet;
	Testing__V1__ProbeResponse *sample;

	assert_int_equal(0, nng_recv(socket, &bytes, &count, NNG_FLAG_ALLOC));
	assert_true(count > topic_bytes);
	assert_memory_equal(topic, bytes, topic_bytes); /* with its zero byte */
	packet =
		fast__v1__packet__unpack(NULL, count - topic_bytes, (uint8_t *)bytes + topic_bytes);
	assert_non_null(packet);
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_ITEM, packet->kind);
	assert_true(packet->sequence == sequence);
	assert_true(packet->boot_id != 0);
	sample = testing__v1__probe_response__unpack(NULL, packet->payload.len,
						     packet->payload.data);
	assert_non_null(sample);
	assert_int_equal(number, sample->number);
	testing__v1__probe_response__free_unpacked(sample, NULL);
	fast__v1__packet__free_unpacked(packet, NULL);
	nng_free(bytes, count);
}

static void a_stock_sub_socket_reads_its_topic(void **state)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;
	struct fast_publisher_stats stats;
	struct fast_publisher *publisher = NULL;
	struct world world;
	nng_socket socket;

	(void)state;
	world_open(&world);
	assert_ok(fast_publisher_open(world.pub, 0600, &publisher));
	socket = dial_sub(world.pub, "even");
	do { /* a dial is over before the other side has taken it */
		fast_publisher_stats(publisher, &stats);
	} while (stats.subscribers == 0);
	for (sample.number = 1; sample.number <= 200; sample.number++) {
		assert_ok(fast_publisher_send(publisher, sample.number % 2 == 0 ? "even" : "odd",
					      &sample.base));
	}
	for (uint32_t number = 2; number <= 200; number += 2) {
		expect_sample(socket, "even", number / 2, number); /* counted per topic */
	}
	fast_publisher_stats(publisher, &stats);
	assert_int_equal(200, stats.sent);
	assert_int_equal(0, stats.dropped);
	nng_close(socket);
	fast_publisher_close(publisher);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stock_req_socket_is_answered_over_ipc),
		cmocka_unit_test(a_stock_req_socket_is_answered_by_a_direct_link),
		cmocka_unit_test(a_stock_req_socket_is_answered_over_tcp),
		cmocka_unit_test(a_stock_req_socket_is_told_what_is_wrong),
		cmocka_unit_test(many_short_lived_sockets_leave_the_server_whole),
		cmocka_unit_test(a_stock_sub_socket_reads_its_topic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
