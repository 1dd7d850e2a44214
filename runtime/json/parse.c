#include "json/parse.h"

#include "json/dynamic.h"
#include "json/member.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool fast_parse_refuse(struct fast_parser *parser, const struct fast_path *path, const char *format,
		       ...)
{
	char sentence[FAST_JSON_ERROR_BYTES_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	fast_path_error(path, parser->error, "%s", sentence);
	parser->status = FAST_INVALID_ARGUMENT;
	return false;
}

bool fast_parse_exhausted(struct fast_parser *parser)
{
	snprintf(parser->error, FAST_JSON_ERROR_BYTES_MAX, "the message takes too much memory");
	parser->status = FAST_RESOURCE_EXHAUSTED;
	return false;
}

bool fast_parse_expected(struct fast_parser *parser, const struct fast_path *path,
			 const char *expected, const struct fast_json_node *node)
{
	return fast_parse_refuse(parser, path, "expected %s, not %s", expected,
				 fast_json_kind_name(node->kind));
}

enum fast_parsed fast_parse_value(struct fast_parser *parser, const struct fast_path *path,
				  const struct fast_schema_message *type, unsigned field,
				  const struct fast_json_node *node, void *member)
{
	if (type->fields[field].message == NULL) {
		return fast_parse_scalar(parser, path, &type->descriptor.fields[field], node,
					 member);
	}
	return fast_parse_message(parser, path, type->fields[field].message, node, member)
		       ? FAST_PARSED_VALUE
		       : FAST_PARSED_FAILED;
}

/* Whether null is a value of the field, rather than the lack of one. */
static bool null_is_value(const struct fast_schema_field *field)
{
	return field->message != NULL ? field->message->known == FAST_KNOWN_VALUE
				      : field->enumeration != NULL && field->enumeration->is_null;
}

static bool parse_list(struct fast_parser *parser, const struct fast_path *path,
		       ProtobufCMessage *message, unsigned field, const struct fast_json_node *node)
{
	const struct fast_schema_message *type = fast_schema_of(message->descriptor);
	const ProtobufCFieldDescriptor *descriptor = &type->descriptor.fields[field];
	size_t bytes = fast_member_bytes(descriptor->type);
	size_t *count = fast_member_count(message, descriptor);
	struct fast_path step = {.up = path};
	char *elements;

	if (node->kind != FAST_JSON_ARRAY) {
		return fast_parse_expected(parser, path, "a list", node);
	}
	elements = fast_arena_alloc(parser->arena, node->count * bytes);
	if (elements == NULL) {
		return fast_parse_exhausted(parser);
	}
	*(void **)fast_member(message, descriptor) = elements;
	for (const struct fast_json_node *part = node->first; part != NULL; part = part->next) {
		enum fast_parsed parsed;

		if (part->kind == FAST_JSON_NULL && !null_is_value(&type->fields[field])) {
			return fast_parse_refuse(parser, &step, "null cannot stand in a list");
		}
		parsed = fast_parse_value(parser, &step, type, field, part,
					  elements + *count * bytes);
		if (parsed == FAST_PARSED_FAILED) {
			return false;
		}
		*count += parsed == FAST_PARSED_VALUE;
		step.index++;
	}
	return true;
}

bool fast_parse_field(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *message, unsigned field, const struct fast_json_node *node)
{
	const struct fast_schema_message *type = fast_schema_of(message->descriptor);
	const ProtobufCFieldDescriptor *descriptor = &type->descriptor.fields[field];
	enum fast_parsed parsed;

	if (type->fields[field].is_map) {
		return fast_parse_map(parser, path, message, field, node);
	}
	if (descriptor->label == PROTOBUF_C_LABEL_REPEATED) {
		return parse_list(parser, path, message, field, node);
	}
	parsed =
		fast_parse_value(parser, path, type, field, node, fast_member(message, descriptor));
	if (parsed == FAST_PARSED_VALUE) {
		fast_member_mark(message, descriptor);
	}
	return parsed != FAST_PARSED_FAILED;
}

static bool unknown_refuse(struct fast_parser *parser, const struct fast_path *path,
			   const struct fast_schema_message *type, const char *name)
{
	const struct fast_path step = {.up = path, .name = name};
	const char *nearest = fast_name_nearest(type, name);

	if (name[0] == '[') {
		return fast_parse_refuse(parser, &step, "extensions are not supported");
	}
	return fast_parse_refuse(parser, &step, "%.200s has no such field%s%.64s%s",
				 type->descriptor.name, nearest == NULL ? "" : "; did you mean \"",
				 nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

/* A field may come once, by whichever name, and of a oneof one member. */
static bool parse_member(struct fast_parser *parser, const struct fast_path *path,
			 ProtobufCMessage *message, const struct fast_json_node *node, bool *seen)
{
	const struct fast_schema_message *type = fast_schema_of(message->descriptor);
	const ProtobufCFieldDescriptor *descriptor = fast_schema_field_named(type, node->name);
	const struct fast_path step = {.up = path, .name = node->name};
	const struct fast_schema_field *own;
	unsigned field;

	if (descriptor == NULL) {
		return (parser->flags & FAST_JSON_IGNORE_UNKNOWN) != 0 ||
		       unknown_refuse(parser, path, type, node->name);
	}
	field = (unsigned)(descriptor - type->descriptor.fields);
	own = &type->fields[field];
	if (seen[field]) {
		return fast_parse_refuse(parser, &step, "the field comes twice, as \"%.64s\" too",
					 strcmp(node->name, descriptor->name) == 0
						 ? own->json_name
						 : descriptor->name);
	}
	seen[field] = true;
	if (node->kind == FAST_JSON_NULL && !null_is_value(own) &&
	    descriptor->label != PROTOBUF_C_LABEL_REQUIRED) {
		return true;
	}
	if (own->oneof >= 0) {
		uint32_t id = *(uint32_t *)(void *)((char *)message +
						    type->oneofs[own->oneof].case_offset);

		if (id != 0) {
			const ProtobufCFieldDescriptor *other =
				protobuf_c_message_descriptor_get_field(&type->descriptor, id);

			return fast_parse_refuse(
				parser, &step, "\"%.64s\" is set already, and of %.64s one may be",
				type->fields[other - type->descriptor.fields].json_name,
				type->oneofs[own->oneof].name);
		}
	}
	return fast_parse_field(parser, &step, message, field, node);
}

static bool required_check(struct fast_parser *parser, const struct fast_path *path,
			   const ProtobufCMessage *message, const bool *seen)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		if (message->descriptor->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && !seen[i]) {
			return fast_parse_refuse(
				parser, path, "the field \"%.64s\" is missing",
				fast_schema_of(message->descriptor)->fields[i].json_name);
		}
	}
	return true;
}

bool fast_parse_fields(struct fast_parser *parser, const struct fast_path *path,
		       ProtobufCMessage *message, const struct fast_json_node *node,
		       const char *skip)
{
	unsigned count = message->descriptor->n_fields;
	bool *seen;
	bool parsed = true;

	if (node->kind != FAST_JSON_OBJECT) {
		return fast_parse_expected(parser, path, "an object", node);
	}
	seen = calloc(count + 1u, sizeof *seen);
	if (seen == NULL) {
		return fast_parse_exhausted(parser);
	}
	for (const struct fast_json_node *part = node->first; parsed && part != NULL;
	     part = part->next) {
		if (skip == NULL || strcmp(part->name, skip) != 0) {
			parsed = parse_member(parser, path, message, part, seen);
		}
	}
	parsed = parsed && required_check(parser, path, message, seen);
	free(seen);
	return parsed;
}

bool fast_parse_message(struct fast_parser *parser, const struct fast_path *path,
			const struct fast_schema_message *type, const struct fast_json_node *node,
			ProtobufCMessage **out)
{
	ProtobufCMessage *message = fast_dynamic_new(type, parser->arena);

	if (message == NULL) {
		return fast_parse_exhausted(parser);
	}
	*out = message;
	return type->known != FAST_KNOWN_NONE
		       ? fast_parse_known(parser, path, message, node)
		       : fast_parse_fields(parser, path, message, node, NULL);
}

static enum fast_status parse_text(struct fast_parser *parser,
				   const struct fast_schema_message *type, const char *text,
				   size_t bytes, ProtobufCMessage **message)
{
	struct fast_json_node *node = NULL;
	struct fast_arena nodes;

	fast_arena_init(&nodes, FAST_JSON_MEMORY_BYTES_MAX);
	parser->status = fast_json_read(text, bytes, &nodes, &node, parser->error);
	if (parser->status == FAST_OK) {
		(void)fast_parse_message(parser, NULL, type, node, message);
	}
	fast_arena_fini(&nodes);
	return parser->status;
}

enum fast_status fast_json_parse(const struct fast_schema *schema, const char *name,
				 const char *text, size_t bytes, unsigned flags,
				 struct fast_dynamic *out, char *error)
{
	char unread[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_parser parser = {
		.schema = schema, .flags = flags, .error = error == NULL ? unread : error};
	const ProtobufCMessageDescriptor *descriptor = fast_schema_message(schema, name);
	struct fast_dynamic dynamic = {0};

	assert(out != NULL);
	if (descriptor == NULL) {
		snprintf(parser.error, FAST_JSON_ERROR_BYTES_MAX,
			 "the schema has no message %.200s", name);
		return FAST_NOT_FOUND;
	}
	if (fast_dynamic_open(&dynamic) != FAST_OK) {
		(void)fast_parse_exhausted(&parser);
		return parser.status;
	}
	parser.arena = dynamic.arena;
	if (parse_text(&parser, fast_schema_of(descriptor), text, bytes, &dynamic.message) !=
	    FAST_OK) {
		fast_dynamic_fini(&dynamic);
		return parser.status;
	}
	*out = dynamic;
	return FAST_OK;
}
