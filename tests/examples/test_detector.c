#include <tests/support/harness.h>

#include "detector.h"
#include "models.h"
#include "synthetic.h"
#include <tests/support/fault_alloc.h>

#include <stdlib.h>
#include <string.h>

struct world {
	char folder[SYNTHETIC_PATH_BYTES];
	char path[SYNTHETIC_PATH_BYTES];
	struct clip *clip;
	struct models *models;
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
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	models_free(world.models);
	clip_close(world.clip);
	synthetic_remove(world.folder);
	return 0;
}

static struct detector *detector_at(size_t resolution)
{
	struct detector *detector = NULL;

	assert_ok(detector_new(world.models->width, world.models->height, resolutions[resolution],
			       world.models->backgrounds[resolution], &detector));
	return detector;
}

static void models_know_the_size_and_length_of_their_clip(void **state)
{
	(void)state;
	assert_int_equal(world.models->width, SYNTHETIC_WIDTH);
	assert_int_equal(world.models->height, SYNTHETIC_HEIGHT);
	assert_int_equal(world.models->frames, SYNTHETIC_FRAMES);
	assert_int_equal(world.models->announced, SYNTHETIC_FRAMES);
}

static void models_may_use_the_first_frames_only(void **state)
{
	struct models *models = NULL;

	(void)state;
	assert_ok(clip_rewind(world.clip));
	assert_ok(models_new(world.clip, 7, NULL, &models));
	assert_int_equal(models->frames, 7);
	models_free(models);
}

static void models_stop_when_told_to(void **state)
{
	struct models *models = NULL;
	atomic_bool stop = true;

	(void)state;
	assert_ok(clip_rewind(world.clip));
	assert_status(FAST_CANCELLED, models_new(world.clip, CLIP_FRAMES_MAX, &stop, &models));
	assert_null(models);
}

static void full_resolution_finds_the_walker_exactly(void **state)
{
	struct detector *detector = detector_at(0);

	(void)state;
	assert_ok(clip_rewind(world.clip));
	for (size_t i = 0; i < SYNTHETIC_FRAMES; i++) {
		size_t left = SYNTHETIC_WALKER_LEFT + i * SYNTHETIC_STEP;
		struct picture picture;
		struct boxes boxes;

		assert_ok(clip_next(world.clip, &picture));
		detector_run(detector, &picture, &boxes);
		assert_int_equal(boxes.count, 1);
		assert_int_equal(boxes.items[0].left, left);
		assert_int_equal(boxes.items[0].right, left + SYNTHETIC_WALKER_WIDTH);
		assert_int_equal(boxes.items[0].top, SYNTHETIC_WALKER_TOP);
		assert_int_equal(boxes.items[0].bottom,
				 SYNTHETIC_WALKER_TOP + SYNTHETIC_WALKER_HEIGHT);
	}
	detector_free(detector);
}

static void every_resolution_finds_the_walker_in_full_pixels(void **state)
{
	(void)state;
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		struct detector *detector = detector_at(i);
		struct box walker = {SYNTHETIC_WALKER_LEFT, SYNTHETIC_WALKER_TOP,
				     SYNTHETIC_WALKER_LEFT + SYNTHETIC_WALKER_WIDTH,
				     SYNTHETIC_WALKER_TOP + SYNTHETIC_WALKER_HEIGHT};
		struct picture picture;
		struct boxes boxes;

		assert_ok(clip_rewind(world.clip));
		assert_ok(clip_next(world.clip, &picture));
		detector_run(detector, &picture, &boxes);
		assert_int_equal(boxes.count, 1);
		assert_true(box_iou(&boxes.items[0], &walker) > 0.7);
		detector_free(detector);
	}
}

static void sides_are_even_and_never_nothing(void **state)
{
	(void)state;
	assert_int_equal(detector_side(768, 1), 768);
	assert_int_equal(detector_side(768, 0.35), 268);
	assert_int_equal(detector_side(576, 0.35), 202);
	assert_int_equal(detector_side(16, 0.01), 2);
}

static void the_text_names_the_numbers_that_boxes_depend_on(void **state)
{
	char text[DETECTOR_TEXT_BYTES];

	(void)state;
	detector_text(text, sizeof text);
	assert_non_null(strstr(text, "samples 48"));
	assert_non_null(strstr(text, "box 10 24"));
	assert_true(strlen(text) + 1 < sizeof text);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct detector *detector = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = detector_new(SYNTHETIC_WIDTH, SYNTHETIC_HEIGHT, 0.5,
				      world.models->backgrounds[2], &detector);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(detector);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	detector_free(detector);
}

static void models_survive_each_allocation_failure(void **state)
{
	struct models *models = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		assert_ok(clip_rewind(world.clip));
		fault_alloc_after(n++);
		status = models_new(world.clip, 2, NULL, &models);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(models);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	models_free(models);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(models_know_the_size_and_length_of_their_clip),
		cmocka_unit_test(models_may_use_the_first_frames_only),
		cmocka_unit_test(models_stop_when_told_to),
		cmocka_unit_test(full_resolution_finds_the_walker_exactly),
		cmocka_unit_test(every_resolution_finds_the_walker_in_full_pixels),
		cmocka_unit_test(sides_are_even_and_never_nothing),
		cmocka_unit_test(the_text_names_the_numbers_that_boxes_depend_on),
		cmocka_unit_test(new_survives_each_allocation_failure),
		cmocka_unit_test(models_survive_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
