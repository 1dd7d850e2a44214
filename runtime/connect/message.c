/* The message of a request, and messages for answers, in either codec. */
#include "connect/exchange.h"
#include "connect/gzip.h"

#include "rpc/reply.h"
#include "json/number.h"
#include <stdlib.h>
#include <string.h>

#define ENVELOPE_BYTES      5
#define ENVELOPE_COMPRESSED 1

/* The bytes of a request's message, where they lie. */
struct piece {
	const uint8_t *data;
	size_t bytes;
	bool is_gzipped;
};

static bool piece_of_query(struct fast_exchange *exchange, struct piece *out)
{
	const char *base64 = fast_exchange_query(exchange, "base64");
	const char *text = NULL;
	size_t bytes = 0;
	uint8_t *data;

	if (MHD_lookup_connection_value_n(exchange->http, MHD_GET_ARGUMENT_KIND, "message",
					  strlen("message"), &text, &bytes) != MHD_YES ||
	    text == NULL) {
		*out = (struct piece){.data = (const uint8_t *)""};
		return true;
	}
	*out = (struct piece){(const uint8_t *)text, bytes, exchange->is_gzipped};
	if (base64 == NULL || strcmp(base64, "1") != 0) {
		return true;
	}
	data = fast_arena_alloc(&exchange->arena, bytes + 1);
	if (data == NULL) {
		fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
				     "there is no memory for the request");
		return false;
	}
	if (!fast_base64_read(text, bytes, data, &out->bytes)) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "base64=1, but the message is not base 64 (of URLs)");
		return false;
	}
	out->data = data;
	return true;
}

/* Connect's envelope: flags, length, message; one, and nothing behind it. */
static bool piece_of_envelope(struct fast_exchange *exchange, struct piece *out)
{
	const uint8_t *body = exchange->body;
	size_t bytes;

	if (exchange->body_bytes < ENVELOPE_BYTES) {
		fast_exchange_refuse(exchange, 0, FAST_UNIMPLEMENTED,
				     "the request has no message; a server stream takes one, in an "
				     "envelope of 5 bytes");
		return false;
	}
	bytes = (size_t)body[1] << 24 | (size_t)body[2] << 16 | (size_t)body[3] << 8 | body[4];
	if (body[0] == ENVELOPE_COMPRESSED && !exchange->is_gzipped) {
		fast_exchange_refuse(exchange, 0, FAST_INTERNAL,
				     "the message is compressed, but no encoding is named");
	} else if ((body[0] & ~ENVELOPE_COMPRESSED) != 0) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "the envelope has flags 0x%02x; a request's has 0", body[0]);
	} else if (bytes > exchange->body_bytes - ENVELOPE_BYTES) {
		fast_exchange_refuse(exchange, 0, FAST_INVALID_ARGUMENT,
				     "the envelope announces %zu bytes, but %zu follow", bytes,
				     exchange->body_bytes - ENVELOPE_BYTES);
	} else if (bytes < exchange->body_bytes - ENVELOPE_BYTES) {
		fast_exchange_refuse(exchange, 0, FAST_UNIMPLEMENTED,
				     "the request has more than one message");
	} else {
		*out = (struct piece){body + ENVELOPE_BYTES, bytes, body[0] == ENVELOPE_COMPRESSED};
		return true;
	}
	return false;
}

/* A small piece may hold a bomb: it goes off at the limit. */
static bool piece_unpack(struct fast_exchange *exchange, struct piece *piece)
{
	uint32_t most = exchange->connect->options.message_bytes_max;
	size_t bytes = 0;
	enum fast_status status =
		fast_gunzip(piece->data, piece->bytes, most, &exchange->unpacked, &bytes);

	if (status == FAST_OUT_OF_RANGE) {
		fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
				     "the message is longer than %u bytes when it is unpacked; no "
				     "longer one is taken",
				     (unsigned)most);
	} else if (status != FAST_OK) {
		fast_exchange_refuse(exchange, 0, status, "%s",
				     status == FAST_INVALID_ARGUMENT
					     ? "the message is said to be gzip, but is not, or not "
					       "whole"
					     : "there is no memory for the request");
	}
	*piece = (struct piece){.data = exchange->unpacked, .bytes = bytes};
	return status == FAST_OK;
}

static bool piece_find(struct fast_exchange *exchange, struct piece *out)
{
	uint32_t most = exchange->connect->options.message_bytes_max;

	if (exchange->is_get) {
		if (!piece_of_query(exchange, out)) {
			return false;
		}
	} else if (exchange->is_enveloped) {
		if (!piece_of_envelope(exchange, out)) {
			return false;
		}
	} else {
		*out = (struct piece){exchange->body, exchange->body_bytes, exchange->is_gzipped};
	}
	if (out->is_gzipped && out->bytes > 0) {
		return piece_unpack(exchange, out);
	}
	if (out->bytes > most) {
		fast_exchange_refuse(exchange, 0, FAST_RESOURCE_EXHAUSTED,
				     "the message has %zu bytes; at most %u are taken", out->bytes,
				     (unsigned)most);
		return false;
	}
	return true;
}

bool fast_exchange_message(struct fast_exchange *exchange, struct fast_dynamic *out)
{
	const struct fast_route *route = &exchange->route;
	const char *name = route->method->request->name;
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct piece piece = {.data = NULL};
	enum fast_status status;

	if (!piece_find(exchange, &piece)) {
		return false;
	}
	if (exchange->codec == FAST_CODEC_PROTO) {
		status = fast_dynamic_unpack(route->schema, name, piece.data, piece.bytes, out,
					     error);
	} else {
		bool is_empty = piece.bytes == 0 && (exchange->is_get || !exchange->is_program);

		/* Who writes by hand is told of a field that is misspelt; a program may know fields
		 * that are newer than this server. */
		status = fast_json_parse(
			route->schema, name, is_empty ? "{}" : (const char *)piece.data,
			is_empty ? 2 : piece.bytes,
			exchange->is_program ? FAST_JSON_IGNORE_UNKNOWN : 0, out, error);
	}
	if (status != FAST_OK) {
		fast_exchange_refuse(exchange, 0, status, "the request is no %s: %s", name, error);
	}
	return status == FAST_OK;
}

static bool print_failed(struct fast_reply *reply, enum fast_status status, const char *format,
			 const char *what)
{
	fast_reply_fini(reply);
	fast_reply_fail(reply, status, FAST_EXECUTED_YES, format, what);
	return false;
}

bool fast_exchange_print(const struct fast_exchange *exchange, const ProtobufCMessage *message,
			 struct fast_writer *writer, struct fast_reply *reply)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];
	char *text = NULL;
	enum fast_status status;
	size_t bytes;

	if (exchange->codec == FAST_CODEC_JSON) {
		status = fast_json_print(exchange->route.schema, message, 0, &text, error);
		if (status != FAST_OK) {
			return print_failed(
				reply, status == FAST_RESOURCE_EXHAUSTED ? status : FAST_INTERNAL,
				"the answer has no JSON: %s", error);
		}
		fast_writer_add(writer, text, strlen(text));
		free(text);
	} else {
		bytes = protobuf_c_message_get_packed_size(message);
		text = malloc(bytes + 1);
		if (text == NULL) {
			return print_failed(reply, FAST_RESOURCE_EXHAUSTED, "%s",
					    "there is no memory for the answer");
		}
		protobuf_c_message_pack(message, (uint8_t *)text);
		fast_writer_add(writer, text, bytes);
		free(text);
	}
	return !writer->failed || print_failed(reply, FAST_RESOURCE_EXHAUSTED, "%s",
					       "there is no memory for the answer");
}
