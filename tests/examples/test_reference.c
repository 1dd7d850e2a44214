#include <tests/support/harness.h>

#include "reference.h"
#include "synthetic.h"
#include <tests/support/fault_alloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES 3

static const struct reference_key key = {.clip = 1,
					 .detector = 2,
					 .width = 640,
					 .height = 480,
					 .announced = FRAMES,
					 .frames = FRAMES};

struct world {
	char folder[SYNTHETIC_PATH_BYTES];
	char path[REFERENCE_PATH_BYTES];
	struct reference *reference;
};

static struct world world;

/* A table of 2, 0 and 1 boxes, saved. */
static int setup(void **state)
{
	struct reference *reference = NULL;

	(void)state;
	synthetic_folder(world.folder);
	assert_ok(reference_path(world.folder, &key, world.path));
	assert_ok(reference_new(FRAMES, &reference));
	reference->frames[0] = (struct boxes){2, {{1, 2, 30, 40}, {600, 400, 640, 480}}};
	reference->frames[2] = (struct boxes){1, {{5, 6, 70, 80}}};
	assert_ok(reference_save(world.path, &key, reference));
	world.reference = reference;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(world.reference);
	synthetic_remove(world.folder);
	return 0;
}

static size_t file_read(uint8_t *bytes, size_t size)
{
	FILE *file = fopen(world.path, "rb");
	size_t got;

	assert_non_null(file);
	got = fread(bytes, 1, size, file);
	assert_int_equal(fclose(file), 0);
	return got;
}

static void file_write(const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(world.path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void what_was_saved_is_loaded(void **state)
{
	struct reference *loaded = NULL;

	(void)state;
	assert_ok(reference_load(world.path, &key, &loaded));
	assert_int_equal(loaded->count, FRAMES);
	assert_memory_equal(loaded->frames, world.reference->frames,
			    FRAMES * sizeof loaded->frames[0]);
	free(loaded);
}

static void saving_leaves_no_draft_behind(void **state)
{
	(void)state;
	assert_int_equal(synthetic_files(world.folder, ".boxes"), 1);
	assert_ok(reference_save(world.path, &key, world.reference));
	assert_int_equal(synthetic_files(world.folder, ""), 1 + 2); /* and . and .. */
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
	uint8_t bytes[4096];
	size_t size = file_read(bytes, sizeof bytes);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		struct reference *loaded = NULL;

		file_write(bytes, cut);
		assert_status(FAST_DATA_LOSS, reference_load(world.path, &key, &loaded));
		assert_null(loaded);
	}
}

static void any_flipped_bit_is_found(void **state)
{
	uint8_t bytes[4096];
	size_t size = file_read(bytes, sizeof bytes);

	(void)state;
	for (size_t bit = 0; bit < 8 * size; bit++) {
		struct reference *loaded = NULL;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		file_write(bytes, size);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_status(FAST_DATA_LOSS, reference_load(world.path, &key, &loaded));
		assert_null(loaded);
	}
}

static void a_byte_too_many_is_found(void **state)
{
	uint8_t bytes[4096] = {0};
	size_t size = file_read(bytes, sizeof bytes);
	struct reference *loaded = NULL;

	(void)state;
	file_write(bytes, size + 1);
	assert_status(FAST_DATA_LOSS, reference_load(world.path, &key, &loaded));
}

static void another_key_has_another_file_and_refuses_this_one(void **state)
{
	struct reference_key others[] = {key, key, key};
	struct reference *loaded = NULL;
	char path[REFERENCE_PATH_BYTES];

	(void)state;
	others[0].clip++;
	others[1].detector++;
	others[2].frames++;
	for (size_t i = 0; i < FAST_TEST_COUNT(others); i++) {
		assert_ok(reference_path(world.folder, &others[i], path));
		assert_string_not_equal(path, world.path);
		assert_status(FAST_NOT_FOUND, reference_load(path, &others[i], &loaded));
		assert_status(FAST_DATA_LOSS, reference_load(world.path, &others[i], &loaded));
	}
}

static void boxes_outside_of_the_picture_are_refused(void **state)
{
	static const struct box wrong[] = {
		{0, 0, 641, 10}, {0, 0, 10, 481}, {10, 0, 10, 10}, {0, 10, 10, 10}};
	struct reference *loaded = NULL;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		world.reference->frames[0].items[0] = wrong[i];
		assert_ok(reference_save(world.path, &key, world.reference));
		assert_status(FAST_DATA_LOSS, reference_load(world.path, &key, &loaded));
	}
}

static void a_folder_that_is_not_there_cannot_be_written(void **state)
{
	char path[REFERENCE_PATH_BYTES];

	(void)state;
	assert_ok(reference_path("/nowhere/at/all", &key, path));
	assert_status(FAST_UNAVAILABLE, reference_save(path, &key, world.reference));
}

static void a_folder_name_without_end_is_refused(void **state)
{
	char folder[REFERENCE_PATH_BYTES];
	char path[REFERENCE_PATH_BYTES];

	(void)state;
	memset(folder, 'x', sizeof folder - 1);
	folder[sizeof folder - 1] = '\0';
	assert_status(FAST_OUT_OF_RANGE, reference_path(folder, &key, path));
}

static void load_survives_each_allocation_failure(void **state)
{
	struct reference *loaded = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = reference_load(world.path, &key, &loaded);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(loaded);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	free(loaded);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_loaded),
		TEST(saving_leaves_no_draft_behind),
		TEST(a_file_cut_off_anywhere_is_refused),
		TEST(any_flipped_bit_is_found),
		TEST(a_byte_too_many_is_found),
		TEST(another_key_has_another_file_and_refuses_this_one),
		TEST(boxes_outside_of_the_picture_are_refused),
		TEST(a_folder_that_is_not_there_cannot_be_written),
		TEST(a_folder_name_without_end_is_refused),
		TEST(load_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
