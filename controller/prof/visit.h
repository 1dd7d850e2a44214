/* prof/visit.h - one setting: turn the knobs, wait until they are applied, settle, measure. */
#ifndef PROF_VISIT_H
#define PROF_VISIT_H

#include "prof/claim.h"
#include "prof/meter.h"
#include "prof/progress.h"
#include "prof/runlog.h"
#include "prof/stage.h"

#include <fast/stream.h>
#include <fast/v1/metric.pb-c.h>
#include <fast/v1/param.pb-c.h>

/* What is run, once the options are understood. */
struct run_command {
	char *const *argv;
	const char *folder; /* NULL: this one */
	/* Called before each start but the first, to remove what the last one left. NULL: nothing.
	 */
	void (*clear)(void *arg);
	void *arg;
};

/* A run under way. */
struct visitor {
	const struct options *options;
	struct profile *profile;
	struct stage stage;
	struct system system;
	struct meter meter;
	struct runlog runlog;
	struct progress progress;
	const struct run_command *command;
	struct fast_stream *stream;            /* of the plugin's metrics */
	struct fast_reply params;              /* a ParamListResponse */
	struct claim claim;                    /* of the knobs that are turned */
	int64_t deadline_ns;                   /* monotonic; of --timeout */
	char reason[PROFILE_REASON_BYTES_MAX]; /* why the latest visit could not go on */
};

/* Ends a visit. Always gives ending; the sentence becomes visitor->reason. */
enum ending visit_end(struct visitor *visitor, enum ending ending, const char *sentence);

/* Whether all is well: nobody interrupts, there is time, fastd and the plugin are there.
 * ENDING_RUNNING: yes; else visitor->reason says why not. */
enum ending visit_check(struct visitor *visitor);
/* The same when a call or the stream has failed: the plugin's end is the likeliest cause. */
enum ending visit_check_at_once(struct visitor *visitor);

/* Claims the knobs of the grid, and opens the stream of samples. ENDING_RUNNING: both is done. */
enum ending visit_open(struct visitor *visitor);

/* Gives both back: the knobs go to what they were before. */
void visit_close(struct visitor *visitor);

/* Visits a setting once. ENDING_DONE, ENDING_REFUSED: the plugin is well, and setting->reason says
 * what it refused. Else visitor->reason says why not. */
enum ending visit_setting(struct visitor *visitor, struct setting *setting, uint32_t repeat);

#endif
