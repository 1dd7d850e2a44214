#include "link/tls_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct worker {
	pthread_t thread;
	struct fast_tls_pool *pool;
	const struct fast_tls_job *job; /* that it runs, by address alone; NULL: none */
};

struct fast_tls_pool {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	pthread_cond_t done; /* a job has ended */
	/* all guarded by lock */
	struct fast_list queue;
	struct worker workers[FAST_TLS_WORKERS_MAX];
	unsigned worker_count;
	unsigned idle_count;
	bool is_closing;
};

/* Lock held. */
static bool job_is_running(const struct fast_tls_pool *pool, const struct fast_tls_job *job)
{
	for (unsigned i = 0; i < pool->worker_count; i++) {
		if (pool->workers[i].job == job) {
			return true;
		}
	}
	return false;
}

/* Lock held. The first that does not run on another thread; NULL: none. */
static struct fast_tls_job *pool_next(const struct fast_tls_pool *pool)
{
	FAST_LIST_FOREACH(node, &pool->queue)
	{
		struct fast_tls_job *job = FAST_LIST_ENTRY(node, struct fast_tls_job, node);
		if (!job_is_running(pool, job)) {
			return job;
		}
	}
	return NULL;
}

static void *worker_body(void *arg)
{
	struct worker *worker = arg;
	struct fast_tls_pool *pool = worker->pool;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct fast_tls_job *job = pool_next(pool);
		if (job == NULL && pool->is_closing) {
			break;
		}
		if (job == NULL) {
			pool->idle_count++;
			pthread_cond_wait(&pool->posted, &pool->lock);
			pool->idle_count--;
			continue;
		}
		fast_list_remove(&job->node);
		worker->job = job;
		pthread_mutex_unlock(&pool->lock);
		job->fn(job->arg); /* may free it */
		pthread_mutex_lock(&pool->lock);
		worker->job = NULL;
		pthread_cond_broadcast(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Lock held. */
static void pool_add_worker(struct fast_tls_pool *pool)
{
	struct worker *worker = &pool->workers[pool->worker_count];

	worker->pool = pool;
	if (pthread_create(&worker->thread, NULL, worker_body, worker) == 0) {
		pool->worker_count++;
	}
}

enum fast_status fast_tls_pool_new(struct fast_tls_pool **out)
{
	struct fast_tls_pool *pool = calloc(1, sizeof *pool);

	if (pool == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->posted, NULL);
	pthread_cond_init(&pool->done, NULL);
	fast_list_init(&pool->queue);
	*out = pool;
	return FAST_OK;
}

void fast_tls_pool_free(struct fast_tls_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	pthread_mutex_lock(&pool->lock);
	assert(fast_list_is_empty(&pool->queue));
	pool->is_closing = true;
	pthread_cond_broadcast(&pool->posted);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->worker_count; i++) {
		assert(!pthread_equal(pthread_self(), pool->workers[i].thread));
		pthread_join(pool->workers[i].thread, NULL);
	}
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->posted);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

enum fast_status fast_tls_pool_ready(struct fast_tls_pool *pool)
{
	bool is_ready;

	pthread_mutex_lock(&pool->lock);
	if (pool->worker_count == 0) {
		pool_add_worker(pool);
	}
	is_ready = pool->worker_count > 0;
	pthread_mutex_unlock(&pool->lock);
	return is_ready ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
}

void fast_tls_pool_post(struct fast_tls_pool *pool, struct fast_tls_job *job, bool urgent)
{
	bool others_wait;

	pthread_mutex_lock(&pool->lock);
	assert(pool->worker_count > 0);
	if (!fast_list_is_linked(&job->node)) {
		others_wait = !fast_list_is_empty(&pool->queue);
		fast_list_append(urgent ? pool->queue.next : &pool->queue, &job->node);
		if ((pool->idle_count == 0 || others_wait) &&
		    pool->worker_count < FAST_TLS_WORKERS_MAX) {
			pool_add_worker(pool);
		}
		pthread_cond_signal(&pool->posted);
	}
	pthread_mutex_unlock(&pool->lock);
}

void fast_tls_pool_settle(struct fast_tls_pool *pool, struct fast_tls_job *job)
{
	bool has_waited;

	pthread_mutex_lock(&pool->lock);
	has_waited = fast_list_is_linked(&job->node);
	fast_list_remove(&job->node);
	while (job_is_running(pool, job)) {
		pthread_cond_wait(&pool->done, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	if (has_waited) {
		job->fn(job->arg);
	}
}
