#include "detector.h"

#include "components.h"
#include "mask.h"
#include "scale.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct detector {
	const struct background *background;
	struct scaler *scaler;
	struct masker *masker;
	struct labeller *labeller;
	uint8_t *mask;
	size_t full_width;
	size_t full_height;
	size_t width;
	size_t height;
	size_t majority_radius;
	size_t close_radius_x;
	size_t close_radius_y;
};

size_t detector_side(size_t full, double res)
{
	size_t side = 2 * (size_t)lround((double)full * res / 2);

	assert(res > 0 && res <= 1);
	return side < 2 ? 2 : side;
}

void detector_text(char *out, size_t out_bytes)
{
	snprintf(out, out_bytes,
		 "kde samples %d agreement %g sigma %g %g shadow %g majority %d close %d %d "
		 "box %d %d of %d",
		 BACKGROUND_SAMPLES_MAX, BACKGROUND_AGREEMENT, BACKGROUND_LUMA_SIGMA_MIN,
		 BACKGROUND_CHROMA_SIGMA_MIN, BACKGROUND_SHADOW, DETECTOR_MAJORITY_RADIUS,
		 DETECTOR_CLOSE_RADIUS_X, DETECTOR_CLOSE_RADIUS_Y, DETECTOR_BOX_WIDTH_MIN,
		 DETECTOR_BOX_HEIGHT_MIN, BOXES_MAX);
}

/* The radius whose window, of 2 * radius + 1 pixels, is nearest to the full one's at this res. */
static size_t radius_at(int full, double res)
{
	double radius = ((2 * full + 1) * res - 1) / 2;

	return radius < 1 ? 1 : (size_t)lround(radius);
}

enum fast_status detector_new(size_t full_width, size_t full_height, double res,
			      const struct background *background, struct detector **out)
{
	struct detector *detector = calloc(1, sizeof *detector);

	if (detector == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	detector->background = background;
	detector->full_width = full_width;
	detector->full_height = full_height;
	detector->width = detector_side(full_width, res);
	detector->height = detector_side(full_height, res);
	detector->majority_radius = radius_at(DETECTOR_MAJORITY_RADIUS, res);
	detector->close_radius_x = radius_at(DETECTOR_CLOSE_RADIUS_X, res);
	detector->close_radius_y = radius_at(DETECTOR_CLOSE_RADIUS_Y, res);
	detector->mask = calloc(detector->width, detector->height);
	if (detector->mask == NULL ||
	    scaler_new(full_width, full_height, detector->width, detector->height,
		       &detector->scaler) != FAST_OK ||
	    masker_new(detector->width, detector->height, &detector->masker) != FAST_OK ||
	    labeller_new(detector->width, detector->height, &detector->labeller) != FAST_OK) {
		detector_free(detector);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = detector;
	return FAST_OK;
}

void detector_free(struct detector *detector)
{
	if (detector == NULL) {
		return;
	}
	scaler_free(detector->scaler);
	masker_free(detector->masker);
	labeller_free(detector->labeller);
	free(detector->mask);
	free(detector);
}

/* From a coordinate of the small picture to the full one's. */
static uint16_t stretch(uint32_t value, size_t full, size_t small)
{
	return (uint16_t)((value * full + small / 2) / small);
}

static struct box detector_box(const struct detector *detector, const struct component *component)
{
	return (struct box){
		.left = stretch(component->left, detector->full_width, detector->width),
		.top = stretch(component->top, detector->full_height, detector->height),
		.right = stretch(component->right, detector->full_width, detector->width),
		.bottom = stretch(component->bottom, detector->full_height, detector->height),
	};
}

void detector_run(struct detector *detector, const struct picture *picture, struct boxes *out)
{
	const struct component *components;
	struct picture small;
	size_t count;

	scaler_run(detector->scaler, picture, &small);
	background_mask(detector->background, &small, detector->mask);
	masker_majority(detector->masker, detector->majority_radius, detector->mask);
	masker_close(detector->masker, detector->close_radius_x, detector->close_radius_y,
		     detector->mask);
	count = labeller_run(detector->labeller, detector->mask, &components);

	out->count = 0;
	for (size_t i = 0; i < count && out->count < BOXES_MAX; i++) {
		struct box box = detector_box(detector, &components[i]);

		if (box.right - box.left >= DETECTOR_BOX_WIDTH_MIN &&
		    box.bottom - box.top >= DETECTOR_BOX_HEIGHT_MIN) {
			out->items[out->count++] = box;
		}
	}
}
