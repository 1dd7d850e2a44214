#include "rpc/client_interceptor.h"

#include "base/arena.h"
#include "rpc/client_call.h"
#include "rpc/limits.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

struct fast_outgoing {
	struct fast_client_call *call;
	const ProtobufCMessage *request;
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	size_t count;
	struct fast_arena arena; /* holds what was added */
	enum fast_status status; /* FAST_OK until it is rejected */
	int64_t hold_ns;
	bool cuts;
};

enum fast_status fast_client_intercept(struct fast_client *client,
				       const struct fast_client_interceptor *interceptor)
{
	struct fast_client_interceptors *interceptors = &client->interceptors;
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&client->lock);
	if (client->active_ns != 0) {
		status = FAST_FAILED_PRECONDITION;
	} else if (interceptors->count == FAST_INTERCEPTORS_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else {
		interceptors->chain[interceptors->count++] = *interceptor;
	}
	pthread_mutex_unlock(&client->lock);
	return status;
}

/* The first of the chain, from the last one back. */
static void chain_after(const struct fast_client_call *call, uint32_t passed, int64_t duration_ns)
{
	const struct fast_client_interceptor *chain = call->client->interceptors.chain;

	while (passed-- > 0) {
		if (chain[passed].after != NULL) {
			chain[passed].after(call->method, call->reply, duration_ns,
					    chain[passed].arg);
		}
	}
}

void fast_client_interceptors_after(const struct fast_client_call *call,
				    const struct fast_client_context *context)
{
	if (context->passed > 0) {
		chain_after(call, context->passed,
			    fast_timers_now_ns(call->client->timers) - context->begin_ns);
	}
}

enum fast_status fast_client_interceptors_before(struct fast_client_call *call,
						 const struct fast_metadata *metadata,
						 const struct fast_trace *trace,
						 const ProtobufCMessage *request)
{
	const struct fast_client_interceptors *interceptors = &call->client->interceptors;
	struct fast_outgoing outgoing = {.call = call, .request = request};
	struct fast_metadata all = *metadata;
	uint32_t passed = 0;

	if (metadata->count <= FAST_METADATA_MAX) { /* else it is refused as it is */
		for (; outgoing.count < metadata->count; outgoing.count++) {
			outgoing.entries[outgoing.count] = metadata->entries[outgoing.count];
		}
		fast_arena_init(&outgoing.arena, 4 * FAST_METADATA_BYTES_MAX);
		while (passed < interceptors->count && outgoing.status == FAST_OK) {
			const struct fast_client_interceptor *next = &interceptors->chain[passed++];
			if (next->before != NULL) {
				next->before(&outgoing, next->arg);
			}
		}
		all = fast_outgoing_metadata(&outgoing);
	}
	if (outgoing.status == FAST_OK) {
		outgoing.status = fast_client_context_new(call, &all, trace);
	}
	fast_arena_fini(&outgoing.arena);
	if (outgoing.status != FAST_OK) {
		chain_after(call, passed, 0);
		return outgoing.status;
	}
	call->context->passed = passed;
	call->context->hold_ns = outgoing.hold_ns;
	call->context->cuts = outgoing.cuts;
	return FAST_OK;
}

const struct fast_method *fast_outgoing_method(const struct fast_outgoing *outgoing)
{
	return outgoing->call->method;
}

const ProtobufCMessage *fast_outgoing_request(const struct fast_outgoing *outgoing)
{
	return outgoing->request;
}

struct fast_metadata fast_outgoing_metadata(const struct fast_outgoing *outgoing)
{
	return (struct fast_metadata){outgoing->entries, outgoing->count};
}

enum fast_status fast_outgoing_add(struct fast_outgoing *outgoing, const char *key,
				   const void *value, size_t value_bytes)
{
	const struct fast_metadata_entry given = {key, value, value_bytes};
	struct fast_metadata_entry *entry;

	if (fast_metadata_fault(&given) != NULL) {
		return FAST_INVALID_ARGUMENT;
	}
	if (outgoing->count == FAST_METADATA_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	entry = &outgoing->entries[outgoing->count];
	entry->key = fast_arena_copy(&outgoing->arena, key, strlen(key));
	entry->value = fast_arena_copy(&outgoing->arena, value, value_bytes);
	entry->value_bytes = value_bytes;
	if (entry->key == NULL || entry->value == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	outgoing->count++;
	return FAST_OK;
}

int64_t fast_outgoing_deadline_ns(const struct fast_outgoing *outgoing)
{
	return outgoing->call->deadline_ns;
}

void fast_outgoing_limit(struct fast_outgoing *outgoing, int64_t deadline_ns)
{
	fast_client_context_limit(outgoing->call, deadline_ns);
}

void fast_outgoing_hold_ms(struct fast_outgoing *outgoing, uint32_t ms)
{
	if (outgoing->hold_ns != FAST_HOLD_FOREVER) {
		outgoing->hold_ns +=
			(int64_t)ms * FAST_NS_PER_MS; /* 16 times 2^32 ms are no trouble */
	}
}

void fast_outgoing_drop(struct fast_outgoing *outgoing)
{
	outgoing->hold_ns = FAST_HOLD_FOREVER;
}

void fast_outgoing_cut(struct fast_outgoing *outgoing)
{
	outgoing->cuts = true;
}

void fast_outgoing_reject(struct fast_outgoing *outgoing, enum fast_status status,
			  const char *format, ...)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	va_list arguments;

	assert(status != FAST_OK && outgoing->status == FAST_OK);
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	outgoing->status = status;
	fast_reply_fail(outgoing->call->reply, status, FAST_EXECUTED_NO, "%s", text);
}
