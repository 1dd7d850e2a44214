/* rpc/interceptor.h - the chain of a server's interceptors. */
#ifndef FAST_RPC_INTERCEPTOR_H
#define FAST_RPC_INTERCEPTOR_H

#include <fast/interceptor.h>

struct fast_failure;

/* Zeroed memory is none. Changed before the server listens, read by any thread after. */
struct fast_interceptors {
	struct fast_interceptor chain[FAST_INTERCEPTORS_MAX];
	size_t count;
	bool has_message; /* one of them looks at messages */
};

/* The call ends: those that it has passed look at it. failure: NULL for OK. No lock held. */
void fast_interceptors_after(struct fast_call *call, const struct fast_failure *failure);
/* A message of a call. No lock held. */
void fast_interceptors_message(struct fast_call *call, enum fast_direction direction,
			       const ProtobufCMessage *message);

#endif
