/* rpc/server_context.h - what travels with a call at the server, beside its messages. */
#ifndef FAST_RPC_SERVER_CONTEXT_H
#define FAST_RPC_SERVER_CONTEXT_H

#include "rpc/reply.h"
#include <fast/call.h>
#include <fast/metadata.h>

/* Zeroed memory is that of a call which carries nothing. The handler's, like the arena of the call,
 * in which all of it lies. */
struct fast_call_context {
	struct fast_metadata metadata;
	const struct fast_trace *trace; /* NULL: none */
	bool has_headers;               /* they were sent */
	uint32_t retry_after_ms;
	const char *origin;        /* of a failure passed on; NULL: this server's */
	struct fast_span trailers; /* packed; capacity behind them */
	size_t trailers_capacity;
	size_t trailer_count;
	size_t trailer_bytes; /* of keys and values */
};

/* Copies what the request carries. INVALID_ARGUMENT, RESOURCE_EXHAUSTED: *reason says why. */
FAST_MUST_CHECK enum fast_status fast_call_context_read(struct fast_call *call,
							const struct fast_packet *packet,
							const char **reason);

/* A failure with all that the handler has added to it. */
struct fast_failure fast_call_failure(const struct fast_call *call, enum fast_status status,
				      enum fast_executed executed, const char *text);

#endif
