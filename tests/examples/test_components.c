#include <tests/support/harness.h>

#include "components.h"
#include <tests/support/fault_alloc.h>

#include <stdlib.h>
#include <string.h>

#define WIDTH  10
#define HEIGHT 6

/* Runs the labeller on a drawing: '#' is a one; rows of WIDTH. */
static size_t components_of(struct labeller *labeller, const char *drawing,
			    const struct component **out)
{
	uint8_t mask[WIDTH * HEIGHT];

	assert_int_equal(strlen(drawing), sizeof mask);
	for (size_t i = 0; i < sizeof mask; i++) {
		mask[i] = drawing[i] == '#';
	}
	return labeller_run(labeller, mask, out);
}

static void assert_component(const struct component *component, uint32_t left, uint32_t top,
			     uint32_t right, uint32_t bottom, uint32_t pixels)
{
	assert_int_equal(component->left, left);
	assert_int_equal(component->top, top);
	assert_int_equal(component->right, right);
	assert_int_equal(component->bottom, bottom);
	assert_int_equal(component->pixels, pixels);
}

static int setup(void **state)
{
	struct labeller *labeller = NULL;

	assert_ok(labeller_new(WIDTH, HEIGHT, &labeller));
	*state = labeller;
	return 0;
}

static int teardown(void **state)
{
	labeller_free(*state);
	return 0;
}

static void an_empty_mask_has_none(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       ".........."
				       ".........."
				       ".........."
				       ".........."
				       ".........."
				       "..........",
				       &found),
			 0);
}

static void a_full_mask_is_one(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       "##########"
				       "##########"
				       "##########"
				       "##########"
				       "##########"
				       "##########",
				       &found),
			 1);
	assert_component(&found[0], 0, 0, WIDTH, HEIGHT, WIDTH * HEIGHT);
}

static void pixels_that_touch_at_a_corner_are_connected(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       "#........#"
				       ".#......#."
				       "..#......."
				       ".#........"
				       "#........."
				       "..........",
				       &found),
			 2);
	assert_component(&found[0], 0, 0, 3, 5, 5);
	assert_component(&found[1], 8, 0, 10, 2, 2);
}

static void arms_that_meet_below_are_one(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       "#.#.#.#.##"
				       "#.#.#.#.#."
				       "###.###.#."
				       "..#.#...#."
				       "..###...#."
				       "....#####.",
				       &found),
			 1);
	assert_component(&found[0], 0, 0, 10, 6, 30);
}

static void rings_and_what_lies_in_them_are_apart(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       "#######..."
				       "#.....#..."
				       "#..#..#..#"
				       "#.....#..."
				       "#######..."
				       "..........",
				       &found),
			 3);
	assert_component(&found[0], 0, 0, 7, 5, 20);
	assert_component(&found[1], 3, 2, 4, 3, 1);
	assert_component(&found[2], 9, 2, 10, 3, 1);
}

static void every_other_pixel_is_the_most_there_can_be(void **state)
{
	const struct component *found;

	assert_int_equal(components_of(*state,
				       "#.#.#.#.#."
				       ".........."
				       "#.#.#.#.#."
				       ".........."
				       "#.#.#.#.#."
				       "..........",
				       &found),
			 15);
	assert_component(&found[14], 8, 4, 9, 5, 1);
}

static void a_run_serves_again_after_another(void **state)
{
	every_other_pixel_is_the_most_there_can_be(state);
	an_empty_mask_has_none(state);
	a_full_mask_is_one(state);
}

/* A label per pixel by flooding, against which the labeller is held. */
static void flood(const uint8_t *mask, int *labels, int x, int y, int label)
{
	if (x < 0 || x >= WIDTH || y < 0 || y >= HEIGHT || mask[y * WIDTH + x] == 0 ||
	    labels[y * WIDTH + x] != 0) {
		return;
	}
	labels[y * WIDTH + x] = label;
	for (int i = 0; i < 9; i++) {
		flood(mask, labels, x + i % 3 - 1, y + i / 3 - 1, label);
	}
}

static void random_masks_give_what_flooding_gives(void **state)
{
	uint32_t random = 1;

	for (int round = 0; round < 2000; round++) {
		uint8_t mask[WIDTH * HEIGHT];
		int labels[WIDTH * HEIGHT] = {0};
		const struct component *found;
		int count = 0;
		size_t pixels = 0;
		size_t ones = 0;

		for (size_t i = 0; i < sizeof mask; i++) {
			random = random * 1664525 + 1013904223;
			mask[i] = (random >> 24) < 90;
			ones += mask[i];
		}
		for (int i = 0; i < WIDTH * HEIGHT; i++) {
			if (mask[i] == 1 && labels[i] == 0) {
				flood(mask, labels, i % WIDTH, i / WIDTH, ++count);
			}
		}
		assert_int_equal(labeller_run(*state, mask, &found), count);
		for (int i = 0; i < count; i++) {
			pixels += found[i].pixels;
		}
		assert_int_equal(pixels, ones);
	}
}

static void new_survives_each_allocation_failure(void **state)
{
	struct labeller *labeller = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = labeller_new(WIDTH, HEIGHT, &labeller);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(labeller);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	labeller_free(labeller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_mask_has_none),
		cmocka_unit_test(a_full_mask_is_one),
		cmocka_unit_test(pixels_that_touch_at_a_corner_are_connected),
		cmocka_unit_test(arms_that_meet_below_are_one),
		cmocka_unit_test(rings_and_what_lies_in_them_are_apart),
		cmocka_unit_test(every_other_pixel_is_the_most_there_can_be),
		cmocka_unit_test(a_run_serves_again_after_another),
		cmocka_unit_test(random_masks_give_what_flooding_gives),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
