#include "daemon/convert.h"
#include "tests/controller/fake_node.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_BYTES_MAX 8192

static int set_up(void **state)
{
	static struct node node;

	fake_node_init(&node);
	*state = &node;
	return 0;
}

static int tear_down(void **state)
{
	fake_node_fini(*state);
	return 0;
}

/* The message after a journey over the wire. */
static ProtobufCMessage *journey(const ProtobufCMessage *message)
{
	uint8_t packed[MESSAGE_BYTES_MAX];
	ProtobufCMessage *arrived;
	size_t bytes;

	assert_non_null(message);
	assert_true(protobuf_c_message_check(message));
	assert_true(protobuf_c_message_get_packed_size(message) <= sizeof packed);
	bytes = protobuf_c_message_pack(message, packed);
	arrived = protobuf_c_message_unpack(message->descriptor, NULL, bytes, packed);
	assert_non_null(arrived);
	return arrived;
}

static void values_come_back_as_they_were(void **state)
{
	struct fast_page_value values[] = {
		{.type = FAST_PARAM_BOOL, .u.boolean = true},
		{.type = FAST_PARAM_BOOL, .u.boolean = false},
		{.type = FAST_PARAM_INT, .u.integer = INT64_MIN},
		{.type = FAST_PARAM_INT, .u.integer = 0},
		{.type = FAST_PARAM_DOUBLE, .u.number = -0.1},
		{.type = FAST_PARAM_STRING, .string = ""},
		{.type = FAST_PARAM_STRING},
	};

	(void)state;
	memset(values[6].string, 'x', FAST_PARAM_STRING_BYTES_MAX);
	for (size_t i = 0; i < FAST_TEST_COUNT(values); i++) {
		struct scratch scratch = {0};
		struct fast_page_value back;
		const char *reason = NULL;
		Fast__V1__ParamValue *sent = convert_value(&scratch, &values[i]);
		ProtobufCMessage *arrived = journey(&sent->base);

		assert_ok(convert_value_back((Fast__V1__ParamValue *)arrived, &back, &reason));
		assert_int_equal(values[i].type, back.type);
		assert_memory_equal(&values[i].u, &back.u, sizeof back.u);
		assert_string_equal(values[i].string, back.string);
		protobuf_c_message_free_unpacked(arrived, NULL);
		scratch_fini(&scratch);
	}
}

static void an_enum_comes_back_as_a_string(void **state)
{
	struct fast_page_value value = {.type = FAST_PARAM_ENUM, .string = "fast"};
	struct scratch scratch = {0};
	struct fast_page_value back;
	const char *reason = NULL;

	(void)state;
	assert_ok(convert_value_back(convert_value(&scratch, &value), &back, &reason));
	assert_int_equal(FAST_PARAM_STRING, back.type);
	assert_string_equal("fast", back.string);
	scratch_fini(&scratch);
}

static void values_that_no_knob_can_take_are_refused(void **state)
{
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	char text[FAST_PARAM_STRING_BYTES_MAX + 2];
	struct fast_page_value back;
	const char *reason = NULL;

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, convert_value_back(NULL, &back, &reason));
	assert_string_equal("it has no value", reason);
	assert_status(FAST_INVALID_ARGUMENT, convert_value_back(&value, &back, &reason));
	value.kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
	value.double_value = NAN;
	assert_status(FAST_INVALID_ARGUMENT, convert_value_back(&value, &back, &reason));
	assert_string_equal("its value is not finite", reason);
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	value.kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
	value.string_value = text;
	assert_status(FAST_INVALID_ARGUMENT, convert_value_back(&value, &back, &reason));
	assert_string_equal("its string has more than 64 bytes", reason);
}

static void a_knob_arrives_with_all_that_it_is(void **state)
{
	struct node *node = *state;
	struct node_param *param = fake_node_add_param(node, "cam", "model", 0);
	const struct fast_page_value choices[] = {
		{.type = FAST_PARAM_ENUM, .string = "small"},
		{.type = FAST_PARAM_ENUM, .string = "medium"},
		{.type = FAST_PARAM_ENUM, .string = "large"},
	};
	struct scratch scratch = {0};
	ProtobufCMessage *arrived;
	const Fast__V1__ParamState *got;

	param->type = FAST_PARAM_ENUM;
	param->has_range = false;
	param->initial = choices[0];
	param->desired = choices[2];
	param->effective = choices[1];
	param->choices = choices;
	param->choice_count = 3;
	param->help = "Which network.";
	param->status = NODE_PARAM_APPLYING;
	param->lease_id = 5;
	param->lease_owner = "uid 0 pid 1";
	param->lease_ttl_ms = 1500;
	arrived = journey(&convert_param(&scratch, param)->base);
	got = (const Fast__V1__ParamState *)arrived;
	assert_string_equal("cam", got->plugin);
	assert_string_equal("Which network.", got->spec->help);
	assert_null(got->spec->range);
	assert_int_equal(3, got->spec->n_choices);
	assert_string_equal("large", got->spec->choices[2]->string_value);
	assert_string_equal("small", got->spec->initial->string_value);
	assert_string_equal("large", got->desired->string_value);
	assert_string_equal("medium", got->effective->string_value);
	assert_int_equal(FAST__V1__PARAM_STATUS__PARAM_STATUS_APPLYING, got->status);
	assert_string_equal("uid 0 pid 1", got->lease_owner);
	assert_int_equal(1500, got->lease_ttl_ms);
	protobuf_c_message_free_unpacked(arrived, NULL);
	scratch_fini(&scratch);
}

static void what_counts_alone_carries_no_window(void **state)
{
	struct node *node = *state;
	struct node_metric *metric = fake_node_add_metric(node, "cam", "x", FAST_METRIC_TIMER);
	struct scratch scratch = {0};
	const Fast__V1__Sample *sample = convert_sample(&scratch, metric);

	assert_int_equal(25, sample->window->count);
	assert_string_equal("", sample->unit);
	metric->window.max = 0.07;
	metric->kind = FAST_METRIC_GAUGE;
	sample = convert_sample(&scratch, metric);
	assert_true(sample->window->max == 0.07);
	metric->kind = FAST_METRIC_COUNTER;
	sample = convert_sample(&scratch, metric);
	assert_null(sample->window);
	assert_true(sample->value == 24.5);
	scratch_fini(&scratch);
}

static void an_age_beyond_32_bits_is_cut(void **state)
{
	struct node *node = *state;
	struct node_metric *metric = fake_node_add_metric(node, "cam", "x", FAST_METRIC_GAUGE);
	struct scratch scratch = {0};

	metric->age_ms = INT64_C(1) << 40;
	assert_int_equal(UINT32_MAX, convert_metric(&scratch, metric)->age_ms);
	metric->age_ms = -1;
	assert_int_equal(0, convert_metric(&scratch, metric)->age_ms);
	scratch_fini(&scratch);
}

static void a_scratch_that_failed_stays_so_until_it_is_emptied(void **state)
{
	struct scratch scratch = {0};

	(void)state;
	assert_null(scratch_alloc(&scratch, SCRATCH_BYTES_MAX + 1));
	assert_true(scratch.failed);
	assert_null(scratch_alloc(&scratch, 1));
	assert_string_equal("", scratch_text(&scratch, "x"));
	scratch_reset(&scratch);
	assert_string_equal("x", scratch_text(&scratch, "x"));
	scratch_fini(&scratch);
}

static void a_knob_survives_each_allocation_failure(void **state)
{
	struct node *node = *state;
	struct node_param *param = fake_node_add_param(node, "cam", "model", 0);
	static struct fast_page_value choices[FAST_PARAM_CHOICES_MAX];
	int n = 0;

	for (size_t i = 0; i < FAST_PARAM_CHOICES_MAX; i++) {
		choices[i].type = FAST_PARAM_STRING;
		memset(choices[i].string, 'c', FAST_PARAM_STRING_BYTES_MAX);
	}
	param->choices = choices;
	param->choice_count = FAST_PARAM_CHOICES_MAX;
	for (;;) {
		struct scratch scratch = {0};
		const Fast__V1__ParamState *got;
		bool fired;

		fault_alloc_after(n++);
		got = convert_param(&scratch, param);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_true(fired == (got == NULL));
		assert_true(fired == scratch.failed);
		scratch_fini(&scratch);
		if (!fired) {
			break;
		}
	}
	assert_true(n > 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_come_back_as_they_were),
		TEST(an_enum_comes_back_as_a_string),
		TEST(values_that_no_knob_can_take_are_refused),
		TEST(a_knob_arrives_with_all_that_it_is),
		TEST(what_counts_alone_carries_no_window),
		TEST(an_age_beyond_32_bits_is_cut),
		TEST(a_scratch_that_failed_stays_so_until_it_is_emptied),
		TEST(a_knob_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
