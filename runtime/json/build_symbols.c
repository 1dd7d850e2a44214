#include "json/build.h"

#include <stdlib.h>
#include <string.h>

/* Of the file; "" for none. */
static const char *file_package(const Google__Protobuf__FileDescriptorProto *file)
{
	return file->package == NULL ? "" : file->package;
}

static bool file_is_proto3(const Google__Protobuf__FileDescriptorProto *file)
{
	return file->syntax != NULL && strcmp(file->syntax, "proto3") == 0;
}

/* "" is a name too: no package. */
static bool package_is_dotted(const char *package)
{
	bool begins = true; /* a part, which then must not end */

	if (package[0] == '\0') {
		return true;
	}
	for (; *package != '\0'; package++) {
		bool is_digit = *package >= '0' && *package <= '9';
		bool is_letter = (*package >= 'a' && *package <= 'z') ||
				 (*package >= 'A' && *package <= 'Z') || *package == '_';

		if (begins ? !is_letter : !is_letter && !is_digit && *package != '.') {
			return false;
		}
		begins = *package == '.';
	}
	return !begins;
}

static bool file_check(struct fast_build *build, const Google__Protobuf__FileDescriptorProto *file)
{
	const char *name = file->name == NULL ? "a file" : file->name;

	if (file->syntax != NULL && strcmp(file->syntax, "proto2") != 0 && !file_is_proto3(file)) {
		return fast_build_refuse(build,
					 "%.100s: its syntax is \"%.100s\"; proto2 and proto3 are "
					 "understood",
					 name, file->syntax);
	}
	if (!package_is_dotted(file_package(file))) {
		return fast_build_refuse(build, "%.100s: its package is not a name", name);
	}
	return true;
}

/* A value and where it was written. */
struct ordered_value {
	ProtobufCEnumValue value;
	size_t position;
};

static int value_compare_number(const void *left, const void *right)
{
	const struct ordered_value *a = left, *b = right;

	if (a->value.value != b->value.value) {
		return a->value.value < b->value.value ? -1 : 1;
	}
	return a->position < b->position ? -1 : 1;
}

static int value_compare_name(const void *left, const void *right)
{
	return strcmp(((const ProtobufCEnumValueIndex *)left)->name,
		      ((const ProtobufCEnumValueIndex *)right)->name);
}

/* Sorts by number and keeps of aliases the one that was written first. Gives how many are left; 0:
 * no memory. */
static unsigned values_sort(struct fast_build *build,
			    const Google__Protobuf__EnumDescriptorProto *source,
			    ProtobufCEnumValue *values)
{
	struct ordered_value *ordered = fast_build_alloc(build, source->n_value, sizeof *ordered);
	unsigned kept = 0;

	if (ordered == NULL) {
		return 0;
	}
	for (size_t i = 0; i < source->n_value; i++) {
		const Google__Protobuf__EnumValueDescriptorProto *value = source->value[i];

		ordered[i] = (struct ordered_value){{value->name, value->name, value->number}, i};
	}
	qsort(ordered, source->n_value, sizeof *ordered, value_compare_number);
	for (size_t i = 0; i < source->n_value; i++) {
		if (kept == 0 || values[kept - 1].value != ordered[i].value.value) {
			values[kept++] = ordered[i].value;
		}
	}
	return kept;
}

static unsigned value_find(const ProtobufCEnumValue *values, unsigned count, int number)
{
	unsigned low = 0;

	while (count > 1) {
		unsigned half = count / 2;

		if (values[low + half].value <= number) {
			low += half;
		}
		count -= half;
	}
	return low;
}

static bool enum_index(struct fast_build *build, struct fast_schema_enum *enumeration,
		       const ProtobufCEnumValue *values, unsigned kept)
{
	const Google__Protobuf__EnumDescriptorProto *source = enumeration->source;
	ProtobufCEnumValueIndex *names = fast_build_alloc(build, source->n_value, sizeof *names);
	ProtobufCIntRange *ranges = fast_build_alloc(build, kept + 1u, sizeof *ranges);
	unsigned range_count = 0;

	if (names == NULL || ranges == NULL) {
		return false;
	}
	for (size_t i = 0; i < source->n_value; i++) {
		names[i] = (ProtobufCEnumValueIndex){
			source->value[i]->name, value_find(values, kept, source->value[i]->number)};
	}
	qsort(names, source->n_value, sizeof *names, value_compare_name);
	for (size_t i = 1; i < source->n_value; i++) {
		if (strcmp(names[i - 1].name, names[i].name) == 0) {
			return fast_build_refuse(build, "enum %.200s: it has %.100s twice",
						 enumeration->descriptor.name, names[i].name);
		}
	}
	for (unsigned i = 0; i < kept; i++) {
		if (i == 0 || (int64_t)values[i].value != (int64_t)values[i - 1].value + 1) {
			ranges[range_count++] = (ProtobufCIntRange){values[i].value, i};
		}
	}
	ranges[range_count] = (ProtobufCIntRange){0, kept};
	enumeration->descriptor.values_by_name = names;
	enumeration->descriptor.n_value_names = (unsigned)source->n_value;
	enumeration->descriptor.value_ranges = ranges;
	enumeration->descriptor.n_value_ranges = range_count;
	return true;
}

static bool enum_build(struct fast_build *build, struct fast_schema_enum *enumeration,
		       const char *name, const char *package, bool is_proto3)
{
	const Google__Protobuf__EnumDescriptorProto *source = enumeration->source;
	ProtobufCEnumValue *values;
	unsigned kept;

	for (size_t i = 0; i < source->n_value; i++) {
		if (source->value[i]->name == NULL || !source->value[i]->has_number ||
		    !fast_name_is_plain(source->value[i]->name)) {
			return fast_build_refuse(
				build, "enum %.200s: value %zu lacks a name or a number", name, i);
		}
	}
	if (source->n_value == 0 || (is_proto3 && source->value[0]->number != 0)) {
		return fast_build_refuse(build,
					 "enum %.200s: it has no first value, or one that "
					 "proto3 does not allow",
					 name);
	}
	values = fast_build_alloc(build, source->n_value, sizeof *values);
	if (values == NULL) {
		return false;
	}
	kept = values_sort(build, source, values);
	if (kept == 0) {
		return false;
	}
	enumeration->descriptor = (ProtobufCEnumDescriptor){
		.magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
		.name = name,
		.short_name = source->name,
		.c_name = name,
		.package_name = package,
		.n_values = kept,
		.values = values,
	};
	enumeration->is_null = strcmp(name, "google.protobuf.NullValue") == 0;
	return enum_index(build, enumeration, values, kept);
}

/* Symbols as they are found. */
struct gather {
	struct fast_build *build;
	const Google__Protobuf__FileDescriptorProto *file;
	struct fast_symbol *symbols; /* room for all */
	size_t count;
};

static struct fast_symbol *gather_symbol(struct gather *gather, const char *scope, const char *name)
{
	struct fast_symbol *symbol;

	if (name == NULL || !fast_name_is_plain(name)) {
		fast_build_refuse(gather->build, "%.100s: something in \"%.100s\" has no name",
				  gather->file->name == NULL ? "a file" : gather->file->name,
				  scope);
		return NULL;
	}
	symbol = &gather->symbols[gather->count++];
	symbol->name = fast_build_join(gather->build, scope, name);
	return symbol->name == NULL ? NULL : symbol;
}

static bool gather_enum(struct gather *gather, const char *scope,
			const Google__Protobuf__EnumDescriptorProto *source)
{
	struct fast_symbol *symbol = gather_symbol(gather, scope, source->name);

	if (symbol == NULL) {
		return false;
	}
	symbol->kind = FAST_SYMBOL_ENUM;
	symbol->enumeration = fast_build_alloc(gather->build, 1, sizeof *symbol->enumeration);
	if (symbol->enumeration == NULL) {
		return false;
	}
	symbol->enumeration->source = source;
	return enum_build(gather->build, symbol->enumeration, symbol->name,
			  file_package(gather->file), file_is_proto3(gather->file));
}

/* How deep messages nest was bounded before the set was unpacked. */
static bool gather_message(struct gather *gather, const char *scope,
			   const Google__Protobuf__DescriptorProto *source)
{
	struct fast_symbol *symbol = gather_symbol(gather, scope, source->name);
	struct fast_schema_message *message;

	if (symbol == NULL) {
		return false;
	}
	symbol->kind = FAST_SYMBOL_MESSAGE;
	symbol->message = message = fast_build_alloc(gather->build, 1, sizeof *message);
	if (message == NULL) {
		return false;
	}
	message->source = source;
	message->is_proto3 = file_is_proto3(gather->file);
	message->is_map_entry = source->options != NULL && source->options->map_entry;
	message->descriptor = (ProtobufCMessageDescriptor){
		.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
		.name = symbol->name,
		.short_name = source->name,
		.c_name = symbol->name,
		.package_name = file_package(gather->file),
	};
	for (size_t i = 0; i < source->n_enum_type; i++) {
		if (!gather_enum(gather, symbol->name, source->enum_type[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < source->n_nested_type; i++) {
		if (!gather_message(gather, symbol->name, source->nested_type[i])) {
			return false;
		}
	}
	return true;
}

static bool gather_service(struct gather *gather,
			   const Google__Protobuf__ServiceDescriptorProto *source)
{
	struct fast_symbol *symbol =
		gather_symbol(gather, file_package(gather->file), source->name);

	if (symbol == NULL) {
		return false;
	}
	symbol->kind = FAST_SYMBOL_SERVICE;
	symbol->service = fast_build_alloc(gather->build, 1, sizeof *symbol->service);
	symbol->service_source = source;
	if (symbol->service == NULL) {
		return false;
	}
	symbol->service->name = symbol->name;
	return true;
}

static bool gather_file(struct gather *gather, const Google__Protobuf__FileDescriptorProto *file)
{
	const char *package = file_package(file);

	gather->file = file;
	if (!file_check(gather->build, file)) {
		return false;
	}
	for (size_t i = 0; i < file->n_enum_type; i++) {
		if (!gather_enum(gather, package, file->enum_type[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < file->n_message_type; i++) {
		if (!gather_message(gather, package, file->message_type[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < file->n_service; i++) {
		if (!gather_service(gather, file->service[i])) {
			return false;
		}
	}
	return true;
}

static size_t count_message(const Google__Protobuf__DescriptorProto *message)
{
	size_t count = 1 + message->n_enum_type;

	for (size_t i = 0; i < message->n_nested_type; i++) {
		count += count_message(message->nested_type[i]);
	}
	return count;
}

static int symbol_compare(const void *left, const void *right)
{
	return strcmp(((const struct fast_symbol *)left)->name,
		      ((const struct fast_symbol *)right)->name);
}

bool fast_build_symbols(struct fast_build *build, const Google__Protobuf__FileDescriptorSet *set)
{
	struct gather gather = {.build = build};
	size_t count = 0;

	for (size_t i = 0; i < set->n_file; i++) {
		count += set->file[i]->n_enum_type + set->file[i]->n_service;
		for (size_t k = 0; k < set->file[i]->n_message_type; k++) {
			count += count_message(set->file[i]->message_type[k]);
		}
	}
	gather.symbols = fast_build_alloc(build, count, sizeof *gather.symbols);
	if (gather.symbols == NULL) {
		return false;
	}
	for (size_t i = 0; i < set->n_file; i++) {
		if (!gather_file(&gather, set->file[i])) {
			return false;
		}
	}
	qsort(gather.symbols, count, sizeof *gather.symbols, symbol_compare);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(gather.symbols[i - 1].name, gather.symbols[i].name) == 0) {
			return fast_build_refuse(build, "%.400s is defined twice",
						 gather.symbols[i].name);
		}
	}
	build->schema->symbols = gather.symbols;
	build->schema->symbol_count = count;
	return true;
}
