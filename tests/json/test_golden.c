/* One message with every kind of field: packed by protoc, as JSON in golden/everything.json. */
#include "support/harness.h"

#include "json_world.h"

#include <stdlib.h>
#include <string.h>

static char *golden_text(void)
{
	char *text = malloc(golden_json_set_bytes + 1);

	assert_non_null(text);
	memcpy(text, golden_json_set, golden_json_set_bytes);
	text[golden_json_set_bytes] = '\0';
	return text;
}

static void the_packed_message_prints_as_the_golden_text(void **state)
{
	struct fast_schema *schema = world_everything();
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	struct fast_dynamic message = {0};
	char *golden = golden_text(), *text = NULL;

	(void)state;
	assert_ok(fast_dynamic_unpack(schema, EVERYTHING, golden_packed_set,
				      golden_packed_set_bytes, &message, error));
	assert_ok(fast_json_print(schema, message.message, FAST_JSON_INDENT, &text, error));
	golden[strlen(golden) - 1] = '\0'; /* the file's last line has an end */
	assert_string_equal(golden, text);
	free(golden);
	free(text);
	fast_dynamic_fini(&message);
	fast_schema_free(schema);
}

/* protobuf-c leaves out a key or value of a map that is the default, where protoc writes it; so the
 * bytes are compared with those of protobuf-c. */
static void the_golden_text_packs_as_the_message(void **state)
{
	struct fast_schema *schema = world_everything();
	struct fast_dynamic message = {0}, original = {0};
	char *golden = golden_text();
	uint8_t *packed, *expected;
	size_t bytes, expected_bytes;

	(void)state;
	assert_ok(fast_dynamic_unpack(schema, EVERYTHING, golden_packed_set,
				      golden_packed_set_bytes, &original, NULL));
	assert_ok(fast_json_parse(schema, EVERYTHING, golden, strlen(golden), 0, &message, NULL));
	packed = world_pack(message.message, &bytes);
	expected = world_pack(original.message, &expected_bytes);
	assert_int_equal(expected_bytes, bytes);
	assert_memory_equal(expected, packed, bytes);
	free(packed);
	free(expected);
	free(golden);
	fast_dynamic_fini(&message);
	fast_dynamic_fini(&original);
	fast_schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_packed_message_prints_as_the_golden_text),
		cmocka_unit_test(the_golden_text_packs_as_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
