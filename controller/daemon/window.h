/* daemon/window.h - a metric's samples of the last minute, and what follows from them: rates and
 * summaries over windows. Pure: times come from the caller. Guarded by the node's lock.
 *
 * The newest sample is kept apart, for each tick touches it. Those before are kept in three levels:
 * one per tenth of a second, or tick if that is longer, for WINDOW_DENSE_MS; one per half second
 * for WINDOW_HALF_MS; one per five seconds for WINDOW_LONG_MS. Gauges alone keep each tick's in the
 * first level: what grows is told by the ends of a window. A window begins at the sample whose age
 * is closest to what was asked for, and says how long it is. */
#ifndef FASTD_WINDOW_H
#define FASTD_WINDOW_H

#include "node.h"
#include "sketch.h"

#include <stddef.h>

#define WINDOW_DEFAULT_MS        1000
#define WINDOW_DENSE_MS          1200
#define WINDOW_DENSE_SPACING_MS  100
#define WINDOW_HALF_MS           6500
#define WINDOW_LONG_MS           65000
#define WINDOW_LEVELS            3
#define WINDOW_DENSE_SAMPLES_MIN 8
#define WINDOW_LEVEL_SAMPLES_MAX 128

/* One cache line, which it begins. */
struct sample {
	int64_t time_ns; /* monotonic */
	int64_t time_unix_ns;
	uint64_t count;
	double value;
	double sum;
	int64_t last_ns; /* heartbeat: monotonic time of the last beat; 0: none */
	uint64_t revision;
	struct sketch *sketch; /* NULL: the kind has none, or the budget is spent */
};

_Static_assert(sizeof(struct sample) == 64, "a cache line");

struct window_extremes;

struct window_level {
	struct sample *samples;
	struct window_extremes *extremes; /* of the samples of a gauge's coarse level; or NULL */
	int64_t due_ns;                   /* the next sample goes here from then on */
	int16_t spacing_ms;               /* less than 0: each is due */
	uint16_t capacity;
	uint16_t count;
	uint16_t newest; /* index, when count > 0 */
};

struct window_summary {
	double rate_instant;
	double rate_window;
	double rate_global;
	uint32_t window_ms;
	struct node_window window;
	uint64_t revision_first;
	uint64_t revision_last;
};

/* Zeroed memory is a valid empty series. Two cache lines are what most ticks touch, when it begins
 * one; so an array of them is walked with few misses. */
struct series {
	struct sample newest; /* when sampled */
	enum fast_metric_kind kind;
	uint32_t cell_offset; /* in its plugin's page: the sampler's */
	bool overflows; /* it is what its plugin's overflow holds of this kind: the sampler's */
	bool sampled;
	double interval_s;     /* heartbeat: mean of the newest intervals; 0: not known */
	int64_t coarse_due_ns; /* the first of the coarse levels takes a sample from then on */
	struct window_level levels[WINDOW_LEVELS]; /* the dense one first */
	int64_t created_ns;                        /* monotonic; counts are since then */
	int64_t created_unix_ns;
	struct sample *samples;           /* of all levels */
	struct window_extremes *extremes; /* of the coarse levels; NULL: no gauge */
	struct window_summary *frozen;    /* after the end: then there are no levels */
};

_Static_assert(offsetof(struct series, levels[1]) <= 2 * sizeof(struct sample), "two cache lines");

/* Bytes that series_init() takes. */
size_t series_bytes(enum fast_metric_kind kind, uint32_t tick_ms);

/* RESOURCE_EXHAUSTED. The series is to be finished either way. */
FAST_MUST_CHECK enum fast_status series_init(struct series *series, enum fast_metric_kind kind,
					     uint32_t tick_ms, int64_t created_ns,
					     int64_t created_unix_ns);
void series_fini(struct series *series, struct sketch_budget *budget);

/* Forgets all samples: the next reading is the first one, and no jump. */
void series_clear(struct series *series, struct sketch_budget *budget);

/* Takes a reading in. A count that went back begins the series anew: the cell was reset, and it
 * returns true. */
bool series_add(struct series *series, const struct fast_cell_reading *reading, int64_t time_ns,
		int64_t time_unix_ns, uint64_t revision, struct sketch_budget *budget);

/* Asks the processor for what series_add() will want at this time: a node has more series than fit
 * its caches. The series itself first; when it is there, what it points to; then what that does. */
void series_prefetch(const struct series *series);
void series_prefetch_samples(const struct series *series, int64_t time_ns);
void series_prefetch_sketch(const struct series *series, int64_t time_ns);
/* The same for what series_summarize() will want afterwards. */
void series_prefetch_window(const struct series *series, uint32_t window_ms, int64_t time_ns);
void series_prefetch_window_sketch(const struct series *series, uint32_t window_ms,
				   int64_t time_ns);

/* NULL: no sample yet. */
const struct sample *series_newest(const struct series *series);

/* As of the newest sample, over a window of about window_ms before it. */
void series_summarize(const struct series *series, uint32_t window_ms, struct window_summary *out);

/* What happened from begin to end, two samples of the series; they may be the same. */
void series_compare(const struct series *series, const struct sample *begin,
		    const struct sample *end, struct window_summary *out);

/* The plugin has ended: keeps the newest sample and its summary over WINDOW_DEFAULT_MS only. */
void series_freeze(struct series *series, struct sketch_budget *budget);

/* Visits the samples after a time, oldest first, each once. */
void series_each(const struct series *series, int64_t after_unix_ns,
		 void (*fn)(const struct sample *sample, void *arg), void *arg);

#endif
