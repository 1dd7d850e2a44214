/* rpc/once_result.h - how a keyed call ended, for those who ask again. */
#ifndef FAST_RPC_ONCE_RESULT_H
#define FAST_RPC_ONCE_RESULT_H

#include "rpc/server_call.h"

/* How a call ended. */
struct fast_once_result {
	unsigned references; /* guarded by the window's lock */
	bool is_failure;     /* the message is a fast.v1.Status, else the answer */
	size_t message_bytes;
	size_t trailers_bytes;
	uint8_t bytes[]; /* the message, then packed trailers */
};

/* NULL: no memory, or the message cannot be packed. Both have one reference. */
struct fast_once_result *fast_once_result_of_answer(const ProtobufCMessage *response,
						    struct fast_span trailers);
struct fast_once_result *fast_once_result_of_failure(const struct fast_failure *failure);

/* Ends the call with the result of another one. NULL: that ran, and more is not known. */
void fast_once_result_replay(const struct fast_once_result *result, struct fast_call *call);

#endif
