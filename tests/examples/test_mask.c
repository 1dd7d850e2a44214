#include <tests/support/harness.h>

#include "mask.h"
#include <tests/support/fault_alloc.h>

#include <string.h>

#define WIDTH  12
#define HEIGHT 7

static int setup(void **state)
{
	struct masker *masker = NULL;

	assert_ok(masker_new(WIDTH, HEIGHT, &masker));
	*state = masker;
	return 0;
}

static int teardown(void **state)
{
	masker_free(*state);
	return 0;
}

static void mask_draw(const char *drawing, uint8_t *mask)
{
	assert_int_equal(strlen(drawing), WIDTH * HEIGHT);
	for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
		mask[i] = drawing[i] == '#';
	}
}

static void assert_mask(const uint8_t *mask, const char *drawing)
{
	char found[WIDTH * HEIGHT + 1] = "";

	for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
		found[i] = mask[i] == 1 ? '#' : mask[i] == 0 ? '.' : '?';
	}
	assert_string_equal(found, drawing);
}

static void majority_drops_lone_pixels_and_fills_holes(void **state)
{
	uint8_t mask[WIDTH * HEIGHT];

	mask_draw("............"
		  ".#....#####."
		  "......#####."
		  "......##.##."
		  "......#####."
		  "......#####."
		  "............",
		  mask);
	masker_majority(*state, 1, mask);
	assert_mask(mask, "............"
			  ".......###.."
			  "......#####."
			  "......#####."
			  "......#####."
			  ".......###.."
			  "............");
}

static void majority_drops_lines_thinner_than_half_its_window(void **state)
{
	uint8_t mask[WIDTH * HEIGHT];

	mask_draw("............"
		  "............"
		  "############"
		  "############"
		  "............"
		  "............"
		  "............",
		  mask);
	masker_majority(*state, 2, mask);
	assert_mask(mask, "............"
			  "............"
			  "............"
			  "............"
			  "............"
			  "............"
			  "............");
}

static void closing_joins_what_is_near_and_keeps_outlines(void **state)
{
	uint8_t mask[WIDTH * HEIGHT];

	mask_draw("............"
		  "............"
		  "..##..##.#.."
		  "..##..##...."
		  ".........#.."
		  "............"
		  "............",
		  mask);
	masker_close(*state, 1, 0, mask);
	assert_mask(mask, "............"
			  "............"
			  "..########.."
			  "..######...."
			  ".........#.."
			  "............"
			  "............");
}

static void closing_by_rows_leaves_columns_alone(void **state)
{
	uint8_t mask[WIDTH * HEIGHT];

	mask_draw("............"
		  "............"
		  "..##..##...."
		  "............"
		  "..##........"
		  "............"
		  "............",
		  mask);
	masker_close(*state, 0, 1, mask);
	assert_mask(mask, "............"
			  "............"
			  "..##..##...."
			  "..##........"
			  "..##........"
			  "............"
			  "............");
}

static void closing_grows_what_is_near_the_border_to_it(void **state)
{
	uint8_t mask[WIDTH * HEIGHT];

	mask_draw("............"
		  ".#.........."
		  "............"
		  "....#......."
		  "............"
		  "............"
		  "...........#",
		  mask);
	masker_close(*state, 1, 1, mask);
	assert_mask(mask, "##.........."
			  "##.........."
			  "............"
			  "....#......."
			  "............"
			  "............"
			  "...........#");
}

static void a_window_larger_than_the_mask_is_allowed(void **state)
{
	uint8_t mask[WIDTH * HEIGHT] = {0};

	mask[WIDTH + 1] = 1;
	masker_majority(*state, MASK_RADIUS_MAX, mask);
	assert_int_equal(mask[WIDTH + 1], 0);
	mask[WIDTH + 1] = 1;
	masker_close(*state, MASK_RADIUS_MAX, MASK_RADIUS_MAX, mask);
	assert_int_equal(mask[WIDTH + 1], 1);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct masker *masker = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = masker_new(WIDTH, HEIGHT, &masker);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(masker);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	masker_free(masker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(majority_drops_lone_pixels_and_fills_holes),
		cmocka_unit_test(majority_drops_lines_thinner_than_half_its_window),
		cmocka_unit_test(closing_joins_what_is_near_and_keeps_outlines),
		cmocka_unit_test(closing_by_rows_leaves_columns_alone),
		cmocka_unit_test(closing_grows_what_is_near_the_border_to_it),
		cmocka_unit_test(a_window_larger_than_the_mask_is_allowed),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
