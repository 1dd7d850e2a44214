#include "models.h"

#include "detector.h"
#include "scale.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const double resolutions[RESOLUTIONS] = {1.0, 0.75, 0.5, 0.35, 0.25};

size_t resolution_index(double res)
{
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		if (fabs(res - resolutions[i]) < 1e-6) {
			return i;
		}
	}
	return RESOLUTIONS;
}

static void scalers_free(struct scaler *scalers[RESOLUTIONS])
{
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		scaler_free(scalers[i]);
	}
}

static enum fast_status models_init(struct models *models, struct scaler *scalers[RESOLUTIONS])
{
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < RESOLUTIONS && status == FAST_OK; i++) {
		size_t width = detector_side(models->width, resolutions[i]);
		size_t height = detector_side(models->height, resolutions[i]);

		status = scaler_new(models->width, models->height, width, height, &scalers[i]);
		if (status == FAST_OK) {
			status = background_new(width, height, &models->backgrounds[i]);
		}
	}
	return status;
}

static void models_sample(struct models *models, struct scaler *scalers[RESOLUTIONS],
			  const struct picture *picture)
{
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		struct picture small;

		scaler_run(scalers[i], picture, &small);
		background_add(models->backgrounds[i], &small);
	}
}

/* The frame that sample i of count comes from, when frames are expected: the middle of its share.
 */
static size_t sample_frame(size_t i, size_t count, size_t frames)
{
	return (2 * i + 1) * frames / (2 * count);
}

static enum fast_status models_fill(struct models *models, struct scaler *scalers[RESOLUTIONS],
				    struct clip *clip, const atomic_bool *stop)
{
	size_t expected = models->announced;
	size_t count = expected < BACKGROUND_SAMPLES_MAX ? expected : BACKGROUND_SAMPLES_MAX;
	size_t sample = 0;
	enum fast_status status;
	struct picture picture;

	while (models->frames < expected) {
		if (stop != NULL && atomic_load(stop)) {
			return FAST_CANCELLED;
		}
		status = clip_next(clip, &picture);
		if (status == FAST_OUT_OF_RANGE) {
			break;
		}
		if (status != FAST_OK) {
			return status;
		}
		if (sample < count && models->frames == sample_frame(sample, count, expected)) {
			models_sample(models, scalers, &picture);
			sample++;
		}
		models->frames++;
	}
	if (sample == 0) {
		return FAST_OUT_OF_RANGE;
	}
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		background_settle(models->backgrounds[i]);
	}
	return clip_rewind(clip);
}

enum fast_status models_new(struct clip *clip, size_t frames_max, const atomic_bool *stop,
			    struct models **out)
{
	struct models *models = calloc(1, sizeof *models);
	struct scaler *scalers[RESOLUTIONS] = {NULL};
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	assert(frames_max > 0 && frames_max <= CLIP_FRAMES_MAX);
	if (models == NULL) {
		return status;
	}
	models->width = clip_width(clip);
	models->height = clip_height(clip);
	status = models_init(models, scalers);
	if (status == FAST_OK) {
		status = clip_count(clip, frames_max, &models->announced);
	}
	if (status == FAST_OK) {
		status = models_fill(models, scalers, clip, stop);
	}
	if (status == FAST_OK) {
		*out = models;
		models = NULL; /* the caller has it */
	}
	scalers_free(scalers);
	models_free(models);
	return status;
}

void models_free(struct models *models)
{
	if (models == NULL) {
		return;
	}
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		background_free(models->backgrounds[i]);
	}
	free(models);
}
