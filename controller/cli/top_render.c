#include "cli/top_render.h"

#include "cli/sample.h"
#include "cli/spark.h"

#include "client/quantity.h"
#include "client/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define NAME_COLUMNS_MIN   6  /* on the narrowest terminal */
#define NAME_COLUMNS_USUAL 12 /* where no name is longer */
#define NAME_COLUMNS_MAX   28 /* unless all else has its room, too */
#define VALUE_COLUMNS      11
#define RATE_COLUMNS       10
#define PERCENTILE_COLUMNS 8
#define BARS_MIN           8 /* fewer say nothing: then the percentiles give way */
/* What stands beside a metric's name: blanks, value and rate; the percentiles. */
#define NUMBERS_COLUMNS (2 + 2 + VALUE_COLUMNS + 2 + RATE_COLUMNS)
#define RIGHT_COLUMNS   (2 + 3 * (PERCENTILE_COLUMNS + 2) - 2)

/* Where a frame's lines go: those of the blocks that are scrolled to. */
struct frame {
	const struct top_model *model;
	struct text *out;
	struct text line;
	size_t columns;
	size_t name_columns;
	size_t bars;      /* of each metric's history */
	bool percentiles; /* whether there is room for them */
	size_t skip;      /* lines of the blocks not shown */
	size_t room;      /* lines of the blocks shown at most */
	size_t lines;     /* of the blocks, so far */
};

/* Adds foreign or own text in a field of this many columns and two blanks. */
static void add_left(struct text *line, const char *chars, size_t columns)
{
	size_t from = line->bytes;
	size_t width;

	text_add(line, "%s", chars);
	text_cut(line, from, columns);
	width = text_width(text_chars(line) + from);
	text_add_spaces(line, columns - (width < columns ? width : columns) + 2);
}

static void add_right(struct text *line, const struct text *value, size_t columns)
{
	size_t width = text_width(text_chars(value));

	text_add_spaces(line, columns > width ? columns - width : 0);
	text_add(line, "%s  ", text_chars(value));
}

/* Ends a line of the blocks: it is shown when it is scrolled to. */
static void frame_end_line(struct frame *frame)
{
	size_t number = frame->lines++;

	text_trim(&frame->line);
	text_cut(&frame->line, 0, frame->columns);
	if (number >= frame->skip && number - frame->skip < frame->room) {
		text_add(frame->out, "%s\n", text_chars(&frame->line));
	}
	text_clear(&frame->line);
}

static void metric_add_value(struct text *text, const struct top_metric *metric)
{
	if (metric->kind == FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE) {
		quantity_value(text, metric->value, metric->unit);
	} else {
		text_add(text, "%" PRIu64, metric->count);
	}
	if (metric->stale) {
		text_add(text, "?");
	}
}

static void metric_add_rate(struct text *text, const struct top_metric *metric)
{
	if (metric->kind != FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE) {
		sample_add_flow(text, metric->kind, metric->rate, metric->unit);
	}
}

static void frame_metric(struct frame *frame, const struct top_metric *metric)
{
	const double percentiles[] = {metric->p50, metric->p95, metric->p99};
	const char *unit = metric->kind == FAST__V1__METRIC_KIND__METRIC_KIND_HISTOGRAM
				   ? metric->unit
				   : sample_window_unit(metric->kind);
	struct text value = {0};

	text_add(&frame->line, "  ");
	add_left(&frame->line, metric->name, frame->name_columns);
	metric_add_value(&value, metric);
	add_right(&frame->line, &value, VALUE_COLUMNS);
	text_clear(&value);
	metric_add_rate(&value, metric);
	add_right(&frame->line, &value, RATE_COLUMNS);
	spark_add(&frame->line, metric->history + TOP_HISTORY - frame->bars, frame->bars);
	text_add(&frame->line, "  ");
	for (size_t i = 0; frame->percentiles && metric->has_window && i < 3; i++) {
		text_clear(&value);
		quantity_value(&value, percentiles[i], unit);
		add_right(&frame->line, &value, PERCENTILE_COLUMNS);
	}
	frame_end_line(frame);
	text_fini(&value);
}

static void frame_knob(struct frame *frame, const struct top_knob *knob)
{
	text_add(&frame->line, "  ");
	add_left(&frame->line, knob->name, frame->name_columns);
	add_left(&frame->line, knob->desired, 12);
	add_left(&frame->line, knob->effective, 12);
	add_left(&frame->line, value_status_name(knob->status), 9);
	if (knob->owner[0] != '\0') {
		text_add(&frame->line, "%s, ", knob->owner);
		quantity_seconds(&frame->line, knob->lease_ttl_ms / 1e3);
		text_add(&frame->line, " left");
	}
	frame_end_line(frame);
}

static void frame_metric_titles(struct frame *frame)
{
	text_add(&frame->line, "  ");
	add_left(&frame->line, "metric", frame->name_columns);
	text_add(&frame->line, "%*s  %*s  ", VALUE_COLUMNS, "value", RATE_COLUMNS, "rate");
	add_left(&frame->line, frame->bars < 8 ? "" : "lately", frame->bars);
	if (frame->percentiles) {
		text_add(&frame->line, "%*s  %*s  %*s", PERCENTILE_COLUMNS, "p50",
			 PERCENTILE_COLUMNS, "p95", PERCENTILE_COLUMNS, "p99");
	}
	frame_end_line(frame);
}

static void frame_metrics(struct frame *frame, size_t plugin)
{
	bool titled = false;

	for (size_t i = 0; i < frame->model->metric_count; i++) {
		if (frame->model->metrics[i].plugin != plugin) {
			continue;
		}
		if (!titled) {
			frame_metric_titles(frame);
			titled = true;
		}
		frame_metric(frame, &frame->model->metrics[i]);
	}
}

static void frame_knobs(struct frame *frame, size_t plugin)
{
	bool titled = false;

	for (size_t i = 0; i < frame->model->knob_count; i++) {
		if (frame->model->knobs[i].plugin != plugin) {
			continue;
		}
		if (!titled) {
			text_add(&frame->line, "  ");
			add_left(&frame->line, "param", frame->name_columns);
			text_add(&frame->line, "%-12s  %-12s  %-9s  %s", "desired", "effective",
				 "status", "held by");
			frame_end_line(frame);
			titled = true;
		}
		frame_knob(frame, &frame->model->knobs[i]);
	}
}

static void frame_plugin(struct frame *frame, size_t index)
{
	const struct top_plugin *plugin = &frame->model->plugins[index];

	text_add(&frame->line, "%s  pid %" PRIu32 "  up ", plugin->name, plugin->pid);
	quantity_span(&frame->line, frame->model->now_unix_ns - plugin->attach_unix_ns);
	text_add(&frame->line, "  revision %" PRIu64, plugin->revision);
	frame_end_line(frame);
	frame_metrics(frame, index);
	frame_knobs(frame, index);
	frame_end_line(frame);
}

/* Width of the names' column: that of the longest, but value and rate stay in sight. */
static size_t model_name_columns(const struct top_model *model, size_t columns)
{
	const size_t others = NUMBERS_COLUMNS + 2 + BARS_MIN + RIGHT_COLUMNS;
	size_t most = columns > others + NAME_COLUMNS_MAX ? columns - others : NAME_COLUMNS_MAX;
	size_t widest = NAME_COLUMNS_USUAL;

	for (size_t i = 0; i < model->metric_count; i++) {
		size_t width = text_width(model->metrics[i].name);

		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < model->knob_count; i++) {
		size_t width = text_width(model->knobs[i].name);

		widest = width > widest ? width : widest;
	}
	if (columns < NUMBERS_COLUMNS + NAME_COLUMNS_MIN) {
		most = NAME_COLUMNS_MIN;
	} else if (columns < NUMBERS_COLUMNS + most) {
		most = columns - NUMBERS_COLUMNS;
	}
	return widest < most ? widest : most;
}

/* Parts the width among bars and percentiles. */
static void frame_part(struct frame *frame)
{
	size_t left = NUMBERS_COLUMNS + frame->name_columns + 2;
	size_t room = frame->columns > left ? frame->columns - left : 0;

	frame->percentiles = room >= RIGHT_COLUMNS + BARS_MIN;
	room -= frame->percentiles ? RIGHT_COLUMNS : 0;
	frame->bars = room < TOP_HISTORY ? room : TOP_HISTORY;
}

/* Adds one line that is always shown, cut to the width. */
static void frame_fixed_line(struct frame *frame)
{
	text_cut(&frame->line, 0, frame->columns);
	text_add(frame->out, "%s\n", text_chars(&frame->line));
	text_clear(&frame->line);
}

/* Fills up to the foot, which says how to go on. */
static void frame_foot(struct frame *frame)
{
	size_t end = frame->skip + frame->room;
	size_t below = frame->lines > end ? frame->lines - end : 0;

	for (size_t line = frame->lines > frame->skip ? frame->lines : frame->skip; line < end;
	     line++) {
		text_add(frame->out, "\n");
	}
	text_add(&frame->line, "q quits");
	if (below > 0 || frame->skip > 0) {
		text_add(&frame->line, ", arrows scroll; %zu lines above, %zu below",
			 frame->skip < frame->lines ? frame->skip : frame->lines, below);
	}
	if (frame->model->left_out > 0) {
		text_add(&frame->line, "; %zu entries left out", frame->model->left_out);
	}
	frame_fixed_line(frame);
}

size_t top_render(const struct top_model *model, size_t columns, size_t rows, size_t skip,
		  struct text *out)
{
	bool whole = rows == TOP_ROWS_ALL;
	struct frame frame = {.model = model,
			      .out = out,
			      .columns = columns < TOP_COLUMNS_MIN ? TOP_COLUMNS_MIN : columns,
			      .skip = whole ? 0 : skip,
			      .room = rows < TOP_ROWS_MIN ? 1 : rows - 2};

	if (whole) {
		frame.room = SIZE_MAX;
	}
	frame.name_columns = model_name_columns(model, frame.columns);
	frame_part(&frame);
	quantity_clock(&frame.line, model->now_unix_ns);
	text_add(&frame.line, "  %zu plugin%s  ", model->plugin_count,
		 model->plugin_count == 1 ? "" : "s");
	text_add_clean(&frame.line, model->trouble[0] == '\0' ? model->endpoint : model->trouble);
	frame_fixed_line(&frame);

	for (size_t i = 0; i < model->plugin_count; i++) {
		frame_plugin(&frame, i);
	}
	if (!whole) {
		frame_foot(&frame);
	} else if (model->left_out > 0) {
		text_add(&frame.line, "%zu entries left out", model->left_out);
		frame_fixed_line(&frame);
	}
	text_fini(&frame.line);
	return frame.lines > frame.room ? frame.lines - frame.room : 0;
}

static void line_metric(struct text *out, const struct top_metric *metric)
{
	text_add(out, "  %s ", metric->name);
	switch (metric->kind) {
	case FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER:
	case FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT:
		metric_add_rate(out, metric);
		break;
	case FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE:
		metric_add_value(out, metric);
		break;
	default:
		if (metric->has_window) {
			quantity_value(out, metric->p50,
				       metric->unit[0] != '\0' ? metric->unit
							       : sample_window_unit(metric->kind));
		} else {
			text_add(out, "-");
		}
		break;
	}
}

void top_render_line(const struct top_model *model, size_t plugin, struct text *out)
{
	bool knobs = false;

	assert(plugin < model->plugin_count);
	text_add(out, "%s", model->plugins[plugin].name);
	for (size_t i = 0; i < model->metric_count; i++) {
		if (model->metrics[i].plugin == plugin) {
			line_metric(out, &model->metrics[i]);
		}
	}
	for (size_t i = 0; i < model->knob_count; i++) {
		const struct top_knob *knob = &model->knobs[i];

		if (knob->plugin != plugin) {
			continue;
		}
		text_add(out, "%s  %s=%s", knobs ? "" : "  |", knob->name, knob->effective);
		if (strcmp(knob->desired, knob->effective) != 0) {
			text_add(out, " (%s %s)", value_status_name(knob->status), knob->desired);
		}
		knobs = true;
	}
}
