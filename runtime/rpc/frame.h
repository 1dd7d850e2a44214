/* rpc/frame.h - one message on its way out: prefix, request id, packet. */
#ifndef FAST_RPC_FRAME_H
#define FAST_RPC_FRAME_H

#include "base/list.h"
#include "rpc/lane.h"
#include "wire/packet.h"
#include "wire/sp.h"

/* Hops and the request id. */
#define FAST_HEADER_BYTES_MAX (4 * (FAST_SP_HOPS_MAX + 1))

enum fast_frame_state {
	FAST_FRAME_IDLE,    /* in no outbox; no byte of it was written */
	FAST_FRAME_WAITING, /* in an outbox; no byte of it was written */
	FAST_FRAME_SENDING, /* handed to the link, or begun; finished, or lost with it */
	FAST_FRAME_SENT,    /* written, at least in part; the connection may be lost since */
};

/* An item of a stream, until it is sealed. */
struct fast_frame_item {
	uint64_t dropped;   /* items before it that were */
	uint64_t cursor;    /* 0: none */
	uint64_t gap_first; /* of a mark; 0: nothing is missing */
	bool is_mark;
};

/* Guarded by the lock of the connection that it goes to. */
struct fast_frame {
	struct fast_list node;
	enum fast_frame_state state;
	bool kept; /* somebody else frees it: the outbox must not */
	const uint8_t *bytes;
	size_t byte_count;
	size_t payload_bytes;
	struct fast_shared_frame *shared; /* owner of bytes, unless they follow this struct */
	struct fast_frame_item item;
	enum fast_lane lane; /* set before it is pushed */

	/* the outbox's */
	bool is_cut;         /* bytes are the first fragment of its message alone */
	bool is_begun;       /* some of it went with an earlier send */
	size_t cut_bytes;    /* of the payload, that are in fragments so far */
	size_t left_bytes;   /* that no send has taken yet */
	size_t batch_offset; /* of its first byte in the send that has taken some */

	size_t room_bytes;
	uint8_t room[];
};

/* Packs payload (NULL: none) behind room for a head of head_bytes_max; sealed later. Gives *out.
 * INVALID_ARGUMENT: payload cannot be packed. RESOURCE_EXHAUSTED: it is longer than
 * payload_bytes_max, or no memory. */
FAST_MUST_CHECK enum fast_status fast_frame_new(const ProtobufCMessage *payload,
						size_t payload_bytes_max, size_t head_bytes_max,
						struct fast_frame **out);
/* The same for a payload that is packed already, and copied. */
FAST_MUST_CHECK enum fast_status fast_frame_packed(const uint8_t *payload, size_t payload_bytes,
						   size_t head_bytes_max, struct fast_frame **out);
/* Frees a frame that is in no outbox. NULL is allowed. */
void fast_frame_free(struct fast_frame *frame);

/* At least what fast_frame_seal() writes before the payload, whatever the numbers in packet. */
size_t fast_frame_head_bytes_max(size_t header_bytes, const struct fast_packet *packet);
/* Writes prefix, header (hops and id) and packet before the payload. May be repeated. */
void fast_frame_seal(struct fast_frame *frame, enum fast_sp_framing framing, const uint8_t *header,
		     size_t header_bytes, const struct fast_packet *packet);

/* New and sealed in one; the whole message has at most message_bytes_max. */
FAST_MUST_CHECK enum fast_status fast_frame_packet(enum fast_sp_framing framing,
						   const uint8_t *header, size_t header_bytes,
						   const struct fast_packet *packet,
						   const ProtobufCMessage *payload,
						   size_t message_bytes_max,
						   struct fast_frame **out);
/* Bytes as they are, without prefix. */
FAST_MUST_CHECK enum fast_status fast_frame_raw(const uint8_t *bytes, size_t byte_count,
						struct fast_frame **out);

/* A frame for many connections. Takes frame and gives *out, which the caller releases. */
struct fast_shared_frame;
FAST_MUST_CHECK enum fast_status fast_shared_frame_new(struct fast_frame *frame,
						       struct fast_shared_frame **out);
/* Another frame with the same bytes. */
FAST_MUST_CHECK enum fast_status fast_shared_frame_copy(struct fast_shared_frame *shared,
							struct fast_frame **out);
void fast_shared_frame_release(struct fast_shared_frame *shared);

/* The request id as it travels. */
static inline void fast_id_write(uint32_t id, uint8_t out[4])
{
	out[0] = (uint8_t)(id >> 24);
	out[1] = (uint8_t)(id >> 16);
	out[2] = (uint8_t)(id >> 8);
	out[3] = (uint8_t)id;
}

#endif
