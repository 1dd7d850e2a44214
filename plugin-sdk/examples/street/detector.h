/* detector.h - finds what moves in one picture of a clip, at one resolution.
 *
 * A picture is shrunk, compared with the background model of that size, the mask is cleaned, and
 * boxes are drawn around what is left. The same picture, model and code give the same boxes:
 * nothing is carried from frame to frame, so that frames may be skipped or shared out among
 * threads. */
#ifndef STREET_DETECTOR_H
#define STREET_DETECTOR_H

#include "background.h"
#include "boxes.h"
#include "picture.h"

#include <fast/status.h>

/* In full-resolution pixels: what a smaller picture makes of them is rounded. */
#define DETECTOR_MAJORITY_RADIUS 4
#define DETECTOR_CLOSE_RADIUS_X  2
#define DETECTOR_CLOSE_RADIUS_Y  8
#define DETECTOR_BOX_WIDTH_MIN   10
#define DETECTOR_BOX_HEIGHT_MIN  24

#define DETECTOR_TEXT_BYTES 256

/* The size of a picture at res (0 < res <= 1), made even. */
size_t detector_side(size_t full, double res);

/* Everything that the boxes depend on but the clip, in words: the key to boxes that are kept. */
void detector_text(char *out, size_t out_bytes);

/* Scratch for one resolution. One thread at a time; several may share a background. */
struct detector;

/* full_width, full_height: the clip's. background is borrowed until the detector is freed, and has
 * the size that detector_side() says. Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status detector_new(size_t full_width, size_t full_height, double res,
					      const struct background *background,
					      struct detector **out);

/* NULL is allowed. */
void detector_free(struct detector *detector);

/* Finds the boxes in a full-resolution picture, in full-resolution pixels; the topmost BOXES_MAX.
 */
void detector_run(struct detector *detector, const struct picture *picture, struct boxes *out);

#endif
