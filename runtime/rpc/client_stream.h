/* rpc/client_stream.h - the inside of a stream at the client. */
#ifndef FAST_RPC_CLIENT_STREAM_H
#define FAST_RPC_CLIENT_STREAM_H

#include "base/arena.h"
#include "rpc/client_call.h"

/* Where a resumable stream stands, and how often it was opened again; client->lock. */
struct fast_stream_resume {
	uint64_t epoch;      /* of cursor; 0: nothing has come */
	uint64_t cursor;     /* behind which it goes on */
	bool has_bare_items; /* without cursors: it cannot go on */
	bool has_moved;      /* something has come since it was opened last */
	bool is_parked;      /* WAITING, but for the timer, and not in client->waiting */
	unsigned failures;   /* one after the other: nothing came */
	uint64_t count;      /* of times that it was opened again */
	struct fast_timer timer;
};

/* Items of the server come by stream.c, the client's own go by client_send.c. */
struct fast_stream {
	struct fast_client_call call; /* first: the call is the stream */
	struct fast_reply reply;

	/* all guarded by client->lock */
	struct fast_list items;
	uint32_t item_count;
	uint32_t credit;   /* items that the server may still send */
	uint32_t consumed; /* items for which no new credit was given yet */
	uint64_t sequence; /* of the newest item */
	uint64_t dropped;
	bool is_cancelled;
	uint32_t send_credit;   /* items that this side may still send */
	uint64_t sent_sequence; /* of the newest item sent */
	bool is_half_closed;
	struct fast_stream_resume resume;

	/* the reading thread's */
	struct fast_arena arena;  /* holds the newest message */
	bool has_ended;           /* and has said so */
	struct fast_item_gap gap; /* the newest that it has seen */
};

/* Lock held. Ends the stream on this side, unless it has ended. */
void fast_stream_give_up(struct fast_stream *stream, enum fast_status status, const char *sentence);

/* client_resume.c. Lock held. Takes note of where an item or a mark stands. NULL, or why the stream
 * cannot go on. */
const char *fast_stream_place(struct fast_stream *stream, struct fast_stream_item *item,
			      const struct fast_packet *packet);
/* Lock held. Removes the oldest item, which is then the caller's. */
void fast_stream_pop(struct fast_stream *stream);
/* Lock held. The gap before the oldest item, once; true: there is one. A mark goes with it. */
bool fast_stream_take_gap(struct fast_stream *stream, struct fast_stream_item *item);
/* Lock held. Grants again what was consumed, half of the credit at a time. */
void fast_stream_grant(struct fast_stream *stream);

#endif
