#include "daemon/watch.h"
#include "daemon/watcher.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct watch {
	struct node *node;
	struct publish *publish; /* NULL: none */
	struct changes *changes;
	int wake; /* eventfd: something below has changed */
	pthread_t thread;
	bool has_thread;

	atomic_bool stopping;
	_Atomic int64_t sampled_unix_ns; /* newest moment not yet served; 0: none */
	atomic_uint count;               /* watchers, incoming ones too */
	_Atomic uint64_t dropped;

	pthread_mutex_t lock;
	struct watcher *incoming; /* guarded by lock */
	struct watcher *watchers; /* watch thread */
};

static void wake(struct watch *watch)
{
	const uint64_t one = 1;
	ssize_t written = write(watch->wake, &one, sizeof one);

	/* EAGAIN: the counter is full, so the thread will wake all the same. */
	(void)written;
}

/* Loop thread of the node. */
static void note_sampled(int64_t time_unix_ns, void *arg)
{
	struct watch *watch = arg;

	if (watch->publish == NULL && atomic_load(&watch->count) == 0) {
		return; /* nobody looks: no thread is woken for it at each tick */
	}
	atomic_store(&watch->sampled_unix_ns, time_unix_ns);
	wake(watch);
}

/* Under the node's lock. */
static void note_change(const struct node_param *param, void *arg)
{
	struct watch *watch = arg;

	changes_push(watch->changes, param);
	wake(watch);
}

/* The same. */
static void note_ended(const char *plugin, uint64_t revision, void *arg)
{
	struct watch *watch = arg;

	changes_push_ended(watch->changes, plugin, revision);
	wake(watch);
}

/* A thread of the runtime. */
static void note_cancel(struct fast_call *call, void *arg)
{
	struct watcher *watcher = arg;

	(void)call;
	atomic_store(&watcher->cancelled, true);
	wake(watcher->watch);
}

static void take_incoming(struct watch *watch)
{
	struct watcher *incoming;

	pthread_mutex_lock(&watch->lock);
	incoming = watch->incoming;
	watch->incoming = NULL;
	pthread_mutex_unlock(&watch->lock);

	while (incoming != NULL) {
		struct watcher *watcher = incoming;

		incoming = watcher->next;
		watcher->next = watch->watchers;
		watch->watchers = watcher;
	}
}

static void watcher_end(struct watcher *watcher, const struct watch_step *step)
{
	struct watch *watch = watcher->watch;

	fast_call_fail(watcher->call, step->status, "%s",
		       step->text == NULL ? fast_status_sentence(step->status) : step->text);
	watcher->ops->free(watcher);
	atomic_fetch_sub(&watch->count, 1);
}

/* Serves each watcher. Returns whether one of them wants more soon. */
static bool step_all(struct watch *watch, const struct watch_moment *moment)
{
	struct watcher **link = &watch->watchers;
	bool again = false;

	while (*link != NULL) {
		struct watcher *watcher = *link;
		struct watch_step step = {.status = FAST_CANCELLED};

		if (!atomic_load(&watcher->cancelled)) {
			step.status = FAST_OK;
			watcher->ops->step(watcher, moment, &step);
		}
		atomic_fetch_add(&watch->dropped, step.dropped);
		again = again || step.again;
		if (step.status == FAST_OK) {
			link = &watcher->next;
		} else {
			*link = watcher->next;
			watcher_end(watcher, &step);
		}
	}
	return again;
}

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Serves everybody once. Returns whether somebody wants more soon. */
static bool serve(struct watch *watch)
{
	struct watch_moment moment = {.node = watch->node};

	moment.time_unix_ns = atomic_exchange(&watch->sampled_unix_ns, 0);
	moment.ticked = moment.time_unix_ns != 0;
	moment.now_ns = monotonic_ns();
	if (moment.ticked && watch->publish != NULL) {
		publish_samples(watch->publish, watch->node);
	}
	take_incoming(watch);
	changes_take(watch->changes);
	return step_all(watch, &moment);
}

static void *watch_run(void *arg)
{
	struct watch *watch = arg;
	bool again = false;

	while (!atomic_load(&watch->stopping)) {
		struct pollfd ready = {.fd = watch->wake, .events = POLLIN};
		uint64_t wakes;

		if (poll(&ready, 1, again ? WATCH_RETRY_MS : -1) > 0) {
			ssize_t got = read(watch->wake, &wakes, sizeof wakes);

			assert(got == (ssize_t)sizeof wakes);
		}
		again = serve(watch);
	}
	return NULL;
}

enum fast_status watch_open(struct node *node, struct publish *publish, struct watch **out)
{
	struct watch *watch = calloc(1, sizeof *watch);
	struct node_listener listener = {note_sampled, note_change, note_ended, watch};
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	if (watch == NULL) {
		return status;
	}
	watch->node = node;
	watch->publish = publish;
	pthread_mutex_init(&watch->lock, NULL);
	watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->wake < 0 || changes_new(WATCH_CHANGES_MAX, &watch->changes) != FAST_OK) {
		goto fail;
	}
	watch->has_thread = pthread_create(&watch->thread, NULL, watch_run, watch) == 0;
	if (!watch->has_thread) {
		goto fail;
	}
	/* Last, since there is no taking it back. */
	status = node_add_listener(node, &listener);
	if (status != FAST_OK) {
		goto fail;
	}
	*out = watch;
	return FAST_OK;

fail:
	watch_close(watch);
	return status;
}

void watch_stop(struct watch *watch)
{
	if (watch == NULL || !watch->has_thread) {
		return;
	}
	atomic_store(&watch->stopping, true);
	wake(watch);
	pthread_join(watch->thread, NULL);
	watch->has_thread = false;
	assert(atomic_load(&watch->count) == 0);
}

void watch_close(struct watch *watch)
{
	if (watch == NULL) {
		return;
	}
	watch_stop(watch);
	changes_free(watch->changes);
	if (watch->wake >= 0) {
		close(watch->wake);
	}
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* Counts a watcher in, unless there are too many. */
static bool count_in(struct watch *watch)
{
	if (atomic_fetch_add(&watch->count, 1) < WATCH_WATCHERS_MAX) {
		return true;
	}
	atomic_fetch_sub(&watch->count, 1);
	return false;
}

static void watcher_add(struct watch *watch, struct fast_call *call, struct watcher *watcher)
{
	watcher->watch = watch;
	watcher->call = call;
	/* Before the watch thread may touch the call. */
	fast_call_on_cancel(call, note_cancel, watcher);

	pthread_mutex_lock(&watch->lock);
	watcher->next = watch->incoming;
	watch->incoming = watcher;
	pthread_mutex_unlock(&watch->lock);
	wake(watch);
}

enum fast_status watch_add_metrics(struct watch *watch, struct fast_call *call,
				   const struct node_filter *filter, uint32_t interval_ms)
{
	struct watcher *watcher = NULL;

	if (!count_in(watch)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (watch_metric_new(filter, interval_ms, &watcher) != FAST_OK) {
		atomic_fetch_sub(&watch->count, 1);
		return FAST_RESOURCE_EXHAUSTED;
	}
	watcher_add(watch, call, watcher);
	return FAST_OK;
}

enum fast_status watch_add_params(struct watch *watch, struct fast_call *call,
				  const struct watch_start *start)
{
	struct watcher *watcher = NULL;
	struct node_status status;

	node_status(watch->node, &status);

	if (!count_in(watch)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (watch_param_new(start, status.epoch, watch->changes, &watcher) != FAST_OK) {
		atomic_fetch_sub(&watch->count, 1);
		return FAST_RESOURCE_EXHAUSTED;
	}
	watcher_add(watch, call, watcher);
	return FAST_OK;
}

uint64_t watch_sequence(const struct watch *watch)
{
	return changes_count(watch->changes);
}

void watch_stats(struct watch *watch, struct watch_stats *out)
{
	out->watchers = atomic_load(&watch->count);
	out->dropped = atomic_load(&watch->dropped);
}
