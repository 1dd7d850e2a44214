/* fast/call.h - the server's side of one call. */
#ifndef FAST_CALL_H
#define FAST_CALL_H

#include <fast/metadata.h>
#include <fast/service.h>
#include <fast/trace.h>

FAST_BEGIN_DECLS

/* A call that a handler answers. The handler owns it and ends it exactly once, in the handler or
 * later and from any thread, by fast_call_reply(), fast_call_finish() or one of fast_call_fail*();
 * each takes the call, which must not be touched afterwards. The request lives as long as the call.
 * A call that was cancelled, or whose deadline has passed, must still be ended. Every function here
 * may be called from any thread, but not two of them on one call at once. */
struct fast_call;
struct fast_reply;

#define FAST_PEER_NAMES_MAX 16

/* Who calls: what the kernel or the transport says, never what the peer claims. */
struct fast_peer {
	const char *endpoint; /* "ipc", "unix", "tcp", "tls+tcp", "inproc" */
	bool has_credentials; /* whether the next three mean something */
	uint32_t uid;
	uint32_t gid;
	uint32_t pid;
	bool has_certificate;    /* a verified one; whether the next three mean something */
	const char *common_name; /* of its subject; NULL: none */
	/* its DNS names, URIs and IP addresses, as text; at most FAST_PEER_NAMES_MAX */
	const char *const *names;
	size_t name_count;
};

/* Runs once, when the call is cancelled, its connection is lost or its deadline passes; at once if
 * that has happened already. Never runs after the call was ended. Runs on a thread of the runtime,
 * must not block and must not end the call itself: it tells whoever will. Who ends the call waits
 * for it, so must hold no lock that it takes. */
typedef void fast_call_cancel_fn(struct fast_call *call, void *arg);

/* Sends the one response and ends the call with OK. Unary and client-stream methods. */
void fast_call_reply(struct fast_call *call, const ProtobufCMessage *response);

/* What a client-stream or bidirectional method does for what its caller sends. FAST_OK and message:
 * the next item, borrowed until the function returns. FAST_OK and NULL: the caller has said all.
 * CANCELLED or DEADLINE_EXCEEDED, and NULL: the caller has gone, perhaps with items unsent, and
 * nobody wants an answer; end the call. After NULL it is not called again, and not after the call
 * was ended.
 *
 * Runs on a worker, never twice at once and never while the handler runs; it may block, and as long
 * as it does the caller is not granted more than FAST_STREAM_CREDIT items. For an inline service it
 * runs mostly on the thread that read the item, and must not block. It may end the call; whoever
 * does so on another thread waits until it has returned. */
typedef void fast_call_item_fn(struct fast_call *call, enum fast_status status,
			       const ProtobufCMessage *message, void *arg);

/* Sets the function of a call that takes items, once; until then the caller may send none. Such a
 * call's handler gets no request. fn never runs inside this. */
void fast_call_on_item(struct fast_call *call, fast_call_item_fn *fn, void *arg);

/* The same for generated stubs: thunk gives typed, a function of any type, its message. */
typedef void fast_any_fn(void);
typedef void fast_call_item_thunk(struct fast_call *call, enum fast_status status,
				  const ProtobufCMessage *message, fast_any_fn *typed, void *arg);
void fast_call_on_typed_item(struct fast_call *call, fast_call_item_thunk *thunk,
			     fast_any_fn *typed, void *arg);

/* Sends one item of a stream to the caller. message is borrowed. RESOURCE_EXHAUSTED: the reader is
 * too slow, its queue is full (FAST_STREAM_QUEUE_MAX items), nothing was queued, and the reader is
 * told of one item dropped; never so for a lossy method, whose oldest item makes room. CANCELLED or
 * DEADLINE_EXCEEDED: nobody reads any more; end the call. */
FAST_MUST_CHECK enum fast_status fast_call_send(struct fast_call *call,
						const ProtobufCMessage *message);

/* The same, and waits at most wait_ms (-1: without limit) for room, for a handler that shall go no
 * faster than its reader. FAILED_PRECONDITION: it would wait on a thread of the runtime, as the
 * handlers of an inline service do. DEADLINE_EXCEEDED: the call's. */
FAST_MUST_CHECK enum fast_status fast_call_send_wait(struct fast_call *call,
						     const ProtobufCMessage *message,
						     int64_t wait_ms);

/* Ends a stream with OK. */
void fast_call_finish(struct fast_call *call);

/* Ends the call with a status other than OK and a sentence. Details added before go with it. */
void fast_call_fail(struct fast_call *call, enum fast_status status, const char *format, ...)
	FAST_PRINTF(3, 4);

/* Adds a typed detail to the status with which the call will fail; at most 8, more are left out. */
void fast_call_add_detail(struct fast_call *call, const ProtobufCMessage *detail);

/* Says in the status with which the call will fail when it may be worth trying again. */
void fast_call_set_retry_after_ms(struct fast_call *call, uint32_t ms);

/* Ends the call with the failure of another one, which a handler that does no more than ask for its
 * caller passes on: status, verdict, sentence, details, advice, and the node that it came from. */
void fast_call_pass_on(struct fast_call *call, const struct fast_reply *reply);

/* What the caller sent beside its request. Lives as long as the call. */
const struct fast_metadata *fast_call_metadata(const struct fast_call *call);

/* The trace that the call belongs to; NULL: none. Lives as long as the call. */
const struct fast_trace *fast_call_trace(const struct fast_call *call);

/* Sends headers to the caller now, ahead of the answer; a caller that is no peer of ours gets none.
 * INVALID_ARGUMENT: fast_metadata_fault() says why, or there are too many. FAILED_PRECONDITION:
 * some were sent before, or an item. CANCELLED: nobody waits. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_call_send_headers(struct fast_call *call,
							const struct fast_metadata *headers);

/* Adds an entry that goes with the answer, also with a failure. INVALID_ARGUMENT as above.
 * RESOURCE_EXHAUSTED: too many, or no memory. */
FAST_MUST_CHECK enum fast_status fast_call_add_trailer(struct fast_call *call, const char *key,
						       const void *value, size_t value_bytes);

/* Whether the caller has gone or the deadline has passed. */
bool fast_call_is_cancelled(const struct fast_call *call);

/* Sets the one cancel function of this call. */
void fast_call_on_cancel(struct fast_call *call, fast_call_cancel_fn *fn, void *arg);

/* Nanoseconds on the monotonic clock; INT64_MAX = none. */
int64_t fast_call_deadline_ns(const struct fast_call *call);

/* Lives as long as the call. */
const struct fast_peer *fast_call_peer(const struct fast_call *call);

/* The method called. */
const struct fast_method *fast_call_method(const struct fast_call *call);

FAST_END_DECLS

#endif
