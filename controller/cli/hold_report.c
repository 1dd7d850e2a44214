#include "cli/hold_report.h"

#include "client/message_json.h"
#include "client/quantity.h"

#include <inttypes.h>
#include <stdio.h>

static void line_add_config(const struct hold_line *line, size_t point, struct text *text)
{
	size_t row = line->model->hull.points[point].config;

	for (size_t i = 0; i < line->model->knob_count; i++) {
		text_add(text, "%s%s=", i == 0 ? "" : " ", line->model->knobs[i].name);
		text_add_clean(text, table_cell(&line->model->table, row, i));
	}
}

/* A speed as the metric's value; 0, which has no inverse, stays. */
static double line_value(const struct hold_line *line, double speed)
{
	return speed > 0 ? goal_value(&line->wish->goal, speed) : 0;
}

static double line_estimate(const struct hold_line *line)
{
	return line_value(line, line->law->base * line->model->hull.points[line->point].speed);
}

static double line_merit(const struct hold_line *line)
{
	double merit = hull_mix_merit(&line->model->hull, &line->law->mix);

	return line->wish->minimize ? -merit : merit;
}

static void print_now(const void *member, struct text *text)
{
	const struct hold_line *line = member;

	text_add(text, "%s ", line->wish->goal.metric);
	quantity_value(text, line_value(line, line->speed), line->unit);
}

static void print_target(const void *member, struct text *text)
{
	const struct hold_line *line = member;

	quantity_value(text, line_value(line, hold_law_target(line->law)), line->unit);
}

static void print_base(const void *member, struct text *text)
{
	text_add(text, "%.2f", ((const struct hold_line *)member)->law->base);
}

static void print_merit(const void *member, struct text *text)
{
	const struct hold_line *line = member;

	text_add(text, "%s ", line->wish->merit);
	quantity_number(text, line_merit(line));
}

static void print_mix(const void *member, struct text *text)
{
	const struct hold_line *line = member;
	const struct hull_mix *mix = &line->law->mix;

	if (!line->reachable) {
		text_add(text, "out of reach: ");
	}
	if (mix->share > 0 && mix->fast != mix->slow) {
		text_add(text, "%.0f %% ", 100 * mix->share);
		line_add_config(line, mix->fast, text);
		text_add(text, ", %.0f %% ", 100 * (1 - mix->share));
	}
	line_add_config(line, mix->slow, text);
}

static const struct output_column columns[] = {
	{"TIME", offsetof(struct hold_line, time_unix_ns), output_clock, false, 12},
	{"NOW", 0, print_now, false, 16},
	{"AIM", 0, print_target, true, 7},
	{"BASE", 0, print_base, true, 5},
	{"EXPECTED", 0, print_merit, false, 12},
	{"CONFIGURATIONS", 0, print_mix, false, 0},
};

static json_t *config_json(const struct hold_line *line, size_t point)
{
	size_t row = line->model->hull.points[point].config;
	json_t *object = json_object();

	for (size_t i = 0; i < line->model->knob_count; i++) {
		const char *cell = table_cell(&line->model->table, row, i);
		Fast__V1__ParamValue value;
		json_t *json;

		hold_model_value(line->model, row, i, &value);
		switch (value.kind_case) {
		case FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE:
			json = json_boolean(value.bool_value);
			break;
		case FAST__V1__PARAM_VALUE__KIND_INT_VALUE:
			json = json_integer(value.int_value);
			break;
		case FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE:
			json = json_real(value.double_value);
			break;
		default:
			json = message_json_string(cell);
			break;
		}
		json_object_set_new(object, line->model->knobs[i].name, json);
	}
	return object;
}

static json_t *line_json(const void *item)
{
	const struct hold_line *line = item;
	const struct hull_mix *mix = &line->law->mix;
	json_t *object = json_object();
	char lease[24];

	if (object == NULL || !message_json_add_time(object, "time", line->time_unix_ns)) {
		json_decref(object);
		return NULL;
	}
	snprintf(lease, sizeof lease, "%" PRIu64, line->lease_id);
	json_object_set_new(object, "plugin", message_json_string(line->plugin));
	json_object_set_new(object, "goal", message_json_string(line->goal));
	json_object_set_new(object, "rate", json_real(line_value(line, line->speed)));
	json_object_set_new(object, "estimate", json_real(line_estimate(line)));
	json_object_set_new(object, "base", json_real(line->law->base));
	json_object_set_new(object, "margin", json_real(line->law->options.margin));
	json_object_set_new(object, "target",
			    json_real(line_value(line, hold_law_target(line->law))));
	json_object_set_new(object, "config", config_json(line, line->point));
	json_object_set_new(object, "slow", config_json(line, mix->slow));
	json_object_set_new(object, "fast", config_json(line, mix->fast));
	json_object_set_new(object, "share", json_real(mix->share));
	json_object_set_new(object, "merit", json_real(line_merit(line)));
	json_object_set_new(object, "reachable", json_boolean(line->reachable));
	json_object_set_new(object, "leaseId", json_string(lease));
	return object;
}

const struct output_view hold_report_view = {
	.shape = OUTPUT_STREAM,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
	.json = line_json,
};
