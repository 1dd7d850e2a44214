#include "support/harness.h"

#include "json_world.h"
#include "random_wire.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 3000

/* Unpacked, printed, parsed and packed: the same bytes. */
static void assert_round(const struct fast_schema *schema, const struct wire *wire, unsigned flags)
{
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	struct fast_dynamic first = {0}, second = {0};
	uint8_t *packed, *again;
	size_t bytes, again_bytes;
	char *text = NULL;

	if (fast_dynamic_unpack(schema, EVERYTHING, wire->data, wire->bytes, &first, error) !=
		    FAST_OK ||
	    fast_json_print(schema, first.message, flags, &text, error) != FAST_OK ||
	    fast_json_parse(schema, EVERYTHING, text, strlen(text), flags, &second, error) !=
		    FAST_OK) {
		fail_msg("%s\n%s", error, text == NULL ? "" : text);
	}
	assert_true(protobuf_c_message_check(second.message));
	packed = world_pack(first.message, &bytes);
	again = world_pack(second.message, &again_bytes);
	if (bytes != again_bytes || memcmp(packed, again, bytes) != 0) {
		fail_msg("%s", text);
	}
	free(packed);
	free(again);
	free(text);
	fast_dynamic_fini(&first);
	fast_dynamic_fini(&second);
}

static void random_messages_come_back_byte_for_byte(void **state)
{
	static const unsigned flags[] = {0, FAST_JSON_INDENT, FAST_JSON_PROTO_NAMES,
					 FAST_JSON_ENUM_NUMBERS};
	struct fast_schema *schema = world_everything();
	const ProtobufCMessageDescriptor *type = fast_schema_message(schema, EVERYTHING);
	struct wire *wire = calloc(1, sizeof *wire);

	(void)state;
	assert_non_null(wire);
	wire->seed = 20240229;
	for (unsigned i = 0; i < ROUNDS; i++) {
		wire->bytes = 0;
		wire_message(wire, type, 0);
		assert_round(schema, wire, flags[i % FAST_TEST_COUNT(flags)]);
	}
	free(wire);
	fast_schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_messages_come_back_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
