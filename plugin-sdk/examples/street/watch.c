#include "watch.h"

#include "detector.h"

#include <assert.h>
#include <stdlib.h>

struct watch {
	const struct reference *reference;
	struct detector *detectors[RESOLUTIONS];
	struct knobs knobs;
	size_t to_pass; /* frames still to pass over */
	struct boxes boxes;
	struct agreement_window window;
	struct agreement overall;
};

enum fast_status watch_new(const struct models *models, const struct reference *reference,
			   struct watch **out)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	watch->reference = reference;
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		enum fast_status status =
			detector_new(models->width, models->height, resolutions[i],
				     models->backgrounds[i], &watch->detectors[i]);
		if (status != FAST_OK) {
			watch_free(watch);
			return status;
		}
	}
	*out = watch;
	return FAST_OK;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL) {
		return;
	}
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		detector_free(watch->detectors[i]);
	}
	free(watch);
}

bool watch_is_due(const struct watch *watch)
{
	return watch->to_pass == 0;
}

static void watch_compare(struct watch *watch, size_t index)
{
	struct agreement agreement;

	assert(index < watch->reference->count);
	agreement = boxes_agreement(&watch->boxes, &watch->reference->frames[index]);
	agreement_window_add(&watch->window, agreement);
	watch->overall.matched += agreement.matched;
	watch->overall.boxes += agreement.boxes;
}

void watch_search(struct watch *watch, const struct picture *picture, size_t index,
		  struct knobs knobs)
{
	assert(watch_is_due(watch));
	assert(knobs.resolution < RESOLUTIONS);
	assert(knobs.skip <= WATCH_SKIP_MAX);

	if (knobs.resolution != watch->knobs.resolution || knobs.skip != watch->knobs.skip) {
		watch->window = (struct agreement_window){0};
	}
	watch->knobs = knobs;
	watch->to_pass = knobs.skip;
	detector_run(watch->detectors[knobs.resolution], picture, &watch->boxes);
	watch_compare(watch, index);
}

void watch_pass(struct watch *watch, size_t index)
{
	assert(!watch_is_due(watch));

	watch->to_pass--;
	watch_compare(watch, index);
}

const struct boxes *watch_boxes(const struct watch *watch)
{
	return &watch->boxes;
}

double watch_acc(const struct watch *watch)
{
	return agreement_window_acc(&watch->window);
}

double watch_acc_overall(const struct watch *watch)
{
	return agreement_acc(&watch->overall);
}
