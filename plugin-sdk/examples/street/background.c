#include "background.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Medians of the differences, from 0 up: each has a kernel. */
#define LEVELS 16
/* Differences from -255 to 255. */
#define DIFFERENCES 511
#define ZERO        255

/* One channel: samples lie together, pixel by pixel. */
struct channel {
	uint8_t *samples; /* BACKGROUND_SAMPLES_MAX a pixel */
	uint8_t *levels;  /* which kernel, a pixel */
	size_t width;
	size_t height;
};

struct background {
	size_t count; /* samples of every pixel */
	bool settled;
	struct channel channels[PICTURE_PLANES];
	float luma_kernels[LEVELS][DIFFERENCES];
	float chroma_kernels[LEVELS][DIFFERENCES];
};

/* darker widens the side of values below the sample. */
static void kernels_fill(float kernels[LEVELS][DIFFERENCES], double sigma_min, double darker)
{
	for (int level = 0; level < LEVELS; level++) {
		/* For a normal variable the median absolute difference is 0.68 * sqrt(2) sigma. */
		double sigma = fmax(sigma_min, level / (0.68 * sqrt(2)));

		for (int i = 0; i < DIFFERENCES; i++) {
			double distance = (i - ZERO) / (i < ZERO ? sigma * darker : sigma);

			kernels[level][i] = (float)exp(-0.5 * distance * distance);
		}
	}
}

enum fast_status background_new(size_t width, size_t height, struct background **out)
{
	struct background *background;

	assert(width % 2 == 0 && height % 2 == 0);
	assert(width <= PICTURE_SIDE_MAX && height <= PICTURE_SIDE_MAX);

	background = calloc(1, sizeof *background);
	if (background == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		struct channel *channel = &background->channels[i];

		channel->width = picture_plane_width(width, i);
		channel->height = picture_plane_height(height, i);
		size_t pixels = channel->width * channel->height;
		channel->samples = calloc(pixels, BACKGROUND_SAMPLES_MAX);
		channel->levels = calloc(pixels, 1);
		if (channel->samples == NULL || channel->levels == NULL) {
			background_free(background);
			return FAST_RESOURCE_EXHAUSTED;
		}
	}
	kernels_fill(background->luma_kernels, BACKGROUND_LUMA_SIGMA_MIN, BACKGROUND_SHADOW);
	kernels_fill(background->chroma_kernels, BACKGROUND_CHROMA_SIGMA_MIN, 1);
	*out = background;
	return FAST_OK;
}

void background_free(struct background *background)
{
	if (background == NULL) {
		return;
	}
	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		free(background->channels[i].samples);
		free(background->channels[i].levels);
	}
	free(background);
}

void background_add(struct background *background, const struct picture *picture)
{
	assert(!background->settled);
	assert(background->count < BACKGROUND_SAMPLES_MAX);
	assert(picture->width == background->channels[0].width);
	assert(picture->height == background->channels[0].height);

	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		const struct channel *channel = &background->channels[i];
		uint8_t *sample = channel->samples + background->count;

		for (size_t y = 0; y < channel->height; y++) {
			const uint8_t *line = picture->plane[i] + y * picture->stride[i];

			for (size_t x = 0; x < channel->width; x++) {
				*sample = line[x];
				sample += BACKGROUND_SAMPLES_MAX;
			}
		}
	}
	background->count++;
}

/* The median difference between neighbours in time, cut to the last level. */
static uint8_t samples_level(const uint8_t *samples, size_t count)
{
	size_t seen[LEVELS] = {0};
	size_t sum = 0;
	uint8_t level = 0;

	for (size_t i = 1; i < count; i++) {
		int difference = abs(samples[i] - samples[i - 1]);

		seen[difference < LEVELS ? difference : LEVELS - 1]++;
	}
	for (level = 0; level + 1 < LEVELS; level++) {
		sum += seen[level];
		if (2 * sum >= count - 1) {
			break;
		}
	}
	return level;
}

void background_settle(struct background *background)
{
	assert(background->count >= 1);

	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		const struct channel *channel = &background->channels[i];
		size_t pixels = channel->width * channel->height;

		for (size_t j = 0; j < pixels; j++) {
			channel->levels[j] = samples_level(
				channel->samples + j * BACKGROUND_SAMPLES_MAX, background->count);
		}
	}
	background->settled = true;
}

/* Where a kernel's value for (value - sample) is found at [-sample]. */
static const float *kernel_at(const float kernels[LEVELS][DIFFERENCES],
			      const struct channel *channel, size_t pixel, uint8_t value)
{
	return kernels[channel->levels[pixel]] + ZERO + value;
}

/* The chroma part of the product, a sample; it serves the four luma pixels that share the colour.
 */
static void background_weigh_chroma(const struct background *background,
				    const struct picture *picture, size_t x, size_t y,
				    float *weights)
{
	const struct channel *u = &background->channels[1];
	const struct channel *v = &background->channels[2];
	size_t pixel = y * u->width + x;
	const uint8_t *us = u->samples + pixel * BACKGROUND_SAMPLES_MAX;
	const uint8_t *vs = v->samples + pixel * BACKGROUND_SAMPLES_MAX;
	const float *u_kernel = kernel_at(background->chroma_kernels, u, pixel,
					  picture->plane[1][y * picture->stride[1] + x]);
	const float *v_kernel = kernel_at(background->chroma_kernels, v, pixel,
					  picture->plane[2][y * picture->stride[2] + x]);

	for (size_t i = 0; i < background->count; i++) {
		weights[i] = u_kernel[-(ptrdiff_t)us[i]] * v_kernel[-(ptrdiff_t)vs[i]];
	}
}

/* How many samples agree with one luma pixel, given their chroma. */
static float background_agreement(const struct background *background, size_t pixel, uint8_t value,
				  const float *weights)
{
	const struct channel *luma = &background->channels[0];
	const uint8_t *samples = luma->samples + pixel * BACKGROUND_SAMPLES_MAX;
	const float *kernel = kernel_at(background->luma_kernels, luma, pixel, value);
	float sum = 0;

	for (size_t i = 0; i < background->count; i++) {
		sum += kernel[-(ptrdiff_t)samples[i]] * weights[i];
	}
	return sum;
}

void background_mask(const struct background *background, const struct picture *picture,
		     uint8_t *mask)
{
	float needed = (float)(BACKGROUND_AGREEMENT * (double)background->count);
	float weights[BACKGROUND_SAMPLES_MAX];
	size_t width = background->channels[0].width;

	assert(background->settled);
	assert(picture->width == width);
	assert(picture->height == background->channels[0].height);

	for (size_t y = 0; y < picture->height / 2; y++) {
		for (size_t x = 0; x < width / 2; x++) {
			background_weigh_chroma(background, picture, x, y, weights);
			for (size_t i = 0; i < 4; i++) {
				size_t row = 2 * y + i / 2;
				size_t column = 2 * x + i % 2;
				size_t pixel = row * width + column;
				uint8_t value =
					picture->plane[0][row * picture->stride[0] + column];

				mask[pixel] = background_agreement(background, pixel, value,
								   weights) < needed;
			}
		}
	}
}
