/* watch.h - follows the stream: which frames are searched, at which resolution, and what acc that
 * gives. */
#ifndef STREET_WATCH_H
#define STREET_WATCH_H

#include "boxes.h"
#include "models.h"
#include "picture.h"
#include "reference.h"

#include <fast/status.h>

#define WATCH_SKIP_MAX 3

struct knobs {
	size_t resolution; /* index in resolutions */
	size_t skip;       /* frames to pass over after each one that is searched */
};

/* Detectors for all resolutions, ready. One thread at a time. */
struct watch;

/* models and reference are borrowed until watch_free(). Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status watch_new(const struct models *models,
					   const struct reference *reference, struct watch **out);

/* NULL is allowed. */
void watch_free(struct watch *watch);

/* Whether the next frame is to be searched. */
bool watch_is_due(const struct watch *watch);

/* Searches the clip's frame index. Other knobs than the last time empty the window of acc, so that
 * it never mixes two settings. */
void watch_search(struct watch *watch, const struct picture *picture, size_t index,
		  struct knobs knobs);

/* Passes over the clip's frame index: the last boxes stand for it. Only when not due. */
void watch_pass(struct watch *watch, size_t index);

/* The boxes of the last frame searched. */
const struct boxes *watch_boxes(const struct watch *watch);

/* Acc over the last AGREEMENT_WINDOW_FRAMES frames, and over all. */
double watch_acc(const struct watch *watch);
double watch_acc_overall(const struct watch *watch);

#endif
