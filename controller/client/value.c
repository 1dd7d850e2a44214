#include "client/value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool value_parse_bool(const char *chars, Fast__V1__ParamValue *out)
{
	bool yes = strcmp(chars, "true") == 0 || strcmp(chars, "1") == 0;

	if (!yes && strcmp(chars, "false") != 0 && strcmp(chars, "0") != 0) {
		return false;
	}
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE;
	out->bool_value = yes;
	return true;
}

static bool value_parse_int(const char *chars, Fast__V1__ParamValue *out)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(chars, &end, 10);
	if (end == chars || *end != '\0' || errno != 0) {
		return false;
	}
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	out->int_value = number;
	return true;
}

static bool value_parse_double(const char *chars, Fast__V1__ParamValue *out)
{
	char *end;
	double number = strtod(chars, &end);

	if (end == chars || *end != '\0' || !isfinite(number)) {
		return false;
	}
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
	out->double_value = number;
	return true;
}

static bool value_parse_string(const char *chars, Fast__V1__ParamValue *out)
{
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
	out->string_value = (char *)chars;
	return true;
}

static const struct {
	const char *name;
	const char *example;
	bool (*parse)(const char *chars, Fast__V1__ParamValue *out);
} types[] = {
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_UNSPECIFIED] = {"?", "a value", value_parse_string},
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL] = {"bool", "true or false", value_parse_bool},
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_INT] = {"int", "a whole number", value_parse_int},
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_DOUBLE] = {"double", "a number", value_parse_double},
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_STRING] = {"string", "a text", value_parse_string},
	[FAST__V1__PARAM_TYPE__PARAM_TYPE_ENUM] = {"enum", "a choice", value_parse_string},
};

static size_t type_index(Fast__V1__ParamType type)
{
	return (size_t)type < sizeof types / sizeof types[0] ? (size_t)type : 0;
}

enum fast_status value_parse(const Fast__V1__ParamSpec *spec, const char *chars,
			     Fast__V1__ParamValue *out, char *error)
{
	size_t type = type_index(spec->type);

	fast__v1__param_value__init(out);
	if (!types[type].parse(chars, out)) {
		snprintf(error, VALUE_ERROR_BYTES_MAX, "%.64s takes %s, not '%.64s'", spec->name,
			 types[type].example, chars);
		return FAST_INVALID_ARGUMENT;
	}
	return FAST_OK;
}

static void value_add_double(struct text *text, double number)
{
	char shortest[32];

	snprintf(shortest, sizeof shortest, "%.15g", number);
	if (strtod(shortest, NULL) != number) {
		snprintf(shortest, sizeof shortest, "%.17g", number);
	}
	text_add(text, "%s", shortest);
}

void value_add(struct text *text, const Fast__V1__ParamValue *value)
{
	switch (value == NULL ? FAST__V1__PARAM_VALUE__KIND__NOT_SET : value->kind_case) {
	case FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE:
		text_add(text, "%s", value->bool_value ? "true" : "false");
		break;
	case FAST__V1__PARAM_VALUE__KIND_INT_VALUE:
		text_add(text, "%lld", (long long)value->int_value);
		break;
	case FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE:
		value_add_double(text, value->double_value);
		break;
	case FAST__V1__PARAM_VALUE__KIND_STRING_VALUE:
		text_add_clean(text, value->string_value);
		break;
	default:
		text_add(text, "-");
		break;
	}
}

void value_add_allowed(struct text *text, const Fast__V1__ParamSpec *spec)
{
	if (spec->n_choices > 0) {
		for (size_t i = 0; i < spec->n_choices; i++) {
			text_add(text, "%s", i == 0 ? "" : "|");
			value_add(text, spec->choices[i]);
		}
	} else if (spec->type == FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL) {
		text_add(text, "true|false");
	} else if (spec->range != NULL) {
		value_add_double(text, spec->range->min);
		text_add(text, "..");
		value_add_double(text, spec->range->max);
		if (spec->range->step > 0) {
			text_add(text, " step ");
			value_add_double(text, spec->range->step);
		}
	} else {
		text_add(text, "any");
	}
}

const char *value_type_name(Fast__V1__ParamType type)
{
	return types[type_index(type)].name;
}

const char *value_status_name(Fast__V1__ParamStatus status)
{
	static const char *const names[] = {"unset",   "pending", "applying",
					    "applied", "failed",  "timeout"};

	return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "?";
}

const char *value_kind_name(Fast__V1__MetricKind kind)
{
	static const char *const names[] = {"-",     "counter",   "gauge", "histogram",
					    "timer", "heartbeat", "info",  "stateset"};

	return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}
