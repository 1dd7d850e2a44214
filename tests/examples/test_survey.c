#include <tests/support/harness.h>

#include "survey.h"
#include "synthetic.h"

#include <stdlib.h>

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

static void progress_note(size_t done, size_t frames, void *arg)
{
	size_t *last = arg;

	assert_in_range(done, 1, frames);
	assert_int_equal(frames, SYNTHETIC_FRAMES);
	*last = done > *last ? done : *last;
}

static void any_number_of_threads_finds_the_same_boxes(void **state)
{
	struct reference *one = NULL;

	(void)state;
	assert_ok(survey_run(world.path, world.models, 1, NULL, NULL, NULL, &one));
	assert_int_equal(one->count, SYNTHETIC_FRAMES);
	for (size_t threads = 2; threads <= 5; threads++) {
		struct reference *many = NULL;
		size_t done = 0;

		assert_ok(survey_run(world.path, world.models, threads, NULL, progress_note, &done,
				     &many));
		assert_true(done > 0);
		for (size_t i = 0; i < SYNTHETIC_FRAMES; i++) {
			assert_int_equal(many->frames[i].count, 1);
			assert_memory_equal(&many->frames[i].items[0], &one->frames[i].items[0],
					    sizeof(struct box));
		}
		free(many);
	}
	free(one);
}

static void it_stops_when_told_to(void **state)
{
	struct reference *reference = NULL;
	atomic_bool stop = true;

	(void)state;
	assert_status(FAST_CANCELLED,
		      survey_run(world.path, world.models, 2, &stop, NULL, NULL, &reference));
	assert_null(reference);
}

static void a_clip_that_has_become_shorter_is_a_loss(void **state)
{
	struct reference *reference = NULL;
	char path[SYNTHETIC_PATH_BYTES];

	(void)state;
	synthetic_path(world.folder, "short.y4m", path);
	synthetic_clip(path, SYNTHETIC_FRAMES / 2, "420");
	assert_status(FAST_DATA_LOSS,
		      survey_run(path, world.models, 3, NULL, NULL, NULL, &reference));
	assert_null(reference);
}

static void a_clip_that_is_gone_is_not_found(void **state)
{
	struct reference *reference = NULL;

	(void)state;
	assert_status(FAST_NOT_FOUND,
		      survey_run("/nowhere.avi", world.models, 3, NULL, NULL, NULL, &reference));
}

static void there_is_at_least_one_thread(void **state)
{
	(void)state;
	assert_in_range(survey_threads(), 1, SURVEY_THREADS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_threads_finds_the_same_boxes),
		cmocka_unit_test(it_stops_when_told_to),
		cmocka_unit_test(a_clip_that_has_become_shorter_is_a_loss),
		cmocka_unit_test(a_clip_that_is_gone_is_not_found),
		cmocka_unit_test(there_is_at_least_one_thread),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
