#include "answer.h"
#include "echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S  1000
#define NS_PER_MS 1000000L
#define POLL_MS   10

typedef Connectrpc__Conformance__V1__Header Header;
typedef Connectrpc__Conformance__V1__Error Error;
typedef Connectrpc__Conformance__V1__ConformancePayload Payload;

static bool is_binary(const char *name)
{
	size_t bytes = strlen(name);

	return bytes > 4 && strcmp(name + bytes - 4, "-bin") == 0;
}

/* Of six bits; -1: none. */
static int digit_of(char letter)
{
	if (letter >= 'A' && letter <= 'Z') {
		return letter - 'A';
	}
	if (letter >= 'a' && letter <= 'z') {
		return letter - 'a' + 26;
	}
	if (letter >= '0' && letter <= '9') {
		return letter - '0' + 52;
	}
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Writes at most strlen(text) bytes. */
static size_t bytes_of(const char *text, uint8_t *out)
{
	size_t used = 0;
	unsigned value = 0;
	unsigned bits = 0;

	for (; digit_of(*text) >= 0; text++) {
		value = (value << 6 | (unsigned)digit_of(*text)) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[used++] = (uint8_t)(value >> bits);
		}
	}
	return used;
}

/* Headers of the suite as metadata. The caller frees what entries point at with entries_free(). */
static size_t entries_of(Header **headers, size_t count,
			 struct fast_metadata_entry entries[FAST_METADATA_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < headers[i]->n_value && used < FAST_METADATA_MAX; j++) {
			const char *text = headers[i]->value[j];
			char *key = echo_alloc(strlen(headers[i]->name));
			uint8_t *value = echo_alloc(strlen(text));
			size_t bytes = strlen(text);

			for (size_t k = 0; headers[i]->name[k] != '\0'; k++) {
				char letter = headers[i]->name[k];

				key[k] = letter >= 'A' && letter <= 'Z' ? (char)(letter + 32)
									: letter;
			}
			if (is_binary(key)) {
				bytes = bytes_of(text, value);
			} else {
				memcpy(value, text, bytes);
			}
			entries[used++] = (struct fast_metadata_entry){
				.key = key, .value = value, .value_bytes = bytes};
		}
	}
	return used;
}

static void entries_free(struct fast_metadata_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)entries[i].key);
		free((void *)(uintptr_t)entries[i].value);
	}
}

static void send_headers(struct fast_call *call, Header **headers, size_t count)
{
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	struct fast_metadata metadata = {.entries = entries};

	metadata.count = entries_of(headers, count, entries);
	if (metadata.count > 0 && fast_call_send_headers(call, &metadata) != FAST_OK) {
		fprintf(stderr, "conformance_server: headers were not sent\n");
	}
	entries_free(entries, metadata.count);
}

static void add_trailers(struct fast_call *call, Header **trailers, size_t count)
{
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	size_t entry_count = entries_of(trailers, count, entries);

	for (size_t i = 0; i < entry_count; i++) {
		if (fast_call_add_trailer(call, entries[i].key, entries[i].value,
					  entries[i].value_bytes) != FAST_OK) {
			fprintf(stderr, "conformance_server: a trailer was not added\n");
		}
	}
	entries_free(entries, entry_count);
}

/* Sleeps, unless nobody waits any more. */
static void delay(struct fast_call *call, uint32_t ms)
{
	for (uint32_t slept = 0; slept < ms && !fast_call_is_cancelled(call); slept += POLL_MS) {
		uint32_t part = ms - slept < POLL_MS ? ms - slept : POLL_MS;
		struct timespec poll_interval = {.tv_nsec = part * NS_PER_MS};

		(void)nanosleep(&poll_interval, NULL);
	}
}

/* "type.googleapis.com/a.B" is a.B. */
static const char *type_of(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash == NULL ? url : slash + 1;
}

/* Ends the call with the error; echo goes along as a detail unless it is NULL. */
static void fail(struct fast_call *call, const Error *error, const struct echo *echo)
{
	struct fast_reply reply = {.executed = FAST_EXECUTED_YES};
	uint8_t *packed = NULL;
	size_t bytes = 0;

	reply.status = (enum fast_status)error->code;
	if (error->_message_case == CONNECTRPC__CONFORMANCE__V1__ERROR___MESSAGE_MESSAGE) {
		snprintf(reply.text, sizeof reply.text, "%s", error->message);
	}
	for (size_t i = 0; i < error->n_details && i < FAST_STATUS_DETAILS_MAX; i++) {
		reply.details[reply.detail_count++] =
			(struct fast_detail){.type = type_of(error->details[i]->type_url),
					     .value = error->details[i]->value.data,
					     .value_bytes = error->details[i]->value.len};
	}
	if (echo != NULL && reply.detail_count < FAST_STATUS_DETAILS_MAX) {
		packed = echo_pack(&echo->info.base, &bytes);
		reply.details[reply.detail_count++] =
			(struct fast_detail){.type = echo->info.base.descriptor->name,
					     .value = packed,
					     .value_bytes = bytes};
	}
	fast_call_pass_on(call, &reply);
	free(packed);
}

/* Makes the call's answer of a payload: both unary methods' answers look alike. */
static void reply(struct fast_call *call, const ProtobufCMessageDescriptor *response,
		  Payload *payload)
{
	if (response == &connectrpc__conformance__v1__unary_response__descriptor) {
		Connectrpc__Conformance__V1__UnaryResponse message =
			CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE__INIT;

		message.payload = payload;
		fast_call_reply(call, &message.base);
	} else {
		Connectrpc__Conformance__V1__IdempotentUnaryResponse message =
			CONNECTRPC__CONFORMANCE__V1__IDEMPOTENT_UNARY_RESPONSE__INIT;

		message.payload = payload;
		fast_call_reply(call, &message.base);
	}
}

static void answer(struct fast_call *call, const ProtobufCMessage *request,
		   const Connectrpc__Conformance__V1__UnaryResponseDefinition *wanted)
{
	Payload payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
	struct echo *echo = echo_new(call, request);
	const ProtobufCMessageDescriptor *response = fast_call_method(call)->response;

	payload.request_info = &echo->info;
	if (wanted != NULL) {
		send_headers(call, wanted->response_headers, wanted->n_response_headers);
		add_trailers(call, wanted->response_trailers, wanted->n_response_trailers);
		delay(call, wanted->response_delay_ms);
	}
	if (wanted != NULL &&
	    wanted->response_case ==
		    CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR) {
		fail(call, wanted->error, echo);
	} else {
		if (wanted != NULL &&
		    wanted->response_case ==
			    CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA) {
			payload.data = wanted->response_data;
		}
		reply(call, response, &payload);
	}
	echo_free(echo);
}

static void unary(struct fast_call *call, const Connectrpc__Conformance__V1__UnaryRequest *request,
		  void *arg)
{
	(void)arg;
	answer(call, &request->base, request->response_definition);
}

static void idempotent_unary(struct fast_call *call,
			     const Connectrpc__Conformance__V1__IdempotentUnaryRequest *request,
			     void *arg)
{
	(void)arg;
	answer(call, &request->base, request->response_definition);
}

static void server_stream(struct fast_call *call,
			  const Connectrpc__Conformance__V1__ServerStreamRequest *request,
			  void *arg)
{
	const Connectrpc__Conformance__V1__StreamResponseDefinition *wanted =
		request->response_definition;
	struct echo *echo = echo_new(call, &request->base);
	enum fast_status status = FAST_OK;

	(void)arg;
	if (wanted == NULL) {
		fast_call_finish(call);
		echo_free(echo);
		return;
	}
	send_headers(call, wanted->response_headers, wanted->n_response_headers);
	add_trailers(call, wanted->response_trailers, wanted->n_response_trailers);
	for (size_t i = 0; i < wanted->n_response_data && status == FAST_OK; i++) {
		Connectrpc__Conformance__V1__ServerStreamResponse item =
			CONNECTRPC__CONFORMANCE__V1__SERVER_STREAM_RESPONSE__INIT;
		Payload payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;

		delay(call, wanted->response_delay_ms);
		payload.data = wanted->response_data[i];
		payload.request_info = i == 0 ? &echo->info : NULL;
		item.payload = &payload;
		status = fast_call_send_wait(call, &item.base, -1);
	}
	if (wanted->error != NULL) {
		fail(call, wanted->error, wanted->n_response_data == 0 ? echo : NULL);
	} else {
		fast_call_finish(call);
	}
	echo_free(echo);
}

const struct connectrpc_conformance_v1_conformance_service_handlers answer_handlers = {
	.unary = unary,
	.idempotent_unary = idempotent_unary,
	.server_stream = server_stream,
};
