#include "demo/outcome.h"
#include "demo/svg.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH      1000
#define HEIGHT     800
#define LEFT       78
#define PLOT_WIDTH 890
#define WINDOW_S   1.0
#define TICKS_MAX  12

/* The hold, as series over seconds since its start. */
struct series {
	struct svg_xy *fps_window; /* over the last second */
	struct svg_xy *fps_raw;    /* between two samples */
	struct svg_xy *res;
	struct svg_xy *res_mean; /* over the last second */
	struct svg_xy *acc;
	size_t count;
	double seconds;
	double disturbed_from;
	double disturbed_to;
};

static void series_fini(struct series *series)
{
	free(series->fps_window);
	free(series->fps_raw);
	free(series->res);
	free(series->res_mean);
	free(series->acc);
}

static bool series_alloc(struct series *series, size_t count)
{
	struct svg_xy **all[] = {&series->fps_window, &series->fps_raw, &series->res,
				 &series->res_mean, &series->acc};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		*all[i] = calloc(count + 1, sizeof **all[i]);
		if (*all[i] == NULL) {
			return false;
		}
	}
	return true;
}

static double seconds_of(const struct point *point, const struct outcome *outcome)
{
	return (double)(point->time_ns - outcome->start_ns) / 1e9;
}

/* One point: rates since the sample before and over the last second, and the mean of the knob. */
static void series_add(struct series *series, const struct point *first, const struct point *point,
		       const struct outcome *outcome)
{
	const struct point *back = point;
	double x = seconds_of(point, outcome);
	double res_sum = 0;
	size_t res_count = 0;
	size_t i = series->count++;

	while (back > first && x - seconds_of(back, outcome) < WINDOW_S) {
		res_sum += back->res;
		res_count++;
		back--;
	}
	double span = x - seconds_of(back, outcome);
	double step = point == first ? 0 : x - seconds_of(point - 1, outcome);

	series->fps_window[i] = (struct svg_xy){
		x, span >= WINDOW_S / 2 ? (double)(point->beats - back->beats) / span : NAN};
	series->fps_raw[i] = (struct svg_xy){
		x, step > 0 ? (double)(point->beats - (point - 1)->beats) / step : NAN};
	series->res[i] = (struct svg_xy){x, point->res};
	series->res_mean[i] = (struct svg_xy){x, res_count > 0 ? res_sum / (double)res_count : NAN};
	series->acc[i] = (struct svg_xy){x, point->acc};
	series->seconds = x;
	if (point->disturbed) {
		if (isnan(series->disturbed_from)) {
			series->disturbed_from = x;
		}
		series->disturbed_to = x;
	}
}

static bool series_fill(struct series *series, const struct record *record,
			const struct outcome *outcome)
{
	const struct point *first = NULL;

	*series = (struct series){.disturbed_from = NAN, .disturbed_to = NAN};
	if (!series_alloc(series, record->count)) {
		return false;
	}
	for (size_t i = 0; i < record->count; i++) {
		const struct point *point = &record->points[i];

		if (point->phase == PHASE_HOLD) {
			first = first == NULL ? point : first;
			series_add(series, first, point, outcome);
		}
	}
	return true;
}

/* A step for grid lines: 1, 2 or 5 times a power of ten, so that there are at most five. */
static double tick_step(double top)
{
	double step = pow(10, floor(log10(top / 5)));
	static const double factors[] = {1, 2, 5, 10};

	for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
		if (top / (step * factors[i]) <= 5) {
			return step * factors[i];
		}
	}
	return step * 10;
}

static size_t ticks_fill(double top, double ticks[TICKS_MAX])
{
	double step = tick_step(top);
	size_t count = 0;

	while (count < TICKS_MAX && (double)count * step <= top * 1.0001) {
		ticks[count] = (double)count * step;
		count++;
	}
	return count;
}

static void draw_disturbance(const struct svg_panel *panel, const struct series *series)
{
	if (!isnan(series->disturbed_from)) {
		svg_panel_span(panel, series->disturbed_from, series->disturbed_to, "span");
	}
}

static void draw_fps(struct svg_panel *panel, const struct series *series,
		     const struct outcome *outcome)
{
	double ticks[TICKS_MAX];
	double top = outcome->goal * 1.25;
	char label[64];

	for (size_t i = 0; i < series->count; i++) {
		if (series->fps_window[i].y > top) {
			top = series->fps_window[i].y;
		}
	}
	panel->y_min = 0;
	panel->y_max = top * 1.05;
	draw_disturbance(panel, series);
	svg_panel_frame(panel, "frames per second", ticks, ticks_fill(panel->y_max, ticks));
	svg_panel_line(panel, series->fps_raw, series->count, "raw", 0);
	svg_panel_level(panel, outcome->goal, "goal");
	svg_panel_line(panel, series->fps_window, series->count, "fps", 0);
	snprintf(label, sizeof label, "goal: fps >= %.1f", outcome->goal);
	svg_text(panel->file, panel->left + panel->width, panel->top - 8, "end", "tgoal", label);
	svg_text(panel->file, panel->left + 10, panel->top + 18, "start", "tfps",
		 "over the last second (thin: each 100 ms)");
	if (!isnan(series->disturbed_from)) {
		snprintf(label, sizeof label, "%d co-runners on %d cores", outcome->co_runners,
			 outcome->cores);
		svg_text(panel->file,
			 svg_x(panel, (series->disturbed_from + series->disturbed_to) / 2),
			 panel->top + panel->height - 10, "middle", "tspan", label);
	}
}

static void draw_share(struct svg_panel *panel, const struct series *series, const char *title,
		       const struct svg_xy *thin, const struct svg_xy *thick,
		       const char *thick_class)
{
	static const double ticks[] = {0, 0.25, 0.5, 0.75, 1};

	panel->y_min = 0;
	panel->y_max = 1.05;
	draw_disturbance(panel, series);
	svg_panel_frame(panel, title, ticks, sizeof ticks / sizeof *ticks);
	if (thin != NULL) {
		svg_panel_line(panel, thin, series->count, "knob", 1);
	}
	svg_panel_line(panel, thick, series->count, thick_class, 0);
}

static void draw_axis(const struct svg_panel *panel)
{
	double step = tick_step(panel->x_max);
	char label[32];

	for (double x = 0; x <= panel->x_max * 1.0001; x += step) {
		snprintf(label, sizeof label, "%g s", x);
		svg_text(panel->file, svg_x(panel, x), panel->top + panel->height + 18, "middle",
			 "small", label);
	}
}

static void draw_table(FILE *file, const struct outcome *outcome, double top)
{
	static const char *const names[] = {"controller", "res fixed at 1.0", "res fixed at 0.5",
					    "res fixed at 0.25"};
	const struct verdict *rows[] = {&outcome->hold, &outcome->fixed[0], &outcome->fixed[1],
					&outcome->fixed[2]};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double left = LEFT + (double)i * PLOT_WIDTH / 4;
		char text[96];

		svg_text(file, left, top, "start", "panel", names[i]);
		snprintf(text, sizeof text, "goal met in %.0f %% of windows", 100 * rows[i]->share);
		svg_text(file, left, top + 20, "start", "small", text);
		snprintf(text, sizeof text, "mean acc %.3f, mean fps %.1f", rows[i]->acc_mean,
			 rows[i]->fps_mean);
		svg_text(file, left, top + 38, "start", "small", text);
	}
}

static void draw_all(FILE *file, const struct series *series, const struct outcome *outcome)
{
	struct svg_panel panel = {
		.file = file,
		.left = LEFT,
		.top = 108,
		.width = PLOT_WIDTH,
		.height = 240,
		.x_max = series->seconds > 0 ? series->seconds : 1,
	};

	svg_begin(
		file, WIDTH, HEIGHT, "A controller holds a frame rate",
		"Frames per second, the knob res and acc over time, with the disturbance shaded.");
	svg_text(file, LEFT, 38, "start", "title",
		 "fastd: a controller turns one knob to hold a frame rate");
	svg_text(file, LEFT, 62, "start", "sub",
		 "A plugin finds pedestrians in a street video; in the shaded time other programs "
		 "take "
		 "the CPU away.");
	draw_fps(&panel, series, outcome);
	panel.top = 400;
	panel.height = 120;
	draw_share(&panel, series, "knob: res (thin: as turned; thick: mean of the last second)",
		   series->res, series->res_mean, "mean");
	panel.top = 572;
	draw_share(&panel, series, "acc: agreement with the full-resolution boxes", NULL,
		   series->acc, "acc");
	draw_axis(&panel);
	draw_table(file, outcome, 744);
	svg_end(file);
}

bool outcome_write_timeline(const struct record *record, const struct outcome *outcome,
			    const char *path)
{
	struct series series = {0};
	bool written = false;
	FILE *file = fopen(path, "w");

	if (file != NULL && series_fill(&series, record, outcome)) {
		draw_all(file, &series, outcome);
		written = ferror(file) == 0;
	}
	series_fini(&series);
	if (file != NULL && fclose(file) != 0) {
		written = false;
	}
	return written;
}
