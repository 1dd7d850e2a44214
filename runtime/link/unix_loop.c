#include "link/unix_loop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

static struct {
	pthread_mutex_t life; /* outside lock */
	/* guarded by life */
	struct fast_list sources;
	pthread_t thread;
	/* constant while there are sources */
	int epoll_fd;
	int wake_fd;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	/* guarded by lock */
	uint64_t turns; /* begun: what an earlier one found has been handled */
	bool is_ending;
} loop = {
	.life = PTHREAD_MUTEX_INITIALIZER,
	.sources = {&loop.sources, &loop.sources},
	.epoll_fd = -1,
	.wake_fd = -1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.turned = PTHREAD_COND_INITIALIZER,
};

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static bool fork_is_watched; /* written once */

/* False: the end. */
static bool loop_begin_turn(void)
{
	bool goes_on;

	pthread_mutex_lock(&loop.lock);
	loop.turns++;
	goes_on = !loop.is_ending;
	pthread_cond_broadcast(&loop.turned);
	pthread_mutex_unlock(&loop.lock);
	return goes_on;
}

static void *loop_run(void *arg)
{
	struct epoll_event events[EVENTS_PER_TURN];

	(void)arg;
	while (loop_begin_turn()) {
		int count = epoll_wait(loop.epoll_fd, events, EVENTS_PER_TURN, -1);

		for (int i = 0; i < count; i++) {
			struct fast_unix_source *source = events[i].data.ptr;
			uint64_t wakes;

			if (source != NULL) {
				source->ready(source);
			} else if (read(loop.wake_fd, &wakes, sizeof wakes) < 0) {
				continue; /* nothing to be read: no harm */
			}
		}
	}
	return NULL;
}

static void loop_wake(void)
{
	const uint64_t one = 1;
	ssize_t written = write(loop.wake_fd, &one, sizeof one);

	(void)written; /* fails only where it is awake already */
}

/* Life held. Half a loop too. */
static void loop_close(void)
{
	if (loop.epoll_fd >= 0) {
		close(loop.epoll_fd);
	}
	if (loop.wake_fd >= 0) {
		close(loop.wake_fd);
	}
	loop.epoll_fd = -1;
	loop.wake_fd = -1;
}

/* Life held. Signals are the business of the program's own threads. */
static enum fast_status loop_open(void)
{
	struct epoll_event wake = {.events = EPOLLIN};
	sigset_t all;
	sigset_t before;
	int error;

	loop.is_ending = false;
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop.epoll_fd < 0 || loop.wake_fd < 0 ||
	    epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, loop.wake_fd, &wake) != 0) {
		loop_close();
		return FAST_RESOURCE_EXHAUSTED;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&loop.thread, NULL, loop_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		loop_close();
		return FAST_RESOURCE_EXHAUSTED;
	}
	return FAST_OK;
}

/* Life held, and no source left. */
static void loop_end(void)
{
	pthread_mutex_lock(&loop.lock);
	loop.is_ending = true;
	pthread_mutex_unlock(&loop.lock);
	loop_wake();
	pthread_join(loop.thread, NULL);
	loop_close();
}

/* The kernel tells of a connection's end even who waits for nothing: once, if asked for edges. */
static int loop_control(int operation, struct fast_unix_source *source, uint32_t events)
{
	struct epoll_event event = {
		.events = events == 0 ? (uint32_t)EPOLLET : events,
		.data.ptr = source,
	};

	return epoll_ctl(loop.epoll_fd, operation, source->fd, &event);
}

/* ---- fork ---- */

/* The loop is not half-way through anything while the process is copied. */
static void fork_prepare(void)
{
	pthread_mutex_lock(&loop.life);
	pthread_mutex_lock(&loop.lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&loop.lock);
	pthread_mutex_unlock(&loop.life);
}

/* The links, and all that uses them, are the parent's: they are left where they lie. */
static void fork_child(void)
{
	struct fast_list *node;

	while ((node = fast_list_pop(&loop.sources)) != NULL) {
		struct fast_unix_source *source =
			FAST_LIST_ENTRY(node, struct fast_unix_source, node);

		source->forked(source);
	}
	loop_close();
	pthread_cond_init(&loop.turned, NULL); /* the parent's threads may sleep on the old one */
	fork_parent();
}

static void fork_watch(void)
{
	fork_is_watched = pthread_atfork(fork_prepare, fork_parent, fork_child) == 0;
}

enum fast_status fast_unix_loop_add(struct fast_unix_source *source)
{
	enum fast_status status = FAST_OK;

	pthread_once(&fork_once, fork_watch); /* not under a lock that its handlers take */
	if (!fork_is_watched) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_lock(&loop.life);
	if (fast_list_is_empty(&loop.sources)) {
		status = loop_open();
	}
	if (status == FAST_OK && loop_control(EPOLL_CTL_ADD, source, 0) != 0) {
		status = FAST_RESOURCE_EXHAUSTED;
		if (fast_list_is_empty(&loop.sources)) {
			loop_end();
		}
	}
	if (status == FAST_OK) {
		fast_list_append(&loop.sources, &source->node);
	}
	pthread_mutex_unlock(&loop.life);
	return status;
}

void fast_unix_loop_want(struct fast_unix_source *source, uint32_t events)
{
	int error = loop_control(EPOLL_CTL_MOD, source, events);

	assert(error == 0); /* it needs no memory */
	(void)error;
}

void fast_unix_loop_remove(struct fast_unix_source *source)
{
	uint64_t turn;

	pthread_mutex_lock(&loop.life);
	loop_control(EPOLL_CTL_DEL, source, 0);
	fast_list_remove(&source->node);
	if (fast_list_is_empty(&loop.sources)) {
		loop_end();
		pthread_mutex_unlock(&loop.life);
		return;
	}
	pthread_mutex_lock(&loop.lock);
	turn = loop.turns + 1;
	loop_wake();
	pthread_mutex_unlock(&loop.life);
	while (loop.turns < turn) {
		pthread_cond_wait(&loop.turned, &loop.lock);
	}
	pthread_mutex_unlock(&loop.lock);
}
