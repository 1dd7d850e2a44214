/* Drives generated stubs against a runtime that notes what it was asked. */
#include "stub_runtime.h"

#include <golden/v1/bare.fast.h>
#include <golden/v1/feature.fast.h>
#include <golden/v1/renamed.fast.h>
#include <golden/v1/rules.fast.h>
#include <google/protobuf/descriptor.pb-c.h>
#include <string.h>

static int forget(void **state)
{
	(void)state;
	memset(&noted, 0, sizeof noted);
	return 0;
}

static struct fast_client *client_fake(void)
{
	return (struct fast_client *)&object;
}

static void a_call_names_its_method_and_hands_all_on(void **state)
{
	const struct fast_call_options options = {.size = sizeof options};
	struct fast_reply reply = {0};
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;

	(void)state;
	noted.item = &key.base;
	assert_ok(golden_v1_feature_put(client_fake(), &options, &value, &reply));
	assert_string_equal("fast_client_call", noted.function);
	assert_string_equal("golden.v1.Feature/Put", noted.method->path);
	assert_ptr_equal(&object, noted.subject);
	assert_ptr_equal(&options, noted.options);
	assert_ptr_equal(&value, noted.message);
	assert_ptr_equal(&key, golden_v1_feature_put_response(&reply));
	noted.result = FAST_NOT_FOUND;
	assert_status(FAST_NOT_FOUND, golden_v1_feature_put(client_fake(), NULL, &value, &reply));
}

static void reply_ignore(const struct fast_reply *reply, void *arg)
{
	(void)reply;
	(void)arg;
}

static void a_started_call_hands_its_callback_on(void **state)
{
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;

	(void)state;
	assert_ok(golden_v1_feature_default_start(client_fake(), NULL, &key, reply_ignore, &key));
	assert_string_equal("fast_client_start", noted.function);
	assert_string_equal("golden.v1.Feature/Default", noted.method->path);
	assert_ptr_equal(reply_ignore, noted.fn);
	assert_ptr_equal(&key, noted.arg);
}

static void a_stream_gives_typed_items(void **state)
{
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;
	const Golden__V1__Value *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(golden_v1_feature_watch(client_fake(), NULL, &key, &stream));
	assert_string_equal("golden.v1.Feature/Watch", noted.method->path);
	noted.item = &value.base;
	assert_ok(golden_v1_feature_watch_next(stream, 7, &item));
	assert_ptr_equal(&value, item);
	noted.result = FAST_DEADLINE_EXCEEDED;
	assert_status(FAST_DEADLINE_EXCEEDED, golden_v1_feature_watch_next(stream, 7, &item));
	assert_ptr_equal(&value, item); /* as it was */
	noted.result = FAST_OK;
	noted.item = NULL;
	assert_ok(golden_v1_feature_watch_next(stream, 7, &item));
	assert_null(item);
}

static void a_client_stream_takes_typed_items_and_gives_one_answer(void **state)
{
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;
	struct fast_stream *stream = NULL;
	struct fast_reply reply = {0};

	(void)state;
	assert_ok(golden_v1_feature_upload(client_fake(), NULL, &stream));
	assert_string_equal("fast_client_stream", noted.function);
	assert_string_equal("golden.v1.Feature/Upload", noted.method->path);
	assert_null(noted.message);
	assert_ok(golden_v1_feature_upload_put(stream, 7, &value));
	assert_string_equal("fast_stream_send", noted.function);
	assert_ptr_equal(&value, noted.message);
	noted.item = &key.base;
	assert_ok(golden_v1_feature_upload_finish(stream, &reply));
	assert_string_equal("fast_stream_finish", noted.function);
	assert_ptr_equal(&key, golden_v1_feature_upload_response(&reply));
}

static void a_stream_both_ways_has_a_type_for_each(void **state)
{
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;
	const Golden__V1__Value *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(golden_v1_feature_talk(client_fake(), NULL, &stream));
	assert_null(noted.message);
	noted.item = &value.base;
	assert_ok(golden_v1_feature_talk_next(stream, 7, &item));
	assert_ptr_equal(&value, item);
	noted.result = FAST_CANCELLED;
	assert_status(FAST_CANCELLED, golden_v1_feature_talk_put(stream, 7, &key));
	assert_ptr_equal(&key, noted.message);
	assert_status(FAST_CANCELLED,
		      golden_v1_feature_talk_send((struct fast_call *)&object, &value));
	assert_string_equal("fast_call_send", noted.function);
}

static void value_take(struct fast_call *call, enum fast_status status,
		       const Golden__V1__Value *item, void *arg)
{
	assert_ptr_equal(&object, call);
	assert_ptr_equal(noted.message, item);
	noted.failed_with = status;
	noted.arg = arg;
}

static void an_item_function_is_called_by_its_own_type(void **state)
{
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;

	(void)state;
	golden_v1_feature_upload_on_item((struct fast_call *)&object, value_take, &value);
	assert_string_equal("fast_call_on_typed_item", noted.function);
	assert_ptr_equal(&value, noted.arg);
	noted.message = &value.base;
	noted.thunk((struct fast_call *)&object, FAST_OK, &value.base, noted.typed, &object);
	assert_ptr_equal(&object, noted.arg);
	noted.message = NULL;
	noted.thunk((struct fast_call *)&object, FAST_CANCELLED, NULL, noted.typed, &object);
	assert_status(FAST_CANCELLED, noted.failed_with);
}

static void get_handle(struct fast_call *call, const Golden__V1__Key *request, void *arg)
{
	noted.subject = call;
	noted.message = &request->base;
	noted.arg = arg;
}

static const struct fast_method *method_find(const struct fast_service *service, const char *name)
{
	for (size_t i = 0; i < service->method_count; i++) {
		if (strcmp(service->methods[i].name, name) == 0) {
			return &service->methods[i];
		}
	}
	fail_msg("%s has no %s", service->name, name);
	return NULL;
}

static void a_handler_is_dispatched_to(void **state)
{
	const struct golden_v1_feature_handlers handlers = {.delete_ = get_handle};
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;

	(void)state;
	method_find(&golden_v1_feature_service, "Delete")
		->dispatch(&handlers, (struct fast_call *)&object, &key.base, &key);
	assert_ptr_equal(&object, noted.subject);
	assert_ptr_equal(&key, noted.message);
	assert_ptr_equal(&key, noted.arg);
	assert_null(noted.function);
}

static void a_handler_that_is_null_answers_unimplemented(void **state)
{
	const struct golden_v1_feature_handlers handlers = {0};
	Golden__V1__Key key = GOLDEN__V1__KEY__INIT;

	(void)state;
	for (size_t i = 0; i < golden_v1_feature_service.method_count; i++) {
		memset(&noted, 0, sizeof noted);
		noted.method = &golden_v1_feature_service.methods[i];
		noted.method->dispatch(&handlers, (struct fast_call *)&object, &key.base, NULL);
		assert_string_equal("fast_call_fail", noted.function);
		assert_status(FAST_UNIMPLEMENTED, noted.failed_with);
	}
}

static void a_handler_answers_with_its_own_types(void **state)
{
	Golden__V1__Value value = GOLDEN__V1__VALUE__INIT;

	(void)state;
	golden_v1_feature_get_reply((struct fast_call *)&object, &value);
	assert_string_equal("fast_call_reply", noted.function);
	assert_ptr_equal(&value, noted.message);
	noted.result = FAST_RESOURCE_EXHAUSTED;
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      golden_v1_feature_watch_send((struct fast_call *)&object, &value));
	assert_string_equal("fast_call_send", noted.function);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      golden_v1_feature_watch_send_wait((struct fast_call *)&object, &value, 7));
	assert_string_equal("fast_call_send_wait", noted.function);
}

static void the_table_says_what_each_method_is(void **state)
{
	const struct fast_service *service = &golden_v1_feature_service;
	const struct fast_method *method;

	(void)state;
	assert_string_equal("golden.v1.Feature", service->name);
	assert_int_equal(12, service->method_count);
	method = method_find(service, "Get");
	assert_int_equal(FAST_METHOD_UNARY, method->kind);
	assert_int_equal(FAST_IDEMPOTENCY_NO_SIDE_EFFECTS, method->idempotency);
	assert_ptr_equal(&golden__v1__key__descriptor, method->request);
	assert_ptr_equal(&golden__v1__value__descriptor, method->response);
	assert_int_equal(FAST_METHOD_SERVER_STREAM, method_find(service, "Watch")->kind);
	assert_int_equal(FAST_METHOD_CLIENT_STREAM, method_find(service, "Upload")->kind);
	assert_int_equal(FAST_METHOD_BIDI_STREAM, method_find(service, "Talk")->kind);
	assert_int_equal(FAST_IDEMPOTENCY_IDEMPOTENT, method_find(service, "Put")->idempotency);
	method = method_find(service, "GetHTTPStatus");
	assert_int_equal(FAST_IDEMPOTENCY_UNKNOWN, method->idempotency);
	assert_string_equal("golden.v1.Value.Nested", method->request->name);
	assert_string_equal("Oracle/Consult", oracle_service.methods[0].path);
}

static void the_table_has_the_rules_of_the_schema(void **state)
{
	static const struct {
		const char *name;
		enum fast_priority priority;
		bool resumable;
		bool lossy;
	} rows[] = {
		{"Alarm", FAST_PRIORITY_CONTROL, false, false},
		{"Sample", FAST_PRIORITY_BULK, false, true},
		{"Events", FAST_PRIORITY_NORMAL, true, false},
		{"Add", FAST_PRIORITY_DEFAULT, false, false},
		{"Plain", FAST_PRIORITY_DEFAULT, false, false},
	};

	(void)state;
	assert_int_equal(FAST_TEST_COUNT(rows), golden_v1_rules_service.method_count);
	for (size_t i = 0; i < FAST_TEST_COUNT(rows); i++) {
		const struct fast_method *method =
			method_find(&golden_v1_rules_service, rows[i].name);

		assert_int_equal(rows[i].priority, method->priority);
		assert_int_equal(rows[i].resumable, method->resumable);
		assert_int_equal(rows[i].lossy, method->lossy);
	}
}

static void options_of_protobuf_c_rename_in_c_alone(void **state)
{
	Other__Space__TurnRequest request = OTHER__SPACE__TURN_REQUEST__INIT;

	(void)state;
	assert_string_equal("golden.v1.renamed.Thing", other_space_thing_service.name);
	assert_ptr_equal(request.message.descriptor, other_space_thing_service.methods[0].request);
}

/* The files of a service's descriptor set, to be freed. */
static Google__Protobuf__FileDescriptorSet *set_read(const struct fast_service *service)
{
	Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
		NULL, service->descriptor_set_bytes, service->descriptor_set);

	assert_non_null(set);
	for (size_t i = 0; i < set->n_file; i++) {
		assert_null(set->file[i]->source_code_info);
	}
	return set;
}

static void the_descriptor_set_has_every_import_in_order(void **state)
{
	static const char *const paths[] = {
		"google/protobuf/empty.proto",
		"google/protobuf/descriptor.proto",
		"protobuf-c/protobuf-c.proto",
		"golden/v1/renamed.proto",
	};
	Google__Protobuf__FileDescriptorSet *set = set_read(&other_space_thing_service);

	(void)state;
	assert_int_equal(FAST_TEST_COUNT(paths), set->n_file);
	for (size_t i = 0; i < set->n_file; i++) {
		assert_string_equal(paths[i], set->file[i]->name);
	}
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);

	set = set_read(&golden_v1_rules_service);
	assert_int_equal(4, set->n_file);
	assert_string_equal("google/protobuf/descriptor.proto", set->file[0]->name);
	assert_string_equal("fast/v1/options.proto", set->file[1]->name);
	assert_int_equal(1, set->file[1]->n_extension);
	assert_int_equal(2, set->file[3]->n_dependency);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);

	set = set_read(&golden_v1_second_service);
	assert_int_equal(2, set->n_file);
	assert_int_equal(3, set->file[1]->n_service);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_call_names_its_method_and_hands_all_on, forget),
		cmocka_unit_test_setup(a_started_call_hands_its_callback_on, forget),
		cmocka_unit_test_setup(a_stream_gives_typed_items, forget),
		cmocka_unit_test_setup(a_client_stream_takes_typed_items_and_gives_one_answer,
				       forget),
		cmocka_unit_test_setup(a_stream_both_ways_has_a_type_for_each, forget),
		cmocka_unit_test_setup(an_item_function_is_called_by_its_own_type, forget),
		cmocka_unit_test_setup(a_handler_is_dispatched_to, forget),
		cmocka_unit_test_setup(a_handler_that_is_null_answers_unimplemented, forget),
		cmocka_unit_test_setup(a_handler_answers_with_its_own_types, forget),
		cmocka_unit_test_setup(the_table_says_what_each_method_is, forget),
		cmocka_unit_test_setup(the_table_has_the_rules_of_the_schema, forget),
		cmocka_unit_test_setup(options_of_protobuf_c_rename_in_c_alone, forget),
		cmocka_unit_test_setup(the_descriptor_set_has_every_import_in_order, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
