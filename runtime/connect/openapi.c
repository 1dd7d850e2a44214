/* The methods as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0), for tools. */
#include "connect/exchange.h"

#include "json/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REF_BYTES 512

/* Messages whose schemas are to be written; each once. */
struct shelf {
	const struct fast_schema_message **messages;
	size_t count;
	size_t capacity;
	bool failed;
};

static void shelf_put(struct shelf *shelf, const struct fast_schema_message *message)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (strcmp(shelf->messages[i]->descriptor.name, message->descriptor.name) == 0) {
			return;
		}
	}
	if (shelf->count == shelf->capacity) {
		size_t capacity = shelf->capacity == 0 ? 64 : 2 * shelf->capacity;
		const struct fast_schema_message **grown =
			realloc(shelf->messages, capacity * sizeof(*grown));
		if (grown == NULL) {
			shelf->failed = true;
			return;
		}
		shelf->messages = grown;
		shelf->capacity = capacity;
	}
	shelf->messages[shelf->count++] = message;
}

static void text_write(struct fast_writer *writer, const char *name, const char *text)
{
	fast_writer_name(writer, name);
	fast_writer_string(writer, text, strlen(text));
}

static void ref_write(struct fast_writer *writer, const char *message)
{
	char ref[REF_BYTES];

	snprintf(ref, sizeof ref, "#/components/schemas/%s", message);
	fast_writer_open(writer, '{');
	text_write(writer, "$ref", ref);
	fast_writer_close(writer, '}');
}

/* JSON's form of a scalar; of 64 bits it is a string. */
static const struct {
	const char *type;
	const char *format;
} scalars[] = {
	[PROTOBUF_C_TYPE_INT32] = {"integer", "int32"},
	[PROTOBUF_C_TYPE_SINT32] = {"integer", "int32"},
	[PROTOBUF_C_TYPE_SFIXED32] = {"integer", "int32"},
	[PROTOBUF_C_TYPE_INT64] = {"string", "int64"},
	[PROTOBUF_C_TYPE_SINT64] = {"string", "int64"},
	[PROTOBUF_C_TYPE_SFIXED64] = {"string", "int64"},
	[PROTOBUF_C_TYPE_UINT32] = {"integer", "uint32"},
	[PROTOBUF_C_TYPE_FIXED32] = {"integer", "uint32"},
	[PROTOBUF_C_TYPE_UINT64] = {"string", "uint64"},
	[PROTOBUF_C_TYPE_FIXED64] = {"string", "uint64"},
	[PROTOBUF_C_TYPE_FLOAT] = {"number", "float"},
	[PROTOBUF_C_TYPE_DOUBLE] = {"number", "double"},
	[PROTOBUF_C_TYPE_BOOL] = {"boolean", NULL},
	[PROTOBUF_C_TYPE_ENUM] = {"string", NULL},
	[PROTOBUF_C_TYPE_STRING] = {"string", NULL},
	[PROTOBUF_C_TYPE_BYTES] = {"string", "byte"},
};

static void enum_write(struct fast_writer *writer, const ProtobufCEnumDescriptor *descriptor)
{
	fast_writer_name(writer, "enum");
	fast_writer_open(writer, '[');
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		fast_writer_string(writer, descriptor->values[i].name,
				   strlen(descriptor->values[i].name));
	}
	fast_writer_close(writer, ']');
}

/* One value of the field, repeated or not. */
static void value_write(struct fast_writer *writer, struct shelf *shelf,
			const struct fast_schema_message *message, unsigned field)
{
	const struct fast_schema_field *own = &message->fields[field];
	ProtobufCType type = message->descriptor.fields[field].type;

	if (own->message != NULL) {
		shelf_put(shelf, own->message);
		ref_write(writer, own->message->descriptor.name);
		return;
	}
	fast_writer_open(writer, '{');
	text_write(writer, "type", scalars[type].type);
	if (scalars[type].format != NULL) {
		text_write(writer, "format", scalars[type].format);
	}
	if (own->enumeration != NULL) {
		enum_write(writer, &own->enumeration->descriptor);
	}
	fast_writer_close(writer, '}');
}

static void field_write(struct fast_writer *writer, struct shelf *shelf,
			const struct fast_schema_message *message, unsigned field)
{
	const struct fast_schema_field *own = &message->fields[field];

	fast_writer_name(writer, own->json_name);
	if (own->is_map) {
		fast_writer_open(writer, '{');
		text_write(writer, "type", "object");
		fast_writer_name(writer, "additionalProperties");
		value_write(writer, shelf, own->message, 1);
		fast_writer_close(writer, '}');
	} else if (message->descriptor.fields[field].label == PROTOBUF_C_LABEL_REPEATED) {
		fast_writer_open(writer, '{');
		text_write(writer, "type", "array");
		fast_writer_name(writer, "items");
		value_write(writer, shelf, message, field);
		fast_writer_close(writer, '}');
	} else {
		value_write(writer, shelf, message, field);
	}
}

/* What JSON has for messages that are not objects; NULL: it is one. */
static const char *const known_schemas[] = {
	[FAST_KNOWN_NONE] = NULL,
	[FAST_KNOWN_ANY] = "{\"type\":\"object\",\"properties\":{\"@type\":{\"type\":\"string\"}}}",
	[FAST_KNOWN_DURATION] = "{\"type\":\"string\",\"examples\":[\"1.5s\"]}",
	[FAST_KNOWN_FIELD_MASK] = "{\"type\":\"string\"}",
	[FAST_KNOWN_LIST] = "{\"type\":\"array\"}",
	[FAST_KNOWN_STRUCT] = "{\"type\":\"object\"}",
	[FAST_KNOWN_TIMESTAMP] = "{\"type\":\"string\",\"format\":\"date-time\"}",
	[FAST_KNOWN_VALUE] = "{}",
	[FAST_KNOWN_WRAPPER] = "{}",
};

static void message_write(struct fast_writer *writer, struct shelf *shelf,
			  const struct fast_schema_message *message)
{
	fast_writer_name(writer, message->descriptor.name);
	if (known_schemas[message->known] != NULL) {
		fast_writer_word(writer, known_schemas[message->known]);
		return;
	}
	fast_writer_open(writer, '{');
	text_write(writer, "type", "object");
	if (message->descriptor.n_fields > 0) {
		fast_writer_name(writer, "properties");
		fast_writer_open(writer, '{');
		for (unsigned i = 0; i < message->descriptor.n_fields; i++) {
			field_write(writer, shelf, message, i);
		}
		fast_writer_close(writer, '}');
	}
	fast_writer_close(writer, '}');
}

/* "content": {type: {"schema": ...}} */
static void content_write(struct fast_writer *writer, const char *type,
			  const ProtobufCMessageDescriptor *message)
{
	fast_writer_name(writer, "content");
	fast_writer_open(writer, '{');
	fast_writer_name(writer, type);
	fast_writer_open(writer, '{');
	fast_writer_name(writer, "schema");
	ref_write(writer, message->name);
	fast_writer_close(writer, '}');
	fast_writer_close(writer, '}');
}

static void responses_write(struct fast_writer *writer, const struct fast_method *method)
{
	bool is_stream = method->kind == FAST_METHOD_SERVER_STREAM;

	fast_writer_name(writer, "responses");
	fast_writer_open(writer, '{');
	fast_writer_name(writer, "200");
	fast_writer_open(writer, '{');
	text_write(writer, "description",
		   is_stream ? "Events whose data is one message each; the last has the type end "
			       "or error."
			     : "The answer.");
	content_write(writer, is_stream ? "text/event-stream" : "application/json",
		      method->response);
	fast_writer_close(writer, '}');
	fast_writer_name(writer, "default");
	fast_writer_open(writer, '{');
	text_write(writer, "description", "Why not.");
	fast_writer_name(writer, "content");
	fast_writer_word(writer, "{\"application/json\":{\"schema\":{\"$ref\":"
				 "\"#/components/schemas/connect.Error\"}}}");
	fast_writer_close(writer, '}');
	fast_writer_close(writer, '}');
}

static void operation_write(struct fast_writer *writer, const struct fast_service *service,
			    const struct fast_method *method, bool is_get)
{
	char id[REF_BYTES];

	snprintf(id, sizeof id, "%s.%s%s", service->name, method->name, is_get ? ".get" : "");
	fast_writer_name(writer, is_get ? "get" : "post");
	fast_writer_open(writer, '{');
	text_write(writer, "operationId", id);
	fast_writer_name(writer, "tags");
	fast_writer_open(writer, '[');
	fast_writer_string(writer, service->name, strlen(service->name));
	fast_writer_close(writer, ']');
	if (is_get) {
		fast_writer_name(writer, "parameters");
		fast_writer_open(writer, '[');
		fast_writer_open(writer, '{');
		text_write(writer, "name", "message");
		text_write(writer, "in", "query");
		content_write(writer, "application/json", method->request);
		fast_writer_close(writer, '}');
		fast_writer_close(writer, ']');
	} else {
		fast_writer_name(writer, "requestBody");
		fast_writer_open(writer, '{');
		content_write(writer, "application/json", method->request);
		fast_writer_close(writer, '}');
	}
	responses_write(writer, method);
	fast_writer_close(writer, '}');
}

static void method_write(struct fast_writer *writer, struct shelf *shelf,
			 const struct fast_service *service, const struct fast_method *method)
{
	bool is_safe = method->idempotency == FAST_IDEMPOTENCY_NO_SIDE_EFFECTS;
	bool is_unary = method->kind == FAST_METHOD_UNARY;
	char path[REF_BYTES];

	if (!is_unary && (method->kind != FAST_METHOD_SERVER_STREAM || !is_safe)) {
		return; /* no plain HTTP for it */
	}
	shelf_put(shelf, fast_schema_of(method->request));
	shelf_put(shelf, fast_schema_of(method->response));
	snprintf(path, sizeof path, "/%s", method->path);
	fast_writer_name(writer, path);
	fast_writer_open(writer, '{');
	if (is_safe) {
		operation_write(writer, service, method, true);
	}
	if (is_unary) {
		operation_write(writer, service, method, false);
	}
	fast_writer_close(writer, '}');
}

char *fast_connect_openapi(const struct fast_routes *routes, const char *title)
{
	struct fast_writer writer = {.indent = true};
	struct shelf shelf = {.messages = NULL};

	fast_writer_open(&writer, '{');
	text_write(&writer, "openapi", "3.1.0");
	fast_writer_name(&writer, "info");
	fast_writer_open(&writer, '{');
	text_write(&writer, "title", title);
	text_write(&writer, "version", "1");
	fast_writer_close(&writer, '}');
	fast_writer_name(&writer, "paths");
	fast_writer_open(&writer, '{');
	for (size_t i = 0; i < routes->count; i++) {
		const struct fast_service *service = routes->services[i].dynamic;

		for (size_t j = 0; j < service->method_count; j++) {
			method_write(&writer, &shelf, service, &service->methods[j]);
		}
	}
	fast_writer_close(&writer, '}');
	fast_writer_name(&writer, "components");
	fast_writer_open(&writer, '{');
	fast_writer_name(&writer, "schemas");
	fast_writer_open(&writer, '{');
	fast_writer_name(&writer, "connect.Error");
	fast_writer_word(&writer,
			 "{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\"},"
			 "\"message\":{\"type\":\"string\"},\"details\":{\"type\":\"array\"}}}");
	for (size_t i = 0; i < shelf.count; i++) { /* the shelf grows meanwhile */
		message_write(&writer, &shelf, shelf.messages[i]);
	}
	fast_writer_close(&writer, '}');
	fast_writer_close(&writer, '}');
	fast_writer_close(&writer, '}');
	writer.failed = writer.failed || shelf.failed;
	free(shelf.messages);
	return fast_writer_take(&writer);
}
