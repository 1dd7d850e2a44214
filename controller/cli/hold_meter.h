/* cli/hold_meter.h - progress of one metric, from the samples of a watch. Pure. */
#ifndef CLI_HOLD_METER_H
#define CLI_HOLD_METER_H

#include "client/goal.h"

#include <fast/v1/types.pb-c.h>

#define HOLD_METER_WINDOW_NS INT64_C(1000000000)
#define HOLD_METER_SLOTS     128 /* samples within the window; more are thinned out */

/* What happened between two samples. */
struct hold_step {
	double progress; /* speed times seconds: beats, of a heartbeat */
	double seconds;
	int64_t now_ns; /* the newer sample's time, on the reader's clock */
};

struct hold_meter {
	struct goal goal; /* says how values become speeds */
	bool begun;
	uint64_t count; /* of the last sample taken */
	double sum;
	int64_t time_unix_ns;
	int64_t clock_ns; /* the reader's clock minus the samples' */
	struct hold_step past[HOLD_METER_SLOTS];
	size_t newest; /* slot */
};

void hold_meter_init(struct hold_meter *meter, const struct goal *goal);

/* Steps in which the metric's progress comes: 1 for beats, 0 for what flows. */
double hold_meter_quantum(Fast__V1__MetricKind kind);

/* Takes the next sample of the metric, read at now_ns. False: it says nothing (the first, one seen
 * before, a stale one, no observation in between). */
bool hold_meter_take(struct hold_meter *meter, const Fast__V1__Sample *sample, int64_t now_ns,
		     struct hold_step *step);

/* Mean speed over the steps of the last window; 0 when there are none. */
double hold_meter_speed(const struct hold_meter *meter, int64_t now_ns);

#endif
