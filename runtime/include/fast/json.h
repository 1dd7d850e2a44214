/* fast/json.h - messages of schemas that are known at run time alone, and protobuf's JSON.
 *
 * A function that may fail with a sentence takes char *error: NULL, or FAST_JSON_ERROR_BYTES_MAX
 * bytes that it fills unless it returns FAST_OK. */
#ifndef FAST_JSON_H
#define FAST_JSON_H

#include <fast/service.h>

FAST_BEGIN_DECLS

#define FAST_JSON_ERROR_BYTES_MAX 512
/* Of a packed descriptor set, and what its schema may take in memory. */
#define FAST_SCHEMA_BYTES_MAX        (8u << 20)
#define FAST_SCHEMA_MEMORY_BYTES_MAX (128u << 20)
/* Of one JSON text, how deep it may nest, and what its message may take in memory. */
#define FAST_JSON_BYTES_MAX        (16u << 20)
#define FAST_JSON_DEPTH_MAX        100
#define FAST_JSON_MEMORY_BYTES_MAX (128u << 20)

/* Messages, enums and services of one descriptor set. Never changes once made, so that any thread
 * may use it. */
struct fast_schema;

/* A message and the memory that it lies in. Zeroed memory is valid and empty. */
struct fast_dynamic {
	ProtobufCMessage *message; /* never given to free_unpacked */
	void *arena;               /* private */
};

enum fast_json_flags {
	FAST_JSON_DEFAULTS = 1,       /* print: fields without presence at their default too */
	FAST_JSON_PROTO_NAMES = 2,    /* print: names as in the schema, not lowerCamelCase */
	FAST_JSON_ENUM_NUMBERS = 4,   /* print: enums as numbers */
	FAST_JSON_INDENT = 8,         /* print: over several lines, for people */
	FAST_JSON_IGNORE_UNKNOWN = 16 /* parse: skip unknown fields and names of enum values */
};

/* ---- schemas ---- */

/* descriptor_set: a packed google.protobuf.FileDescriptorSet from anybody, proto2 or proto3, with
 * all that its files import. Gives *out, which the caller frees. INVALID_ARGUMENT: malformed, or
 * has what is not supported (groups, message sets, editions). RESOURCE_EXHAUSTED: too large.
 *
 * Its descriptors are real ones: protobuf-c packs, unpacks and checks their messages, and
 * fast_client_call() takes their methods. But they have no init function: a new message comes from
 * here or from unpack, never from protobuf_c_message_init(). */
FAST_MUST_CHECK enum fast_status fast_schema_new(const uint8_t *descriptor_set, size_t bytes,
						 struct fast_schema **out, char *error);
/* Frees the schema, after every message of it. NULL is allowed. */
void fast_schema_free(struct fast_schema *schema);

/* By full name, "fast.v1.ParamSpec"; NULL: not in the schema. */
const ProtobufCMessageDescriptor *fast_schema_message(const struct fast_schema *schema,
						      const char *name);
const ProtobufCEnumDescriptor *fast_schema_enum(const struct fast_schema *schema, const char *name);
const struct fast_service *fast_schema_service(const struct fast_schema *schema, const char *name);
/* The services in order of their names; NULL past the end. */
const struct fast_service *fast_schema_service_at(const struct fast_schema *schema, size_t index);
/* By path, "fast.v1.Param/Get". Its dispatch is NULL: it is for clients. */
const struct fast_method *fast_schema_method(const struct fast_schema *schema, const char *path);

/* What stands under the name as text like that of a .proto file: a message, an enum, a service or a
 * method ("fast.v1.Param/Get", with both of its messages). Gives *out, to be released by free().
 * NOT_FOUND. */
FAST_MUST_CHECK enum fast_status fast_schema_describe(const struct fast_schema *schema,
						      const char *name, char **out);

/* ---- messages ---- */

/* Releases the message and empties it. */
void fast_dynamic_fini(struct fast_dynamic *dynamic);

/* Unpacks what came from anybody. Gives *out. INVALID_ARGUMENT, RESOURCE_EXHAUSTED; NOT_FOUND: the
 * schema has no such message. */
FAST_MUST_CHECK enum fast_status fast_dynamic_unpack(const struct fast_schema *schema,
						     const char *name, const uint8_t *data,
						     size_t bytes, struct fast_dynamic *out,
						     char *error);

/* ---- JSON, by protobuf's canonical mapping ---- */

/* message: of the schema, or a generated one whose name the schema knows. Gives *out, to be
 * released by free(). INVALID_ARGUMENT: it has no JSON (a Timestamp past the year 9999, an Any of a
 * type that the schema does not have). RESOURCE_EXHAUSTED: past FAST_JSON_BYTES_MAX. NOT_FOUND. */
FAST_MUST_CHECK enum fast_status fast_json_print(const struct fast_schema *schema,
						 const ProtobufCMessage *message, unsigned flags,
						 char **out, char *error);

/* Reads text as the message with this name. Gives *out. INVALID_ARGUMENT: error begins with the
 * place, "params[2].value: ". RESOURCE_EXHAUSTED; NOT_FOUND: the schema has no such message. */
FAST_MUST_CHECK enum fast_status fast_json_parse(const struct fast_schema *schema, const char *name,
						 const char *text, size_t bytes, unsigned flags,
						 struct fast_dynamic *out, char *error);

FAST_END_DECLS

#endif
