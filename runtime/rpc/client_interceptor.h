/* rpc/client_interceptor.h - the chain of a client's interceptors. */
#ifndef FAST_RPC_CLIENT_INTERCEPTOR_H
#define FAST_RPC_CLIENT_INTERCEPTOR_H

#include <fast/interceptor.h>

struct fast_client_call;
struct fast_client_context;

/* Has them look at a call that is about to be sent, and makes its context. Else the reply says why
 * not, and those that have looked were told. */
FAST_MUST_CHECK enum fast_status fast_client_interceptors_before(
	struct fast_client_call *call, const struct fast_metadata *metadata,
	const struct fast_trace *trace, const ProtobufCMessage *request);
/* The call is over: those that it has passed look at its reply. No lock held. */
void fast_client_interceptors_after(const struct fast_client_call *call,
				    const struct fast_client_context *context);

/* The call is never sent; and as if it had been lost on its way. */
void fast_outgoing_drop(struct fast_outgoing *outgoing);
/* Its connection is cut once it has been sent. */
void fast_outgoing_cut(struct fast_outgoing *outgoing);

#endif
