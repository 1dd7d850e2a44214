#include "model.h"

#include "check.h"
#include "names.h"
#include "request.h"
#include "rules.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdlib.h>
#include <string.h>

/* Field numbers in descriptor.proto, of which the paths of comments are made. */
#define FILE_SERVICE   6
#define SERVICE_METHOD 2

/* A file while it is read. */
struct reader {
	struct model *model;
	const Google__Protobuf__Compiler__CodeGeneratorRequest *request;
	const Google__Protobuf__FileDescriptorProto *file;
	const char **headers;
	size_t header_count;
};

static bool refuse_memory(struct model *model)
{
	return model_refuse(model, "no memory");
}

static bool header_add(struct reader *reader, const char *header)
{
	for (size_t i = 0; i < reader->header_count; i++) {
		if (strcmp(reader->headers[i], header) == 0) {
			return true;
		}
	}
	reader->headers[reader->header_count++] = header;
	return true;
}

static bool type_read(struct reader *reader, const char *type_name, struct model_type *out)
{
	struct pool *pool = &reader->model->pool;
	const Google__Protobuf__FileDescriptorProto *file = NULL;
	const char *name = type_name;
	const char *stem = NULL;

	if (type_name[0] == '.' && names_is_dotted(type_name + 1)) {
		file = request_find_message(reader->request, type_name + 1);
	}
	if (file == NULL) {
		return model_refuse(reader->model, "%s: message %s is not in the request",
				    reader->file->name, type_name);
	}
	name = request_c_full_name(pool, file, type_name + 1);
	stem = names_stem(pool, file->name);
	if (name == NULL || stem == NULL) {
		return model_refuse(reader->model, "%s: no memory, or malformed options",
				    file->name);
	}
	out->c_name = names_type(pool, name);
	out->header = pool_printf(pool, "%s.pb-c.h", stem);
	name = names_symbol(pool, name);
	out->descriptor = name == NULL ? NULL : pool_printf(pool, "%s__descriptor", name);
	if (out->c_name == NULL || out->header == NULL || out->descriptor == NULL) {
		return refuse_memory(reader->model);
	}
	return header_add(reader, out->header);
}

static const char *idempotency_name(const Google__Protobuf__MethodOptions *options)
{
	static const char *const names[] = {
		"FAST_IDEMPOTENCY_UNKNOWN",
		"FAST_IDEMPOTENCY_NO_SIDE_EFFECTS",
		"FAST_IDEMPOTENCY_IDEMPOTENT",
	};
	size_t level = options == NULL ? 0 : (size_t)options->idempotency_level;

	return names[level < sizeof names / sizeof *names ? level : 0];
}

static bool method_read(struct reader *reader, const struct model_service *service,
			const Google__Protobuf__MethodDescriptorProto *method,
			struct model_method *out)
{
	struct pool *pool = &reader->model->pool;
	const char *snake = NULL;

	if (!check_method(reader->model, reader->file->name, service->name, method) ||
	    !type_read(reader, method->input_type, &out->request) ||
	    !type_read(reader, method->output_type, &out->response)) {
		return false;
	}
	snake = names_snake(pool, method->name);
	if (snake == NULL) {
		return refuse_memory(reader->model);
	}
	out->name = method->name;
	out->is_stream = method->server_streaming;
	out->takes_stream = method->client_streaming;
	out->idempotency = idempotency_name(method->options);
	out->member = names_member(pool, snake);
	out->path = pool_printf(pool, "%s/%s", service->name, method->name);
	out->function = pool_printf(pool, "%s_%s", service->prefix, snake);
	if (out->member == NULL || out->path == NULL || out->function == NULL) {
		return refuse_memory(reader->model);
	}
	/* Without the file that number of an option is somebody else's. */
	return request_find_file(reader->request, RULES_PROTO) == reader->request->n_proto_file ||
	       rules_read(reader->model, reader->file->name, method, out);
}

/* The runtime's own functions begin so, and one level of package would not keep ours apart. */
static bool is_prefix_of_runtime(const char *name, const char *prefix)
{
	const char *dot = strchr(name, '.');

	return (strcmp(prefix, "fast") == 0 || strncmp(prefix, "fast_", 5) == 0) &&
	       (dot == NULL || strchr(dot + 1, '.') == NULL);
}

static bool service_name_read(struct reader *reader, const char *name, struct model_service *out)
{
	struct pool *pool = &reader->model->pool;
	const char *package = reader->file->package == NULL ? "" : reader->file->package;
	const char *c_name = NULL;

	if (name == NULL || !names_is_dotted(name)) {
		return model_refuse(reader->model, "%s: a service has no name", reader->file->name);
	}
	out->name = pool_printf(pool, "%s%s%s", package, package[0] == '\0' ? "" : ".", name);
	if (out->name == NULL) {
		return refuse_memory(reader->model);
	}
	c_name = request_c_full_name(pool, reader->file, out->name);
	out->prefix = c_name == NULL ? NULL : names_prefix(pool, c_name);
	if (out->prefix == NULL) {
		return model_refuse(reader->model, "%s: no memory, or malformed options",
				    reader->file->name);
	}
	if (is_prefix_of_runtime(c_name, out->prefix)) {
		return model_refuse(reader->model,
				    "%s: service %s would give functions named %s_..., as the "
				    "runtime's own are; use a package of two or more parts",
				    reader->file->name, out->name, out->prefix);
	}
	return true;
}

static bool service_read(struct reader *reader, size_t index, struct model_service *out)
{
	const Google__Protobuf__ServiceDescriptorProto *service = reader->file->service[index];
	int32_t path[] = {FILE_SERVICE, (int32_t)index, SERVICE_METHOD, 0};
	struct model_method *methods = NULL;

	if (!service_name_read(reader, service->name, out)) {
		return false;
	}
	if (service->n_method == 0) {
		return model_refuse(reader->model,
				    "%s: service %s has no methods; give it one, or remove it",
				    reader->file->name, out->name);
	}
	out->comment = request_comment(reader->file, path, 2);

	methods = pool_alloc(&reader->model->pool, service->n_method, sizeof *methods);
	if (methods == NULL) {
		return refuse_memory(reader->model);
	}
	out->methods = methods;
	for (size_t i = 0; i < service->n_method; i++) {
		path[3] = (int32_t)i;
		methods[i].comment = request_comment(reader->file, path, 4);
		if (!method_read(reader, out, service->method[i], &methods[i])) {
			return false;
		}
		out->method_count++;
	}
	return true;
}

static int header_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Names of the file itself, and room for the headers that its methods may need. */
static bool file_begin(struct reader *reader, struct model_file *out)
{
	const Google__Protobuf__FileDescriptorProto *file = reader->file;
	struct pool *pool = &reader->model->pool;
	size_t header_max = 1;
	const char *header = NULL;

	for (size_t i = 0; i < file->n_service; i++) {
		header_max += 2 * file->service[i]->n_method;
	}
	reader->headers = pool_alloc(pool, header_max, sizeof *reader->headers);
	out->path = file->name;
	out->stem = names_stem(pool, file->name);
	out->guard = names_guard(pool, file->name);
	if (reader->headers == NULL || out->stem == NULL || out->guard == NULL) {
		return refuse_memory(reader->model);
	}
	header = pool_printf(pool, "%s.pb-c.h", out->stem);
	return header == NULL ? refuse_memory(reader->model) : header_add(reader, header);
}

static bool file_read(struct model *model,
		      const Google__Protobuf__Compiler__CodeGeneratorRequest *request, size_t index,
		      struct model_file *out)
{
	struct reader reader = {model, request, request->proto_file[index], NULL, 0};
	struct model_service *services = NULL;

	if (!check_messages(model, reader.file) || !file_begin(&reader, out)) {
		return false;
	}
	services = pool_alloc(&model->pool, reader.file->n_service + 1, sizeof *services);
	if (services == NULL) {
		return refuse_memory(model);
	}
	out->services = services;
	for (size_t i = 0; i < reader.file->n_service; i++) {
		if (!service_read(&reader, i, &services[i])) {
			return false;
		}
		out->service_count++;
		for (size_t k = 0; k < services[i].method_count; k++) {
			out->has_streams |= services[i].methods[k].is_stream ||
					    services[i].methods[k].takes_stream;
		}
	}
	qsort(reader.headers, reader.header_count, sizeof *reader.headers, header_compare);
	out->headers = reader.headers;
	out->header_count = reader.header_count;
	if (!check_collisions(model, out)) {
		return false;
	}
	if (out->service_count > 0 &&
	    !request_descriptor_set(&model->pool, request, index, &out->descriptor_set,
				    &out->descriptor_set_bytes)) {
		return model_refuse(model, "%s: no memory, or an import is not in the request",
				    out->path);
	}
	return true;
}

bool model_read(struct model *model,
		const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
	struct model_file *files = NULL;

	if (request->parameter != NULL && request->parameter[0] != '\0') {
		return model_refuse(model, "option \"%s\" is unknown; there are none",
				    request->parameter);
	}
	if (!check_names(model, request)) {
		return false;
	}
	files = pool_alloc(&model->pool, request->n_file_to_generate + 1, sizeof *files);
	if (files == NULL) {
		return refuse_memory(model);
	}
	model->files = files;
	for (size_t i = 0; i < request->n_file_to_generate; i++) {
		size_t index = request_find_file(request, request->file_to_generate[i]);

		if (index == request->n_proto_file) {
			return model_refuse(model, "%s is not in the request",
					    request->file_to_generate[i]);
		}
		if (!file_read(model, request, index, &files[i])) {
			return false;
		}
		model->file_count++;
	}
	return true;
}

void model_fini(struct model *model)
{
	pool_fini(&model->pool);
	*model = (struct model){0};
}
