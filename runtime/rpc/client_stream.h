/* rpc/client_stream.h - the inside of a stream at the client. */
#ifndef FAST_RPC_CLIENT_STREAM_H
#define FAST_RPC_CLIENT_STREAM_H

#include "base/arena.h"
#include "rpc/client_call.h"

/* Items of the server come by stream.c, the client's own go by client_send.c. */
struct fast_stream {
	struct fast_client_call call; /* first: the call is the stream */
	struct fast_reply reply;

	/* all guarded by client->lock */
	struct fast_list items;
	uint32_t credit;   /* items that the server may still send */
	uint32_t consumed; /* items for which no new credit was given yet */
	uint64_t sequence; /* of the newest item */
	uint64_t dropped;
	bool is_cancelled;
	uint32_t send_credit;   /* items that this side may still send */
	uint64_t sent_sequence; /* of the newest item sent */
	bool is_half_closed;

	/* the reading thread's */
	struct fast_arena arena; /* holds the newest message */
	bool has_ended;          /* and has said so */
};

/* Lock held. Ends the stream on this side, unless it has ended. */
void fast_stream_give_up(struct fast_stream *stream, enum fast_status status, const char *sentence);

#endif
