#include "cli/hull.h"

#include <assert.h>
#include <stdlib.h>

/* By speed; at equal speed the better one first. */
static int point_compare(const void *left, const void *right)
{
	const struct hull_point *a = left;
	const struct hull_point *b = right;

	if (a->speed != b->speed) {
		return a->speed < b->speed ? -1 : 1;
	}
	return (a->merit < b->merit) - (a->merit > b->merit);
}

/* Where the point lies on the axis along which mixed merits are a straight line: mixing by time,
 * the mean speed is the mean of speeds; mixing by work, the mean cost is the mean of costs. */
static double hull_axis(const struct hull *hull, const struct hull_point *point)
{
	return hull->mean == HULL_MEAN_TIME ? point->speed : -1 / point->speed;
}

/* Whether middle lies on or below the line from left to right, so that mixing those two beats it.
 */
static bool hull_beats(const struct hull *hull, const struct hull_point *left,
		       const struct hull_point *middle, const struct hull_point *right)
{
	double start = hull_axis(hull, left);

	return (middle->merit - left->merit) * (hull_axis(hull, right) - start) <=
	       (right->merit - left->merit) * (hull_axis(hull, middle) - start);
}

/* Of the points of most merit, the fastest. */
static size_t hull_best(const struct hull *hull)
{
	size_t best = 0;

	for (size_t i = 1; i < hull->count; i++) {
		if (hull->points[i].merit >= hull->points[best].merit) {
			best = i;
		}
	}
	return best;
}

void hull_build(struct hull *hull)
{
	struct hull_point *points = hull->points;
	size_t kept = 0;
	size_t best;

	assert(hull->count > 0);
	assert(hull->count <= HULL_POINTS_MAX);

	qsort(points, hull->count, sizeof points[0], point_compare);
	best = hull_best(hull);
	for (size_t i = best; i < hull->count; i++) {
		struct hull_point next = points[i];

		assert(next.speed > 0);
		if (kept > 0 && next.speed <= points[kept - 1].speed) {
			continue; /* as fast, and no better */
		}
		while (kept >= 2 && hull_beats(hull, &points[kept - 2], &points[kept - 1], &next)) {
			kept--;
		}
		points[kept++] = next; /* kept <= i: nothing unread is overwritten */
	}
	hull->count = kept;
}

struct hull_mix hull_mix_for(const struct hull *hull, double speed)
{
	size_t last = hull->count - 1;
	size_t fast = 0;
	double gap;

	assert(hull->count > 0);
	while (fast < last && hull->points[fast].speed < speed) {
		fast++;
	}
	if (hull->points[fast].speed < speed) {
		return (struct hull_mix){.slow = last, .fast = last};
	}
	if (fast == 0) {
		return (struct hull_mix){.reachable = true}; /* the best is fast enough */
	}
	gap = hull->points[fast].speed - hull->points[fast - 1].speed;
	return (struct hull_mix){.slow = fast - 1,
				 .fast = fast,
				 .share = (speed - hull->points[fast - 1].speed) / gap,
				 .reachable = true};
}

double hull_mix_speed(const struct hull *hull, const struct hull_mix *mixed)
{
	double slow = hull->points[mixed->slow].speed;

	return slow + mixed->share * (hull->points[mixed->fast].speed - slow);
}

double hull_mix_merit(const struct hull *hull, const struct hull_mix *mixed)
{
	const struct hull_point *slow = &hull->points[mixed->slow];
	const struct hull_point *fast = &hull->points[mixed->fast];
	double share = mixed->share;

	if (hull->mean == HULL_MEAN_WORK) {
		share *= fast->speed / hull_mix_speed(hull, mixed);
	}
	return slow->merit + share * (fast->merit - slow->merit);
}
