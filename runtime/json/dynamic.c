#include "json/dynamic.h"

#include "wire/check.h"
#include "json/member.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

ProtobufCMessage *fast_dynamic_new(const struct fast_schema_message *type, struct fast_arena *arena)
{
	const ProtobufCMessageDescriptor *descriptor = &type->descriptor;
	ProtobufCMessage *message = fast_arena_alloc(arena, descriptor->sizeof_message);

	if (message == NULL) {
		return NULL;
	}
	memset(message, 0, descriptor->sizeof_message);
	message->descriptor = descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		if (field->default_value != NULL) { /* of texts without presence alone */
			*(const void **)fast_member(message, field) = field->default_value;
		}
	}
	return message;
}

enum fast_status fast_dynamic_open(struct fast_dynamic *out)
{
	struct fast_arena *arena = calloc(1, sizeof *arena);

	if (arena == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_arena_init(arena, FAST_JSON_MEMORY_BYTES_MAX);
	*out = (struct fast_dynamic){.arena = arena};
	return FAST_OK;
}

void fast_dynamic_fini(struct fast_dynamic *dynamic)
{
	if (dynamic->arena != NULL) {
		fast_arena_fini(dynamic->arena);
		free(dynamic->arena);
	}
	*dynamic = (struct fast_dynamic){0};
}

enum fast_status fast_dynamic_unpack(const struct fast_schema *schema, const char *name,
				     const uint8_t *data, size_t bytes, struct fast_dynamic *out,
				     char *error)
{
	const ProtobufCMessageDescriptor *descriptor = fast_schema_message(schema, name);
	struct fast_dynamic dynamic = {0};
	const ProtobufCMessage *message = NULL;
	const char *reason = "no memory";
	enum fast_status status = FAST_NOT_FOUND;

	assert(out != NULL);
	if (descriptor == NULL) {
		reason = "the schema has no such message";
		goto fail;
	}
	status = fast_dynamic_open(&dynamic);
	if (status != FAST_OK) {
		goto fail;
	}
	status = fast_message_unpack(descriptor, data, bytes, dynamic.arena, &message, &reason);
	if (status != FAST_OK) {
		goto fail;
	}
	*out = dynamic;
	out->message = (ProtobufCMessage *)message;
	return FAST_OK;

fail:
	if (error != NULL) {
		snprintf(error, FAST_JSON_ERROR_BYTES_MAX, "%.200s: %s", name, reason);
	}
	fast_dynamic_fini(&dynamic);
	return status;
}
