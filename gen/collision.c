#include "check.h"

#include <stdlib.h>
#include <string.h>

/* Suffixes of the functions of a method: unary, server stream, client stream, both ways. What is
 * static in the source file has a prefix instead. */
#define SUFFIXES_MAX 8
static const char *const suffixes[][SUFFIXES_MAX] = {
	{"", "_start", "_response", "_reply"},
	{"", "_next", "_send", "_send_wait", "_send_at"},
	{"", "_put", "_finish", "_response", "_item_fn", "_on_item", "_reply"},
	{"", "_put", "_next", "_item_fn", "_on_item", "_send", "_send_wait"},
};

#define COLLISION_NAMES_PER_METHOD  (SUFFIXES_MAX + 2)
#define COLLISION_NAMES_PER_SERVICE 3

/* A name at file scope, and whose it is. */
struct scope_name {
	const char *name;
	const char *service;
	const char *method; /* NULL: the service's own */
	size_t index;       /* in order of appearance */
};

struct scope {
	struct scope_name *names;
	size_t count;
};

static bool scope_add(struct model *model, struct scope *scope, const char *before,
		      const char *name, const char *after, const struct scope_name *owner)
{
	struct scope_name *entry = &scope->names[scope->count];

	*entry = *owner;
	entry->name = pool_printf(&model->pool, "%s%s%s", before, name, after);
	if (entry->name == NULL) {
		return model_refuse(model, "no memory");
	}
	entry->index = scope->count++;
	return true;
}

static bool method_add(struct model *model, struct scope *scope,
		       const struct model_service *service, const struct model_method *method)
{
	const struct scope_name owner = {NULL, service->name, method->name, 0};
	size_t row = (method->takes_stream ? 2u : 0u) + (method->is_stream ? 1u : 0u);

	for (size_t i = 0; i < SUFFIXES_MAX && suffixes[row][i] != NULL; i++) {
		if (!scope_add(model, scope, "", method->function, suffixes[row][i], &owner)) {
			return false;
		}
	}
	if (method->takes_stream &&
	    !scope_add(model, scope, "tell_", method->function, "", &owner)) {
		return false;
	}
	return scope_add(model, scope, "dispatch_", method->function, "", &owner);
}

static bool service_add(struct model *model, struct scope *scope,
			const struct model_service *service)
{
	const struct scope_name owner = {NULL, service->name, NULL, 0};

	if (!scope_add(model, scope, "", service->prefix, "_service", &owner) ||
	    !scope_add(model, scope, "methods_", service->prefix, "", &owner) ||
	    !scope_add(model, scope, "descriptors_", service->prefix, "", &owner)) {
		return false;
	}
	for (size_t i = 0; i < service->method_count; i++) {
		if (!method_add(model, scope, service, &service->methods[i])) {
			return false;
		}
	}
	return true;
}

static int scope_name_compare(const void *left, const void *right)
{
	const struct scope_name *a = left;
	const struct scope_name *b = right;

	int order = strcmp(a->name, b->name);

	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static const char *dot(const struct scope_name *name)
{
	return name->method == NULL ? "" : "/";
}

static const char *method_or_nothing(const struct scope_name *name)
{
	return name->method == NULL ? "" : name->method;
}

bool check_collisions(struct model *model, const struct model_file *file)
{
	struct scope scope = {0};
	size_t count = 0;

	for (size_t i = 0; i < file->service_count; i++) {
		count += COLLISION_NAMES_PER_SERVICE +
			 file->services[i].method_count * COLLISION_NAMES_PER_METHOD;
	}
	if (count == 0) {
		return true;
	}
	scope.names = pool_alloc(&model->pool, count, sizeof *scope.names);
	if (scope.names == NULL) {
		return model_refuse(model, "no memory");
	}
	for (size_t i = 0; i < file->service_count; i++) {
		if (!service_add(model, &scope, &file->services[i])) {
			return false;
		}
	}

	qsort(scope.names, scope.count, sizeof *scope.names, scope_name_compare);
	for (size_t i = 1; i < scope.count; i++) {
		const struct scope_name *a = &scope.names[i - 1];
		const struct scope_name *b = &scope.names[i];

		if (strcmp(a->name, b->name) == 0) {
			return model_refuse(model,
					    "%s: service %s%s%s and service %s%s%s both give the C "
					    "name %s; rename one of them",
					    file->path, a->service, dot(a), method_or_nothing(a),
					    b->service, dot(b), method_or_nothing(b), a->name);
		}
	}
	return true;
}
