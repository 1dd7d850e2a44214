/* rpc/client_context.h - what travels with a call at the client, beside its messages. */
#ifndef FAST_RPC_CLIENT_CONTEXT_H
#define FAST_RPC_CLIENT_CONTEXT_H

#include "rpc/scope.h"
#include "wire/context.h"
#include <fast/client.h>

struct fast_client_call;

#define FAST_PARENT_GONE "the call that it was made for was cancelled"

/* Only a call that carries something, or was made for another, has one. Written before the call is
 * submitted. */
struct fast_client_context {
	struct fast_scope_child child;
	size_t trace_bytes; /* 0: no trace */
	uint8_t trace[FAST_TRACE_PACKED_BYTES_MAX];
	size_t entries_bytes;
	uint8_t entries[]; /* the metadata, packed */
};

/* Takes what the options and the call on whose behalf it is made give: call->context, and an
 * earlier deadline. INVALID_ARGUMENT, RESOURCE_EXHAUSTED, and DEADLINE_EXCEEDED or CANCELLED where
 * nobody waits for that call any more, with a reply that says why. */
FAST_MUST_CHECK enum fast_status fast_client_context_open(struct fast_client_call *call,
							  const struct fast_call_options *options);
/* The call is over. NULL is allowed. */
void fast_client_context_close(struct fast_client_context *context);

/* Puts it into a request. NULL is allowed. */
void fast_client_context_put(const struct fast_client_context *context, struct fast_packet *packet);

/* Lock of the client held; the call is open. Reads the headers of an ACCEPTED into the reply. NULL,
 * or why they cannot be read. */
const char *fast_client_context_take_headers(struct fast_client_call *call,
					     const struct fast_packet *packet);

#endif
