/* prof/aim.h - a goal of a run: one of client/goal.h, over a mean or another statistic. */
#ifndef PROF_AIM_H
#define PROF_AIM_H

#include "client/goal.h"
#include "prof/stats.h"

#define AIM_WORDS_BYTES_MAX 160

enum aim_verdict { AIM_UNKNOWN, AIM_MET, AIM_MISSED };

struct aim {
	struct goal goal;
	char words[AIM_WORDS_BYTES_MAX]; /* as given */
	char statistic[8];               /* "mean", "p99", ... */
	enum aim_verdict verdict;
	double best;         /* of all settings; NaN: it was not measured */
	size_t best_setting; /* SIZE_MAX: none */
	size_t met_by;       /* settings */
	double bound;        /* in the metric's unit; NaN: that is not known */
};

/* "fps >= 24", "p99(latency) <= 50ms": goal's syntax, the metric in mean(), min(), max(), p50(),
 * p95() or p99() if wanted. INVALID_ARGUMENT: error, GOAL_ERROR_BYTES_MAX bytes, says what is
 * wrong. */
FAST_MUST_CHECK enum fast_status aim_parse(const char *words, struct aim *out, char *error);

/* The statistic that the aim is about; NaN: not known. */
double aim_value(const struct aim *aim, const struct stats *stats);

/* Whether the value reaches the aim; false for NaN. */
bool aim_is_met(const struct aim *aim, double value);

#endif
