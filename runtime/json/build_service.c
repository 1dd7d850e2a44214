#include "json/build.h"

#include <stdio.h>
#include <string.h>

#define SERVICE_METHODS_MAX 1024

static const ProtobufCMessageDescriptor *type_find(const struct fast_build *build, const char *name)
{
	return name == NULL || name[0] != '.' ? NULL : fast_schema_message(build->schema, name + 1);
}

static enum fast_method_kind method_kind(const Google__Protobuf__MethodDescriptorProto *source)
{
	if (source->client_streaming) {
		return source->server_streaming ? FAST_METHOD_BIDI_STREAM
						: FAST_METHOD_CLIENT_STREAM;
	}
	return source->server_streaming ? FAST_METHOD_SERVER_STREAM : FAST_METHOD_UNARY;
}

static enum fast_idempotency method_idempotency(
	const Google__Protobuf__MethodDescriptorProto *source)
{
	if (source->options == NULL) {
		return FAST_IDEMPOTENCY_UNKNOWN;
	}
	switch (source->options->idempotency_level) {
	case GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS:
		return FAST_IDEMPOTENCY_NO_SIDE_EFFECTS;
	case GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__IDEMPOTENT:
		return FAST_IDEMPOTENCY_IDEMPOTENT;
	default:
		return FAST_IDEMPOTENCY_UNKNOWN;
	}
}

static bool method_build(struct fast_build *build, const char *service,
			 const Google__Protobuf__MethodDescriptorProto *source,
			 struct fast_method *method)
{
	size_t bytes;
	char *path;

	if (source->name == NULL || !fast_name_is_plain(source->name)) {
		return fast_build_refuse(build, "service %.200s: a method has no name", service);
	}
	bytes = strlen(service) + strlen(source->name) + 2;
	path = fast_build_alloc(build, bytes, 1);
	if (path == NULL) {
		return false;
	}
	snprintf(path, bytes, "%s/%s", service, source->name);
	*method = (struct fast_method){
		.name = source->name,
		.path = path,
		.kind = method_kind(source),
		.idempotency = method_idempotency(source),
		.request = type_find(build, source->input_type),
		.response = type_find(build, source->output_type),
	};
	if (method->request == NULL || method->response == NULL) {
		return fast_build_refuse(build,
					 "method %.200s: a message of it is not in the descriptor "
					 "set",
					 path);
	}
	return true;
}

bool fast_build_service(struct fast_build *build, const struct fast_symbol *symbol)
{
	const Google__Protobuf__ServiceDescriptorProto *source = symbol->service_source;
	struct fast_method *methods = fast_build_alloc(build, source->n_method, sizeof *methods);

	if (methods == NULL) {
		return false;
	}
	if (source->n_method > SERVICE_METHODS_MAX) {
		return fast_build_refuse(build, "service %.200s has more than %d methods",
					 symbol->name, SERVICE_METHODS_MAX);
	}
	for (size_t i = 0; i < source->n_method; i++) {
		if (!method_build(build, symbol->name, source->method[i], &methods[i])) {
			return false;
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(methods[k].name, methods[i].name) == 0) {
				return fast_build_refuse(build, "method %.200s is defined twice",
							 methods[i].path);
			}
		}
	}
	symbol->service->methods = methods;
	symbol->service->method_count = source->n_method;
	return true;
}
