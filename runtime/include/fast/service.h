/* fast/service.h - what protoc-gen-fast emits about a service. Written by generated code alone. */
#ifndef FAST_SERVICE_H
#define FAST_SERVICE_H

#include <fast/status.h>
#include <protobuf-c/protobuf-c.h>

FAST_BEGIN_DECLS

struct fast_call;

enum fast_method_kind {
	FAST_METHOD_UNARY,
	FAST_METHOD_SERVER_STREAM,
	FAST_METHOD_CLIENT_STREAM,
	FAST_METHOD_BIDI_STREAM,
};

/* The option idempotency_level of the method. */
enum fast_idempotency {
	FAST_IDEMPOTENCY_UNKNOWN,
	FAST_IDEMPOTENCY_NO_SIDE_EFFECTS,
	FAST_IDEMPOTENCY_IDEMPOTENT,
};

/* Calls the typed handler found in handlers; generated. */
typedef void fast_dispatch_fn(const void *handlers, struct fast_call *call,
			      const ProtobufCMessage *request, void *arg);

struct fast_method {
	const char *name; /* "Get" */
	const char *path; /* "fast.v1.Param/Get" */
	enum fast_method_kind kind;
	enum fast_idempotency idempotency;
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *response;
	fast_dispatch_fn *dispatch;
};

struct fast_service {
	const char *name; /* "fast.v1.Param" */
	const struct fast_method *methods;
	size_t method_count;
	/* A google.protobuf.FileDescriptorSet: the service's file and all that it imports. */
	const uint8_t *descriptor_set;
	size_t descriptor_set_bytes;
};

FAST_END_DECLS

#endif
