/* runtime/slow_link.h - a link of a given rate between a client and a server: a relay that lets so
 * many bytes through per second, each way, and holds few of them itself. */
#ifndef FAST_TEST_SLOW_LINK_H
#define FAST_TEST_SLOW_LINK_H

#include "support/harness.h"

#include <pthread.h>
#include <stdatomic.h>

/* One way of the relay. What a busy machine delays is made up for as long as bytes wait. */
struct slow_way {
	struct slow_link *link;
	int from;
	int to;
	pthread_t thread;
	_Atomic uint64_t bytes;   /* passed on */
	_Atomic uint64_t idle_ns; /* with nothing to pass on */
	_Atomic uint64_t late_ns; /* the machine has let it wake */
};

struct slow_link {
	char path[96];
	char target[96];
	uint32_t bytes_per_s;
	int listener;
	int ends[2];
	struct slow_way ways[2]; /* to the server, to the client */
	pthread_t acceptor;
	bool is_met; /* both ways run */
};

/* Relays one connection from the unix socket at path to the one at target. */
void slow_link_open(struct slow_link *link, const char *path, const char *target,
		    uint32_t bytes_per_s);
void slow_link_close(struct slow_link *link);

#endif
