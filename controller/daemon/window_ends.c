/* The first and the last of what a distribution observed in a window. Single values are not kept,
 * so it is the mean of those that came between two samples; of one alone, that one. */
#include "window_impl.h"

#include <math.h>

/* The mean of what was observed after one sample and until another. */
static double mean_between(const struct sketch *older, const struct sketch *newer)
{
	return (sketch_sum(newer) - sketch_sum(older)) /
	       (double)(sketch_count(newer) - sketch_count(older));
}

/* How much had been observed: what its sketch holds, without a look into it. */
static uint64_t observed(const struct series *series, const struct sample *sample)
{
	/* Of beats each but the first ends an interval. */
	return sample->count - (series->kind == FAST_METRIC_HEARTBEAT && sample->last_ns != 0);
}

/* Whether it has a sketch and lies in the window. */
static bool is_inside(const struct sample *sample, const struct sample *begin,
		      const struct sample *end)
{
	return sample->sketch != NULL && sample->time_ns > begin->time_ns &&
	       sample->time_ns < end->time_ns;
}

/* Whether the window begins within the level; then coarser ones need not be looked at. */
static bool reaches_begin(const struct window_level *level, const struct sample *begin)
{
	return level->count > 0 && level_at(level, level->count - 1u)->time_ns <= begin->time_ns;
}

/* The oldest sample by which something was observed since the window began. */
static const struct sample *oldest_grown(const struct series *series, const struct sample *begin,
					 const struct sample *end)
{
	uint64_t count = observed(series, begin);
	const struct sample *oldest = end;

	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		const struct window_level *level = &series->levels[i];

		/* From the window's begin on, where it mostly is. */
		for (uint32_t age = level_reach(series, i, begin->time_ns); age-- > 0;) {
			const struct sample *sample = level_at(level, age);

			if (sample->time_ns >= oldest->time_ns) {
				break;
			}
			if (is_inside(sample, begin, end) && observed(series, sample) > count) {
				oldest = sample;
				break;
			}
		}
		if (reaches_begin(level, begin)) {
			break;
		}
	}
	return oldest;
}

/* The newest sample by which not all had been observed that was when the window ended. */
static const struct sample *newest_short(const struct series *series, const struct sample *begin,
					 const struct sample *end)
{
	uint64_t count = observed(series, end);
	const struct sample *newest = begin;

	for (size_t i = 0; i < WINDOW_LEVELS && newest == begin; i++) {
		const struct window_level *level = &series->levels[i];

		for (uint32_t age = 0; age < level->count; age++) {
			const struct sample *sample = level_at(level, age);

			if (sample->time_ns <= begin->time_ns) {
				break; /* nor are those that are older */
			}
			if (is_inside(sample, begin, end) && observed(series, sample) < count) {
				newest = sample;
				break;
			}
		}
		if (reaches_begin(level, begin)) {
			break;
		}
	}
	return newest;
}

void distribution_ends(const struct series *series, const struct sample *begin,
		       const struct sample *end, struct node_window *out)
{
	double first = mean_between(begin->sketch, oldest_grown(series, begin, end)->sketch);
	double last = mean_between(newest_short(series, begin, end)->sketch, end->sketch);

	/* A great sum has few digits left for them. */
	out->first = fmin(fmax(first, out->min), out->max);
	out->last = fmin(fmax(last, out->min), out->max);
}
