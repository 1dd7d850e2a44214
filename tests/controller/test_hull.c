#include "cli/hull.h"
#include "tests/support/harness.h"

#include <math.h>

static void hull_of(struct hull *hull, enum hull_mean mean, const struct hull_point *points,
		    size_t count)
{
	hull->mean = mean;
	hull->count = count;
	for (size_t i = 0; i < count; i++) {
		hull->points[i] = points[i];
		hull->points[i].config = i;
	}
	hull_build(hull);
}

static void it_leaves_out_what_is_beaten(void **state)
{
	static const struct hull_point points[] = {
		{40, 0.70, 0}, {10, 0.90, 0}, {20, 0.50, 0}, /* slower and worse than the first */
		{30, 0.80, 0}, {5, 0.85, 0},                 /* worse than the one at 10 */
		{20, 0.84, 0},                               /* below the line from 10 to 30 */
		{30, 0.75, 0},                               /* as fast as a better one */
	};
	static struct hull hull;

	(void)state;
	hull_of(&hull, HULL_MEAN_TIME, points, FAST_TEST_COUNT(points));
	assert_int_equal(3, hull.count);
	assert_int_equal(1, hull.points[0].config);
	assert_int_equal(3, hull.points[1].config);
	assert_int_equal(0, hull.points[2].config);
}

/* Merit falls by 0.1 while the cost of a frame halves each time: mixed by work that is a bend worth
 * keeping, mixed by time it is not. */
static void the_mean_decides_what_is_beaten(void **state)
{
	static const struct hull_point points[] = {{10, 0.9, 0}, {20, 0.8, 0}, {40, 0.7, 0}};
	static struct hull hull;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 3);
	assert_int_equal(3, hull.count);
	hull_of(&hull, HULL_MEAN_TIME, points, 3);
	assert_int_equal(2, hull.count);
}

static void a_mix_has_the_speed_that_was_asked_for(void **state)
{
	static const struct hull_point points[] = {{10, 0.9, 0}, {20, 0.85, 0}, {40, 0.7, 0}};
	static struct hull hull;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 3);
	for (double speed = 10; speed <= 40; speed += 0.7) {
		struct hull_mix mix = hull_mix_for(&hull, speed);

		assert_true(mix.reachable);
		assert_true(mix.share >= 0 && mix.share <= 1);
		assert_true(mix.fast <= mix.slow + 1);
		assert_float_equal(speed, hull_mix_speed(&hull, &mix), 1e-9);
	}
}

static void the_best_is_used_alone_when_it_is_fast_enough(void **state)
{
	static const struct hull_point points[] = {{10, 0.9, 0}, {20, 0.85, 0}};
	static struct hull hull;
	struct hull_mix mix;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 2);
	mix = hull_mix_for(&hull, 5);
	assert_int_equal(0, mix.slow);
	assert_int_equal(0, mix.fast);
	assert_float_equal(0, mix.share, 0);
	assert_true(mix.reachable);
}

static void what_nobody_reaches_gets_the_fastest(void **state)
{
	static const struct hull_point points[] = {{10, 0.9, 0}, {20, 0.85, 0}};
	static struct hull hull;
	struct hull_mix mix;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 2);
	mix = hull_mix_for(&hull, 20.001);
	assert_int_equal(1, mix.slow);
	assert_int_equal(1, mix.fast);
	assert_false(mix.reachable);
}

/* One second at 10 and one at 30 make 40 frames, 30 of them of the second kind. */
static void merit_is_weighed_as_the_mean_says(void **state)
{
	static const struct hull_point points[] = {{10, 1.0, 0}, {30, 0.6, 0}};
	static struct hull hull;
	struct hull_mix mix;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 2);
	mix = hull_mix_for(&hull, 20);
	assert_float_equal(0.5, mix.share, 1e-9);
	assert_float_equal(0.7, hull_mix_merit(&hull, &mix), 1e-9);
	hull_of(&hull, HULL_MEAN_TIME, points, 2);
	assert_float_equal(0.8, hull_mix_merit(&hull, &mix), 1e-9);
}

/* No mix of two configurations of a random table beats the hull's. */
static void no_pair_beats_the_hull(void **state)
{
	static struct hull hull;
	struct hull_point points[24];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < 24; i++) {
			seed = seed * 1103515245u + 12345u;
			points[i].speed = 1 + (seed >> 16) % 100;
			seed = seed * 1103515245u + 12345u;
			points[i].merit = (seed >> 16) % 100 / 100.0;
		}
		hull_of(&hull, HULL_MEAN_TIME, points, 24);
		for (size_t i = 0; i < 24 * 24; i++) {
			const struct hull_point *a = &points[i / 24], *b = &points[i % 24];
			double speed = (a->speed + b->speed) / 2;
			struct hull_mix mix = hull_mix_for(&hull, speed);

			assert_true(mix.reachable);
			assert_true(hull_mix_merit(&hull, &mix) >=
				    (a->merit + b->merit) / 2 - 1e-9);
		}
	}
}

static void one_configuration_is_a_hull(void **state)
{
	static const struct hull_point points[] = {{10, 0.9, 0}};
	static struct hull hull;

	(void)state;
	hull_of(&hull, HULL_MEAN_WORK, points, 1);
	assert_int_equal(1, hull.count);
	assert_true(hull_mix_for(&hull, 10).reachable);
	assert_false(hull_mix_for(&hull, 11).reachable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_leaves_out_what_is_beaten),
		cmocka_unit_test(the_mean_decides_what_is_beaten),
		cmocka_unit_test(a_mix_has_the_speed_that_was_asked_for),
		cmocka_unit_test(the_best_is_used_alone_when_it_is_fast_enough),
		cmocka_unit_test(what_nobody_reaches_gets_the_fastest),
		cmocka_unit_test(merit_is_weighed_as_the_mean_says),
		cmocka_unit_test(no_pair_beats_the_hull),
		cmocka_unit_test(one_configuration_is_a_hull),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
