#include "echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000LL

void *echo_alloc(size_t bytes)
{
	void *memory = calloc(1, bytes + 1);

	if (memory == NULL) {
		fprintf(stderr, "conformance_server: there is no memory\n");
		exit(1);
	}
	return memory;
}

uint8_t *echo_pack(const ProtobufCMessage *message, size_t *bytes)
{
	uint8_t *packed = echo_alloc(protobuf_c_message_get_packed_size(message));

	*bytes = protobuf_c_message_pack(message, packed);
	return packed;
}

/* Base 64 without its padding. */
static char *text_of(const uint8_t *data, size_t bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = echo_alloc((bytes + 2) / 3 * 4);
	size_t used = 0;
	unsigned value = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < bytes; i++) {
		value = (value << 8 | data[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6) {
			text[used++] = digits[value >> (bits - 6) & 63];
		}
	}
	if (bits > 0) {
		text[used++] = digits[value << (6 - bits) & 63];
	}
	return text;
}

static char *value_of(struct echo *echo, const struct fast_metadata_entry *entry)
{
	size_t bytes = strlen(entry->key);

	if (bytes <= 4 || strcmp(entry->key + bytes - 4, "-bin") != 0) {
		return (char *)(uintptr_t)entry->value;
	}
	echo->texts[echo->text_count] = text_of(entry->value, entry->value_bytes);
	return echo->texts[echo->text_count++];
}

static void echo_headers(struct echo *echo, const struct fast_metadata *metadata)
{
	bool is_done[FAST_METADATA_MAX] = {false};
	size_t value_count = 0;

	for (size_t i = 0; i < metadata->count; i++) {
		Connectrpc__Conformance__V1__Header *header =
			&echo->headers[echo->info.n_request_headers];

		if (is_done[i]) {
			continue;
		}
		*header = (Connectrpc__Conformance__V1__Header)
			CONNECTRPC__CONFORMANCE__V1__HEADER__INIT;
		header->name = (char *)(uintptr_t)metadata->entries[i].key;
		header->value = &echo->values[value_count];
		for (size_t j = i; j < metadata->count; j++) {
			if (strcmp(metadata->entries[j].key, header->name) == 0) {
				is_done[j] = true;
				header->value[header->n_value++] =
					value_of(echo, &metadata->entries[j]);
				value_count++;
			}
		}
		echo->header_list[echo->info.n_request_headers++] = header;
	}
	echo->info.request_headers = echo->header_list;
}

static void echo_timeout(struct echo *echo, const struct fast_call *call)
{
	int64_t deadline_ns = fast_call_deadline_ns(call);
	struct timespec now;

	if (deadline_ns == INT64_MAX) {
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	deadline_ns -= now.tv_sec * NS_PER_S + now.tv_nsec;
	echo->info.timeout_ms = (deadline_ns + NS_PER_MS - 1) / NS_PER_MS;
	echo->info._timeout_ms_case =
		CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO___TIMEOUT_MS_TIMEOUT_MS;
}

struct echo *echo_new(struct fast_call *call, const ProtobufCMessage *request)
{
	struct echo *echo = echo_alloc(sizeof *echo);

	echo->info = (Connectrpc__Conformance__V1__ConformancePayload__RequestInfo)
		CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO__INIT;
	echo_headers(echo, fast_call_metadata(call));
	echo_timeout(echo, call);
	echo->request = (Google__Protobuf__Any)GOOGLE__PROTOBUF__ANY__INIT;
	snprintf(echo->type_url, sizeof echo->type_url, "type.googleapis.com/%s",
		 request->descriptor->name);
	echo->request.type_url = echo->type_url;
	echo->request.value.data = echo_pack(request, &echo->request.value.len);
	echo->request_list[0] = &echo->request;
	echo->info.requests = echo->request_list;
	echo->info.n_requests = 1;
	return echo;
}

void echo_free(struct echo *echo)
{
	for (size_t i = 0; i < echo->text_count; i++) {
		free(echo->texts[i]);
	}
	free(echo->request.value.data);
	free(echo);
}
