#include "param_check.h"

#include "page/names.h"

#include "nearest.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Part of a step by which a value may miss it: 0.1 + 0.2 is on a step of 0.1. */
#define STEP_TOLERANCE   1e-9
#define VALUE_TEXT_BYTES (FAST_PARAM_STRING_BYTES_MAX + 1)

static bool is_text(enum fast_param_type type)
{
	return type == FAST_PARAM_STRING || type == FAST_PARAM_ENUM;
}

static bool is_numeric(enum fast_param_type type)
{
	return type == FAST_PARAM_INT || type == FAST_PARAM_DOUBLE;
}

/* A long double holds each int64 and each double, on the machines that we build for. */
static long double value_number(const struct fast_page_value *value)
{
	return value->type == FAST_PARAM_INT ? (long double)value->u.integer
					     : (long double)value->u.number;
}

static void value_of_number(enum fast_param_type type, long double number,
			    struct fast_page_value *out)
{
	*out = (struct fast_page_value){.type = type};
	if (type == FAST_PARAM_DOUBLE) {
		out->u.number = (double)number;
	} else if (number >= 0x1p63L) {
		out->u.integer = INT64_MAX;
	} else if (number < -0x1p63L) {
		out->u.integer = INT64_MIN;
	} else {
		out->u.integer = (int64_t)number;
	}
}

static long double step_origin(const struct param_rules *rules)
{
	return rules->bounded ? rules->origin : rules->min;
}

static bool on_step(const struct param_rules *rules, long double number)
{
	long double steps;

	if (!(rules->step > 0)) {
		return true;
	}
	steps = (number - step_origin(rules)) / rules->step;
	return fabsl(steps - nearbyintl(steps)) <= STEP_TOLERANCE * fmaxl(1, fabsl(steps));
}

static bool number_allowed(const struct param_rules *rules, const struct fast_page_value *value)
{
	long double number = value_number(value);

	return !rules->has_range ||
	       (rules->min <= number && number <= rules->max && on_step(rules, number));
}

static bool is_choice(const struct param_rules *rules, const struct fast_page_value *value)
{
	for (size_t i = 0; i < rules->choice_count; i++) {
		if (param_value_equal(&rules->choices[i], value)) {
			return true;
		}
	}
	return rules->choice_count == 0;
}

/* Nearest number within range and on a step; false: there is none. */
static bool nearest_in_range(const struct param_rules *rules, long double number,
			     struct fast_page_value *out)
{
	if (isnan(number)) {
		return false;
	}
	if (!rules->has_range) {
		value_of_number(rules->type, nearbyintl(number), out);
		return isfinite(number);
	}
	number = fminl(fmaxl(number, rules->min), rules->max);
	if (rules->step > 0) {
		long double origin = step_origin(rules);
		long double steps_min =
			ceill((rules->min - origin) / rules->step - (long double)STEP_TOLERANCE);
		long double steps_max =
			floorl((rules->max - origin) / rules->step + (long double)STEP_TOLERANCE);
		long double steps = nearbyintl((number - origin) / rules->step);
		number = origin + fmaxl(fminl(steps, steps_max), steps_min) * rules->step;
	}
	if (rules->type == FAST_PARAM_INT) {
		number = nearbyintl(number);
		number = number < rules->min ? number + 1 : number;
		number = number > rules->max ? number - 1 : number;
	}
	value_of_number(rules->type, number, out);
	return number_allowed(rules, out);
}

static bool nearest_number(const struct param_rules *rules, long double number,
			   struct fast_page_value *out)
{
	const struct fast_page_value *best = NULL;

	if (rules->choice_count == 0) {
		return nearest_in_range(rules, number, out);
	}
	for (size_t i = 0; i < rules->choice_count && !isnan(number); i++) {
		const struct fast_page_value *choice = &rules->choices[i];
		if (best == NULL ||
		    fabsl(value_number(choice) - number) < fabsl(value_number(best) - number)) {
			best = choice;
		}
	}
	if (best != NULL) {
		*out = *best;
	}
	return best != NULL;
}

static bool nearest_text(const struct param_rules *rules, const char *text,
			 struct fast_page_value *out)
{
	const char *words[FAST_PARAM_CHOICES_MAX];
	const char *word;

	for (size_t i = 0; i < rules->choice_count; i++) {
		words[i] = rules->choices[i].string;
	}
	word = nearest_word(text, words, rules->choice_count);
	if (word == NULL) {
		return false;
	}
	*out = (struct fast_page_value){.type = rules->type};
	(void)snprintf(out->string, sizeof out->string, "%s", word);
	return true;
}

/* "640, 1280, 1920", as many as fit. */
static void choices_text(const struct param_rules *rules, char *out, size_t out_bytes)
{
	char text[VALUE_TEXT_BYTES];
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < rules->choice_count && used < out_bytes; i++) {
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i == 0 ? "" : ", ",
					 node_value_text(&rules->choices[i], text, sizeof text));
	}
}

static void allowed_text(const struct param_rules *rules, char *out, size_t out_bytes)
{
	struct fast_page_value min = {.type = FAST_PARAM_DOUBLE, .u.number = rules->min};
	struct fast_page_value max = {.type = FAST_PARAM_DOUBLE, .u.number = rules->max};
	struct fast_page_value step = {.type = FAST_PARAM_DOUBLE, .u.number = rules->step};
	char texts[3][VALUE_TEXT_BYTES];
	size_t used;

	if (rules->nothing) {
		(void)snprintf(out, out_bytes, "nothing");
	} else if (rules->choice_count > 0) {
		used = (size_t)snprintf(out, out_bytes, "%s",
					rules->choice_count == 1 ? "only " : "one of ");
		choices_text(rules, out + used, out_bytes - used);
	} else if (rules->has_range && rules->max >= DBL_MAX) {
		(void)snprintf(out, out_bytes, "%s or more",
			       node_value_text(&min, texts[0], sizeof texts[0]));
	} else if (rules->has_range && rules->min <= -DBL_MAX) {
		(void)snprintf(out, out_bytes, "%s or less",
			       node_value_text(&max, texts[1], sizeof texts[1]));
	} else if (rules->has_range) {
		used = (size_t)snprintf(out, out_bytes, "%s to %s",
					node_value_text(&min, texts[0], sizeof texts[0]),
					node_value_text(&max, texts[1], sizeof texts[1]));
		if (rules->step > 0) {
			(void)snprintf(out + used, out_bytes - used, " in steps of %s",
				       node_value_text(&step, texts[2], sizeof texts[2]));
		}
	} else {
		(void)snprintf(out, out_bytes, "%s",
			       rules->type == FAST_PARAM_INT ? "a whole number"
							     : "a finite number");
	}
}

char *param_rules_text(const struct param_rules *rules, char *out, size_t out_bytes)
{
	allowed_text(rules, out, out_bytes);
	return out;
}

FAST_PRINTF(4, 5)
static enum fast_status refuse(struct node_result *result, enum fast_status status,
			       const char *name, const char *format, ...)
{
	va_list args;
	size_t used;

	result->status = status;
	(void)snprintf(result->refused_param, sizeof result->refused_param, "%s", name);
	used = (size_t)snprintf(result->text, sizeof result->text,
				"param \"%s\": ", result->refused_param);
	va_start(args, format);
	(void)vsnprintf(result->text + used, sizeof result->text - used, format, args);
	va_end(args);
	return status;
}

static enum fast_status refuse_range(const struct param_rules *rules, const char *name,
				     const struct fast_page_value *value,
				     struct node_result *result)
{
	char text[VALUE_TEXT_BYTES];
	char quoted[FAST_QUOTE_BYTES];
	char allowed[320];

	allowed_text(rules, allowed, sizeof allowed);
	return refuse(result, FAST_OUT_OF_RANGE, name, "%s is not allowed; it takes %s",
		      fast_quote(node_value_text(value, text, sizeof text), quoted), allowed);
}

static enum fast_status number_check(const struct param_rules *rules, const char *name,
				     const struct fast_page_value *value,
				     struct fast_page_value *out, struct node_result *result)
{
	long double number = value_number(value);

	value_of_number(rules->type, isnan(number) ? 0 : number, out);
	bool same =
		isfinite(number) && !(value_number(out) < number) && !(value_number(out) > number);
	if (same && !rules->nothing && number_allowed(rules, out) && is_choice(rules, out)) {
		return FAST_OK;
	}
	result->has_nearest = !rules->nothing && nearest_number(rules, number, &result->nearest);
	return refuse_range(rules, name, value, result);
}

static enum fast_status text_check(const struct param_rules *rules, const char *name,
				   const struct fast_page_value *value, struct fast_page_value *out,
				   struct node_result *result)
{
	size_t bytes = strnlen(value->string, sizeof value->string);

	if (bytes > FAST_PARAM_STRING_BYTES_MAX) {
		return refuse(result, FAST_OUT_OF_RANGE, name,
			      "the string is too long; at most %d bytes",
			      FAST_PARAM_STRING_BYTES_MAX);
	}
	if (!fast_utf8_valid(value->string, bytes)) {
		return refuse(result, FAST_INVALID_ARGUMENT, name, "the string is not UTF-8");
	}
	*out = *value;
	out->type = rules->type;
	if (!rules->nothing && is_choice(rules, out)) {
		return FAST_OK;
	}
	result->has_nearest = !rules->nothing && nearest_text(rules, out->string, &result->nearest);
	return refuse_range(rules, name, value, result);
}

enum fast_status param_value_check(const struct param_rules *rules, const char *name,
				   const struct fast_page_value *value, struct fast_page_value *out,
				   struct node_result *result)
{
	if (is_numeric(rules->type) && is_numeric(value->type)) {
		return number_check(rules, name, value, out, result);
	}
	if (is_text(rules->type) && is_text(value->type)) {
		return text_check(rules, name, value, out, result);
	}
	if (rules->type == FAST_PARAM_BOOL && value->type == FAST_PARAM_BOOL) {
		*out = *value;
		if (!rules->nothing && is_choice(rules, value)) {
			return FAST_OK;
		}
		result->has_nearest = rules->choice_count > 0;
		result->nearest = result->has_nearest ? rules->choices[0] : *value;
		return refuse_range(rules, name, value, result);
	}
	return refuse(result, FAST_INVALID_ARGUMENT, name, "it is a %s and can't take a %s",
		      param_type_name(rules->type), param_type_name(value->type));
}

bool param_value_nearest(const struct param_rules *rules, const struct fast_page_value *value,
			 struct fast_page_value *out)
{
	struct node_result result = {0};

	if (param_value_check(rules, "", value, out, &result) == FAST_OK) {
		return true;
	}
	if (!result.has_nearest && !rules->nothing && rules->choice_count > 0) {
		*out = rules->choices[0]; /* any word is as near as another */
		return true;
	}
	*out = result.nearest;
	return result.has_nearest;
}

static const char *range_wrong(const struct param_rules *rules)
{
	if (!rules->has_range) {
		return NULL;
	}
	if (!is_numeric(rules->type)) {
		return "only an int or a double has a range";
	}
	if (!isfinite(rules->min) || !isfinite(rules->max) || !(rules->max > rules->min)) {
		return "the range is empty or not finite; max must be above min";
	}
	if (!(rules->step >= 0) || rules->step > rules->max - rules->min) {
		return "the step must lie between 0 and the width of the range";
	}
	return NULL;
}

static const char *choices_wrong(const struct param_rules *rules)
{
	if (rules->choice_count > FAST_PARAM_CHOICES_MAX) {
		return "there are too many choices; at most 32";
	}
	if (rules->type == FAST_PARAM_ENUM && rules->choice_count == 0) {
		return "an enum needs choices";
	}
	if (rules->type == FAST_PARAM_BOOL && rules->choice_count > 0) {
		return "a bool has no choices";
	}
	return NULL;
}

enum fast_status param_rules_check(struct param_rules *rules, const char *name, char *reason,
				   size_t reason_bytes)
{
	struct param_rules without = *rules; /* choices are checked against the range alone */
	struct fast_page_value given;
	struct node_result result = {0};
	const char *wrong = NULL;
	enum fast_status status;

	if (rules->type < FAST_PARAM_BOOL || rules->type > FAST_PARAM_ENUM) {
		wrong = "its type is not known; use bool, int, double, string or enum";
	}
	wrong = wrong == NULL ? range_wrong(rules) : wrong;
	wrong = wrong == NULL ? choices_wrong(rules) : wrong;
	if (wrong != NULL) {
		(void)snprintf(reason, reason_bytes, "param \"%s\": %s", name, wrong);
		return FAST_INVALID_ARGUMENT;
	}
	without.choice_count = 0;
	status = FAST_OK;
	for (size_t i = 0; i < rules->choice_count && status == FAST_OK; i++) {
		given = rules->choices[i];
		status = param_value_check(&without, name, &given, &rules->choices[i], &result);
	}
	if (status == FAST_OK) {
		given = rules->initial;
		status = param_value_check(rules, name, &given, &rules->initial, &result);
	}
	if (status != FAST_OK) {
		(void)snprintf(reason, reason_bytes, "%s", result.text);
		return FAST_INVALID_ARGUMENT;
	}
	return FAST_OK;
}
