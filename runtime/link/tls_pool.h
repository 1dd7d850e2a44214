/* link/tls_pool.h - a few threads for what takes milliseconds: the steps of handshakes. */
#ifndef FAST_LINK_TLS_POOL_H
#define FAST_LINK_TLS_POOL_H

#include "base/list.h"
#include <fast/status.h>

/* Handshakes that are computed at the same time. */
#define FAST_TLS_WORKERS_MAX 2

struct fast_tls_pool;

typedef void fast_tls_job_fn(void *arg);

/* Embedded in what it works on. Zeroed, then fn and arg set, it is ready. */
struct fast_tls_job {
	struct fast_list node; /* in the queue, while it waits */
	fast_tls_job_fn *fn;   /* may free the job */
	void *arg;
};

/* Gives *out, which the caller frees. */
FAST_MUST_CHECK enum fast_status fast_tls_pool_new(struct fast_tls_pool **out);
/* No job may be left. NULL is allowed. Not from a job. */
void fast_tls_pool_free(struct fast_tls_pool *pool);

/* Before the first post: sees to it that there is a thread. RESOURCE_EXHAUSTED: there is none. */
FAST_MUST_CHECK enum fast_status fast_tls_pool_ready(struct fast_tls_pool *pool);

/* Runs the job once on a thread of the pool, unless it waits already. A job never runs on two
 * threads at once. urgent: before all others. */
void fast_tls_pool_post(struct fast_tls_pool *pool, struct fast_tls_job *job, bool urgent);

/* When it returns the job neither waits nor runs; one that waited has been run on this thread. Not
 * from the job itself. */
void fast_tls_pool_settle(struct fast_tls_pool *pool, struct fast_tls_job *job);

#endif
