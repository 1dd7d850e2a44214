#include "cli/hold_model.h"

#include "client/value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void hold_model_fini(struct hold_model *model)
{
	table_fini(&model->table);
	*model = (struct hold_model){0};
}

static enum fast_status model_fail(char *error, const char *format, const char *name)
{
	snprintf(error, HOLD_ERROR_BYTES_MAX, format, name);
	return FAST_INVALID_ARGUMENT;
}

static const Fast__V1__ParamState *params_find(const Fast__V1__ParamListResponse *params,
					       const char *name)
{
	for (size_t i = 0; i < params->n_params; i++) {
		if (params->params[i]->spec != NULL &&
		    strcmp(params->params[i]->spec->name, name) == 0) {
			return params->params[i];
		}
	}
	return NULL;
}

/* Whether name is one of the names in a list parted by commas. */
static bool names_have(const char *names, const char *name)
{
	size_t bytes = strlen(name);

	while (*names != '\0') {
		size_t part = strcspn(names, ",");

		if (part == bytes && memcmp(names, name, bytes) == 0) {
			return true;
		}
		names += part + (names[part] == ',');
	}
	return false;
}

/* How many values the grid has for a param; 0: they cannot be counted. */
static size_t spec_values(const Fast__V1__ParamSpec *spec)
{
	double steps;

	if (spec->n_choices > 0) {
		return spec->n_choices;
	}
	if (spec->type == FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL) {
		return 2;
	}
	if (spec->range == NULL ||
	    (spec->range->step <= 0 && spec->type != FAST__V1__PARAM_TYPE__PARAM_TYPE_INT)) {
		return 0;
	}
	steps = (spec->range->max - spec->range->min) /
		(spec->range->step > 0 ? spec->range->step : 1);
	return steps < HOLD_VALUES_MAX ? (size_t)(steps + 1e-9) + 1 : 0;
}

static void spec_add_value(struct text *text, const Fast__V1__ParamSpec *spec, size_t i)
{
	if (spec->n_choices > 0) {
		value_add(text, spec->choices[i]);
	} else if (spec->type == FAST__V1__PARAM_TYPE__PARAM_TYPE_BOOL) {
		text_add(text, "%s", i == 0 ? "false" : "true");
	} else {
		double step = spec->range->step > 0 ? spec->range->step : 1;

		text_add(text, "%.10g", spec->range->min + (double)i * step);
	}
}

/* Every name asked for must be a param, and a column if there is a table. */
static enum fast_status names_check(const char *names, const struct table *table,
				    const Fast__V1__ParamListResponse *params, char *error)
{
	while (*names != '\0') {
		size_t part = strcspn(names, ",");
		char name[FAST_PARAM_NAME_BYTES_MAX + 1];

		snprintf(name, sizeof name, "%.*s", (int)part, names);
		if (params_find(params, name) == NULL) {
			return model_fail(error, "the plugin has no param '%s'", name);
		}
		if (table != NULL && table_column(table, name) == TABLE_NO_COLUMN) {
			return model_fail(error, "the table has no column '%s'", name);
		}
		names += part + (names[part] == ',');
	}
	return FAST_OK;
}

enum fast_status hold_model_choose(struct hold_model *model, const struct hold_wish *wish,
				   const struct table *table,
				   const Fast__V1__ParamListResponse *params, char *error)
{
	enum fast_status status = FAST_OK;

	model->knob_count = 0;
	if (wish->knobs != NULL) {
		status = names_check(wish->knobs, table, params, error);
	}
	for (size_t i = 0; status == FAST_OK && i < params->n_params; i++) {
		const Fast__V1__ParamSpec *spec = params->params[i]->spec;
		struct hold_knob *knob = &model->knobs[model->knob_count];

		if (spec == NULL || (wish->knobs != NULL && !names_have(wish->knobs, spec->name)) ||
		    (table != NULL && table_column(table, spec->name) == TABLE_NO_COLUMN)) {
			continue;
		}
		if (table == NULL && spec_values(spec) == 0) {
			if (wish->knobs == NULL) {
				continue;
			}
			return model_fail(
				error,
				"'%s' has neither choices nor a range of at most 32 steps, "
				"so its values cannot be visited",
				spec->name);
		}
		if (model->knob_count == HOLD_KNOBS_MAX) {
			return model_fail(error, "more than 16 knobs, the last being '%s'",
					  spec->name);
		}
		snprintf(knob->name, sizeof knob->name, "%s", spec->name);
		knob->type = spec->type;
		model->knob_count++;
	}
	if (status == FAST_OK && model->knob_count == 0) {
		status = model_fail(error, "%s",
				    table == NULL
					    ? "the plugin has no param whose values can be counted"
					    : "no column of the table is a param of the plugin");
	}
	return status;
}

/* Begins model->table: knobs, then the goal's metric, then the merit unless it is the same. */
static enum fast_status model_begin_table(struct hold_model *model, const struct hold_wish *wish)
{
	const char *names[HOLD_KNOBS_MAX + 2];
	size_t count = 0;

	for (; count < model->knob_count; count++) {
		names[count] = model->knobs[count].name;
	}
	names[count++] = wish->goal.metric;
	if (strcmp(wish->merit, wish->goal.metric) != 0) {
		names[count++] = wish->merit;
	}
	return table_begin(&model->table, names, count);
}

static enum fast_status grid_add(struct hold_model *model,
				 const Fast__V1__ParamListResponse *params, const size_t *digits)
{
	struct text values[HOLD_KNOBS_MAX + 2] = {{0}};
	const char *cells[HOLD_KNOBS_MAX + 2];
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < model->table.column_count; i++) {
		if (i < model->knob_count) {
			spec_add_value(&values[i], params_find(params, model->knobs[i].name)->spec,
				       digits[i]);
		}
		if (values[i].failed) {
			status = FAST_RESOURCE_EXHAUSTED;
		}
		cells[i] = text_chars(&values[i]);
	}
	if (status == FAST_OK) {
		status = table_add(&model->table, cells);
	}
	for (size_t i = 0; i < model->knob_count; i++) {
		text_fini(&values[i]);
	}
	return status;
}

enum fast_status hold_model_grid(struct hold_model *model, const struct hold_wish *wish,
				 const Fast__V1__ParamListResponse *params, char *error)
{
	size_t digits[HOLD_KNOBS_MAX] = {0};
	size_t bases[HOLD_KNOBS_MAX];
	double rows = 1;
	enum fast_status status = model_begin_table(model, wish);

	for (size_t i = 0; i < model->knob_count; i++) {
		bases[i] = spec_values(params_find(params, model->knobs[i].name)->spec);
		assert(bases[i] > 0);
		rows *= (double)bases[i];
	}
	if (rows > TABLE_ROWS_MAX) {
		snprintf(error, HOLD_ERROR_BYTES_MAX,
			 "%.0f configurations are too many to visit; name fewer knobs with --knobs",
			 rows);
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t row = 0; status == FAST_OK && row < (size_t)rows; row++) {
		size_t rest = row;

		for (size_t i = model->knob_count; i-- > 0;) {
			digits[i] = rest % bases[i];
			rest /= bases[i];
		}
		status = grid_add(model, params, digits);
	}
	if (status != FAST_OK) {
		snprintf(error, HOLD_ERROR_BYTES_MAX, "no memory");
	}
	return status;
}

static bool values_equal(const Fast__V1__ParamValue *a, const Fast__V1__ParamValue *b)
{
	struct text left = {0}, right = {0};
	bool equal;

	value_add(&left, a);
	value_add(&right, b);
	equal = strcmp(text_chars(&left), text_chars(&right)) == 0;
	text_fini(&left);
	text_fini(&right);
	return equal;
}

/* Checks a row's params. *fits: those that are not to be turned are as they are now. */
static enum fast_status row_check(const struct hold_model *model, const struct table *table,
				  size_t row, const Fast__V1__ParamListResponse *params, bool *fits,
				  char *error)
{
	*fits = true;
	for (size_t column = 0; column < table->column_count; column++) {
		const char *name = table_name(table, column);
		const Fast__V1__ParamState *state = params_find(params, name);
		Fast__V1__ParamValue value;
		char wrong[VALUE_ERROR_BYTES_MAX];
		bool turned = false;

		if (state == NULL) {
			continue;
		}
		if (value_parse(state->spec, table_cell(table, row, column), &value, wrong) !=
		    FAST_OK) {
			snprintf(error, HOLD_ERROR_BYTES_MAX, "row %zu: %s", row + 1, wrong);
			return FAST_INVALID_ARGUMENT;
		}
		for (size_t i = 0; i < model->knob_count; i++) {
			turned |= strcmp(model->knobs[i].name, name) == 0;
		}
		*fits &= turned || state->desired == NULL || values_equal(&value, state->desired);
	}
	return FAST_OK;
}

/* Adds a row's cells, in the model's order of columns. */
static enum fast_status row_take(struct hold_model *model, const struct table *table, size_t row)
{
	const char *cells[HOLD_KNOBS_MAX + 2];

	for (size_t i = 0; i < model->table.column_count; i++) {
		size_t column = table_column(table, table_name(&model->table, i));

		assert(column != TABLE_NO_COLUMN);
		cells[i] = table_cell(table, row, column);
	}
	return table_add(&model->table, cells);
}

/* Adds a row's point to the hull, unless it makes no progress at all. */
static enum fast_status row_point(struct hold_model *model, const struct hold_wish *wish,
				  size_t row, char *error)
{
	size_t speed_column = model->knob_count;
	size_t merit_column = model->table.column_count - 1;
	double value, merit, speed;

	if (table_number(&model->table, row, speed_column, &value) != FAST_OK ||
	    table_number(&model->table, row, merit_column, &merit) != FAST_OK) {
		snprintf(error, HOLD_ERROR_BYTES_MAX, "row %zu: %s and %s should be numbers",
			 row + 1, wish->goal.metric, wish->merit);
		return FAST_INVALID_ARGUMENT;
	}
	speed = goal_speed(&wish->goal, value);
	if (speed > 0 && isfinite(speed)) {
		model->hull.points[model->hull.count++] =
			(struct hull_point){speed, wish->minimize ? -merit : merit, row};
	}
	return FAST_OK;
}

enum fast_status hold_model_build(struct hold_model *model, const struct hold_wish *wish,
				  const struct table *table,
				  const Fast__V1__ParamListResponse *params, char *error)
{
	const char *needed[] = {wish->goal.metric, wish->merit};
	enum fast_status status;

	for (size_t i = 0; i < 2; i++) {
		if (table_column(table, needed[i]) == TABLE_NO_COLUMN) {
			return model_fail(error, "the table has no column '%s'", needed[i]);
		}
	}
	status = model_begin_table(model, wish);
	model->hull.mean = wish->mean;
	model->hull.count = 0;
	for (size_t row = 0; status == FAST_OK && row < table->row_count; row++) {
		bool fits = false;

		status = row_check(model, table, row, params, &fits, error);
		if (status != FAST_OK || !fits) {
			continue;
		}
		status = row_take(model, table, row);
		if (status != FAST_OK) {
			return model_fail(error, "%s", "no memory");
		}
		status = row_point(model, wish, model->table.row_count - 1, error);
	}
	if (status != FAST_OK) {
		return status;
	}
	if (model->hull.count == 0) {
		return model_fail(error, "no row of the table has a %s greater than 0",
				  wish->goal.metric);
	}
	hull_build(&model->hull);
	return FAST_OK;
}

void hold_model_value(const struct hold_model *model, size_t row, size_t knob,
		      Fast__V1__ParamValue *out)
{
	Fast__V1__ParamSpec spec = FAST__V1__PARAM_SPEC__INIT;
	char error[VALUE_ERROR_BYTES_MAX];
	enum fast_status status;

	spec.type = model->knobs[knob].type;
	status = value_parse(&spec, table_cell(&model->table, row, knob), out, error);
	assert(status == FAST_OK); /* checked when the row was taken, or made from the spec */
	(void)status;
}
