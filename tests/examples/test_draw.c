#include <tests/support/harness.h>

#include "draw.h"
#include "synthetic.h"
#include <tests/support/fault_alloc.h>

#include <stdio.h>
#include <string.h>

#define SIDE 16
#define HEAD "P6\n16 16\n255\n"

static const struct boxes reference = {1, {{2, 2, 8, 8}}};
static const struct boxes found = {2, {{2, 2, 8, 8}, {10, 10, 16, 16}}};

static uint8_t planes[PICTURE_PLANES][SIDE * SIDE];

static struct picture picture_grey(void)
{
	memset(planes, 128, sizeof planes);
	return (struct picture){
		.plane = {planes[0], planes[1], planes[2]},
		.stride = {SIDE, SIDE / 2, SIDE / 2},
		.width = SIDE,
		.height = SIDE,
	};
}

static void boxes_are_drawn_in_their_colours(void **state)
{
	static const uint8_t red[3] = {255, 0, 0};
	static const uint8_t yellow[3] = {255, 255, 0};
	static const uint8_t grey[3] = {130, 130, 130};
	char folder[SYNTHETIC_PATH_BYTES];
	char path[SYNTHETIC_PATH_BYTES];
	uint8_t bytes[sizeof HEAD + SIDE * SIDE * 3];
	struct picture picture = picture_grey();
	const uint8_t *pixels = bytes + strlen(HEAD);
	FILE *file;

	(void)state;
	synthetic_folder(folder);
	synthetic_path(folder, "frame.ppm", path);
	assert_ok(draw_frame(path, &picture, &reference, &found));
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof bytes, file), strlen(HEAD) + SIDE * SIDE * 3);
	assert_int_equal(fclose(file), 0);
	assert_memory_equal(bytes, HEAD, strlen(HEAD));
	assert_memory_equal(pixels, grey, 3);
	assert_memory_equal(pixels + 3 * (2 * SIDE + 2), yellow, 3);
	assert_memory_equal(pixels + 3 * (3 * SIDE + 3), grey, 3);
	assert_memory_equal(pixels + 3 * (15 * SIDE + 15), red, 3);
	synthetic_remove(folder);
}

static void a_folder_that_is_not_there_is_unavailable(void **state)
{
	struct picture picture = picture_grey();

	(void)state;
	assert_status(FAST_UNAVAILABLE,
		      draw_frame("/nowhere/frame.ppm", &picture, &reference, &found));
}

static void a_full_disk_is_unavailable(void **state)
{
	struct picture picture = picture_grey();

	(void)state;
	assert_status(FAST_UNAVAILABLE, draw_frame("/dev/full", &picture, &reference, &found));
}

static void no_memory_is_told_of(void **state)
{
	struct picture picture = picture_grey();

	(void)state;
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      draw_frame("/dev/null", &picture, &reference, &found));
	fault_alloc_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boxes_are_drawn_in_their_colours),
		cmocka_unit_test(a_folder_that_is_not_there_is_unavailable),
		cmocka_unit_test(a_full_disk_is_unavailable),
		cmocka_unit_test(no_memory_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
