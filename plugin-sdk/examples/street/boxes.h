/* boxes.h - boxes around what was found, and how far two sets of them agree. */
#ifndef STREET_BOXES_H
#define STREET_BOXES_H

#include <fast/status.h>

#define BOXES_MAX 128

/* Pairs that overlap less than this are no match. */
#define BOXES_IOU_MIN 0.5

/* Columns from left to right - 1, rows from top to bottom - 1, in full-resolution pixels. */
struct box {
	uint16_t left;
	uint16_t top;
	uint16_t right;
	uint16_t bottom;
};

struct boxes {
	size_t count;
	struct box items[BOXES_MAX];
};

/* Intersection over union, from 0 to 1. */
double box_iou(const struct box *a, const struct box *b);

/* The sum of the matched pairs' IoU. Pairs are taken best first; each box is in one pair at most.
 */
double boxes_match(const struct boxes *a, const struct boxes *b);

/* How far the boxes found agree with the reference: matched IoU over the mean box count, summed
 * over frames. It says how close a cheap setting comes to the dear one, not how right either is. */
struct agreement {
	double matched;
	double boxes; /* (found + reference) / 2 */
};

struct agreement boxes_agreement(const struct boxes *found, const struct boxes *reference);

/* From 0 to 1; 1 where there is nothing to find and nothing was found. */
double agreement_acc(const struct agreement *agreement);

#define AGREEMENT_WINDOW_FRAMES 32

/* The agreement over the newest frames. Zeroed memory is an empty window. */
struct agreement_window {
	struct agreement frames[AGREEMENT_WINDOW_FRAMES]; /* a ring */
	size_t count;
	size_t next;
};

/* Adds a frame, which pushes the oldest out of a full window. */
void agreement_window_add(struct agreement_window *window, struct agreement agreement);

/* Acc over the frames in the window; 1 when it is empty. */
double agreement_window_acc(const struct agreement_window *window);

#endif
