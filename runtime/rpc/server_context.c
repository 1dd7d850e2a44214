#include "rpc/server_context.h"

#include "rpc/server_call.h"
#include "wire/context.h"
#include <stdlib.h>
#include <string.h>

/* For trailers, which are as many bytes again while their room doubles. */
#define TRAILERS_ARENA_BYTES    (4 * FAST_METADATA_BYTES_MAX)
#define TRAILERS_CAPACITY_BYTES 256
#define TRAILERS_BYTES_MAX      (FAST_METADATA_BYTES_MAX + 10 * FAST_METADATA_MAX)

_Static_assert(4 * TRAILERS_BYTES_MAX < 2 * TRAILERS_ARENA_BYTES, "the doubling has room");

enum fast_status fast_call_context_read(struct fast_call *call, const struct fast_packet *packet,
					const char **reason)
{
	struct fast_trace *trace;

	if (packet->metadata_count == 0 && packet->trace.bytes == 0) {
		return FAST_OK;
	}
	call->arena.cap_bytes +=
		fast_metadata_arena_bytes(packet) + sizeof *trace + FAST_TRACE_STATE_BYTES_MAX;
	if (packet->trace.bytes > 0) {
		/* What is no trace is as none: the recommendation has it so. */
		trace = fast_arena_alloc(&call->arena, sizeof *trace);
		if (trace != NULL && fast_trace_unpack(packet->trace, &call->arena, trace)) {
			call->context.trace = trace;
		}
	}
	return fast_metadata_unpack(packet, &call->arena, &call->context.metadata, reason);
}

struct fast_failure fast_call_failure(const struct fast_call *call, enum fast_status status,
				      enum fast_executed executed, const char *text)
{
	return (struct fast_failure){
		.status = status,
		.executed = executed,
		.text = text,
		.details = call->details,
		.detail_count = call->detail_count,
		.retry_after_ms = call->context.retry_after_ms,
		.origin = call->context.origin,
		.trailers = call->context.trailers,
	};
}

const struct fast_metadata *fast_call_metadata(const struct fast_call *call)
{
	return &call->context.metadata;
}

const struct fast_trace *fast_call_trace(const struct fast_call *call)
{
	return call->context.trace;
}

void fast_call_set_retry_after_ms(struct fast_call *call, uint32_t ms)
{
	call->context.retry_after_ms = ms;
}

/* The packed headers in a frame. */
static enum fast_status headers_frame(struct fast_call *call, const struct fast_metadata *headers,
				      struct fast_frame **out)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED};
	size_t bytes = fast_metadata_packed_bytes(headers);
	uint8_t *packed = malloc(bytes + 1); /* never malloc(0) */
	enum fast_status status;

	if (packed == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_metadata_pack(headers, packed);
	packet.entries = (struct fast_span){packed, bytes};
	status = fast_frame_packet(connection->connection.rules.framing, call->header,
				   call->header_bytes, &packet, NULL, connection->peer_bytes_max,
				   out);
	free(packed);
	return status;
}

enum fast_status fast_call_send_headers(struct fast_call *call, const struct fast_metadata *headers)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_frame *frame = NULL;
	enum fast_status status;
	size_t at;

	if (fast_metadata_check(headers, &at) != NULL) {
		return FAST_INVALID_ARGUMENT;
	}
	if (call->context.has_headers || call->items_made > 0) {
		return FAST_FAILED_PRECONDITION;
	}
	if (connection->peer == FAST_PEER_BARE) {
		return FAST_OK;
	}
	status = headers_frame(call, headers, &frame);
	if (status != FAST_OK) {
		return status;
	}
	call->context.has_headers = true;
	fast_call_set_lane(call, frame);
	pthread_mutex_lock(&connection->lock);
	if (call->is_cancelled) {
		status = FAST_CANCELLED;
	} else if (!call->is_detached) {
		fast_connection_push(&connection->connection, frame);
		fast_connection_flush(&connection->connection);
		frame = NULL;
	}
	pthread_mutex_unlock(&connection->lock);
	fast_frame_free(frame);
	return status;
}

/* Room for so many bytes more. False: no memory. */
static bool trailers_reserve(struct fast_call *call, size_t bytes)
{
	struct fast_call_context *context = &call->context;
	size_t capacity = context->trailers_capacity;
	uint8_t *larger;

	if (capacity == 0) {
		call->arena.cap_bytes += TRAILERS_ARENA_BYTES;
		capacity = TRAILERS_CAPACITY_BYTES;
	}
	while (capacity < context->trailers.bytes + bytes) {
		capacity *= 2;
	}
	if (capacity == context->trailers_capacity) {
		return true;
	}
	larger = fast_arena_alloc(&call->arena, capacity);
	if (larger == NULL) {
		return false;
	}
	if (context->trailers.bytes > 0) {
		memcpy(larger, context->trailers.data, context->trailers.bytes);
	}
	context->trailers.data = larger;
	context->trailers_capacity = capacity;
	return true;
}

enum fast_status fast_call_add_trailer(struct fast_call *call, const char *key, const void *value,
				       size_t value_bytes)
{
	const struct fast_metadata_entry entry = {key, value, value_bytes};
	const struct fast_metadata one = {&entry, 1};
	struct fast_call_context *context = &call->context;
	size_t bytes;

	if (fast_metadata_fault(&entry) != NULL) {
		return FAST_INVALID_ARGUMENT;
	}
	bytes = strlen(key) + value_bytes;
	if (context->trailer_count == FAST_METADATA_MAX ||
	    context->trailer_bytes + bytes > FAST_METADATA_BYTES_MAX ||
	    !trailers_reserve(call, fast_metadata_packed_bytes(&one))) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_metadata_pack(&one,
			   (uint8_t *)(uintptr_t)context->trailers.data + context->trailers.bytes);
	context->trailers.bytes += fast_metadata_packed_bytes(&one);
	context->trailer_bytes += bytes;
	context->trailer_count++;
	return FAST_OK;
}

void fast_call_pass_on(struct fast_call *call, const struct fast_reply *reply)
{
	for (size_t i = 0; i < reply->detail_count && call->detail_count < FAST_STATUS_DETAILS_MAX;
	     i++) {
		call->details[call->detail_count++] = reply->details[i];
	}
	call->context.retry_after_ms = reply->retry_after_ms;
	call->context.origin = reply->origin;
	fast_call_fail_as(call, reply->status, reply->executed, reply->text);
}
