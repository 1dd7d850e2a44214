/* daemon/param_check.h - what a knob may be, and whether a value is that. Pure. */
#ifndef FASTD_PARAM_CHECK_H
#define FASTD_PARAM_CHECK_H

#include "node.h"

/* A declaration's types and limits. Choices belong to the rules. */
struct param_rules {
	enum fast_param_type type;
	struct fast_page_value initial;
	bool has_range;
	double min;
	double max;
	double step;  /* 0: any */
	bool bounded; /* narrowed: steps count from origin, not from min */
	double origin;
	bool nothing; /* no value at all is allowed */
	struct fast_page_value *choices;
	size_t choice_count;
};

/* Whether the rules make sense and allow their own initial value, which is brought to their type.
 * INVALID_ARGUMENT: reason says what is wrong. */
FAST_MUST_CHECK enum fast_status param_rules_check(struct param_rules *rules, const char *name,
						   char *reason, size_t reason_bytes);

/* Brings value to the type and checks it. Gives *out on OK. Otherwise fills result's status, text,
 * refused_param and, where there is one, the nearest value that would be taken:
 * INVALID_ARGUMENT for another type, OUT_OF_RANGE for a value of the type that is not allowed. */
FAST_MUST_CHECK enum fast_status param_value_check(const struct param_rules *rules,
						   const char *name,
						   const struct fast_page_value *value,
						   struct fast_page_value *out,
						   struct node_result *result);

/* value, brought to the type, or the nearest that is allowed. False: there is none. */
bool param_value_nearest(const struct param_rules *rules, const struct fast_page_value *value,
			 struct fast_page_value *out);

/* "one of 1, 2, 4", "1 to 50 in steps of 2". Returns out. */
char *param_rules_text(const struct param_rules *rules, char *out, size_t out_bytes);

/* Whether both declare the same. */
bool param_rules_equal(const struct param_rules *a, const struct param_rules *b);

bool param_value_equal(const struct fast_page_value *a, const struct fast_page_value *b);

/* "bool", "int"; "nothing" for no type. */
const char *param_type_name(enum fast_param_type type);

#endif
