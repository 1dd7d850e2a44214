#include "json/build.h"

#include <string.h>

#define KNOWN_FIELDS_MAX 6

/* A field that a well-known type must have. */
struct known_field {
	uint32_t id;
	ProtobufCType type;
	bool is_repeated;
	bool is_oneof;
	const char *message; /* of a field of type message; of a map: of its value */
};

struct known_type {
	const char *name;
	enum fast_known known;
	unsigned field_count;
	struct known_field fields[KNOWN_FIELDS_MAX];
};

#define VALUE "google.protobuf.Value"
#define WRAPPER(name, type)                                                                        \
	{                                                                                          \
		"google.protobuf." name, FAST_KNOWN_WRAPPER, 1,                                    \
		{                                                                                  \
			{                                                                          \
				1, PROTOBUF_C_TYPE_##type, false, false, NULL                      \
			}                                                                          \
		}                                                                                  \
	}

static const struct known_type known_types[] = {
	{"google.protobuf.Any",
	 FAST_KNOWN_ANY,
	 2,
	 {{1, PROTOBUF_C_TYPE_STRING, false, false, NULL},
	  {2, PROTOBUF_C_TYPE_BYTES, false, false, NULL}}},
	{"google.protobuf.Duration",
	 FAST_KNOWN_DURATION,
	 2,
	 {{1, PROTOBUF_C_TYPE_INT64, false, false, NULL},
	  {2, PROTOBUF_C_TYPE_INT32, false, false, NULL}}},
	{"google.protobuf.FieldMask",
	 FAST_KNOWN_FIELD_MASK,
	 1,
	 {{1, PROTOBUF_C_TYPE_STRING, true, false, NULL}}},
	{"google.protobuf.ListValue",
	 FAST_KNOWN_LIST,
	 1,
	 {{1, PROTOBUF_C_TYPE_MESSAGE, true, false, VALUE}}},
	{"google.protobuf.Struct",
	 FAST_KNOWN_STRUCT,
	 1,
	 {{1, PROTOBUF_C_TYPE_MESSAGE, true, false, VALUE}}},
	{"google.protobuf.Timestamp",
	 FAST_KNOWN_TIMESTAMP,
	 2,
	 {{1, PROTOBUF_C_TYPE_INT64, false, false, NULL},
	  {2, PROTOBUF_C_TYPE_INT32, false, false, NULL}}},
	{VALUE,
	 FAST_KNOWN_VALUE,
	 6,
	 {{1, PROTOBUF_C_TYPE_ENUM, false, true, NULL},
	  {2, PROTOBUF_C_TYPE_DOUBLE, false, true, NULL},
	  {3, PROTOBUF_C_TYPE_STRING, false, true, NULL},
	  {4, PROTOBUF_C_TYPE_BOOL, false, true, NULL},
	  {5, PROTOBUF_C_TYPE_MESSAGE, false, true, "google.protobuf.Struct"},
	  {6, PROTOBUF_C_TYPE_MESSAGE, false, true, "google.protobuf.ListValue"}}},
	WRAPPER("BoolValue", BOOL),
	WRAPPER("BytesValue", BYTES),
	WRAPPER("DoubleValue", DOUBLE),
	WRAPPER("FloatValue", FLOAT),
	WRAPPER("Int32Value", INT32),
	WRAPPER("Int64Value", INT64),
	WRAPPER("StringValue", STRING),
	WRAPPER("UInt32Value", UINT32),
	WRAPPER("UInt64Value", UINT64),
};

static bool known_field_fits(const struct fast_schema_message *message, unsigned index,
			     const struct known_field *expected)
{
	const ProtobufCFieldDescriptor *field = &message->descriptor.fields[index];
	const struct fast_schema_field *own = &message->fields[index];
	const struct fast_schema_message *part = own->message;

	if (field->id != expected->id || field->type != expected->type ||
	    (field->label == PROTOBUF_C_LABEL_REPEATED) != expected->is_repeated ||
	    (expected->is_oneof ? own->oneof != 0 : own->oneof != -1)) {
		return false;
	}
	if (own->is_map) { /* the entries themselves are checked as every map's */
		if (message->known != FAST_KNOWN_STRUCT || part->descriptor.n_fields != 2 ||
		    part->descriptor.fields[0].type != PROTOBUF_C_TYPE_STRING) {
			return false;
		}
		part = part->fields[1].message;
	} else if (message->known == FAST_KNOWN_STRUCT) {
		return false;
	}
	return expected->message == NULL ||
	       (part != NULL && strcmp(part->descriptor.name, expected->message) == 0);
}

static bool key_is_allowed(ProtobufCType type)
{
	return type != PROTOBUF_C_TYPE_FLOAT && type != PROTOBUF_C_TYPE_DOUBLE &&
	       type != PROTOBUF_C_TYPE_BYTES && type != PROTOBUF_C_TYPE_MESSAGE &&
	       type != PROTOBUF_C_TYPE_ENUM;
}

static bool entry_is_sound(const struct fast_schema_message *entry)
{
	const ProtobufCFieldDescriptor *fields = entry->descriptor.fields;

	return entry->descriptor.n_fields == 2 && entry->oneof_count == 0 && fields[0].id == 1 &&
	       fields[1].id == 2 && key_is_allowed(fields[0].type) &&
	       fields[0].label != PROTOBUF_C_LABEL_REPEATED &&
	       fields[0].label != PROTOBUF_C_LABEL_REQUIRED &&
	       fields[1].label != PROTOBUF_C_LABEL_REPEATED &&
	       fields[1].label != PROTOBUF_C_LABEL_REQUIRED;
}

bool fast_build_known(struct fast_build *build, struct fast_schema_message *message)
{
	const struct known_type *type = NULL;
	bool fits = message->is_proto3;

	for (unsigned i = 0; i < message->descriptor.n_fields; i++) {
		if (message->fields[i].is_map &&
		    message->descriptor.fields[i].label != PROTOBUF_C_LABEL_REPEATED) {
			return fast_build_refuse(build, "message %.200s: %.100s is one map entry",
						 message->descriptor.name,
						 message->descriptor.fields[i].name);
		}
	}
	if (message->is_map_entry && !entry_is_sound(message)) {
		return fast_build_refuse(build, "message %.200s is not what a map is made of",
					 message->descriptor.name);
	}
	for (size_t i = 0; i < sizeof known_types / sizeof known_types[0]; i++) {
		if (strcmp(known_types[i].name, message->descriptor.name) == 0) {
			type = &known_types[i];
		}
	}
	if (type == NULL) {
		return true;
	}
	message->known = type->known;
	fits = fits && message->descriptor.n_fields == type->field_count;
	for (unsigned i = 0; fits && i < type->field_count; i++) {
		fits = known_field_fits(message, i, &type->fields[i]);
	}
	if (!fits) {
		return fast_build_refuse(build, "%.200s is not the well-known type of that name",
					 message->descriptor.name);
	}
	return true;
}
