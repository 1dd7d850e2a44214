#include "services_world.h"

#include <stdlib.h>
#include <string.h>

#define BARE_ID 0x80000007u

static void answer_note(const struct fast_reply *reply, void *arg)
{
	struct answer *answer = arg;

	answer->count++;
	answer->status = reply->status;
	memcpy(answer->text, reply->text, sizeof answer->text);
	if (reply->message != NULL) {
		size_t bytes = protobuf_c_message_get_packed_size(reply->message);
		uint8_t *packed = malloc(bytes + 1);

		assert_non_null(packed);
		protobuf_c_message_pack(reply->message, packed);
		answer->message =
			protobuf_c_message_unpack(reply->message->descriptor, NULL, bytes, packed);
		assert_non_null(answer->message);
		free(packed);
	}
}

const void *ask_service(struct world *world, const struct fast_method *method,
			const ProtobufCMessage *request, struct answer *out)
{
	*out = (struct answer){.count = 0};
	assert_ok(fast_client_start(world->client, method, NULL, request, answer_note, out));
	world_run(world);
	assert_int_equal(1, out->count);
	return out->message;
}

void answer_fini(struct answer *answer)
{
	if (answer->message != NULL) {
		protobuf_c_message_free_unpacked(answer->message, NULL);
	}
	answer->message = NULL;
}

void bare_open(struct world *world, struct peer *peer)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	assert_ok(fast_memory_link_pair(world->net, world->capacity, &ours, &theirs));
	fast_server_take_link(world->server, theirs);
	peer_open(peer, world->net, ours);
	peer_send_hello(peer, FAST_SP_REQ);
}

Fast__V1__Packet *bare_ask(struct peer *peer, const char *method, const ProtobufCMessage *request)
{
	Fast__V1__Packet packet = FAST__V1__PACKET__INIT;
	Fast__V1__Packet *answer;
	uint8_t packed[256];
	uint32_t id = 0;

	assert_true(protobuf_c_message_get_packed_size(request) <= sizeof packed);
	packet.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST;
	packet.method = (char *)(uintptr_t)method;
	packet.payload.data = packed;
	packet.payload.len = protobuf_c_message_pack(request, packed);
	assert_true(peer_send_packet(peer, BARE_ID, &packet));
	answer = peer_take(peer, &id);
	assert_non_null(answer);
	assert_int_equal(BARE_ID, id);
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, answer->kind);
	return answer;
}
