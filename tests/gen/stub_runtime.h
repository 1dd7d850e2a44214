/* gen/stub_runtime.h - a runtime that only notes what generated stubs asked of it. */
#ifndef GEN_STUB_RUNTIME_H
#define GEN_STUB_RUNTIME_H

#include "support/harness.h"

#include <fast/call.h>
#include <fast/client.h>
#include <fast/stream.h>

struct noted {
	const char *function;
	const void *subject; /* client, stream or call */
	const struct fast_method *method;
	const struct fast_call_options *options;
	const ProtobufCMessage *message;
	fast_reply_fn *fn;
	void *arg;
	fast_call_item_thunk *thunk;
	fast_any_fn *typed;
	enum fast_status failed_with;
	enum fast_status result;      /* to be returned */
	const ProtobufCMessage *item; /* to be given */
};

extern struct noted noted;

/* Stands for objects that the stubs only hand on. */
extern char object;

#endif
