#include <tests/support/harness.h>

#include "survey.h"
#include "synthetic.h"
#include "watch.h"
#include <tests/support/fault_alloc.h>

#include <math.h>
#include <stdlib.h>

#define QUARTER (RESOLUTIONS - 1)

struct world {
	char folder[SYNTHETIC_PATH_BYTES];
	char path[SYNTHETIC_PATH_BYTES];
	struct clip *clip;
	struct models *models;
	struct reference *reference;
};

static struct world world;

static int setup(void **state)
{
	char error[CLIP_ERROR_BYTES];

	(void)state;
	synthetic_folder(world.folder);
	synthetic_path(world.folder, "clip.y4m", world.path);
	synthetic_clip(world.path, SYNTHETIC_FRAMES, "420");
	assert_ok(clip_open(world.path, &world.clip, error));
	assert_ok(models_new(world.clip, CLIP_FRAMES_MAX, NULL, &world.models));
	assert_ok(survey_run(world.path, world.models, 1, NULL, NULL, NULL, &world.reference));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(world.reference);
	models_free(world.models);
	clip_close(world.clip);
	synthetic_remove(world.folder);
	return 0;
}

static struct watch *watch_make(void)
{
	struct watch *watch = NULL;

	assert_ok(clip_rewind(world.clip));
	assert_ok(watch_new(world.models, world.reference, &watch));
	return watch;
}

/* Gives the watch the frames from first on; returns how many it searched. */
static size_t watch_frames(struct watch *watch, size_t first, size_t count, struct knobs knobs)
{
	size_t searched = 0;

	for (size_t i = first; i < first + count; i++) {
		struct picture picture;

		assert_ok(clip_next(world.clip, &picture));
		if (watch_is_due(watch)) {
			watch_search(watch, &picture, i, knobs);
			searched++;
		} else {
			watch_pass(watch, i);
		}
	}
	return searched;
}

static void full_resolution_agrees_with_itself(void **state)
{
	struct watch *watch = watch_make();

	(void)state;
	assert_int_equal(watch_frames(watch, 0, SYNTHETIC_FRAMES, (struct knobs){0}),
			 SYNTHETIC_FRAMES);
	assert_true(watch_acc(watch) == 1);
	assert_true(watch_acc_overall(watch) == 1);
	assert_int_equal(watch_boxes(watch)->count, 1);
	watch_free(watch);
}

static void skip_searches_one_frame_and_passes_over_the_next(void **state)
{
	(void)state;
	for (size_t skip = 0; skip <= WATCH_SKIP_MAX; skip++) {
		struct watch *watch = watch_make();
		struct knobs knobs = {.skip = skip};

		assert_int_equal(watch_frames(watch, 0, SYNTHETIC_FRAMES, knobs),
				 SYNTHETIC_FRAMES / (skip + 1));
		watch_free(watch);
	}
}

static void skipped_frames_count_with_the_last_boxes(void **state)
{
	struct watch *watch = watch_make();
	/* Two boxes of the same size, one step apart. */
	double iou = (double)(SYNTHETIC_WALKER_WIDTH - SYNTHETIC_STEP) /
		     (SYNTHETIC_WALKER_WIDTH + SYNTHETIC_STEP);

	(void)state;
	assert_true(iou < BOXES_IOU_MIN); /* so that a frame passed over matches nothing */
	watch_frames(watch, 0, 10, (struct knobs){.skip = 1});
	assert_true(fabs(watch_acc(watch) - (0.5)) < 1e-12);
	watch_free(watch);
}

static void a_turned_knob_empties_the_window(void **state)
{
	struct watch *watch = watch_make();

	(void)state;
	watch_frames(watch, 0, 4, (struct knobs){.resolution = QUARTER});
	assert_true(watch_acc(watch) < 1);
	watch_frames(watch, 4, 1, (struct knobs){0});
	assert_true(watch_acc(watch) == 1);
	assert_true(watch_acc_overall(watch) < 1);
	watch_free(watch);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct watch *watch = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = watch_new(world.models, world.reference, &watch);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(watch);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_resolution_agrees_with_itself),
		cmocka_unit_test(skip_searches_one_frame_and_passes_over_the_next),
		cmocka_unit_test(skipped_frames_count_with_the_last_boxes),
		cmocka_unit_test(a_turned_knob_empties_the_window),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
