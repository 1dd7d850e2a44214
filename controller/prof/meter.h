/* prof/meter.h - from the samples of a watch to points: what happened between two of them. */
#ifndef PROF_METER_H
#define PROF_METER_H

#include "prof/profile.h"

#include <fast/v1/metric.pb-c.h>

/* A sample to compare the next one with. */
struct meter_mark {
	char metric[PROFILE_NAME_BYTES_MAX + 1];
	int64_t time_ns;
	uint64_t count;
	double sum;
	double value;
};

/* Use from one thread at a time. It is large: not for the stack. */
struct meter {
	struct meter_mark marks[PROFILE_SERIES_MAX];
	size_t count;
	uint64_t revision; /* the knob revision that is measured */
	double step_s;     /* rates are over so long at least */
	int64_t moved_ns;  /* monotonic: when something last made progress */
	uint64_t beats;    /* since meter_begin(), of the first heartbeat, else counter */
	double beats_s;    /* in which they came */
	double rate;       /* of that one in that time, for people */
};

/* Forgets all marks: what comes next is compared with what comes then. */
void meter_begin(struct meter *meter, uint64_t revision, double step_s);

/* Takes an item. With a setting, its points are added there; windows that saw another revision are
 * counted as mixed. NULL: it is only looked at, for progress. */
void meter_take(struct meter *meter, const Fast__V1__MetricWatchResponse *item,
		struct profile *profile, struct setting *setting, uint32_t repeat);

/* Takes the distributions of an item whose windows are the whole measurement. */
void meter_take_windows(const struct meter *meter, const Fast__V1__MetricWatchResponse *item,
			struct setting *setting);

#endif
