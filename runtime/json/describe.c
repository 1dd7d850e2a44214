#include "json/schema.h"
#include "json/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INDENT "  "

static const char *const type_names[] = {
	[PROTOBUF_C_TYPE_INT32] = "int32",       [PROTOBUF_C_TYPE_SINT32] = "sint32",
	[PROTOBUF_C_TYPE_SFIXED32] = "sfixed32", [PROTOBUF_C_TYPE_INT64] = "int64",
	[PROTOBUF_C_TYPE_SINT64] = "sint64",     [PROTOBUF_C_TYPE_SFIXED64] = "sfixed64",
	[PROTOBUF_C_TYPE_UINT32] = "uint32",     [PROTOBUF_C_TYPE_FIXED32] = "fixed32",
	[PROTOBUF_C_TYPE_UINT64] = "uint64",     [PROTOBUF_C_TYPE_FIXED64] = "fixed64",
	[PROTOBUF_C_TYPE_FLOAT] = "float",       [PROTOBUF_C_TYPE_DOUBLE] = "double",
	[PROTOBUF_C_TYPE_BOOL] = "bool",         [PROTOBUF_C_TYPE_STRING] = "string",
	[PROTOBUF_C_TYPE_BYTES] = "bytes",
};

static const char *type_name(const struct fast_schema_message *message, unsigned field)
{
	const struct fast_schema_field *own = &message->fields[field];

	if (own->message != NULL) {
		return own->message->descriptor.name;
	}
	return own->enumeration != NULL ? own->enumeration->descriptor.name
					: type_names[message->descriptor.fields[field].type];
}

static void describe_field(struct fast_writer *writer, const struct fast_schema_message *message,
			   unsigned field, const char *indent)
{
	const ProtobufCFieldDescriptor *descriptor = &message->descriptor.fields[field];
	const struct fast_schema_field *own = &message->fields[field];
	const char *label = "";

	if (own->is_map) {
		fast_writer_print(writer, "%smap<%s, %s> %s = %" PRIu32 ";\n", indent,
				  type_name(own->message, 0), type_name(own->message, 1),
				  descriptor->name, descriptor->id);
		return;
	}
	if (descriptor->label == PROTOBUF_C_LABEL_REPEATED) {
		label = "repeated ";
	} else if (descriptor->label == PROTOBUF_C_LABEL_REQUIRED) {
		label = "required ";
	} else if ((own->oneof < 0 && !message->is_proto3) ||
		   (own->oneof >= 0 && message->oneofs[own->oneof].is_optional)) {
		label = "optional ";
	}
	fast_writer_print(writer, "%s%s%s %s = %" PRIu32 ";\n", indent, label,
			  type_name(message, field), descriptor->name, descriptor->id);
}

/* A oneof at its first member; the others are left out where they stand. */
static void describe_oneof(struct fast_writer *writer, const struct fast_schema_message *message,
			   int oneof)
{
	fast_writer_print(writer, INDENT "oneof %s {\n", message->oneofs[oneof].name);
	for (unsigned i = 0; i < message->descriptor.n_fields; i++) {
		if (message->fields[i].oneof == oneof) {
			describe_field(writer, message, i, INDENT INDENT);
		}
	}
	fast_writer_print(writer, INDENT "}\n");
}

static bool oneof_came_before(const struct fast_schema_message *message, unsigned field)
{
	for (unsigned i = 0; i < field; i++) {
		if (message->fields[i].oneof == message->fields[field].oneof) {
			return true;
		}
	}
	return false;
}

static void describe_message(struct fast_writer *writer, const struct fast_schema_message *message)
{
	fast_writer_print(writer, "message %s {\n", message->descriptor.name);
	for (unsigned i = 0; i < message->descriptor.n_fields; i++) {
		int oneof = message->fields[i].oneof;

		if (oneof < 0 || message->oneofs[oneof].is_optional) {
			describe_field(writer, message, i, INDENT);
		} else if (!oneof_came_before(message, i)) {
			describe_oneof(writer, message, oneof);
		}
	}
	fast_writer_print(writer, "}\n");
}

static void describe_enum(struct fast_writer *writer, const struct fast_schema_enum *enumeration)
{
	fast_writer_print(writer, "enum %s {\n", enumeration->descriptor.name);
	for (size_t i = 0; i < enumeration->source->n_value; i++) {
		fast_writer_print(writer, INDENT "%s = %" PRId32 ";\n",
				  enumeration->source->value[i]->name,
				  enumeration->source->value[i]->number);
	}
	fast_writer_print(writer, "}\n");
}

static void describe_method(struct fast_writer *writer, const struct fast_method *method)
{
	static const char *const levels[] = {
		[FAST_IDEMPOTENCY_UNKNOWN] = ";",
		[FAST_IDEMPOTENCY_NO_SIDE_EFFECTS] =
			" { option idempotency_level = NO_SIDE_EFFECTS; }",
		[FAST_IDEMPOTENCY_IDEMPOTENT] = " { option idempotency_level = IDEMPOTENT; }",
	};
	bool from_client = method->kind == FAST_METHOD_CLIENT_STREAM ||
			   method->kind == FAST_METHOD_BIDI_STREAM;
	bool from_server = method->kind == FAST_METHOD_SERVER_STREAM ||
			   method->kind == FAST_METHOD_BIDI_STREAM;

	fast_writer_print(writer, INDENT "rpc %s(%s%s) returns (%s%s)%s\n", method->name,
			  from_client ? "stream " : "", method->request->name,
			  from_server ? "stream " : "", method->response->name,
			  levels[method->idempotency]);
}

static void describe_service(struct fast_writer *writer, const struct fast_service *service)
{
	fast_writer_print(writer, "service %s {\n", service->name);
	for (size_t i = 0; i < service->method_count; i++) {
		describe_method(writer, &service->methods[i]);
	}
	fast_writer_print(writer, "}\n");
}

/* A method with what it takes and gives. */
static void describe_call(struct fast_writer *writer, const struct fast_method *method)
{
	fast_writer_print(writer, "service %.*s {\n", (int)strcspn(method->path, "/"),
			  method->path);
	describe_method(writer, method);
	fast_writer_print(writer, "}\n\n");
	describe_message(writer, fast_schema_of(method->request));
	if (method->response != method->request) {
		fast_writer_print(writer, "\n");
		describe_message(writer, fast_schema_of(method->response));
	}
}

enum fast_status fast_schema_describe(const struct fast_schema *schema, const char *name,
				      char **out)
{
	const struct fast_symbol *symbol = fast_schema_find(schema, name);
	const struct fast_method *method = fast_schema_method(schema, name);
	struct fast_writer writer = {0};

	if (method != NULL) {
		describe_call(&writer, method);
	} else if (symbol == NULL) {
		return FAST_NOT_FOUND;
	} else if (symbol->kind == FAST_SYMBOL_MESSAGE) {
		describe_message(&writer, symbol->message);
	} else if (symbol->kind == FAST_SYMBOL_ENUM) {
		describe_enum(&writer, symbol->enumeration);
	} else {
		describe_service(&writer, symbol->service);
	}
	*out = fast_writer_take(&writer);
	return *out == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}
