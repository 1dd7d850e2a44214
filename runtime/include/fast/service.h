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

/* How urgent a call is; the numbers are those of fast.v1.Priority. */
enum fast_priority {
	FAST_PRIORITY_DEFAULT, /* NORMAL */
	FAST_PRIORITY_BULK,    /* yields to all else */
	FAST_PRIORITY_NORMAL,
	FAST_PRIORITY_CONTROL, /* overtakes bulk */
};

/* Silences after which a connection with open calls is looked after: at least, and never. */
#define FAST_KEEPALIVE_MS_MIN  1000
#define FAST_KEEPALIVE_MS_NONE UINT32_MAX

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
	enum fast_priority priority;
	bool resumable; /* a server stream whose items carry cursors: it survives its connection */
	bool lossy;     /* a server stream that drops its oldest items when its reader is slow */
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
