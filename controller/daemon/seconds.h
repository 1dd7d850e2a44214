/* daemon/seconds.h - numbers the seconds of history, like those since 1970, but so that they never
 * go back: where the clock is set back they go on from the newest, and what comes later has the
 * higher number. Guarded by the node's lock. */
#ifndef FASTD_SECONDS_H
#define FASTD_SECONDS_H

#include <stddef.h>
#include <stdint.h>

#define SECONDS_STEPS_MAX 8 /* of the clock, which are remembered */

/* Zeroed memory is valid; newest is then set to what an earlier fastd has numbered. */
struct seconds {
	int64_t newest;
	int64_t offset; /* of the numbers from the clock */
	struct {
		int64_t until_ns; /* monotonic */
		int64_t offset;   /* until then */
	} steps[SECONDS_STEPS_MAX];
	size_t step_count;
};

/* The number of this second, the newest there is. */
int64_t seconds_now(struct seconds *seconds, int64_t now_unix_ns, int64_t now_ns);

/* What seconds_now() would have said then. */
int64_t seconds_at(const struct seconds *seconds, int64_t unix_ns, int64_t time_ns);

#endif
