#include "rpc/frame.h"

#include "wire/check.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* All fields of a packet that are numbers, and the tags and lengths of the others: each of the 23
 * fields has at most 12 bytes of these. */
#define FRAME_NUMBERS_BYTES_MAX (23 * 12)
/* What the head may grow by when the frame becomes the first fragment of its message. */
#define FRAME_CUT_BYTES 2

struct fast_shared_frame {
	atomic_uint references;
	struct fast_frame *frame;
};

/* The payload packed behind room for its head. NULL: no memory. */
static struct fast_frame *frame_make(size_t head_bytes, const ProtobufCMessage *payload,
				     size_t payload_bytes)
{
	struct fast_frame *frame;

	head_bytes += FRAME_CUT_BYTES;
	frame = malloc(sizeof *frame + head_bytes + payload_bytes);

	if (frame == NULL) {
		return NULL;
	}
	*frame = (struct fast_frame){
		.bytes = frame->room + head_bytes,
		.byte_count = payload_bytes,
		.payload_bytes = payload_bytes,
		.room_bytes = head_bytes + payload_bytes,
	};
	if (payload != NULL) {
		protobuf_c_message_pack(payload, frame->room + head_bytes);
	}
	return frame;
}

enum fast_status fast_frame_new(const ProtobufCMessage *payload, size_t payload_bytes_max,
				size_t head_bytes_max, struct fast_frame **out)
{
	size_t payload_bytes = 0;
	enum fast_status status = FAST_OK;

	if (payload != NULL) {
		status = fast_message_size(payload, payload_bytes_max, &payload_bytes);
	}
	if (status != FAST_OK) {
		return status;
	}
	*out = frame_make(head_bytes_max, payload, payload_bytes);
	return *out == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
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
	/* A bound rather than the number: counting costs as much as writing. */
	return FAST_SP_PREFIX_BYTES_MAX + header_bytes + FRAME_NUMBERS_BYTES_MAX +
	       packet->method.bytes + packet->status.bytes + packet->hello.bytes +
	       packet->idempotency_key.bytes + packet->trace.bytes + packet->entries.bytes;
}

/* Writes prefix, header and packet, which has head_bytes, before the payload. */
static void frame_head(struct fast_frame *frame, enum fast_sp_framing framing,
		       const uint8_t *header, size_t header_bytes, const struct fast_packet *packet,
		       size_t head_bytes)
{
	size_t prefix_bytes = fast_sp_prefix_bytes(framing);
	size_t message_bytes = header_bytes + head_bytes + frame->payload_bytes;
	size_t written;
	uint8_t *at;

	assert(prefix_bytes + message_bytes <= frame->room_bytes);
	at = frame->room + frame->room_bytes - message_bytes - prefix_bytes;
	frame->bytes = at;
	frame->byte_count = prefix_bytes + message_bytes;
	frame->is_cut = false;
	frame->is_begun = false;
	frame->cut_bytes = 0;
	at += fast_sp_prefix_write(framing, message_bytes, at);
	memcpy(at, header, header_bytes);
	written = fast_packet_head_write(packet, frame->payload_bytes, at + header_bytes);
	assert(written == head_bytes);
	(void)written;
}

void fast_frame_seal(struct fast_frame *frame, enum fast_sp_framing framing, const uint8_t *header,
		     size_t header_bytes, const struct fast_packet *packet)
{
	assert(frame->state == FAST_FRAME_IDLE || frame->state == FAST_FRAME_SENT);
	frame_head(frame, framing, header, header_bytes, packet,
		   fast_packet_head_bytes(packet, frame->payload_bytes));
}

enum fast_status fast_frame_packet(enum fast_sp_framing framing, const uint8_t *header,
				   size_t header_bytes, const struct fast_packet *packet,
				   const ProtobufCMessage *payload, size_t message_bytes_max,
				   struct fast_frame **out)
{
	size_t payload_bytes = 0;
	size_t head_bytes;
	enum fast_status status;

	if (payload != NULL) {
		status = fast_message_size(payload, message_bytes_max, &payload_bytes);
		if (status != FAST_OK) {
			return status;
		}
	}
	head_bytes = fast_packet_head_bytes(packet, payload_bytes);
	if (header_bytes + head_bytes + payload_bytes > message_bytes_max) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = frame_make(fast_sp_prefix_bytes(framing) + header_bytes + head_bytes, payload,
			  payload_bytes);
	if (*out == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	frame_head(*out, framing, header, header_bytes, packet, head_bytes);
	return FAST_OK;
}

enum fast_status fast_frame_packed(const uint8_t *payload, size_t payload_bytes,
				   size_t head_bytes_max, struct fast_frame **out)
{
	struct fast_frame *frame = frame_make(head_bytes_max, NULL, payload_bytes);

	if (frame == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (payload_bytes > 0) {
		memcpy(frame->room + frame->room_bytes - payload_bytes, payload, payload_bytes);
	}
	*out = frame;
	return FAST_OK;
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
