/* models.h - the background models of a clip, one for each resolution that the knob offers. */
#ifndef STREET_MODELS_H
#define STREET_MODELS_H

#include "background.h"
#include "clip.h"

#include <fast/status.h>
#include <stdatomic.h>

/* The knob's choices, from dear to cheap. */
#define RESOLUTIONS 5
extern const double resolutions[RESOLUTIONS];

/* RESOLUTIONS when res is none of them. */
size_t resolution_index(double res);

/* Filled in one go, then read by any thread. */
struct models {
	size_t width; /* the clip's */
	size_t height;
	size_t announced; /* frames of the clip by its packets, frames_max at most */
	size_t frames;    /* and by decoding */
	struct background *backgrounds[RESOLUTIONS];
};

/* Decodes the clip's first frames_max frames once and fills all models with samples spread evenly
 * over them; rewinds the clip. Gives *out, which the caller frees. OUT_OF_RANGE: not one frame.
 * CANCELLED: *stop became true (stop may be NULL). Otherwise as clip_next(). */
FAST_MUST_CHECK enum fast_status models_new(struct clip *clip, size_t frames_max,
					    const atomic_bool *stop, struct models **out);

/* NULL is allowed. */
void models_free(struct models *models);

#endif
