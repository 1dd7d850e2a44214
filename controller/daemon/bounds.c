#include "bounds.h"

#include <assert.h>
#include <float.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bounds_fini(struct bounds *bounds)
{
	for (size_t i = 0; i < bounds->count; i++) {
		free(bounds->items[i]);
	}
	free(bounds->items);
	*bounds = (struct bounds){0};
}

struct bound *bounds_find(const struct bounds *bounds, const char *plugin, const char *param)
{
	for (size_t i = 0; i < bounds->count; i++) {
		if (strcmp(bounds->items[i]->plugin, plugin) == 0 &&
		    strcmp(bounds->items[i]->param, param) == 0) {
			return bounds->items[i];
		}
	}
	return NULL;
}

enum fast_status bounds_reserve(struct bounds *bounds)
{
	if (bounds->items == NULL) {
		bounds->items = calloc(BOUNDS_MAX, sizeof(struct bound *));
	}
	if (bounds->items == NULL || bounds->count + bounds->reserved == BOUNDS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	bounds->reserved++;
	return FAST_OK;
}

void bounds_take(struct bounds *bounds, struct bound *bound)
{
	assert(bounds->reserved > 0);

	bounds_remove(bounds, bound->plugin, bound->param);
	bounds->reserved--;
	bounds->items[bounds->count++] = bound;
}

void bounds_remove(struct bounds *bounds, const char *plugin, const char *param)
{
	const struct bound *gone = bounds_find(bounds, plugin, param);
	size_t kept = 0;

	for (size_t i = 0; i < bounds->count; i++) {
		if (bounds->items[i] == gone) {
			free(bounds->items[i]);
		} else {
			bounds->items[kept++] = bounds->items[i];
		}
	}
	bounds->count = kept;
}

bool bound_matches(const struct bound *bound, const char *instance, const char *param)
{
	return strcmp(bound->param, param) == 0 && fnmatch(bound->plugin, instance, 0) == 0;
}

static bool is_numeric(enum fast_param_type type)
{
	return type == FAST_PARAM_INT || type == FAST_PARAM_DOUBLE;
}

static void narrow_range(const struct bound *bound, struct param_rules *rules)
{
	if (!is_numeric(rules->type) || (!bound->has_min && !bound->has_max)) {
		return;
	}
	if (!rules->has_range) {
		rules->has_range = true;
		rules->min = -DBL_MAX;
		rules->max = DBL_MAX;
	}
	if (bound->has_min && bound->min > rules->min) {
		rules->min = bound->min;
	}
	if (bound->has_max && bound->max < rules->max) {
		rules->max = bound->max;
	}
}

/* The bound's choice in the type of the knob. */
static bool choice_take(const struct param_rules *declared, const struct fast_page_value *choice,
			struct fast_page_value *out)
{
	struct param_rules plain = {.type = declared->type};
	struct node_result ignored = {0};

	return param_value_check(&plain, "", choice, out, &ignored) == FAST_OK;
}

static bool is_among(const struct fast_page_value *list, size_t count,
		     const struct fast_page_value *value)
{
	for (size_t i = 0; i < count; i++) {
		if (param_value_equal(&list[i], value)) {
			return true;
		}
	}
	return false;
}

/* What is a choice of the bound and was a choice before. */
static void narrow_choices(const struct bound *bound, const struct param_rules *declared,
			   struct bounded_rules *out)
{
	struct fast_page_value taken[FAST_PARAM_CHOICES_MAX];
	size_t taken_count = 0;
	bool had = out->rules.choice_count > 0;
	size_t count = 0;

	for (size_t i = 0; i < bound->choice_count; i++) {
		if (choice_take(declared, &bound->choices[i], &taken[taken_count])) {
			taken_count++;
		}
	}
	for (size_t i = 0; had && i < out->rules.choice_count; i++) {
		if (is_among(taken, taken_count, &out->choices[i])) {
			out->choices[count++] = out->choices[i];
		}
	}
	if (!had) {
		memcpy(out->choices, taken, taken_count * sizeof *taken);
		count = taken_count;
	}
	out->rules.choice_count = count;
	out->rules.nothing = out->rules.nothing || count == 0;
}

/* Choices outside the range are none; a range without a value in it allows nothing. */
static void narrow_end(struct bounded_rules *out)
{
	struct param_rules range = out->rules;
	struct fast_page_value value = range.initial;
	struct node_result ignored = {0};
	bool had = out->rules.choice_count > 0;
	size_t count = 0;

	range.choice_count = 0;
	range.choices = NULL;
	for (size_t i = 0; had && i < out->rules.choice_count; i++) {
		if (param_value_check(&range, "", &out->choices[i], &value, &ignored) == FAST_OK) {
			out->choices[count++] = value;
		}
	}
	out->rules.choice_count = count;
	if (out->rules.nothing || (had && count == 0)) {
		out->rules.nothing = true;
	} else if (!had && is_numeric(range.type) && range.has_range) {
		out->rules.nothing = range.min > range.max ||
				     !param_value_nearest(&range, &range.initial, &value);
	}
}

bool bounds_narrow(const struct bounds *bounds, const char *instance, const char *param,
		   const struct param_rules *rules, struct bounded_rules *out)
{
	bool narrowed = false;

	for (size_t i = 0; i < bounds->count; i++) {
		const struct bound *bound = bounds->items[i];

		if (!bound_matches(bound, instance, param)) {
			continue;
		}
		if (!narrowed) {
			assert(rules->choice_count <= FAST_PARAM_CHOICES_MAX);
			out->rules = *rules;
			out->rules.bounded = true;
			out->rules.origin = rules->min;
			out->rules.choices = out->choices;
			if (rules->choice_count > 0) {
				memcpy(out->choices, rules->choices,
				       rules->choice_count * sizeof *rules->choices);
			}
		}
		narrowed = true;
		narrow_range(bound, &out->rules);
		if (bound->choice_count > 0) {
			narrow_choices(bound, rules, out);
		}
	}
	if (narrowed) {
		narrow_end(out);
	}
	return narrowed;
}

enum fast_status bounds_value_check(const struct bounds *bounds, const char *instance,
				    const char *param, const struct param_rules *rules,
				    const struct fast_page_value *value,
				    struct fast_page_value *out, struct node_result *result)
{
	struct bounded_rules bounded;
	char allowed[320];
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];
	enum fast_status status = param_value_check(rules, param, value, out, result);

	if (!bounds_narrow(bounds, instance, param, rules, &bounded)) {
		return status;
	}
	if (status == FAST_OK) {
		status = param_value_check(&bounded.rules, param, value, out, result);
		if (status == FAST_OK) {
			return FAST_OK;
		}
		(void)snprintf(result->text, sizeof result->text,
			       "param \"%s\": %s is outside the operator's bounds; they allow %s",
			       param, node_value_text(value, text, sizeof text),
			       param_rules_text(&bounded.rules, allowed, sizeof allowed));
	}
	if (status == FAST_OUT_OF_RANGE) { /* the nearest that both would take */
		result->has_nearest = param_value_nearest(&bounded.rules, value, &result->nearest);
	}
	return status;
}

bool bounds_value_fit(const struct bounds *bounds, const char *instance, const char *param,
		      const struct param_rules *rules, const struct fast_page_value *value,
		      struct fast_page_value *out)
{
	struct bounded_rules bounded;
	struct node_result ignored = {0};
	struct fast_page_value allowed;

	/* What the declaration does not allow goes to its initial value, as it ever did. */
	if (param_value_check(rules, param, value, &allowed, &ignored) != FAST_OK) {
		allowed = rules->initial;
	}
	if (!bounds_narrow(bounds, instance, param, rules, &bounded)) {
		*out = allowed;
		return true;
	}
	return param_value_nearest(&bounded.rules, &allowed, out);
}
