/* Schemas of fast.v1's own services beside the code that protoc-c generated from them. */
#include "support/harness.h"

#include "json_world.h"

#include <fast/v1/health.fast.h>
#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <fast/v1/reflection.fast.h>
#include <stdlib.h>
#include <string.h>

static const struct fast_service *const services[] = {
	&fast_v1_health_service, &fast_v1_metric_service,     &fast_v1_param_service,
	&fast_v1_plugin_service, &fast_v1_reflection_service,
};

static struct fast_schema *schema_of(const struct fast_service *service)
{
	char error[FAST_JSON_ERROR_BYTES_MAX] = "";
	struct fast_schema *schema = NULL;

	if (fast_schema_new(service->descriptor_set, service->descriptor_set_bytes, &schema,
			    error) != FAST_OK) {
		fail_msg("%s: %s", service->name, error);
	}
	return schema;
}

static void assert_same_enum(const ProtobufCEnumDescriptor *left,
			     const ProtobufCEnumDescriptor *right)
{
	assert_int_equal(left->n_values, right->n_values);
	for (unsigned i = 0; i < left->n_values; i++) {
		assert_string_equal(left->values[i].name, right->values[i].name);
		assert_int_equal(left->values[i].value, right->values[i].value);
	}
}

/* Recursion ends: messages of fast.v1 do not hold themselves. */
static void assert_same(const ProtobufCMessageDescriptor *left,
			const ProtobufCMessageDescriptor *right)
{
	assert_string_equal(left->name, right->name);
	assert_int_equal(left->n_fields, right->n_fields);
	assert_int_equal(left->n_field_ranges, right->n_field_ranges);
	for (unsigned i = 0; i < left->n_fields; i++) {
		const ProtobufCFieldDescriptor *a = &left->fields[i], *b = &right->fields[i];

		assert_string_equal(a->name, b->name);
		assert_int_equal(a->id, b->id);
		assert_int_equal(a->label, b->label);
		assert_int_equal(a->type, b->type);
		assert_int_equal(a->flags, b->flags);
		assert_int_equal(left->fields_sorted_by_name[i], right->fields_sorted_by_name[i]);
		if (a->type == PROTOBUF_C_TYPE_MESSAGE) {
			assert_same(a->descriptor, b->descriptor);
		} else if (a->type == PROTOBUF_C_TYPE_ENUM) {
			assert_same_enum(a->descriptor, b->descriptor);
		}
	}
}

static void every_method_has_the_descriptors_that_were_generated(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(services); i++) {
		struct fast_schema *schema = schema_of(services[i]);
		const struct fast_service *service = fast_schema_service(schema, services[i]->name);

		assert_non_null(service);
		assert_int_equal(services[i]->method_count, service->method_count);
		for (size_t k = 0; k < service->method_count; k++) {
			const struct fast_method *a = &services[i]->methods[k];
			const struct fast_method *b = &service->methods[k];

			assert_string_equal(a->path, b->path);
			assert_string_equal(a->name, b->name);
			assert_int_equal(a->kind, b->kind);
			assert_int_equal(a->idempotency, b->idempotency);
			assert_same(a->request, b->request);
			assert_same(a->response, b->response);
		}
		fast_schema_free(schema);
	}
}

static const char request_text[] =
	"{\"plugin\":\"camera\",\"assignments\":[{\"param\":\"res\",\"value\":{\"doubleValue\":0}},"
	"{\"param\":\"mode\",\"value\":{\"stringValue\":\"good\"}},{\"value\":{}}],"
	"\"leaseId\":\"18446744073709551615\",\"ifRevision\":\"0\",\"dryRun\":true}";

/* From text by the schema to the generated code and back, by protobuf-c on both sides. */
static void what_one_packs_the_other_unpacks(void **state)
{
	struct fast_schema *schema = schema_of(&fast_v1_param_service);
	struct fast_dynamic dynamic = {0};
	Fast__V1__ParamSetRequest *generated;
	uint8_t *packed, *again;
	size_t bytes, again_bytes;
	char *text = NULL;

	(void)state;
	assert_ok(fast_json_parse(schema, "fast.v1.ParamSetRequest", request_text,
				  strlen(request_text), 0, &dynamic, NULL));
	packed = world_pack(dynamic.message, &bytes);
	generated = fast__v1__param_set_request__unpack(NULL, bytes, packed);
	assert_non_null(generated);
	assert_string_equal("camera", generated->plugin);
	assert_int_equal(3, generated->n_assignments);
	assert_true(generated->lease_id == UINT64_MAX);
	assert_int_equal(FAST__V1__PARAM_SET_REQUEST__PRECONDITION_IF_REVISION,
			 generated->precondition_case);
	assert_true(generated->dry_run);

	again = world_pack(&generated->base, &again_bytes);
	assert_int_equal(bytes, again_bytes);
	assert_memory_equal(packed, again, bytes);

	assert_ok(fast_json_print(schema, &generated->base, 0, &text, NULL));
	assert_string_equal(request_text, text);

	free(text);
	free(packed);
	free(again);
	fast__v1__param_set_request__free_unpacked(generated, NULL);
	fast_dynamic_fini(&dynamic);
	fast_schema_free(schema);
}

static void a_generated_message_that_the_schema_lacks_is_not_found(void **state)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	struct fast_schema *schema = schema_of(&fast_v1_health_service);
	char error[FAST_JSON_ERROR_BYTES_MAX];
	char *text = NULL;

	(void)state;
	assert_status(FAST_NOT_FOUND, fast_json_print(schema, &request.base, 0, &text, error));
	assert_string_equal("fast.v1.MetricListRequest: the schema has no such message", error);
	fast_schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_has_the_descriptors_that_were_generated),
		cmocka_unit_test(what_one_packs_the_other_unpacks),
		cmocka_unit_test(a_generated_message_that_the_schema_lacks_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
