#include "demo/judge.h"

#include <math.h>
#include <stdlib.h>

static int double_compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double judge_median(double *values, size_t count)
{
	if (count == 0) {
		return NAN;
	}
	qsort(values, count, sizeof *values, double_compare);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Beats at a moment between points first and last, interpolated. */
static double beats_at(const struct point *points, size_t first, size_t last, int64_t time_ns)
{
	size_t i = first;

	while (i < last && points[i + 1].time_ns < time_ns) {
		i++;
	}
	if (i == last) {
		return (double)points[last].beats;
	}
	double share = (double)(time_ns - points[i].time_ns) /
		       (double)(points[i + 1].time_ns - points[i].time_ns);
	return (double)points[i].beats +
	       share * ((double)points[i + 1].beats - (double)points[i].beats);
}

/* The newest step at or before time_ns. */
static int64_t step_before(const struct point *points, size_t first, size_t last, int64_t time_ns)
{
	int64_t step = points[first].time_ns;

	for (size_t i = first + 1; i <= last && points[i].time_ns <= time_ns; i++) {
		if (points[i].disturbed != points[i - 1].disturbed) {
			step = points[i].time_ns;
		}
	}
	return step;
}

static bool step_within(const struct point *points, size_t first, size_t last, int64_t from,
			int64_t to)
{
	return step_before(points, first, last, to) > from;
}

static double acc_mean(const struct point *points, size_t first, size_t last, int64_t from,
		       int64_t to)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = first; i <= last; i++) {
		if (points[i].time_ns >= from && points[i].time_ns <= to && !isnan(points[i].acc)) {
			sum += points[i].acc;
			known++;
		}
	}
	return known == 0 ? NAN : sum / (double)known;
}

static void verdict_add(struct verdict *verdict, double fps, double acc, double goal,
			size_t *acc_windows)
{
	verdict->windows++;
	verdict->fps_mean += fps;
	if (fps >= goal) {
		verdict->met++;
	}
	if (verdict->windows == 1 || fps < verdict->fps_worst) {
		verdict->fps_worst = fps;
	}
	if (!isnan(acc)) {
		verdict->acc_mean += acc;
		(*acc_windows)++;
	}
}

void judge_phase(const struct point *points, size_t count, enum phase phase, double goal,
		 struct verdict *out)
{
	size_t first = 0;
	size_t last;
	size_t acc_windows = 0;

	*out = (struct verdict){.phase = phase};
	while (first < count && points[first].phase != phase) {
		first++;
	}
	for (last = first; last + 1 < count && points[last + 1].phase == phase;) {
		last++;
	}
	if (first >= count || last == first) {
		return;
	}
	for (int64_t from = points[first].time_ns; from + JUDGE_WINDOW_NS <= points[last].time_ns;
	     from += JUDGE_WINDOW_NS) {
		int64_t to = from + JUDGE_WINDOW_NS;

		if (from - step_before(points, first, last, from) < JUDGE_SETTLE_NS ||
		    step_within(points, first, last, from, to)) {
			continue;
		}
		verdict_add(out,
			    beats_at(points, first, last, to) - beats_at(points, first, last, from),
			    acc_mean(points, first, last, from, to), goal, &acc_windows);
	}
	if (out->windows > 0) {
		out->fps_mean /= (double)out->windows;
		out->share = (double)out->met / (double)out->windows;
	}
	out->acc_mean = acc_windows == 0 ? NAN : out->acc_mean / (double)acc_windows;
	out->held = out->windows > 0 && out->share >= JUDGE_SHARE_MIN;
}
