/* rpc/server_input.h - the items that a client sends to one call, and the function they go to. */
#ifndef FAST_RPC_SERVER_INPUT_H
#define FAST_RPC_SERVER_INPUT_H

#include "rpc/server_call.h"

/* Belongs to its call, and outlives it while a thread runs it. */
struct fast_call_input;

/* Whether calls of the method have one. */
static inline bool fast_method_takes_items(const struct fast_method *method)
{
	return method->kind == FAST_METHOD_CLIENT_STREAM || method->kind == FAST_METHOD_BIDI_STREAM;
}

/* No lock held. Sets call->input, which stays still until it is run. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_call_input_open(struct fast_call *call);

/* No lock held. Once after open, when the handler has returned or will not run, and whenever
 * fast_call_input_wake() gives it: calls the function for what there is. */
void fast_call_input_run(struct fast_call_input *input);

/* Lock held, all of these. */

/* Something has happened to the call. Gives an input that the caller has to run; NULL: nothing is
 * to be done, or a worker does it. */
FAST_MUST_CHECK struct fast_call_input *fast_call_input_wake(struct fast_call *call);
/* The lock is not held meanwhile. The handler ends the call: from here on the function does not
 * run, and is not running but on this very thread. */
void fast_call_input_silence(struct fast_call *call);
/* The call is over. */
void fast_call_input_close(struct fast_call *call);

/* No lock held, on the reader's thread. False: the packet is for a call that is not open or takes
 * none such, and is dropped. */
bool fast_call_input_item(struct fast_server_connection *connection,
			  const struct fast_request *request);
bool fast_call_input_half_close(struct fast_server_connection *connection, uint32_t id);

#endif
