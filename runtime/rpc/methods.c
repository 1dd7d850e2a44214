#include "rpc/methods.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define METHODS_CAPACITY_MIN 32

/* FNV-1a */
static uint32_t path_hash(const uint8_t *path, size_t bytes)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < bytes; i++) {
		hash = (hash ^ path[i]) * 16777619u;
	}
	return hash;
}

static bool span_is(struct fast_span span, const char *text)
{
	return strlen(text) == span.bytes && memcmp(span.data, text, span.bytes) == 0;
}

static void methods_put(struct fast_method_entry *entries, size_t capacity,
			const struct fast_method_entry *entry)
{
	size_t slot = entry->hash & (capacity - 1);

	while (entries[slot].method != NULL) {
		slot = (slot + 1) & (capacity - 1);
	}
	entries[slot] = *entry;
}

static enum fast_status methods_reserve(struct fast_methods *methods, size_t more)
{
	size_t capacity = methods->capacity == 0 ? METHODS_CAPACITY_MIN : methods->capacity;
	struct fast_method_entry *entries;

	while (capacity < 2 * (methods->count + more)) {
		capacity *= 2;
	}
	if (capacity == methods->capacity) {
		return FAST_OK;
	}
	entries = calloc(capacity, sizeof *entries);
	if (entries == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0; i < methods->capacity; i++) {
		if (methods->entries[i].method != NULL) {
			methods_put(entries, capacity, &methods->entries[i]);
		}
	}
	free(methods->entries);
	methods->entries = entries;
	methods->capacity = capacity;
	return FAST_OK;
}

void fast_methods_fini(struct fast_methods *methods)
{
	for (size_t i = 0; i < methods->service_count; i++) {
		free(methods->counters[i]);
	}
	free(methods->sorted);
	free(methods->entries);
	*methods = (struct fast_methods){.entries = NULL};
}

static int path_compare(const void *a, const void *b)
{
	const struct fast_method_counters *const *left = a;
	const struct fast_method_counters *const *right = b;

	return strcmp((*left)->method->path, (*right)->method->path);
}

/* Room for the service, and its counters. RESOURCE_EXHAUSTED. */
static enum fast_status methods_prepare(struct fast_methods *methods,
					const struct fast_service *service,
					struct fast_method_counters **out)
{
	size_t count = methods->count + service->method_count;
	struct fast_method_counters **sorted;
	struct fast_method_counters *counters;
	enum fast_status status = methods_reserve(methods, service->method_count);

	if (status != FAST_OK) {
		return status;
	}
	sorted = realloc(methods->sorted, (count + 1) * sizeof *sorted);
	if (sorted == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	methods->sorted = sorted;
	counters = calloc(service->method_count + 1, sizeof *counters);
	if (counters == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = counters;
	return FAST_OK;
}

const struct fast_service *fast_methods_service(const struct fast_methods *methods,
						const char *name)
{
	for (size_t i = 0; i < methods->service_count; i++) {
		if (strcmp(methods->services[i]->name, name) == 0) {
			return methods->services[i];
		}
	}
	return NULL;
}

enum fast_status fast_methods_add(struct fast_methods *methods, const struct fast_service *service,
				  const void *handlers, void *arg, unsigned flags)
{
	struct fast_method_counters *counters = NULL;
	enum fast_status status;

	if (fast_methods_service(methods, service->name) != NULL) {
		return FAST_ALREADY_EXISTS;
	}
	if (methods->service_count - methods->builtin_count == FAST_SERVER_SERVICES_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = methods_prepare(methods, service, &counters);
	if (status != FAST_OK) {
		return status;
	}
	for (size_t i = 0; i < service->method_count; i++) {
		const struct fast_method *method = &service->methods[i];
		struct fast_method_entry entry = {
			.method = method,
			.handlers = handlers,
			.arg = arg,
			.flags = flags,
			.counters = &counters[i],
			.hash = path_hash((const uint8_t *)method->path, strlen(method->path)),
		};
		assert(strlen(method->path) <= FAST_METHOD_BYTES_MAX);
		methods_put(methods->entries, methods->capacity, &entry);
		counters[i].method = method;
		methods->sorted[methods->count++] = &counters[i];
	}
	qsort(methods->sorted, methods->count, sizeof(struct fast_method_counters *), path_compare);
	methods->counters[methods->service_count] = counters;
	methods->services[methods->service_count++] = service;
	return FAST_OK;
}

const struct fast_method_entry *fast_methods_find(const struct fast_methods *methods,
						  struct fast_span path)
{
	uint32_t hash = path_hash(path.data, path.bytes);

	if (methods->capacity == 0) {
		return NULL;
	}
	for (size_t slot = hash & (methods->capacity - 1); methods->entries[slot].method != NULL;
	     slot = (slot + 1) & (methods->capacity - 1)) {
		const struct fast_method_entry *entry = &methods->entries[slot];
		if (entry->hash == hash && span_is(path, entry->method->path)) {
			return entry;
		}
	}
	return NULL;
}

bool fast_methods_has_service(const struct fast_methods *methods, struct fast_span path)
{
	const uint8_t *slash = path.bytes == 0 ? NULL : memchr(path.data, '/', path.bytes);

	if (slash == NULL) {
		return false;
	}
	path.bytes = (size_t)(slash - path.data);
	for (size_t i = 0; i < methods->service_count; i++) {
		if (span_is(path, methods->services[i]->name)) {
			return true;
		}
	}
	return false;
}
