#include "base/timer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define TIMERS_MAX            ((size_t)1 << 22)
#define TIMERS_CAPACITY_FIRST 64
#define NS_PER_S              1000000000

struct timer_entry {
	struct fast_timer *timer;
	int64_t due_ns;
	uint64_t order; /* timers of the same time run in the order in which they were set */
};

struct fast_timers {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread's: an earlier timer, or stop */
	pthread_cond_t idle; /* cancel_wait()'s: running has changed */
	/* all guarded by lock */
	struct timer_entry *heap; /* entry i is at heap[i - 1] */
	size_t count;             /* <= capacity <= TIMERS_MAX */
	size_t capacity;
	uint64_t next_order;
	struct fast_timer *running; /* its function runs now, on runner; may be freed memory */
	pthread_t runner;
	int64_t sleeps_until_ns; /* the thread wakes by itself then */
	int64_t fake_now_ns;
	bool is_fake;
	bool has_thread;
	bool stops;
	pthread_t thread;
};

int64_t fast_clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t timers_now(const struct fast_timers *timers)
{
	return timers->is_fake ? timers->fake_now_ns : fast_clock_now_ns();
}

static bool entry_is_before(const struct timer_entry *a, const struct timer_entry *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_put(struct fast_timers *timers, size_t position, struct timer_entry entry)
{
	timers->heap[position - 1] = entry;
	entry.timer->position = position;
}

static void heap_rise(struct fast_timers *timers, size_t position, struct timer_entry entry)
{
	while (position > 1 && entry_is_before(&entry, &timers->heap[position / 2 - 1])) {
		heap_put(timers, position, timers->heap[position / 2 - 1]);
		position /= 2;
	}
	heap_put(timers, position, entry);
}

static void heap_sink(struct fast_timers *timers, size_t position, struct timer_entry entry)
{
	for (;;) {
		size_t child = 2 * position;
		if (child > timers->count) {
			break;
		}
		if (child < timers->count &&
		    entry_is_before(&timers->heap[child], &timers->heap[child - 1])) {
			child++;
		}
		if (!entry_is_before(&timers->heap[child - 1], &entry)) {
			break;
		}
		heap_put(timers, position, timers->heap[child - 1]);
		position = child;
	}
	heap_put(timers, position, entry);
}

/* Under lock. False: it was in no heap. */
static bool heap_remove(struct fast_timers *timers, struct fast_timer *timer)
{
	size_t position = timer->position;
	struct timer_entry last;

	if (position == 0) {
		return false;
	}
	assert(position <= timers->count && timers->heap[position - 1].timer == timer);
	timer->position = 0;
	last = timers->heap[--timers->count];
	if (last.timer == timer) {
		return true;
	}
	if (position > 1 && entry_is_before(&last, &timers->heap[position / 2 - 1])) {
		heap_rise(timers, position, last);
	} else {
		heap_sink(timers, position, last);
	}
	return true;
}

/* Under lock. */
static bool heap_insert(struct fast_timers *timers, struct fast_timer *timer)
{
	if (timers->count == timers->capacity) {
		size_t capacity =
			timers->capacity == 0 ? TIMERS_CAPACITY_FIRST : 2 * timers->capacity;
		struct timer_entry *heap = NULL;
		if (capacity <= TIMERS_MAX) {
			heap = realloc(timers->heap, capacity * sizeof *heap);
		}
		if (heap == NULL) {
			return false;
		}
		timers->heap = heap;
		timers->capacity = capacity;
	}
	timers->count++;
	heap_rise(timers, timers->count,
		  (struct timer_entry){timer, timer->due_ns, timers->next_order++});
	return true;
}

/* Under lock, which it gives up while the function runs. False: nothing is due. */
static bool timers_run_one(struct fast_timers *timers, int64_t now_ns)
{
	struct fast_timer *timer;
	fast_timer_fn *fn;
	void *arg;

	if (timers->count == 0 || timers->heap[0].due_ns > now_ns ||
	    timers->heap[0].due_ns == FAST_TIME_NEVER) {
		return false;
	}
	timer = timers->heap[0].timer;
	heap_remove(timers, timer);
	fn = timer->fn;
	arg = timer->arg;
	timers->running = timer;
	timers->runner = pthread_self();
	pthread_mutex_unlock(&timers->lock);

	fn(arg); /* may free what holds the timer */

	pthread_mutex_lock(&timers->lock);
	timers->running = NULL;
	pthread_cond_broadcast(&timers->idle);
	return true;
}

static void timers_sleep(struct fast_timers *timers)
{
	int64_t until_ns = timers->count == 0 ? FAST_TIME_NEVER : timers->heap[0].due_ns;
	struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

	timers->sleeps_until_ns = until_ns;
	if (until_ns == FAST_TIME_NEVER) {
		pthread_cond_wait(&timers->wake, &timers->lock);
	} else {
		pthread_cond_timedwait(&timers->wake, &timers->lock, &until);
	}
	timers->sleeps_until_ns = INT64_MIN; /* awake: looks at the heap before it sleeps */
}

static void *timers_loop(void *arg)
{
	struct fast_timers *timers = arg;

	pthread_mutex_lock(&timers->lock);
	while (!timers->stops) {
		if (!timers_run_one(timers, fast_clock_now_ns())) {
			timers_sleep(timers);
		}
	}
	pthread_mutex_unlock(&timers->lock);
	return NULL;
}

/* Under lock. Signals are the business of the program's own threads. */
static bool timers_start_thread(struct fast_timers *timers)
{
	sigset_t all;
	sigset_t before;

	if (timers->is_fake || timers->has_thread) {
		return true;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	timers->has_thread = pthread_create(&timers->thread, NULL, timers_loop, timers) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return timers->has_thread;
}

enum fast_status fast_timers_new(struct fast_timers **out)
{
	struct fast_timers *timers = calloc(1, sizeof *timers);
	pthread_condattr_t monotonic;

	assert(out != NULL);
	if (timers == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	timers->sleeps_until_ns = INT64_MIN;
	/* With the attributes used none of these can fail on Linux. */
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&timers->lock, NULL);
	pthread_cond_init(&timers->wake, &monotonic);
	pthread_cond_init(&timers->idle, NULL);
	pthread_condattr_destroy(&monotonic);
	*out = timers;
	return FAST_OK;
}

enum fast_status fast_timers_new_fake(int64_t now_ns, struct fast_timers **out)
{
	enum fast_status status = fast_timers_new(out);

	if (status == FAST_OK) {
		(*out)->is_fake = true;
		(*out)->fake_now_ns = now_ns;
	}
	return status;
}

void fast_timers_free(struct fast_timers *timers)
{
	if (timers == NULL) {
		return;
	}
	pthread_mutex_lock(&timers->lock);
	timers->stops = true;
	pthread_cond_signal(&timers->wake);
	pthread_mutex_unlock(&timers->lock);
	if (timers->has_thread) {
		pthread_join(timers->thread, NULL);
	}
	pthread_cond_destroy(&timers->idle);
	pthread_cond_destroy(&timers->wake);
	pthread_mutex_destroy(&timers->lock);
	free(timers->heap);
	free(timers);
}

int64_t fast_timers_now_ns(struct fast_timers *timers)
{
	int64_t now_ns;

	if (!timers->is_fake) {
		return fast_clock_now_ns();
	}
	pthread_mutex_lock(&timers->lock);
	now_ns = timers_now(timers);
	pthread_mutex_unlock(&timers->lock);
	return now_ns;
}

enum fast_status fast_timer_set(struct fast_timers *timers, struct fast_timer *timer,
				int64_t due_ns, fast_timer_fn *fn, void *arg)
{
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	assert(fn != NULL);
	pthread_mutex_lock(&timers->lock);
	heap_remove(timers, timer);
	timer->due_ns = due_ns;
	timer->fn = fn;
	timer->arg = arg;
	if (timers_start_thread(timers) && heap_insert(timers, timer)) {
		status = FAST_OK;
		if (due_ns < timers->sleeps_until_ns) {
			pthread_cond_signal(&timers->wake);
		}
	}
	pthread_mutex_unlock(&timers->lock);
	return status;
}

bool fast_timer_cancel(struct fast_timers *timers, struct fast_timer *timer)
{
	bool was_set;

	pthread_mutex_lock(&timers->lock);
	was_set = heap_remove(timers, timer);
	pthread_mutex_unlock(&timers->lock);
	return was_set;
}

void fast_timer_cancel_wait(struct fast_timers *timers, struct fast_timer *timer)
{
	pthread_mutex_lock(&timers->lock);
	heap_remove(timers, timer);
	while (timers->running == timer && !pthread_equal(timers->runner, pthread_self())) {
		pthread_cond_wait(&timers->idle, &timers->lock);
		heap_remove(timers, timer); /* its function may have set it again */
	}
	pthread_mutex_unlock(&timers->lock);
}

void fast_timers_advance(struct fast_timers *timers, int64_t now_ns)
{
	assert(timers->is_fake);
	pthread_mutex_lock(&timers->lock);
	assert(now_ns >= timers->fake_now_ns);
	while (timers->count > 0 && timers->heap[0].due_ns <= now_ns &&
	       timers->heap[0].due_ns != FAST_TIME_NEVER) {
		if (timers->heap[0].due_ns > timers->fake_now_ns) {
			timers->fake_now_ns = timers->heap[0].due_ns;
		}
		timers_run_one(timers, now_ns);
	}
	timers->fake_now_ns = now_ns;
	pthread_mutex_unlock(&timers->lock);
}
