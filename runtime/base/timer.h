/* base/timer.h - one-shot timers on the monotonic clock, or on a clock that a test moves. */
#ifndef FAST_BASE_TIMER_H
#define FAST_BASE_TIMER_H

#include <fast/status.h>

/* Nanoseconds on CLOCK_MONOTONIC. */
int64_t fast_clock_now_ns(void);

#define FAST_TIME_NEVER INT64_MAX

/* A set of timers. Real: one thread that sleeps until the earliest. Fake: runs what is due when the
 * test moves the clock. Use from any thread. */
struct fast_timers;

/* Runs on the timers' thread, or in fast_timers_advance(), under no lock. Must not block. */
typedef void fast_timer_fn(void *arg);

/* Embedded in what it times. Zeroed memory is an unset timer. Fields are private. */
struct fast_timer {
	size_t position; /* in the heap, from 1; 0: unset */
	int64_t due_ns;
	fast_timer_fn *fn;
	void *arg;
};

/* Gives *out, which the caller frees. The thread starts at the first timer set. */
FAST_MUST_CHECK enum fast_status fast_timers_new(struct fast_timers **out);
/* With a fake clock that begins at now_ns. */
FAST_MUST_CHECK enum fast_status fast_timers_new_fake(int64_t now_ns, struct fast_timers **out);
/* Stops the thread; unset timers never run. NULL is allowed. Not from a timer's function. */
void fast_timers_free(struct fast_timers *timers);

/* Now, on the clock of these timers. */
int64_t fast_timers_now_ns(struct fast_timers *timers);

/* Sets or moves the timer. A later earliest time wakes nobody, so a deadline per call is cheap.
 * RESOURCE_EXHAUSTED: no memory; the timer is unset. */
FAST_MUST_CHECK enum fast_status fast_timer_set(struct fast_timers *timers,
						struct fast_timer *timer, int64_t due_ns,
						fast_timer_fn *fn, void *arg);

/* Unsets. True: it was set and will not run. False: it was not set, has run or is about to. */
bool fast_timer_cancel(struct fast_timers *timers, struct fast_timer *timer);

/* Unsets, and waits for the function if it is running on another thread. */
void fast_timer_cancel_wait(struct fast_timers *timers, struct fast_timer *timer);

/* Fake clock only: moves to now_ns, running what falls due, in order of time. */
void fast_timers_advance(struct fast_timers *timers, int64_t now_ns);

#endif
