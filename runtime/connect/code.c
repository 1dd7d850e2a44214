#include "connect/code.h"

#include "json/number.h"
#include <stdlib.h>
#include <string.h>

/* connectrpc.com/docs/protocol, "Error codes". */
static const struct {
	const char *word;
	unsigned http;
} codes[] = {
	[FAST_OK] = {NULL, 200},
	[FAST_CANCELLED] = {"canceled", 499},
	[FAST_UNKNOWN] = {"unknown", 500},
	[FAST_INVALID_ARGUMENT] = {"invalid_argument", 400},
	[FAST_DEADLINE_EXCEEDED] = {"deadline_exceeded", 504},
	[FAST_NOT_FOUND] = {"not_found", 404},
	[FAST_ALREADY_EXISTS] = {"already_exists", 409},
	[FAST_PERMISSION_DENIED] = {"permission_denied", 403},
	[FAST_RESOURCE_EXHAUSTED] = {"resource_exhausted", 429},
	[FAST_FAILED_PRECONDITION] = {"failed_precondition", 400},
	[FAST_ABORTED] = {"aborted", 409},
	[FAST_OUT_OF_RANGE] = {"out_of_range", 400},
	[FAST_UNIMPLEMENTED] = {"unimplemented", 501},
	[FAST_INTERNAL] = {"internal", 500},
	[FAST_UNAVAILABLE] = {"unavailable", 503},
	[FAST_DATA_LOSS] = {"data_loss", 500},
	[FAST_UNAUTHENTICATED] = {"unauthenticated", 401},
};
#define CODES (sizeof codes / sizeof codes[0])

const char *fast_connect_code(enum fast_status status)
{
	return (size_t)status < CODES ? codes[status].word : codes[FAST_UNKNOWN].word;
}

unsigned fast_connect_http_code(enum fast_status status)
{
	return (size_t)status < CODES ? codes[status].http : codes[FAST_UNKNOWN].http;
}

/* Base 64 without its padding. */
static void write_base64(struct fast_writer *writer, const uint8_t *data, size_t bytes)
{
	char *text = malloc(fast_base64_bytes(bytes) + 1);
	size_t length;

	if (text == NULL) {
		writer->failed = true;
		return;
	}
	fast_base64_print(data, bytes, text);
	length = fast_base64_bytes(bytes);
	while (length > 0 && text[length - 1] == '=') {
		length--;
	}
	fast_writer_string(writer, text, length);
	free(text);
}

/* The detail as people read it, where that can be had. */
static void write_debug(struct fast_writer *writer, const struct fast_schema *schema,
			const struct fast_detail *detail)
{
	struct fast_dynamic dynamic = {.message = NULL};
	char *text = NULL;

	if (schema == NULL || fast_dynamic_unpack(schema, detail->type, detail->value,
						  detail->value_bytes, &dynamic, NULL) != FAST_OK) {
		return;
	}
	if (fast_json_print(schema, dynamic.message, 0, &text, NULL) == FAST_OK) {
		fast_writer_name(writer, "debug");
		fast_writer_word(writer, text);
	}
	free(text);
	fast_dynamic_fini(&dynamic);
}

void fast_connect_write_error(struct fast_writer *writer, const struct fast_schema *schema,
			      const struct fast_reply *reply)
{
	const char *word = fast_connect_code(reply->status);

	fast_writer_open(writer, '{');
	fast_writer_name(writer, "code");
	fast_writer_string(writer, word, strlen(word));
	if (reply->text[0] != '\0') {
		fast_writer_name(writer, "message");
		fast_writer_string(writer, reply->text, strlen(reply->text));
	}
	if (reply->detail_count > 0) {
		fast_writer_name(writer, "details");
		fast_writer_open(writer, '[');
		for (size_t i = 0; i < reply->detail_count; i++) {
			const struct fast_detail *detail = &reply->details[i];

			fast_writer_open(writer, '{');
			fast_writer_name(writer, "type");
			fast_writer_string(writer, detail->type, strlen(detail->type));
			fast_writer_name(writer, "value");
			write_base64(writer, detail->value, detail->value_bytes);
			write_debug(writer, schema, detail);
			fast_writer_close(writer, '}');
		}
		fast_writer_close(writer, ']');
	}
	fast_writer_close(writer, '}');
}
