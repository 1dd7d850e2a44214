/* rpc/protobuf_c.h - the method table of a service that has protoc-c's descriptor alone. */
#ifndef FAST_RPC_PROTOBUF_C_H
#define FAST_RPC_PROTOBUF_C_H

#include <fast/service.h>

/* One piece of memory: free() frees it. Methods are in the descriptor's order; without a schema all
 * are unary. */
struct fast_protobuf_c_table {
	struct fast_service service;
	struct fast_method methods[];
};

/* Gives *out. set may be NULL; it stays borrowed, as the descriptor. dispatch may be NULL.
 * INVALID_ARGUMENT: set does not describe the service, or a path is too long. */
FAST_MUST_CHECK enum fast_status fast_protobuf_c_table_new(
	const ProtobufCServiceDescriptor *descriptor, const uint8_t *set, size_t set_bytes,
	fast_dispatch_fn *dispatch, struct fast_protobuf_c_table **out);

/* What a call of a method that is not unary is told; has one %s, for its path. */
#define FAST_PROTOBUF_C_REFUSAL "%s has a stream; a service of protoc-c's has unary methods alone"

#endif
