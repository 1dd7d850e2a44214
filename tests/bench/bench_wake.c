/* bench_wake - from fastd's store of a knob until a thread that waits for it runs, beside a bare
 * futex: one thread sleeps on one processor, the other stores and wakes on another. */
#include "bench.h"
#include "bench_hot_world.h"

#include <fast/param_change.h>

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAKES       200 /* of each kind in a round */
#define WAKES_QUICK 60
#define ASLEEP_MS   1 /* until the other thread sleeps again */
#define NS_PER_US   1e3
/* The values that the knob takes: any that its declaration allows. */
#define VALUE_FIRST 1
#define VALUES      1000

/* The sleeper and its waker. */
struct pair {
	struct hot_world world;
	uint32_t word;                 /* the bare futex */
	atomic_int_least64_t awake_ns; /* when the sleeper last ran; 0: it has not */
	atomic_bool stop;
	uint64_t revision;
};

static void thread_pin(unsigned cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	(void)sched_setaffinity(0, sizeof cpus, &cpus); /* without it the figures are worse */
}

static void *knob_sleep(void *arg)
{
	struct pair *pair = arg;
	uint64_t seen = pair->revision;

	thread_pin(1);
	while (!atomic_load(&pair->stop)) {
		if (fast_param_wait(pair->world.integer, &seen, -1) == FAST_OK) {
			atomic_store(&pair->awake_ns, bench_now_ns());
		}
	}
	return NULL;
}

static void *futex_sleep(void *arg)
{
	struct pair *pair = arg;
	uint32_t seen = __atomic_load_n(&pair->word, __ATOMIC_ACQUIRE);

	thread_pin(1);
	while (!atomic_load(&pair->stop)) {
		(void)syscall(SYS_futex, &pair->word, FUTEX_WAIT, seen, NULL, NULL, 0);
		uint32_t now = __atomic_load_n(&pair->word, __ATOMIC_ACQUIRE);
		if (now != seen) {
			seen = now;
			atomic_store(&pair->awake_ns, bench_now_ns());
		}
	}
	return NULL;
}

static void knob_wake(struct pair *pair)
{
	struct fast_page_value value = {.type = FAST_PARAM_INT};

	pair->revision++;
	value.u.integer = VALUE_FIRST + (int64_t)(pair->revision % VALUES);
	fast_page_view_set(pair->world.view, 0, pair->revision, &value);
	fast_page_view_commit(pair->world.view);
}

static void futex_wake(struct pair *pair)
{
	(void)__atomic_add_fetch(&pair->word, 1, __ATOMIC_RELEASE);
	(void)syscall(SYS_futex, &pair->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static double wake_us(struct pair *pair, void (*wake)(struct pair *pair))
{
	int64_t begin_ns;
	int64_t awake_ns;

	(void)poll(NULL, 0, ASLEEP_MS);
	atomic_store(&pair->awake_ns, 0);
	begin_ns = bench_now_ns();
	wake(pair);
	do {
		awake_ns = atomic_load(&pair->awake_ns);
	} while (awake_ns == 0);
	return (double)(awake_ns - begin_ns) / NS_PER_US;
}

/* One batch of wakes; gives their median, and adds them to all. */
static double batch_us(struct pair *pair, void *(*sleeper)(void *), void (*wake)(struct pair *pair),
		       int wakes, struct bench_series *all)
{
	struct bench_series batch = {0};
	pthread_t thread;
	double median;

	atomic_store(&pair->stop, false);
	if (pthread_create(&thread, NULL, sleeper, pair) != 0) {
		fprintf(stderr, "bench_wake: no thread\n");
		exit(1);
	}
	for (int i = 0; i < wakes; i++) {
		double us = wake_us(pair, wake);
		bench_series_add(&batch, us);
		bench_series_add(all, us);
	}
	atomic_store(&pair->stop, true);
	(void)wake_us(pair, wake);
	pthread_join(thread, NULL);
	median = bench_median(&batch);
	bench_series_fini(&batch);
	return median;
}

int main(int argc, char **argv)
{
	struct pair pair = {.revision = 2}; /* hot_world_init() has set that one */
	struct bench_series ours = {0};
	struct bench_series bare = {0};
	struct bench_series bare_rounds = {0};
	struct bench_series ratio = {0};
	struct bench bench;

	bench_init(&bench, argc, argv);
	if (!bench_wants(&bench, "knob.store_to_wake.p50_us") &&
	    !bench_wants(&bench, "knob.store_to_wake.p99_us") &&
	    !bench_wants(&bench, "knob.store_to_wake.vs_futex")) {
		return 0;
	}
	hot_world_init(&pair.world);
	thread_pin(0);
	for (int i = 0; i < bench.rounds; i++) {
		int wakes = bench.quick ? WAKES_QUICK : WAKES;
		double bare_us = batch_us(&pair, futex_sleep, futex_wake, wakes, &bare);
		double ours_us = batch_us(&pair, knob_sleep, knob_wake, wakes, &ours);

		bench_series_add(&bare_rounds, bare_us);
		bench_series_add(&ratio, ours_us / bare_us);
	}
	bool noisy = bench_is_noisy(&bare_rounds);
	bench_print(&bench, "knob.store_to_wake.p50_us", bench_quantile(&ours, 0.5), "us",
		    ours.count, noisy);
	bench_print(&bench, "knob.store_to_wake.p99_us", bench_quantile(&ours, 0.99), "us",
		    ours.count, noisy);
	bench_print(&bench, "knob.store_to_wake.vs_futex", bench_median(&ratio), "x", ratio.count,
		    noisy);
	bench_series_fini(&ours);
	bench_series_fini(&bare);
	bench_series_fini(&bare_rounds);
	bench_series_fini(&ratio);
	hot_world_fini(&pair.world);
	return 0;
}
