#include "json/parse.h"

#include "wire/check.h"
#include "json/dynamic.h"
#include "json/member.h"
#include "json/time_text.h"

#include <math.h>

/* Fields of a Value, as the schema was checked to have them. */
enum value_field {
	VALUE_NULL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_BOOL,
	VALUE_STRUCT,
	VALUE_LIST,
};

static void *part(const ProtobufCMessage *message, unsigned field)
{
	return fast_member(message, &message->descriptor->fields[field]);
}

static bool parse_time(struct fast_parser *parser, const struct fast_path *path,
		       ProtobufCMessage *message, const struct fast_json_node *node)
{
	bool is_timestamp = fast_schema_of(message->descriptor)->known == FAST_KNOWN_TIMESTAMP;
	const char *what = is_timestamp ? "a time like \"2006-01-02T15:04:05.5Z\""
					: "a duration like \"1.5s\"";
	int64_t *seconds = part(message, 0);
	int32_t *nanos = part(message, 1);

	if (node->kind != FAST_JSON_STRING) {
		return fast_parse_expected(parser, path, what, node);
	}
	if (strlen(node->text) != node->bytes ||
	    (is_timestamp ? !fast_timestamp_read(node->text, seconds, nanos)
			  : !fast_duration_read(node->text, seconds, nanos))) {
		return fast_parse_refuse(parser, path, "\"%.64s\" is not %s", node->text, what);
	}
	return true;
}

static bool parse_mask(struct fast_parser *parser, const struct fast_path *path,
		       ProtobufCMessage *message, const struct fast_json_node *node)
{
	size_t *count = fast_member_count(message, &message->descriptor->fields[0]);
	const char *at = node->text, *end;
	char **paths;

	if (node->kind != FAST_JSON_STRING) {
		return fast_parse_expected(parser, path, "paths as one string", node);
	}
	if (node->bytes == 0) {
		return true;
	}
	end = node->text + node->bytes;
	paths = fast_arena_alloc(parser->arena, (node->bytes / 2 + 1) * sizeof *paths);
	*(char ***)part(message, 0) = paths;
	for (; paths != NULL && at <= end; at++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t bytes = (size_t)((comma == NULL ? end : comma) - at);
		char *name = fast_arena_alloc(parser->arena, 2 * bytes + 1);

		if (name == NULL) {
			return fast_parse_exhausted(parser);
		}
		if (!fast_path_read(at, bytes, name)) {
			return fast_parse_refuse(parser, path, "\"%.64s\" is not a list of paths",
						 node->text);
		}
		paths[(*count)++] = name;
		at += bytes;
	}
	return paths != NULL || fast_parse_exhausted(parser);
}

static bool parse_any_value(struct fast_parser *parser, const struct fast_path *path,
			    ProtobufCMessage *message, const struct fast_json_node *node)
{
	static const enum value_field fields[] = {
		[FAST_JSON_NULL] = VALUE_NULL,     [FAST_JSON_FALSE] = VALUE_BOOL,
		[FAST_JSON_TRUE] = VALUE_BOOL,     [FAST_JSON_NUMBER] = VALUE_NUMBER,
		[FAST_JSON_STRING] = VALUE_STRING, [FAST_JSON_ARRAY] = VALUE_LIST,
		[FAST_JSON_OBJECT] = VALUE_STRUCT,
	};

	return fast_parse_field(parser, path, message, fields[node->kind], node);
}

static const struct fast_json_node *object_find(const struct fast_json_node *object,
						const char *name)
{
	const struct fast_json_node *node = object->first;

	while (node != NULL && strcmp(node->name, name) != 0) {
		node = node->next;
	}
	return node;
}

/* The message that an Any's object describes. */
static bool parse_any_inner(struct fast_parser *parser, const struct fast_path *path,
			    const struct fast_schema_message *type,
			    const struct fast_json_node *node, ProtobufCMessage **inner)
{
	const struct fast_path step = {.up = path, .name = "value"};
	const struct fast_json_node *value = object_find(node, "value");

	if (type->known == FAST_KNOWN_NONE) {
		*inner = fast_dynamic_new(type, parser->arena);
		if (*inner == NULL) {
			return fast_parse_exhausted(parser);
		}
		return fast_parse_fields(parser, path, *inner, node, "@type");
	}
	if (value == NULL || node->count != 2) {
		return fast_parse_refuse(parser, path,
					 "an Any with %.200s has \"@type\" and \"value\"",
					 type->descriptor.name);
	}
	return fast_parse_message(parser, &step, type, value, inner);
}

static bool any_pack(struct fast_parser *parser, const struct fast_path *path,
		     const ProtobufCMessage *inner, ProtobufCBinaryData *out)
{
	size_t bytes = 0;

	if (fast_message_size(inner, FAST_JSON_BYTES_MAX, &bytes) != FAST_OK) {
		return fast_parse_refuse(parser, path, "the Any is too large");
	}
	out->data = fast_arena_alloc(parser->arena, bytes);
	if (out->data == NULL) {
		return fast_parse_exhausted(parser);
	}
	out->len = protobuf_c_message_pack(inner, out->data);
	return true;
}

static bool parse_any(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *message, const struct fast_json_node *node)
{
	const struct fast_json_node *url;
	const struct fast_path step = {.up = path, .name = "@type"};
	const ProtobufCMessageDescriptor *type = NULL;
	ProtobufCMessage *inner = NULL;
	const char *slash;

	if (node->kind != FAST_JSON_OBJECT) {
		return fast_parse_expected(parser, path, "an object with \"@type\"", node);
	}
	if (node->count == 0) {
		return true;
	}
	url = object_find(node, "@type");
	if (url == NULL || url->kind != FAST_JSON_STRING) {
		return fast_parse_refuse(parser, path, "an Any needs \"@type\"");
	}
	slash = strrchr(url->text, '/');
	if (slash != NULL && strlen(url->text) == url->bytes) {
		type = fast_schema_message(parser->schema, slash + 1);
	}
	if (type == NULL) {
		return fast_parse_refuse(parser, &step, "the schema has no message \"%.200s\"",
					 url->text);
	}
	if (!parse_any_inner(parser, path, fast_schema_of(type), node, &inner) ||
	    !any_pack(parser, path, inner, part(message, 1))) {
		return false;
	}
	*(char **)part(message, 0) = fast_arena_copy(parser->arena, url->text, url->bytes);
	return *(char **)part(message, 0) != NULL || fast_parse_exhausted(parser);
}

bool fast_parse_known(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *message, const struct fast_json_node *node)
{
	switch (fast_schema_of(message->descriptor)->known) {
	case FAST_KNOWN_TIMESTAMP:
	case FAST_KNOWN_DURATION:
		return parse_time(parser, path, message, node);
	case FAST_KNOWN_FIELD_MASK:
		return parse_mask(parser, path, message, node);
	case FAST_KNOWN_VALUE:
		return parse_any_value(parser, path, message, node);
	case FAST_KNOWN_ANY:
		return parse_any(parser, path, message, node);
	default: /* a struct is its map, a list its values, a wrapper its value */
		return fast_parse_field(parser, path, message, 0, node);
	}
}
