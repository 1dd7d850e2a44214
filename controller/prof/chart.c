#include "prof/chart.h"

#include "client/text.h"
#include "prof/markup.h"
#include "prof/outputs.h"

#include <math.h>
#include <string.h>

#define WIDTH      920.0
#define LEFT       70.0
#define RIGHT      24.0
#define TOP        14.0
#define HEIGHT     300.0
#define BOTTOM     46.0
#define TICKS      5
#define ROWS_MAX   40
#define ROW        24.0
#define ROW_LABEL  290.0
#define LABELS_MAX 12
#define LINE_MAX   4000 /* points of the timeline; more are thinned out */

struct frame {
	FILE *file;
	double left, top, width, height;
	double x_min, x_max, y_min, y_max;
};

static double frame_x(const struct frame *frame, double x)
{
	return frame->left + (x - frame->x_min) / (frame->x_max - frame->x_min) * frame->width;
}

static double frame_y(const struct frame *frame, double y)
{
	return frame->top + frame->height -
	       (y - frame->y_min) / (frame->y_max - frame->y_min) * frame->height;
}

static void label(FILE *file, double x, double y, const char *class, const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	markup_escape(file, text);
	fputs("</text>\n", file);
}

static void svg_open(FILE *file, double height, const char *title)
{
	fprintf(file, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>", WIDTH, height);
	markup_escape(file, title);
	fputs("</title>\n", file);
}

/* A step of 1, 2 or 5 times a power of ten, so that a span has about TICKS of it. */
static double tick_step(double span)
{
	double raw = span / TICKS;
	double power = pow(10, floor(log10(raw)));
	double lead = raw / power;

	return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void widen(double *low, double *high)
{
	double margin = (*high - *low) * 0.06;

	if (!(margin > 0)) {
		margin = fabs(*high) > 0 ? fabs(*high) * 0.1 : 1;
	}
	*low = *low >= 0 && *low - margin < 0 ? 0 : *low - margin;
	*high += margin;
}

static void ticks_x(const struct frame *frame, const char *title)
{
	double step = tick_step(frame->x_max - frame->x_min);
	double bottom = frame->top + frame->height;

	for (double x = ceil(frame->x_min / step) * step; x <= frame->x_max; x += step) {
		char number[32];

		fprintf(frame->file,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			frame_x(frame, x), frame->top, frame_x(frame, x), bottom);
		snprintf(number, sizeof number, "%.6g", fabs(x) < step / 1e6 ? 0 : x);
		label(frame->file, frame_x(frame, x), bottom + 17, "tick mid", number);
	}
	label(frame->file, frame->left + frame->width / 2, bottom + 37, "axis mid", title);
}

static void ticks_y(const struct frame *frame)
{
	double step = tick_step(frame->y_max - frame->y_min);

	for (double y = ceil(frame->y_min / step) * step; y <= frame->y_max; y += step) {
		char number[32];

		fprintf(frame->file,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			frame->left, frame_y(frame, y), frame->left + frame->width,
			frame_y(frame, y));
		snprintf(number, sizeof number, "%.6g", fabs(y) < step / 1e6 ? 0 : y);
		label(frame->file, frame->left - 8, frame_y(frame, y) + 4, "tick end", number);
	}
}

static void axis_title(char *out, const char *name, const char *unit, bool less)
{
	snprintf(out, CHART_TITLE_BYTES_MAX, "%s%s%s%s %s", name, unit[0] != '\0' ? " (" : "", unit,
		 unit[0] != '\0' ? ")" : "", less ? "- less is better" : "- more is better");
}

/* The extent of what was measured of a metric. False: of nothing. */
static bool extent(const struct profile *profile, const char *name, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (size_t i = 0; i < profile->setting_count; i++) {
		*low = fmin(*low, chart_value(&profile->settings[i], name));
		*high = fmax(*high, chart_value(&profile->settings[i], name));
	}
	if (!isfinite(*low) || !isfinite(*high)) {
		return false;
	}
	widen(low, high);
	return true;
}

static void pareto_points(const struct profile *profile, const struct chart_choice *choice,
			  const struct frame *frame)
{
	size_t labelled = 0;

	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];
		double x = frame_x(frame, chart_value(setting, choice->speed));
		double y = frame_y(frame, chart_value(setting, choice->merit));
		bool beaten = chart_is_beaten(profile, choice, setting);
		char text[256];

		if (isnan(x) || isnan(y)) {
			continue;
		}
		profile_label(profile, setting, text, sizeof text);
		fprintf(frame->file,
			"<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>",
			beaten ? "beaten" : "front", x, y, beaten ? 4 : 6);
		markup_escape(frame->file, text);
		fputs("</title></circle>\n", frame->file);
		if (!beaten && labelled++ < LABELS_MAX) {
			bool late = x > frame->left + frame->width * 0.7;

			label(frame->file, x + (late ? -10 : 10), y - 8, late ? "name end" : "name",
			      text);
		}
	}
}

void chart_pareto(const struct profile *profile, const struct chart_choice *choice, FILE *file)
{
	struct frame frame = {file, LEFT, TOP + 18, WIDTH - LEFT - RIGHT, HEIGHT, 0, 1, 0, 1};
	char title[CHART_TITLE_BYTES_MAX];

	if (!extent(profile, choice->speed, &frame.x_min, &frame.x_max) ||
	    !extent(profile, choice->merit, &frame.y_min, &frame.y_max)) {
		return;
	}
	svg_open(file, TOP + 18 + HEIGHT + BOTTOM, "Settings that no other beats");
	axis_title(title, choice->merit, choice->merit_unit, choice->merit_less);
	label(file, LEFT, TOP + 6, "axis", title);
	ticks_y(&frame);
	axis_title(title, choice->speed, choice->speed_unit, choice->speed_less);
	ticks_x(&frame, title);
	pareto_points(profile, choice, &frame);
	fputs("</svg>\n", file);
}

/* One row: from least to greatest, the middle half... of the points thick, the mean as a dot. */
static void distribution_row(const struct profile *profile, const struct setting *setting,
			     const struct series *series, const struct frame *frame, double y)
{
	const struct stats *stats = &series->stats;
	char text[256];

	profile_label(profile, setting, text, sizeof text);
	if (strlen(text) > 38) {
		snprintf(text + 35, sizeof text - 35, "...");
	}
	label(frame->file, ROW_LABEL - 10, y + 4, "name end", text);
	fprintf(frame->file,
		"<line class=\"span\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
		frame_x(frame, stats->min), y, frame_x(frame, stats->max), y);
	fprintf(frame->file,
		"<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"12\"/>\n",
		frame_x(frame, fmax(stats->min, stats->mean - stats->deviation)), y - 6,
		fmax(1, frame_x(frame, fmin(stats->max, stats->mean + stats->deviation)) -
				frame_x(frame, fmax(stats->min, stats->mean - stats->deviation))));
	fprintf(frame->file, "<circle class=\"front\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
		frame_x(frame, stats->mean), y);
}

void chart_distributions(const struct profile *profile, const struct chart_choice *choice,
			 FILE *file)
{
	double low = INFINITY, high = -INFINITY;
	char title[CHART_TITLE_BYTES_MAX];
	size_t rows = 0;

	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0 && rows < ROWS_MAX) {
			low = fmin(low, series->stats.min);
			high = fmax(high, series->stats.max);
			rows++;
		}
	}
	if (rows == 0) {
		return;
	}
	widen(&low, &high);
	struct frame frame = {
		file, ROW_LABEL, TOP, WIDTH - ROW_LABEL - RIGHT, ROW * (double)rows, low,
		high, 0,         1};

	svg_open(file, TOP + frame.height + BOTTOM, "Distribution by setting");
	snprintf(title, sizeof title, "%s (%s): least to greatest, mean and one deviation",
		 choice->speed, choice->speed_unit);
	ticks_x(&frame, title);
	rows = 0;
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0 && rows < ROWS_MAX) {
			distribution_row(profile, &profile->settings[i], series, &frame,
					 TOP + ROW * ((double)rows + 0.5));
			rows++;
		}
	}
	fputs("</svg>\n", file);
}

static double seconds_of(const struct profile *profile, int64_t time_ns)
{
	return (double)(time_ns - profile->run.start_ns) / 1e9;
}

/* A path per repeat: between two, another setting was in effect. */
static void timeline_path(const struct profile *profile, const struct series *series,
			  const struct frame *frame, bool dark)
{
	size_t step = 1 + series->count / LINE_MAX;

	fprintf(frame->file, "<path class=\"line%s\" d=\"", dark ? " odd" : "");
	for (size_t i = 0; i < series->count; i += step) {
		const struct point *point = &series->points[i];
		bool begins = i == 0 || point->repeat != series->points[i - step].repeat;

		fprintf(frame->file, "%c%.1f %.1f", begins ? 'M' : 'L',
			frame_x(frame, seconds_of(profile, point->time_ns)),
			frame_y(frame, point->value));
	}
	fputs("\"/>\n", frame->file);
}

void chart_timeline(const struct profile *profile, const struct chart_choice *choice, FILE *file)
{
	struct frame frame = {file, LEFT,     TOP + 18, WIDTH - LEFT - RIGHT, 200, 0,
			      1,    INFINITY, -INFINITY};
	char title[CHART_TITLE_BYTES_MAX];

	frame.x_max = fmax(1, seconds_of(profile, profile->run.end_ns));
	if (profile->settings[0].start_ns != 0) { /* not the time that it took to attach */
		frame.x_min = fmax(0, seconds_of(profile, profile->settings[0].start_ns));
	}
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0) {
			frame.y_min = fmin(frame.y_min, series->stats.min);
			frame.y_max = fmax(frame.y_max, series->stats.max);
		}
	}
	if (!isfinite(frame.y_min)) {
		return;
	}
	widen(&frame.y_min, &frame.y_max);
	svg_open(file, TOP + 18 + frame.height + BOTTOM, "Over time");
	snprintf(title, sizeof title, "%s (%s)", choice->speed, choice->speed_unit);
	label(file, LEFT, TOP + 6, "axis", title);
	ticks_y(&frame);
	ticks_x(&frame, "seconds since the start; colours change with the setting");
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0) {
			timeline_path(profile, series, &frame, i % 2 == 1);
		}
	}
	fputs("</svg>\n", file);
}
