/* rpc/client_context.h - what travels with a call at the client, beside its messages. */
#ifndef FAST_RPC_CLIENT_CONTEXT_H
#define FAST_RPC_CLIENT_CONTEXT_H

#include "base/timer.h"
#include "rpc/scope.h"
#include "wire/context.h"
#include <fast/interceptor.h>

struct fast_client_call;

#define FAST_PARENT_GONE "the call that it was made for was cancelled"

/* Calls that are held before they are sent wait among client->held. */
#define FAST_HOLD_FOREVER INT64_MAX

/* Only a call that carries something, was made for another, or is looked at by interceptors has
 * one. Written before the call is submitted. */
struct fast_client_context {
	struct fast_scope_child child;
	uint32_t passed; /* interceptors that have looked at it */
	int64_t begin_ns;
	int64_t hold_ns; /* how much later it is sent; guarded by client->lock */
	bool cuts;       /* its connection, when it has been sent; guarded by client->lock */
	struct fast_timer timer; /* of the one, then of the other */
	size_t trace_bytes;      /* 0: no trace */
	uint8_t trace[FAST_TRACE_PACKED_BYTES_MAX];
	size_t entries_bytes;
	uint8_t entries[]; /* the metadata, packed */
};

/* Takes what the options and the call on whose behalf it is made give: call->context, and an
 * earlier deadline. INVALID_ARGUMENT, RESOURCE_EXHAUSTED, and DEADLINE_EXCEEDED or CANCELLED where
 * nobody waits for that call any more, with a reply that says why. */
FAST_MUST_CHECK enum fast_status fast_client_context_open(struct fast_client_call *call,
							  const struct fast_call_options *options,
							  const ProtobufCMessage *request);
/* Makes call->context. */
FAST_MUST_CHECK enum fast_status fast_client_context_new(struct fast_client_call *call,
							 const struct fast_metadata *metadata,
							 const struct fast_trace *trace);
/* The call ends no later. Before it is submitted. */
void fast_client_context_limit(struct fast_client_call *call, int64_t deadline_ns);
/* The call is over, and its reply is made. No lock held. */
void fast_client_context_close(struct fast_client_call *call);

/* Lock of the client held, these two. */

/* True: the call waits for its time to be sent. False: it is to be sent now. */
bool fast_client_context_holds(struct fast_client_call *call);
/* It was sent. */
void fast_client_context_sent(struct fast_client_call *call);

/* Puts it into a request. NULL is allowed. */
void fast_client_context_put(const struct fast_client_context *context, struct fast_packet *packet);

/* Lock of the client held; the call is open. Reads the headers of an ACCEPTED into the reply. NULL,
 * or why they cannot be read. */
const char *fast_client_context_take_headers(struct fast_client_call *call,
					     const struct fast_packet *packet);

#endif
