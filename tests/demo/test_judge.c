#include "support/harness.h"

#include "demo/judge.h"

#include <math.h>

#define POINTS_PER_S 10
#define GOAL         30

/* A phase of so many seconds at a constant rate, sampled ten times a second. */
static size_t add_phase(struct point *points, size_t count, enum phase phase, bool disturbed,
			double rate, double acc, int seconds)
{
	double beats = count == 0 ? 0 : (double)points[count - 1].beats;
	int64_t time_ns = count == 0 ? 0 : points[count - 1].time_ns;

	for (int i = 0; i < seconds * POINTS_PER_S; i++) {
		time_ns += JUDGE_WINDOW_NS / POINTS_PER_S;
		beats += rate / POINTS_PER_S;
		points[count++] = (struct point){
			.time_ns = time_ns,
			.beats = (uint64_t)beats,
			.acc = acc,
			.phase = phase,
			.disturbed = disturbed,
		};
	}
	return count;
}

static void a_rate_above_the_goal_is_held(void **state)
{
	struct point points[200];
	struct verdict verdict;
	size_t count = add_phase(points, 0, PHASE_HOLD, false, 40, 0.9, 10);

	(void)state;
	judge_phase(points, count, PHASE_HOLD, GOAL, &verdict);
	assert_true(verdict.held);
	assert_int_equal(verdict.windows, verdict.met);
	assert_int_equal(7, verdict.windows); /* nine whole ones, less those of the first 2 s */
	assert_true(fabs(verdict.fps_mean - 40) < 0.5);
	assert_true(fabs(verdict.acc_mean - 0.9) < 1e-9);
}

static void a_rate_below_the_goal_is_missed(void **state)
{
	struct point points[200];
	struct verdict verdict;
	size_t count = add_phase(points, 0, PHASE_HOLD, false, 20, 0.9, 10);

	(void)state;
	judge_phase(points, count, PHASE_HOLD, GOAL, &verdict);
	assert_false(verdict.held);
	assert_int_equal(0, verdict.met);
	assert_true(verdict.fps_worst <= 20.5);
}

static void windows_soon_after_a_step_are_not_judged(void **state)
{
	struct point points[400];
	struct verdict verdict;
	size_t count = add_phase(points, 0, PHASE_HOLD, false, 40, 1, 10);

	(void)state;
	/* The first two seconds of the disturbance are bad; then it is held again. */
	count = add_phase(points, count, PHASE_HOLD, true, 5, 1, 2);
	count = add_phase(points, count, PHASE_HOLD, true, 40, 1, 8);
	judge_phase(points, count, PHASE_HOLD, GOAL, &verdict);
	assert_int_equal(verdict.windows, verdict.met);
	assert_true(verdict.windows >= 13);
}

static void a_bad_second_away_from_steps_counts(void **state)
{
	struct point points[400];
	struct verdict verdict;
	size_t count = add_phase(points, 0, PHASE_HOLD, false, 40, 1, 5);

	(void)state;
	count = add_phase(points, count, PHASE_HOLD, false, 5, 1, 2);
	count = add_phase(points, count, PHASE_HOLD, false, 40, 1, 5);
	judge_phase(points, count, PHASE_HOLD, GOAL, &verdict);
	assert_true(verdict.met < verdict.windows);
	assert_false(verdict.held);
}

static void only_the_phase_asked_for_is_judged(void **state)
{
	struct point points[400];
	struct verdict verdict;
	size_t count = add_phase(points, 0, PHASE_MEASURE, false, 5, 1, 10);

	(void)state;
	count = add_phase(points, count, PHASE_HOLD, false, 40, 0.5, 10);
	judge_phase(points, count, PHASE_HOLD, GOAL, &verdict);
	assert_true(verdict.held);
	judge_phase(points, count, PHASE_FIXED_LOW, GOAL, &verdict);
	assert_int_equal(0, verdict.windows);
	assert_false(verdict.held);
}

static void the_median_is_the_middle(void **state)
{
	double odd[] = {3, 1, 2};
	double even[] = {4, 1, 2, 3};

	(void)state;
	assert_true(judge_median(odd, 3) == 2);
	assert_true(judge_median(even, 4) == 2.5);
	assert_true(isnan(judge_median(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_above_the_goal_is_held),
		cmocka_unit_test(a_rate_below_the_goal_is_missed),
		cmocka_unit_test(windows_soon_after_a_step_are_not_judged),
		cmocka_unit_test(a_bad_second_away_from_steps_counts),
		cmocka_unit_test(only_the_phase_asked_for_is_judged),
		cmocka_unit_test(the_median_is_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
