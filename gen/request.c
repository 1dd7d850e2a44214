#include "request.h"

#include "names.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <protobuf_c_options.pb-c.h>
#include <string.h>

/* The number of protobuf-c's extensions of every options message. */
#define PROTOBUF_C_EXTENSION 1019

size_t request_find_file(const Google__Protobuf__Compiler__CodeGeneratorRequest *request,
			 const char *path)
{
	size_t i = 0;

	while (i < request->n_proto_file && strcmp(request->proto_file[i]->name, path) != 0) {
		i++;
	}
	return i;
}

/* Follows the dotted name down from the messages given. */
static bool messages_define(Google__Protobuf__DescriptorProto *const *messages, size_t count,
			    const char *name)
{
	size_t length = strcspn(name, ".");

	for (size_t i = 0; i < count; i++) {
		const Google__Protobuf__DescriptorProto *message = messages[i];

		if (message->name == NULL || strlen(message->name) != length ||
		    memcmp(message->name, name, length) != 0) {
			continue;
		}
		return name[length] == '\0' ||
		       messages_define(message->nested_type, message->n_nested_type,
				       name + length + 1);
	}
	return false;
}

static bool file_defines(const Google__Protobuf__FileDescriptorProto *file, const char *full_name)
{
	size_t length = file->package == NULL ? 0 : strlen(file->package);

	if (length > 0) {
		if (strncmp(full_name, file->package, length) != 0 || full_name[length] != '.') {
			return false;
		}
		full_name += length + 1;
	}
	return messages_define(file->message_type, file->n_message_type, full_name);
}

const Google__Protobuf__FileDescriptorProto *request_find_message(
	const Google__Protobuf__Compiler__CodeGeneratorRequest *request, const char *full_name)
{
	for (size_t i = 0; i < request->n_proto_file; i++) {
		if (file_defines(request->proto_file[i], full_name)) {
			return request->proto_file[i];
		}
	}
	return NULL;
}

const char *request_comment(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path,
			    size_t path_length)
{
	const Google__Protobuf__SourceCodeInfo *info = file->source_code_info;

	for (size_t i = 0; info != NULL && i < info->n_location; i++) {
		const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];

		if (location->n_path == path_length &&
		    memcmp(location->path, path, path_length * sizeof *path) == 0) {
			return location->leading_comments;
		}
	}
	return NULL;
}

/* The extension's bytes, as they lie among the fields that descriptor.proto does not know. False:
 * the options have none. */
static bool extension_find(const ProtobufCMessage *options, const uint8_t **bytes, size_t *size)
{
	for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
		size_t prefix = 0;

		if (field->tag != PROTOBUF_C_EXTENSION ||
		    field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
			continue;
		}
		while (prefix < field->len && (field->data[prefix] & 0x80) != 0) {
			prefix++;
		}
		if (prefix < field->len) {
			*bytes = field->data + prefix + 1;
			*size = field->len - prefix - 1;
			return true;
		}
	}
	return false;
}

static char *name_replace(struct pool *pool, const char *package, const char *c_package,
			  const char *full_name)
{
	const char *rest = full_name;

	if (package != NULL && package[0] != '\0') {
		rest += strlen(package) + 1;
	}
	return pool_printf(pool, "%s%s%s", c_package, c_package[0] == '\0' ? "" : ".", rest);
}

char *request_c_full_name(struct pool *pool, const Google__Protobuf__FileDescriptorProto *file,
			  const char *full_name)
{
	Gen__FileOptions *options = NULL;
	const uint8_t *bytes = NULL;
	size_t size = 0;
	char *name = NULL;

	if (file->options == NULL || !extension_find(&file->options->base, &bytes, &size)) {
		return pool_printf(pool, "%s", full_name);
	}
	options = gen__file_options__unpack(NULL, size, bytes);
	if (options == NULL) {
		return NULL;
	}
	if (options->c_package == NULL) {
		name = pool_printf(pool, "%s", full_name);
	} else if (options->c_package[0] == '\0' || names_is_dotted(options->c_package)) {
		name = name_replace(pool, file->package, options->c_package, full_name);
	}
	gen__file_options__free_unpacked(options, NULL);
	return name;
}

char *request_base_field(struct pool *pool, const Google__Protobuf__DescriptorProto *message)
{
	Gen__MessageOptions *options = NULL;
	const uint8_t *bytes = NULL;
	size_t size = 0;
	char *name = NULL;

	if (message->options == NULL || !extension_find(&message->options->base, &bytes, &size)) {
		return pool_printf(pool, "base");
	}
	options = gen__message_options__unpack(NULL, size, bytes);
	if (options != NULL) {
		name = pool_printf(pool, "%s",
				   options->base_field_name == NULL ? "base"
								    : options->base_field_name);
		gen__message_options__free_unpacked(options, NULL);
	}
	return name;
}

/* Marks what the marked files import. Imports stand in front of what imports them. */
static bool imports_mark(const Google__Protobuf__Compiler__CodeGeneratorRequest *request,
			 size_t file, bool *marked)
{
	marked[file] = true;
	for (size_t i = file + 1; i-- > 0;) {
		const Google__Protobuf__FileDescriptorProto *importer = request->proto_file[i];

		for (size_t k = 0; marked[i] && k < importer->n_dependency; k++) {
			size_t imported = request_find_file(request, importer->dependency[k]);

			if (imported >= i) {
				return false;
			}
			marked[imported] = true;
		}
	}
	return true;
}

bool request_descriptor_set(struct pool *pool,
			    const Google__Protobuf__Compiler__CodeGeneratorRequest *request,
			    size_t file, const uint8_t **out, size_t *out_bytes)
{
	Google__Protobuf__FileDescriptorSet set = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_SET__INIT;
	Google__Protobuf__FileDescriptorProto *copies = pool_alloc(pool, file + 1, sizeof *copies);
	bool *marked = pool_alloc(pool, file + 1, sizeof *marked);
	uint8_t *bytes = NULL;

	set.file = pool_alloc(pool, file + 1, sizeof(void *));
	if (copies == NULL || marked == NULL || set.file == NULL ||
	    !imports_mark(request, file, marked)) {
		return false;
	}
	for (size_t i = 0; i <= file; i++) {
		if (marked[i]) {
			copies[i] = *request->proto_file[i];
			copies[i].source_code_info = NULL;
			set.file[set.n_file++] = &copies[i];
		}
	}

	*out_bytes = google__protobuf__file_descriptor_set__get_packed_size(&set);
	bytes = pool_alloc(pool, *out_bytes, 1);
	if (bytes == NULL) {
		return false;
	}
	google__protobuf__file_descriptor_set__pack(&set, bytes);
	*out = bytes;
	return true;
}
