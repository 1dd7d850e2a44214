#include "prof/chart.h"

#include "prof/frame.h"
#include "prof/markup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HEIGHT       340.0
#define LABELS_MAX   24
#define LABEL_HEIGHT 14.0
#define POINTS_MAX   TABLE_ROWS_MAX
#define PLACES       4

/* What is drawn for a setting. */
struct spot {
	const struct setting *setting;
	double x, y;
	bool beaten;
};

struct box {
	double left, top, right, bottom;
};

struct pareto {
	const struct profile *profile;
	const struct chart_choice *choice;
	struct frame frame;
	struct spot spots[POINTS_MAX];
	size_t count;
	struct box taken[LABELS_MAX + POINTS_MAX]; /* by labels and points */
	size_t taken_count;
};

static void take_spots(struct pareto *pareto)
{
	const struct profile *profile = pareto->profile;

	for (size_t i = 0; i < profile->setting_count && pareto->count < POINTS_MAX; i++) {
		const struct setting *setting = &profile->settings[i];
		double x = frame_x(&pareto->frame, chart_value(setting, pareto->choice->speed));
		double y = frame_y(&pareto->frame, chart_value(setting, pareto->choice->merit));

		if (!isnan(x) && !isnan(y)) {
			pareto->spots[pareto->count++] = (struct spot){
				setting, x, y, chart_is_beaten(profile, pareto->choice, setting)};
			pareto->taken[pareto->taken_count++] =
				(struct box){x - 6, y - 6, x + 6, y + 6};
		}
	}
}

static int spot_order(const void *left, const void *right)
{
	const struct spot *a = left, *b = right;

	return (a->x > b->x) - (a->x < b->x);
}

/* The front as a line, so that one sees where settings are missing on it. */
static void draw_front(const struct pareto *pareto)
{
	bool begun = false;

	fputs("<polyline class=\"edge\" points=\"", pareto->frame.file);
	for (size_t i = 0; i < pareto->count; i++) {
		if (!pareto->spots[i].beaten) {
			fprintf(pareto->frame.file, "%s%.1f,%.1f", begun ? " " : "",
				pareto->spots[i].x, pareto->spots[i].y);
			begun = true;
		}
	}
	fputs("\"/>\n", pareto->frame.file);
}

static void draw_spot(const struct pareto *pareto, const struct spot *spot)
{
	bool picked = spot->setting == pareto->choice->pick;
	char text[256];

	profile_label(pareto->profile, spot->setting, text, sizeof text);
	if (picked) {
		fprintf(pareto->frame.file,
			"<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"11\"/>\n", spot->x,
			spot->y);
	}
	fprintf(pareto->frame.file, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>",
		picked         ? "pick"
		: spot->beaten ? "beaten"
			       : "front",
		spot->x, spot->y, spot->beaten ? 4 : 6);
	markup_escape(pareto->frame.file, text);
	fputs("</title></circle>\n", pareto->frame.file);
}

static bool is_free(const struct pareto *pareto, const struct box *box)
{
	const struct frame *frame = &pareto->frame;

	if (box->left < frame->left || box->right > frame->left + frame->width + 20 ||
	    box->top < frame->top - 10 || box->bottom > frame->top + frame->height) {
		return false;
	}
	for (size_t i = 0; i < pareto->taken_count; i++) {
		const struct box *other = &pareto->taken[i];

		if (box->left < other->right && other->left < box->right &&
		    box->top < other->bottom && other->top < box->bottom) {
			return false;
		}
	}
	return true;
}

/* Beside the point, where nothing else is; a point without a place tells its name when it is
 * pointed at. */
static void draw_name(struct pareto *pareto, const struct spot *spot)
{
	static const struct {
		double x, y;
		bool ends;
	} places[PLACES] = {{10, -8, false}, {-10, -8, true}, {10, 17, false}, {-10, 17, true}};
	bool picked = spot->setting == pareto->choice->pick;
	char text[256];
	double width;

	profile_label(pareto->profile, spot->setting, text, sizeof text);
	width = FRAME_LETTER * (double)strlen(text);
	for (size_t i = 0; i < PLACES; i++) {
		double x = spot->x + places[i].x, y = spot->y + places[i].y;
		struct box box = {places[i].ends ? x - width : x, y - LABEL_HEIGHT + 3,
				  places[i].ends ? x : x + width, y + 3};

		if (is_free(pareto, &box)) {
			pareto->taken[pareto->taken_count++] = box;
			frame_label(pareto->frame.file, x, y,
				    picked ? (places[i].ends ? "chosen end" : "chosen")
					   : (places[i].ends ? "name end" : "name"),
				    text);
			return;
		}
	}
}

/* The chosen one first, then the front. */
static void draw_names(struct pareto *pareto)
{
	size_t named = 0;

	for (int chosen = 1; chosen >= 0; chosen--) {
		for (size_t i = 0; i < pareto->count && named < LABELS_MAX; i++) {
			const struct spot *spot = &pareto->spots[i];

			if ((spot->setting == pareto->choice->pick) == (chosen == 1) &&
			    (chosen == 1 || !spot->beaten)) {
				draw_name(pareto, spot);
				named++;
			}
		}
	}
}

void chart_pareto(const struct profile *profile, const struct chart_choice *choice, FILE *file)
{
	static struct pareto pareto; /* large */
	struct frame *frame = &pareto.frame;
	char title[CHART_TITLE_BYTES_MAX];

	memset(&pareto, 0, sizeof pareto);
	pareto.profile = profile;
	pareto.choice = choice;
	*frame = (struct frame){.file = file,
				.left = FRAME_LEFT,
				.top = FRAME_TOP + 18,
				.width = FRAME_WIDTH - FRAME_LEFT - FRAME_RIGHT,
				.height = HEIGHT};
	if (!frame_extent(profile, choice->speed, &frame->x_min, &frame->x_max) ||
	    !frame_extent(profile, choice->merit, &frame->y_min, &frame->y_max)) {
		return;
	}
	frame_open(file, FRAME_TOP + 18 + HEIGHT + FRAME_BOTTOM, "Settings that no other beats");
	frame_title(title, choice->merit, choice->merit_unit, choice->merit_less);
	frame_label(file, FRAME_LEFT, FRAME_TOP + 6, "axis", title);
	frame_ticks_y(frame);
	frame_title(title, choice->speed, choice->speed_unit, choice->speed_less);
	frame_ticks_x(frame, title);
	frame_goals(frame, profile, choice->speed, true);
	frame_goals(frame, profile, choice->merit, false);
	take_spots(&pareto);
	qsort(pareto.spots, pareto.count, sizeof pareto.spots[0], spot_order);
	draw_front(&pareto);
	for (size_t i = 0; i < pareto.count; i++) {
		draw_spot(&pareto, &pareto.spots[i]);
	}
	draw_names(&pareto);
	fputs("</svg>\n", file);
}
