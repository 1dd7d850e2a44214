/* daemon/bounds.h - what operators allow knobs to be, beyond their declarations. Data only. Guarded
 * by the node's lock. */
#ifndef FASTD_BOUNDS_H
#define FASTD_BOUNDS_H

#include "node_knobs.h"
#include "param_check.h"

#define BOUNDS_MAX 256

struct bound {
	char plugin[NODE_GLOB_BYTES_MAX + 1]; /* glob */
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool has_min;
	bool has_max;
	double min;
	double max;
	size_t choice_count;
	struct fast_page_value choices[FAST_PARAM_CHOICES_MAX];
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	int64_t time_unix_ns;
};

/* Zeroed memory is a valid empty table. */
struct bounds {
	struct bound **items; /* in the order in which they were set */
	size_t count;
	size_t reserved; /* places for those that are on their way to the store */
};

/* A declaration narrowed by bounds. rules.choices may point to its own: it does not move. */
struct bounded_rules {
	struct param_rules rules;
	struct fast_page_value choices[FAST_PARAM_CHOICES_MAX];
};

void bounds_fini(struct bounds *bounds);

/* NULL: there is none of this very glob. */
struct bound *bounds_find(const struct bounds *bounds, const char *plugin, const char *param);
/* A place for one more. RESOURCE_EXHAUSTED: BOUNDS_MAX, or no memory. */
FAST_MUST_CHECK enum fast_status bounds_reserve(struct bounds *bounds);
/* Takes bound into a reserved place, instead of one of the same glob and param. */
void bounds_take(struct bounds *bounds, struct bound *bound);
void bounds_remove(struct bounds *bounds, const char *plugin, const char *param);

/* Whether the bound bears upon this plugin's knob. */
bool bound_matches(const struct bound *bound, const char *instance, const char *param);

/* The rules as the bounds leave them. False: no bound bears upon the knob. */
bool bounds_narrow(const struct bounds *bounds, const char *instance, const char *param,
		   const struct param_rules *rules, struct bounded_rules *out);

/* As param_value_check(), with the bounds. */
FAST_MUST_CHECK enum fast_status bounds_value_check(const struct bounds *bounds,
						    const char *instance, const char *param,
						    const struct param_rules *rules,
						    const struct fast_page_value *value,
						    struct fast_page_value *out,
						    struct node_result *result);

/* value as it is, or the nearest that is allowed. False: nothing is. */
bool bounds_value_fit(const struct bounds *bounds, const char *instance, const char *param,
		      const struct param_rules *rules, const struct fast_page_value *value,
		      struct fast_page_value *out);

#endif
