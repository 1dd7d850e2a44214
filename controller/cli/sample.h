/* cli/sample.h - how a metric's sample reads. */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include "client/text.h"

#include <fast/v1/types.pb-c.h>

/* Unit in which the distribution of this kind of metric is, or "" where it is the metric's own. */
const char *sample_window_unit(Fast__V1__MetricKind kind);

/* Value: a gauge's value, what others have counted. */
void sample_add_value(struct text *text, const Fast__V1__Sample *sample, const char *unit);

/* Rate over the window, for what counts; else "-". A counter's is in its own unit; NULL: not known.
 */
void sample_add_rate(struct text *text, const Fast__V1__Sample *sample, const char *unit);

/* The rate of a metric of this kind and unit: how often, or for a counter how much. */
void sample_add_flow(struct text *text, Fast__V1__MetricKind kind, double rate, const char *unit);

/* Whether the window's distribution says anything. */
bool sample_has_window(const Fast__V1__Sample *sample);

/* ---- columns over a Fast__V1__Sample ---- */

void sample_kind(const void *member, struct text *text); /* Fast__V1__MetricKind */
void sample_value(const void *member, struct text *text);
void sample_rate(const void *member, struct text *text);
void sample_p50(const void *member, struct text *text);
void sample_p95(const void *member, struct text *text);
void sample_p99(const void *member, struct text *text);
void sample_revision(const void *member, struct text *text);

#endif
