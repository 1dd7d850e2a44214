/* page/distribution.h - the writer's side of a distribution: which bucket, and counting in it. */
#ifndef FAST_PAGE_DISTRIBUTION_H
#define FAST_PAGE_DISTRIBUTION_H

#include "page/atomic.h"
#include "page/page.h"

#define PAGE_MANTISSA_MASK ((UINT64_C(1) << 52) - 1)
#define PAGE_EXPONENT_BIAS 1023

/* Mantissas of 2^(k/8), k = 1 to 7, rounded to nearest: the bounds inside an octave. Each eighth of
 * an octave's linear width holds at most one of them, and the last holds none. */
static const uint64_t page_bucket_bounds[1 << FAST_PAGE_SCALE] = {
	0x172b83c7d517b, 0x306fe0a31b715, 0x4bfdad5362a27, 0x6a09e667f3bcd,
	0x8ace5422aa0db, 0xae89f995ad3ad, 0xd5818dcfba487, UINT64_MAX,
};

/* Bucket of a value above 0. Its lower bound is exclusive, hence bits - 1. */
static inline uint32_t fast_page_bucket(double value)
{
	uint64_t bits = page_double_bits(value) - 1;
	int64_t eighth = (int64_t)(bits >> (52 - FAST_PAGE_SCALE));
	int64_t index =
		eighth - ((int64_t)PAGE_EXPONENT_BIAS << FAST_PAGE_SCALE) - FAST_PAGE_BUCKET_FIRST;

	index += (bits & PAGE_MANTISSA_MASK) >=
		 page_bucket_bounds[eighth & ((1 << FAST_PAGE_SCALE) - 1)];
	index = index < 0 ? 0 : index;
	return (uint32_t)(index > FAST_PAGE_BUCKETS - 1 ? FAST_PAGE_BUCKETS - 1 : index);
}

static inline void fast_page_bucket_count(struct fast_page_distribution *distribution,
					  uint32_t bucket)
{
	uint64_t octave = UINT64_C(1) << (bucket >> FAST_PAGE_SCALE);

	/* A reader that misses the bit misses the count until its next reading, and no longer. */
	if (__builtin_expect((page_load(&distribution->octaves) & octave) == 0, 0)) {
		(void)__atomic_fetch_or(&distribution->octaves, octave, __ATOMIC_RELAXED);
	}
	page_add(&distribution->buckets[bucket], 1);
}

/* Counts a finite value, but not in the sum. */
static inline void fast_page_distribution_count(struct fast_page_distribution *distribution,
						double value)
{
	if (__builtin_expect(value > 0, 1)) {
		fast_page_bucket_count(distribution, fast_page_bucket(value));
	} else {
		page_add(&distribution->zero, 1);
	}
	page_lower_double(&distribution->min, value);
	page_raise_double(&distribution->max, value);
}

static inline void fast_page_distribution_add(struct fast_page_distribution *distribution,
					      double value)
{
	fast_page_distribution_count(distribution, value);
	page_add_double(&distribution->sum, value);
}

#endif
