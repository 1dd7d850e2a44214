/* scale.h - shrinks pictures by area: each new pixel is the mean of the old ones that it covers. */
#ifndef STREET_SCALE_H
#define STREET_SCALE_H

#include "picture.h"

#include <fast/status.h>

/* Weights, scratch and result for one pair of sizes. One thread at a time. */
struct scaler;

/* The new size is even and no larger than the old, in both directions. Gives *out, which the caller
 * frees. */
FAST_MUST_CHECK enum fast_status scaler_new(size_t old_width, size_t old_height, size_t new_width,
					    size_t new_height, struct scaler **out);

/* NULL is allowed. */
void scaler_free(struct scaler *scaler);

/* Shrinks picture into *out, whose planes stay valid until the next call. A picture that has the
 * new size already is passed on as it is. */
void scaler_run(struct scaler *scaler, const struct picture *picture, struct picture *out);

#endif
