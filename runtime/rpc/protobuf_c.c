#include "rpc/protobuf_c.h"

#include "wire/method_schema.h"
#include "wire/packet.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum fast_method_kind schema_kind(const struct fast_method_schema *schema)
{
	if (schema->takes_stream) {
		return schema->gives_stream ? FAST_METHOD_BIDI_STREAM : FAST_METHOD_CLIENT_STREAM;
	}
	return schema->gives_stream ? FAST_METHOD_SERVER_STREAM : FAST_METHOD_UNARY;
}

static void method_take_schema(struct fast_method *method, const struct fast_method_schema *schema)
{
	method->kind = schema_kind(schema);
	if (schema->idempotency <= FAST_IDEMPOTENCY_IDEMPOTENT) {
		method->idempotency = (enum fast_idempotency)schema->idempotency;
	}
	if (schema->priority <= FAST_PRIORITY_CONTROL) {
		method->priority = (enum fast_priority)schema->priority;
	}
	method->resumable = schema->resumable;
	method->lossy = schema->lossy;
}

static size_t path_bytes(const ProtobufCServiceDescriptor *descriptor, unsigned index)
{
	return strlen(descriptor->name) + 1 + strlen(descriptor->methods[index].name);
}

/* Of the whole table; 0: a path is too long. */
static size_t table_bytes(const ProtobufCServiceDescriptor *descriptor)
{
	struct fast_protobuf_c_table *table;
	size_t bytes = sizeof *table;

	for (unsigned i = 0; i < descriptor->n_methods; i++) {
		if (path_bytes(descriptor, i) > FAST_METHOD_BYTES_MAX) {
			return 0;
		}
		bytes += sizeof table->methods[0] + path_bytes(descriptor, i) + 1;
	}
	return bytes;
}

static void table_fill(struct fast_protobuf_c_table *table,
		       const ProtobufCServiceDescriptor *descriptor, fast_dispatch_fn *dispatch)
{
	char *path = (char *)&table->methods[descriptor->n_methods];

	for (unsigned i = 0; i < descriptor->n_methods; i++) {
		size_t bytes = path_bytes(descriptor, i) + 1;

		snprintf(path, bytes, "%s/%s", descriptor->name, descriptor->methods[i].name);
		table->methods[i] = (struct fast_method){
			.name = descriptor->methods[i].name,
			.path = path,
			.kind = FAST_METHOD_UNARY,
			.request = descriptor->methods[i].input,
			.response = descriptor->methods[i].output,
			.dispatch = dispatch,
		};
		path += bytes;
	}
	table->service = (struct fast_service){
		.name = descriptor->name,
		.methods = table->methods,
		.method_count = descriptor->n_methods,
	};
}

enum fast_status fast_protobuf_c_table_new(const ProtobufCServiceDescriptor *descriptor,
					   const uint8_t *set, size_t set_bytes,
					   fast_dispatch_fn *dispatch,
					   struct fast_protobuf_c_table **out)
{
	struct fast_protobuf_c_table *table;
	size_t bytes = table_bytes(descriptor);

	assert(descriptor->magic == PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC);
	if (bytes == 0) {
		return FAST_INVALID_ARGUMENT;
	}
	table = calloc(1, bytes);
	if (table == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	table_fill(table, descriptor, dispatch);
	for (unsigned i = 0; set != NULL && i < descriptor->n_methods; i++) {
		struct fast_method_schema schema;

		if (fast_method_schema_find(set, set_bytes, descriptor->name,
					    descriptor->methods[i].name, &schema) != FAST_OK) {
			free(table);
			return FAST_INVALID_ARGUMENT;
		}
		method_take_schema(&table->methods[i], &schema);
	}
	table->service.descriptor_set = set;
	table->service.descriptor_set_bytes = set_bytes;
	*out = table;
	return FAST_OK;
}
