#include "json/build.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_NUMBER_MAX        536870911
#define FIELD_NUMBER_RESERVED   19000
#define FIELD_NUMBER_UNRESERVED 20000

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

/* Groups are left out. */
static const struct {
	bool known;
	ProtobufCType type;
} types[] = {
	[TYPE(DOUBLE)] = {true, PROTOBUF_C_TYPE_DOUBLE},
	[TYPE(FLOAT)] = {true, PROTOBUF_C_TYPE_FLOAT},
	[TYPE(INT64)] = {true, PROTOBUF_C_TYPE_INT64},
	[TYPE(UINT64)] = {true, PROTOBUF_C_TYPE_UINT64},
	[TYPE(INT32)] = {true, PROTOBUF_C_TYPE_INT32},
	[TYPE(FIXED64)] = {true, PROTOBUF_C_TYPE_FIXED64},
	[TYPE(FIXED32)] = {true, PROTOBUF_C_TYPE_FIXED32},
	[TYPE(BOOL)] = {true, PROTOBUF_C_TYPE_BOOL},
	[TYPE(STRING)] = {true, PROTOBUF_C_TYPE_STRING},
	[TYPE(MESSAGE)] = {true, PROTOBUF_C_TYPE_MESSAGE},
	[TYPE(BYTES)] = {true, PROTOBUF_C_TYPE_BYTES},
	[TYPE(UINT32)] = {true, PROTOBUF_C_TYPE_UINT32},
	[TYPE(ENUM)] = {true, PROTOBUF_C_TYPE_ENUM},
	[TYPE(SFIXED32)] = {true, PROTOBUF_C_TYPE_SFIXED32},
	[TYPE(SFIXED64)] = {true, PROTOBUF_C_TYPE_SFIXED64},
	[TYPE(SINT32)] = {true, PROTOBUF_C_TYPE_SINT32},
	[TYPE(SINT64)] = {true, PROTOBUF_C_TYPE_SINT64},
};

/* The sentence that refuses the field; NULL: it is sound. */
static const char *field_fault(const struct fast_schema_message *message,
			       const Google__Protobuf__FieldDescriptorProto *field)
{
	bool is_repeated =
		field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
	bool is_required =
		field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED;

	if (!field->has_number || field->number < 1 || field->number > FIELD_NUMBER_MAX ||
	    (field->number >= FIELD_NUMBER_RESERVED && field->number < FIELD_NUMBER_UNRESERVED)) {
		return "its number is none that a field may have";
	}
	if (!field->has_type) {
		return "it has no type";
	}
	if (field->type == TYPE(GROUP)) {
		return "it is a group, which is not supported; use a message of its own instead";
	}
	if (field->type < TYPE(DOUBLE) || field->type > TYPE(SINT64)) {
		return "its type is not known";
	}
	if (field->extendee != NULL) {
		return "it is an extension";
	}
	if (!is_repeated && !is_required &&
	    field->label != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL) {
		return "its label is not known";
	}
	if (is_required && message->is_proto3) {
		return "it is required, which proto3 does not have";
	}
	if (field->has_oneof_index &&
	    (field->oneof_index < 0 || (size_t)field->oneof_index >= message->oneof_count ||
	     is_repeated || is_required)) {
		return "it cannot be a member of its oneof";
	}
	if (field->proto3_optional && (!field->has_oneof_index || !message->is_proto3)) {
		return "it is optional without a oneof of its own";
	}
	return NULL;
}

static bool field_resolve(struct fast_build *build,
			  const Google__Protobuf__FieldDescriptorProto *source,
			  ProtobufCFieldDescriptor *field, struct fast_schema_field *own)
{
	const struct fast_symbol *symbol;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_ENUM) {
		return true;
	}
	if (source->type_name == NULL || source->type_name[0] != '.') {
		return false;
	}
	symbol = fast_schema_find(build->schema, source->type_name + 1);
	if (symbol == NULL) {
		return false;
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && symbol->kind == FAST_SYMBOL_MESSAGE) {
		field->descriptor = &symbol->message->descriptor;
		own->message = symbol->message;
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_ENUM && symbol->kind == FAST_SYMBOL_ENUM) {
		field->descriptor = &symbol->enumeration->descriptor;
		own->enumeration = symbol->enumeration;
		return true;
	}
	return false;
}

static bool type_is_packable(ProtobufCType type)
{
	return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES &&
	       type != PROTOBUF_C_TYPE_MESSAGE;
}

static ProtobufCLabel field_label(const struct fast_schema_message *message,
				  const Google__Protobuf__FieldDescriptorProto *source)
{
	switch (source->label) {
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED:
		return PROTOBUF_C_LABEL_REPEATED;
	case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED:
		return PROTOBUF_C_LABEL_REQUIRED;
	default:
		return message->is_proto3 ? PROTOBUF_C_LABEL_NONE : PROTOBUF_C_LABEL_OPTIONAL;
	}
}

/* As protoc-c's own code has it, but for defaults of proto2, which are not filled in. */
static bool field_build(struct fast_build *build, const struct fast_schema_message *message,
			const Google__Protobuf__FieldDescriptorProto *source,
			ProtobufCFieldDescriptor *field, struct fast_schema_field *own)
{
	const char *fault = field_fault(message, source);
	const Google__Protobuf__FieldOptions *options = source->options;

	if (source->name == NULL || !fast_name_is_plain(source->name)) {
		return fast_build_refuse(build, "message %.200s: a field has no name",
					 message->descriptor.name);
	}
	if (fault != NULL) {
		return fast_build_refuse(build, "message %.200s: field %.100s: %s",
					 message->descriptor.name, source->name, fault);
	}
	*field = (ProtobufCFieldDescriptor){
		.name = source->name,
		.id = (uint32_t)source->number,
		.label = field_label(message, source),
		.type = types[source->type].type,
	};
	own->oneof = source->has_oneof_index ? source->oneof_index : -1;
	if (!field_resolve(build, source, field, own)) {
		return fast_build_refuse(build,
					 "message %.200s: field %.60s: its type %.100s is not in "
					 "the descriptor set",
					 message->descriptor.name, source->name,
					 source->type_name == NULL ? "" : source->type_name);
	}
	if (own->oneof >= 0) {
		/* Without a default: the members share their storage. */
		field->flags = PROTOBUF_C_FIELD_FLAG_ONEOF;
		message->oneofs[own->oneof].is_optional |= source->proto3_optional != 0;
	} else if (field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_NONE) {
		field->default_value = "";
	}
	if (field->label == PROTOBUF_C_LABEL_REPEATED && type_is_packable(field->type) &&
	    (options != NULL && options->has_packed ? options->packed != 0 : message->is_proto3)) {
		field->flags |= PROTOBUF_C_FIELD_FLAG_PACKED;
	}
	own->is_map = own->message != NULL && own->message->is_map_entry;
	return true;
}

static int source_compare(const void *left, const void *right)
{
	const Google__Protobuf__FieldDescriptorProto *const *a = left, *const *b = right;

	return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

/* A name and an index, to sort by. */
struct name_index {
	const char *name;
	unsigned index;
};

static int name_index_compare(const void *left, const void *right)
{
	return strcmp(((const struct name_index *)left)->name,
		      ((const struct name_index *)right)->name);
}

static bool fields_index(struct fast_build *build, struct fast_schema_message *message)
{
	ProtobufCMessageDescriptor *descriptor = &message->descriptor;
	unsigned count = descriptor->n_fields, range_count = 0;
	struct name_index *names = fast_build_alloc(build, count, sizeof *names);
	unsigned *sorted = fast_build_alloc(build, count, sizeof *sorted);
	ProtobufCIntRange *ranges = fast_build_alloc(build, count + 1u, sizeof *ranges);

	if (names == NULL || sorted == NULL || ranges == NULL) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		names[i] = (struct name_index){field->name, i};
		if (i > 0 && field[-1].id == field->id) {
			return fast_build_refuse(build, "message %.200s: two fields have number %u",
						 descriptor->name, field->id);
		}
		if (i == 0 || field[-1].id + 1 != field->id) {
			ranges[range_count++] = (ProtobufCIntRange){(int)field->id, i};
		}
	}
	ranges[range_count] = (ProtobufCIntRange){0, count};
	qsort(names, count, sizeof *names, name_index_compare);
	for (unsigned i = 0; i < count; i++) {
		sorted[i] = names[i].index;
		if (i > 0 && strcmp(names[i - 1].name, names[i].name) == 0) {
			return fast_build_refuse(build,
						 "message %.200s: two fields are called %.100s",
						 descriptor->name, names[i].name);
		}
	}
	descriptor->fields_sorted_by_name = sorted;
	descriptor->field_ranges = ranges;
	descriptor->n_field_ranges = range_count;
	return true;
}

static bool oneofs_build(struct fast_build *build, struct fast_schema_message *message)
{
	const Google__Protobuf__DescriptorProto *source = message->source;

	message->oneof_count = source->n_oneof_decl;
	message->oneofs = fast_build_alloc(build, message->oneof_count, sizeof *message->oneofs);
	if (message->oneofs == NULL) {
		return false;
	}
	for (size_t i = 0; i < message->oneof_count; i++) {
		message->oneofs[i].name = source->oneof_decl[i]->name;
		if (message->oneofs[i].name == NULL ||
		    !fast_name_is_plain(message->oneofs[i].name)) {
			return fast_build_refuse(build, "message %.200s: a oneof has no name",
						 message->descriptor.name);
		}
	}
	return true;
}

bool fast_build_fields(struct fast_build *build, struct fast_schema_message *message)
{
	const Google__Protobuf__DescriptorProto *source = message->source;
	size_t count = source->n_field;
	ProtobufCFieldDescriptor *fields = fast_build_alloc(build, count, sizeof *fields);
	const Google__Protobuf__FieldDescriptorProto **sorted =
		fast_build_alloc(build, count, sizeof(Google__Protobuf__FieldDescriptorProto *));

	message->fields = fast_build_alloc(build, count, sizeof *message->fields);
	if (fields == NULL || sorted == NULL || message->fields == NULL ||
	    !oneofs_build(build, message)) {
		return false;
	}
	if (source->options != NULL && source->options->message_set_wire_format) {
		return fast_build_refuse(build,
					 "message %.200s: it is a message set, which is not "
					 "supported",
					 message->descriptor.name);
	}
	for (size_t i = 0; i < count; i++) {
		sorted[i] = source->field[i];
	}
	qsort(sorted, count, sizeof *sorted, source_compare);
	for (size_t i = 0; i < count; i++) {
		if (!field_build(build, message, sorted[i], &fields[i], &message->fields[i])) {
			return false;
		}
	}
	message->descriptor.fields = fields;
	message->descriptor.n_fields = (unsigned)count;
	fast_build_layout(message, fields);
	return fields_index(build, message) && fast_build_names(build, message, sorted);
}
