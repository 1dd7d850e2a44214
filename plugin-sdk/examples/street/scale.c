#include "scale.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_BITS 12
#define WEIGHT_ONE  (1u << WEIGHT_BITS)

/* The old pixels under one new pixel. */
struct span {
	size_t first;
	size_t count;
	size_t weight; /* index of the first one's weight; a span's weights sum to WEIGHT_ONE */
};

struct axis {
	struct span *spans; /* one a new pixel */
	uint32_t *weights;
	size_t count;
};

/* How the luma plane shrinks, or both chroma planes. */
struct plane_scaler {
	struct axis columns;
	struct axis rows;
	uint32_t *row; /* old_width weighted column sums */
	size_t old_width;
};

struct scaler {
	struct plane_scaler luma;
	struct plane_scaler chroma;
	uint8_t *planes[PICTURE_PLANES];
	size_t old_width;
	size_t old_height;
	size_t width;
	size_t height;
};

static void axis_fini(struct axis *axis)
{
	free(axis->spans);
	free(axis->weights);
}

static enum fast_status axis_init(struct axis *axis, size_t old_count, size_t new_count)
{
	double ratio = (double)old_count / (double)new_count;
	size_t next = 0;

	axis->spans = calloc(new_count, sizeof *axis->spans);
	axis->weights = calloc(old_count + 2 * new_count, sizeof *axis->weights);
	axis->count = new_count;
	if (axis->spans == NULL || axis->weights == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0; i < new_count; i++) {
		/* In whole numbers, so that a span never reaches past the plane. */
		size_t first = i * old_count / new_count;
		size_t end = ((i + 1) * old_count + new_count - 1) / new_count;
		double from = (double)i * ratio;
		uint32_t left = WEIGHT_ONE;

		axis->spans[i] = (struct span){first, end - first, next};
		for (size_t j = first; j + 1 < end; j++) {
			double covered = (double)(j + 1) - fmax(from, (double)j);
			uint32_t weight = (uint32_t)lround(covered / ratio * WEIGHT_ONE);

			weight = weight < left ? weight : left;
			axis->weights[next++] = weight;
			left -= weight;
		}
		axis->weights[next++] = left; /* the last takes what rounding left */
	}
	assert(next <= old_count + 2 * new_count);
	return FAST_OK;
}

static enum fast_status plane_scaler_init(struct plane_scaler *scaler, size_t old_width,
					  size_t old_height, size_t width, size_t height)
{
	scaler->old_width = old_width;
	scaler->row = calloc(old_width, sizeof *scaler->row);
	if (scaler->row == NULL || axis_init(&scaler->columns, old_width, width) != FAST_OK ||
	    axis_init(&scaler->rows, old_height, height) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	return FAST_OK;
}

static void plane_scaler_fini(struct plane_scaler *scaler)
{
	axis_fini(&scaler->columns);
	axis_fini(&scaler->rows);
	free(scaler->row);
}

enum fast_status scaler_new(size_t old_width, size_t old_height, size_t new_width,
			    size_t new_height, struct scaler **out)
{
	struct scaler *scaler;

	assert(new_width >= 2 && new_width <= old_width && new_width % 2 == 0);
	assert(new_height >= 2 && new_height <= old_height && new_height % 2 == 0);
	assert(old_width % 2 == 0 && old_height % 2 == 0);

	scaler = calloc(1, sizeof *scaler);
	if (scaler == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	scaler->old_width = old_width;
	scaler->old_height = old_height;
	scaler->width = new_width;
	scaler->height = new_height;
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		scaler->planes[i] = calloc(picture_plane_width(new_width, i),
					   picture_plane_height(new_height, i));
		if (scaler->planes[i] == NULL) {
			goto fail;
		}
	}
	if (plane_scaler_init(&scaler->luma, old_width, old_height, new_width, new_height) !=
		    FAST_OK ||
	    plane_scaler_init(&scaler->chroma, old_width / 2, old_height / 2, new_width / 2,
			      new_height / 2) != FAST_OK) {
		goto fail;
	}
	*out = scaler;
	return FAST_OK;

fail:
	scaler_free(scaler);
	return FAST_RESOURCE_EXHAUSTED;
}

void scaler_free(struct scaler *scaler)
{
	if (scaler == NULL) {
		return;
	}
	plane_scaler_fini(&scaler->luma);
	plane_scaler_fini(&scaler->chroma);
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		free(scaler->planes[i]);
	}
	free(scaler);
}

/* Sums the old rows under one new row, column by column. */
static void plane_sum_rows(struct plane_scaler *scaler, const struct span *span, const uint8_t *old,
			   size_t old_stride)
{
	const uint32_t *weights = scaler->rows.weights + span->weight;

	memset(scaler->row, 0, scaler->old_width * sizeof *scaler->row);
	for (size_t i = 0; i < span->count; i++) {
		const uint8_t *line = old + (span->first + i) * old_stride;
		uint32_t weight = weights[i];

		for (size_t x = 0; x < scaler->old_width; x++) {
			scaler->row[x] += weight * line[x];
		}
	}
}

static void plane_shrink(struct plane_scaler *scaler, const uint8_t *old, size_t old_stride,
			 uint8_t *new)
{
	/* 255 * WEIGHT_ONE * WEIGHT_ONE and the half for rounding fit 32 bits. */
	const uint32_t half = 1u << (2 * WEIGHT_BITS - 1);

	for (size_t y = 0; y < scaler->rows.count; y++) {
		plane_sum_rows(scaler, &scaler->rows.spans[y], old, old_stride);
		for (size_t x = 0; x < scaler->columns.count; x++) {
			const struct span *span = &scaler->columns.spans[x];
			const uint32_t *weights = scaler->columns.weights + span->weight;
			const uint32_t *row = scaler->row + span->first;
			uint32_t sum = half;

			for (size_t i = 0; i < span->count; i++) {
				sum += weights[i] * row[i];
			}
			*new ++ = (uint8_t)(sum >> (2 * WEIGHT_BITS));
		}
	}
}

void scaler_run(struct scaler *scaler, const struct picture *picture, struct picture *out)
{
	assert(picture->width == scaler->old_width && picture->height == scaler->old_height);

	if (scaler->width == scaler->old_width && scaler->height == scaler->old_height) {
		*out = *picture;
		return;
	}
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		plane_shrink(i == 0 ? &scaler->luma : &scaler->chroma, picture->plane[i],
			     picture->stride[i], scaler->planes[i]);
		out->plane[i] = scaler->planes[i];
		out->stride[i] = picture_plane_width(scaler->width, i);
	}
	out->width = scaler->width;
	out->height = scaler->height;
}
