#include <tests/support/harness.h>

#include "clip.h"
#include "synthetic.h"
#include <tests/support/fault_alloc.h>

#include <stdio.h>
#include <string.h>

struct world {
	char folder[SYNTHETIC_PATH_BYTES];
	char path[SYNTHETIC_PATH_BYTES];
	char error[CLIP_ERROR_BYTES];
};

static struct world world;

static int setup(void **state)
{
	(void)state;
	synthetic_folder(world.folder);
	synthetic_path(world.folder, "clip.y4m", world.path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synthetic_remove(world.folder);
	return 0;
}

static size_t frames_left(struct clip *clip)
{
	struct picture picture;
	size_t count = 0;

	while (clip_next(clip, &picture) == FAST_OK) {
		count++;
	}
	return count;
}

static void frames_come_in_order_and_then_end(void **state)
{
	struct clip *clip = NULL;
	struct picture picture;

	(void)state;
	synthetic_clip(world.path, 3, "420");
	assert_ok(clip_open(world.path, &clip, world.error));
	assert_int_equal(clip_width(clip), SYNTHETIC_WIDTH);
	assert_int_equal(clip_height(clip), SYNTHETIC_HEIGHT);
	for (size_t i = 0; i < 3; i++) {
		size_t left = SYNTHETIC_WALKER_LEFT + i * SYNTHETIC_STEP;
		const uint8_t *row;

		assert_ok(clip_next(clip, &picture));
		row = picture.plane[0] + SYNTHETIC_WALKER_TOP * picture.stride[0];
		assert_int_equal(row[left - 1], 140);
		assert_int_equal(row[left], 40);
		assert_int_equal(picture.plane[1][0], 128);
	}
	assert_status(FAST_OUT_OF_RANGE, clip_next(clip, &picture));
	assert_status(FAST_OUT_OF_RANGE, clip_next(clip, &picture));
	clip_close(clip);
}

static void a_rewound_clip_gives_the_same_frames(void **state)
{
	struct clip *clip = NULL;

	(void)state;
	synthetic_clip(world.path, 5, "420");
	assert_ok(clip_open(world.path, &clip, world.error));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(frames_left(clip), 5);
		assert_ok(clip_rewind(clip));
	}
	clip_close(clip);
}

static void counting_stops_at_its_limit_and_rewinds(void **state)
{
	struct clip *clip = NULL;
	size_t count = 0;

	(void)state;
	synthetic_clip(world.path, 5, "420");
	assert_ok(clip_open(world.path, &clip, world.error));
	assert_ok(clip_count(clip, 100, &count));
	assert_int_equal(count, 5);
	assert_ok(clip_count(clip, 2, &count));
	assert_int_equal(count, 2);
	assert_int_equal(frames_left(clip), 5);
	clip_close(clip);
}

static void a_clip_that_vanishes_cannot_be_rewound(void **state)
{
	struct clip *clip = NULL;
	struct picture picture;

	(void)state;
	synthetic_clip(world.path, 2, "420");
	assert_ok(clip_open(world.path, &clip, world.error));
	assert_int_equal(remove(world.path), 0);
	assert_status(FAST_NOT_FOUND, clip_rewind(clip));
	assert_non_null(strstr(clip_error(clip), world.path));
	assert_status(FAST_DATA_LOSS, clip_next(clip, &picture));
	assert_status(FAST_NOT_FOUND, clip_rewind(clip));
	clip_close(clip);
}

static void assert_refused(enum fast_status expected, const char *because)
{
	struct clip *clip = NULL;

	assert_status(expected, clip_open(world.path, &clip, world.error));
	assert_null(clip);
	if (strstr(world.error, because) == NULL || strstr(world.error, world.path) == NULL) {
		fail_msg("\"%s\" does not say \"%s\" and the path", world.error, because);
	}
}

static void a_missing_file_is_not_found(void **state)
{
	(void)state;
	assert_refused(FAST_NOT_FOUND, "No such file");
}

static void a_text_is_not_a_video(void **state)
{
	(void)state;
	synthetic_text(world.path, "Call me Ishmael. Some years ago - never mind how long "
				   "precisely - having little or no money in my purse");
	assert_refused(FAST_INVALID_ARGUMENT, "not readable as a video");
}

static void an_empty_file_is_not_a_video(void **state)
{
	(void)state;
	synthetic_text(world.path, "");
	assert_refused(FAST_INVALID_ARGUMENT, "not readable as a video");
}

static void sound_alone_has_no_video_stream(void **state)
{
	/* A second of silence: RIFF WAVE, mono, 8 bits, 8000 samples. */
	static const uint8_t head[44] = "RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0"
					"\x40\x1f\0\0\1\0\x8\0data\x40\x1f\0";
	FILE *file = fopen(world.path, "wb");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
	for (int i = 0; i < 8000; i++) {
		putc(128, file);
	}
	assert_int_equal(fclose(file), 0);
	assert_refused(FAST_INVALID_ARGUMENT, "no video stream");
}

static void other_pixel_formats_are_refused_by_name(void **state)
{
	(void)state;
	synthetic_clip(world.path, 2, "444");
	assert_refused(FAST_INVALID_ARGUMENT, "yuv444p");
}

static void a_picture_too_small_is_refused(void **state)
{
	(void)state;
	synthetic_text(world.path, "YUV4MPEG2 W8 H8 F10:1 C420\nFRAME\n");
	assert_refused(FAST_INVALID_ARGUMENT, "8 x 8 pixels");
}

static void the_hash_follows_the_bytes(void **state)
{
	uint64_t first = 0;
	uint64_t again = 0;
	uint64_t other = 0;

	(void)state;
	assert_status(FAST_NOT_FOUND, clip_hash(world.path, &first));
	synthetic_text(world.path, "one");
	assert_ok(clip_hash(world.path, &first));
	assert_ok(clip_hash(world.path, &again));
	synthetic_text(world.path, "two");
	assert_ok(clip_hash(world.path, &other));
	assert_true(first == again);
	assert_true(first != other);
}

static void open_survives_each_allocation_failure(void **state)
{
	struct clip *clip = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	synthetic_clip(world.path, 2, "420");
	for (;;) {
		fault_alloc_after(n++);
		status = clip_open(world.path, &clip, world.error);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(clip);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	clip_close(clip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_come_in_order_and_then_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rewound_clip_gives_the_same_frames, setup,
						teardown),
		cmocka_unit_test_setup_teardown(counting_stops_at_its_limit_and_rewinds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_clip_that_vanishes_cannot_be_rewound, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_missing_file_is_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_text_is_not_a_video, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_file_is_not_a_video, setup, teardown),
		cmocka_unit_test_setup_teardown(sound_alone_has_no_video_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(other_pixel_formats_are_refused_by_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_picture_too_small_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_hash_follows_the_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(open_survives_each_allocation_failure, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
