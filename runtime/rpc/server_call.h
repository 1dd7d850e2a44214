/* rpc/server_call.h - the inside of one call at the server. */
#ifndef FAST_RPC_SERVER_CALL_H
#define FAST_RPC_SERVER_CALL_H

#include "base/arena.h"
#include "rpc/pool.h"
#include "rpc/reply.h"
#include "rpc/scope.h"
#include "rpc/server_connection.h"
#include "rpc/server_context.h"
#include <fast/client.h>

/* Where a resumable stream stands; the handler's. */
struct fast_call_cursor {
	uint64_t epoch;       /* of the service; 0: not known yet */
	uint64_t asked_epoch; /* in which the caller's cursor counts; 0: it has none */
	uint64_t after;       /* what the caller has already; counts in asked_epoch */
	uint64_t newest;      /* of what was sent, or need not be */
	bool takes_marks;     /* the caller does */
};

/* Room has come for an item. Lock of the connection held. Gives what is then to be run without
 * it, or NULL. */
typedef struct fast_job *fast_call_room_fn(void *arg);

/* Life: opened by a request, run by its handler, ended by the handler; a stream then lives on until
 * its items are written. It is in the connection's table until its answer is queued or nobody wants
 * one any more. */
struct fast_call {
	struct fast_job job;
	struct fast_server_connection *connection; /* holds a reference */
	const struct fast_method_entry *entry;
	const ProtobufCMessage *request;
	struct fast_arena arena;
	uint32_t id;
	size_t header_bytes;
	uint8_t header[FAST_HEADER_BYTES_MAX]; /* hops and id, as the peer sent them */
	int64_t begin_ns;
	int64_t deadline_ns;
	enum fast_status status; /* set when it ends */
	struct fast_call_context context;
	uint32_t passed; /* interceptors that have looked at it; theirs, then who ends it */

	/* the handler's */
	struct fast_detail details[FAST_STATUS_DETAILS_MAX];
	size_t detail_count;
	uint64_t items_made;    /* and taken, so far */
	uint64_t items_refused; /* since the newest item */
	struct fast_call_cursor cursor;

	bool handler_runs; /* written by its thread; with the lock held where it returns too late */

	/* all guarded by connection->lock */
	bool is_cancelled;        /* nobody wants an answer */
	bool is_over;             /* but its handler has not returned, which frees it */
	struct fast_scope *scope; /* the calls made for this one; NULL: there were none */
	bool is_in_table;
	struct fast_list open_node; /* in connection->open */
	bool cancel_runs;           /* on canceller */
	pthread_t canceller;
	fast_call_cancel_fn *cancel_fn; /* NULL: none, or it has been taken to be run */
	void *cancel_arg;
	bool has_timer;
	struct fast_timer timer;

	/* a stream; all guarded by connection->lock */
	struct fast_list items; /* frames that wait for credit and for room */
	uint32_t item_count;    /* <= FAST_STREAM_QUEUE_MAX */
	uint64_t items_sent;    /* moved to the outbox */
	uint32_t credit;
	bool is_awaited;            /* a thread waits for room, on connection->quiet */
	fast_call_room_fn *room_fn; /* NULL: nobody waits for room */
	void *room_arg;
	struct fast_list ready_node; /* in connection->ready, or in connection->spare */
	struct fast_frame *last;     /* the answer, behind the items; the handler is done */

	uint32_t priority; /* fast.v1.Priority, as the peer sent it */
	/* a call with a key */
	struct fast_once_entry *once; /* that it runs for; NULL: none; set with the lock held */
	struct fast_list once_node;   /* of one that waits for another's answer; once->lock */
	bool is_detached; /* its connection is lost, its caller may be back; guarded by lock */

	struct fast_call_input *input; /* NULL: the request is one message; guarded by lock */
};

/* A request, as it was read. */
struct fast_request {
	const uint8_t *header;
	size_t header_bytes;
	uint32_t id;
	const struct fast_packet *packet;
	const struct fast_method_entry *entry;
};

/* Runs the request, or answers why not. On the reader's thread. */
void fast_call_open(struct fast_server_connection *connection, const struct fast_request *request);

/* Answers a request that is no call, and counts it as refused. kind: RESPONSE or PUSHBACK. */
void fast_call_refuse(struct fast_server_connection *connection, const uint8_t *header,
		      size_t header_bytes, Fast__V1__PacketKind kind, enum fast_status status,
		      const char *format, ...) FAST_PRINTF(6, 7);

/* The same for an admitted call whose handler has not run; ends it. */
void fast_call_refuse_open(struct fast_call *call, Fast__V1__PacketKind kind,
			   enum fast_status status, const char *text);

/* Runs the handler, here or on a worker; all interceptors have let it go on. */
void fast_call_go(struct fast_call *call);
/* Ends the call instead of running it. */
void fast_call_turn_away(struct fast_call *call, Fast__V1__PacketKind kind, enum fast_status status,
			 const char *text);
/* No lock held. From here on the cancel function does not run, and is not running. */
void fast_call_forget_cancel(struct fast_call *call);
/* Hands an item, or NULL, to the function that the handler has set. */
void fast_call_hand_over(struct fast_call *call, enum fast_status status,
			 const ProtobufCMessage *message, fast_call_item_thunk *thunk,
			 fast_any_fn *fn, void *arg);

/* As fast_call_fail(), with a verdict of its own. */
void fast_call_fail_as(struct fast_call *call, enum fast_status status, enum fast_executed executed,
		       const char *text);

/* The peer gave up the call, if it is open. */
void fast_call_cancel(struct fast_server_connection *connection, uint32_t id);
/* Answers at once and cancels, because the peer broke the rules: an open call of the handler's, or
 * one that may be over. */
void fast_call_break(struct fast_call *call, enum fast_status status, const char *text);
void fast_call_break_id(struct fast_server_connection *connection,
			const struct fast_request *request, enum fast_status status,
			const char *text);
/* As fast_call_cancel(), and sends frame, which it takes. only: no other call; NULL: any. */
void fast_call_cancel_with(struct fast_server_connection *connection, uint32_t id,
			   const struct fast_call *only, struct fast_frame *frame);
/* Lock held. Has the call cancelled at its deadline. */
void fast_call_watch_deadline(struct fast_call *call);
/* The connection has ended. Calls with a key run on. */
void fast_call_cancel_all(struct fast_server_connection *connection);
/* Those end too, because the server is being closed. */
void fast_call_cancel_detached(struct fast_server *server);

/* The peer takes more items, if the call is open. */
void fast_call_grant(struct fast_server_connection *connection, uint32_t id, uint32_t credit);
/* Lock held. Moves items of streams to the outbox while it has room. */
void fast_call_pump(struct fast_server_connection *connection);
/* As fast_call_send(), in place of the item that still waits, if one does; for all items of a
 * stream that tells a state. */
FAST_MUST_CHECK enum fast_status fast_call_send_newest(struct fast_call *call,
						       const ProtobufCMessage *message);
/* As fast_call_send() of an item, or a mark, whose payload is packed already; sent by the next
 * fast_call_flush(). */
FAST_MUST_CHECK enum fast_status fast_call_put(struct fast_call *call,
					       const struct fast_frame_item *item,
					       const uint8_t *payload, size_t payload_bytes);
/* The same with a message, which may be NULL; sent at once. */
FAST_MUST_CHECK enum fast_status fast_call_put_message(struct fast_call *call,
						       const struct fast_frame_item *item,
						       const ProtobufCMessage *message);
void fast_call_flush(struct fast_call *call);
/* As fast_call_send_at() by fast_call_put(); dropped: items before it that were. */
FAST_MUST_CHECK enum fast_status fast_call_put_at(struct fast_call *call, uint64_t cursor,
						  uint64_t dropped, const uint8_t *payload,
						  size_t payload_bytes);
/* Whether an item could be sent on its way now. False: fn will be called once when one can be, or
 * perhaps never, if the call is cancelled. */
bool fast_call_has_room(struct fast_call *call, fast_call_room_fn *fn, void *arg);
/* Runs a job where a service's handlers run. NULL is allowed. */
void fast_call_run_job(const struct fast_call *call, struct fast_job *job);
/* Lock held. The caller has gone: whoever waits for room learns it. */
void fast_call_stop_waiting(struct fast_call *call);
/* Puts a packet of the call into the call's lane. */
static inline void fast_call_set_lane(const struct fast_call *call, struct fast_frame *frame)
{
	frame->lane = fast_lane_of(call->priority, call->entry->method->kind, frame->payload_bytes);
}
/* Lock held. Forgets the items of a stream. */
void fast_call_drop_items(struct fast_call *call);

/* Lock held. The call is over: back to the spares. The connection keeps another reference. */
void fast_call_recycle(struct fast_call *call);
void fast_call_free_spares(struct fast_server_connection *connection);

#endif
