/* fast/interceptor.h - what looks at every call before it runs and after it has ended: who may make
 * it, what is logged and counted of it, what goes wrong on purpose. */
#ifndef FAST_INTERCEPTOR_H
#define FAST_INTERCEPTOR_H

#include <fast/client.h>
#include <fast/server.h>

FAST_BEGIN_DECLS

/* Of one server or client. They stand in the order in which they were added: what comes first looks
 * first at a call that begins, and last at one that has ended. */
#define FAST_INTERCEPTORS_MAX 16

/* ---- At a server. */

/* Before the handler. Lets the call go on by fast_call_proceed(), or ends it by fast_call_reject():
 * one of them, once, here or later and from any thread. Here is the thread that read the request:
 * it must not block. peer, method, metadata, trace and deadline of the call may be asked; request
 * is NULL where the method takes a stream of them. While it holds the call it may set a cancel
 * function, which is forgotten when the call goes on. */
typedef void fast_call_before_fn(struct fast_call *call, const ProtobufCMessage *request,
				 void *arg);

/* How a call ended. */
struct fast_call_end {
	enum fast_status status;
	enum fast_executed executed; /* of a failure */
	const char *text;            /* "" for OK */
	int64_t duration_ns;         /* since the request was read */
};

/* Once for each call that before has seen, on the thread that ends it, just before its caller can
 * know. Must not block, and only ask of the call what before may. */
typedef void fast_call_after_fn(struct fast_call *call, const struct fast_call_end *end, void *arg);

enum fast_direction {
	FAST_FROM_CALLER, /* an item of a stream of requests */
	FAST_TO_CALLER,   /* a response, or an item of a stream */
};

/* Each message but the one request that before has seen; to a caller that may be gone. Must not
 * block. */
typedef void fast_call_message_fn(struct fast_call *call, enum fast_direction direction,
				  const ProtobufCMessage *message, void *arg);

/* Each function may be NULL. */
struct fast_interceptor {
	fast_call_before_fn *before;
	fast_call_after_fn *after;
	fast_call_message_fn *message;
	void *arg;
};

/* Adds an interceptor, which is copied, before the first listen. Calls of Health, Reflection and
 * Admin pass it too. FAILED_PRECONDITION: the server listens. RESOURCE_EXHAUSTED: too many. */
FAST_MUST_CHECK enum fast_status fast_server_intercept(struct fast_server *server,
						       const struct fast_interceptor *interceptor);

/* Takes the call: the next interceptor looks at it, or its handler runs. Inside this, where that is
 * inline; so hold no lock. */
void fast_call_proceed(struct fast_call *call);

/* Takes and ends a call whose handler has not run: executed NO. Details, advice and trailers added
 * before go with it. */
void fast_call_reject(struct fast_call *call, enum fast_status status, const char *format, ...)
	FAST_PRINTF(3, 4);

/* ---- At a client. */

/* A call that is about to be sent; for one function on one thread. */
struct fast_outgoing;

/* On the thread that makes the call. Must not block, and make no call with the same client. */
typedef void fast_outgoing_fn(struct fast_outgoing *outgoing, void *arg);

/* Once for each call that before has seen: before its caller has the reply, for a stream when it is
 * closed. On the caller's thread or one of the runtime; must not block. */
typedef void fast_incoming_fn(const struct fast_method *method, const struct fast_reply *reply,
			      int64_t duration_ns, void *arg);

/* Each function may be NULL. */
struct fast_client_interceptor {
	fast_outgoing_fn *before;
	fast_incoming_fn *after;
	void *arg;
};

/* Adds an interceptor, which is copied, before the first call. FAILED_PRECONDITION: calls were
 * made. RESOURCE_EXHAUSTED: too many. */
FAST_MUST_CHECK enum fast_status fast_client_intercept(
	struct fast_client *client, const struct fast_client_interceptor *interceptor);

const struct fast_method *fast_outgoing_method(const struct fast_outgoing *outgoing);

/* NULL where the method takes a stream of requests. */
const ProtobufCMessage *fast_outgoing_request(const struct fast_outgoing *outgoing);

/* What the caller gave and interceptors have added; until more is added. */
struct fast_metadata fast_outgoing_metadata(const struct fast_outgoing *outgoing);

/* Adds a header; copied. INVALID_ARGUMENT: fast_metadata_fault() says why. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_outgoing_add(struct fast_outgoing *outgoing, const char *key,
						   const void *value, size_t value_bytes);

/* Nanoseconds on the monotonic clock; INT64_MAX = none. A later one than it was is not taken. */
int64_t fast_outgoing_deadline_ns(const struct fast_outgoing *outgoing);
void fast_outgoing_limit(struct fast_outgoing *outgoing, int64_t deadline_ns);

/* Sends the call so much later; what several ask for adds up. Blocks nobody. */
void fast_outgoing_hold_ms(struct fast_outgoing *outgoing, uint32_t ms);

/* Ends the call with this status, executed NO; the interceptors behind do not see it. */
void fast_outgoing_reject(struct fast_outgoing *outgoing, enum fast_status status,
			  const char *format, ...) FAST_PRINTF(3, 4);

/* ---- Ready ones. */

/* Logs each call that has ended by fast_log(): failures as warnings, others at level DEBUG. */
extern const struct fast_interceptor fast_log_interceptor;
extern const struct fast_client_interceptor fast_log_client_interceptor;

FAST_END_DECLS

#endif
