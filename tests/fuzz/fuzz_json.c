/* The first byte chooses: JSON text for the test schema; packed bytes of its message; a descriptor
 * set. */
#include "json_world.h"
#include "json/reader.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* What was taken prints as text that is taken again, and prints the same. */
static void print_twice(const struct fast_schema *schema, const ProtobufCMessage *message)
{
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	char *text = NULL, *again;
	enum fast_status status = fast_json_print(schema, message, 0, &text, error);

	expect((status == FAST_OK) == (text != NULL) && (text != NULL || error[0] != '\0'));
	if (text != NULL) {
		again = world_again(schema, message->descriptor->name, text, 0, error);
		/* Deeper than text may nest, or a type that a hostile name hides. */
		expect(again != NULL || error[0] != '\0');
		expect(again == NULL || strcmp(text, again) == 0);
		free(again);
	}
	free(text);
}

/* jansson judges every text the same, but for its own limits. */
static void compare_readers(const char *text, size_t bytes)
{
	const size_t flags =
		JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_json_node *node = NULL;
	struct fast_arena arena;
	json_error_t failed;
	json_t *value = json_loadb(text, bytes, flags, &failed);
	bool is_read;

	fast_arena_init(&arena, FAST_JSON_MEMORY_BYTES_MAX);
	is_read = fast_json_read(text, bytes, &arena, &node, error) == FAST_OK;
	if (value != NULL) {
		expect(is_read || strstr(error, "nests deeper") != NULL ||
		       strstr(error, "zero byte") != NULL);
	} else {
		expect(!is_read || json_error_code(&failed) == json_error_numeric_overflow);
	}
	json_decref(value);
	fast_arena_fini(&arena);
}

static void try_text(const struct fast_schema *schema, const uint8_t *data, size_t bytes)
{
	struct fast_dynamic message = {0};
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";

	if (memchr(data, '\0', bytes) == NULL) { /* which jansson takes for the end */
		compare_readers((const char *)data, bytes);
	}
	if (fast_json_parse(schema, EVERYTHING, (const char *)data, bytes, 0, &message, error) ==
	    FAST_OK) {
		expect(protobuf_c_message_check(message.message));
		print_twice(schema, message.message);
	} else {
		expect(error[0] != '\0' && message.arena == NULL);
	}
	fast_dynamic_fini(&message);
}

static void try_packed(const struct fast_schema *schema, const char *name, const uint8_t *data,
		       size_t bytes)
{
	struct fast_dynamic message = {0};

	if (fast_dynamic_unpack(schema, name, data, bytes, &message, NULL) == FAST_OK) {
		print_twice(schema, message.message);
	}
	fast_dynamic_fini(&message);
}

/* Its own bytes are what its first method is asked, too. */
static void try_set(const uint8_t *data, size_t bytes)
{
	struct fast_schema *schema = NULL;
	const struct fast_service *service;
	char error[FAST_JSON_ERROR_BYTES_MAX] = "", *text = NULL;

	if (fast_schema_new(data, bytes, &schema, error) != FAST_OK) {
		expect(error[0] != '\0' && schema == NULL);
		return;
	}
	service = fast_schema_service_at(schema, 0);
	if (service != NULL && service->method_count > 0) {
		const char *name = service->methods[0].request->name;

		expect(fast_schema_describe(schema, name, &text) == FAST_OK);
		free(text);
		try_packed(schema, name, data, bytes < 512 ? bytes : 512);
		free(world_again(schema, name, "{}", FAST_JSON_DEFAULTS, NULL));
	}
	fast_schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fast_schema *schema;

	if (schema == NULL) {
		schema = world_everything();
	}
	if (bytes == 0) {
		return 0;
	}
	switch (data[0] % 3) {
	case 0:
		try_text(schema, data + 1, bytes - 1);
		break;
	case 1:
		try_packed(schema, EVERYTHING, data + 1, bytes - 1);
		break;
	default:
		try_set(data + 1, bytes - 1);
		break;
	}
	return 0;
}
