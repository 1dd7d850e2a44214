#include "client/value.h"
#include "tests/support/harness.h"

#include <string.h>

static Fast__V1__ParamSpec spec_of(Fast__V1__ParamType type)
{
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;

	spec.name = (char *)"res";
	spec.type = type;
	return spec;
}

static void values_are_read_by_their_type(void **state)
{
	static const struct {
		Fast__V1__ParamType type;
		const char *chars;
		const char *back;
	} cases[] = {
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL, "true", "true"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL, "0", "false"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_INT, "-9223372036854775808",
		 "-9223372036854775808"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE, "0.1", "0.1"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE, "0.30000000000000004",
		 "0.30000000000000004"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_STRING, "", ""},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_ENUM, "yolo-s", "yolo-s"},
	};
	struct text text = {0};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		Fast__V1__ParamSpec spec = spec_of(cases[i].type);
		Fast__V1__ParamValue value;
		char error[VALUE_ERROR_BYTES_MAX];

		assert_ok(value_parse(&spec, cases[i].chars, &value, error));
		text_clear(&text);
		value_add(&text, &value);
		assert_string_equal(cases[i].back, text_chars(&text));
	}
	text_fini(&text);
}

static void what_is_no_value_of_the_type_is_explained(void **state)
{
	static const struct {
		Fast__V1__ParamType type;
		const char *chars;
		const char *error;
	} cases[] = {
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL, "yes",
		 "res takes true or false, not 'yes'"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_INT, "1.5",
		 "res takes a whole number, not '1.5'"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_INT, "9223372036854775808",
		 "res takes a whole number"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE, "nan", "res takes a number, not 'nan'"},
		{FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE, "", "res takes a number, not ''"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		Fast__V1__ParamSpec spec = spec_of(cases[i].type);
		Fast__V1__ParamValue value;
		char error[VALUE_ERROR_BYTES_MAX];

		assert_status(FAST_INVALID_ARGUMENT,
			      value_parse(&spec, cases[i].chars, &value, error));
		assert_non_null(strstr(error, cases[i].error));
	}
}

static void what_is_allowed_reads_as_people_write_it(void **state)
{
	Fast__V1__ParamRange range = FAST__V1__PARAM_RANGE__INIT;
	Fast__V1__ParamSpec spec = spec_of(FAST__V1__PARAM_TYPE__PARAM_TYPE_INT);
	Fast__V1__ParamValue low = FAST__V1__PARAM_VALUE__INIT, high = low;
	Fast__V1__ParamValue *choices[] = {&low, &high};
	struct text text = {0};

	(void)state;
	value_add_allowed(&text, &spec);
	assert_string_equal("any", text_chars(&text));
	range.max = 10;
	range.step = 2;
	spec.range = &range;
	text_clear(&text);
	value_add_allowed(&text, &spec);
	assert_string_equal("0..10 step 2", text_chars(&text));
	low.kind_case = high.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	low.int_value = 360;
	high.int_value = 1080;
	spec.choices = choices;
	spec.n_choices = 2;
	text_clear(&text);
	value_add_allowed(&text, &spec);
	assert_string_equal("360|1080", text_chars(&text));
	text_fini(&text);
}

static void numbers_from_afar_have_names_or_none(void **state)
{
	(void)state;
	assert_string_equal("applied",
			    value_status_name(FAST__V1__PARAM_STATUS__PARAM_STATUS_APPLIED));
	assert_string_equal("?", value_status_name((Fast__V1__ParamStatus)77));
	assert_string_equal("?", value_kind_name((Fast__V1__MetricKind)-1));
	assert_string_equal("?", value_type_name((Fast__V1__ParamType)99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_by_their_type),
		cmocka_unit_test(what_is_no_value_of_the_type_is_explained),
		cmocka_unit_test(what_is_allowed_reads_as_people_write_it),
		cmocka_unit_test(numbers_from_afar_have_names_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
