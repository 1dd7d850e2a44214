/* param_rules.h - what values a param may have. */
#ifndef FAST_PARAM_RULES_H
#define FAST_PARAM_RULES_H

#include "plugin_impl.h"

/* Checks the spec and copies it into rules. INVALID_ARGUMENT with a sentence in reason, which holds
 * FAST_REASON_BYTES. */
FAST_MUST_CHECK enum fast_status fast_param_rules_init(struct param_rules *rules,
						       const struct fast_param_spec *spec,
						       char *reason);

/* Whether both allow the same values and say the same about them. */
bool fast_param_rules_equal(const struct param_rules *rules, const struct param_rules *other);

/* Whether a value that fastd wrote can be given to the plugin; choice: its index among the choices,
 * 0 if there are none. Steps are fastd's business: its rounding may differ. */
bool fast_param_rules_allow(const struct param_rules *rules, const struct param_value *value,
			    size_t *choice);

#endif
