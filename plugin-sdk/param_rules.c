#include "param_rules.h"

#include "page/atomic.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STEP_TOLERANCE   1e-9
#define VALUE_TEXT_BYTES 96
/* Of the first version of the spec. */
#define SPEC_BYTES_MIN offsetof(struct fast_param_spec, ack)

static const char *const type_names[] = {
	[FAST_PARAM_BOOL] = "bool",     [FAST_PARAM_INT] = "int",   [FAST_PARAM_DOUBLE] = "double",
	[FAST_PARAM_STRING] = "string", [FAST_PARAM_ENUM] = "enum",
};
#define TYPE_COUNT (sizeof type_names / sizeof type_names[0])

static bool is_text(enum fast_param_type type)
{
	return type == FAST_PARAM_STRING || type == FAST_PARAM_ENUM;
}

static bool is_numeric(enum fast_param_type type)
{
	return type == FAST_PARAM_INT || type == FAST_PARAM_DOUBLE;
}

/* Writes `param "name": ` and the rest. */
FAST_PRINTF(3, 4)
static enum fast_status refuse(const struct param_rules *rules, char *reason, const char *format,
			       ...)
{
	va_list args;
	size_t used = (size_t)snprintf(reason, FAST_REASON_BYTES, "param \"%s\": ", rules->name);

	va_start(args, format);
	(void)vsnprintf(reason + used, FAST_REASON_BYTES - used, format, args);
	va_end(args);
	return FAST_INVALID_ARGUMENT;
}

static double value_number(const struct param_rules *rules, const struct param_value *value)
{
	return rules->type == FAST_PARAM_INT ? (double)(int64_t)value->word
					     : page_double_from_bits(value->word);
}

/* The value as a person would write it. */
static const char *value_text(const struct param_rules *rules, const struct param_value *value,
			      char *out)
{
	char string[FAST_PAGE_STRING_BYTES + 1] = "";
	char quoted[FAST_QUOTE_BYTES];

	if (rules->type == FAST_PARAM_INT) {
		(void)snprintf(out, VALUE_TEXT_BYTES, "%" PRId64, (int64_t)value->word);
	} else if (rules->type == FAST_PARAM_DOUBLE) {
		(void)snprintf(out, VALUE_TEXT_BYTES, "%.17g", page_double_from_bits(value->word));
	} else {
		memcpy(string, value->string, sizeof value->string);
		(void)snprintf(out, VALUE_TEXT_BYTES, "\"%s\"", fast_quote(string, quoted));
	}
	return out;
}

/* Copies a value of the spec. what: "initial" or "choice". */
static enum fast_status value_init(const struct param_rules *rules, const char *what,
				   const union fast_param_value *given, struct param_value *value,
				   char *reason)
{
	*value = (struct param_value){0};
	switch (rules->type) {
	case FAST_PARAM_BOOL:
		value->word = given->boolean;
		return FAST_OK;
	case FAST_PARAM_INT:
		value->word = (uint64_t)given->integer;
		return FAST_OK;
	case FAST_PARAM_DOUBLE:
		value->word = page_double_bits(given->number);
		return isfinite(given->number)
			       ? FAST_OK
			       : refuse(rules, reason, "%s is not a finite number", what);
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		break;
	}
	size_t bytes = given->string == NULL ? 0 : strlen(given->string);
	if (given->string == NULL || bytes > FAST_PARAM_STRING_BYTES_MAX) {
		return refuse(rules, reason, "%s of %zu bytes; a string, at most %d", what, bytes,
			      FAST_PARAM_STRING_BYTES_MAX);
	}
	if (!fast_utf8_valid(given->string, bytes)) {
		return refuse(rules, reason, "%s is not UTF-8", what);
	}
	value->word = bytes;
	memcpy(value->string, given->string, bytes);
	return FAST_OK;
}

static bool in_range(const struct param_rules *rules, const struct param_value *value)
{
	double number;

	if (!is_numeric(rules->type)) {
		return true;
	}
	number = value_number(rules, value);
	if (!isfinite(number)) {
		return false;
	}
	return !(rules->max > rules->min) || (rules->min <= number && number <= rules->max);
}

static bool on_step(const struct param_rules *rules, const struct param_value *value)
{
	double steps;

	if (!(rules->step > 0)) {
		return true;
	}
	steps = (value_number(rules, value) - rules->min) / rules->step;
	return fabs(steps - nearbyint(steps)) <= STEP_TOLERANCE * fmax(1, fabs(steps));
}

/* 0 and -0 are one number with two spellings. */
static bool value_equal(const struct param_rules *rules, const struct param_value *value,
			const struct param_value *other)
{
	if (rules->type == FAST_PARAM_DOUBLE) {
		return page_double_from_bits(value->word) == page_double_from_bits(other->word);
	}
	return value->word == other->word &&
	       memcmp(value->string, other->string, sizeof value->string) == 0;
}

/* Index of the value among the choices; choice_count: it is not there. */
static size_t choice_find(const struct param_rules *rules, const struct param_value *value)
{
	size_t i = 0;

	while (i < rules->choice_count && !value_equal(rules, &rules->choices[i], value)) {
		i++;
	}
	return i;
}

static enum fast_status range_init(struct param_rules *rules, const struct fast_param_spec *spec,
				   char *reason)
{
	bool given = spec->min != 0 || spec->max != 0 || spec->step != 0;

	if (!given) {
		return FAST_OK;
	}
	if (!is_numeric(rules->type)) {
		return refuse(rules, reason, "a range on a %s; only int and double have one",
			      type_names[rules->type]);
	}
	if (!isfinite(spec->min) || !isfinite(spec->max) || !(spec->max > spec->min)) {
		return refuse(rules, reason,
			      "range %g to %g; max must be above min, or both 0 for no range",
			      spec->min, spec->max);
	}
	if (!(spec->step >= 0) || spec->step > spec->max - spec->min) {
		return refuse(rules, reason, "step %g; it must be between 0, for any value, and %g",
			      spec->step, spec->max - spec->min);
	}
	rules->min = spec->min;
	rules->max = spec->max;
	rules->step = spec->step;
	return FAST_OK;
}

/* Checks a value against range and step. */
static enum fast_status value_check(const struct param_rules *rules, const char *what,
				    const struct param_value *value, char *reason)
{
	char text[VALUE_TEXT_BYTES];

	if (!in_range(rules, value)) {
		return refuse(rules, reason, "%s %s is outside %g to %g", what,
			      value_text(rules, value, text), rules->min, rules->max);
	}
	if (!on_step(rules, value)) {
		return refuse(rules, reason, "%s %s is not on a step of %g from %g", what,
			      value_text(rules, value, text), rules->step, rules->min);
	}
	return FAST_OK;
}

static enum fast_status choices_init(struct param_rules *rules, const struct fast_param_spec *spec,
				     char *reason)
{
	char text[VALUE_TEXT_BYTES];

	if (rules->type == FAST_PARAM_ENUM && spec->choice_count == 0) {
		return refuse(rules, reason, "an enum without choices; give 1 to %d",
			      FAST_PARAM_CHOICES_MAX);
	}
	if (rules->type == FAST_PARAM_BOOL && spec->choice_count > 0) {
		return refuse(rules, reason, "choices on a bool; leave them out");
	}
	if (spec->choice_count > FAST_PARAM_CHOICES_MAX ||
	    (spec->choice_count > 0 && spec->choices == NULL)) {
		return refuse(rules, reason, "%zu choices%s; give at most %d", spec->choice_count,
			      spec->choices == NULL ? " at NULL" : "", FAST_PARAM_CHOICES_MAX);
	}
	for (size_t i = 0; i < spec->choice_count; i++) {
		struct param_value *choice = &rules->choices[i];
		enum fast_status status =
			value_init(rules, "choice", &spec->choices[i], choice, reason);

		if (status == FAST_OK) {
			status = value_check(rules, "choice", choice, reason);
		}
		if (status != FAST_OK) {
			return status;
		}
		if (choice_find(rules, choice) < i) {
			return refuse(rules, reason, "choice %s is given twice",
				      value_text(rules, choice, text));
		}
		rules->choice_count = i + 1;
	}
	return FAST_OK;
}

/* Lists the choices, as many as fit. */
static enum fast_status initial_refuse(const struct param_rules *rules, char *reason)
{
	char text[VALUE_TEXT_BYTES];
	char list[192] = "";
	size_t used = 0;

	for (size_t i = 0; i < rules->choice_count && used < sizeof list; i++) {
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
					 value_text(rules, &rules->choices[i], text));
	}
	return refuse(rules, reason, "initial %s is not among the choices %s",
		      value_text(rules, &rules->initial, text), list);
}

/* Copies name, unit and help. */
static enum fast_status texts_init(struct param_rules *rules, const struct fast_param_spec *spec,
				   char *reason)
{
	const char *unit = spec->unit != NULL ? spec->unit : "";
	const char *help = spec->help != NULL ? spec->help : "";
	enum fast_status status = fast_name_check("param", spec->name, FAST_PARAM_NAME_BYTES_MAX,
						  reason, FAST_REASON_BYTES);

	if (status == FAST_OK) {
		status = fast_unit_check("param", spec->name, unit, reason, FAST_REASON_BYTES);
	}
	if (status == FAST_OK) {
		status = fast_text_check("param", spec->name, "help", help,
					 FAST_METRIC_HELP_BYTES_MAX, reason, FAST_REASON_BYTES);
	}
	if (status == FAST_OK) {
		(void)snprintf(rules->name, sizeof rules->name, "%s", spec->name);
		(void)snprintf(rules->unit, sizeof rules->unit, "%s", unit);
		(void)snprintf(rules->help, sizeof rules->help, "%s", help);
	}
	return status;
}

enum fast_status fast_param_rules_init(struct param_rules *rules,
				       const struct fast_param_spec *spec, char *reason)
{
	enum fast_status status;

	*rules = (struct param_rules){.type = spec->type};
	if (spec->size < SPEC_BYTES_MIN) {
		(void)snprintf(reason, FAST_REASON_BYTES,
			       "param spec: size is %zu; set it to sizeof(struct fast_param_spec)",
			       spec->size);
		return FAST_INVALID_ARGUMENT;
	}
	if (spec->size >= offsetof(struct fast_param_spec, restart_required) + sizeof(bool)) {
		rules->read_only = spec->read_only;
		rules->restart_required = spec->restart_required;
	}
	if (spec->size >= offsetof(struct fast_param_spec, ack_timeout_ms) + sizeof(uint32_t)) {
		rules->ack_timeout_ms = spec->ack_timeout_ms;
	}
	status = texts_init(rules, spec, reason);
	if (status != FAST_OK) {
		return status;
	}
	if ((unsigned int)spec->type >= TYPE_COUNT || type_names[spec->type] == NULL) {
		return refuse(rules, reason,
			      "type %d does not exist; use one of enum fast_param_type",
			      (int)spec->type);
	}
	if (rules->ack_timeout_ms > FAST_PARAM_ACK_TIMEOUT_MS_MAX) {
		return refuse(rules, reason, "ack_timeout_ms is %u; give at most %d",
			      rules->ack_timeout_ms, FAST_PARAM_ACK_TIMEOUT_MS_MAX);
	}
	status = range_init(rules, spec, reason);
	if (status == FAST_OK) {
		status = choices_init(rules, spec, reason);
	}
	if (status == FAST_OK) {
		status = value_init(rules, "initial", &spec->initial, &rules->initial, reason);
	}
	if (status == FAST_OK) {
		status = value_check(rules, "initial", &rules->initial, reason);
	}
	if (status == FAST_OK && rules->choice_count > 0 &&
	    choice_find(rules, &rules->initial) == rules->choice_count) {
		status = initial_refuse(rules, reason);
	}
	return status;
}

bool fast_param_rules_equal(const struct param_rules *rules, const struct param_rules *other)
{
	bool equal = rules->type == other->type && rules->read_only == other->read_only &&
		     rules->restart_required == other->restart_required &&
		     rules->ack_timeout_ms == other->ack_timeout_ms && rules->min == other->min &&
		     rules->max == other->max && rules->step == other->step &&
		     rules->choice_count == other->choice_count &&
		     value_equal(rules, &rules->initial, &other->initial) &&
		     strcmp(rules->unit, other->unit) == 0 && strcmp(rules->help, other->help) == 0;

	for (size_t i = 0; equal && i < rules->choice_count; i++) {
		equal = value_equal(rules, &rules->choices[i], &other->choices[i]);
	}
	return equal;
}

bool fast_param_rules_allow(const struct param_rules *rules, const struct param_value *value,
			    size_t *choice)
{
	*choice = choice_find(rules, value);
	if (rules->choice_count > 0 && *choice == rules->choice_count) {
		return false;
	}
	if (rules->type == FAST_PARAM_BOOL) {
		return value->word <= 1;
	}
	if (is_text(rules->type)) {
		return value->word <= FAST_PAGE_STRING_BYTES &&
		       memchr(value->string, '\0', value->word) == NULL &&
		       fast_utf8_valid((const char *)value->string, value->word);
	}
	return in_range(rules, value);
}
