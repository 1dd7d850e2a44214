/* mask.h - cleans a mask of 0 and 1: lone pixels go, gaps close. */
#ifndef STREET_MASK_H
#define STREET_MASK_H

#include <fast/status.h>

/* Reaches up to this many pixels from the middle of a window. */
#define MASK_RADIUS_MAX 100

/* Scratch for masks of one size, which are packed. One thread at a time. */
struct masker;

/* Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status masker_new(size_t width, size_t height, struct masker **out);

/* NULL is allowed. */
void masker_free(struct masker *masker);

/* A pixel becomes 1 where more than half of its window, of 2 * radius + 1 pixels a side, is 1. What
 * lies outside of the mask counts as 0. */
void masker_majority(struct masker *masker, size_t radius, uint8_t *mask);

/* Closing: fills gaps of up to 2 * radius_x columns and 2 * radius_y rows, and keeps outlines. What
 * lies within a radius of the mask's border grows to it: there may be more of it beyond. */
void masker_close(struct masker *masker, size_t radius_x, size_t radius_y, uint8_t *mask);

#endif
