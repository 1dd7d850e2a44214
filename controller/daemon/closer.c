#include "closer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS    1000000
#define URGE_MS      10 /* between two urgings at the end */
#define URGE_SIGNAL  SIGURG
#define URGINGS_LAST (CLOSER_END_MS / URGE_MS)

struct closer {
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	int waiting[CLOSER_MAX]; /* a ring */
	size_t first;
	size_t count;
	bool closing; /* the thread is in close() */
	bool stopping;
	bool ended;     /* the thread has */
	bool abandoned; /* the thread frees it */
};

/* A signal that is handled cuts a lingering close short; one that is ignored does not. */
static void urged(int signal_number)
{
	(void)signal_number;
}

static void closer_free(struct closer *closer)
{
	(void)pthread_cond_destroy(&closer->changed);
	(void)pthread_mutex_destroy(&closer->lock);
	free(closer);
}

static void *closer_run(void *arg)
{
	struct closer *closer = arg;
	bool abandoned;

	(void)pthread_mutex_lock(&closer->lock);
	for (;;) {
		int fd;

		while (closer->count == 0 && !closer->stopping) {
			(void)pthread_cond_wait(&closer->changed, &closer->lock);
		}
		if (closer->count == 0) {
			break;
		}
		fd = closer->waiting[closer->first];
		closer->first = (closer->first + 1) % CLOSER_MAX;
		closer->count--;
		closer->closing = true;
		(void)pthread_mutex_unlock(&closer->lock);
		(void)close(fd);
		(void)pthread_mutex_lock(&closer->lock);
		closer->closing = false;
	}
	closer->ended = true;
	abandoned = closer->abandoned;
	(void)pthread_mutex_unlock(&closer->lock);
	if (abandoned) {
		closer_free(closer);
	}
	return NULL;
}

/* Starts the thread, which takes the signal whatever its maker blocks. */
static int thread_start(struct closer *closer)
{
	sigset_t urge;
	sigset_t before;
	int code;

	(void)sigemptyset(&urge);
	(void)sigaddset(&urge, URGE_SIGNAL);
	(void)pthread_sigmask(SIG_UNBLOCK, &urge, &before);
	code = pthread_create(&closer->thread, NULL, closer_run, closer);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

enum fast_status closer_open(struct closer **out)
{
	const struct sigaction handled = {.sa_handler = urged};
	struct closer *closer = calloc(1, sizeof *closer);

	assert(out != NULL);
	if (closer == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	(void)pthread_mutex_init(&closer->lock, NULL); /* plain ones need nothing */
	(void)pthread_cond_init(&closer->changed, NULL);
	if (sigaction(URGE_SIGNAL, &handled, NULL) != 0 || thread_start(closer) != 0) {
		closer_free(closer);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = closer;
	return FAST_OK;
}

/* The caller holds the lock. */
static void urge(struct closer *closer)
{
	if (closer->closing) {
		(void)pthread_kill(closer->thread, URGE_SIGNAL);
	}
}

void closer_take(struct closer *closer, int fd)
{
	if (closer == NULL) {
		(void)close(fd);
		return;
	}
	(void)pthread_mutex_lock(&closer->lock);
	if (closer->count < CLOSER_MAX) {
		closer->waiting[(closer->first + closer->count) % CLOSER_MAX] = fd;
		closer->count++;
		(void)pthread_cond_signal(&closer->changed);
	}
	urge(closer); /* what is before it has had its time */
	(void)pthread_mutex_unlock(&closer->lock);
}

void closer_urge(struct closer *closer)
{
	(void)pthread_mutex_lock(&closer->lock);
	urge(closer);
	(void)pthread_mutex_unlock(&closer->lock);
}

/* Waits for the thread's end, urging it on. False: it does not end. */
static bool thread_join(struct closer *closer)
{
	for (int i = 0; i < URGINGS_LAST; i++) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += URGE_MS * NS_PER_MS;
		if (until.tv_nsec >= 1000 * NS_PER_MS) {
			until.tv_nsec -= 1000 * NS_PER_MS;
			until.tv_sec++;
		}
		if (pthread_timedjoin_np(closer->thread, NULL, &until) == 0) {
			return true;
		}
		closer_urge(closer);
	}
	return false;
}

void closer_close(struct closer *closer)
{
	bool ended;

	if (closer == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&closer->lock);
	closer->stopping = true;
	(void)pthread_cond_signal(&closer->changed);
	(void)pthread_mutex_unlock(&closer->lock);
	if (thread_join(closer)) {
		closer_free(closer);
		return;
	}
	(void)pthread_mutex_lock(&closer->lock);
	ended = closer->ended;
	closer->abandoned = !ended;
	(void)pthread_mutex_unlock(&closer->lock);
	if (ended) {
		(void)pthread_join(closer->thread, NULL);
		closer_free(closer);
	} else {
		(void)pthread_detach(closer->thread);
	}
}
