#include "demo/svg.h"

#include <math.h>

static const char style[] =
	"<style>"
	"text{font-family:Helvetica,Arial,sans-serif;font-size:13px;fill:#333}"
	".title{font-size:20px;font-weight:bold;fill:#111}"
	".sub{font-size:14px;fill:#555}"
	".panel{font-size:14px;font-weight:bold;fill:#222}"
	".small{font-size:12px;fill:#666}"
	".back{fill:#fff}"
	".frame{fill:none;stroke:#999}"
	".grid{stroke:#e4e4e4}"
	".span{fill:#f6d9c6;fill-opacity:.65}"
	".fps{fill:none;stroke:#1f5fa8;stroke-width:2}"
	".raw{fill:none;stroke:#1f5fa8;stroke-width:1;stroke-opacity:.28}"
	".goal{fill:none;stroke:#c0392b;stroke-width:1.6;stroke-dasharray:7 4}"
	".knob{fill:none;stroke:#7a4fa3;stroke-width:1.2;stroke-opacity:.45}"
	".mean{fill:none;stroke:#7a4fa3;stroke-width:2.2}"
	".acc{fill:none;stroke:#2e8b57;stroke-width:2}"
	".tfps{fill:#1f5fa8}.tgoal{fill:#c0392b}.tknob{fill:#7a4fa3}.tacc{fill:#2e8b57}"
	".tspan{fill:#a65a2e;font-weight:bold}"
	"</style>\n";

static void svg_escape(FILE *file, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

void svg_begin(FILE *file, int width, int height, const char *title, const char *description)
{
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" role=\"img\">\n<title>",
		width, height, width, height);
	svg_escape(file, title);
	fputs("</title>\n<desc>", file);
	svg_escape(file, description);
	fprintf(file, "</desc>\n%s", style);
	svg_rectangle(file, 0, 0, width, height, "back");
}

void svg_end(FILE *file)
{
	fputs("</svg>\n", file);
}

void svg_text(FILE *file, double x, double y, const char *anchor, const char *class,
	      const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor,
		class);
	svg_escape(file, text);
	fputs("</text>\n", file);
}

void svg_rectangle(FILE *file, double x, double y, double width, double height, const char *class)
{
	fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n",
		x, y, width, height, class);
}

double svg_x(const struct svg_panel *panel, double x)
{
	return panel->left + (x - panel->x_min) / (panel->x_max - panel->x_min) * panel->width;
}

double svg_y(const struct svg_panel *panel, double y)
{
	double share = (y - panel->y_min) / (panel->y_max - panel->y_min);

	return panel->top + panel->height * (1 - fmin(1, fmax(0, share)));
}

static void svg_line(FILE *file, double x1, double y1, double x2, double y2, const char *class)
{
	fprintf(file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1,
		y1, x2, y2, class);
}

void svg_panel_frame(const struct svg_panel *panel, const char *title, const double *ticks,
		     size_t tick_count)
{
	for (size_t i = 0; i < tick_count; i++) {
		double y = svg_y(panel, ticks[i]);
		char label[32];

		svg_line(panel->file, panel->left, y, panel->left + panel->width, y, "grid");
		snprintf(label, sizeof label, "%g", ticks[i]);
		svg_text(panel->file, panel->left - 8, y + 4, "end", "small", label);
	}
	svg_rectangle(panel->file, panel->left, panel->top, panel->width, panel->height, "frame");
	svg_text(panel->file, panel->left, panel->top - 8, "start", "panel", title);
}

void svg_panel_line(const struct svg_panel *panel, const struct svg_xy *points, size_t count,
		    const char *class, int stairs)
{
	int pen_down = 0;

	fprintf(panel->file, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < count; i++) {
		if (isnan(points[i].y)) {
			pen_down = 0;
			continue;
		}
		double x = svg_x(panel, points[i].x);

		if (pen_down && stairs) {
			fprintf(panel->file, "H%.1f", x);
		}
		fprintf(panel->file, "%c%.1f %.1f", pen_down ? 'L' : 'M', x,
			svg_y(panel, points[i].y));
		pen_down = 1;
	}
	fputs("\"/>\n", panel->file);
}

void svg_panel_level(const struct svg_panel *panel, double y, const char *class)
{
	double at = svg_y(panel, y);

	svg_line(panel->file, panel->left, at, panel->left + panel->width, at, class);
}

void svg_panel_span(const struct svg_panel *panel, double from, double to, const char *class)
{
	double left = svg_x(panel, from);

	svg_rectangle(panel->file, left, panel->top, svg_x(panel, to) - left, panel->height, class);
}
