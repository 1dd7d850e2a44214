/* demo/judge.h - whether a goal was held: one-second windows, away from the steps. Pure. */
#ifndef DEMO_JUDGE_H
#define DEMO_JUDGE_H

#include "demo/record.h"

#define JUDGE_WINDOW_NS INT64_C(1000000000)
/* Windows that begin so soon after a step are not judged. */
#define JUDGE_SETTLE_NS INT64_C(2000000000)
/* Share of judged windows that must reach the goal. */
#define JUDGE_SHARE_MIN 0.9

struct verdict {
	enum phase phase;
	size_t windows; /* judged */
	size_t met;     /* of those, at or above the goal */
	double share;   /* met / windows; 0 when none was judged */
	double fps_mean;
	double fps_worst;
	double acc_mean; /* over judged windows */
	bool held;       /* share >= JUDGE_SHARE_MIN, and there were windows */
};

/* Judges the points of one phase. Steps are its beginning and each turn of `disturbed`. */
void judge_phase(const struct point *points, size_t count, enum phase phase, double goal,
		 struct verdict *out);

/* Middle value; values is sorted by this. NaN for none. */
double judge_median(double *values, size_t count);

#endif
