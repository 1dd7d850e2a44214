#include "rpc/once_result.h"

#include "wire/check.h"
#include <stdlib.h>
#include <string.h>

/* All but the message. NULL: no memory. */
static struct fast_once_result *result_new(bool is_failure, size_t message_bytes,
					   struct fast_span trailers)
{
	struct fast_once_result *result = malloc(sizeof *result + message_bytes + trailers.bytes);

	if (result == NULL) {
		return NULL;
	}
	result->references = 1;
	result->is_failure = is_failure;
	result->message_bytes = message_bytes;
	result->trailers_bytes = trailers.bytes;
	if (trailers.bytes > 0) {
		memcpy(result->bytes + message_bytes, trailers.data, trailers.bytes);
	}
	return result;
}

struct fast_once_result *fast_once_result_of_answer(const ProtobufCMessage *response,
						    struct fast_span trailers)
{
	struct fast_once_result *result = NULL;
	size_t bytes = 0;

	if (fast_message_size(response, FAST_MESSAGE_BYTES_MAX, &bytes) == FAST_OK) {
		result = result_new(false, bytes, trailers);
	}
	if (result != NULL) {
		protobuf_c_message_pack(response, result->bytes);
	}
	return result;
}

struct fast_once_result *fast_once_result_of_failure(const struct fast_failure *failure)
{
	struct fast_once_result *result = NULL;
	uint8_t *packed = NULL;
	size_t bytes = 0;

	if (fast_failure_pack(failure, &packed, &bytes) == FAST_OK) {
		result = result_new(true, bytes, failure->trailers);
	}
	if (result != NULL) {
		memcpy(result->bytes, packed, bytes);
	}
	free(packed);
	return result;
}

/* status lives until the call has ended. */
static void status_replay(const Fast__V1__Status *status, struct fast_call *call)
{
	for (size_t i = 0; i < status->n_details && i < FAST_STATUS_DETAILS_MAX; i++) {
		call->details[call->detail_count++] = (struct fast_detail){
			status->details[i]->type,
			status->details[i]->value.data,
			status->details[i]->value.len,
		};
	}
	call->context.retry_after_ms = status->retry_after_ms;
	call->context.origin = status->origin[0] == 0 ? NULL : status->origin;
	fast_call_fail_as(call, fast_status_from_wire(status->code),
			  (enum fast_executed)status->executed, status->message);
}

void fast_once_result_replay(const struct fast_once_result *result, struct fast_call *call)
{
	const ProtobufCMessageDescriptor *descriptor = call->entry->method->response;
	const ProtobufCMessage *message = NULL;
	const char *reason = NULL;
	struct fast_arena arena;

	if (result == NULL) {
		fast_call_fail_as(call, FAST_ABORTED, FAST_EXECUTED_YES,
				  "the call ran, and its answer could not be kept");
		return;
	}
	if (result->is_failure) {
		descriptor = &fast__v1__status__descriptor;
	}
	call->context.trailers =
		(struct fast_span){result->bytes + result->message_bytes, result->trailers_bytes};
	fast_arena_init(&arena, result->message_bytes * FAST_MESSAGE_AMPLIFICATION_MAX +
					FAST_MESSAGE_ARENA_BYTES_MIN);
	if (fast_message_unpack(descriptor, result->bytes, result->message_bytes, &arena, &message,
				&reason) != FAST_OK) {
		fast_call_fail_as(call, FAST_ABORTED, FAST_EXECUTED_YES,
				  "the call ran, and its answer cannot be read");
	} else if (result->is_failure) {
		status_replay((const Fast__V1__Status *)message, call);
	} else {
		fast_call_reply(call, message);
	}
	fast_arena_fini(&arena);
}
