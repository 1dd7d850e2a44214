/* draw.h - a frame with its boxes, as a picture file, for people to look at. */
#ifndef STREET_DRAW_H
#define STREET_DRAW_H

#include "boxes.h"
#include "picture.h"

#include <fast/status.h>

/* Writes the picture to path as PPM, the reference boxes green and those found red; where both lie
 * on the same pixels, yellow. UNAVAILABLE: the file can't be written, errno says why. */
FAST_MUST_CHECK enum fast_status draw_frame(const char *path, const struct picture *picture,
					    const struct boxes *reference,
					    const struct boxes *found);

#endif
