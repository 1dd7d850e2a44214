#include "support/fault_alloc.h"
#include "support/harness.h"

#include "json_world.h"

#include <stdlib.h>
#include <string.h>

static void messages_enums_and_services_are_found_by_name(void **state)
{
	struct fast_schema *schema = world_old();
	const struct fast_service *service = fast_schema_service(schema, "testing.v1.Chores");

	(void)state;
	assert_non_null(fast_schema_message(schema, OLD));
	assert_null(fast_schema_message(schema, "testing.v1.Level"));
	assert_non_null(fast_schema_enum(schema, "testing.v1.Level"));
	assert_null(fast_schema_enum(schema, OLD));
	assert_non_null(service);
	assert_ptr_equal(service, fast_schema_service_at(schema, 0));
	assert_null(fast_schema_service_at(schema, 1));
	assert_int_equal(4, service->method_count);
	fast_schema_free(schema);
}

static void methods_have_their_kind_and_idempotency(void **state)
{
	static const struct {
		const char *path;
		enum fast_method_kind kind;
		enum fast_idempotency idempotency;
	} expected[] = {
		{"testing.v1.Chores/Do", FAST_METHOD_UNARY, FAST_IDEMPOTENCY_IDEMPOTENT},
		{"testing.v1.Chores/Watch", FAST_METHOD_SERVER_STREAM, FAST_IDEMPOTENCY_UNKNOWN},
		{"testing.v1.Chores/Feed", FAST_METHOD_CLIENT_STREAM, FAST_IDEMPOTENCY_UNKNOWN},
		{"testing.v1.Chores/Talk", FAST_METHOD_BIDI_STREAM, FAST_IDEMPOTENCY_UNKNOWN},
	};
	struct fast_schema *schema = world_old();

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(expected); i++) {
		const struct fast_method *method = fast_schema_method(schema, expected[i].path);

		assert_non_null(method);
		assert_int_equal(expected[i].kind, method->kind);
		assert_int_equal(expected[i].idempotency, method->idempotency);
		assert_ptr_equal(fast_schema_message(schema, OLD), method->request);
	}
	assert_null(fast_schema_method(schema, "testing.v1.Chores/None"));
	fast_schema_free(schema);
}

static void protobuf_c_finds_fields_and_values(void **state)
{
	struct fast_schema *schema = world_everything();
	const ProtobufCMessageDescriptor *message = fast_schema_message(schema, EVERYTHING);
	const ProtobufCEnumDescriptor *color = fast_schema_enum(schema, "testing.v1.Color");

	(void)state;
	for (unsigned i = 0; i < message->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->fields[i];

		assert_ptr_equal(field,
				 protobuf_c_message_descriptor_get_field(message, field->id));
		assert_ptr_equal(field, protobuf_c_message_descriptor_get_field_by_name(
						message, field->name));
	}
	assert_null(protobuf_c_message_descriptor_get_field(message, 18));
	assert_null(protobuf_c_message_descriptor_get_field_by_name(message, "nothing"));
	assert_int_equal(4, color->n_values);
	assert_int_equal(5, color->n_value_names);
	assert_string_equal("COLOR_RED", protobuf_c_enum_descriptor_get_value(color, 1)->name);
	assert_string_equal("COLOR_BLUE", protobuf_c_enum_descriptor_get_value(color, -5)->name);
	assert_int_equal(
		1, protobuf_c_enum_descriptor_get_value_by_name(color, "COLOR_CRIMSON")->value);
	assert_null(protobuf_c_enum_descriptor_get_value(color, 2));
	fast_schema_free(schema);
}

static void the_older_syntax_keeps_presence_and_required_fields(void **state)
{
	static const struct {
		const char *text;
		const char *again; /* NULL: refused */
	} rows[] = {
		{"{\"id\":0}", "{\"id\":0}"},
		{"{}", NULL},
		{"{\"id\":null}", NULL},
		{"{\"id\":1,\"inner\":{}}", NULL},
		{"{\"id\":1,\"inner\":{\"id\":2}}", "{\"id\":1,\"inner\":{\"id\":2}}"},
		{"{\"id\":1,\"name\":\"\",\"flag\":false}",
		 "{\"id\":1,\"name\":\"\",\"flag\":false}"},
		{"{\"id\":1,\"level\":\"LEVEL_LOW\"}", "{\"id\":1,\"level\":\"LEVEL_LOW\"}"},
		{"{\"id\":1,\"numbers\":[0],\"packedNumbers\":[0,1]}",
		 "{\"id\":1,\"numbers\":[0],\"packedNumbers\":[0,1]}"},
		{"{\"id\":1,\"blob\":\"\",\"number\":0}", "{\"id\":1,\"blob\":\"\",\"number\":0}"},
		{"{\"id\":1,\"text\":\"\"}", "{\"id\":1,\"text\":\"\"}"},
		{"{\"id\":1,\"others\":{\"a\":{\"id\":3}}}",
		 "{\"id\":1,\"others\":{\"a\":{\"id\":3}}}"},
		{"{\"id\":1,\"[testing.v1.added]\":1}", NULL},
	};
	struct fast_schema *schema = world_old();

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		char *again = world_again(schema, OLD, rows[i].text, 0, NULL);

		if (rows[i].again == NULL) {
			assert_null(again);
		} else {
			assert_non_null(again);
			assert_string_equal(rows[i].again, again);
		}
		free(again);
	}
	fast_schema_free(schema);
}

static void assert_described(const struct fast_schema *schema, const char *name,
			     const char *expected)
{
	char *text = NULL;

	assert_ok(fast_schema_describe(schema, name, &text));
	assert_string_equal(expected, text);
	free(text);
}

static void a_name_is_described_as_a_proto_would(void **state)
{
	struct fast_schema *schema = world_old();
	char *text = NULL;

	(void)state;
	assert_described(schema, "testing.v1.Level",
			 "enum testing.v1.Level {\n  LEVEL_LOW = 3;\n  LEVEL_HIGH = 7;\n}\n");
	assert_described(schema, "testing.v1.Chores",
			 "service testing.v1.Chores {\n"
			 "  rpc Do(testing.v1.Old) returns (testing.v1.Old)"
			 " { option idempotency_level = IDEMPOTENT; }\n"
			 "  rpc Watch(testing.v1.Old) returns (stream testing.v1.Old);\n"
			 "  rpc Feed(stream testing.v1.Old) returns (testing.v1.Old);\n"
			 "  rpc Talk(stream testing.v1.Old) returns (stream testing.v1.Old);\n}\n");
	assert_described(schema, OLD,
			 "message testing.v1.Old {\n"
			 "  required int32 id = 1;\n"
			 "  optional string name = 2;\n"
			 "  optional bool flag = 3;\n"
			 "  optional testing.v1.Level level = 4;\n"
			 "  repeated int32 numbers = 5;\n"
			 "  repeated int32 packed_numbers = 6;\n"
			 "  optional bytes blob = 7;\n"
			 "  oneof choice {\n"
			 "    double number = 8;\n"
			 "    string text = 9;\n"
			 "  }\n"
			 "  optional testing.v1.Old inner = 10;\n"
			 "  map<string, testing.v1.Old> others = 11;\n}\n");
	assert_ok(fast_schema_describe(schema, "testing.v1.Chores/Do", &text));
	assert_non_null(strstr(text, "rpc Do("));
	assert_non_null(strstr(text, "message testing.v1.Old {"));
	free(text);
	assert_status(FAST_NOT_FOUND, fast_schema_describe(schema, "testing.v1.Nothing", &text));
	fast_schema_free(schema);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct fast_schema *schema = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_schema_new(everything_set, everything_set_bytes, &schema, NULL);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(schema);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	fast_schema_free(schema);
}

static void json_survives_each_allocation_failure(void **state)
{
	static const char text[] =
		"{\"anInt32\":1,\"parts\":[{\"name\":\"a\"}],\"byString\":{\"a\":1},\"someBytes\":"
		"\"AQID\",\"aMask\":\"a,b\",\"anAny\":{\"@type\":\"x/google.protobuf.Duration\","
		"\"value\":\"1s\"}}";
	struct fast_schema *schema = world_everything();
	int n = 0;

	(void)state;
	for (bool fired = true; fired;) {
		char *again;

		fault_alloc_after(n++);
		again = world_again(schema, EVERYTHING, text, 0, NULL);
		fired = fault_alloc_fired();
		assert_true(fired || again != NULL);
		free(again);
	}
	fault_alloc_after(-1);
	fast_schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_enums_and_services_are_found_by_name),
		cmocka_unit_test(methods_have_their_kind_and_idempotency),
		cmocka_unit_test(protobuf_c_finds_fields_and_values),
		cmocka_unit_test(the_older_syntax_keeps_presence_and_required_fields),
		cmocka_unit_test(a_name_is_described_as_a_proto_would),
		cmocka_unit_test(new_survives_each_allocation_failure),
		cmocka_unit_test(json_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
