/* demo/outcome.h - what a run of the demo came to, and the files that say so. */
#ifndef DEMO_OUTCOME_H
#define DEMO_OUTCOME_H

#include "demo/judge.h"
#include <stdio.h>

#define OUTCOME_FIXED 3

struct outcome {
	double full_rate; /* frames/s at full resolution, undisturbed: the median */
	double goal;      /* twice that */
	double margin;    /* the controller aims so much above the goal, as a share */
	struct verdict hold;
	struct verdict fixed[OUTCOME_FIXED]; /* res 1.0, 0.5, 0.25 */
	bool held;
	bool convincing; /* 1.0 and 0.5 miss the goal, and the controller's acc is above 0.25's */
	int cores;
	double load; /* average of the minute before it began; below 0: not known */
	int co_runners;
	int64_t start_ns; /* of the hold, since 1970 */
	bool fastd_killed;
	uint64_t beats_before_kill;
	uint64_t beats_after_kill;
};

extern const double outcome_fixed_res[OUTCOME_FIXED];

/* Judges the record; fills all but what the run itself has measured. */
void outcome_judge(const struct record *record, struct outcome *outcome);

/* Each writes one file. False: errno says why not. */
bool outcome_write_report(const struct outcome *outcome, const char *path);
bool outcome_write_results(const struct outcome *outcome, const char *path);
bool outcome_write_samples(const struct record *record, const struct outcome *outcome,
			   const char *path);
bool outcome_write_timeline(const struct record *record, const struct outcome *outcome,
			    const char *path);

/* The report's text; also shown at the end of the run. */
void outcome_print(const struct outcome *outcome, FILE *file);

#endif
