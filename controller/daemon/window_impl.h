/* daemon/window_impl.h - what window*.c know of a series. */
#ifndef FASTD_WINDOW_IMPL_H
#define FASTD_WINDOW_IMPL_H

#include "window.h"

/* What a gauge was at least and at most in the time that ends with a sample of a coarse level. */
struct window_extremes {
	double low;
	double high;
};

/* The sample of this age, in samples; age < level->count. */
static inline const struct sample *level_at(const struct window_level *level, uint32_t age)
{
	uint32_t newest = level->newest;

	return &level->samples[newest >= age ? newest - age : newest + level->capacity - age];
}

/* Index of the sample that goes when the next one comes. */
static inline uint32_t level_next(const struct window_level *level)
{
	return level->newest + 1u < level->capacity ? level->newest + 1u : 0;
}

/* ---- window.c ---- */

/* The sample that has to go at this time; NULL: none. */
struct sample *series_going(const struct series *series, int64_t time_ns);

/* How far apart the samples of a level are if no tick is late, about. */
double level_spacing_ns(const struct series *series, size_t level);

/* ---- window_summary.c ---- */

/* The least age, in samples, at which the level's are of this time or before; its count when none
 * is. */
uint32_t level_reach(const struct series *series, size_t level, int64_t time_ns);

/* ---- window_gauge.c ---- */

/* Fills the extremes of what a coarse level has just taken in; before_ns: its sample before. */
void gauge_note_extremes(struct series *series, size_t level, int64_t before_ns);

/* What a gauge was after begin and until end; when they are the same, what it was then. */
void gauge_summarize(const struct series *series, const struct sample *begin,
		     const struct sample *end, struct node_window *out);

/* ---- window_ends.c ---- */

/* Fills first and last of what was observed after begin and until end, which is something. Both
 * have a sketch; min and max are there. */
void distribution_ends(const struct series *series, const struct sample *begin,
		       const struct sample *end, struct node_window *out);

#endif
