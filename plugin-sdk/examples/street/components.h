/* components.h - connected components of a mask of 0 and 1, as boxes. */
#ifndef STREET_COMPONENTS_H
#define STREET_COMPONENTS_H

#include <fast/status.h>

/* One component: the box that holds it, and its pixels. */
struct component {
	uint32_t left;
	uint32_t top;
	uint32_t right; /* one past the last column */
	uint32_t bottom;
	uint32_t pixels;
};

/* Scratch for masks of one size, which are packed. One thread at a time. */
struct labeller;

/* Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status labeller_new(size_t width, size_t height, struct labeller **out);

/* NULL is allowed. */
void labeller_free(struct labeller *labeller);

/* Finds the components of the ones; pixels that touch at a corner are connected. Returns how many;
 * *out, valid until the next call, holds them in the order of their topmost, then leftmost run. */
size_t labeller_run(struct labeller *labeller, const uint8_t *mask, const struct component **out);

#endif
