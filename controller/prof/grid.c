#include "prof/grid.h"

#include "client/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The values of one knob that are visited. */
struct axis {
	const Fast__V1__ParamSpec *spec;
	char values[GRID_VALUES_MAX][TABLE_CELL_BYTES_MAX + 1];
	size_t count;
};

struct axes {
	struct axis all[GRID_KNOBS_MAX];
	size_t count;
};

bool grid_strategy_parse(const char *words, struct grid_options *out)
{
	static const char selective[] = "selective:";
	char *end;
	double percent;

	if (strcmp(words, "exhaustive") == 0 || strcmp(words, "endpoints") == 0) {
		out->strategy = words[1] == 'x' ? GRID_EXHAUSTIVE : GRID_ENDPOINTS;
		return true;
	}
	if (strncmp(words, selective, strlen(selective)) != 0) {
		return false;
	}
	words += strlen(selective);
	percent = strtod(words, &end);
	out->strategy = GRID_SELECTIVE;
	out->share = percent / 100;
	return end != words && strcmp(end, "%") == 0 && percent > 0 && percent <= 100;
}

static bool axis_add(struct axis *axis, const char *value)
{
	if (axis->count == GRID_VALUES_MAX || strlen(value) > TABLE_CELL_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < axis->count; i++) {
		if (strcmp(axis->values[i], value) == 0) {
			return true; /* rounding has made two points one */
		}
	}
	snprintf(axis->values[axis->count++], sizeof axis->values[0], "%s", value);
	return true;
}

static void axis_add_number(struct axis *axis, double number)
{
	char value[32];

	snprintf(value, sizeof value, "%.10g", number);
	(void)axis_add(axis, value);
}

static void axis_fill_range(struct axis *axis, size_t points)
{
	const Fast__V1__ParamRange *range = axis->spec->range;
	bool whole = axis->spec->type == FAST__V1__PARAM_TYPE__PARAM_TYPE_INT;
	double step = range->step > 0 ? range->step : whole ? 1 : 0;
	double steps = step > 0 ? floor((range->max - range->min) / step + 1e-9) : INFINITY;

	if (steps < (double)(GRID_VALUES_MAX / 2)) {
		for (double i = 0; i <= steps; i++) {
			axis_add_number(axis, range->min + i * step);
		}
		return;
	}
	for (size_t i = 0; i < points; i++) {
		double at = (range->max - range->min) * (double)i / (double)(points - 1);

		if (step > 0) {
			at = fmin(round(at / step), steps) * step;
		}
		axis_add_number(axis, range->min + at);
	}
}

/* Fills in the values that the declaration tells. None: it tells none. */
static void axis_fill(struct axis *axis, size_t points)
{
	if (axis->spec->n_choices > 0) {
		for (size_t i = 0; i < axis->spec->n_choices; i++) {
			struct text value = {0};

			value_add(&value, axis->spec->choices[i]);
			(void)axis_add(axis, text_chars(&value));
			text_fini(&value);
		}
	} else if (axis->spec->type == FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL) {
		(void)axis_add(axis, "false");
		(void)axis_add(axis, "true");
	} else if (axis->spec->range != NULL) {
		axis_fill_range(axis, points);
	}
}

/* Takes "1,0.5,0.25". */
static enum fast_status axis_narrow(struct axis *axis, const char *list, char *error)
{
	char why[VALUE_ERROR_BYTES_MAX];

	while (*list != '\0') {
		size_t bytes = strcspn(list, ",");
		char value[TABLE_CELL_BYTES_MAX + 1];
		Fast__V1__ParamValue parsed;

		snprintf(value, sizeof value, "%.*s", (int)(bytes < 64 ? bytes : 64), list);
		if (value_parse(axis->spec, value, &parsed, why) != FAST_OK) {
			snprintf(error, GRID_ERROR_BYTES_MAX, "--knob: %s", why);
			return FAST_INVALID_ARGUMENT;
		}
		if (!axis_add(axis, value)) {
			snprintf(error, GRID_ERROR_BYTES_MAX,
				 "--knob %.64s: at most %d values of 64 bytes", axis->spec->name,
				 GRID_VALUES_MAX);
			return FAST_INVALID_ARGUMENT;
		}
		list += bytes + (list[bytes] == ',');
	}
	return FAST_OK;
}

/* The values in "name=values" for this knob; NULL: it is not narrowed. */
static const char *narrow_of(const struct grid_options *options, const char *name)
{
	size_t bytes = strlen(name);

	for (size_t i = options->narrow_count; i > 0; i--) { /* the last word counts */
		const char *narrow = options->narrow[i - 1];

		if (strncmp(narrow, name, bytes) == 0 && narrow[bytes] == '=') {
			return narrow + bytes + 1;
		}
	}
	return NULL;
}

/* Says that there is no such knob, and which there are. */
static void narrow_unknown(const Fast__V1__ParamListResponse *params, const char *narrow,
			   char *error)
{
	size_t bytes = strcspn(narrow, "=");
	size_t length;

	snprintf(error, GRID_ERROR_BYTES_MAX, "--knob %.100s: the plugin has no knob '%.*s'",
		 narrow, (int)(bytes < 64 ? bytes : 64), narrow);
	for (size_t i = 0; i < params->n_params; i++) {
		if (params->params[i]->spec != NULL) {
			length = strlen(error);
			snprintf(error + length, GRID_ERROR_BYTES_MAX - length, "%s %s",
				 i == 0 ? "; it has" : ",", params->params[i]->spec->name);
		}
	}
}

static enum fast_status narrow_check(const Fast__V1__ParamListResponse *params,
				     const struct grid_options *options, char *error)
{
	for (size_t i = 0; i < options->narrow_count; i++) {
		size_t bytes = strcspn(options->narrow[i], "=");
		bool known = false;

		for (size_t j = 0; j < params->n_params; j++) {
			const Fast__V1__ParamSpec *spec = params->params[j]->spec;

			known = known || (spec != NULL && strlen(spec->name) == bytes &&
					  memcmp(spec->name, options->narrow[i], bytes) == 0);
		}
		if (!known) {
			narrow_unknown(params, options->narrow[i], error);
			return FAST_INVALID_ARGUMENT;
		}
	}
	return FAST_OK;
}

static void leave_out(char *left_out, const char *name, const char *why)
{
	size_t used = strlen(left_out);

	snprintf(left_out + used, GRID_ERROR_BYTES_MAX - used, "%s%.64s (%s)", used > 0 ? ", " : "",
		 name, why);
}

static enum fast_status axes_choose(const Fast__V1__ParamListResponse *params,
				    const struct grid_options *options, struct axes *axes,
				    char *left_out, char *error)
{
	enum fast_status status = narrow_check(params, options, error);

	for (size_t i = 0; status == FAST_OK && i < params->n_params; i++) {
		const Fast__V1__ParamSpec *spec = params->params[i]->spec;
		struct axis *axis = &axes->all[axes->count];
		const char *narrow = spec == NULL ? NULL : narrow_of(options, spec->name);

		if (spec == NULL) {
			continue;
		}
		if (spec->read_only || spec->restart_required) {
			leave_out(left_out, spec->name,
				  spec->read_only ? "read-only" : "wants a restart");
			continue;
		}
		if (axes->count == GRID_KNOBS_MAX) {
			snprintf(error, GRID_ERROR_BYTES_MAX, "more than %d knobs", GRID_KNOBS_MAX);
			return FAST_RESOURCE_EXHAUSTED;
		}
		*axis = (struct axis){.spec = spec};
		if (narrow != NULL) {
			status = axis_narrow(axis, narrow, error);
		} else {
			axis_fill(axis, options->points);
		}
		if (axis->count == 0) {
			leave_out(left_out, spec->name, "any value");
			continue;
		}
		if (options->strategy == GRID_ENDPOINTS && axis->count > 2) {
			memcpy(axis->values[1], axis->values[axis->count - 1],
			       sizeof axis->values[1]);
			axis->count = 2;
		}
		axes->count++;
	}
	return status;
}

/* Which of the rows a selective grid keeps: the first and the last, the rest drawn at random, the
 * same each time. Gives a flag per row; NULL: no memory. */
static bool *rows_select(size_t total, double share)
{
	size_t wanted = (size_t)ceil(share * (double)total);
	size_t kept = total < 2 ? total : 2;
	bool *keep = calloc(total + 1, sizeof *keep);
	unsigned long long state = 1;

	if (keep == NULL) {
		return NULL;
	}
	keep[0] = true;
	keep[total - 1] = true;
	while (kept < wanted) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		size_t row = (size_t)(state >> 33) % total;

		if (!keep[row]) {
			keep[row] = true;
			kept++;
		}
	}
	return keep;
}

static enum fast_status axes_write(const struct axes *axes, size_t total, const bool *keep,
				   struct table *out)
{
	const char *cells[GRID_KNOBS_MAX];
	enum fast_status status;

	for (size_t i = 0; i < axes->count; i++) {
		cells[i] = axes->all[i].spec->name;
	}
	status = table_begin(out, cells, axes->count);
	for (size_t row = 0; status == FAST_OK && row < total; row++) {
		size_t rest = row;

		for (size_t i = axes->count; i > 0; i--) { /* the last knob turns fastest */
			const struct axis *axis = &axes->all[i - 1];

			cells[i - 1] = axis->values[rest % axis->count];
			rest /= axis->count;
		}
		if (keep == NULL || keep[row]) {
			status = table_add(out, cells);
		}
	}
	return status;
}

static enum fast_status axes_multiply(const struct axes *axes, const struct grid_options *options,
				      struct table *out, char *error)
{
	double product = 1, visited;
	enum fast_status status;
	bool *keep = NULL;

	for (size_t i = 0; i < axes->count; i++) {
		product *= (double)axes->all[i].count;
	}
	visited = options->strategy == GRID_SELECTIVE ? ceil(product * options->share) : product;
	if (visited > TABLE_ROWS_MAX || product > 1e7) {
		snprintf(error, GRID_ERROR_BYTES_MAX,
			 "%.0f settings of %zu knobs are more than the %d that a run can visit: "
			 "narrow them with --knob NAME=VALUE,..., or take --strategy endpoints or "
			 "selective:%.3g%%",
			 product, axes->count, TABLE_ROWS_MAX, 100.0 * 512 / product);
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (axes->count == 0) {
		table_fini(out);
		return FAST_OK;
	}
	if (options->strategy == GRID_SELECTIVE) {
		keep = rows_select((size_t)product, options->share);
	}
	status = options->strategy == GRID_SELECTIVE && keep == NULL
			 ? FAST_RESOURCE_EXHAUSTED
			 : axes_write(axes, (size_t)product, keep, out);
	free(keep);
	if (status != FAST_OK) {
		snprintf(error, GRID_ERROR_BYTES_MAX, "no memory for the settings");
	}
	return status;
}

enum fast_status grid_build(const Fast__V1__ParamListResponse *params,
			    const struct grid_options *options, struct table *out, char *left_out,
			    char *error)
{
	struct axes *axes = calloc(1, sizeof *axes);
	enum fast_status status;

	left_out[0] = '\0';
	error[0] = '\0';
	if (axes == NULL) {
		snprintf(error, GRID_ERROR_BYTES_MAX, "no memory for the settings");
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = axes_choose(params, options, axes, left_out, error);
	if (status == FAST_OK) {
		status = axes_multiply(axes, options, out, error);
	}
	free(axes);
	return status;
}
