#include "server_fixture.h"

#include <string.h>

struct world world;
struct peer peer;

void connect_peer(void)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	assert_ok(fast_memory_link_pair(world.net, world.capacity, &ours, &theirs));
	fast_server_take_link(world.server, theirs);
	peer_open(&peer, world.net, ours);
}

int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	connect_peer();
	peer_send_hello(&peer, FAST_SP_REQ);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	peer_close(&peer);
	world_run(&world);
	for (unsigned i = 0; i < world.kept_count; i++) {
		fast_call_fail(world.kept[i], FAST_CANCELLED, "the test is over");
	}
	world_close(&world);
	return 0;
}

struct fast_server_stats stats(void)
{
	struct fast_server_stats out;

	fast_server_stats(world.server, &out);
	return out;
}

/* Sends a request for number, as a method of the probe. */
bool ask(uint32_t id, const char *method, uint32_t number)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	uint8_t packed[64];

	request.number = number;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)method;
	packet.payload.data = packed;
	packet.payload.len = testing__v1__probe_request__pack(&request, packed);
	return peer_send_packet(&peer, id, &packet);
}

void say(uint32_t id, Fast__V1__PacketKind kind)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;

	packet.kind = kind;
	assert_true(peer_send_packet(&peer, id, &packet));
}

void say_hello(uint32_t version)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Hello hello = FAST__V1__HELLO__INIT;

	hello.version_min = version;
	hello.version_max = version;
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_HELLO;
	packet.hello = &hello;
	assert_true(peer_send_packet(&peer, FAST_SP_CONNECTION_ID, &packet));
}

Fast__V1__Packet *expect(uint32_t id, Fast__V1__PacketKind kind)
{
	uint32_t got = 0;
	Fast__V1__Packet *packet = peer_take(&peer, &got);

	assert_non_null(packet);
	assert_int_equal(id, got);
	assert_int_equal(kind, packet->kind);
	return packet;
}

void expect_failure(uint32_t id, enum fast_status code, const char *words)
{
	Fast__V1__Packet *packet = expect(id, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);

	assert_non_null(packet->status);
	assert_int_equal(code, packet->status->code);
	assert_int_equal(FAST__V1__EXECUTED__EXECUTED_NO, packet->status->executed);
	assert_non_null(strstr(packet->status->message, words));
	fast__v1__packet__free_unpacked(packet, NULL);
}

void expect_answer(uint32_t id, uint32_t number)
{
	Fast__V1__Packet *packet = expect(id, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE);
	Testing__V1__ProbeResponse *response;

	assert_null(packet->status);
	response = testing__v1__probe_response__unpack(NULL, packet->payload.len,
						       packet->payload.data);
	assert_non_null(response);
	assert_int_equal(number, response->number);
	testing__v1__probe_response__free_unpacked(response, NULL);
	fast__v1__packet__free_unpacked(packet, NULL);
}

void expect_silence(void)
{
	uint32_t id;

	assert_null(peer_take(&peer, &id));
}
