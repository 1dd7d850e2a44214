#include "param_check.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_MAX 1e15

static const char *const type_names[] = {
	[FAST_PARAM_BOOL] = "bool",     [FAST_PARAM_INT] = "int",   [FAST_PARAM_DOUBLE] = "double",
	[FAST_PARAM_STRING] = "string", [FAST_PARAM_ENUM] = "enum",
};

const char *param_type_name(enum fast_param_type type)
{
	bool known = type >= FAST_PARAM_BOOL && type <= FAST_PARAM_ENUM;

	return known ? type_names[type] : "nothing";
}

/* The shortest text that reads back as the same number; whole numbers without an exponent. */
static void number_text(double number, char *out, size_t out_bytes)
{
	if (fabs(number) < WHOLE_MAX && !(number < rint(number)) && !(number > rint(number))) {
		(void)snprintf(out, out_bytes, "%.0f", number);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		double read = 0;
		(void)snprintf(out, out_bytes, "%.*g", digits, number);
		if (sscanf(out, "%lf", &read) == 1 && !(read < number) && !(read > number)) {
			return;
		}
	}
}

char *node_value_text(const struct fast_page_value *value, char *out, size_t out_bytes)
{
	assert(out_bytes > 0);

	out[0] = '\0';
	switch (value->type) {
	case FAST_PARAM_BOOL:
		(void)snprintf(out, out_bytes, "%s", value->u.boolean ? "true" : "false");
		break;
	case FAST_PARAM_INT:
		(void)snprintf(out, out_bytes, "%" PRId64, value->u.integer);
		break;
	case FAST_PARAM_DOUBLE:
		number_text(value->u.number, out, out_bytes);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		(void)snprintf(out, out_bytes, "%s", value->string);
		break;
	}
	return out;
}

static bool is_text(enum fast_param_type type)
{
	return type == FAST_PARAM_STRING || type == FAST_PARAM_ENUM;
}

bool param_value_equal(const struct fast_page_value *a, const struct fast_page_value *b)
{
	if (is_text(a->type) && is_text(b->type)) {
		return strcmp(a->string, b->string) == 0;
	}
	if (a->type != b->type) {
		return false;
	}
	switch (a->type) {
	case FAST_PARAM_BOOL:
		return a->u.boolean == b->u.boolean;
	case FAST_PARAM_INT:
		return a->u.integer == b->u.integer;
	case FAST_PARAM_DOUBLE: /* 0 and -0 are one number */
		return !(a->u.number < b->u.number) && !(a->u.number > b->u.number);
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		break;
	}
	return false;
}

static bool number_is_same(double a, double b)
{
	return !(a < b) && !(a > b);
}

bool param_rules_equal(const struct param_rules *a, const struct param_rules *b)
{
	if (a->type != b->type || a->has_range != b->has_range ||
	    a->choice_count != b->choice_count || !number_is_same(a->min, b->min) ||
	    !number_is_same(a->max, b->max) || !number_is_same(a->step, b->step) ||
	    !param_value_equal(&a->initial, &b->initial)) {
		return false;
	}
	for (size_t i = 0; i < a->choice_count; i++) {
		if (!param_value_equal(&a->choices[i], &b->choices[i])) {
			return false;
		}
	}
	return true;
}
