/* Descriptor sets that nobody's protoc wrote. */
#include "support/harness.h"

#include "json_world.h"
#include "runtime/random.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdlib.h>
#include <string.h>

static Google__Protobuf__DescriptorProto *message_named(Google__Protobuf__FileDescriptorProto *file,
							const char *name)
{
	for (size_t i = 0; i < file->n_message_type; i++) {
		if (strcmp(file->message_type[i]->name, name) == 0) {
			return file->message_type[i];
		}
	}
	fail_msg("no message %s", name);
	return NULL;
}

static Google__Protobuf__FieldDescriptorProto *field_of(Google__Protobuf__FileDescriptorProto *file,
							size_t index)
{
	return message_named(file, "Everything")->field[index];
}

static void text_set(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	assert_non_null(*text);
}

/* Field 0 is an_int32, 16 a_part, 30 by_uint64, 37 choice_part. */
static void give_two_fields_one_number(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 1)->number = 1;
}
static void give_two_fields_one_name(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 1)->name, "an_int32");
}
static void give_two_fields_one_json_name(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 1)->json_name, "anInt32");
}
static void number_a_field_0(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->number = 0;
}
static void number_a_field_too_high(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->number = 536870912;
}
static void number_a_field_reserved(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->number = 19500;
}
static void number_a_field_negative(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->number = -7;
}
static void make_a_group(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 16)->type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP;
}
static void make_an_unknown_type(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->type = (Google__Protobuf__FieldDescriptorProto__Type)99;
}
static void make_a_negative_type(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->type = (Google__Protobuf__FieldDescriptorProto__Type)-1;
}
static void leave_out_a_type(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->has_type = 0;
}
static void make_an_unknown_label(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->label = (Google__Protobuf__FieldDescriptorProto__Label)9;
}
static void make_a_field_required(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 0)->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED;
}
static void name_a_type_that_is_not_there(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 16)->type_name, ".testing.v1.Nothing");
}
static void name_a_type_without_its_dot(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 16)->type_name, "Part");
}
static void name_an_enum_as_a_message(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 16)->type_name, ".testing.v1.Color");
}
static void point_past_the_oneofs(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 37)->oneof_index = 1000;
}
static void point_before_the_oneofs(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 37)->oneof_index = -1;
}
static void repeat_a_member_of_a_oneof(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 37)->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}
static void make_one_map_entry(Google__Protobuf__FileDescriptorProto *file)
{
	field_of(file, 30)->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL;
}
static void key_a_map_by_messages(Google__Protobuf__FileDescriptorProto *file)
{
	Google__Protobuf__DescriptorProto *entry =
		message_named(file, "Everything")->nested_type[1];

	entry->field[0]->type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE;
}
static void leave_out_a_map_value(Google__Protobuf__FileDescriptorProto *file)
{
	Google__Protobuf__DescriptorProto *entry =
		message_named(file, "Everything")->nested_type[1];

	google__protobuf__field_descriptor_proto__free_unpacked(entry->field[--entry->n_field],
								NULL);
}
static void name_a_field_badly(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&field_of(file, 0)->name, "a\"b");
}
static void name_a_message_badly(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&message_named(file, "Everything")->name, "9lives");
}
static void name_a_package_badly(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&file->package, "testing..v1");
}
static void define_an_enum_twice(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&file->enum_type[0]->name, "Everything");
}
static void begin_an_enum_with_one(Google__Protobuf__FileDescriptorProto *file)
{
	file->enum_type[0]->value[0]->number = 1;
}
static void name_two_values_the_same(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&file->enum_type[0]->value[1]->name, "COLOR_BLUE");
}
static void write_an_edition(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&file->syntax, "editions");
}
static void claim_a_message_set(Google__Protobuf__FileDescriptorProto *file)
{
	Google__Protobuf__DescriptorProto *message = message_named(file, "Everything");

	message->options = malloc(sizeof *message->options);
	assert_non_null(message->options);
	google__protobuf__message_options__init(message->options);
	message->options->has_message_set_wire_format = 1;
	message->options->message_set_wire_format = 1;
}
static void take_the_name_of_a_known_type(Google__Protobuf__FileDescriptorProto *file)
{
	text_set(&file->package, "google.protobuf");
	text_set(&message_named(file, "Everything")->name, "DoubleValue");
}

static const struct {
	void (*harm)(Google__Protobuf__FileDescriptorProto *file);
	const char *error;
} harms[] = {
	{give_two_fields_one_number, "message testing.v1.Everything: two fields have number 1"},
	{give_two_fields_one_name, "two fields are called an_int32"},
	{give_two_fields_one_json_name, "two fields have the JSON name \"anInt32\""},
	{number_a_field_0, "field an_int32: its number is none that a field may have"},
	{number_a_field_too_high, "its number is none"},
	{number_a_field_reserved, "its number is none"},
	{number_a_field_negative, "its number is none"},
	{make_a_group, "field a_part: it is a group, which is not supported"},
	{make_an_unknown_type, "its type is not known"},
	{make_a_negative_type, "its type is not known"},
	{leave_out_a_type, "it has no type"},
	{make_an_unknown_label, "its label is not known"},
	{make_a_field_required, "it is required, which proto3 does not have"},
	{name_a_type_that_is_not_there,
	 "its type .testing.v1.Nothing is not in the descriptor set"},
	{name_a_type_without_its_dot, "its type Part is not in the descriptor set"},
	{name_an_enum_as_a_message, "its type .testing.v1.Color is not in the descriptor set"},
	{point_past_the_oneofs, "it cannot be a member of its oneof"},
	{point_before_the_oneofs, "it cannot be a member of its oneof"},
	{repeat_a_member_of_a_oneof, "it cannot be a member of its oneof"},
	{make_one_map_entry, "by_uint64 is one map entry"},
	{key_a_map_by_messages, "is not what a map is made of"},
	{leave_out_a_map_value, "is not what a map is made of"},
	{name_a_field_badly, "a field has no name"},
	{name_a_message_badly, "has no name"},
	{name_a_package_badly, "its package is not a name"},
	{define_an_enum_twice, "testing.v1.Everything is defined twice"},
	{begin_an_enum_with_one, "enum testing.v1.Color: it has no first value"},
	{name_two_values_the_same, "enum testing.v1.Color: it has COLOR_BLUE twice"},
	{write_an_edition, "its syntax is \"editions\""},
	{claim_a_message_set, "it is a message set, which is not supported"},
	{take_the_name_of_a_known_type, "is defined twice"},
};

static void every_harm_is_refused_with_its_sentence(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(harms); i++) {
		Google__Protobuf__FileDescriptorSet *set =
			google__protobuf__file_descriptor_set__unpack(NULL, everything_set_bytes,
								      everything_set);
		char error[FAST_JSON_ERROR_BYTES_MAX] = "";
		struct fast_schema *schema = NULL;
		uint8_t *packed;
		size_t bytes;

		assert_non_null(set);
		harms[i].harm(set->file[set->n_file - 1]);
		packed = world_pack(&set->base, &bytes);
		if (fast_schema_new(packed, bytes, &schema, error) != FAST_INVALID_ARGUMENT ||
		    strstr(error, harms[i].error) == NULL) {
			print_error("expected %s\ngot      %s\n", harms[i].error, error);
			failed++;
		}
		fast_schema_free(schema);
		free(packed);
		google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	}
	assert_int_equal(0, failed);
}

/* Uses all of a schema that was taken: nothing may break. */
static void exercise(const struct fast_schema *schema)
{
	const struct fast_service *service;
	char *text = NULL;

	for (size_t i = 0; (service = fast_schema_service_at(schema, i)) != NULL; i++) {
		if (fast_schema_describe(schema, service->name, &text) == FAST_OK) {
			free(text);
		}
		for (size_t k = 0; k < service->method_count; k++) {
			free(world_again(schema, service->methods[k].request->name, "{\"id\":1}",
					 FAST_JSON_DEFAULTS, NULL));
		}
	}
	free(world_again(schema, EVERYTHING, "{\"aPart\":{},\"byString\":{\"a\":1}}", 0, NULL));
}

static void random_changes_are_refused_or_harmless(void **state)
{
	static const struct {
		const uint8_t *data;
		const size_t *bytes;
	} sets[] = {{everything_set, &everything_set_bytes}, {old_set, &old_set_bytes}};
	uint64_t seed = 4711;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		const size_t bytes = *sets[i % 2].bytes;
		struct fast_schema *schema = NULL;
		uint8_t *copy = malloc(bytes);

		assert_non_null(copy);
		memcpy(copy, sets[i % 2].data, bytes);
		for (unsigned k = random_below(&seed, 4); k > 0; k--) {
			copy[random_below(&seed, (uint32_t)bytes)] = (uint8_t)random_next(&seed);
		}
		if (fast_schema_new(copy, i % 3 == 0 ? random_below(&seed, (uint32_t)bytes) : bytes,
				    &schema, NULL) == FAST_OK) {
			exercise(schema);
		}
		fast_schema_free(schema);
		free(copy);
	}
}

static void a_set_that_is_too_large_or_too_deep_is_refused(void **state)
{
	uint8_t *large = calloc(1, FAST_SCHEMA_BYTES_MAX + 1);
	char error[FAST_JSON_ERROR_BYTES_MAX];
	struct fast_schema *schema = NULL;
	uint8_t deep[1024];
	size_t bytes = 0;

	(void)state;
	assert_non_null(large);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_schema_new(large, FAST_SCHEMA_BYTES_MAX + 1, &schema, error));
	free(large);
	for (int i = 0; i < 200; i++) { /* nested_type within nested_type, from the inside */
		size_t header = bytes < 128 ? 2 : 3;

		memmove(deep + header, deep, bytes);
		deep[0] = i == 199 ? 0x0a : (i == 198 ? 0x22 : 0x1a);
		deep[1] = (uint8_t)(bytes < 128 ? bytes : (0x80 | (bytes & 0x7f)));
		deep[2] = (uint8_t)(header == 3 ? bytes >> 7 : deep[2]);
		bytes += header;
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_schema_new(deep, bytes, &schema, error));
	assert_string_equal("the descriptor set: the message is nested too deep", error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_harm_is_refused_with_its_sentence),
		cmocka_unit_test(random_changes_are_refused_or_harmless),
		cmocka_unit_test(a_set_that_is_too_large_or_too_deep_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
