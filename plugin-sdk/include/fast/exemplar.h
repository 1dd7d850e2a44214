/* fast/exemplar.h - exemplars: what made one of a metric's values, so that a person can go from a
 * slow bucket of a histogram to the trace or the frame behind it.
 *
 * Each verb counts like the one of the same name in fast/metric.h, whatever becomes of the
 * exemplar. It takes no lock, allocates nothing and makes no system call (the vDSO gives the time),
 * but for a metric's first exemplar, which needs room in the page, and for one that is refused.
 * Call it from any thread.
 *
 * fastd keeps the newest exemplar of a counter or heartbeat, and of a histogram or timer the newest
 * for each power of two between its values, as long as these are within a factor of 65536. Of
 * several within a millisecond, or at once from several threads, one is kept. */
#ifndef FAST_EXEMPLAR_H
#define FAST_EXEMPLAR_H

#include <fast/metric.h>

FAST_BEGIN_DECLS

/* Names and values of all labels together, in UTF-8 characters: OpenMetrics's limit. */
#define FAST_EXEMPLAR_CHARACTERS_MAX 128
/* Metrics of a plugin, or series with labels, that have exemplars. */
#define FAST_EXEMPLAR_METRICS_MAX 128

struct fast_exemplar {
	size_t size; /* sizeof(struct fast_exemplar) */
	/* Names are [a-zA-Z_][a-zA-Z0-9_]*, but not __*, and each comes once; values of UTF-8
	 * without control characters. At most FAST_LABELS_MAX; none: there is no exemplar. */
	const struct fast_label *labels;
	size_t label_count;
	int64_t time_unix_ns; /* when it happened, in nanoseconds since 1970; 0 or less: now */
};

/* What became of the exemplar; the value is counted all the same. OK: it is in the page, or another
 * one came before it within a millisecond. INVALID_ARGUMENT: its labels; fast_plugin_error() says
 * more. FAILED_PRECONDITION: the verb does not fit the metric's kind. RESOURCE_EXHAUSTED:
 * FAST_EXEMPLAR_METRICS_MAX, or no memory; logged once. */

/* Counter: adds one. Heartbeat: one beat of work 1. */
enum fast_status fast_metric_inc_exemplar(struct fast_metric *metric,
					  const struct fast_exemplar *exemplar);

/* Counter: adds n. */
enum fast_status fast_metric_add_exemplar(struct fast_metric *metric, uint64_t n,
					  const struct fast_exemplar *exemplar);

/* Histogram, timer: one observation. What is not finite is ignored, and so is its exemplar. */
enum fast_status fast_metric_observe_exemplar(struct fast_metric *metric, double value,
					      const struct fast_exemplar *exemplar);

FAST_END_DECLS

#endif
