/* runtime/gate.h - counts what other threads have done, and waits for a count, with a bound. */
#ifndef FAST_TEST_GATE_H
#define FAST_TEST_GATE_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#define GATE_WAIT_S 20

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count; /* guarded by lock */
};

#define GATE_INITIALIZER                                                                           \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                             \
	}

static inline void gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->count++;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static inline unsigned gate_count(struct gate *gate)
{
	unsigned count;

	pthread_mutex_lock(&gate->lock);
	count = gate->count;
	pthread_mutex_unlock(&gate->lock);
	return count;
}

/* False: count was not reached within GATE_WAIT_S. */
static inline bool gate_wait(struct gate *gate, unsigned count)
{
	struct timespec until;
	bool reached;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += GATE_WAIT_S;
	pthread_mutex_lock(&gate->lock);
	while (gate->count < count &&
	       pthread_cond_timedwait(&gate->changed, &gate->lock, &until) != ETIMEDOUT) {
	}
	reached = gate->count >= count;
	pthread_mutex_unlock(&gate->lock);
	return reached;
}

#endif
