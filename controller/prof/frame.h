/* prof/frame.h - what the charts of report.html share: a place with two scales, in SVG. */
#ifndef PROF_FRAME_H
#define PROF_FRAME_H

#include "prof/profile.h"

#include <stdio.h>

#define FRAME_WIDTH  920.0 /* of a chart, in its own units */
#define FRAME_LEFT   70.0  /* margins */
#define FRAME_RIGHT  24.0
#define FRAME_TOP    14.0
#define FRAME_BOTTOM 46.0
#define FRAME_LETTER 6.6 /* width of one, about */

struct frame {
	FILE *file;
	double left, top, width, height;
	double x_min, x_max, y_min, y_max;
};

/* Where a value lies. */
double frame_x(const struct frame *frame, double x);
double frame_y(const struct frame *frame, double y);

/* Begins an <svg>, which "</svg>" ends. */
void frame_open(FILE *file, double height, const char *title);

void frame_label(FILE *file, double x, double y, const char *class, const char *text);

/* Scales with their lines; title: below. */
void frame_ticks_x(const struct frame *frame, const char *title);
void frame_ticks_y(const struct frame *frame);

/* "fps (Hz), more is better", CHART_TITLE_BYTES_MAX bytes. */
void frame_title(char *out, const char *name, const char *unit, bool less);

/* A margin on both sides. */
void frame_widen(double *low, double *high);

/* The extent of what was measured of a metric, and of the goals about it. False: of nothing. */
bool frame_extent(const struct profile *profile, const char *name, double *low, double *high);

/* The goals about a metric, which lies along x or along y. */
void frame_goals(const struct frame *frame, const struct profile *profile, const char *name,
		 bool along_x);

#endif
