/* rpc/connection.h - one link: whole messages in, batches of frames out, an end that comes once. */
#ifndef FAST_RPC_CONNECTION_H
#define FAST_RPC_CONNECTION_H

#include "base/timer.h"
#include "link/link.h"
#include "rpc/input.h"
#include "rpc/keepalive.h"
#include "rpc/outbox.h"
#include <pthread.h>

/* Each runs on a thread of the link, of the timers, or on the one that called the function. */
struct fast_connection_events {
	/* A message, borrowed; by the one reader, no lock held. False: close. */
	fast_input_message_fn *message;
	/* A receive by fast_connection_recv() is over and all its messages were handed over; no
	 * lock held. The next one may be started here. */
	void (*received)(void *arg);
	/* The connection has room: frames may be pushed. Lock held. NULL: nobody waits. */
	void (*writable)(void *arg);
	/* The connection has ended and nothing is being sent. Once; no lock held. */
	void (*ended)(void *arg);
	/* Whether calls are open, of whose end a dead peer would not tell. Lock held. NULL where
	 * the keepalive asks nothing. */
	bool (*is_busy)(void *arg);
};

/* Embedded in its owner. */
struct fast_connection {
	pthread_mutex_t *lock; /* the owner's */
	struct fast_link *link;
	struct fast_timers *timers;
	const struct fast_connection_events *events;
	void *arg;
	struct fast_input_rules rules;
	struct fast_input input;   /* the reader's */
	unsigned corked;           /* the reader's: messages since the cork */
	struct fast_joiner joiner; /* the reader's */
	struct fast_outbox outbox; /* guarded by lock */
	bool is_sending;           /* guarded by lock: a send is under way */
	bool has_ended;            /* guarded by lock */
	bool has_stall_timer;      /* guarded by lock */
	int64_t progress_ns;       /* guarded by lock: when the send under way last moved */
	struct fast_timer stall_timer;
	struct fast_keepalive keepalive;
};

struct fast_connection_parts {
	pthread_mutex_t *lock;
	struct fast_timers *timers;
	const struct fast_connection_events *events;
	void *arg;
	enum fast_sp_protocol self;
	enum fast_sp_protocol peer;
	size_t message_bytes_max;
};

/* Takes link on success and queues the hello. */
FAST_MUST_CHECK enum fast_status fast_connection_init(struct fast_connection *connection,
						      const struct fast_connection_parts *parts,
						      struct fast_link *link);
/* Frees the link and all buffers; events may still come until this returns. Not from a completion
 * of the link. Zeroed memory is allowed. */
void fast_connection_fini(struct fast_connection *connection);

/* Lock held. Takes frame unless it is kept; frees it when the connection has ended. */
void fast_connection_push(struct fast_connection *connection, struct fast_frame *frame);
/* Lock held. Sends what waits, unless a send is under way. On a thread that has corked the
 * connection it waits for the uncork. */
void fast_connection_flush(struct fast_connection *connection);
/* Between these two, what this thread flushes goes out as one. One connection at a time. The first
 * with the lock held or not, the second with it held. */
void fast_connection_cork(struct fast_connection *connection);
void fast_connection_uncork(struct fast_connection *connection);

/* Lock held. The peer has said HELLO: from now on long messages go to it in pieces, if it joins
 * them, and bulk waits for it. */
void fast_connection_agree(struct fast_connection *connection, const struct fast_hello *hello);
/* No lock held. The peer has answered a PING. */
void fast_connection_pong(struct fast_connection *connection, uint64_t token);

/* Starts a receive on the link's threads. One reader at a time. Lock held or not. */
void fast_connection_recv(struct fast_connection *connection);
/* Lock held, but not meanwhile. Receives once on this thread and hands over what came. OK also when
 * the receive was cut short; DEADLINE_EXCEEDED; UNAVAILABLE: the connection has ended. */
FAST_MUST_CHECK enum fast_status fast_connection_read(struct fast_connection *connection,
						      int64_t deadline_ns);

/* Ends the connection; events->ended follows, perhaps before this returns. No lock held; the caller
 * sees to it that the connection outlives this. */
void fast_connection_end(struct fast_connection *connection);

#endif
