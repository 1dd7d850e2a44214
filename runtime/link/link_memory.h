/* link/link_memory.h - a link within the process: stepped by a test, or live on its own thread. */
#ifndef FAST_LINK_MEMORY_H
#define FAST_LINK_MEMORY_H

#include "link/link.h"

/* A set of links whose completions run only when the test steps them, on the test's thread. */
struct fast_memory_net;

FAST_MUST_CHECK enum fast_status fast_memory_net_new(struct fast_memory_net **out);
/* All links must have been freed. NULL is allowed. */
void fast_memory_net_free(struct fast_memory_net *net);

/* Two ends of one stream. capacity_bytes is what one direction holds before a send waits. Gives
 * both; their owners free them through ops->free. */
FAST_MUST_CHECK enum fast_status fast_memory_link_pair(struct fast_memory_net *net,
						       size_t capacity_bytes, struct fast_link **a,
						       struct fast_link **b);

/* Runs one due completion, in order of their starts. False: nothing is due. */
bool fast_memory_step(struct fast_memory_net *net);
/* Steps until quiet. */
void fast_memory_run(struct fast_memory_net *net);
/* The next sends move at most this many bytes each (a dribble); 0: no limit. */
void fast_memory_set_chunk(struct fast_memory_net *net, size_t bytes);

/* The same for users: two ends in real time, whose completions run on a thread of their own, one
 * after the other. Both are the calling process's own. The thread ends with the last of them. */
FAST_MUST_CHECK enum fast_status fast_memory_live_pair(size_t capacity_bytes, struct fast_link **a,
						       struct fast_link **b);

#endif
