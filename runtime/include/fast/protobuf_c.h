/* fast/protobuf_c.h - services as protoc-c alone generates them, called and served on our
 * connections.
 *
 * For code that has protoc-c's stubs and no protoc-gen-fast. Unary methods alone: protoc-c drops
 * the word "stream". A descriptor set (protoc --include_imports --descriptor_set_out=FILE) tells
 * which methods have one, and which have no side effects; the others' calls are refused by
 * UNIMPLEMENTED and a sentence. Without one a client's call of a stream is refused by a server of
 * ours. */
#ifndef FAST_PROTOBUF_C_H
#define FAST_PROTOBUF_C_H

#include <fast/client.h>
#include <fast/server.h>

FAST_BEGIN_DECLS

struct fast_protobuf_c_options {
	size_t size;         /* sizeof(struct fast_protobuf_c_options) */
	int64_t timeout_ms;  /* of each call, as in fast_call_options */
	bool wait_for_ready; /* as in fast_call_options */
	bool is_async;       /* calls return at once, and their closures run later */
	/* A google.protobuf.FileDescriptorSet with the service's file; NULL: none. Borrowed for the
	 * call. */
	const uint8_t *descriptor_set;
	size_t descriptor_set_bytes;
};

/* A service whose calls go through client. Each call runs its closure exactly once: with the
 * answer, which is borrowed for that time, or with NULL; fast_closure_reply() says why. A
 * synchronous call runs it on the calling thread, before it returns. An asynchronous one runs it on
 * a thread of the runtime, where it must not block, after it has returned; only a call that could
 * not be started runs it at once. Use from any thread.
 *
 * Gives *out, which the caller releases by protobuf_c_service_destroy(), when no call is open: at
 * the latest after fast_client_close(), which ends them all. options may be NULL. INVALID_ARGUMENT:
 * descriptor_set does not describe the service; or a path of more than 255 bytes. */
FAST_MUST_CHECK enum fast_status fast_client_service(struct fast_client *client,
						     const ProtobufCServiceDescriptor *descriptor,
						     const struct fast_protobuf_c_options *options,
						     ProtobufCService **out);

/* In a closure: how its call ended, borrowed until the closure returns. Elsewhere NULL. */
const struct fast_reply *fast_closure_reply(void);

/* As fast_server_add(), for a service that protoc-c's own stubs define; it stays borrowed until the
 * server is closed. Its functions are run as handlers are (flags too), and run their closure
 * exactly once, there or later and from any thread: with the answer, or with NULL, which the caller
 * sees as INTERNAL. closure_data is the struct fast_call: a function may ask it for its peer or
 * deadline, and may end it by fast_call_fail() instead of running the closure. descriptor_set: as
 * above; borrowed as long as the service, and what Reflection gives. NULL: Reflection lists the
 * service, and has no schema of it. INVALID_ARGUMENT: as above. */
FAST_MUST_CHECK enum fast_status fast_server_add_protobuf_c(struct fast_server *server,
							    ProtobufCService *service,
							    const uint8_t *descriptor_set,
							    size_t descriptor_set_bytes,
							    unsigned flags);

FAST_END_DECLS

#endif
