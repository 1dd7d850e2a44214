#include "check.h"

#include "names.h"
#include "request.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool model_refuse(struct model *model, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(model->refusal, sizeof model->refusal, format, arguments);
	va_end(arguments);
	return false;
}

/* A path that can stand between the brackets of an #include and in a comment. */
static bool path_is_plain(const char *path)
{
	if (path == NULL || path[0] == '\0' || strstr(path, "/*") != NULL ||
	    strstr(path, "*/") != NULL || strstr(path, "//") != NULL) {
		return false;
	}
	for (; *path != '\0'; path++) {
		if (*path < ' ' || *path > '~' || strchr("<>\"\\", *path) != NULL) {
			return false;
		}
	}
	return true;
}

bool check_names(struct model *model,
		 const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
	for (size_t i = 0; i < request->n_proto_file; i++) {
		const Google__Protobuf__FileDescriptorProto *file = request->proto_file[i];

		if (!path_is_plain(file->name)) {
			return model_refuse(model,
					    "file %zu of the request: its path cannot stand "
					    "in an #include; rename it",
					    i);
		}
		if (file->package != NULL && file->package[0] != '\0' &&
		    !names_is_dotted(file->package)) {
			return model_refuse(model, "%s: its package is not a name", file->name);
		}
	}
	return true;
}

static bool is_same_lower(const char *name, const char *lower)
{
	while (*name != '\0' && *lower != '\0') {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

		if (c != *lower) {
			return false;
		}
		name++;
		lower++;
	}
	return *name == *lower;
}

static bool field_check(struct model *model, const char *path, const char *message,
			const Google__Protobuf__FieldDescriptorProto *field, const char *base)
{
	if (field->name == NULL || !names_is_dotted(field->name)) {
		return model_refuse(model, "%s: message %s: a field has no name", path, message);
	}
	if (field->proto3_optional) {
		return model_refuse(
			model,
			"%s: message %s: field %s is \"optional\", which protobuf-c "
			"cannot generate in proto3; write \"oneof _%s { ... %s = %d; }\" "
			"instead, which is the same on the wire",
			path, message, field->name, field->name, field->name, (int)field->number);
	}
	if (field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP) {
		return model_refuse(model,
				    "%s: message %s: field %s is a group, which protobuf-c cannot "
				    "read; use a message of its own instead",
				    path, message, field->name);
	}
	if (is_same_lower(field->name, base)) {
		return model_refuse(model,
				    "%s: message %s: field %s has the name of the first member of "
				    "protobuf-c's struct; rename it, which changes nothing on the "
				    "wire",
				    path, message, field->name);
	}
	return true;
}

/* Recursion is bounded by the check of the request's depth. */
static bool message_check(struct model *model, const char *path, const char *scope,
			  const Google__Protobuf__DescriptorProto *message)
{
	char *base = request_base_field(&model->pool, message);
	char *name = NULL;

	if (message->name == NULL || !names_is_dotted(message->name)) {
		return model_refuse(model, "%s: a message has no name", path);
	}
	name = pool_printf(&model->pool, "%s%s%s", scope, scope[0] == '\0' ? "" : ".",
			   message->name);
	if (base == NULL || name == NULL) {
		return model_refuse(model, "%s: message %s: no memory, or malformed options", path,
				    message->name);
	}
	for (size_t i = 0; i < message->n_field; i++) {
		if (!field_check(model, path, name, message->field[i], base)) {
			return false;
		}
	}
	for (size_t i = 0; i < message->n_nested_type; i++) {
		if (!message_check(model, path, name, message->nested_type[i])) {
			return false;
		}
	}
	return true;
}

bool check_messages(struct model *model, const Google__Protobuf__FileDescriptorProto *file)
{
	const char *syntax = file->syntax == NULL ? "proto2" : file->syntax;
	const char *package = file->package == NULL ? "" : file->package;

	if (strcmp(syntax, "proto2") != 0 && strcmp(syntax, "proto3") != 0) {
		return model_refuse(model,
				    "%s: its syntax is \"%s\", which protobuf-c cannot generate; "
				    "write syntax = \"proto3\" instead",
				    file->name, syntax);
	}
	for (size_t i = 0; i < file->n_message_type; i++) {
		if (!message_check(model, file->name, package, file->message_type[i])) {
			return false;
		}
	}
	return true;
}

bool check_method(struct model *model, const char *path, const char *service,
		  const Google__Protobuf__MethodDescriptorProto *method)
{
	if (method->name == NULL || !names_is_dotted(method->name) || method->input_type == NULL ||
	    method->output_type == NULL) {
		return model_refuse(model, "%s: service %s: a method lacks its name or a type",
				    path, service);
	}
	return true;
}
