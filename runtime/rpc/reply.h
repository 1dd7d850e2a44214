/* rpc/reply.h - making a struct fast_reply, and the status that makes one at the other side. */
#ifndef FAST_RPC_REPLY_H
#define FAST_RPC_REPLY_H

#include "wire/packet.h"
#include <fast/client.h>
#include <stdarg.h>

/* Empties a reply whose memory may be anything. */
void fast_reply_init(struct fast_reply *reply);

/* Moves all of from, which is then empty, to *out. */
void fast_reply_take(struct fast_reply *from, struct fast_reply *out);

/* The reply of a call that failed on this side. Reply is empty before. */
void fast_reply_fail(struct fast_reply *reply, enum fast_status status, enum fast_executed executed,
		     const char *format, ...) FAST_PRINTF(4, 5);

/* Reads a RESPONSE or PUSHBACK. response: descriptor of the answer; NULL: a status alone. */
void fast_reply_read(struct fast_reply *reply, const struct fast_packet *packet,
		     const ProtobufCMessageDescriptor *response);

/* Copies the metadata of a packet into the reply's arena. NULL, or why that cannot be. */
const char *fast_reply_read_metadata(struct fast_reply *reply, const struct fast_packet *packet,
				     struct fast_metadata *out);

/* A failure on its way to the caller. */
struct fast_failure {
	enum fast_status status;
	enum fast_executed executed;
	const char *text; /* cut to FAST_STATUS_MESSAGE_BYTES_MAX, between characters */
	const struct fast_detail *details;
	size_t detail_count;
	uint32_t retry_after_ms;
	const char *origin;        /* NULL: this server */
	struct fast_span trailers; /* packed; they go beside the status */
};

/* Gives the packed fast.v1.Status in *out, from malloc. */
FAST_MUST_CHECK enum fast_status fast_failure_pack(const struct fast_failure *failure,
						   uint8_t **out, size_t *out_bytes);

#endif
