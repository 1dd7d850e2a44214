/* rpc/client_call.h - the inside of one call at the client. */
#ifndef FAST_RPC_CLIENT_CALL_H
#define FAST_RPC_CLIENT_CALL_H

#include "rpc/client.h"
#include "rpc/client_context.h"
#include "rpc/item.h"
#include "rpc/reply.h"
#include <fast/retry.h>
#include <fast/stream.h>

enum fast_client_call_kind {
	FAST_CLIENT_CALL_SYNC,
	FAST_CLIENT_CALL_ASYNC,
	FAST_CLIENT_CALL_STREAM,
};

/* NEW: not submitted. WAITING, OPEN and RESTING may go back and forth; CLAIMED: one thread makes
 * its reply; DONE: that is made.
 */
enum fast_client_call_state {
	FAST_CLIENT_CALL_NEW,
	FAST_CLIENT_CALL_WAITING, /* in client->waiting */
	FAST_CLIENT_CALL_OPEN,    /* in its connection's table */
	FAST_CLIENT_CALL_RESTING, /* in client->resting */
	FAST_CLIENT_CALL_CLAIMED,
	FAST_CLIENT_CALL_DONE,
};

/* On the caller's stack, or first in struct fast_async_call and struct fast_stream. */
struct fast_client_call {
	struct fast_list node; /* client->waiting, ->finished, ->spare, or a list of its claimer */
	enum fast_client_call_kind kind;
	struct fast_client *client;
	const struct fast_method *method;
	int64_t begin_ns;
	int64_t deadline_ns;
	int64_t timeout_ms; /* for people */
	bool waits_for_ready;
	bool has_key;
	bool waits_for_hello;        /* no key is sent before it could be sent again */
	uint64_t key_number;         /* 0: it was not sent yet; guarded by client->lock */
	struct fast_list keyed_node; /* in client->keyed from then on */
	uint64_t key_settled;        /* the lowest number in client->keyed when it was last sent */
	uint8_t key[FAST_IDEMPOTENCY_KEY_BYTES];
	struct fast_client_context *context; /* NULL: nothing travels with it */
	enum fast_priority priority;         /* the method's, where its caller said none */

	/* all guarded by client->lock */
	enum fast_client_call_state state;
	bool is_cancelled;                         /* while it was NEW */
	struct fast_client_connection *connection; /* while OPEN */
	struct fast_frame *frame;                  /* the request; kept until the call is claimed */
	uint32_t id;
	uint32_t attempt;
	bool may_have_run; /* a request of it was written */
	bool had_run;      /* the same, of an attempt before this one */
	uint32_t losses;   /* of connections that it was, or was to be, sent on */
	uint64_t boot_id;  /* of the server that its key was sent to; 0: none */
	int64_t key_ns;    /* when the key was sent first */
	bool has_policy;
	struct fast_retry retry;       /* has_policy */
	int64_t due_ns;                /* RESTING */
	struct fast_list callers_node; /* in client->callers */
	pthread_cond_t changed;        /* SYNC, STREAM */

	struct fast_reply *reply; /* the claimer's, then the owner's */
	struct fast_timer timer;  /* ASYNC, STREAM */
};

struct fast_async_call {
	struct fast_client_call call;
	fast_reply_fn *fn;
	void *arg;
	struct fast_reply reply;
};

/* Packs the request. INVALID_ARGUMENT, RESOURCE_EXHAUSTED, with a reply that says why. */
FAST_MUST_CHECK enum fast_status fast_client_call_init(
	struct fast_client_call *call, enum fast_client_call_kind kind, struct fast_client *client,
	const struct fast_method *method, const struct fast_call_options *options,
	const ProtobufCMessage *request, struct fast_reply *reply);
/* A call that is DONE or was never submitted, also one whose init failed. */
void fast_client_call_fini(struct fast_client_call *call);

/* Lock held, all of these. */

/* Sends the request, or lets it wait. False: the call is CLAIMED, its reply says why, and the
 * caller finishes it. */
FAST_MUST_CHECK bool fast_client_submit(struct fast_client_call *call);
/* Lets the call wait for a connection, or for room. */
void fast_client_wait(struct fast_client_call *call);
/* Submits what waits, as far as there is room. Calls that cannot be sent go to failed. */
void fast_client_submit_waiting(struct fast_client *client, struct fast_list *failed);
/* Takes the call from where it is, to make its reply. False: somebody else has. */
bool fast_client_claim(struct fast_client_call *call);
/* Claims, and tells the server when it may have heard of the call. */
bool fast_client_abandon(struct fast_client_call *call);
/* Tells the server that an answer is not wanted. Best effort: without memory it learns it from its
 * own deadline. */
void fast_client_send_cancel(struct fast_client_connection *connection, uint32_t id);
/* Whether the call, which has a frame, may have run. */
bool fast_client_call_is_begun(const struct fast_client_call *call);
/* The reply of a call that was claimed after its deadline. */
void fast_client_call_expire(struct fast_client_call *call, bool was_open);

/* No lock held. Whom the call was made for has gone: it ends with CANCELLED. If it is claimed by
 * this it goes to claimed, for fast_client_finish_all(). */
void fast_client_call_cancel(struct fast_client_call *call, struct fast_list *claimed);

/* client_drain.c. The server refused the call because it goes away, and has not run it: true when
 * it is sent on another connection, or waits for one. Calls that cannot be sent go to failed. */
bool fast_client_send_elsewhere(struct fast_client_call *call, struct fast_list *failed);

/* No lock held. The claimer has made the reply. */
void fast_client_finish(struct fast_client_call *call);
/* Finishes the calls of a list. */
void fast_client_finish_all(struct fast_list *claimed);
/* Runs the callbacks that wait for the timers' thread, on this one. */
void fast_client_run_finished(struct fast_client *client);

/* stream.c. Lock held. Takes item. NULL, or why the stream cannot go on: then item stays the
 * caller's. */
const char *fast_stream_put(struct fast_client_call *call, struct fast_stream_item *item,
			    const struct fast_packet *packet);
/* client_resume.c. Lock held. What the request of a stream says besides. */
void fast_stream_ask(struct fast_client_call *call, struct fast_packet *request);
/* Lock held. A call whose connection is lost, or that was answered by PUSHBACK. True: it is a
 * stream that goes on, and waits for that. */
bool fast_stream_resume(struct fast_client_call *call, bool is_lost);
/* Lock held. The server goes away: streams that can go on elsewhere leave it, since it would wait
 * for their end in vain. */
void fast_streams_leave(struct fast_client_connection *connection);
/* client_send.c. Lock held. The server takes more items. */
void fast_stream_take_credit(struct fast_client_call *call, uint32_t credit);
/* Lock held. Gives in *out what has to follow the request of this id, or NULL: nothing. */
FAST_MUST_CHECK enum fast_status fast_stream_follow_up(const struct fast_client_call *call,
						       enum fast_sp_framing framing, uint32_t id,
						       struct fast_frame **out);

#endif
