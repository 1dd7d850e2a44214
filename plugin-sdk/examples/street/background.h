/* background.h - what each pixel of an empty street looks like, as a density of samples.
 *
 * The model is that of A. Elgammal, D. Harwood and L. Davis, "Non-parametric Model for Background
 * Subtraction", ECCV 2000: a pixel keeps samples of its past colour; a new colour's likelihood is
 * the mean of one Gaussian kernel per sample, a product over the channels Y, U and V, whose
 * bandwidth is taken from the median difference between samples that follow each other. Three
 * things differ: the samples are spread over the whole clip, so that the model is a function of the
 * clip alone; the kernels peak at 1, so that their sum counts the samples that agree; and luma
 * kernels are wider on their darker side, since a shadow is no object. */
#ifndef STREET_BACKGROUND_H
#define STREET_BACKGROUND_H

#include "picture.h"

#include <fast/status.h>

#define BACKGROUND_SAMPLES_MAX 48

/* A colour is background when its kernels sum to this share of the samples: more than
 * someone who stands for a while leaves in them. */
#define BACKGROUND_AGREEMENT 0.10

/* Bandwidths are at least this wide, in grey levels: compression noise. */
#define BACKGROUND_LUMA_SIGMA_MIN   5.0
#define BACKGROUND_CHROMA_SIGMA_MIN 2.5

/* A shadow darkens: luma kernels are this many times as wide on their darker side. */
#define BACKGROUND_SHADOW 2.5

/* A model of one picture size. Filled by one thread; once settled, any number may read it. */
struct background;

/* Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status background_new(size_t width, size_t height,
						struct background **out);

/* NULL is allowed. */
void background_free(struct background *background);

/* Takes one more sample of every pixel, in the clip's order; at most BACKGROUND_SAMPLES_MAX. */
void background_add(struct background *background, const struct picture *picture);

/* Ends the filling: chooses the bandwidths. At least one sample was added. */
void background_settle(struct background *background);

/* Writes 1 where the picture is not background and 0 elsewhere; width * height bytes, packed. */
void background_mask(const struct background *background, const struct picture *picture,
		     uint8_t *mask);

#endif
