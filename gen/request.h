/* request.h - looks things up in a CodeGeneratorRequest. What is found is borrowed from it. */
#ifndef GEN_REQUEST_H
#define GEN_REQUEST_H

#include "pool.h"

#include <google/protobuf/compiler/plugin.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

/* The index of the file with this path, or request->n_proto_file. */
size_t request_find_file(const Google__Protobuf__Compiler__CodeGeneratorRequest *request,
			 const char *path);

/* The file that defines the message of this full name. NULL: none does. */
const Google__Protobuf__FileDescriptorProto *request_find_message(
	const Google__Protobuf__Compiler__CodeGeneratorRequest *request, const char *full_name);

/* The comment in front of what lies at path in file, as in SourceCodeInfo. NULL: none. */
const char *request_comment(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path,
			    size_t path_length);

/* full_name with file's package replaced by its option c_package, if it has one. NULL: no memory,
 * or the option is malformed. */
char *request_c_full_name(struct pool *pool, const Google__Protobuf__FileDescriptorProto *file,
			  const char *full_name);

/* What protoc-c calls the first member of message's struct. NULL: as above. */
char *request_base_field(struct pool *pool, const Google__Protobuf__DescriptorProto *message);

/* A packed FileDescriptorSet: the file and all that it imports, without source info. False: no
 * memory, or an import is missing. */
bool request_descriptor_set(struct pool *pool,
			    const Google__Protobuf__Compiler__CodeGeneratorRequest *request,
			    size_t file, const uint8_t **out, size_t *out_bytes);

#endif
