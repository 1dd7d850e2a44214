#include "window_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS        1000000
#define NS_PER_S         1e9
#define CACHE_LINE_BYTES 64

/* Levels after the first: how far apart their samples are and how far back they reach. */
static const struct {
	uint32_t spacing_ms;
	uint32_t reach_ms;
} level_plan[WINDOW_LEVELS] = {
	{0, WINDOW_DENSE_MS},
	{500, WINDOW_HALF_MS},
	{5000, WINDOW_LONG_MS},
};

static uint32_t level_capacity(size_t level, uint32_t tick_ms)
{
	uint32_t spacing_ms = level == 0 ? tick_ms : level_plan[level].spacing_ms;
	uint32_t capacity = level_plan[level].reach_ms / spacing_ms + 2;

	return capacity < WINDOW_DENSE_SAMPLES_MIN ? WINDOW_DENSE_SAMPLES_MIN : capacity;
}

/* Each on a cache line of its own. */
static struct sample *samples_new(size_t count)
{
	struct sample *samples = NULL;

	if (posix_memalign((void **)&samples, sizeof *samples, count * sizeof *samples) != 0) {
		return NULL;
	}
	memset(samples, 0, count * sizeof *samples);
	return samples;
}

size_t series_bytes(enum fast_metric_kind kind, uint32_t tick_ms)
{
	size_t dense = level_capacity(0, tick_ms);
	size_t coarse = 0;

	for (size_t i = 1; i < WINDOW_LEVELS; i++) {
		coarse += level_capacity(i, tick_ms);
	}
	return (dense + coarse) * sizeof(struct sample) +
	       (kind == FAST_METRIC_GAUGE ? coarse * sizeof(struct window_extremes) : 0);
}

enum fast_status series_init(struct series *series, enum fast_metric_kind kind, uint32_t tick_ms,
			     int64_t created_ns, int64_t created_unix_ns)
{
	size_t total = 0;

	*series = (struct series){
		.kind = kind,
		.created_ns = created_ns,
		.created_unix_ns = created_unix_ns,
	};
	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		total += level_capacity(i, tick_ms);
	}
	series->samples = samples_new(total);
	if (kind == FAST_METRIC_GAUGE) {
		series->extremes =
			calloc(total - level_capacity(0, tick_ms), sizeof *series->extremes);
	}
	if (series->samples == NULL || (kind == FAST_METRIC_GAUGE && series->extremes == NULL)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0, used = 0; i < WINDOW_LEVELS; i++) {
		struct window_level *level = &series->levels[i];
		level->capacity = level_capacity(i, tick_ms);
		level->samples = series->samples + used;
		if (i > 0 && series->extremes != NULL) {
			level->extremes = series->extremes + used - series->levels[0].capacity;
		}
		/* Half a tick early is early enough: ticks are never on time to the nanosecond. */
		level->spacing_ns = level_plan[i].spacing_ms == 0
					    ? 0
					    : (int64_t)level_plan[i].spacing_ms * NS_PER_MS -
						      (int64_t)tick_ms * NS_PER_MS / 2;
		used += level->capacity;
		assert(level->capacity <= WINDOW_LEVEL_SAMPLES_MAX);
	}
	return FAST_OK;
}

static void level_clear(struct window_level *level, struct sketch_budget *budget)
{
	for (uint32_t i = 0; i < level->capacity; i++) {
		sketch_unref(level->samples[i].sketch, budget);
		level->samples[i].sketch = NULL;
	}
	level->count = 0;
	level->newest = 0;
}

/* False: it is not due yet. */
static bool level_push(struct window_level *level, const struct sample *sample,
		       struct sketch_budget *budget)
{
	if (level->count > 0 && sample->time_ns < level->due_ns) {
		return false;
	}
	level->due_ns = sample->time_ns + level->spacing_ns;
	level->newest = level->count == 0 ? 0 : (level->newest + 1) % level->capacity;
	level->count += level->count < level->capacity;
	sketch_unref(level->samples[level->newest].sketch, budget);
	level->samples[level->newest] = *sample;
	sketch_ref(sample->sketch);
	return true;
}

static void series_clear(struct series *series, struct sketch_budget *budget)
{
	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		level_clear(&series->levels[i], budget);
	}
	series->interval_s = 0;
}

void series_fini(struct series *series, struct sketch_budget *budget)
{
	if (series->samples != NULL) {
		series_clear(series, budget);
	}
	free(series->samples);
	free(series->extremes);
	free(series->frozen);
	*series = (struct series){.kind = series->kind};
}

void series_prefetch(const struct series *series)
{
	for (size_t at = 0; at < sizeof *series; at += CACHE_LINE_BYTES) {
		__builtin_prefetch((const char *)series + at);
	}
}

void series_prefetch_samples(const struct series *series)
{
	const struct window_level *dense = &series->levels[0];
	const struct sample *newest = dense->samples + dense->newest;

	if (dense->samples != NULL) {
		__builtin_prefetch(newest);
		__builtin_prefetch(newest + 1 < dense->samples + dense->capacity ? newest + 1
										 : dense->samples,
				   1);
	}
}

void series_prefetch_sketch(const struct series *series)
{
	const struct window_level *dense = &series->levels[0];

	if (dense->samples != NULL) {
		__builtin_prefetch(dense->samples[(dense->newest + 1) % dense->capacity].sketch, 1);
	}
}

const struct sample *series_newest(const struct series *series)
{
	return series->levels[0].count == 0 ? NULL : level_at(&series->levels[0], 0);
}

static bool kind_has_sketch(enum fast_metric_kind kind)
{
	return kind == FAST_METRIC_HISTOGRAM || kind == FAST_METRIC_TIMER ||
	       kind == FAST_METRIC_HEARTBEAT;
}

/* Mean of the intervals that ended between two samples; what a plugin writes here need not make
 * sense. */
static double interval_between(const struct sample *older, const struct sample *newer)
{
	double beats = (double)(newer->count - older->count);

	if (older->last_ns > 0 && newer->last_ns > older->last_ns) {
		return (double)(newer->last_ns - older->last_ns) / NS_PER_S / beats;
	}
	return (double)(newer->time_ns - older->time_ns) / NS_PER_S / beats;
}

static double reading_sum(const struct fast_cell_reading *reading)
{
	return reading->kind == FAST_METRIC_HEARTBEAT ? reading->work : reading->distribution.sum;
}

static struct sketch *reading_sketch(const struct series *series,
				     const struct fast_cell_reading *reading,
				     struct sketch_budget *budget)
{
	const struct sample *newest = series_newest(series);

	if (!kind_has_sketch(series->kind)) {
		return NULL;
	}
	/* The counts are at hand; the sketch is mostly in no cache. */
	if (newest != NULL && newest->count == reading->count &&
	    sketch_is_same(newest->sketch, &reading->distribution)) {
		return sketch_ref(newest->sketch);
	}
	return sketch_new(&reading->distribution, budget);
}

bool series_add(struct series *series, const struct fast_cell_reading *reading, int64_t time_ns,
		int64_t time_unix_ns, uint64_t revision, struct sketch_budget *budget)
{
	assert(reading->kind == series->kind);
	assert(series->frozen == NULL);

	const struct sample *newest = series_newest(series);
	bool reset = newest != NULL && reading->count < newest->count;

	if (reset) {
		series_clear(series, budget);
		series->created_ns = time_ns;
		series->created_unix_ns = time_unix_ns;
		newest = NULL;
	}
	struct sample sample = {
		.time_ns = time_ns,
		.time_unix_ns = time_unix_ns,
		.count = reading->count,
		.value = reading->value,
		.sum = kind_has_sketch(series->kind) ? reading_sum(reading) : 0,
		.last_ns = reading->last_ns > time_ns ? time_ns : reading->last_ns,
		.revision = revision,
		.sketch = reading_sketch(series, reading, budget),
	};
	if (series->kind == FAST_METRIC_HEARTBEAT && newest != NULL &&
	    sample.count > newest->count) {
		series->interval_s = interval_between(newest, &sample);
	}
	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		const struct window_level *level = &series->levels[i];
		int64_t before_ns = level->count > 0 ? level_at(level, 0)->time_ns : INT64_MIN;

		if (level_push(&series->levels[i], &sample, budget) && i > 0 &&
		    series->extremes != NULL) {
			gauge_note_extremes(series, i, before_ns);
		}
	}
	sketch_unref(sample.sketch, budget);
	return reset;
}

void series_freeze(struct series *series, struct sketch_budget *budget)
{
	const struct sample *newest = series_newest(series);
	struct sample *last = NULL;
	struct window_summary *frozen = NULL;

	if (newest == NULL || series->frozen != NULL) {
		return;
	}
	last = malloc(sizeof *last);
	frozen = malloc(sizeof *frozen);
	if (last == NULL || frozen == NULL) { /* then it goes on costing what it did */
		free(last);
		free(frozen);
		return;
	}
	series_summarize(series, WINDOW_DEFAULT_MS, frozen);
	*last = *newest;
	sketch_ref(last->sketch);
	series_clear(series, budget);
	free(series->samples);
	free(series->extremes);
	series->extremes = NULL;
	series->samples = last;
	memset(series->levels, 0, sizeof series->levels);
	series->levels[0] = (struct window_level){.samples = last, .capacity = 1, .count = 1};
	series->frozen = frozen;
}

void series_each(const struct series *series, int64_t after_unix_ns,
		 void (*fn)(const struct sample *sample, void *arg), void *arg)
{
	int64_t done_ns = INT64_MIN;

	/* The long level first: each finer one goes on where it has newer samples. */
	for (size_t i = WINDOW_LEVELS; i-- > 0;) {
		const struct window_level *level = &series->levels[i];
		const struct window_level *finer = i == 0 ? NULL : &series->levels[i - 1];
		int64_t until_ns = finer == NULL || finer->count == 0
					   ? INT64_MAX
					   : level_at(finer, finer->count - 1)->time_ns;

		for (uint32_t age = level->count; age-- > 0;) {
			const struct sample *sample = level_at(level, age);
			if (sample->time_ns > done_ns && sample->time_ns < until_ns) {
				done_ns = sample->time_ns;
				if (sample->time_unix_ns > after_unix_ns) {
					fn(sample, arg);
				}
			}
		}
	}
}
