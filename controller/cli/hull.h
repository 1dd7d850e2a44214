/* cli/hull.h - which configurations are worth using, and how to mix two of them over time. */
#ifndef CLI_HULL_H
#define CLI_HULL_H

#include <stdbool.h>
#include <stddef.h>

#define HULL_POINTS_MAX 1024

/* How the merit of two configurations used in turn is taken together. */
enum hull_mean {
	HULL_MEAN_WORK, /* per unit of work done, as a frame's accuracy: the faster one counts more
			 */
	HULL_MEAN_TIME, /* per second, as a power */
};

struct hull_point {
	double speed;  /* > 0; greater is better */
	double merit;  /* what is to be maximised */
	size_t config; /* the caller's number for it */
};

/* Fill mean, points and count with every configuration, then call hull_build(). */
struct hull {
	enum hull_mean mean;
	size_t count;
	struct hull_point points[HULL_POINTS_MAX];
};

/* Part of the time in one point of the hull, the rest in its neighbour. */
struct hull_mix {
	size_t slow;  /* index of a point */
	size_t fast;  /* the next one, or the same when share is 0 */
	double share; /* of the time in fast, 0 to 1 */
	bool reachable;
};

/* Keeps the points of the upper concave hull, from the one of most merit to the fastest: speed
 * rises, merit falls. What is left out is beaten, at its own speed, by a mix of two that stay. At
 * least one point is needed and stays. */
void hull_build(struct hull *hull);

/* The mix of most merit whose mean speed is at least this; when none is, the fastest point and
 * reachable false. */
struct hull_mix hull_mix_for(const struct hull *hull, double speed);

double hull_mix_speed(const struct hull *hull, const struct hull_mix *mixed);
double hull_mix_merit(const struct hull *hull, const struct hull_mix *mixed);

#endif
