/* page/labels.h - labels and states as text: what fastd is told, and what it calls a series. */
#ifndef FAST_PAGE_LABELS_H
#define FAST_PAGE_LABELS_H

#include <fast/metric.h>

/* frames{camera="left"} */
#define FAST_SERIES_NAME_BYTES_MAX (FAST_METRIC_NAME_BYTES_MAX + 2 + FAST_LABELS_BYTES_MAX)
#define FAST_STATES_BYTES_MAX      255
#define FAST_LABELS_OVERFLOW       "overflow=\"true\""
/* Metrics that a plugin has beside FAST_PLUGIN_METRICS_MAX: those that take what exceeds, and one
 * that counts how often. */
#define FAST_METRICS_RESERVED 8

/* Writes the labels, sorted, as text; out holds FAST_LABELS_BYTES_MAX + 1 bytes. INVALID_ARGUMENT
 * with a sentence in reason, cut to fit. */
FAST_MUST_CHECK enum fast_status fast_labels_write(const char *metric,
						   const struct fast_label *labels, size_t count,
						   char *out, char *reason, size_t reason_bytes);

/* Whether the text is what fast_labels_write() would write, or empty, or FAST_LABELS_OVERFLOW. */
FAST_MUST_CHECK enum fast_status fast_labels_check(const char *metric, const char *text,
						   char *reason, size_t reason_bytes);

/* The same of a stateset's states; out holds FAST_STATES_BYTES_MAX + 1 bytes. */
FAST_MUST_CHECK enum fast_status fast_states_write(const char *metric, const char *const *states,
						   size_t count, char *out, char *reason,
						   size_t reason_bytes);
FAST_MUST_CHECK enum fast_status fast_states_check(const char *metric, const char *text,
						   char *reason, size_t reason_bytes);

#endif
