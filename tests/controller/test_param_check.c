/* What a knob takes, what it refuses, and what it offers instead. */
#include "support/harness.h"

#include "daemon/param_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct fast_page_value boolean(bool value)
{
	return (struct fast_page_value){.type = FAST_PARAM_BOOL, .u.boolean = value};
}

static struct fast_page_value integer(int64_t value)
{
	return (struct fast_page_value){.type = FAST_PARAM_INT, .u.integer = value};
}

static struct fast_page_value number(double value)
{
	return (struct fast_page_value){.type = FAST_PARAM_DOUBLE, .u.number = value};
}

static struct fast_page_value text(const char *value)
{
	struct fast_page_value out = {.type = FAST_PARAM_STRING};

	(void)snprintf(out.string, sizeof out.string, "%s", value);
	return out;
}

#define RANGE(type_, min_, max_, step_)                                                            \
	{                                                                                          \
		.type = (type_), .has_range = true, .min = (min_), .max = (max_), .step = (step_)  \
	}

static struct fast_page_value sizes[3];
static struct fast_page_value models[3];

static const struct param_rules any_bool = {.type = FAST_PARAM_BOOL};
static const struct param_rules any_int = {.type = FAST_PARAM_INT};
static const struct param_rules any_double = {.type = FAST_PARAM_DOUBLE};
static const struct param_rules any_text = {.type = FAST_PARAM_STRING};
static const struct param_rules percent = RANGE(FAST_PARAM_INT, 0, 100, 0);
static const struct param_rules tens = RANGE(FAST_PARAM_INT, 5, 98, 10);
static const struct param_rules tenths = RANGE(FAST_PARAM_DOUBLE, 0, 1, 0.1);
static const struct param_rules halves = RANGE(FAST_PARAM_INT, 0.5, 9.5, 0);
static const struct param_rules size = {
	.type = FAST_PARAM_INT, .choices = sizes, .choice_count = 3};
static const struct param_rules model = {
	.type = FAST_PARAM_ENUM, .choices = models, .choice_count = 3};

static int choices_make(void **state)
{
	(void)state;
	sizes[0] = integer(640);
	sizes[1] = integer(1280);
	sizes[2] = integer(1920);
	models[0] = text("large");
	models[1] = text("medium");
	models[2] = text("small");
	return 0;
}

/* One value against one set of rules. */
struct check {
	const struct param_rules *rules;
	struct fast_page_value value;
	enum fast_status status;
	const char *out;     /* as text, on OK */
	const char *nearest; /* as text; NULL: none */
};

static void check_one(const struct check *check)
{
	struct node_result result = {.status = FAST_OK};
	struct fast_page_value out = {.type = FAST_PARAM_BOOL};
	char shown[80];

	assert_status(check->status,
		      param_value_check(check->rules, "knob", &check->value, &out, &result));
	if (check->status == FAST_OK) {
		assert_int_equal(check->rules->type, out.type);
		assert_string_equal(check->out, node_value_text(&out, shown, sizeof shown));
		return;
	}
	assert_status(check->status, result.status);
	assert_string_equal("knob", result.refused_param);
	assert_memory_equal("param \"knob\": ", result.text, 14);
	assert_int_equal(check->nearest != NULL, result.has_nearest);
	if (check->nearest != NULL) {
		assert_string_equal(check->nearest,
				    node_value_text(&result.nearest, shown, sizeof shown));
		assert_ok(param_value_check(check->rules, "knob", &result.nearest, &out, &result));
	}
}

static void values_are_taken_or_refused_with_the_nearest(void **state)
{
	const struct check checks[] = {
		{&any_bool, boolean(true), FAST_OK, "true", NULL},
		{&any_bool, integer(1), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&any_bool, text("true"), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&any_int, integer(INT64_MIN), FAST_OK, "-9223372036854775808", NULL},
		{&any_int, number(3), FAST_OK, "3", NULL},
		{&any_int, number(-0.0), FAST_OK, "0", NULL},
		{&any_int, number(2.6), FAST_OUT_OF_RANGE, NULL, "3"},
		{&any_int, number(1e30), FAST_OUT_OF_RANGE, NULL, "9223372036854775807"},
		{&any_int, number(-1e30), FAST_OUT_OF_RANGE, NULL, "-9223372036854775808"},
		{&any_int, number(0x1p63), FAST_OUT_OF_RANGE, NULL, "9223372036854775807"},
		{&any_int, number(NAN), FAST_OUT_OF_RANGE, NULL, NULL},
		{&any_int, number(INFINITY), FAST_OUT_OF_RANGE, NULL, NULL},
		{&any_int, text("3"), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&any_int, boolean(true), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&any_double, number(0.1), FAST_OK, "0.1", NULL},
		{&any_double, integer(7), FAST_OK, "7", NULL},
		{&any_double, integer((INT64_C(1) << 53) + 1), FAST_OUT_OF_RANGE, NULL,
		 "9007199254740992"},
		{&any_double, number(NAN), FAST_OUT_OF_RANGE, NULL, NULL},
		{&any_double, number(-INFINITY), FAST_OUT_OF_RANGE, NULL, NULL},
		{&any_text, text("hello"), FAST_OK, "hello", NULL},
		{&any_text, text(""), FAST_OK, "", NULL},
		{&any_text, text("\xc3\x28"), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&any_text, integer(1), FAST_INVALID_ARGUMENT, NULL, NULL},
		{&percent, integer(100), FAST_OK, "100", NULL},
		{&percent, integer(101), FAST_OUT_OF_RANGE, NULL, "100"},
		{&percent, integer(-7), FAST_OUT_OF_RANGE, NULL, "0"},
		{&percent, number(99.6), FAST_OUT_OF_RANGE, NULL, "100"},
		{&percent, number(INFINITY), FAST_OUT_OF_RANGE, NULL, "100"},
		{&tens, integer(25), FAST_OK, "25", NULL},
		{&tens, integer(24), FAST_OUT_OF_RANGE, NULL, "25"},
		{&tens, integer(98), FAST_OUT_OF_RANGE, NULL, "95"},
		{&tens, integer(1000), FAST_OUT_OF_RANGE, NULL, "95"},
		{&tens, integer(0), FAST_OUT_OF_RANGE, NULL, "5"},
		{&tenths, number(0.1 + 0.2), FAST_OK, "0.30000000000000004", NULL},
		{&tenths, number(0.34), FAST_OUT_OF_RANGE, NULL, "0.30000000000000004"},
		{&tenths, integer(1), FAST_OK, "1", NULL},
		{&tenths, number(1.04), FAST_OUT_OF_RANGE, NULL, "1"},
		{&halves, integer(0), FAST_OUT_OF_RANGE, NULL, "1"},
		{&halves, integer(10), FAST_OUT_OF_RANGE, NULL, "9"},
		{&size, integer(1280), FAST_OK, "1280", NULL},
		{&size, number(640), FAST_OK, "640", NULL},
		{&size, integer(700), FAST_OUT_OF_RANGE, NULL, "640"},
		{&size, integer(INT64_MAX), FAST_OUT_OF_RANGE, NULL, "1920"},
		{&size, number(NAN), FAST_OUT_OF_RANGE, NULL, NULL},
		{&model, text("small"), FAST_OK, "small", NULL},
		{&model, text("smal"), FAST_OUT_OF_RANGE, NULL, "small"},
		{&model, text("gigantic"), FAST_OUT_OF_RANGE, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(checks); i++) {
		check_one(&checks[i]);
	}
}

static void a_refusal_says_what_would_be_taken(void **state)
{
	const struct fast_page_value value = integer(17);
	const struct fast_page_value word = text("tiny");
	struct fast_page_value out;
	struct node_result result = {.status = FAST_OK};

	(void)state;
	assert_status(FAST_OUT_OF_RANGE,
		      param_value_check(&tens, "batch.size", &value, &out, &result));
	assert_string_equal("param \"batch.size\": 17 is not allowed; it takes 5 to 98 in steps "
			    "of 10",
			    result.text);
	assert_status(FAST_OUT_OF_RANGE, param_value_check(&model, "model", &word, &out, &result));
	assert_string_equal("param \"model\": tiny is not allowed; it takes one of large, medium, "
			    "small",
			    result.text);
}

static void a_text_of_64_bytes_is_the_longest(void **state)
{
	struct fast_page_value value = text("");
	struct fast_page_value out;
	struct node_result result = {.status = FAST_OK};

	(void)state;
	memset(value.string, 'x', 64);
	assert_ok(param_value_check(&any_text, "name", &value, &out, &result));
	value.string[64] = 'x'; /* no zero byte left */
	assert_status(FAST_OUT_OF_RANGE,
		      param_value_check(&any_text, "name", &value, &out, &result));
}

/* A declaration. */
struct rules_case {
	struct param_rules rules;
	enum fast_status status;
};

static void declarations_that_make_no_sense_are_refused(void **state)
{
	struct rules_case cases[] = {
		{{.type = FAST_PARAM_BOOL, .initial = boolean(false)}, FAST_OK},
		{{.type = FAST_PARAM_INT, .initial = number(3)}, FAST_OK},
		{{.type = FAST_PARAM_INT, .initial = number(3.5)}, FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT, .initial = text("3")}, FAST_INVALID_ARGUMENT},
		{{.type = 0, .initial = integer(3)}, FAST_INVALID_ARGUMENT},
		{{.type = 6, .initial = integer(3)}, FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_DOUBLE, .initial = number(NAN)}, FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT, .initial = integer(3), .has_range = true, .max = 2},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT, .initial = integer(1), .has_range = true, .max = NAN},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT,
		  .initial = integer(1),
		  .has_range = true,
		  .min = 2,
		  .max = 1},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT,
		  .initial = integer(1),
		  .has_range = true,
		  .max = 5,
		  .step = 9},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_BOOL, .initial = boolean(true), .has_range = true, .max = 1},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_ENUM, .initial = text("a")}, FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_ENUM,
		  .initial = text("huge"),
		  .choices = models,
		  .choice_count = 3},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_ENUM,
		  .initial = text("large"),
		  .choices = models,
		  .choice_count = 3},
		 FAST_OK},
		{{.type = FAST_PARAM_INT,
		  .initial = integer(640),
		  .choices = models,
		  .choice_count = 3},
		 FAST_INVALID_ARGUMENT},
		{{.type = FAST_PARAM_INT,
		  .initial = integer(640),
		  .choices = sizes,
		  .choice_count = 3,
		  .has_range = true,
		  .max = 1000},
		 FAST_INVALID_ARGUMENT},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		char reason[NODE_TEXT_BYTES_MAX] = "";
		assert_status(cases[i].status,
			      param_rules_check(&cases[i].rules, "knob", reason, sizeof reason));
		assert_int_equal(cases[i].status == FAST_OK, reason[0] == '\0');
	}
}

static void numbers_as_text_read_back_as_the_same(void **state)
{
	const double numbers[] = {0,      0.1,  1.0 / 3,   1e300, -2.5,
				  5e-324, 1e21, 123456789, 24,    0.30000000000000004};
	char shown[80];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(numbers); i++) {
		const struct fast_page_value value = number(numbers[i]);
		double read = 0;
		assert_int_equal(
			1, sscanf(node_value_text(&value, shown, sizeof shown), "%lf", &read));
		assert_memory_equal(&numbers[i], &read, sizeof read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_taken_or_refused_with_the_nearest),
		cmocka_unit_test(a_refusal_says_what_would_be_taken),
		cmocka_unit_test(a_text_of_64_bytes_is_the_longest),
		cmocka_unit_test(declarations_that_make_no_sense_are_refused),
		cmocka_unit_test(numbers_as_text_read_back_as_the_same),
	};

	return cmocka_run_group_tests(tests, choices_make, NULL);
}
