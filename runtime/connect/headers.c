#include "connect/headers.h"

#include "base/arena.h"
#include "json/number.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES (sizeof "trailer-" + FAST_METADATA_KEY_BYTES_MAX)

/* HTTP's own, and those that a handler must not overrule. */
static const char *const reserved[] = {"accept",
				       "accept-encoding",
				       "connection",
				       "content-encoding",
				       "content-length",
				       "content-type",
				       "date",
				       "expect",
				       "host",
				       "keep-alive",
				       "te",
				       "trailer",
				       "traceparent",
				       "tracestate",
				       "upgrade",
				       "transfer-encoding",
				       "proxy-connection"};

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		if (strcasecmp(name, reserved[i]) == 0) {
			return true;
		}
	}
	return strncasecmp(name, "connect-", strlen("connect-")) == 0;
}

static bool is_binary(const char *key)
{
	size_t bytes = strlen(key);

	return bytes > 4 && strcmp(key + bytes - 4, "-bin") == 0;
}

static const char *lower(struct fast_arena *arena, const char *name)
{
	size_t bytes = strlen(name) + 1;
	char *copy = fast_arena_alloc(arena, bytes);

	for (size_t i = 0; copy != NULL && i < bytes; i++) {
		copy[i] = (char)tolower((unsigned char)name[i]);
	}
	return copy;
}

/* What metadata cannot hold, such as a browser's cookies, stays behind. */
static void entry_add(struct fast_call_headers *headers, const char *key, const void *value,
		      size_t bytes)
{
	struct fast_metadata_entry entry = {.key = key, .value = value, .value_bytes = bytes};

	if (fast_metadata_fault(&entry) != NULL) {
		return;
	}
	if (headers->metadata.count == FAST_METADATA_MAX) {
		headers->error = "the request has too many headers; at most 64 are metadata";
		headers->has_no_room = true;
		return;
	}
	headers->entries[headers->metadata.count++] = entry;
}

/* A binary header is base 64; several may have been joined by commas. */
static void binary_add(struct fast_call_headers *headers, const char *key, const char *text)
{
	while (text != NULL) {
		const char *comma = strchr(text, ',');
		const char *end = comma == NULL ? text + strlen(text) : comma;
		size_t used = 0;

		text += strspn(text, " ");
		while (end > text && end[-1] == ' ') {
			end--;
		}
		uint8_t *bytes = fast_arena_alloc(headers->arena, (size_t)(end - text) + 1);
		if (bytes == NULL) {
			headers->has_no_room = true;
			headers->error = "there is no memory for the request's headers";
			return;
		}
		if (!fast_base64_read(text, (size_t)(end - text), bytes, &used)) {
			headers->error = "a header whose name ends with -bin is not base 64";
			return;
		}
		entry_add(headers, key, bytes, used);
		text = comma == NULL ? NULL : comma + 1;
	}
}

static void trace_read(struct fast_call_headers *headers, struct MHD_Connection *http,
		       const char *text)
{
	/* What is no trace is ignored, as the recommendation has it. */
	headers->has_trace = fast_trace_parse(text, &headers->trace) == FAST_OK;
	if (headers->has_trace) {
		headers->trace.state =
			MHD_lookup_connection_value(http, MHD_HEADER_KIND, "tracestate");
	}
	if (headers->has_trace && !fast_trace_is_valid(&headers->trace)) {
		headers->trace.state = NULL;
	}
}

struct reader {
	struct fast_call_headers *headers;
	struct MHD_Connection *http;
};

static enum MHD_Result header_read(void *arg, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	const struct reader *reader = arg;
	struct fast_call_headers *headers = reader->headers;
	const char *key;

	(void)kind;
	if (strcasecmp(name, "traceparent") == 0) {
		trace_read(headers, reader->http, value);
	}
	if (is_reserved(name)) {
		return MHD_YES;
	}
	key = lower(headers->arena, name);
	if (key == NULL) {
		headers->has_no_room = true;
		headers->error = "there is no memory for the request's headers";
	} else if (is_binary(key)) {
		binary_add(headers, key, value);
	} else {
		entry_add(headers, key, value, strlen(value));
	}
	return headers->error == NULL ? MHD_YES : MHD_NO;
}

enum fast_status fast_headers_read(struct MHD_Connection *http, struct fast_arena *arena,
				   struct fast_call_headers *out)
{
	struct reader reader = {.headers = out, .http = http};

	*out = (struct fast_call_headers){.arena = arena};
	out->metadata.entries = out->entries;
	(void)MHD_get_connection_values(http, MHD_HEADER_KIND, header_read, &reader);
	if (out->error == NULL) {
		return FAST_OK;
	}
	return out->has_no_room ? FAST_RESOURCE_EXHAUSTED : FAST_INVALID_ARGUMENT;
}

/* The value as text; from malloc. NULL: no memory. */
static char *value_text(const struct fast_metadata_entry *entry)
{
	char *text;

	if (!is_binary(entry->key)) {
		return strndup(entry->value, entry->value_bytes);
	}
	text = malloc(fast_base64_bytes(entry->value_bytes) + 1);
	if (text != NULL) {
		fast_base64_print(entry->value, entry->value_bytes, text);
		text[strcspn(text, "=")] = '\0';
	}
	return text;
}

bool fast_headers_add(struct MHD_Response *response, const char *prefix,
		      const struct fast_metadata *metadata)
{
	bool is_good = true;

	for (size_t i = 0; i < metadata->count && is_good; i++) {
		const struct fast_metadata_entry *entry = &metadata->entries[i];
		char name[NAME_BYTES];
		char *value;

		if (is_reserved(entry->key)) {
			continue;
		}
		snprintf(name, sizeof name, "%s%s", prefix, entry->key);
		value = value_text(entry);
		is_good =
			value != NULL && MHD_add_response_header(response, name, value) == MHD_YES;
		free(value);
	}
	return is_good;
}

/* Whether an entry before this one has its key. */
static bool is_again(const struct fast_metadata *metadata, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(metadata->entries[i].key, metadata->entries[index].key) == 0) {
			return true;
		}
	}
	return false;
}

static void values_write(struct fast_writer *writer, const struct fast_metadata *metadata,
			 const char *key)
{
	for (size_t i = 0; i < metadata->count; i++) {
		char *text;

		if (strcmp(metadata->entries[i].key, key) != 0) {
			continue;
		}
		text = value_text(&metadata->entries[i]);
		if (text == NULL) {
			writer->failed = true;
			return;
		}
		fast_writer_string(writer, text, strlen(text));
		free(text);
	}
}

void fast_headers_write(struct fast_writer *writer, const struct fast_metadata *metadata)
{
	fast_writer_open(writer, '{');
	for (size_t i = 0; i < metadata->count; i++) {
		if (!is_again(metadata, i)) {
			fast_writer_name(writer, metadata->entries[i].key);
			fast_writer_open(writer, '[');
			values_write(writer, metadata, metadata->entries[i].key);
			fast_writer_close(writer, ']');
		}
	}
	fast_writer_close(writer, '}');
}
