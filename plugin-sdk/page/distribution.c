#include "page/view.h"

#include "page/distribution.h"
#include "page/page.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define BUCKETS_PER_OCTAVE (1 << FAST_PAGE_SCALE)

double fast_distribution_bound(size_t index)
{
	assert(index < FAST_PAGE_BUCKETS);

	size_t step = (index + 1) % BUCKETS_PER_OCTAVE;
	int octave = (int)((index + 1) / BUCKETS_PER_OCTAVE) + FAST_PAGE_OCTAVE_FIRST;
	uint64_t mantissa = step == 0 ? 0 : page_bucket_bounds[step - 1];
	uint64_t exponent = (uint64_t)(octave + PAGE_EXPONENT_BIAS);

	return page_double_from_bits(exponent << 52 | mantissa);
}

void fast_distribution_span(const struct fast_distribution *distribution, size_t *first,
			    size_t *end)
{
	uint64_t octaves = distribution->octaves;

	*first = octaves == 0 ? 0 : (size_t)__builtin_ctzll(octaves) << FAST_PAGE_SCALE;
	*end = octaves == 0 ? 0 : (size_t)(64 - __builtin_clzll(octaves)) << FAST_PAGE_SCALE;
}

/* Values of the first bucket may lie anywhere above 0. */
static double bound_below(size_t index)
{
	return index == 0 ? 0 : fast_distribution_bound(index - 1);
}

static double within(const struct fast_distribution *distribution, double value)
{
	value = value < distribution->min ? distribution->min : value; /* false for NaN */
	return value > distribution->max ? distribution->max : value;
}

/* Counts are hostile, so they are summed as doubles: these neither wrap nor trap. */
double fast_distribution_quantile(const struct fast_distribution *distribution, double q)
{
	assert(q >= 0 && q <= 1);

	double seen = (double)distribution->zero;
	double total = seen;
	size_t last = 0;
	size_t first;
	size_t end;

	fast_distribution_span(distribution, &first, &end);
	for (size_t i = first; i < end; i++) {
		total += (double)distribution->buckets[i];
		last = distribution->buckets[i] > 0 ? i : last;
	}
	if (!(total > 0)) {
		return NAN;
	}
	double rank = q * total;
	if (rank <= seen && distribution->zero > 0) {
		return within(distribution, 0);
	}
	for (size_t i = first; i <= last; i++) {
		double count = (double)distribution->buckets[i];

		if (count > 0 && (seen + count >= rank || i == last)) {
			double part = fmin(fmax((rank - seen) / count, 0), 1);
			double below = bound_below(i);
			double above = fast_distribution_bound(i);
			return within(distribution, below + part * (above - below));
		}
		seen += count;
	}
	return within(distribution, fast_distribution_bound(last));
}

static uint64_t count_difference(uint64_t newer, uint64_t older, bool *reset)
{
	if (newer >= older) {
		return newer - older;
	}
	*reset = true;
	return newer;
}

void fast_distribution_difference(const struct fast_distribution *newer,
				  const struct fast_distribution *older,
				  struct fast_distribution *out)
{
	uint64_t octaves = newer->octaves | older->octaves;
	bool reset = false;
	double sum = newer->sum;

	if (out != newer && out != older) {
		memset(out->buckets, 0, sizeof out->buckets);
	}
	out->octaves = newer->octaves; /* a bucket of an octave that only older has is 0 now too */
	out->zero = count_difference(newer->zero, older->zero, &reset);
	out->count = out->zero;
	for (; octaves != 0; octaves &= octaves - 1) {
		size_t first = (size_t)__builtin_ctzll(octaves) << FAST_PAGE_SCALE;

		for (size_t i = first; i < first + BUCKETS_PER_OCTAVE; i++) {
			out->buckets[i] =
				count_difference(newer->buckets[i], older->buckets[i], &reset);
			out->count += out->buckets[i];
		}
	}
	/* Two finite sums may be further apart than a double reaches. */
	out->sum = reset ? sum : sum - older->sum;
	if (!isfinite(out->sum)) {
		out->sum = 0;
	}
	out->min = NAN;
	out->max = NAN;
}
