/* prof/stats.h - what a heap of numbers says, and how sure that is. Pure. */
#ifndef PROF_STATS_H
#define PROF_STATS_H

#include <fast/status.h>
#include <stddef.h>

#define STATS_RESAMPLES 1000

/* Of no values: count 0, the rest NaN. */
struct stats {
	size_t count;
	double mean, deviation, min, max, p50, p95, p99, first, last;
};

/* With 95 % confidence. */
struct stats_interval {
	double low, high;
};

/* weights: how much each value counts for mean and deviation; NULL: the same. NaN among values is
 * left out. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status stats_of(const double *values, const double *weights, size_t count,
					  struct stats *out);

/* Of sorted values, count > 0; share from 0 to 1; interpolated. */
double stats_quantile(const double *sorted, size_t count, double share);

/* Where the mean lies, by a bootstrap of blocks, since neighbours in time resemble each other.
 * Both ends are NaN for fewer than three values. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status stats_mean_interval(const double *values, size_t count,
						     struct stats_interval *out);

/* The same for mean(b) - mean(a). */
FAST_MUST_CHECK enum fast_status stats_difference(const double *a, size_t a_count, const double *b,
						  size_t b_count, struct stats_interval *out);

#endif
