/* client/goal.h - a goal as people write it: "fps >= 24", "frame_time <= 40 ms". */
#ifndef CLIENT_GOAL_H
#define CLIENT_GOAL_H

#include <fast/metric.h>

#define GOAL_ERROR_BYTES_MAX 240

struct goal {
	char metric[FAST_METRIC_NAME_BYTES_MAX + 1];
	bool at_most;     /* "<=" rather than ">=" */
	double bound;     /* > 0, in the metric's unit: seconds for "40 ms" */
	const char *unit; /* as it was written; NULL: none was */
};

/* METRIC OP NUMBER [UNIT]: OP is >= or <=, UNIT one of Hz, kHz, s, ms, us. INVALID_ARGUMENT: error,
 * GOAL_ERROR_BYTES_MAX bytes, says what is wrong and at which character. */
FAST_MUST_CHECK enum fast_status goal_parse(const char *words, struct goal *out, char *error);

/* Whether the goal's unit, if it has one, suits a metric of this UCUM unit ("": not known, which
 * suits). A bound in the very unit of the metric is kept as it was written. INVALID_ARGUMENT:
 * error, GOAL_ERROR_BYTES_MAX bytes, says how to write it. */
FAST_MUST_CHECK enum fast_status goal_fit(struct goal *goal, const char *unit, char *error);

/* A value of the metric as a speed: what is better is greater, and the mean over time of speeds is
 * the speed of the mean (for a duration, its inverse). */
double goal_speed(const struct goal *goal, double value);

/* The way back. */
double goal_value(const struct goal *goal, double speed);

#endif
