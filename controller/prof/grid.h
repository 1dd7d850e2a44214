/* prof/grid.h - which settings of the knobs are visited. */
#ifndef PROF_GRID_H
#define PROF_GRID_H

#include "client/table.h"

#include <fast/v1/param.pb-c.h>

#define GRID_KNOBS_MAX       16
#define GRID_VALUES_MAX      64 /* of one knob */
#define GRID_ERROR_BYTES_MAX 320
#define GRID_POINTS_DEFAULT  5

enum grid_strategy { GRID_EXHAUSTIVE, GRID_ENDPOINTS, GRID_SELECTIVE };

struct grid_options {
	enum grid_strategy strategy;
	double share;              /* GRID_SELECTIVE: 0 to 1 */
	size_t points;             /* of a knob whose values cannot be counted; at least 2 */
	const char *const *narrow; /* "res=1,0.5,0.25"; only these values of that knob */
	size_t narrow_count;
};

/* "exhaustive", "endpoints", "selective:20%". False: it is none. */
bool grid_strategy_parse(const char *words, struct grid_options *out);

/* Makes *out, a column per knob and a row per setting; without knobs it has no columns. Knobs that
 * are read-only, want a restart, or have values without limits are left as they are unless
 * narrowed; left_out, of GRID_ERROR_BYTES_MAX bytes, names them. INVALID_ARGUMENT: error says what
 * is wrong. RESOURCE_EXHAUSTED: too many settings, or no memory; error says how many. */
FAST_MUST_CHECK enum fast_status grid_build(const Fast__V1__ParamListResponse *params,
					    const struct grid_options *options, struct table *out,
					    char *left_out, char *error);

#endif
