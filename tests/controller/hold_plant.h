/* tests/controller/hold_plant.h - a plugin and its machine, simulated: frames whose cost follows
 * the square of the resolution, with noise, on a machine that slows down for a third of the time.
 */
#ifndef TEST_HOLD_PLANT_H
#define TEST_HOLD_PLANT_H

#include "cli/hold_law.h"

#define MS          INT64_C(1000000)
#define SECOND      INT64_C(1000000000)
#define GOAL        24.0
#define SECONDS_MAX 600
#define CONFIGS     20

struct plant {
	double cost[CONFIGS]; /* seconds of one frame on the undisturbed machine */
	double merit[CONFIGS];
	double noise;       /* sigma of a frame's time, as a share */
	double slow_factor; /* speed while disturbed */
	int64_t period_ns;  /* disturbed for the second third of each period */
	int64_t window_ns;  /* where the seconds that are judged begin, against the cycles */
	uint64_t seed;
};

struct outcome {
	unsigned beats[SECONDS_MAX + 2];
	double merit;   /* mean over the frames */
	double oracle;  /* the same of one who knows the machine's speed, at the same margin */
	double reached; /* share of the seconds that count */
	unsigned switches;
	unsigned counted;
};

/* Twenty configurations: five resolutions, four models. */
void plant_init(struct plant *plant);

/* What a table of the plant, measured undisturbed, gives. */
void plant_hull(const struct plant *plant, struct hull *hull);

/* Runs frames and law side by side; samples come every `sample_ns`, as from a watch. */
void plant_run(struct plant *plant, const struct hull *hull, struct hold_law *law, int seconds,
	       int64_t sample_ns, struct outcome *out);

/* Judges the seconds that are not within two of a step. */
void outcome_judge(struct outcome *out, const struct plant *plant, const struct hull *hull,
		   double target, int seconds);

#endif
