#include "cli/sample.h"

#include "client/quantity.h"
#include "client/value.h"

#include <inttypes.h>

const char *sample_window_unit(Fast__V1__MetricKind kind)
{
	bool lasts = kind == FAST__V1__METRIC_KIND__METRIC_KIND_TIMER ||
		     kind == FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT;

	return lasts ? "s" : "";
}

void sample_add_value(struct text *text, const Fast__V1__Sample *sample, const char *unit)
{
	if (sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE ||
	    sample->kind >= FAST__V1__METRIC_KIND__METRIC_KIND_INFO) {
		quantity_value(text, sample->value, unit);
	} else {
		text_add(text, "%" PRIu64, sample->count);
	}
	if (sample->stale) {
		text_add(text, " (stale)");
	}
}

void sample_add_flow(struct text *text, Fast__V1__MetricKind kind, double rate, const char *unit)
{
	if (kind == FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER) {
		quantity_flow(text, rate, unit);
	} else {
		quantity_rate(text, rate);
	}
}

void sample_add_rate(struct text *text, const Fast__V1__Sample *sample, const char *unit)
{
	bool counts = sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER ||
		      sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT;

	if (counts) {
		sample_add_flow(text, sample->kind, sample->rate_window, unit);
	} else if (sample->window != NULL && sample->window_ms > 0 &&
		   sample->kind != FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE) {
		quantity_rate(text, (double)sample->window->count * 1e3 / sample->window_ms);
	} else {
		text_add(text, "-");
	}
}

bool sample_has_window(const Fast__V1__Sample *sample)
{
	return sample->window != NULL && sample->window->count > 0;
}

static void sample_add_window(struct text *text, const Fast__V1__Sample *sample, double value)
{
	const char *unit = sample_window_unit(sample->kind);

	quantity_value(text, value, unit[0] == '\0' ? sample->unit : unit);
}

void sample_kind(const void *member, struct text *text)
{
	text_add(text, "%s", value_kind_name(*(const Fast__V1__MetricKind *)member));
}

void sample_value(const void *member, struct text *text)
{
	const Fast__V1__Sample *sample = member;

	sample_add_value(text, sample, sample->unit);
}

void sample_rate(const void *member, struct text *text)
{
	sample_add_rate(text, member, NULL);
}

void sample_p50(const void *member, struct text *text)
{
	const Fast__V1__Sample *sample = member;

	if (sample_has_window(sample)) {
		sample_add_window(text, sample, sample->window->p50);
	} else {
		text_add(text, "-");
	}
}

void sample_p95(const void *member, struct text *text)
{
	const Fast__V1__Sample *sample = member;

	if (sample_has_window(sample)) {
		sample_add_window(text, sample, sample->window->p95);
	} else {
		text_add(text, "-");
	}
}

void sample_p99(const void *member, struct text *text)
{
	const Fast__V1__Sample *sample = member;

	if (sample_has_window(sample)) {
		sample_add_window(text, sample, sample->window->p99);
	} else {
		text_add(text, "-");
	}
}

void sample_revision(const void *member, struct text *text)
{
	const Fast__V1__Sample *sample = member;

	text_add(text, "%" PRIu64, sample->revision_last);
	if (sample->revision_first != sample->revision_last) {
		text_add(text, " (from %" PRIu64 ")", sample->revision_first);
	}
}
