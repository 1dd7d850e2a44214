#include "window_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1e9

#define LEVEL_SPARE 2 /* samples beyond those that its reach takes */

/* How far apart a level's samples are and how far back they reach. */
static const struct {
	uint32_t spacing_ms;
	uint32_t reach_ms;
} level_plan[WINDOW_LEVELS] = {
	{WINDOW_DENSE_SPACING_MS, WINDOW_DENSE_MS},
	{500, WINDOW_HALF_MS},
	{5000, WINDOW_LONG_MS},
};

/* 0: each sample. */
static uint32_t level_spacing(size_t level, enum fast_metric_kind kind)
{
	return level == 0 && kind == FAST_METRIC_GAUGE ? 0 : level_plan[level].spacing_ms;
}

static uint32_t level_capacity(size_t level, enum fast_metric_kind kind, uint32_t tick_ms)
{
	uint32_t spacing_ms = level_spacing(level, kind);
	uint32_t capacity =
		level_plan[level].reach_ms / (spacing_ms > tick_ms ? spacing_ms : tick_ms) +
		LEVEL_SPARE;

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

double level_spacing_ns(const struct series *series, size_t level)
{
	return (double)level_plan[level].reach_ms * NS_PER_MS /
	       (series->levels[level].capacity - LEVEL_SPARE);
}

struct sample *series_going(const struct series *series, int64_t time_ns)
{
	const struct window_level *dense = &series->levels[0];

	return time_ns >= dense->due_ns && dense->samples != NULL
		       ? &dense->samples[level_next(dense)]
		       : NULL;
}

size_t series_bytes(enum fast_metric_kind kind, uint32_t tick_ms)
{
	size_t dense = level_capacity(0, kind, tick_ms);
	size_t coarse = 0;

	for (size_t i = 1; i < WINDOW_LEVELS; i++) {
		coarse += level_capacity(i, kind, tick_ms);
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
		total += level_capacity(i, kind, tick_ms);
	}
	series->samples = samples_new(total);
	if (kind == FAST_METRIC_GAUGE) {
		series->extremes =
			calloc(total - level_capacity(0, kind, tick_ms), sizeof *series->extremes);
	}
	if (series->samples == NULL || (kind == FAST_METRIC_GAUGE && series->extremes == NULL)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (size_t i = 0, used = 0; i < WINDOW_LEVELS; i++) {
		struct window_level *level = &series->levels[i];
		level->capacity = (uint16_t)level_capacity(i, kind, tick_ms);
		level->samples = series->samples + used;
		if (i > 0 && series->extremes != NULL) {
			level->extremes = series->extremes + used - series->levels[0].capacity;
		}
		/* Half a tick early is early enough: ticks are never on time to the nanosecond. */
		level->spacing_ms = (int16_t)((int)level_spacing(i, kind) - (int)tick_ms / 2);
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
	level->due_ns = 0;
}

/* Whether each tick's sample is kept. */
static bool level_takes_all(const struct window_level *level)
{
	return 3 * level->spacing_ms <= 2 * WINDOW_DENSE_SPACING_MS;
}

/* Takes the sketch that goes, gives the one that is kept of the sample: its own where the next tick
 * writes that anew; where it will not, or nothing was observed, one is enough. */
static struct sketch *kept_sketch(const struct sample *before, const struct sample *sample,
				  struct sketch *going, bool shares, struct sketch_budget *budget)
{
	struct sketch *kept = sample->sketch;

	if (kept != NULL && !shares) {
		if (before == NULL || before->count != sample->count ||
		    !sketch_equals(before->sketch, kept)) {
			return sketch_copy(going, kept, budget);
		}
		kept = before->sketch;
	}
	(void)sketch_ref(kept);
	sketch_unref(going, budget);
	return kept;
}

static void level_push(struct window_level *level, const struct sample *sample, bool shares,
		       struct sketch_budget *budget)
{
	const struct sample *before = level->count > 0 ? level_at(level, 0) : NULL;
	struct sample *kept;
	struct sketch *sketch;

	level->due_ns = sample->time_ns + (int64_t)level->spacing_ms * NS_PER_MS;
	level->newest = level->count == 0 ? 0 : (uint16_t)level_next(level);
	level->count = (uint16_t)(level->count + (level->count < level->capacity));
	kept = &level->samples[level->newest];
	sketch = kept_sketch(before, sample, kept->sketch, shares, budget);
	*kept = *sample;
	kept->sketch = sketch;
}

/* Gives the newest sample to the coarse levels that are due. */
static void coarse_push(struct series *series, struct sketch_budget *budget)
{
	const struct sample *sample = level_at(&series->levels[0], 0);
	bool shares = sample->time_ns == series->newest.time_ns;

	if (!shares) { /* else it and the dense level's have one sketch */
		sample = &series->newest;
	}

	series->coarse_due_ns = INT64_MAX;
	for (size_t i = 1; i < WINDOW_LEVELS; i++) {
		struct window_level *level = &series->levels[i];

		if (series->newest.time_ns >= level->due_ns) {
			/* The time of its newest sample, which is in no cache. */
			int64_t before_ns =
				level->count > 0
					? level->due_ns - (int64_t)level->spacing_ms * NS_PER_MS
					: INT64_MIN;

			level_push(level, sample, shares, budget);
			if (level->extremes != NULL) {
				gauge_note_extremes(series, i, before_ns);
			}
		}
		if (level->due_ns < series->coarse_due_ns) {
			series->coarse_due_ns = level->due_ns;
		}
	}
}

void series_clear(struct series *series, struct sketch_budget *budget)
{
	for (size_t i = 0; i < WINDOW_LEVELS; i++) {
		level_clear(&series->levels[i], budget);
	}
	sketch_unref(series->newest.sketch, budget);
	series->newest = (struct sample){0};
	series->sampled = false;
	series->coarse_due_ns = 0;
	series->interval_s = 0;
}

void series_fini(struct series *series, struct sketch_budget *budget)
{
	series_clear(series, budget);
	free(series->samples);
	free(series->extremes);
	free(series->frozen);
	*series = (struct series){.kind = series->kind};
}

const struct sample *series_newest(const struct series *series)
{
	return series->sampled ? &series->newest : NULL;
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

/* Takes the newest sample's sketch, gives that of the reading. */
static struct sketch *reading_sketch(const struct series *series,
				     const struct fast_cell_reading *reading, int64_t time_ns,
				     struct sketch_budget *budget)
{
	const struct sample *newest = &series->newest;
	struct sketch *old = newest->sketch;
	struct sample *going = series_going(series, time_ns);

	if (!kind_has_sketch(series->kind)) {
		return NULL;
	}
	/* The counts are at hand; the sketch is mostly in no cache. */
	if (newest->count == reading->count && sketch_is_same(old, &reading->distribution)) {
		return old;
	}
	if (sketch_is_shared(old) && going != NULL && going->sketch != NULL) {
		sketch_unref(old, budget);
		old = going->sketch;
		going->sketch = NULL;
	}
	return sketch_renew(old, &reading->distribution, budget);
}

bool series_add(struct series *series, const struct fast_cell_reading *reading, int64_t time_ns,
		int64_t time_unix_ns, uint64_t revision, struct sketch_budget *budget)
{
	assert(reading->kind == series->kind);
	assert(series->levels[0].samples != NULL); /* not frozen */

	bool reset = series->sampled && reading->count < series->newest.count;

	if (reset) {
		series_clear(series, budget);
		series->created_ns = time_ns;
		series->created_unix_ns = time_unix_ns;
	}
	struct sample sample = {
		.time_ns = time_ns,
		.time_unix_ns = time_unix_ns,
		.count = reading->count,
		.value = reading->value,
		.sum = kind_has_sketch(series->kind) ? reading_sum(reading) : 0,
		.last_ns = reading->last_ns > time_ns ? time_ns : reading->last_ns,
		.revision = revision,
		.sketch = reading_sketch(series, reading, time_ns, budget),
	};
	if (series->kind == FAST_METRIC_HEARTBEAT && series->sampled &&
	    sample.count > series->newest.count) {
		series->interval_s = interval_between(&series->newest, &sample);
	}
	series->newest = sample;
	series->sampled = true;
	if (time_ns >= series->levels[0].due_ns) {
		level_push(&series->levels[0], &series->newest, level_takes_all(&series->levels[0]),
			   budget);
	}
	if (time_ns >= series->coarse_due_ns) {
		coarse_push(series, budget);
	}
	return reset;
}

void series_freeze(struct series *series, struct sketch_budget *budget)
{
	struct window_summary *frozen;
	struct sample last = series->newest;

	if (!series->sampled || series->frozen != NULL) {
		return;
	}
	frozen = malloc(sizeof *frozen);
	if (frozen == NULL) { /* then it goes on costing what it did */
		return;
	}
	series_summarize(series, WINDOW_DEFAULT_MS, frozen);
	series->newest.sketch = NULL;
	series_clear(series, budget);
	series->newest = last;
	series->sampled = true;
	free(series->samples);
	free(series->extremes);
	series->samples = NULL;
	series->extremes = NULL;
	memset(series->levels, 0, sizeof series->levels);
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
	if (series->sampled && series->newest.time_ns > done_ns &&
	    series->newest.time_unix_ns > after_unix_ns) {
		fn(&series->newest, arg);
	}
}
