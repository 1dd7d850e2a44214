#include "prof/frame.h"

#include "prof/chart.h"
#include "prof/markup.h"

#include <math.h>
#include <string.h>

#define TICKS     5
#define TICKS_MAX 20
#define FLAT      1e-6 /* of its size: what spans less is one value, give or take rounding */

double frame_x(const struct frame *frame, double x)
{
	return frame->left + (x - frame->x_min) / (frame->x_max - frame->x_min) * frame->width;
}

double frame_y(const struct frame *frame, double y)
{
	return frame->top + frame->height -
	       (y - frame->y_min) / (frame->y_max - frame->y_min) * frame->height;
}

void frame_label(FILE *file, double x, double y, const char *class, const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	markup_escape(file, text);
	fputs("</text>\n", file);
}

void frame_open(FILE *file, double height, const char *title)
{
	fprintf(file, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>", FRAME_WIDTH, height);
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

void frame_widen(double *low, double *high)
{
	double size = fmax(fabs(*low), fabs(*high));
	double span = *high - *low;
	double margin = span * 0.06;

	if (!(span > size * FLAT)) {
		margin = size > 0 ? size * 0.1 : 1;
	}
	*low = *low >= 0 && *low - margin < 0 ? 0 : *low - margin;
	*high += margin;
}

void frame_ticks_x(const struct frame *frame, const char *title)
{
	double step = tick_step(frame->x_max - frame->x_min);
	double first = ceil(frame->x_min / step) * step;
	double bottom = frame->top + frame->height;

	for (int i = 0; i < TICKS_MAX && first + i * step <= frame->x_max; i++) {
		double x = first + i * step;
		char number[32];

		fprintf(frame->file,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			frame_x(frame, x), frame->top, frame_x(frame, x), bottom);
		snprintf(number, sizeof number, "%.6g", fabs(x) < step / 1e6 ? 0 : x);
		frame_label(frame->file, frame_x(frame, x), bottom + 17, "tick mid", number);
	}
	frame_label(frame->file, frame->left + frame->width / 2, bottom + 37, "axis mid", title);
}

void frame_ticks_y(const struct frame *frame)
{
	double step = tick_step(frame->y_max - frame->y_min);
	double first = ceil(frame->y_min / step) * step;

	for (int i = 0; i < TICKS_MAX && first + i * step <= frame->y_max; i++) {
		double y = first + i * step;
		char number[32];

		fprintf(frame->file,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			frame->left, frame_y(frame, y), frame->left + frame->width,
			frame_y(frame, y));
		snprintf(number, sizeof number, "%.6g", fabs(y) < step / 1e6 ? 0 : y);
		frame_label(frame->file, frame->left - 8, frame_y(frame, y) + 4, "tick end",
			    number);
	}
}

void frame_title(char *out, const char *name, const char *unit, bool less)
{
	bool plain = unit[0] == '\0' || strcmp(unit, "1") == 0;

	snprintf(out, CHART_TITLE_BYTES_MAX, "%s%s%s%s, %s is better", name, plain ? "" : " (",
		 plain ? "" : unit, plain ? "" : ")", less ? "less" : "more");
}

/* A goal about a percentile says nothing about the means that are drawn. */
static bool is_about(const struct aim *aim, const char *name)
{
	return strcmp(aim->goal.metric, name) == 0 && strcmp(aim->statistic, "mean") == 0 &&
	       isfinite(aim->bound);
}

bool frame_extent(const struct profile *profile, const char *name, double *low, double *high)
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
	for (size_t i = 0; i < profile->aim_count; i++) {
		if (is_about(&profile->aims[i], name)) {
			*low = fmin(*low, profile->aims[i].bound);
			*high = fmax(*high, profile->aims[i].bound);
		}
	}
	frame_widen(low, high);
	return true;
}

/* Beside a goal's line, on the left where the right has no room. */
static void goal_name(const struct frame *frame, const char *words, double x, double y)
{
	bool fits = x + 4 + FRAME_LETTER * (double)strlen(words) <= FRAME_WIDTH;

	frame_label(frame->file, fits ? x + 4 : x - 4, y, fits ? "aim" : "aim end", words);
}

/* A goal about what is drawn along x (else y): a line, and what misses it is shaded. */
static void goal_line(const struct frame *frame, const struct aim *aim, bool along_x)
{
	double right = frame->left + frame->width, bottom = frame->top + frame->height;
	double at = along_x ? frame_x(frame, aim->bound) : frame_y(frame, aim->bound);
	bool low_misses = !aim->goal.at_most;

	if (!(at >= (along_x ? frame->left : frame->top) && at <= (along_x ? right : bottom))) {
		return;
	}
	if (along_x) {
		fprintf(frame->file,
			"<rect class=\"miss\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\"/>\n<line class=\"goal\" x1=\"%.1f\" y1=\"%.1f\" "
			"x2=\"%.1f\" "
			"y2=\"%.1f\"/>\n",
			low_misses ? frame->left : at, frame->top,
			low_misses ? at - frame->left : right - at, frame->height, at, frame->top,
			at, bottom);
		goal_name(frame, aim->words, at, bottom - 6);
	} else {
		fprintf(frame->file,
			"<rect class=\"miss\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\"/>\n<line class=\"goal\" x1=\"%.1f\" y1=\"%.1f\" "
			"x2=\"%.1f\" "
			"y2=\"%.1f\"/>\n",
			frame->left, low_misses ? at : frame->top, frame->width,
			low_misses ? bottom - at : at - frame->top, frame->left, at, right, at);
		frame_label(frame->file, right - 4, at - 5, "aim end", aim->words);
	}
}

void frame_goals(const struct frame *frame, const struct profile *profile, const char *name,
		 bool along_x)
{
	for (size_t i = 0; i < profile->aim_count; i++) {
		if (is_about(&profile->aims[i], name)) {
			goal_line(frame, &profile->aims[i], along_x);
		}
	}
}
