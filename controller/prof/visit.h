/* prof/visit.h - one setting: turn the knobs, wait until they are applied, settle, measure. */
#ifndef PROF_VISIT_H
#define PROF_VISIT_H

#include "prof/meter.h"
#include "prof/progress.h"
#include "prof/stage.h"

#include <fast/stream.h>
#include <fast/v1/param.pb-c.h>

/* A run under way. */
struct visitor {
	const struct options *options;
	struct profile *profile;
	struct stage stage;
	struct system system;
	struct meter meter;
	struct progress progress;
	struct fast_stream *stream; /* of the plugin's metrics */
	struct fast_reply params;   /* a ParamListResponse */
	int64_t deadline_ns;        /* monotonic; of --timeout */
};

/* Opens the stream of samples. ENDING_RUNNING: it is open. */
enum ending visit_watch(struct visitor *visitor);

/* Waits for what comes within wait_ms, and looks whether all is well. *item: NULL when nothing has
 * come. Not ENDING_RUNNING: it is over, and the profile says why. */
enum ending visit_wait(struct visitor *visitor, int64_t wait_ms,
		       const Fast__V1__MetricWatchResponse **item);

/* Visits a setting once. ENDING_DONE, ENDING_REFUSED: go on with the next one. */
enum ending visit_setting(struct visitor *visitor, struct setting *setting, uint32_t repeat);

#endif
