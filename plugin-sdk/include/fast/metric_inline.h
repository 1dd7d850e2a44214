/* fast/metric_inline.h - counting, inline: it costs one atomic add and no more. Included by
 * fast/metric.h, which says what it does. */
#ifndef FAST_METRIC_INLINE_H
#define FAST_METRIC_INLINE_H

#include <fast/metric.h>

FAST_BEGIN_DECLS

/* What is no counter. */
void fast_metric_inc_other(struct fast_metric *metric);
void fast_metric_add_other(struct fast_metric *metric, uint64_t n);

/* A metric begins with the address of its cell, plus its kind in the low six bits; a counter's cell
 * begins with the count. */
inline uint64_t *fast_metric_counter(struct fast_metric *metric)
{
	uintptr_t bound = __atomic_load_n((uintptr_t *)(void *)metric, __ATOMIC_ACQUIRE);

	return (bound & 63) == FAST_METRIC_COUNTER ? (uint64_t *)(bound - FAST_METRIC_COUNTER) : 0;
}

inline void fast_metric_inc(struct fast_metric *metric)
{
	uint64_t *count = fast_metric_counter(metric);

	if (__builtin_expect(count != 0, 1)) {
		(void)__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	} else {
		fast_metric_inc_other(metric);
	}
}

inline void fast_metric_add(struct fast_metric *metric, uint64_t n)
{
	uint64_t *count = fast_metric_counter(metric);

	if (__builtin_expect(count != 0, 1)) {
		(void)__atomic_fetch_add(count, n, __ATOMIC_RELAXED);
	} else {
		fast_metric_add_other(metric, n);
	}
}

FAST_END_DECLS

#endif
