#include "json/parse.h"

#include "json/number.h"

#include <inttypes.h>
#include <string.h>

/* The text of a number, quoted or not; NULL: it is neither. */
static const char *number_text(const struct fast_json_node *node)
{
	if (node->kind != FAST_JSON_NUMBER && node->kind != FAST_JSON_STRING) {
		return NULL;
	}
	return strlen(node->text) == node->bytes ? node->text : NULL;
}

static enum fast_parsed number_fault(struct fast_parser *parser, const struct fast_path *path,
				     const struct fast_json_node *node, enum fast_number fault,
				     const char *type)
{
	const char *text = number_text(node);

	switch (fault) {
	case FAST_NUMBER_READ:
		return FAST_PARSED_VALUE;
	case FAST_NUMBER_FRACTION:
		fast_parse_refuse(parser, path, "%.64s is not a whole number", text);
		break;
	case FAST_NUMBER_OUT_OF_RANGE:
		fast_parse_refuse(parser, path, "%.64s is out of the range of %s", text, type);
		break;
	case FAST_NUMBER_NONE:
		if (text == NULL || node->kind == FAST_JSON_NUMBER) {
			fast_parse_expected(parser, path, "a number", node);
		} else {
			fast_parse_refuse(parser, path, "\"%.64s\" is not a number", text);
		}
		break;
	}
	return FAST_PARSED_FAILED;
}

static enum fast_parsed parse_signed(struct fast_parser *parser, const struct fast_path *path,
				     const struct fast_json_node *node, bool wide, void *member)
{
	const char *text = number_text(node);
	enum fast_number result = FAST_NUMBER_NONE;
	int64_t value = 0;

	if (text != NULL) {
		result = fast_number_signed(text, wide ? INT64_MIN : INT32_MIN,
					    wide ? INT64_MAX : INT32_MAX, &value);
	}
	if (wide) {
		*(int64_t *)member = value;
	} else {
		*(int32_t *)member = (int32_t)value;
	}
	return number_fault(parser, path, node, result, wide ? "int64" : "int32");
}

static enum fast_parsed parse_unsigned(struct fast_parser *parser, const struct fast_path *path,
				       const struct fast_json_node *node, bool wide, void *member)
{
	const char *text = number_text(node);
	enum fast_number result = FAST_NUMBER_NONE;
	uint64_t value = 0;

	if (text != NULL) {
		result = fast_number_unsigned(text, wide ? UINT64_MAX : UINT32_MAX, &value);
	}
	if (wide) {
		*(uint64_t *)member = value;
	} else {
		*(uint32_t *)member = (uint32_t)value;
	}
	return number_fault(parser, path, node, result, wide ? "uint64" : "uint32");
}

static enum fast_parsed parse_real(struct fast_parser *parser, const struct fast_path *path,
				   const struct fast_json_node *node, ProtobufCType type,
				   void *member)
{
	const char *text = number_text(node);
	bool names = node->kind == FAST_JSON_STRING;
	enum fast_number result = FAST_NUMBER_NONE;

	if (text != NULL && type == PROTOBUF_C_TYPE_FLOAT) {
		result = fast_number_float(text, names, member);
	} else if (text != NULL) {
		result = fast_number_double(text, names, member);
	}
	return number_fault(parser, path, node, result,
			    type == PROTOBUF_C_TYPE_FLOAT ? "float" : "double");
}

static enum fast_parsed parse_enum(struct fast_parser *parser, const struct fast_path *path,
				   const ProtobufCEnumDescriptor *descriptor,
				   const struct fast_json_node *node, int *member)
{
	const ProtobufCEnumValue *value;
	const char *nearest;

	if (node->kind == FAST_JSON_NULL) { /* only NullValue comes here with it */
		*member = 0;
		return FAST_PARSED_VALUE;
	}
	if (node->kind == FAST_JSON_NUMBER) {
		int32_t number = 0;
		enum fast_parsed parsed = parse_signed(parser, path, node, false, &number);

		*member = number;
		return parsed;
	}
	if (node->kind != FAST_JSON_STRING) {
		fast_parse_expected(parser, path, "the name of an enum value", node);
		return FAST_PARSED_FAILED;
	}
	value = strlen(node->text) != node->bytes
			? NULL
			: protobuf_c_enum_descriptor_get_value_by_name(descriptor, node->text);
	if (value != NULL) {
		*member = value->value;
		return FAST_PARSED_VALUE;
	}
	if ((parser->flags & FAST_JSON_IGNORE_UNKNOWN) != 0) {
		return FAST_PARSED_SKIPPED;
	}
	nearest = fast_value_nearest(descriptor, node->text);
	fast_parse_refuse(parser, path, "%.100s has no value \"%.64s\"%s%.64s%s", descriptor->name,
			  node->text, nearest == NULL ? "" : "; did you mean \"",
			  nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
	return FAST_PARSED_FAILED;
}

static bool parse_string(struct fast_parser *parser, const struct fast_path *path,
			 const struct fast_json_node *node, char **member)
{
	if (node->kind != FAST_JSON_STRING) {
		return fast_parse_expected(parser, path, "a string", node);
	}
	if (strlen(node->text) != node->bytes) {
		return fast_parse_refuse(parser, path, "a text cannot hold a zero byte");
	}
	*member = fast_arena_copy(parser->arena, node->text, node->bytes);
	return *member != NULL || fast_parse_exhausted(parser);
}

static bool parse_bytes(struct fast_parser *parser, const struct fast_path *path,
			const struct fast_json_node *node, ProtobufCBinaryData *member)
{
	if (node->kind != FAST_JSON_STRING) {
		return fast_parse_expected(parser, path, "a string of base 64", node);
	}
	member->data = fast_arena_alloc(parser->arena, node->bytes);
	if (member->data == NULL) {
		return fast_parse_exhausted(parser);
	}
	return fast_base64_read(node->text, node->bytes, member->data, &member->len) ||
	       fast_parse_refuse(parser, path, "\"%.32s%s\" is not base 64", node->text,
				 node->bytes > 32 ? "..." : "");
}

static bool parse_bool(struct fast_parser *parser, const struct fast_path *path,
		       const struct fast_json_node *node, protobuf_c_boolean *member)
{
	if (node->kind != FAST_JSON_TRUE && node->kind != FAST_JSON_FALSE) {
		return fast_parse_expected(parser, path, "true or false", node);
	}
	*member = node->kind == FAST_JSON_TRUE;
	return true;
}

static enum fast_parsed parsed(bool done)
{
	return done ? FAST_PARSED_VALUE : FAST_PARSED_FAILED;
}

enum fast_parsed fast_parse_scalar(struct fast_parser *parser, const struct fast_path *path,
				   const ProtobufCFieldDescriptor *field,
				   const struct fast_json_node *node, void *member)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return parse_signed(parser, path, node, false, member);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return parse_signed(parser, path, node, true, member);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return parse_unsigned(parser, path, node, false, member);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return parse_unsigned(parser, path, node, true, member);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return parse_real(parser, path, node, field->type, member);
	case PROTOBUF_C_TYPE_ENUM:
		return parse_enum(parser, path, field->descriptor, node, member);
	case PROTOBUF_C_TYPE_STRING:
		return parsed(parse_string(parser, path, node, member));
	case PROTOBUF_C_TYPE_BYTES:
		return parsed(parse_bytes(parser, path, node, member));
	case PROTOBUF_C_TYPE_BOOL:
		return parsed(parse_bool(parser, path, node, member));
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return parsed(fast_parse_expected(parser, path, "no message", node));
}
