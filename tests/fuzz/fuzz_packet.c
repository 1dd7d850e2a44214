/* The packet's reader against protobuf-c's, and what it reads written again. */
#include "wire/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
	if (!holds) {
		abort();
	}
}

static bool parts_unpack(const struct fast_packet *packet)
{
	const struct {
		const ProtobufCMessageDescriptor *descriptor;
		struct fast_span span;
	} parts[] = {
		{&fast__v1__status__descriptor, packet->status},
		{&fast__v1__hello__descriptor, packet->hello},
		{&fast__v1__trace_context__descriptor, packet->trace},
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		ProtobufCMessage *message = protobuf_c_message_unpack(
			parts[i].descriptor, NULL, parts[i].span.bytes, parts[i].span.data);
		if (message == NULL) {
			return false;
		}
		protobuf_c_message_free_unpacked(message, NULL);
	}
	return true;
}

static void compare(const Fast__V1__Packet *expected, const struct fast_packet *packet)
{
	expect(expected->kind == packet->kind);
	expect(strlen(expected->method) == packet->method.bytes);
	expect(expected->timeout_us == packet->timeout_us);
	expect(expected->sequence == packet->sequence);
	expect(expected->credit == packet->credit);
	expect((expected->more != 0) == packet->more);
	expect(expected->token == packet->token);
	expect(expected->boot_id == packet->boot_id);
	expect(expected->n_metadata == packet->metadata_count);
	expect((expected->status != NULL) == packet->has_status);
	expect((expected->hello != NULL) == packet->has_hello);
	expect(expected->payload.len == packet->payload.bytes);
	expect(packet->payload.bytes == 0 ||
	       memcmp(expected->payload.data, packet->payload.data, packet->payload.bytes) == 0);
}

/* Written again it reads the same, and takes the bytes that it said. */
static void rewrite(struct fast_packet packet)
{
	struct fast_packet again;
	const char *reason;
	size_t head_bytes;
	size_t bytes;
	uint8_t *out;

	packet.metadata_count = 0;
	head_bytes = fast_packet_head_bytes(&packet, packet.payload.bytes);
	bytes = head_bytes + packet.payload.bytes;
	out = malloc(bytes);
	expect(out != NULL);
	expect(fast_packet_head_write(&packet, packet.payload.bytes, out) == head_bytes);
	if (packet.payload.bytes > 0) {
		memcpy(out + head_bytes, packet.payload.data, packet.payload.bytes);
	}
	expect(fast_packet_read(out, bytes, &again, &reason) == FAST_OK);
	expect(again.kind == packet.kind && again.timeout_us == packet.timeout_us);
	expect(again.method.bytes == packet.method.bytes);
	expect(again.status.bytes == packet.status.bytes);
	expect(again.payload.bytes == packet.payload.bytes);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fast_packet packet;
	const char *reason = NULL;
	enum fast_status status = fast_packet_read(data, bytes, &packet, &reason);
	Fast__V1__Packet *expected;

	if (status != FAST_OK) {
		expect(status == FAST_INVALID_ARGUMENT && reason != NULL);
		return 0;
	}
	rewrite(packet);
	expected = fast__v1__packet__unpack(NULL, bytes, data);
	if (expected == NULL) {
		expect(!parts_unpack(&packet)); /* those stay packed here */
		return 0;
	}
	compare(expected, &packet);
	fast__v1__packet__free_unpacked(expected, NULL);
	return 0;
}
