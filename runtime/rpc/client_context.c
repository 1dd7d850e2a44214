#include "rpc/client_context.h"

#include "rpc/client_interceptor.h"
#include "rpc/client_stream.h"
#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000

static enum fast_status context_fail(struct fast_client_call *call, enum fast_status status,
				     const char *sentence)
{
	fast_reply_fail(call->reply, status, FAST_EXECUTED_NO, "%s: %s", call->method->path,
			sentence);
	return status;
}

static enum fast_status metadata_check(struct fast_client_call *call,
				       const struct fast_metadata *metadata)
{
	size_t at = 0;
	const char *fault = fast_metadata_check(metadata, &at);

	if (fault == NULL) {
		return FAST_OK;
	}
	if (at >= metadata->count || metadata->entries[at].key == NULL) {
		return context_fail(call, FAST_INVALID_ARGUMENT, fault);
	}
	fast_reply_fail(call->reply, FAST_INVALID_ARGUMENT, FAST_EXECUTED_NO,
			"%s: metadata '%.64s': %s", call->method->path, metadata->entries[at].key,
			fault);
	return FAST_INVALID_ARGUMENT;
}

void fast_client_context_limit(struct fast_client_call *call, int64_t deadline_ns)
{
	int64_t left_ns = deadline_ns - fast_timers_now_ns(call->client->timers);

	if (deadline_ns < call->deadline_ns) {
		call->deadline_ns = deadline_ns;
		call->timeout_ms = left_ns < 0 ? 0 : left_ns / FAST_NS_PER_MS;
	}
}

/* Ends with the deadline of the parent. */
static enum fast_status context_inherit(struct fast_client_call *call,
					const struct fast_call *parent)
{
	if (parent->deadline_ns <= fast_timers_now_ns(call->client->timers)) {
		return context_fail(call, FAST_DEADLINE_EXCEEDED,
				    "the deadline of the call that it was made for has passed");
	}
	fast_client_context_limit(call, parent->deadline_ns);
	return FAST_OK;
}

/* Enters the call for its parent. */
static enum fast_status context_join(struct fast_client_call *call, struct fast_call *parent)
{
	switch (fast_scope_join(parent, call, &call->context->child)) {
	case FAST_OK:
		return FAST_OK;
	case FAST_CANCELLED:
		return context_fail(call, FAST_CANCELLED, FAST_PARENT_GONE);
	default:
		return context_fail(call, FAST_RESOURCE_EXHAUSTED, "no memory for the call");
	}
}

enum fast_status fast_client_context_new(struct fast_client_call *call,
					 const struct fast_metadata *metadata,
					 const struct fast_trace *trace)
{
	struct fast_client_context *context;
	size_t bytes;

	if (metadata_check(call, metadata) != FAST_OK) {
		return FAST_INVALID_ARGUMENT;
	}
	if (trace != NULL && !fast_trace_is_valid(trace)) {
		return context_fail(call, FAST_INVALID_ARGUMENT,
				    "a trace has two ids that are not zero, and a state of at most "
				    "512 printable characters");
	}
	bytes = fast_metadata_packed_bytes(metadata);
	context = malloc(sizeof *context + bytes);
	if (context == NULL) {
		return context_fail(call, FAST_RESOURCE_EXHAUSTED, "no memory for the metadata");
	}
	context->child = (struct fast_scope_child){.scope = NULL};
	context->passed = 0;
	context->begin_ns = fast_timers_now_ns(call->client->timers);
	context->hold_ns = 0;
	context->cuts = false;
	context->timer = (struct fast_timer){.position = 0};
	context->entries_bytes = bytes;
	fast_metadata_pack(metadata, context->entries);
	context->trace_bytes = trace == NULL ? 0 : fast_trace_pack(trace, context->trace);
	call->context = context;
	return FAST_OK;
}

enum fast_status fast_client_context_open(struct fast_client_call *call,
					  const struct fast_call_options *options,
					  const ProtobufCMessage *request)
{
	const struct fast_metadata none = {NULL, 0};
	const struct fast_metadata *metadata =
		options->metadata == NULL ? &none : options->metadata;
	struct fast_call *parent = options->no_parent        ? NULL
				   : options->parent != NULL ? options->parent
							     : fast_scope_parent();
	const struct fast_trace *trace = options->trace;
	bool is_watched = call->client->interceptors.count > 0;
	enum fast_status status = FAST_OK;

	if (metadata->count == 0 && trace == NULL && parent == NULL && !is_watched) {
		return FAST_OK;
	}
	if (trace == NULL && parent != NULL) {
		trace = fast_call_trace(parent);
	}
	if (parent != NULL) {
		status = context_inherit(call, parent);
	}
	if (status == FAST_OK && is_watched) {
		status = fast_client_interceptors_before(call, metadata, trace, request);
	} else if (status == FAST_OK) {
		status = fast_client_context_new(call, metadata, trace);
	}
	return status != FAST_OK || parent == NULL ? status : context_join(call, parent);
}

void fast_client_context_close(struct fast_client_call *call)
{
	struct fast_client_context *context = call->context;

	if (context == NULL) {
		return;
	}
	call->context = NULL;
	fast_scope_quit(&context->child);
	fast_timer_cancel_wait(call->client->timers, &context->timer);
	if (call->state == FAST_CLIENT_CALL_NEW && call->reply->status == FAST_OK) {
		(void)context_fail(call, FAST_RESOURCE_EXHAUSTED, "no memory for the call");
	}
	fast_client_interceptors_after(call, context);
	free(context);
}

void fast_client_call_cancel(struct fast_client_call *call, struct fast_list *claimed)
{
	struct fast_client *client = call->client;
	struct fast_client_connection *connection;

	pthread_mutex_lock(&client->lock);
	connection = call->connection;
	if (call->state == FAST_CLIENT_CALL_NEW) {
		call->is_cancelled = true;
	} else if (fast_client_abandon(call)) {
		if (connection != NULL && connection->reader == FAST_READER_CALLER) {
			/* It may be the caller of this very call who reads. */
			connection->connection.link->ops->interrupt(connection->connection.link);
		}
		fast_reply_fail(call->reply, FAST_CANCELLED,
				call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
				"%s: %s", call->method->path, FAST_PARENT_GONE);
		fast_list_append(claimed, &call->node);
	}
	pthread_mutex_unlock(&client->lock);
}

void fast_client_context_put(const struct fast_client_context *context, struct fast_packet *packet)
{
	if (context != NULL) {
		packet->entries = (struct fast_span){context->entries, context->entries_bytes};
		packet->trace = (struct fast_span){context->trace, context->trace_bytes};
	}
}

const char *fast_client_context_take_headers(struct fast_client_call *call,
					     const struct fast_packet *packet)
{
	bool is_stream = call->kind == FAST_CLIENT_CALL_STREAM;
	const char *reason;

	/* The reader of a stream may be looking at those that came first. */
	if (packet->metadata_count == 0 || (is_stream && call->reply->headers.count > 0)) {
		return NULL;
	}
	reason = fast_reply_read_metadata(call->reply, packet, &call->reply->headers);
	if (is_stream) {
		pthread_cond_broadcast(&call->changed);
	}
	return reason;
}

/* Lock held. Whether headers may still come. */
static bool stream_waits_for_headers(const struct fast_stream *stream)
{
	return stream->reply.headers.count == 0 && stream->sequence == 0 &&
	       stream->resume.epoch == 0 && !stream->is_cancelled &&
	       stream->call.state != FAST_CLIENT_CALL_DONE;
}

enum fast_status fast_stream_headers(struct fast_stream *stream, int64_t wait_ms,
				     const struct fast_metadata **headers)
{
	struct fast_client *client = stream->call.client;
	int64_t until_ns = fast_time_after_ms(fast_timers_now_ns(client->timers), wait_ms);
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};
	enum fast_status status = FAST_OK;

	if (wait_ms != 0 && fast_thread_is_runtime()) {
		return FAST_FAILED_PRECONDITION;
	}
	pthread_mutex_lock(&client->lock);
	while (stream_waits_for_headers(stream)) {
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&stream->call.changed, &client->lock);
		} else if (until_ns <= fast_timers_now_ns(client->timers)) {
			status = FAST_DEADLINE_EXCEEDED;
			break;
		} else {
			pthread_cond_timedwait(&stream->call.changed, &client->lock, &until);
		}
	}
	*headers = &stream->reply.headers;
	pthread_mutex_unlock(&client->lock);
	return status;
}
