/* rpc/health.h - what a server keeps for its Health service. */
#ifndef FAST_RPC_HEALTH_H
#define FAST_RPC_HEALTH_H

#include "base/list.h"
#include "base/timer.h"
#include <fast/health.h>
#include <pthread.h>

struct fast_health_name {
	bool is_serving;
	char name[FAST_HEALTH_NAME_BYTES_MAX + 1];
};

/* Locks: this one, then a connection's. */
struct fast_health {
	pthread_mutex_t lock;
	struct fast_timer sweep_timer; /* ends the watches that are over */

	/* all guarded by lock */
	struct fast_health_name *names[FAST_HEALTH_NAMES_MAX]; /* that were set */
	size_t name_count;
	struct fast_list watchers;
	unsigned watcher_count;
	bool is_closing;
};

void fast_health_init(struct fast_health *health);
/* After fast_health_close(). */
void fast_health_fini(struct fast_health *health);

/* The server closes: tells all watchers, and ends their calls. No lock held. */
void fast_health_close(struct fast_server *server);

#endif
