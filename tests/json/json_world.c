#include "json_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fast_schema *schema_of(const uint8_t *set, size_t bytes)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_schema *schema = NULL;

	if (fast_schema_new(set, bytes, &schema, error) != FAST_OK) {
		fprintf(stderr, "the test's schema is refused: %s\n", error);
		abort();
	}
	return schema;
}

struct fast_schema *world_everything(void)
{
	return schema_of(everything_set, everything_set_bytes);
}

struct fast_schema *world_old(void)
{
	return schema_of(old_set, old_set_bytes);
}

char *world_again(const struct fast_schema *schema, const char *name, const char *text,
		  unsigned flags, char *error)
{
	struct fast_dynamic message = {0};
	char *printed = NULL;

	if (fast_json_parse(schema, name, text, strlen(text), flags, &message, error) != FAST_OK) {
		return NULL;
	}
	if (fast_json_print(schema, message.message, flags, &printed, error) != FAST_OK) {
		printed = NULL;
	}
	fast_dynamic_fini(&message);
	return printed;
}

uint8_t *world_pack(const ProtobufCMessage *message, size_t *bytes)
{
	uint8_t *data = malloc(protobuf_c_message_get_packed_size(message) + 1);

	if (data == NULL) {
		abort();
	}
	*bytes = protobuf_c_message_pack(message, data);
	return data;
}
