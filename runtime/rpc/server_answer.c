#include "rpc/server_call.h"

#include "rpc/limits.h"
#include "rpc/once.h"
#include "rpc/server_input.h"
#include "wire/check.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Gives a frame that tells of a failure, or NULL: no memory even for that. */
static struct fast_frame *failure_frame(struct fast_server_connection *connection,
					const uint8_t *header, size_t header_bytes,
					Fast__V1__PacketKind kind,
					const struct fast_failure *failure)
{
	struct fast_packet packet = {.kind = kind, .has_status = true};
	struct fast_failure bare = *failure;
	struct fast_frame *frame = NULL;
	uint8_t *packed = NULL;

	if (bare.origin == NULL) {
		bare.origin = connection->server->node;
	}
	/* Where details and trailers make it too long for the peer it goes without them. */
	for (int attempt = 0; attempt < 2 && frame == NULL; attempt++) {
		if (fast_failure_pack(&bare, &packed, &packet.status.bytes) != FAST_OK) {
			return NULL;
		}
		packet.status.data = packed;
		packet.entries = bare.trailers;
		if (fast_frame_packet(connection->connection.rules.framing, header, header_bytes,
				      &packet, NULL, connection->peer_bytes_max,
				      &frame) != FAST_OK) {
			frame = NULL;
		}
		free(packed);
		bare.detail_count = 0;
		bare.trailers = (struct fast_span){NULL, 0};
	}
	return frame;
}

void fast_call_refuse(struct fast_server_connection *connection, const uint8_t *header,
		      size_t header_bytes, Fast__V1__PacketKind kind, enum fast_status status,
		      const char *format, ...)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	struct fast_failure failure = {
		.status = status, .executed = FAST_EXECUTED_NO, .text = text};
	struct fast_frame *frame;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fast_counter_add(&connection->server->counters.calls_refused);
	frame = failure_frame(connection, header, header_bytes, kind, &failure);
	if (frame == NULL) {
		fast_connection_end(&connection->connection); /* the peer's calls learn it so */
		return;
	}
	pthread_mutex_lock(&connection->lock);
	fast_connection_push(&connection->connection, frame);
	fast_connection_flush(&connection->connection);
	pthread_mutex_unlock(&connection->lock);
}

/* Lock held, but not meanwhile. From here on the cancel function does not run, and is not running.
 */
static void call_silence(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	assert(!call->cancel_runs || !pthread_equal(call->canceller, pthread_self()));
	call->cancel_fn = NULL;
	call->room_fn = NULL;
	while (call->cancel_runs) {
		pthread_cond_wait(&connection->quiet, &connection->lock);
	}
	fast_call_input_silence(call);
	if (call->has_timer) {
		call->has_timer = false;
		pthread_mutex_unlock(&connection->lock);
		fast_timer_cancel_wait(connection->server->timers, &call->timer);
		pthread_mutex_lock(&connection->lock);
	}
}

/* Ends the call: sends frame, behind the items of a stream. NULL: nothing can be said, so the
 * connection is given up. failure: NULL for OK. */
static void call_end(struct fast_call *call, struct fast_frame *frame,
		     const struct fast_failure *failure)
{
	struct fast_server_connection *connection = call->connection;
	bool is_cancelled;
	bool is_last;

	if (frame != NULL) {
		fast_call_set_lane(call, frame);
	}
	if (call->passed > 0) {
		fast_interceptors_after(call, failure);
	}
	pthread_mutex_lock(&connection->lock);
	call_silence(call);
	if (frame != NULL && call->item_count > 0 && !call->is_cancelled) {
		call->last = frame; /* the call now belongs to the connection */
		fast_call_pump(connection);
		fast_connection_flush(&connection->connection);
		pthread_mutex_unlock(&connection->lock);
		return;
	}
	if (call->is_in_table) {
		fast_call_table_remove(&connection->calls, call->id);
		call->is_in_table = false;
	}
	fast_call_drop_items(call);
	is_cancelled = call->is_cancelled || call->is_detached;
	fast_call_recycle(call); /* before its caller can know, so that counters are never behind */
	if (frame != NULL && is_cancelled) {
		fast_frame_free(frame);
	} else if (frame != NULL) {
		fast_connection_push(&connection->connection, frame);
		fast_connection_flush(&connection->connection);
	} else {
		pthread_mutex_unlock(&connection->lock);
		fast_connection_end(&connection->connection);
		pthread_mutex_lock(&connection->lock);
	}
	is_last = fast_server_connection_unref_locked(connection);
	pthread_mutex_unlock(&connection->lock);
	if (is_last) {
		fast_server_connection_bury(connection);
	}
}

void fast_call_fail_as(struct fast_call *call, enum fast_status status, enum fast_executed executed,
		       const char *text)
{
	struct fast_failure failure = fast_call_failure(call, status, executed, text);

	assert(status != FAST_OK);
	if (call->once != NULL && executed == FAST_EXECUTED_NO) {
		fast_once_forget(call, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, status, text);
	} else if (call->once != NULL) {
		fast_once_fail(call, &failure);
	}
	fast_stats_fail(call, status, text);
	call_end(call,
		 failure_frame(call->connection, call->header, call->header_bytes,
			       FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, &failure),
		 &failure);
}

void fast_call_refuse_open(struct fast_call *call, Fast__V1__PacketKind kind,
			   enum fast_status status, const char *text)
{
	struct fast_failure failure = fast_call_failure(call, status, FAST_EXECUTED_NO, text);
	struct fast_server_connection *connection = call->connection;

	if (call->once != NULL) {
		fast_once_forget(call, kind, status, text);
	}
	fast_counter_add(&connection->server->counters.calls_refused);
	fast_stats_fail(call, status, text);
	call_end(call, failure_frame(connection, call->header, call->header_bytes, kind, &failure),
		 &failure);
}

void fast_call_break(struct fast_call *call, enum fast_status status, const char *text)
{
	struct fast_failure failure = {.status = status, .text = text};
	struct fast_server_connection *connection = call->connection;
	struct fast_frame *frame =
		failure_frame(connection, call->header, call->header_bytes,
			      FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, &failure);

	if (frame == NULL) {
		fast_connection_end(&connection->connection);
		return;
	}
	fast_call_set_lane(call, frame);
	fast_call_cancel_with(connection, call->id, call, frame);
}

void fast_call_break_id(struct fast_server_connection *connection,
			const struct fast_request *request, enum fast_status status,
			const char *text)
{
	struct fast_failure failure = {.status = status, .text = text};
	struct fast_frame *frame =
		failure_frame(connection, request->header, request->header_bytes,
			      FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, &failure);

	if (frame == NULL) {
		fast_connection_end(&connection->connection);
		return;
	}
	fast_call_cancel_with(connection, request->id, NULL, frame);
}

/* The handler succeeded, but its answer cannot be sent. */
static void call_fail_unsendable(struct fast_call *call, enum fast_status status)
{
	bool is_too_long = status == FAST_RESOURCE_EXHAUSTED;

	fast_call_fail_as(
		call, is_too_long ? status : FAST_INTERNAL, FAST_EXECUTED_YES,
		is_too_long ? "the answer is longer than the caller takes, or there is no memory"
			    : "the handler made an answer that cannot be packed");
}

/* Ends the call with OK. response may be NULL. */
static void call_succeed(struct fast_call *call, const ProtobufCMessage *response)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE,
				     .entries = call->context.trailers};
	struct fast_frame *frame = NULL;
	enum fast_status status = fast_frame_packet(connection->connection.rules.framing,
						    call->header, call->header_bytes, &packet,
						    response, connection->peer_bytes_max, &frame);

	if (status != FAST_OK) {
		call_fail_unsendable(call, status);
		return;
	}
	if (call->once != NULL) {
		fast_once_succeed(call, response);
	}
	if (response != NULL && connection->server->interceptors.has_message) {
		fast_interceptors_message(call, FAST_TO_CALLER, response);
	}
	call_end(call, frame, NULL);
}

void fast_call_reply(struct fast_call *call, const ProtobufCMessage *response)
{
	assert(call->entry->method->kind == FAST_METHOD_UNARY ||
	       call->entry->method->kind == FAST_METHOD_CLIENT_STREAM);
	assert(response->descriptor == call->entry->method->response);
	call_succeed(call, response);
}

void fast_call_finish(struct fast_call *call)
{
	assert(call->entry->method->kind == FAST_METHOD_SERVER_STREAM ||
	       call->entry->method->kind == FAST_METHOD_BIDI_STREAM);
	call_succeed(call, NULL);
}

void fast_call_fail(struct fast_call *call, enum fast_status status, const char *format, ...)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 2]; /* one too many shows that it must be cut */
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	/* A handler that is cancelled need not look why; its caller, who waits, is told. */
	if (status == FAST_CANCELLED && call->deadline_ns != FAST_TIME_NEVER &&
	    call->deadline_ns <= fast_timers_now_ns(call->connection->server->timers)) {
		status = FAST_DEADLINE_EXCEEDED;
	}
	fast_call_fail_as(call, status, FAST_EXECUTED_YES, text);
}

void fast_call_add_detail(struct fast_call *call, const ProtobufCMessage *detail)
{
	struct fast_arena *arena = &call->arena;
	size_t bytes = 0;
	uint8_t *packed;

	if (call->detail_count == FAST_STATUS_DETAILS_MAX ||
	    fast_message_size(detail, FAST_MESSAGE_ARENA_BYTES_MIN, &bytes) != FAST_OK) {
		return;
	}
	packed = fast_arena_alloc(arena, bytes);
	if (packed == NULL) {
		return;
	}
	protobuf_c_message_pack(detail, packed);
	call->details[call->detail_count++] = (struct fast_detail){
		.type = detail->descriptor->name,
		.value = packed,
		.value_bytes = bytes,
	};
}
