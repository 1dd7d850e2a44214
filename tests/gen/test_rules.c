/* The option (fast.v1.rules), where protoc would not write it so. */
#include "generate_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strip.h>

/* The one method with an option of our number in these bytes, length and all, in a request that has
 * this file besides. */
static response_message *ask_with_option(struct fixture *fixture, const char *bytes, size_t size,
					 const char *path)
{
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];
	Google__Protobuf__MethodDescriptorProto *method = file->service[0]->method[0];
	Google__Protobuf__MethodOptions options = GOOGLE__PROTOBUF__METHOD_OPTIONS__INIT;
	Google__Protobuf__FileDescriptorProto other = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
	Google__Protobuf__FileDescriptorProto *files[] = {&other, file};
	ProtobufCMessageUnknownField field = {
		.tag = 50707,
		.wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
		.len = size,
		.data = (uint8_t *)bytes,
	};
	request_message request = fixture->request;
	response_message *response;
	char name[64];

	snprintf(name, sizeof name, "%s", path);
	other.name = name;
	options.base.n_unknown_fields = 1;
	options.base.unknown_fields = &field;
	method->options = &options;
	request.n_proto_file = FAST_TEST_COUNT(files);
	request.proto_file = files;
	response = ask(&request);
	method->options = NULL;
	return response;
}

static void rules_that_cannot_be_read_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *refusal;
	} rows[] = {
		{"\2\10\77", 3, "has an unknown priority"},
		{"\3\10\377\377", 4, "malformed options"},
		{"\2\370\1", 3, "malformed options"},
		{"\3\370\1\1", 4, "has rules that this protoc-gen-fast does not know"},
	};

	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		response_message *response = ask_with_option(*state, rows[i].bytes, rows[i].size,
							     "fast/v1/options.proto");

		assert_non_null(response->error);
		assert_non_null(strstr(response->error, rows[i].refusal));
		google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
	}
}

static void an_option_of_the_same_number_is_left_alone(void **state)
{
	response_message *response = ask_with_option(*state, "\2\10\77", 3, "their/options.proto");

	assert_null(response->error);
	assert_null(strstr(response->file[1]->content, ".priority"));
	google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

static void stripping_forgets_the_import_of_the_rules(void **state)
{
	static const char *const imports[] = {"a.proto", "fast/v1/options.proto", "b.proto"};
	struct fixture *fixture = *state;
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];
	Google__Protobuf__FileDescriptorSet *set;
	int32_t public_imports[] = {1, 2};
	uint8_t *out = NULL;
	size_t out_bytes = 0;

	file->n_dependency = FAST_TEST_COUNT(imports);
	file->dependency = (char **)imports;
	file->n_public_dependency = FAST_TEST_COUNT(public_imports);
	file->public_dependency = public_imports;
	fixture->set_size =
		google__protobuf__file_descriptor_set__pack(fixture->set, fixture->set_bytes);
	file->n_dependency = 0;
	file->dependency = NULL;
	file->n_public_dependency = 0;
	file->public_dependency = NULL;

	assert_true(strip_services(fixture->set_bytes, fixture->set_size, &out, &out_bytes));
	set = google__protobuf__file_descriptor_set__unpack(NULL, out_bytes, out);
	assert_non_null(set);
	assert_int_equal(2, set->file[0]->n_dependency);
	assert_string_equal("a.proto", set->file[0]->dependency[0]);
	assert_string_equal("b.proto", set->file[0]->dependency[1]);
	assert_int_equal(1, set->file[0]->n_public_dependency);
	assert_int_equal(1, set->file[0]->public_dependency[0]);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	free(out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(rules_that_cannot_be_read_are_refused),
		TEST(an_option_of_the_same_number_is_left_alone),
		TEST(stripping_forgets_the_import_of_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
