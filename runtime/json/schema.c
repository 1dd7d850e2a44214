#include <fast/json.h>

#include "wire/check.h"
#include "json/build.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fast_build_refuse(struct fast_build *build, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(build->error, FAST_JSON_ERROR_BYTES_MAX, format, args);
	va_end(args);
	build->status = FAST_INVALID_ARGUMENT;
	return false;
}

void *fast_build_alloc(struct fast_build *build, size_t count, size_t size)
{
	void *data = NULL;

	if (count <= SIZE_MAX / size) {
		data = fast_arena_alloc(&build->schema->arena, count * size);
	}
	if (data == NULL) {
		snprintf(build->error, FAST_JSON_ERROR_BYTES_MAX,
			 "the schema takes too much memory");
		build->status = FAST_RESOURCE_EXHAUSTED;
		return NULL;
	}
	memset(data, 0, count * size);
	return data;
}

char *fast_build_join(struct fast_build *build, const char *scope, const char *name)
{
	size_t bytes = strlen(scope) + strlen(name) + 2;
	char *joined = fast_build_alloc(build, bytes, 1);

	if (joined != NULL) {
		snprintf(joined, bytes, "%s%s%s", scope, scope[0] == '\0' ? "" : ".", name);
	}
	return joined;
}

bool fast_name_is_plain(const char *name)
{
	size_t letters =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return letters > 0 && name[letters] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static bool schema_build(struct fast_build *build, const Google__Protobuf__FileDescriptorSet *set)
{
	struct fast_schema *schema = build->schema;

	if (!fast_build_symbols(build, set)) {
		return false;
	}
	for (size_t i = 0; i < schema->symbol_count; i++) {
		const struct fast_symbol *symbol = &schema->symbols[i];

		if (symbol->kind == FAST_SYMBOL_MESSAGE &&
		    !fast_build_fields(build, symbol->message)) {
			return false;
		}
		if (symbol->kind == FAST_SYMBOL_SERVICE && !fast_build_service(build, symbol)) {
			return false;
		}
	}
	for (size_t i = 0; i < schema->symbol_count; i++) {
		const struct fast_symbol *symbol = &schema->symbols[i];

		if (symbol->kind == FAST_SYMBOL_MESSAGE &&
		    !fast_build_known(build, symbol->message)) {
			return false;
		}
	}
	return true;
}

/* The set stays in the arena: the schema's names are its strings. */
static bool schema_unpack(struct fast_build *build, const uint8_t *data, size_t bytes,
			  const ProtobufCMessage **set)
{
	const char *reason = "";

	if (bytes > FAST_SCHEMA_BYTES_MAX) {
		build->status = FAST_RESOURCE_EXHAUSTED;
		snprintf(build->error, FAST_JSON_ERROR_BYTES_MAX,
			 "a descriptor set of %zu bytes is too large; %u are allowed", bytes,
			 FAST_SCHEMA_BYTES_MAX);
		return false;
	}
	build->status = fast_message_unpack(&google__protobuf__file_descriptor_set__descriptor,
					    data, bytes, &build->schema->arena, set, &reason);
	if (build->status != FAST_OK) {
		snprintf(build->error, FAST_JSON_ERROR_BYTES_MAX, "the descriptor set: %s", reason);
	}
	return build->status == FAST_OK;
}

enum fast_status fast_schema_new(const uint8_t *descriptor_set, size_t bytes,
				 struct fast_schema **out, char *error)
{
	char unread[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_build build = {.error = error == NULL ? unread : error};
	const ProtobufCMessage *set = NULL;

	assert(out != NULL);
	build.schema = calloc(1, sizeof *build.schema);
	if (build.schema == NULL) {
		snprintf(build.error, FAST_JSON_ERROR_BYTES_MAX, "no memory");
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_arena_init(&build.schema->arena, FAST_SCHEMA_MEMORY_BYTES_MAX);
	if (!schema_unpack(&build, descriptor_set, bytes, &set) ||
	    !schema_build(&build, (const Google__Protobuf__FileDescriptorSet *)(const void *)set)) {
		fast_schema_free(build.schema);
		return build.status;
	}
	*out = build.schema;
	return FAST_OK;
}

void fast_schema_free(struct fast_schema *schema)
{
	if (schema == NULL) {
		return;
	}
	fast_arena_fini(&schema->arena);
	free(schema);
}

static int symbol_compare(const void *name, const void *symbol)
{
	return strcmp(name, ((const struct fast_symbol *)symbol)->name);
}

const struct fast_symbol *fast_schema_find(const struct fast_schema *schema, const char *name)
{
	if (schema->symbol_count == 0) {
		return NULL;
	}
	return bsearch(name, schema->symbols, schema->symbol_count, sizeof *schema->symbols,
		       symbol_compare);
}

const ProtobufCMessageDescriptor *fast_schema_message(const struct fast_schema *schema,
						      const char *name)
{
	const struct fast_symbol *symbol = fast_schema_find(schema, name);

	return symbol != NULL && symbol->kind == FAST_SYMBOL_MESSAGE ? &symbol->message->descriptor
								     : NULL;
}

const ProtobufCEnumDescriptor *fast_schema_enum(const struct fast_schema *schema, const char *name)
{
	const struct fast_symbol *symbol = fast_schema_find(schema, name);

	return symbol != NULL && symbol->kind == FAST_SYMBOL_ENUM ? &symbol->enumeration->descriptor
								  : NULL;
}

const struct fast_service *fast_schema_service(const struct fast_schema *schema, const char *name)
{
	const struct fast_symbol *symbol = fast_schema_find(schema, name);

	return symbol != NULL && symbol->kind == FAST_SYMBOL_SERVICE ? symbol->service : NULL;
}

const struct fast_service *fast_schema_service_at(const struct fast_schema *schema, size_t index)
{
	for (size_t i = 0; i < schema->symbol_count; i++) {
		if (schema->symbols[i].kind == FAST_SYMBOL_SERVICE && index-- == 0) {
			return schema->symbols[i].service;
		}
	}
	return NULL;
}

const struct fast_method *fast_schema_method(const struct fast_schema *schema, const char *path)
{
	for (size_t i = 0; i < schema->symbol_count; i++) {
		const struct fast_symbol *symbol = &schema->symbols[i];

		if (symbol->kind != FAST_SYMBOL_SERVICE) {
			continue;
		}
		for (size_t k = 0; k < symbol->service->method_count; k++) {
			if (strcmp(symbol->service->methods[k].path, path) == 0) {
				return &symbol->service->methods[k];
			}
		}
	}
	return NULL;
}

const ProtobufCFieldDescriptor *fast_schema_field_named(const struct fast_schema_message *message,
							const char *name)
{
	size_t low = 0, high = message->name_count;

	while (low < high) { /* the first that is not less */
		size_t middle = low + (high - low) / 2;

		if (strcmp(message->names[middle].name, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == message->name_count || strcmp(message->names[low].name, name) != 0) {
		return NULL;
	}
	return &message->descriptor.fields[message->names[low].field];
}
