/* daemon/ahead.h - asks the processor for what the sampler will touch next: a thousand plugins have
 * more of it than its caches hold, and it lies where no pattern tells. Guarded by the node's lock.
 */
#ifndef FASTD_AHEAD_H
#define FASTD_AHEAD_H

#include "registry.h"

#define AHEAD_STAGES 3

/* Runs ahead of the sampler, from metric to metric and on to the next plugin's, in stages: what a
 * stage has asked for is there when the next one looks into it. Zeroed memory asks for nothing. */
struct ahead {
	const struct registry *registry;
	size_t end;      /* of the plugins that are read */
	uint64_t tick;   /* plugins that it has read already are passed over */
	int64_t time_ns; /* of the reading */
	struct {
		size_t plugin;
		size_t metric;
	} stages[AHEAD_STAGES];
};

/* The plugins from begin until before end will be read, and the registry stays as it is meanwhile.
 */
void ahead_begin(struct ahead *ahead, const struct registry *registry, size_t begin, size_t end,
		 uint64_t tick, int64_t time_ns);

/* A metric is about to be read. */
void ahead_step(struct ahead *ahead);

#endif
