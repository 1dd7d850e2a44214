/* demo/svg.h - just enough SVG for a chart. */
#ifndef DEMO_SVG_H
#define DEMO_SVG_H

#include <stddef.h>
#include <stdio.h>

#define SVG_PATH_POINTS_MAX 100000

/* One panel: maps data to the rectangle left..left+width, top..top+height. */
struct svg_panel {
	FILE *file;
	double left, top, width, height;
	double x_min, x_max, y_min, y_max;
};

struct svg_xy {
	double x, y;
};

void svg_begin(FILE *file, int width, int height, const char *title, const char *description);
void svg_end(FILE *file);

/* Text at pixel x, y. anchor: "start", "middle" or "end"; class: of the style sheet. */
void svg_text(FILE *file, double x, double y, const char *anchor, const char *class,
	      const char *text);
void svg_rectangle(FILE *file, double x, double y, double width, double height, const char *class);

double svg_x(const struct svg_panel *panel, double x);
double svg_y(const struct svg_panel *panel, double y);

/* Frame, horizontal grid lines with labels, and the panel's title above. */
void svg_panel_frame(const struct svg_panel *panel, const char *title, const double *ticks,
		     size_t tick_count);
/* A line through the points; NaN breaks it. stairs: holds each value until the next. */
void svg_panel_line(const struct svg_panel *panel, const struct svg_xy *points, size_t count,
		    const char *class, int stairs);
/* A horizontal line across the panel. */
void svg_panel_level(const struct svg_panel *panel, double y, const char *class);
/* A shaded span over the panel's whole height. */
void svg_panel_span(const struct svg_panel *panel, double from, double to, const char *class);

#endif
