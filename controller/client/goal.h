/* client/goal.h - a goal as people write it: "fps >= 24", "frame_time <= 40 ms". */
#ifndef CLIENT_GOAL_H
#define CLIENT_GOAL_H

#include <fast/metric.h>

#define GOAL_ERROR_BYTES_MAX 160

struct goal {
	char metric[FAST_METRIC_NAME_BYTES_MAX + 1];
	bool at_most; /* "<=" rather than ">=" */
	double bound; /* > 0, in the metric's unit: seconds for "40 ms" */
};

/* METRIC OP NUMBER [UNIT]: OP is >= or <=, UNIT one of Hz, kHz, s, ms, us. INVALID_ARGUMENT: error,
 * GOAL_ERROR_BYTES_MAX bytes, says what is wrong and at which character. */
FAST_MUST_CHECK enum fast_status goal_parse(const char *words, struct goal *out, char *error);

/* A value of the metric as a speed: what is better is greater, and the mean over time of speeds is
 * the speed of the mean (for a duration, its inverse). */
double goal_speed(const struct goal *goal, double value);

/* The way back. */
double goal_value(const struct goal *goal, double speed);

#endif
