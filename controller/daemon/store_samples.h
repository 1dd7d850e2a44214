/* daemon/store_samples.h - samples on their way to the store. */
#ifndef FASTD_STORE_SAMPLES_H
#define FASTD_STORE_SAMPLES_H

#include "node.h"

#include "page/labels.h"

/* The name under which samples of an id are found. */
struct store_series {
	uint64_t id;
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char metric[FAST_SERIES_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	enum fast_metric_kind kind;
};

struct store_sample {
	uint64_t series;
	int64_t second; /* the first of its slot; filled by the store alone */
	int64_t time_unix_ns;
	uint64_t count;
	double value;
	double sum;
	double rate_instant;
	double rate_window;
	double rate_global;
	uint32_t window_ms;
	struct node_window window;
	uint64_t revision_first;
	uint64_t revision_last;
};

/* How far apart samples are. */
enum store_level { STORE_SECONDS, STORE_MINUTES, STORE_LEVELS };

/* Seconds of a slot of each level. */
extern const int64_t store_level_seconds[STORE_LEVELS];

/* Samples of one slot. Slots are numbered like seconds, or minutes, since 1970, but never go back:
 * daemon/seconds.h. */
struct store_samples {
	struct store_samples *next; /* store */
	enum store_level level;
	int64_t slot;
	struct store_series *series;
	size_t series_count;
	size_t series_capacity;
	struct store_sample *samples;
	size_t count;
	size_t capacity;
	size_t written; /* store */
};

/* NULL: no memory. */
struct store_samples *store_samples_new(enum store_level level, int64_t slot);
/* NULL is allowed. */
void store_samples_free(struct store_samples *samples);
/* Room for one more, zeroed and counted; NULL: no memory. */
struct store_sample *store_samples_add(struct store_samples *samples);
struct store_series *store_samples_add_series(struct store_samples *samples);

#endif
