#include "prof/meter.h"

#include "client/quantity.h"

#include <math.h>
#include <string.h>

void meter_begin(struct meter *meter, uint64_t revision, double step_s)
{
	meter->count = 0;
	meter->revision = revision;
	meter->step_s = step_s;
	meter->moved_ns = quantity_monotonic_now();
	meter->beats = 0;
	meter->beats_s = 0;
	meter->rate = 0;
}

static struct meter_mark *meter_mark(struct meter *meter, const Fast__V1__Sample *sample,
				     bool *is_new)
{
	struct meter_mark *mark;

	*is_new = false;
	for (size_t i = 0; i < meter->count; i++) {
		if (strcmp(meter->marks[i].metric, sample->metric) == 0) {
			return &meter->marks[i];
		}
	}
	if (meter->count == PROFILE_SERIES_MAX) {
		return NULL;
	}
	*is_new = true;
	mark = &meter->marks[meter->count++];
	*mark = (struct meter_mark){0};
	snprintf(mark->metric, sizeof mark->metric, "%s", sample->metric);
	return mark;
}

static void mark_set(struct meter_mark *mark, const Fast__V1__Sample *sample)
{
	mark->time_ns = sample->time_unix_ns;
	mark->count = sample->count;
	mark->sum = sample->sum;
	mark->value = sample->value;
}

static bool is_flow(const Fast__V1__Sample *sample)
{
	return sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT ||
	       sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER;
}

static bool is_distribution(const Fast__V1__Sample *sample)
{
	return sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_TIMER ||
	       sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_HISTOGRAM;
}

/* The point that lies between the mark and the sample. False: not yet, or none. */
static bool point_between(const struct meter *meter, const struct meter_mark *mark,
			  const Fast__V1__Sample *sample, struct point *out)
{
	double seconds = (double)(sample->time_unix_ns - mark->time_ns) / 1e9;
	double more = (double)(sample->count - mark->count);

	out->time_ns = sample->time_unix_ns;
	out->weight = seconds;
	if (is_flow(sample)) {
		out->value = more / seconds;
		return seconds >= meter->step_s * 0.95;
	}
	if (is_distribution(sample)) {
		out->value = (sample->sum - mark->sum) / more;
		out->weight = more;
		return more > 0 && isfinite(out->value);
	}
	out->value = sample->value;
	return sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE && isfinite(out->value);
}

static void meter_progress(struct meter *meter, const struct meter_mark *mark,
			   const Fast__V1__Sample *sample)
{
	double seconds = (double)(sample->time_unix_ns - mark->time_ns) / 1e9;

	if (sample->count != mark->count || sample->sum != mark->sum ||
	    memcmp(&sample->value, &mark->value, sizeof mark->value) != 0) {
		meter->moved_ns = quantity_monotonic_now();
	}
	/* The first one declared, as a rule the one that matters. */
	if (is_flow(sample) && mark == meter->marks && seconds >= meter->step_s * 0.95) {
		meter->beats += sample->count - mark->count;
		meter->beats_s += seconds;
		meter->rate = (double)meter->beats / meter->beats_s;
	}
}

static const char *unit_of(const Fast__V1__Sample *sample)
{
	if (is_flow(sample)) {
		return "Hz";
	}
	return sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_TIMER ? "s" : "";
}

static void meter_take_sample(struct meter *meter, const Fast__V1__Sample *sample,
			      struct profile *profile, struct setting *setting, uint32_t repeat)
{
	struct point point = {.repeat = repeat};
	struct series *series;
	struct meter_mark *mark;
	bool is_new;

	if (sample->stale || sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_INFO ||
	    sample->kind == FAST__V1__METRIC_KIND__METRIC_KIND_STATESET) {
		return;
	}
	mark = meter_mark(meter, sample, &is_new);
	if (mark == NULL || sample->time_unix_ns <= mark->time_ns) {
		return;
	}
	if (is_new || sample->count < mark->count) { /* or the counter began anew */
		mark_set(mark, sample);
		return;
	}
	meter_progress(meter, mark, sample);
	series = setting == NULL
			 ? NULL
			 : profile_series(setting, sample->metric, unit_of(sample), SOURCE_PLUGIN);
	if (series != NULL && (sample->revision_first != meter->revision ||
			       sample->revision_last != meter->revision)) {
		series->mixed++;
		mark_set(mark, sample);
		return;
	}
	if (!point_between(meter, mark, sample, &point)) {
		if (!is_flow(sample)) {
			mark_set(mark, sample);
		}
		return;
	}
	mark_set(mark, sample);
	if (series != NULL) {
		profile_add(profile, series, point);
	}
}

void meter_take(struct meter *meter, const Fast__V1__MetricWatchResponse *item,
		struct profile *profile, struct setting *setting, uint32_t repeat)
{
	for (size_t i = 0; i < item->n_samples; i++) {
		meter_take_sample(meter, item->samples[i], profile, setting, repeat);
	}
}

/* "fps{camera="left"}" has its intervals in "fps.interval{camera="left"}". */
static struct series *windows_series(struct setting *setting, const Fast__V1__Sample *sample)
{
	char name[PROFILE_NAME_BYTES_MAX + 1];
	size_t base = strcspn(sample->metric, "{");

	if (sample->kind != FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT) {
		return profile_series(setting, sample->metric, unit_of(sample), SOURCE_PLUGIN);
	}
	snprintf(name, sizeof name, "%.*s.interval%s", (int)base, sample->metric,
		 sample->metric + base);
	return profile_series(setting, name, "s", SOURCE_PLUGIN);
}

void meter_take_windows(const struct meter *meter, const Fast__V1__MetricWatchResponse *item,
			struct setting *setting)
{
	for (size_t i = 0; i < item->n_samples; i++) {
		const Fast__V1__Sample *sample = item->samples[i];
		const Fast__V1__WindowSummary *window = sample->window;
		struct series *series;
		double count;

		if (window == NULL || window->count == 0 || sample->stale ||
		    sample->revision_first != meter->revision ||
		    sample->revision_last != meter->revision) {
			continue;
		}
		series = windows_series(setting, sample);
		if (series == NULL) {
			continue;
		}
		count = (double)window->count;
		series->observations += window->count;
		series->p50_sum += count * window->p50;
		series->p95_sum += count * window->p95;
		series->p99_sum += count * window->p99;
		series->mean_sum += count * window->mean;
	}
}
