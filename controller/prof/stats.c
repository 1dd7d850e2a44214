#include "prof/stats.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_COUNT_MIN 3

static int double_compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_quantile(const double *sorted, size_t count, double share)
{
	double at = share * (double)(count - 1);
	size_t below = (size_t)at;

	assert(count > 0);
	if (below + 1 >= count) {
		return sorted[count - 1];
	}
	return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void stats_moments(const double *values, const double *weights, size_t count,
			  struct stats *out)
{
	double weight_sum = 0, sum = 0, squares = 0;

	for (size_t i = 0; i < count; i++) {
		double weight = weights != NULL ? weights[i] : 1;

		if (!isnan(values[i])) {
			weight_sum += weight;
			sum += weight * values[i];
		}
	}
	out->mean = sum / weight_sum;
	for (size_t i = 0; i < count; i++) {
		double weight = weights != NULL ? weights[i] : 1;

		if (!isnan(values[i])) {
			squares += weight * (values[i] - out->mean) * (values[i] - out->mean);
		}
	}
	out->deviation =
		out->count > 1
			? sqrt(squares / weight_sum * (double)out->count / (double)(out->count - 1))
			: 0;
}

enum fast_status stats_of(const double *values, const double *weights, size_t count,
			  struct stats *out)
{
	double *sorted = malloc((count + 1) * sizeof *sorted);

	if (sorted == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = (struct stats){0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	for (size_t i = 0; i < count; i++) {
		if (isnan(values[i])) {
			continue;
		}
		if (out->count == 0) {
			out->first = values[i];
		}
		out->last = values[i];
		sorted[out->count++] = values[i];
	}
	if (out->count > 0) {
		stats_moments(values, weights, count, out);
		qsort(sorted, out->count, sizeof *sorted, double_compare);
		out->min = sorted[0];
		out->max = sorted[out->count - 1];
		out->p50 = stats_quantile(sorted, out->count, 0.50);
		out->p95 = stats_quantile(sorted, out->count, 0.95);
		out->p99 = stats_quantile(sorted, out->count, 0.99);
	}
	free(sorted);
	return FAST_OK;
}

/* splitmix64: the same numbers each time, so that the same files give the same answer. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Mean of as many values, drawn with replacement in blocks of neighbours. */
static double resampled_mean(const double *values, size_t count, uint64_t *state)
{
	size_t block = (size_t)ceil(cbrt((double)count));
	double sum = 0;
	size_t drawn = 0;

	while (drawn < count) {
		size_t at = random_next(state) % count;

		for (size_t i = 0; i < block && drawn < count; i++, drawn++) {
			sum += values[(at + i) % count];
		}
	}
	return sum / (double)count;
}

enum fast_status stats_difference(const double *a, size_t a_count, const double *b, size_t b_count,
				  struct stats_interval *out)
{
	uint64_t state = 1;
	double *means;

	*out = (struct stats_interval){NAN, NAN};
	if (b_count < INTERVAL_COUNT_MIN || (a != NULL && a_count < INTERVAL_COUNT_MIN)) {
		return FAST_OK;
	}
	means = malloc(STATS_RESAMPLES * sizeof *means);
	if (means == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0; i < STATS_RESAMPLES; i++) {
		means[i] = resampled_mean(b, b_count, &state);
		if (a != NULL) {
			means[i] -= resampled_mean(a, a_count, &state);
		}
	}
	qsort(means, STATS_RESAMPLES, sizeof *means, double_compare);
	out->low = stats_quantile(means, STATS_RESAMPLES, 0.025);
	out->high = stats_quantile(means, STATS_RESAMPLES, 0.975);
	free(means);
	return FAST_OK;
}

enum fast_status stats_mean_interval(const double *values, size_t count, struct stats_interval *out)
{
	return stats_difference(NULL, 0, values, count, out);
}
