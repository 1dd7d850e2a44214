/* link/unix_loop.h - the one thread that waits for all links on the process's own sockets. It runs
 * while there are any.
 *
 * A process that was forked off has none of them: it begins with an empty loop, in which it may
 * have links of its own. */
#ifndef FAST_LINK_UNIX_LOOP_H
#define FAST_LINK_UNIX_LOOP_H

#include "base/list.h"

#include <fast/status.h>
#include <stdint.h>

struct fast_unix_source {
	int fd;
	/* On the loop's thread; no lock is held. It may be called without need, and not any more
	 * after fast_unix_loop_remove(). */
	void (*ready)(struct fast_unix_source *source);
	/* In a process that was forked off, where nobody uses the source any more: closes its
	 * descriptors, else the peer would not see this process's end. */
	void (*forked)(struct fast_unix_source *source);
	struct fast_list node; /* the loop's */
};

/* Waits for nothing yet. RESOURCE_EXHAUSTED: no memory, no descriptor, no thread. */
FAST_MUST_CHECK enum fast_status fast_unix_loop_add(struct fast_unix_source *source);

/* From now on waits for these of EPOLLIN and EPOLLOUT; 0: for nothing. An end of the connection
 * counts as both. From any thread. */
void fast_unix_loop_want(struct fast_unix_source *source, uint32_t events);

/* Waits until ready does not run. Not from ready. */
void fast_unix_loop_remove(struct fast_unix_source *source);

#endif
