/* rpc/fragment.h - long messages in pieces: cut on their way out, joined on their way in.
 * PROTOCOL.md, "Fragments". */
#ifndef FAST_RPC_FRAGMENT_H
#define FAST_RPC_FRAGMENT_H

#include "rpc/frame.h"
#include <stdlib.h>

/* Of a fragment that is not the first: prefix, header, kind, more, tag and length of the payload.
 */
#define FAST_FRAGMENT_HEAD_BYTES_MAX (FAST_SP_PREFIX_BYTES_MAX + FAST_HEADER_BYTES_MAX + 16)
/* Messages of one peer that may be under way in pieces: one per lane, and some for other peers. */
#define FAST_JOINS_MAX 4

/* Makes the sealed frame the first fragment of its message: what it now holds is the head and
 * piece_bytes of the payload, fewer than there are. */
void fast_fragment_cut(struct fast_frame *frame, enum fast_sp_framing framing, size_t piece_bytes);
/* Writes what stands before the next piece of a frame that was cut; returns its bytes. */
size_t fast_fragment_head(const struct fast_frame *frame, enum fast_sp_framing framing,
			  size_t piece_bytes, uint8_t out[FAST_FRAGMENT_HEAD_BYTES_MAX]);

/* A message of which not all has come. */
struct fast_join {
	uint32_t id;
	Fast__V1__PacketKind kind;
	uint8_t *data; /* the first fragment's packet, and the pieces behind its payload */
	size_t first_bytes;
	size_t bytes;
	size_t capacity;
};

/* Belongs to whoever reads: no lock. Zeroed memory, but for message_bytes_max, is empty. */
struct fast_joiner {
	size_t message_bytes_max;
	struct fast_join joins[FAST_JOINS_MAX]; /* the first count of them */
	unsigned count;
	uint8_t *whole; /* the message that was joined last */
};

enum fast_joined {
	FAST_JOINED_WHOLE,  /* the packet can be handled; if it was joined, until the next one */
	FAST_JOINED_PIECE,  /* more has to come */
	FAST_JOINED_BROKEN, /* no fragment of anything, too long, or no memory */
};

void fast_joiner_fini(struct fast_joiner *joiner);
/* data: what packet was read from. */
enum fast_joined fast_joiner_add(struct fast_joiner *joiner, uint32_t id, const uint8_t *data,
				 size_t bytes, struct fast_packet *packet);
/* What was joined has been handled. */
static inline void fast_joiner_release(struct fast_joiner *joiner)
{
	if (joiner->whole != NULL) {
		free(joiner->whole);
		joiner->whole = NULL;
	}
}
/* The call is given up: no more pieces come. */
void fast_joiner_drop(struct fast_joiner *joiner, uint32_t id);

/* As fast_joiner_add(); costs nothing while messages come whole. */
static inline enum fast_joined fast_joiner_take(struct fast_joiner *joiner, uint32_t id,
						const uint8_t *data, size_t bytes,
						struct fast_packet *packet)
{
	return packet->more || joiner->count > 0 ? fast_joiner_add(joiner, id, data, bytes, packet)
						 : FAST_JOINED_WHOLE;
}

#endif
