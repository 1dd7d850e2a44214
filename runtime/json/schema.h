/* json/schema.h - what a schema knows beyond protobuf-c's descriptors. */
#ifndef FAST_JSON_SCHEMA_H
#define FAST_JSON_SCHEMA_H

#include "base/arena.h"
#include <fast/json.h>
#include <google/protobuf/descriptor.pb-c.h>

/* Messages whose JSON is not that of their fields. */
enum fast_known {
	FAST_KNOWN_NONE,
	FAST_KNOWN_ANY,
	FAST_KNOWN_DURATION,
	FAST_KNOWN_FIELD_MASK,
	FAST_KNOWN_LIST,
	FAST_KNOWN_STRUCT,
	FAST_KNOWN_TIMESTAMP,
	FAST_KNOWN_VALUE,
	FAST_KNOWN_WRAPPER,
};

struct fast_schema_enum {
	ProtobufCEnumDescriptor descriptor; /* first: a pointer to one is one to the other */
	const Google__Protobuf__EnumDescriptorProto *source;
	bool is_null; /* google.protobuf.NullValue */
};

struct fast_schema_field {
	const char *json_name;
	const struct fast_schema_message *message;  /* of a field of type message */
	const struct fast_schema_enum *enumeration; /* of a field of type enum */
	int oneof;                                  /* index in its message; -1: none */
	bool is_map;
};

struct fast_schema_oneof {
	const char *name;
	bool is_optional; /* made for one field that is "optional" */
	unsigned case_offset;
	unsigned offset; /* of the storage that its members share */
};

/* A name that JSON may use for a field. */
struct fast_schema_name {
	const char *name;
	unsigned field;
	bool is_json; /* rather than the schema's own */
};

struct fast_schema_message {
	ProtobufCMessageDescriptor descriptor; /* first: a pointer to one is one to the other */
	const Google__Protobuf__DescriptorProto *source;
	struct fast_schema_field *fields; /* as descriptor.fields */
	struct fast_schema_oneof *oneofs;
	size_t oneof_count;
	struct fast_schema_name *names; /* sorted; JSON's before the schema's own */
	size_t name_count;
	enum fast_known known;
	bool is_proto3;
	bool is_map_entry;
};

enum fast_symbol_kind { FAST_SYMBOL_MESSAGE, FAST_SYMBOL_ENUM, FAST_SYMBOL_SERVICE };

struct fast_symbol {
	const char *name;
	enum fast_symbol_kind kind;
	union {
		struct fast_schema_message *message;
		struct fast_schema_enum *enumeration;
		struct fast_service *service;
	};
	const Google__Protobuf__ServiceDescriptorProto *service_source;
};

struct fast_schema {
	struct fast_arena arena;     /* everything below, and the unpacked set */
	struct fast_symbol *symbols; /* sorted by name */
	size_t symbol_count;
};

const struct fast_symbol *fast_schema_find(const struct fast_schema *schema, const char *name);

static inline const struct fast_schema_message *fast_schema_of(
	const ProtobufCMessageDescriptor *descriptor)
{
	return (const struct fast_schema_message *)(const void *)descriptor;
}

/* The field that JSON calls so; NULL: none. */
const ProtobufCFieldDescriptor *fast_schema_field_named(const struct fast_schema_message *message,
							const char *name);

#endif
