/* rpc/server_connection.h - one client of a server, and its open calls. */
#ifndef FAST_RPC_SERVER_CONNECTION_H
#define FAST_RPC_SERVER_CONNECTION_H

#include "rpc/call_table.h"
#include "rpc/connection.h"
#include "rpc/digest.h"
#include "rpc/hello.h"
#include "rpc/reply.h"
#include "rpc/server.h"

/* PROTOCOL.md, "Bare peers". */
enum fast_peer_kind {
	FAST_PEER_NEW, /* has not spoken */
	FAST_PEER_BARE,
	FAST_PEER_OWN,     /* said HELLO */
	FAST_PEER_REFUSED, /* speaks no version of ours; is told so and closed */
};

/* How far a connection has gone on its way to its end. */
enum fast_drain {
	FAST_DRAIN_NONE,
	FAST_DRAIN_ASKED, /* the peer is told, and its late requests are taken */
	FAST_DRAIN_FINAL, /* requests are refused; some calls are open */
	FAST_DRAIN_DONE,  /* none is; the peer has a moment to close */
};

struct fast_server_connection {
	pthread_mutex_t lock;
	pthread_cond_t quiet; /* a cancel function has returned; a stream has room */
	struct fast_connection connection;
	struct fast_server *server;
	struct fast_list node; /* in server->connections or ->dead; guarded by server->lock */
	struct fast_timer first_timer;
	struct fast_timer drain_timer;
	struct fast_timer idle_timer;
	uint64_t id; /* never used twice */
	int64_t begin_ns;

	/* the reader's */
	struct fast_digest principal; /* of keyed calls */
	bool has_principal;
	enum fast_peer_kind peer;
	size_t peer_bytes_max; /* set before the first call, read by all */

	/* all guarded by lock */
	unsigned references; /* 1 until the end, 1 per call, 1 per thread that ends it */
	struct fast_call_table calls;
	struct fast_list open; /* calls that have not ended, oldest first */
	uint32_t open_count;
	char agent[FAST_AGENT_BYTES_MAX + 1];
	struct fast_list ready; /* streams with items and credit */
	struct fast_list spare; /* call objects for reuse */
	unsigned spare_count;
	bool is_own; /* said HELLO */
	enum fast_drain drain;
	uint64_t idle_heard; /* receives, when the idle timer was set */
	bool is_paused;      /* not read, because its answers pile up */
};

void fast_server_connection_ref(struct fast_server_connection *connection);
/* Lock held. True: that was the last one, and the caller buries the connection. */
FAST_MUST_CHECK bool fast_server_connection_unref_locked(struct fast_server_connection *connection);
/* No lock held. Has a connection freed to which nobody refers any more. */
void fast_server_connection_bury(struct fast_server_connection *connection);
/* No lock held. Both of them. */
void fast_server_connection_unref(struct fast_server_connection *connection);

/* The peer is closed after so many milliseconds, unless first_timer is cancelled.
 * RESOURCE_EXHAUSTED: no memory for the timer. */
FAST_MUST_CHECK enum fast_status fast_server_connection_limit(
	struct fast_server_connection *connection, uint32_t ms);

/* No lock held. Begins the end of the connection, which loses no call. server_drain.c, as all of
 * these. */
void fast_server_connection_drain(struct fast_server_connection *connection);
/* Lock held. The peer has said HELLO; a call has ended. */
void fast_server_connection_drain_own(struct fast_server_connection *connection);
void fast_server_connection_drain_last(struct fast_server_connection *connection);
/* No lock held. The peer has answered a PING. False: the connection is to be ended. */
bool fast_server_connection_drain_pong(struct fast_server_connection *connection, uint64_t token);
/* A GOAWAY with its reason. In server_packet.c. */
FAST_MUST_CHECK enum fast_status fast_server_goaway_frame(
	const struct fast_server_connection *connection, const struct fast_failure *failure,
	struct fast_frame **out);

/* server_limits.c. The server's lock held: whether the peer may have one more connection. */
bool fast_server_admits_peer(const struct fast_server *server, const struct fast_peer *peer);
/* Lock held. Has the connection ended once it has done nothing for the time of the option. */
void fast_server_connection_watch_idle(struct fast_server_connection *connection);

/* Frees a dead connection. Not from a completion of its link. */
void fast_server_connection_free(struct fast_server_connection *connection);

/* An event of the connection: one message from the peer. In server_packet.c. */
bool fast_server_connection_message(void *arg, const uint8_t *message, size_t bytes);

#endif
