#include "json/print.h"

#include "wire/check.h"
#include "json/dynamic.h"
#include "json/member.h"
#include "json/number.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Messages within messages: as deep as they may be on the wire, twice for what an Any holds. */
#define PRINT_DEPTH_MAX (2 * FAST_MESSAGE_DEPTH_MAX + 8)

bool fast_print_refuse(struct fast_printer *printer, const struct fast_path *path,
		       const char *format, ...)
{
	char sentence[FAST_JSON_ERROR_BYTES_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	fast_path_error(path, printer->error, "%s", sentence);
	printer->status = FAST_INVALID_ARGUMENT;
	return false;
}

static void print_double(struct fast_writer *writer, double number, const char *digits)
{
	if (isnan(number)) {
		fast_writer_word(writer, "\"NaN\"");
	} else if (isinf(number)) {
		fast_writer_word(writer, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
	} else {
		fast_writer_word(writer, digits);
	}
}

static int value_compare(const void *number, const void *value)
{
	int left = *(const int *)number, right = ((const ProtobufCEnumValue *)value)->value;

	return (left > right) - (left < right);
}

static void print_enum(struct fast_printer *printer, const ProtobufCEnumDescriptor *descriptor,
		       int number)
{
	/* protobuf-c's own search does not find INT32_MAX. */
	const ProtobufCEnumValue *value = bsearch(&number, descriptor->values, descriptor->n_values,
						  sizeof *descriptor->values, value_compare);
	char digits[16];

	if (((const struct fast_schema_enum *)(const void *)descriptor)->is_null) {
		fast_writer_word(&printer->writer, "null");
	} else if (value == NULL || (printer->flags & FAST_JSON_ENUM_NUMBERS) != 0) {
		snprintf(digits, sizeof digits, "%d", number);
		fast_writer_word(&printer->writer, digits);
	} else {
		fast_writer_string(&printer->writer, value->name, strlen(value->name));
	}
}

static bool print_bytes(struct fast_printer *printer, const ProtobufCBinaryData *data)
{
	char *text = malloc(fast_base64_bytes(data->len) + 1);

	if (text == NULL) {
		printer->writer.failed = true;
		return true;
	}
	fast_base64_print(data->data, data->len, text);
	fast_writer_string(&printer->writer, text, fast_base64_bytes(data->len));
	free(text);
	return true;
}

static void print_number(struct fast_writer *writer, ProtobufCType type, const void *member)
{
	char digits[FAST_NUMBER_BYTES_MAX];

	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		snprintf(digits, sizeof digits, "%" PRId32, *(const int32_t *)member);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		snprintf(digits, sizeof digits, "%" PRIu32, *(const uint32_t *)member);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		snprintf(digits, sizeof digits, "\"%" PRId64 "\"", *(const int64_t *)member);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		snprintf(digits, sizeof digits, "\"%" PRIu64 "\"", *(const uint64_t *)member);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		fast_number_print_float(*(const float *)member, digits);
		print_double(writer, (double)*(const float *)member, digits);
		return;
	default:
		assert(type == PROTOBUF_C_TYPE_DOUBLE);
		fast_number_print_double(*(const double *)member, digits);
		print_double(writer, *(const double *)member, digits);
		return;
	}
	fast_writer_word(writer, digits);
}

/* A message that is missing where one must be, as the value of a map's entry. */
static bool print_empty(struct fast_printer *printer, const struct fast_path *path,
			const struct fast_schema_message *type)
{
	struct fast_dynamic empty = {0};
	bool printed = true;

	if (fast_dynamic_open(&empty) == FAST_OK) {
		empty.message = fast_dynamic_new(type, empty.arena);
	}
	if (empty.message == NULL) {
		printer->writer.failed = true;
	} else {
		printed = fast_print_message(printer, path, empty.message);
	}
	fast_dynamic_fini(&empty);
	return printed;
}

bool fast_print_value(struct fast_printer *printer, const struct fast_path *path,
		      const ProtobufCMessage *message, unsigned field, const void *member)
{
	const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[field];
	const char *chars;

	switch (descriptor->type) {
	case PROTOBUF_C_TYPE_BOOL:
		fast_writer_word(&printer->writer,
				 *(const protobuf_c_boolean *)member ? "true" : "false");
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(printer, descriptor->descriptor, *(const int *)member);
		return true;
	case PROTOBUF_C_TYPE_STRING:
		chars = *(char *const *)member == NULL ? "" : *(char *const *)member;
		fast_writer_string(&printer->writer, chars, strlen(chars));
		return true;
	case PROTOBUF_C_TYPE_BYTES:
		return print_bytes(printer, member);
	case PROTOBUF_C_TYPE_MESSAGE:
		if (*(ProtobufCMessage *const *)member == NULL) {
			return print_empty(
				printer, path,
				fast_schema_of(message->descriptor)->fields[field].message);
		}
		return fast_print_message(printer, path, *(ProtobufCMessage *const *)member);
	default:
		print_number(&printer->writer, descriptor->type, member);
		return true;
	}
}

static bool print_list(struct fast_printer *printer, const struct fast_path *path,
		       const ProtobufCMessage *message, unsigned field)
{
	const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[field];
	size_t count = *fast_member_count(message, descriptor);
	const char *elements = *(char *const *)fast_member(message, descriptor);

	fast_writer_open(&printer->writer, '[');
	for (size_t i = 0; i < count; i++) {
		const struct fast_path step = {.up = path, .index = i};

		if (!fast_print_value(printer, &step, message, field,
				      elements + i * fast_member_bytes(descriptor->type))) {
			return false;
		}
	}
	fast_writer_close(&printer->writer, ']');
	return true;
}

/* Whether the field is shown though it has no value. */
static bool default_is_shown(const struct fast_printer *printer,
			     const ProtobufCFieldDescriptor *field)
{
	if ((printer->flags & FAST_JSON_DEFAULTS) == 0 ||
	    (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		return false;
	}
	return field->label == PROTOBUF_C_LABEL_REPEATED ||
	       (field->label == PROTOBUF_C_LABEL_NONE && field->type != PROTOBUF_C_TYPE_MESSAGE);
}

bool fast_print_fields(struct fast_printer *printer, const struct fast_path *path,
		       const ProtobufCMessage *message)
{
	const struct fast_schema_message *type = fast_schema_of(message->descriptor);

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const struct fast_path step = {.up = path, .name = type->fields[i].json_name};
		bool printed;

		if (!fast_member_is_set(message, field) && !default_is_shown(printer, field)) {
			continue;
		}
		fast_writer_name(&printer->writer, (printer->flags & FAST_JSON_PROTO_NAMES) != 0
							   ? field->name
							   : type->fields[i].json_name);
		if (type->fields[i].is_map) {
			printed = fast_print_map(printer, &step, message, i);
		} else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			printed = print_list(printer, &step, message, i);
		} else {
			printed = fast_print_value(printer, &step, message, i,
						   fast_member(message, field));
		}
		if (!printed) {
			return false;
		}
	}
	return true;
}

bool fast_print_message(struct fast_printer *printer, const struct fast_path *path,
			const ProtobufCMessage *message)
{
	bool printed;

	if (printer->depth >= PRINT_DEPTH_MAX) {
		return fast_print_refuse(printer, path, "the message is nested too deep");
	}
	printer->depth++;
	if (fast_schema_of(message->descriptor)->known != FAST_KNOWN_NONE) {
		printed = fast_print_known(printer, path, message);
	} else {
		fast_writer_open(&printer->writer, '{');
		printed = fast_print_fields(printer, path, message);
		fast_writer_close(&printer->writer, '}');
	}
	printer->depth--;
	return printed;
}

/* The same message of the schema, when it came from generated code. */
static enum fast_status message_adopt(const struct fast_schema *schema,
				      const ProtobufCMessage *message, struct fast_dynamic *out,
				      char *error)
{
	const char *name = message->descriptor->name;
	enum fast_status status;
	size_t bytes = 0;
	uint8_t *data;

	status = fast_message_size(message, FAST_JSON_BYTES_MAX, &bytes);
	data = status == FAST_OK ? malloc(bytes + 1) : NULL;
	if (data == NULL) {
		snprintf(error, FAST_JSON_ERROR_BYTES_MAX, "%.200s: it cannot be packed", name);
		return status == FAST_OK ? FAST_RESOURCE_EXHAUSTED : status;
	}
	protobuf_c_message_pack(message, data);
	status = fast_dynamic_unpack(schema, name, data, bytes, out, error);
	free(data);
	return status;
}

enum fast_status fast_json_print(const struct fast_schema *schema, const ProtobufCMessage *message,
				 unsigned flags, char **out, char *error)
{
	char unread[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_printer printer = {
		.schema = schema, .flags = flags, .error = error == NULL ? unread : error};
	struct fast_dynamic adopted = {0};

	assert(message != NULL && out != NULL);
	printer.writer.indent = (flags & FAST_JSON_INDENT) != 0;
	if (fast_schema_message(schema, message->descriptor->name) != message->descriptor) {
		printer.status = message_adopt(schema, message, &adopted, printer.error);
		if (printer.status != FAST_OK) {
			return printer.status;
		}
		message = adopted.message;
	}
	if (fast_print_message(&printer, NULL, message)) {
		*out = fast_writer_take(&printer.writer);
		if (*out == NULL) {
			printer.status = FAST_RESOURCE_EXHAUSTED;
			snprintf(printer.error, FAST_JSON_ERROR_BYTES_MAX,
				 "the text takes too much memory");
		}
	}
	fast_writer_fini(&printer.writer);
	fast_dynamic_fini(&adopted);
	return printer.status;
}
