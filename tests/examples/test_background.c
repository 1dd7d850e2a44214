#include <tests/support/harness.h>

#include "background.h"
#include <tests/support/fault_alloc.h>

#include <string.h>

#define SIDE 16

/* A flat picture of one colour. */
struct flat {
	uint8_t planes[PICTURE_PLANES][SIDE * SIDE];
	struct picture picture;
};

static void flat_paint(struct flat *flat, int y, int u, int v)
{
	const int values[PICTURE_PLANES] = {y, u, v};

	for (size_t i = 0; i < PICTURE_PLANES; i++) {
		memset(flat->planes[i], values[i], sizeof flat->planes[i]);
		flat->picture.plane[i] = flat->planes[i];
		flat->picture.stride[i] = picture_plane_width(SIDE, i);
	}
	flat->picture.width = SIDE;
	flat->picture.height = SIDE;
}

/* How many of a flat picture's pixels are no background. */
static size_t foreground(const struct background *background, int y, int u, int v)
{
	struct flat flat;
	uint8_t mask[SIDE * SIDE];
	size_t count = 0;

	flat_paint(&flat, y, u, v);
	background_mask(background, &flat.picture, mask);
	for (size_t i = 0; i < sizeof mask; i++) {
		assert_in_range(mask[i], 0, 1);
		count += mask[i];
	}
	return count;
}

/* A model of 48 samples: luma 120 and a few levels of noise, but the odd ones out are at 30. */
static struct background *background_make(size_t odd, int noise)
{
	struct background *background = NULL;
	struct flat flat;

	assert_ok(background_new(SIDE, SIDE, &background));
	for (size_t i = 0; i < BACKGROUND_SAMPLES_MAX; i++) {
		flat_paint(&flat, i < odd ? 30 : 120 + (i % 2 == 0 ? noise : -noise), 128, 128);
		background_add(background, &flat.picture);
	}
	background_settle(background);
	return background;
}

static void what_was_always_there_is_background(void **state)
{
	struct background *background = background_make(0, 1);

	(void)state;
	assert_int_equal(foreground(background, 120, 128, 128), 0);
	assert_int_equal(foreground(background, 124, 128, 128), 0);
	background_free(background);
}

static void another_brightness_or_colour_is_not(void **state)
{
	struct background *background = background_make(0, 1);

	(void)state;
	assert_int_equal(foreground(background, 40, 128, 128), SIDE * SIDE);
	assert_int_equal(foreground(background, 200, 128, 128), SIDE * SIDE);
	assert_int_equal(foreground(background, 120, 150, 128), SIDE * SIDE);
	assert_int_equal(foreground(background, 120, 128, 100), SIDE * SIDE);
	background_free(background);
}

static void a_shadow_is_forgiven_and_as_much_more_light_is_not(void **state)
{
	struct background *background = background_make(0, 1);

	(void)state;
	assert_int_equal(foreground(background, 120 - 18, 128, 128), 0);
	assert_int_equal(foreground(background, 120 + 18, 128, 128), SIDE * SIDE);
	background_free(background);
}

static void a_visit_is_not_learnt_but_a_long_stay_is(void **state)
{
	struct background *visit = background_make(3, 1);
	struct background *stay = background_make(12, 1);

	(void)state;
	assert_int_equal(foreground(visit, 30, 128, 128), SIDE * SIDE);
	assert_int_equal(foreground(visit, 120, 128, 128), 0);
	assert_int_equal(foreground(stay, 30, 128, 128), 0);
	assert_int_equal(foreground(stay, 120, 128, 128), 0);
	background_free(visit);
	background_free(stay);
}

static void a_restless_pixel_gets_a_wider_kernel(void **state)
{
	struct background *calm = background_make(0, 0);
	struct background *restless = background_make(0, 7);

	(void)state;
	assert_int_equal(foreground(calm, 145, 128, 128), SIDE * SIDE);
	assert_int_equal(foreground(restless, 145, 128, 128), 0);
	background_free(calm);
	background_free(restless);
}

static void one_sample_is_a_model(void **state)
{
	struct background *background = NULL;
	struct flat flat;

	(void)state;
	assert_ok(background_new(SIDE, SIDE, &background));
	flat_paint(&flat, 120, 128, 128);
	background_add(background, &flat.picture);
	background_settle(background);
	assert_int_equal(foreground(background, 120, 128, 128), 0);
	assert_int_equal(foreground(background, 40, 128, 128), SIDE * SIDE);
	background_free(background);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct background *background = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = background_new(SIDE, SIDE, &background);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(background);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	background_free(background);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_always_there_is_background),
		cmocka_unit_test(another_brightness_or_colour_is_not),
		cmocka_unit_test(a_shadow_is_forgiven_and_as_much_more_light_is_not),
		cmocka_unit_test(a_visit_is_not_learnt_but_a_long_stay_is),
		cmocka_unit_test(a_restless_pixel_gets_a_wider_kernel),
		cmocka_unit_test(one_sample_is_a_model),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
