/* json/parse.h - the parts of parsing. Each returns false when it fails, with status and error set.
 */
#ifndef FAST_JSON_PARSE_H
#define FAST_JSON_PARSE_H

#include "json/path.h"
#include "json/reader.h"
#include "json/schema.h"

struct fast_parser {
	const struct fast_schema *schema;
	struct fast_arena *arena; /* of the message */
	unsigned flags;           /* enum fast_json_flags */
	enum fast_status status;
	char *error; /* FAST_JSON_ERROR_BYTES_MAX bytes */
};

bool fast_parse_refuse(struct fast_parser *parser, const struct fast_path *path, const char *format,
		       ...) FAST_PRINTF(3, 4);
bool fast_parse_exhausted(struct fast_parser *parser);
/* "expected a list, not a number" */
bool fast_parse_expected(struct fast_parser *parser, const struct fast_path *path,
			 const char *expected, const struct fast_json_node *node);

/* Any message from its node; *out is a new one. */
bool fast_parse_message(struct fast_parser *parser, const struct fast_path *path,
			const struct fast_schema_message *type, const struct fast_json_node *node,
			ProtobufCMessage **out);
/* The members of an object into its fields. skip: a member that is not a field; NULL: none. */
bool fast_parse_fields(struct fast_parser *parser, const struct fast_path *path,
		       ProtobufCMessage *message, const struct fast_json_node *node,
		       const char *skip);
/* One field from its node. */
bool fast_parse_field(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *message, unsigned field, const struct fast_json_node *node);

/* What became of a value. */
enum fast_parsed {
	FAST_PARSED_VALUE,
	FAST_PARSED_SKIPPED, /* the name of an enum value that is not known, and is ignored */
	FAST_PARSED_FAILED,
};

/* One value of a field into member. */
enum fast_parsed fast_parse_value(struct fast_parser *parser, const struct fast_path *path,
				  const struct fast_schema_message *type, unsigned field,
				  const struct fast_json_node *node, void *member);
/* The same for all but messages, in parse_scalar.c. */
enum fast_parsed fast_parse_scalar(struct fast_parser *parser, const struct fast_path *path,
				   const ProtobufCFieldDescriptor *field,
				   const struct fast_json_node *node, void *member);
/* An object into a map's entries. */
bool fast_parse_map(struct fast_parser *parser, const struct fast_path *path,
		    ProtobufCMessage *message, unsigned field, const struct fast_json_node *node);
/* A message that is known by its name. */
bool fast_parse_known(struct fast_parser *parser, const struct fast_path *path,
		      ProtobufCMessage *message, const struct fast_json_node *node);

/* The field whose JSON name is nearest to name; NULL: none is near. */
const char *fast_name_nearest(const struct fast_schema_message *message, const char *name);
/* The same among the names of an enum. */
const char *fast_value_nearest(const ProtobufCEnumDescriptor *descriptor, const char *name);

#endif
