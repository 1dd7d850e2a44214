/* What a gauge was over a time, from its samples: each stands for the time since the one before. */
#include "window_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define POINTS_MAX ((size_t)WINDOW_LEVELS * WINDOW_LEVEL_SAMPLES_MAX)

struct point {
	double value;
	double weight; /* nanoseconds */
	int64_t time_ns;
};

/* Points of a window, newest first, and the extremes, which coarse samples know better. */
struct fold {
	size_t count;
	double low;
	double high;
	struct point points[POINTS_MAX];
};

static void fold_extremes(struct fold *fold, double low, double high)
{
	fold->low = fmin(fold->low, low); /* the other one when one is NaN */
	fold->high = fmax(fold->high, high);
}

/* Samples after begin_ns and until end_ns, each level's where no finer one reaches. */
static void fold_levels(const struct series *series, size_t levels, int64_t begin_ns,
			int64_t end_ns, struct fold *fold)
{
	int64_t until_ns = INT64_MAX; /* from then on, finer levels have told */

	for (size_t i = 0; i < levels; i++) {
		const struct window_level *level = &series->levels[i];

		for (uint32_t age = 0; age < level->count; age++) {
			const struct sample *sample = level_at(level, age);
			const struct sample *before =
				age + 1 < level->count ? level_at(level, age + 1) : NULL;
			const struct window_extremes *extremes =
				i == 0 ? NULL : &level->extremes[sample - level->samples];
			bool reaches = before == NULL || before->time_ns < until_ns;

			if (sample->time_ns <= begin_ns) {
				break;
			}
			if (sample->time_ns > end_ns) {
				continue;
			}
			if (extremes != NULL && reaches) {
				fold_extremes(fold, extremes->low, extremes->high);
			}
			if (sample->time_ns >= until_ns || isnan(sample->value)) {
				continue;
			}
			fold_extremes(fold, sample->value, sample->value);
			fold->points[fold->count++] =
				(struct point){.value = sample->value, .time_ns = sample->time_ns};
		}
		if (level->count > 0) {
			until_ns = level_at(level, level->count - 1)->time_ns;
		}
	}
}

static void fold_begin(struct fold *fold)
{
	fold->count = 0;
	fold->low = NAN;
	fold->high = NAN;
}

void gauge_note_extremes(struct series *series, size_t level, int64_t before_ns)
{
	struct window_level *coarse = &series->levels[level];
	struct fold fold;

	assert(level > 0 && coarse->count > 0);
	fold_begin(&fold);
	fold_levels(series, level, before_ns, INT64_MAX, &fold);
	coarse->extremes[coarse->newest] = (struct window_extremes){fold.low, fold.high};
}

static int point_compare(const void *left, const void *right)
{
	double a = ((const struct point *)left)->value;
	double b = ((const struct point *)right)->value;

	return (a > b) - (a < b);
}

/* Value that the gauge did not exceed for this part of the time; points are sorted. */
static double quantile(const struct fold *fold, double part, double total)
{
	double seen = 0;

	for (size_t i = 0; i < fold->count; i++) {
		seen += fold->points[i].weight;
		if (seen >= part * total) {
			return fold->points[i].value;
		}
	}
	return fold->points[fold->count - 1].value;
}

static void fold_tell(struct fold *fold, int64_t begin_ns, struct node_window *out)
{
	double total = 0;
	double mean = 0;
	double squares = 0;

	for (size_t i = 0; i < fold->count; i++) {
		int64_t since_ns = i + 1 < fold->count ? fold->points[i + 1].time_ns : begin_ns;
		fold->points[i].weight = (double)(fold->points[i].time_ns - since_ns);
	}
	/* Welford's, with weights: values far from 0 lose no digits. */
	for (size_t i = 0; i < fold->count; i++) {
		const struct point *point = &fold->points[i];
		double off = point->value - mean;

		total += point->weight;
		mean += off * (point->weight / total); /* so that a huge value stays finite */
		squares += point->weight * off * (point->value - mean);
	}
	*out = (struct node_window){
		.count = fold->count,
		.mean = mean,
		.first = fold->points[fold->count - 1].value,
		.last = fold->points[0].value,
		.min = fold->low,
		.max = fold->high,
		.std = sqrt(fmax(squares / total, 0)),
	};
	qsort(fold->points, fold->count, sizeof fold->points[0], point_compare);
	out->p50 = quantile(fold, 0.50, total);
	out->p95 = quantile(fold, 0.95, total);
	out->p99 = quantile(fold, 0.99, total);
}

void gauge_summarize(const struct series *series, const struct sample *begin,
		     const struct sample *end, struct node_window *out)
{
	struct fold fold;

	fold_begin(&fold);
	if (begin != end) {
		fold_levels(series, WINDOW_LEVELS, begin->time_ns, end->time_ns, &fold);
	} else if (!isnan(end->value)) {
		fold_extremes(&fold, end->value, end->value);
		fold.points[fold.count++] =
			(struct point){.value = end->value, .time_ns = end->time_ns};
	}
	if (fold.count > 0) { /* else it was not set */
		fold_tell(&fold, begin == end ? end->time_ns - 1 : begin->time_ns, out);
	}
}
