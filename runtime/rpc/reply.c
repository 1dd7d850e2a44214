#include "rpc/reply.h"

#include "base/arena.h"
#include "wire/check.h"
#include "wire/context.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

void fast_reply_init(struct fast_reply *reply)
{
	/* Not by memset: most of it is text and details that nobody reads. */
	reply->status = FAST_OK;
	reply->executed = FAST_EXECUTED_UNKNOWN;
	reply->message = NULL;
	reply->text[0] = 0;
	reply->retry_after_ms = 0;
	reply->detail_count = 0;
	reply->arena = NULL;
	reply->headers = (struct fast_metadata){NULL, 0};
	reply->trailers = (struct fast_metadata){NULL, 0};
	reply->origin = NULL;
}

void fast_reply_fini(struct fast_reply *reply)
{
	fast_arena_free(reply->arena);
	fast_reply_init(reply);
}

void fast_reply_take(struct fast_reply *from, struct fast_reply *out)
{
	*out = *from;
	fast_reply_init(from);
}

void fast_reply_fail(struct fast_reply *reply, enum fast_status status, enum fast_executed executed,
		     const char *format, ...)
{
	va_list arguments;

	assert(status != FAST_OK);
	reply->status = status;
	reply->executed = executed;
	reply->message = NULL;
	va_start(arguments, format);
	vsnprintf(reply->text, sizeof reply->text, format, arguments);
	va_end(arguments);
}

/* The arena of the reply, for an unpacked message of this many packed bytes more. */
static struct fast_arena *reply_arena(struct fast_reply *reply, size_t bytes)
{
	size_t cap_bytes = bytes * FAST_MESSAGE_AMPLIFICATION_MAX + FAST_MESSAGE_ARENA_BYTES_MIN;
	struct fast_arena *arena = reply->arena;

	if (arena == NULL) {
		arena = fast_arena_new();
		if (arena == NULL) {
			return NULL;
		}
		reply->arena = arena;
	}
	arena->cap_bytes = arena->used_bytes + cap_bytes;
	return arena;
}

const char *fast_reply_read_metadata(struct fast_reply *reply, const struct fast_packet *packet,
				     struct fast_metadata *out)
{
	struct fast_arena *arena = reply_arena(reply, fast_metadata_arena_bytes(packet));
	const char *reason = "no memory";

	if (arena == NULL || fast_metadata_unpack(packet, arena, out, &reason) != FAST_OK) {
		return reason;
	}
	return NULL;
}

static void reply_read_message(struct fast_reply *reply, const struct fast_packet *packet,
			       const ProtobufCMessageDescriptor *response)
{
	struct fast_arena *arena = reply_arena(reply, packet->payload.bytes);
	const char *reason = "no memory";
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	if (arena != NULL) {
		status = fast_message_unpack(response, packet->payload.data, packet->payload.bytes,
					     arena, &reply->message, &reason);
	}
	if (status != FAST_OK) {
		fast_reply_fail(reply, status == FAST_RESOURCE_EXHAUSTED ? status : FAST_DATA_LOSS,
				FAST_EXECUTED_YES, "the answer cannot be read: %s", reason);
	}
}

static void reply_read_details(struct fast_reply *reply, const Fast__V1__Status *status)
{
	for (size_t i = 0; i < status->n_details && i < FAST_STATUS_DETAILS_MAX; i++) {
		reply->details[reply->detail_count++] = (struct fast_detail){
			.type = status->details[i]->type,
			.value = status->details[i]->value.data,
			.value_bytes = status->details[i]->value.len,
		};
	}
}

static enum fast_executed executed_from_wire(Fast__V1__Executed executed)
{
	return executed == FAST__V1__EXECUTED__EXECUTED_NO    ? FAST_EXECUTED_NO
	       : executed == FAST__V1__EXECUTED__EXECUTED_YES ? FAST_EXECUTED_YES
							      : FAST_EXECUTED_UNKNOWN;
}

/* False: the status is OK. */
static bool reply_read_status(struct fast_reply *reply, const struct fast_packet *packet)
{
	struct fast_arena *arena = reply_arena(reply, packet->status.bytes + packet->payload.bytes);
	const ProtobufCMessage *message = NULL;
	const Fast__V1__Status *status;
	const char *reason = "no memory";

	if (arena == NULL ||
	    fast_message_unpack(&fast__v1__status__descriptor, packet->status.data,
				packet->status.bytes, arena, &message, &reason) != FAST_OK) {
		fast_reply_fail(reply, FAST_UNKNOWN, FAST_EXECUTED_UNKNOWN,
				"the call failed and its status cannot be read: %s", reason);
		return true;
	}
	status = (const Fast__V1__Status *)message;
	if (status->code == FAST_OK) {
		return false;
	}
	fast_reply_fail(reply, fast_status_from_wire(status->code),
			executed_from_wire(status->executed), "%s", status->message);
	reply->retry_after_ms = status->retry_after_ms;
	reply->origin = status->origin[0] == 0 ? NULL : status->origin;
	reply_read_details(reply, status);
	return true;
}

static void reply_read_trailers(struct fast_reply *reply, const struct fast_packet *packet)
{
	const char *reason = fast_reply_read_metadata(reply, packet, &reply->trailers);

	if (reason != NULL && reply->status == FAST_OK) {
		fast_reply_fail(reply, FAST_DATA_LOSS, FAST_EXECUTED_YES,
				"the trailers of the answer cannot be read: %s", reason);
	}
}

void fast_reply_read(struct fast_reply *reply, const struct fast_packet *packet,
		     const ProtobufCMessageDescriptor *response)
{
	bool is_pushback = packet->kind == FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK;
	bool has_failed = packet->has_status && reply_read_status(reply, packet);

	if (is_pushback && !has_failed) {
		fast_reply_fail(reply, FAST_UNAVAILABLE, FAST_EXECUTED_NO,
				"the server refused the call and gave no reason");
	} else if (is_pushback) {
		reply->executed = FAST_EXECUTED_NO; /* PROTOCOL.md, "Calls" */
	} else if (!has_failed && response != NULL) {
		reply_read_message(reply, packet, response);
	}
	if (packet->metadata_count > 0) {
		reply_read_trailers(reply, packet);
	}
}

/* Bytes of text up to limit that end between two characters. */
static size_t text_cut(const char *text, size_t limit)
{
	size_t bytes = strnlen(text, limit + 1);

	if (bytes <= limit) {
		return bytes;
	}
	bytes = limit;
	while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80) {
		bytes--;
	}
	return bytes;
}

enum fast_status fast_failure_pack(const struct fast_failure *failure, uint8_t **out,
				   size_t *out_bytes)
{
	Fast__V1__Status status = FAST__V1__STATUS__INIT;
	Fast__V1__StatusDetail details[FAST_STATUS_DETAILS_MAX];
	Fast__V1__StatusDetail *list[FAST_STATUS_DETAILS_MAX];
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	size_t text_bytes = text_cut(failure->text, FAST_STATUS_MESSAGE_BYTES_MAX);

	assert(failure->detail_count <= FAST_STATUS_DETAILS_MAX);
	memcpy(text, failure->text, text_bytes);
	text[text_bytes] = 0;
	for (size_t i = 0; i < failure->detail_count; i++) {
		const struct fast_detail *detail = &failure->details[i];
		fast__v1__status_detail__init(&details[i]);
		details[i].type = (char *)(uintptr_t)detail->type;
		details[i].value.data = (uint8_t *)(uintptr_t)detail->value;
		details[i].value.len = detail->value_bytes;
		list[i] = &details[i];
	}
	status.code = (uint32_t)failure->status;
	status.message = text;
	status.executed = (Fast__V1__Executed)failure->executed;
	status.n_details = failure->detail_count;
	status.details = list;
	status.retry_after_ms = failure->retry_after_ms;
	if (failure->origin != NULL) {
		status.origin = (char *)(uintptr_t)failure->origin;
	}
	return fast_packet_status_pack(&status, out, out_bytes);
}
