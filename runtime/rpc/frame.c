#include "rpc/frame.h"

#include "wire/check.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct fast_shared_frame {
	atomic_uint references;
	struct fast_frame *frame;
};

enum fast_status fast_frame_new(const ProtobufCMessage *payload, size_t payload_bytes_max,
				size_t head_bytes_max, struct fast_frame **out)
{
	size_t payload_bytes = 0;
	struct fast_frame *frame;

	if (payload != NULL) {
		enum fast_status status =
			fast_message_size(payload, payload_bytes_max, &payload_bytes);
		if (status != FAST_OK) {
			return status;
		}
	}
	frame = malloc(sizeof *frame + head_bytes_max + payload_bytes);
	if (frame == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*frame = (struct fast_frame){
		.bytes = frame->room + head_bytes_max,
		.byte_count = payload_bytes,
		.payload_bytes = payload_bytes,
		.room_bytes = head_bytes_max + payload_bytes,
	};
	if (payload != NULL) {
		protobuf_c_message_pack(payload, frame->room + head_bytes_max);
	}
	*out = frame;
	return FAST_OK;
}

void fast_frame_free(struct fast_frame *frame)
{
	if (frame == NULL) {
		return;
	}
	assert(!fast_list_is_linked(&frame->node));
	if (frame->shared != NULL) {
		fast_shared_frame_release(frame->shared);
	}
	free(frame);
}

size_t fast_frame_head_bytes_max(size_t header_bytes, const struct fast_packet *packet)
{
	struct fast_packet largest = *packet;

	largest.timeout_us = UINT64_MAX;
	largest.attempt = UINT32_MAX;
	largest.credit = UINT32_MAX;
	return FAST_SP_PREFIX_BYTES_MAX + header_bytes +
	       fast_packet_head_bytes(&largest, FAST_MESSAGE_BYTES_MAX);
}

void fast_frame_seal(struct fast_frame *frame, enum fast_sp_framing framing, const uint8_t *header,
		     size_t header_bytes, const struct fast_packet *packet)
{
	size_t head_bytes = fast_packet_head_bytes(packet, frame->payload_bytes);
	size_t prefix_bytes = fast_sp_prefix_bytes(framing);
	size_t message_bytes = header_bytes + head_bytes + frame->payload_bytes;
	size_t written;
	uint8_t *at;

	assert(frame->state == FAST_FRAME_IDLE || frame->state == FAST_FRAME_SENT);
	assert(prefix_bytes + message_bytes <= frame->room_bytes);
	at = frame->room + frame->room_bytes - message_bytes - prefix_bytes;
	frame->bytes = at;
	frame->byte_count = prefix_bytes + message_bytes;
	at += fast_sp_prefix_write(framing, message_bytes, at);
	memcpy(at, header, header_bytes);
	written = fast_packet_head_write(packet, frame->payload_bytes, at + header_bytes);
	assert(written == head_bytes);
	(void)written;
}

enum fast_status fast_frame_packet(enum fast_sp_framing framing, const uint8_t *header,
				   size_t header_bytes, const struct fast_packet *packet,
				   const ProtobufCMessage *payload, size_t message_bytes_max,
				   struct fast_frame **out)
{
	size_t head_bytes = header_bytes + fast_packet_head_bytes(packet, message_bytes_max);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	if (head_bytes <= message_bytes_max) {
		status = fast_frame_new(payload, message_bytes_max - head_bytes,
					head_bytes + fast_sp_prefix_bytes(framing), out);
	}
	if (status == FAST_OK) {
		fast_frame_seal(*out, framing, header, header_bytes, packet);
	}
	return status;
}

enum fast_status fast_frame_raw(const uint8_t *bytes, size_t byte_count, struct fast_frame **out)
{
	enum fast_status status = fast_frame_new(NULL, 0, byte_count, out);

	if (status == FAST_OK) {
		memcpy((*out)->room, bytes, byte_count);
		(*out)->bytes = (*out)->room;
		(*out)->byte_count = byte_count;
	}
	return status;
}

enum fast_status fast_shared_frame_new(struct fast_frame *frame, struct fast_shared_frame **out)
{
	struct fast_shared_frame *shared = malloc(sizeof *shared);

	if (shared == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	atomic_init(&shared->references, 1);
	shared->frame = frame;
	*out = shared;
	return FAST_OK;
}

enum fast_status fast_shared_frame_copy(struct fast_shared_frame *shared, struct fast_frame **out)
{
	struct fast_frame *copy = calloc(1, sizeof *copy);

	if (copy == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	copy->bytes = shared->frame->bytes;
	copy->byte_count = shared->frame->byte_count;
	copy->shared = shared;
	atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
	*out = copy;
	return FAST_OK;
}

void fast_shared_frame_release(struct fast_shared_frame *shared)
{
	if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) > 1) {
		return;
	}
	fast_frame_free(shared->frame);
	free(shared);
}
