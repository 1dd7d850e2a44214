/* rpc/pool.h - a bounded pool of threads that run handlers. */
#ifndef FAST_RPC_POOL_H
#define FAST_RPC_POOL_H

#include "base/list.h"
#include <fast/status.h>

/* Use from any thread. */
struct fast_pool;

/* Embedded in what is to be done; belongs to the pool until run is called. */
struct fast_job {
	struct fast_list node;
	void (*run)(struct fast_job *job);
};

/* queue_max: jobs that may wait. Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status fast_pool_new(uint32_t workers, uint32_t queue_max,
					       struct fast_pool **out);
/* Runs what waits, then stops the threads. NULL is allowed. Not from a job. */
void fast_pool_free(struct fast_pool *pool);

/* Takes job on success. RESOURCE_EXHAUSTED: the queue is full. */
FAST_MUST_CHECK enum fast_status fast_pool_submit(struct fast_pool *pool, struct fast_job *job);
/* Takes job though the queue be full: for more work of a call that was admitted, of which there is
 * one job at most. */
void fast_pool_resume(struct fast_pool *pool, struct fast_job *job);

#endif
