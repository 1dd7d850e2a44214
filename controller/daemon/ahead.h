/* daemon/ahead.h - asks the processor for what the sampler will touch next: a thousand plugins have
 * more of it than its caches hold, and it lies where no pattern tells. Guarded by the node's lock.
 */
#ifndef FASTD_AHEAD_H
#define FASTD_AHEAD_H

#include "registry.h"

#define AHEAD_STAGES 3
#define AHEAD_BATCH  16 /* metrics that are asked for at once, so that they come together */

/* The reading that it runs ahead of. */
struct ahead_moment {
	uint64_t tick; /* plugins that it has read already are passed over */
	int64_t time_ns;
	int64_t second; /* of history: what is not stored yet for it will be */
};

/* Runs ahead of the sampler, from metric to metric and on to the next plugin's, in stages: what a
 * stage has asked for is there when the next one looks into it. Zeroed memory asks for nothing. */
struct ahead {
	const struct registry *registry;
	size_t end; /* of the plugins that are read */
	struct ahead_moment moment;
	struct {
		size_t plugin;
		size_t metric;
	} stages[AHEAD_STAGES];
	size_t left; /* metrics until the next batch */
};

/* The plugins from begin until before end will be read, and the registry stays as it is meanwhile.
 */
void ahead_begin(struct ahead *ahead, const struct registry *registry, size_t begin, size_t end,
		 const struct ahead_moment *moment);

/* A metric is about to be read. */
void ahead_step(struct ahead *ahead);

#endif
