#include "rpc/pool.h"

#include "rpc/limits.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct fast_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct fast_list jobs; /* guarded by lock */
	uint32_t job_count;    /* guarded by lock; beyond queue_max by resumed jobs alone */
	uint32_t queue_max;
	bool stops; /* guarded by lock */
	uint32_t worker_count;
	pthread_t workers[];
};

static void *pool_work(void *arg)
{
	struct fast_pool *pool = arg;
	struct fast_list *node;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		node = fast_list_pop(&pool->jobs);
		if (node != NULL) {
			struct fast_job *job = FAST_LIST_ENTRY(node, struct fast_job, node);
			pool->job_count--;
			pthread_mutex_unlock(&pool->lock);
			job->run(job);
			pthread_mutex_lock(&pool->lock);
		} else if (pool->stops) {
			break;
		} else {
			pthread_cond_wait(&pool->wake, &pool->lock);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

enum fast_status fast_pool_new(uint32_t workers, uint32_t queue_max, struct fast_pool **out)
{
	struct fast_pool *pool;
	sigset_t all;
	sigset_t before;

	assert(workers > 0 && workers <= FAST_WORKERS_MAX);
	pool = calloc(1, sizeof *pool + workers * sizeof *pool->workers);
	if (pool == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	fast_list_init(&pool->jobs);
	pool->queue_max = queue_max;
	/* Signals are the business of the program's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->worker_count < workers &&
	       pthread_create(&pool->workers[pool->worker_count], NULL, pool_work, pool) == 0) {
		pool->worker_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pool->worker_count < workers) {
		fast_pool_free(pool);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = pool;
	return FAST_OK;
}

void fast_pool_free(struct fast_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->stops = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (uint32_t i = 0; i < pool->worker_count; i++) {
		pthread_join(pool->workers[i], NULL);
	}
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* Lock held. */
static void pool_put(struct fast_pool *pool, struct fast_job *job)
{
	fast_list_append(&pool->jobs, &job->node);
	pool->job_count++;
	pthread_cond_signal(&pool->wake);
}

enum fast_status fast_pool_submit(struct fast_pool *pool, struct fast_job *job)
{
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	pthread_mutex_lock(&pool->lock);
	if (pool->job_count < pool->queue_max) {
		pool_put(pool, job);
		status = FAST_OK;
	}
	pthread_mutex_unlock(&pool->lock);
	return status;
}

void fast_pool_resume(struct fast_pool *pool, struct fast_job *job)
{
	pthread_mutex_lock(&pool->lock);
	pool_put(pool, job);
	pthread_mutex_unlock(&pool->lock);
}
