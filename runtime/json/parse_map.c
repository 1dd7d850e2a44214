#include "json/parse.h"

#include "json/dynamic.h"
#include "json/member.h"

/* A key from the name of a member: as the value of a string, but true and false for a bool. */
static bool parse_key(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *entry, const char *name)
{
	const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[0];
	struct fast_json_node node = {
		.kind = FAST_JSON_STRING, .text = name, .bytes = strlen(name)};

	if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(name, "true") == 0) {
		node.kind = FAST_JSON_TRUE;
	} else if (field->type == PROTOBUF_C_TYPE_BOOL && strcmp(name, "false") == 0) {
		node.kind = FAST_JSON_FALSE;
	}
	if (fast_parse_scalar(parser, path, field, &node, fast_member(entry, field)) !=
	    FAST_PARSED_VALUE) {
		return false;
	}
	fast_member_mark(entry, field);
	return true;
}

static bool null_is_allowed(const struct fast_schema_message *entry)
{
	const struct fast_schema_field *value = &entry->fields[1];

	return value->message != NULL ? value->message->known == FAST_KNOWN_VALUE
				      : value->enumeration != NULL && value->enumeration->is_null;
}

bool fast_parse_map(struct fast_parser *parser, const struct fast_path *path,
		    ProtobufCMessage *message, unsigned field, const struct fast_json_node *node)
{
	const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[field];
	const struct fast_schema_message *type =
		fast_schema_of(message->descriptor)->fields[field].message;
	const ProtobufCFieldDescriptor *value = &type->descriptor.fields[1];
	size_t *count = fast_member_count(message, descriptor);
	ProtobufCMessage **entries;

	if (node->kind != FAST_JSON_OBJECT) {
		return fast_parse_expected(parser, path, "an object", node);
	}
	entries = fast_arena_alloc(parser->arena, node->count * sizeof(ProtobufCMessage *));
	if (entries == NULL) {
		return fast_parse_exhausted(parser);
	}
	*(void **)fast_member(message, descriptor) = entries;
	for (const struct fast_json_node *part = node->first; part != NULL; part = part->next) {
		const struct fast_path step = {.up = path, .key = part->name};
		ProtobufCMessage *entry = fast_dynamic_new(type, parser->arena);
		enum fast_parsed parsed;

		if (entry == NULL) {
			return fast_parse_exhausted(parser);
		}
		if (part->kind == FAST_JSON_NULL && !null_is_allowed(type)) {
			return fast_parse_refuse(parser, &step, "null cannot stand in a map");
		}
		if (!parse_key(parser, &step, entry, part->name)) {
			return false;
		}
		parsed = fast_parse_value(parser, &step, type, 1, part, fast_member(entry, value));
		if (parsed == FAST_PARSED_FAILED) {
			return false;
		}
		if (parsed == FAST_PARSED_VALUE) {
			fast_member_mark(entry, value);
			entries[(*count)++] = entry;
		}
	}
	return true;
}
