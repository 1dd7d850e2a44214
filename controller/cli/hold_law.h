/* cli/hold_law.h - the control law of `fastctl hold`: which configuration should be in effect now.
 * docs/hold.md explains it. Pure: no clock, no memory of its own, no I/O; every time is given, in
 * nanoseconds on one monotonic clock that starts at 1 or later. */
#ifndef CLI_HOLD_LAW_H
#define CLI_HOLD_LAW_H

#include "cli/hull.h"

#include <stdint.h>

#define HOLD_LAW_CYCLE_MS_DEFAULT 1000
#define HOLD_LAW_CYCLE_MS_MIN     200
#define HOLD_LAW_CYCLE_MS_MAX     60000
#define HOLD_LAW_MARGIN_DEFAULT   0.05
/* Time between two estimates, as long as enough progress was made to tell anything. */
#define HOLD_LAW_DECIDE_MS 200

struct hold_law_options {
	double goal;      /* speed to reach, > 0 */
	double margin;    /* share by which the mean shall lie above it */
	double quantum;   /* progress comes in steps of this: 1 for beats; 0: it flows */
	int64_t cycle_ns; /* the mean over this time meets the goal; 0: the default */
};

/* What shall be in effect. */
struct hold_decision {
	size_t point;    /* of the hull */
	int64_t wake_ns; /* decide again then, or when something was observed */
	bool reachable;  /* the fastest configuration would reach the goal, margin apart */
};

struct hold_law {
	struct hold_law_options options;
	const struct hull *hull;

	/* How fast this machine is now, as a factor on the hull's speeds: a Kalman filter. */
	double base;
	double variance;
	unsigned surprises; /* observations in a row far above the estimate */
	double progress;    /* since the last estimate */
	double expected;    /* progress that a base of 1 would have made in that time */
	double blur;        /* variance of expected: when a switch took effect is not known */
	int64_t estimated_ns;

	/* What is in effect: point; from change_ns on, next. */
	size_t point;
	size_t next;
	int64_t change_ns;
	int64_t seen_ns; /* until when expected is counted */

	/* The cycle under way. */
	struct hull_mix mix;
	double mix_base; /* estimate for which the mix was made */
	double needed;   /* progress wanted in this cycle */
	double made;     /* progress so far */
	int64_t cycle_start_ns;
	int64_t made_ns; /* until when made is counted */
};

/* hull stays borrowed. The first estimate is that the table is right. */
void hold_law_init(struct hold_law *law, const struct hull *hull,
		   const struct hold_law_options *options, size_t point, int64_t now_ns);

/* The point that a decision asked for was set. */
void hold_law_switched(struct hold_law *law, size_t point, int64_t now_ns);

/* Until now this much progress was made since the last call: beats, or speed times seconds. taken:
 * whether the plugin has read the knobs of the last switch. */
void hold_law_observe(struct hold_law *law, double progress, bool taken, int64_t now_ns);

/* Nothing was observed for a while (the daemon was away): drops what was begun, keeps the estimate.
 */
void hold_law_resume(struct hold_law *law, int64_t now_ns);

struct hold_decision hold_law_decide(struct hold_law *law, int64_t now_ns);

/* The speed that the mean shall have: goal and margin. */
double hold_law_target(const struct hold_law *law);

#endif
