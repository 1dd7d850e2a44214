/* The detector on the real video, which fetch-clip.sh gets: $FASTD_CLIP, or .cache/vtest.avi. */
#include <tests/support/harness.h>

#include "scene.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Enough for the order of the figures below to be no accident, and for a few seconds of work. */
#define FRAMES 120

struct world {
	struct scene scene;
	bool there;
};

static struct world world;

static void tell(const char *sentence)
{
	print_message("%s\n", sentence);
}

static int setup(void **state)
{
	const char *source = getenv("FASTD_SOURCE");
	const char *clip = getenv("FASTD_CLIP");
	char path[4096];
	struct scene_options options = {.frames_max = FRAMES};

	(void)state;
	if (clip == NULL) {
		snprintf(path, sizeof path, "%s/.cache/vtest.avi", source == NULL ? "." : source);
		clip = path;
	}
	if (access(clip, R_OK) != 0) {
		print_message("no street video: fetch-clip.sh .cache gets it, or set FASTD_CLIP\n");
		return 0;
	}
	options.clip = clip;
	assert_ok(scene_init(&options, tell, &world.scene));
	world.there = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_fini(&world.scene);
	return 0;
}

/* Acc over all frames at these knobs. */
static double acc_at(size_t resolution, size_t skip)
{
	struct knobs knobs = {.resolution = resolution, .skip = skip};
	struct watch *watch = NULL;
	double acc;

	assert_ok(clip_rewind(world.scene.clip));
	assert_ok(watch_new(world.scene.models, world.scene.reference, &watch));
	for (size_t i = 0; i < world.scene.models->frames; i++) {
		struct picture picture;

		assert_ok(clip_next(world.scene.clip, &picture));
		if (watch_is_due(watch)) {
			watch_search(watch, &picture, i, knobs);
		} else {
			watch_pass(watch, i);
		}
	}
	acc = watch_acc_overall(watch);
	watch_free(watch);
	print_message("res %g, skip %zu: acc %.4f\n", resolutions[resolution], skip, acc);
	return acc;
}

static void acc_is_one_at_full_resolution_and_falls_with_each_step(void **state)
{
	double before = 1;

	(void)state;
	if (!world.there) {
		skip();
	}
	for (size_t i = 0; i < RESOLUTIONS; i++) {
		double acc = acc_at(i, 0);

		if (i == 0) {
			assert_true(acc == 1);
		} else {
			assert_true(acc < before);
		}
		before = acc;
	}
	assert_true(before > 0.5); /* a quarter of the resolution still sees the people */
}

static void acc_falls_with_each_frame_skipped(void **state)
{
	double before = 2;

	(void)state;
	if (!world.there) {
		skip();
	}
	for (size_t skip_frames = 0; skip_frames <= WATCH_SKIP_MAX; skip_frames++) {
		double acc = acc_at(RESOLUTIONS - 1, skip_frames);

		assert_true(acc < before);
		before = acc;
	}
}

static void people_are_found(void **state)
{
	size_t boxes = 0;

	(void)state;
	if (!world.there) {
		skip();
	}
	for (size_t i = 0; i < world.scene.reference->count; i++) {
		boxes += world.scene.reference->frames[i].count;
	}
	/* Three to nine walk there at a time, some of them behind one another. */
	assert_in_range(boxes, 2 * FRAMES, 9 * FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acc_is_one_at_full_resolution_and_falls_with_each_step),
		cmocka_unit_test(acc_falls_with_each_frame_skipped),
		cmocka_unit_test(people_are_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
