#include "prof/chart.h"

#include "prof/frame.h"
#include "prof/markup.h"
#include "prof/outputs.h"

#include <math.h>
#include <string.h>

#define ROWS_MAX  40
#define ROW       24.0
#define ROW_LABEL 290.0
#define LINE_MAX  4000 /* points of the timeline; more are thinned out */

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
	frame_label(frame->file, ROW_LABEL - 10, y + 4, "name end", text);
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
	frame_widen(&low, &high);
	struct frame frame = {file,
			      ROW_LABEL,
			      FRAME_TOP,
			      FRAME_WIDTH - ROW_LABEL - FRAME_RIGHT,
			      ROW * (double)rows,
			      low,
			      high,
			      0,
			      1};

	frame_open(file, FRAME_TOP + frame.height + FRAME_BOTTOM, "Distribution by setting");
	snprintf(title, sizeof title,
		 "%s (%s): from least to greatest, the mean, one deviation around it",
		 choice->speed, choice->speed_unit);
	frame_ticks_x(&frame, title);
	frame_goals(&frame, profile, choice->speed, true);
	rows = 0;
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0 && rows < ROWS_MAX) {
			distribution_row(profile, &profile->settings[i], series, &frame,
					 FRAME_TOP + ROW * ((double)rows + 0.5));
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
			  const char *name, const struct frame *frame, bool odd)
{
	size_t step = 1 + series->count / LINE_MAX;

	fprintf(frame->file, "<path class=\"line%s\" d=\"", odd ? " odd" : "");
	for (size_t i = 0; i < series->count; i += step) {
		const struct point *point = &series->points[i];
		bool begins = i == 0 || point->repeat != series->points[i - step].repeat;

		fprintf(frame->file, "%c%.1f %.1f", begins ? 'M' : 'L',
			frame_x(frame, seconds_of(profile, point->time_ns)),
			frame_y(frame, point->value));
	}
	fputs("\"><title>", frame->file);
	markup_escape(frame->file, name);
	fputs("</title></path>\n", frame->file);
}

void chart_timeline(const struct profile *profile, const struct chart_choice *choice, FILE *file)
{
	struct frame frame = {
		file, FRAME_LEFT, FRAME_TOP + 18, FRAME_WIDTH - FRAME_LEFT - FRAME_RIGHT, 200, 0,
		1,    INFINITY,   -INFINITY};
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
	frame_widen(&frame.y_min, &frame.y_max);
	frame_open(file, FRAME_TOP + 18 + frame.height + FRAME_BOTTOM, "Over time");
	frame_title(title, choice->speed, choice->speed_unit, choice->speed_less);
	frame_label(file, FRAME_LEFT, FRAME_TOP + 6, "axis", title);
	frame_ticks_y(&frame);
	frame_ticks_x(&frame, "seconds since the start; colours change with the setting");
	frame_goals(&frame, profile, choice->speed, false);
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], choice->speed);

		if (series != NULL && series->count > 0) {
			char name[256];

			profile_label(profile, &profile->settings[i], name, sizeof name);
			timeline_path(profile, series, name, &frame, i % 2 == 1);
		}
	}
	fputs("</svg>\n", file);
}
