/* What is asked of the processor before a series is added to. */
#include "fetch.h"
#include "window_impl.h"

#define NS_PER_MS         1000000
#define GAUGE_SAMPLES_MAX 16 /* the processor sees by itself how it goes on */

void series_prefetch(const struct series *series)
{
	fetch(&series->newest);
	fetch(&series->kind);
}

void series_prefetch_samples(const struct series *series, int64_t time_ns)
{
	const struct sample *going = series_going(series, time_ns);

	if (going != NULL) {
		fetch(going);
	}
	if (series->newest.sketch != NULL) {
		sketch_prefetch(series->newest.sketch);
		fetch(level_at(&series->levels[0], 0));
	}
	if (time_ns >= series->coarse_due_ns) {
		fetch(&series->levels[1]);
	}
}

/* What the levels that are due will look at. */
static void coarse_prefetch(const struct series *series, int64_t time_ns)
{
	for (size_t i = 1; i < WINDOW_LEVELS; i++) {
		const struct window_level *level = &series->levels[i];

		if (time_ns >= level->due_ns) {
			fetch(&level->samples[level_next(level)]);
			fetch(level_at(level, 0));
		}
	}
}

void series_prefetch_sketch(const struct series *series, int64_t time_ns)
{
	const struct sample *going = series_going(series, time_ns);

	if (going != NULL) {
		sketch_prefetch(going->sketch);
	}
	if (time_ns >= series->coarse_due_ns) {
		coarse_prefetch(series, time_ns);
	}
}

/* Age of the sample with which a window begins once another one has been added, before that; in the
 * dense level. */
static uint32_t window_age(const struct series *series, uint32_t window_ms, int64_t time_ns)
{
	uint32_t age = (uint32_t)((double)window_ms * NS_PER_MS / level_spacing_ns(series, 0));

	return age > 0 && series_going(series, time_ns) != NULL ? age - 1 : age;
}

void series_prefetch_window(const struct series *series, uint32_t window_ms, int64_t time_ns)
{
	const struct window_level *dense = &series->levels[0];
	uint32_t age = window_age(series, window_ms, time_ns);
	uint32_t last = age + 1; /* no tick is on time to the nanosecond */
	uint32_t first = age > 0 ? age - 1 : 0;

	if (series->kind == FAST_METRIC_GAUGE) {
		first = 0;
		last = last < GAUGE_SAMPLES_MAX ? last : GAUGE_SAMPLES_MAX;
	}
	for (age = first; age <= last && age < dense->count; age++) {
		fetch(level_at(dense, age));
	}
}

void series_prefetch_window_sketch(const struct series *series, uint32_t window_ms, int64_t time_ns)
{
	uint32_t age = window_age(series, window_ms, time_ns);

	if (age < series->levels[0].count) {
		sketch_prefetch(level_at(&series->levels[0], age)->sketch);
	}
}
