#include <tests/support/harness.h>

#include "boxes.h"

#include <math.h>

static struct boxes boxes_of(size_t count, const struct box *items)
{
	struct boxes boxes = {.count = count};

	for (size_t i = 0; i < count; i++) {
		boxes.items[i] = items[i];
	}
	return boxes;
}

static void iou_is_one_for_the_same_box_and_zero_for_boxes_apart(void **state)
{
	struct box a = {10, 10, 30, 50};
	struct box b = {30, 10, 50, 50}; /* they touch */

	(void)state;
	assert_true(box_iou(&a, &a) == 1);
	assert_true(box_iou(&a, &b) == 0);
}

static void iou_is_common_area_over_united_area(void **state)
{
	struct box a = {0, 0, 20, 10};
	struct box b = {10, 0, 30, 10};

	(void)state;
	assert_true(fabs(box_iou(&a, &b) - (1.0 / 3)) < 1e-12);
}

static void pairs_that_overlap_too_little_do_not_match(void **state)
{
	struct boxes a = boxes_of(1, (struct box[]){{0, 0, 20, 10}});
	struct boxes b = boxes_of(1, (struct box[]){{10, 0, 30, 10}});

	(void)state;
	assert_true(boxes_match(&a, &b) == 0);
}

static void the_best_pair_is_taken_first_and_each_box_once(void **state)
{
	/* The first of a overlaps both of b; the second of b is its equal. */
	struct boxes a = boxes_of(2, (struct box[]){{0, 0, 100, 100}, {0, 0, 100, 60}});
	struct boxes b = boxes_of(2, (struct box[]){{0, 0, 100, 80}, {0, 0, 100, 100}});

	(void)state;
	assert_true(fabs(boxes_match(&a, &b) - (1 + 60.0 / 80)) < 1e-12);
	assert_true(fabs(boxes_match(&b, &a) - (1 + 60.0 / 80)) < 1e-12);
}

static void a_box_too_many_and_a_box_too_few_cost_the_same(void **state)
{
	struct boxes one = boxes_of(1, (struct box[]){{0, 0, 10, 24}});
	struct boxes two = boxes_of(2, (struct box[]){{0, 0, 10, 24}, {50, 0, 60, 24}});
	struct agreement more = boxes_agreement(&two, &one);
	struct agreement fewer = boxes_agreement(&one, &two);

	(void)state;
	assert_true(fabs(agreement_acc(&more) - (1 / 1.5)) < 1e-12);
	assert_true(fabs(agreement_acc(&fewer) - (1 / 1.5)) < 1e-12);
}

static void nothing_found_where_there_is_nothing_agrees(void **state)
{
	struct boxes none = {0};
	struct boxes one = boxes_of(1, (struct box[]){{0, 0, 10, 24}});
	struct agreement right = boxes_agreement(&none, &none);
	struct agreement wrong = boxes_agreement(&none, &one);

	(void)state;
	assert_true(agreement_acc(&right) == 1);
	assert_true(agreement_acc(&wrong) == 0);
}

static void the_window_forgets_what_is_older_than_it(void **state)
{
	struct agreement_window window = {0};

	(void)state;
	assert_true(agreement_window_acc(&window) == 1);
	for (int i = 0; i < 5; i++) {
		agreement_window_add(&window, (struct agreement){.matched = 0, .boxes = 2});
	}
	assert_true(agreement_window_acc(&window) == 0);
	for (int i = 0; i < AGREEMENT_WINDOW_FRAMES; i++) {
		agreement_window_add(&window, (struct agreement){.matched = 1, .boxes = 2});
	}
	assert_true(agreement_window_acc(&window) == 0.5);
}

static void a_frame_weighs_as_much_as_its_boxes(void **state)
{
	struct agreement_window window = {0};

	(void)state;
	agreement_window_add(&window, (struct agreement){.matched = 9, .boxes = 9});
	agreement_window_add(&window, (struct agreement){.matched = 0, .boxes = 1});
	assert_true(fabs(agreement_window_acc(&window) - (0.9)) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iou_is_one_for_the_same_box_and_zero_for_boxes_apart),
		cmocka_unit_test(iou_is_common_area_over_united_area),
		cmocka_unit_test(pairs_that_overlap_too_little_do_not_match),
		cmocka_unit_test(the_best_pair_is_taken_first_and_each_box_once),
		cmocka_unit_test(a_box_too_many_and_a_box_too_few_cost_the_same),
		cmocka_unit_test(nothing_found_where_there_is_nothing_agrees),
		cmocka_unit_test(the_window_forgets_what_is_older_than_it),
		cmocka_unit_test(a_frame_weighs_as_much_as_its_boxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
