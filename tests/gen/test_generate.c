#include "generate_world.h"

#include <generate.h>
#include <input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strip.h>

#include "support/fault_alloc.h"

/* That the request is refused with this in the message. */
static void assert_refused(const request_message *request, const char *message)
{
	response_message *response = ask(request);

	assert_int_equal(0, response->n_file);
	assert_non_null(response->error);
	if (strstr(response->error, message) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", message, response->error);
	}
	google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

static void a_request_gives_a_header_and_a_source(void **state)
{
	struct fixture *fixture = *state;
	response_message *response = ask(&fixture->request);

	assert_null(response->error);
	assert_int_equal(1, response->supported_features);
	assert_int_equal(2, response->n_file);
	assert_string_equal("golden/v1/bare.fast.h", response->file[0]->name);
	assert_string_equal("golden/v1/bare.fast.c", response->file[1]->name);
	assert_non_null(strstr(response->file[0]->content, "oracle_consult("));
	google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

static void a_request_for_nothing_gives_nothing(void **state)
{
	const request_message request = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_REQUEST__INIT;
	response_message *response = ask(&request);

	(void)state;
	assert_null(response->error);
	assert_int_equal(0, response->n_file);
	google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

static void a_file_without_services_gives_empty_stubs(void **state)
{
	struct fixture *fixture = *state;
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];
	size_t service_count = file->n_service;
	response_message *response;

	file->n_service = 0;
	response = ask(&fixture->request);
	file->n_service = service_count;
	assert_int_equal(2, response->n_file);
	assert_non_null(strstr(response->file[1]->content, "#include <golden/v1/bare.fast.h>\n"));
	assert_null(strstr(response->file[1]->content, "descriptors"));
	google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
}

static void editions_are_refused(void **state)
{
	struct fixture *fixture = *state;
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];
	char editions[] = "editions";
	char *syntax = file->syntax;

	file->syntax = editions;
	assert_refused(&fixture->request, "golden/v1/bare.proto: its syntax is \"editions\", which "
					  "protobuf-c cannot generate; write syntax = \"proto3\"");
	file->syntax = syntax;
}

/* One text of a request that protoc would never write so. */
static void assert_text_matters(struct fixture *fixture, char **text, const char *bad)
{
	char copy[64];
	char *good = *text;

	*text = NULL;
	assert_refused(&fixture->request, "");
	snprintf(copy, sizeof copy, "%s", bad);
	*text = copy;
	assert_refused(&fixture->request, "");
	*text = good;
}

static void texts_that_are_missing_or_odd_are_refused(void **state)
{
	struct fixture *fixture = *state;
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];
	Google__Protobuf__MethodDescriptorProto *method = file->service[0]->method[0];

	assert_text_matters(fixture, &file->name, "a\"b");
	assert_text_matters(fixture, &file->service[0]->name, "A B");
	assert_text_matters(fixture, &file->message_type[0]->name, "");
	assert_text_matters(fixture, &file->message_type[0]->field[0]->name, "x;y");
	assert_text_matters(fixture, &method->name, "1st");
	assert_text_matters(fixture, &method->input_type, "Ask");
	assert_text_matters(fixture, &method->output_type, ".Nothing");
}

static void what_is_not_in_the_request_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "other.proto";
	char *dependencies[] = {path};
	Google__Protobuf__FileDescriptorProto *file = fixture->set->file[0];

	fixture->to_generate[0] = path;
	assert_refused(&fixture->request, "other.proto is not in the request");
	fixture->to_generate[0] = file->name;
	file->n_dependency = 1;
	file->dependency = dependencies;
	assert_refused(&fixture->request, "an import is not in the request");
	file->n_dependency = 0;
	file->dependency = NULL;
}

/* A message of this kind within a message, as often as asked. Gives the bytes. */
static uint8_t *nest(uint8_t key, unsigned levels, size_t *bytes)
{
	size_t capacity = 4 * (size_t)levels + 1;
	uint8_t *end = malloc(capacity);
	uint8_t *whole = malloc(capacity);
	size_t size = 0;

	assert_non_null(end);
	assert_non_null(whole);
	for (unsigned i = 0; i < levels; i++) {
		uint8_t head[4] = {key};
		size_t head_bytes = 1;
		size_t rest = size;

		do {
			head[head_bytes++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
			rest >>= 7;
		} while (rest > 0);
		size += head_bytes;
		memcpy(end + capacity - size, head, head_bytes);
	}
	memcpy(whole, end + capacity - size, size);
	free(end);
	*bytes = size;
	return whole;
}

static void a_request_nested_too_deep_is_not_read(void **state)
{
	const ProtobufCMessageDescriptor *descriptor =
		&google__protobuf__descriptor_proto__descriptor;
	const uint8_t nested_type = 0x1a;
	size_t size = 0;
	uint8_t *bytes = nest(nested_type, INPUT_DEPTH_MAX - 1, &size);

	(void)state;
	assert_true(input_is_bounded(descriptor, bytes, size));
	free(bytes);
	bytes = nest(nested_type, INPUT_DEPTH_MAX, &size);
	assert_false(input_is_bounded(descriptor, bytes, size));
	free(bytes);
	bytes = nest(nested_type, 100000, &size);
	assert_false(input_is_bounded(descriptor, bytes, size));
	free(bytes);
}

static void a_request_cut_anywhere_does_no_harm(void **state)
{
	struct fixture *fixture = *state;
	size_t size = google__protobuf__compiler__code_generator_request__get_packed_size(
		&fixture->request);
	uint8_t *in = malloc(size);

	assert_non_null(in);
	google__protobuf__compiler__code_generator_request__pack(&fixture->request, in);
	for (size_t i = 0; i < size; i++) {
		uint8_t *cut = malloc(i + 1); /* so that ASan sees a read past the end */
		uint8_t *out = NULL;
		size_t out_bytes = 0;

		assert_non_null(cut);
		memcpy(cut, in, i);
		if (generate(cut, i, &out, &out_bytes)) {
			free(out);
		}
		free(cut);
	}
	free(in);
}

static void each_allocation_may_fail(void **state)
{
	struct fixture *fixture = *state;
	size_t size = google__protobuf__compiler__code_generator_request__get_packed_size(
		&fixture->request);
	uint8_t *in = malloc(size);
	int n = 0;

	assert_non_null(in);
	google__protobuf__compiler__code_generator_request__pack(&fixture->request, in);
	for (;; n++) {
		uint8_t *out = NULL;
		size_t out_bytes = 0;
		bool done;
		bool fired;

		fault_alloc_after(n);
		done = generate(in, size, &out, &out_bytes);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		if (done && fired) { /* the answer says so */
			response_message *response =
				google__protobuf__compiler__code_generator_response__unpack(
					NULL, out_bytes, out);

			assert_non_null(response->error);
			assert_non_null(strstr(response->error, "no memory"));
			google__protobuf__compiler__code_generator_response__free_unpacked(response,
											   NULL);
		}
		free(out);
		if (!fired) {
			assert_true(done);
			break;
		}
	}
	assert_true(n > 20);
	free(in);
}

static void stripping_keeps_services_that_protoc_c_can_spell(void **state)
{
	struct fixture *fixture = *state;
	Google__Protobuf__FileDescriptorSet *set;
	uint8_t *out = NULL;
	size_t out_bytes = 0;

	assert_true(strip_services(fixture->set_bytes, fixture->set_size, &out, &out_bytes));
	set = google__protobuf__file_descriptor_set__unpack(NULL, out_bytes, out);
	assert_non_null(set);
	assert_int_equal(1, set->file[0]->n_service);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	free(out);
}

static void stripping_takes_away_services_that_would_not_compile(void **state)
{
	static const char *const names[] = {"Default", "Delete", "Base"};
	struct fixture *fixture = *state;
	Google__Protobuf__MethodDescriptorProto *method =
		fixture->set->file[0]->service[0]->method[0];
	char *name = method->name;

	for (size_t i = 0; i < FAST_TEST_COUNT(names); i++) {
		Google__Protobuf__FileDescriptorSet *set;
		char copy[16];
		uint8_t *out = NULL;
		size_t out_bytes = 0;

		snprintf(copy, sizeof copy, "%s", names[i]);
		method->name = copy;
		fixture->set_size = google__protobuf__file_descriptor_set__pack(fixture->set,
										fixture->set_bytes);
		assert_true(
			strip_services(fixture->set_bytes, fixture->set_size, &out, &out_bytes));
		set = google__protobuf__file_descriptor_set__unpack(NULL, out_bytes, out);
		assert_non_null(set);
		assert_int_equal(0, set->file[0]->n_service);
		assert_int_equal(2, set->file[0]->n_message_type);
		google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
		free(out);
	}
	method->name = name;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_gives_a_header_and_a_source),
		TEST(a_request_for_nothing_gives_nothing),
		TEST(a_file_without_services_gives_empty_stubs),
		TEST(editions_are_refused),
		TEST(texts_that_are_missing_or_odd_are_refused),
		TEST(what_is_not_in_the_request_is_refused),
		TEST(a_request_nested_too_deep_is_not_read),
		TEST(a_request_cut_anywhere_does_no_harm),
		TEST(each_allocation_may_fail),
		TEST(stripping_keeps_services_that_protoc_c_can_spell),
		TEST(stripping_takes_away_services_that_would_not_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
