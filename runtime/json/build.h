/* json/build.h - the steps from a descriptor set to a schema. */
#ifndef FAST_JSON_BUILD_H
#define FAST_JSON_BUILD_H

#include "json/schema.h"

/* A schema under construction. Each step returns false when it fails, with status and error set. */
struct fast_build {
	struct fast_schema *schema;
	enum fast_status status;
	char *error; /* FAST_JSON_ERROR_BYTES_MAX bytes */
};

/* False always; the status becomes INVALID_ARGUMENT. */
bool fast_build_refuse(struct fast_build *build, const char *format, ...) FAST_PRINTF(2, 3);

/* Zeroed memory that lives as long as the schema; NULL: the build has failed. */
void *fast_build_alloc(struct fast_build *build, size_t count, size_t size);
char *fast_build_join(struct fast_build *build, const char *scope, const char *name);

/* Letters, digits and underscores, not beginning with a digit. */
bool fast_name_is_plain(const char *name);

/* Every message, enum and service of the set as a symbol, sorted, with enums whole. */
bool fast_build_symbols(struct fast_build *build, const Google__Protobuf__FileDescriptorSet *set);

/* The fields of a message: types resolved, ranges and names sorted, members placed. */
bool fast_build_fields(struct fast_build *build, struct fast_schema_message *message);

/* Where members lie in the struct. */
void fast_build_layout(struct fast_schema_message *message, ProtobufCFieldDescriptor *fields);

/* JSON's names for the fields. */
bool fast_build_names(struct fast_build *build, struct fast_schema_message *message,
		      const Google__Protobuf__FieldDescriptorProto *const *sources);

/* Maps and well-known types, once all fields are built: their shape is relied on. */
bool fast_build_known(struct fast_build *build, struct fast_schema_message *message);

bool fast_build_service(struct fast_build *build, const struct fast_symbol *symbol);

#endif
