#include <tests/support/harness.h>

#include "scene.h"
#include "synthetic.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct world {
	char folder[SYNTHETIC_PATH_BYTES];
	char path[SYNTHETIC_PATH_BYTES];
	char cache[SYNTHETIC_PATH_BYTES];
	struct scene_options options;
};

static struct world world;
static char told[4096]; /* all sentences since the test began */

static void tell(const char *sentence)
{
	strncat(told, sentence, sizeof told - strlen(told) - 1);
	strncat(told, "\n", sizeof told - strlen(told) - 1);
}

static int setup(void **state)
{
	(void)state;
	told[0] = '\0';
	synthetic_folder(world.folder);
	synthetic_folder(world.cache);
	synthetic_path(world.folder, "clip.y4m", world.path);
	synthetic_clip(world.path, SYNTHETIC_FRAMES, "420");
	world.options = (struct scene_options){
		.clip = world.path,
		.cache = world.cache,
		.frames_max = CLIP_FRAMES_MAX,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synthetic_remove(world.folder);
	synthetic_remove(world.cache);
	return 0;
}

/* Makes a scene and says whether it had to find the boxes itself. */
static bool scene_searches(bool cached)
{
	struct scene scene;
	bool searched;

	told[0] = '\0';
	assert_ok(scene_init(&world.options, tell, &scene));
	assert_int_equal(scene.reference->count, scene.models->frames);
	assert_int_equal(scene.reference->frames[0].count, 1);
	assert_int_equal(scene.cached, cached);
	searched = strstr(told, "finding the reference boxes") != NULL;
	scene_fini(&scene);
	return searched;
}

static void boxes_are_found_once_and_then_kept(void **state)
{
	(void)state;
	assert_true(scene_searches(true));
	assert_int_equal(synthetic_files(world.cache, ".boxes"), 1);
	assert_false(scene_searches(true));
	assert_string_equal(told, "");
}

static void other_frames_have_other_boxes(void **state)
{
	(void)state;
	assert_true(scene_searches(true));
	world.options.frames_max = SYNTHETIC_FRAMES - 1;
	assert_true(scene_searches(true));
	assert_int_equal(synthetic_files(world.cache, ".boxes"), 2);
}

static void a_changed_clip_has_other_boxes(void **state)
{
	(void)state;
	assert_true(scene_searches(true));
	synthetic_clip(world.path, SYNTHETIC_FRAMES - 1, "420");
	assert_true(scene_searches(true));
}

/* Finds the only file of the cache by the sentence that told of it. */
static void cache_damage(void)
{
	char *path = strstr(told, world.cache);
	FILE *file;

	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, 100, SEEK_SET), 0);
	assert_int_not_equal(fputs("damage", file), EOF);
	assert_int_equal(fclose(file), 0);
}

static void a_damaged_cache_is_made_anew(void **state)
{
	(void)state;
	assert_true(scene_searches(true));
	cache_damage();
	assert_true(scene_searches(true));
	assert_non_null(strstr(told, "damaged"));
	assert_false(scene_searches(true));
}

static void a_cache_that_cannot_be_written_costs_only_time(void **state)
{
	char file[SYNTHETIC_PATH_BYTES];

	(void)state;
	synthetic_path(world.folder, "file", file);
	synthetic_text(file, "in the way");
	world.options.cache = file;
	assert_true(scene_searches(false));
	assert_non_null(strstr(told, "not kept"));
}

static void folders_of_the_cache_are_made(void **state)
{
	char parent[SYNTHETIC_PATH_BYTES];
	char folder[SYNTHETIC_PATH_BYTES];

	(void)state;
	synthetic_path(world.cache, "a", parent);
	synthetic_path(parent, "b", folder);
	world.options.cache = folder;
	assert_true(scene_searches(true));
	assert_false(scene_searches(true));
	synthetic_remove(folder);
	assert_int_equal(remove(parent), 0);
}

static void without_a_cache_nothing_is_kept(void **state)
{
	(void)state;
	world.options.cache = NULL;
	assert_true(scene_searches(false));
	assert_true(scene_searches(false));
}

static void a_clip_without_frames_will_not_do(void **state)
{
	struct scene scene;

	(void)state;
	synthetic_clip(world.path, 0, "420");
	assert_status(FAST_DATA_LOSS, scene_init(&world.options, tell, &scene));
	assert_non_null(strstr(told, "not one frame"));
}

static void a_missing_clip_is_told_of(void **state)
{
	struct scene scene;

	(void)state;
	world.options.clip = "/nowhere.avi";
	assert_status(FAST_NOT_FOUND, scene_init(&world.options, tell, &scene));
	assert_non_null(strstr(told, "/nowhere.avi"));
}

static void it_stops_when_told_to(void **state)
{
	struct scene scene;
	atomic_bool stop = true;

	(void)state;
	world.options.stop = &stop;
	assert_status(FAST_CANCELLED, scene_init(&world.options, tell, &scene));
	assert_int_equal(synthetic_files(world.cache, ".boxes"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(boxes_are_found_once_and_then_kept),
		TEST(other_frames_have_other_boxes),
		TEST(a_changed_clip_has_other_boxes),
		TEST(a_damaged_cache_is_made_anew),
		TEST(a_cache_that_cannot_be_written_costs_only_time),
		TEST(folders_of_the_cache_are_made),
		TEST(without_a_cache_nothing_is_kept),
		TEST(a_clip_without_frames_will_not_do),
		TEST(a_missing_clip_is_told_of),
		TEST(it_stops_when_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
