#include "apply.h"
#include "claims.h"
#include "plugin_save.h"
#include "ties.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S   INT64_C(1000000000)
#define EVENTS_MAX 64

enum fast_status loop_watch(struct node *node, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(node->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0
		       ? FAST_OK
		       : FAST_RESOURCE_EXHAUSTED;
}

/* Gives the descriptor, for closing. */
static int watch_end(struct node *node, struct watch *watch)
{
	int fd = watch->fd;

	/* Explicitly, since a descriptor that a child of ours has inherited would stay watched. */
	(void)epoll_ctl(node->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	watch->fd = -1;
	return fd;
}

void loop_unwatch(struct node *node, struct watch *watch)
{
	if (watch->fd >= 0) {
		(void)close(watch_end(node, watch));
	}
}

void loop_give_up(struct node *node, struct watch *watch)
{
	if (watch->fd >= 0) {
		closer_take(node->closer, watch_end(node, watch));
	}
}

/* Nothing is to be read: such a watch is told of the next write, or of the timer when that has been
 * set anew, whatever its count is. */
static void edge_pass(struct node *node, struct watch *watch, uint32_t events)
{
	(void)node;
	(void)watch;
	(void)events;
}

enum fast_status loop_open(struct node *node)
{
	node->wake =
		(struct watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = edge_pass};
	node->timer =
		(struct watch){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
			       .ready = edge_pass};
	node->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (node->wake.fd < 0 || node->timer.fd < 0 || node->epoll_fd < 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (loop_watch(node, &node->wake, EPOLLIN | EPOLLET) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	return loop_watch(node, &node->timer, EPOLLIN | EPOLLET);
}

void loop_close(struct node *node)
{
	if (node->epoll_fd < 0) {
		return;
	}
	loop_unwatch(node, &node->wake);
	loop_unwatch(node, &node->timer);
	(void)close(node->epoll_fd);
	node->epoll_fd = -1;
}

void loop_wake(struct node *node)
{
	const uint64_t one = 1;
	ssize_t count = write(node->wake.fd, &one, sizeof one);

	assert(count == (ssize_t)sizeof one || errno == EAGAIN); /* full: it is awake */
}

/* When the next lease, claim or value is due. */
static int64_t knobs_deadline(const struct node *node)
{
	int64_t due_ns = leases_deadline(&node->leases);
	int64_t waiter_ns = waiters_deadline(node);

	due_ns = waiter_ns < due_ns ? waiter_ns : due_ns;
	return node->expiry_ns < due_ns ? node->expiry_ns : due_ns;
}

/* Sets the timer for what is due next. True: the node is closing. */
static bool timer_arm(struct node *node)
{
	int64_t due_ns = node->sampler.slice_ns;
	struct itimerspec when = {0};
	int64_t knobs_ns;
	bool stopping;
	bool changed;

	node_lock(node);
	knobs_ns = knobs_deadline(node);
	due_ns = node->ack_due_ns < due_ns ? node->ack_due_ns : due_ns;
	due_ns = knobs_ns < due_ns ? knobs_ns : due_ns;
	changed = node->armed_ns != due_ns;
	node->armed_ns = due_ns;
	stopping = node->stopping;
	node_unlock(node);
	if (!changed) {
		return stopping;
	}
	due_ns = due_ns > 0 ? due_ns : 1; /* 0 would disarm it */
	when.it_value.tv_sec = due_ns / NS_PER_S;
	when.it_value.tv_nsec = due_ns % NS_PER_S;
	(void)timerfd_settime(node->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
	return stopping;
}

/* Looks whether plugins have read what was set lately. */
static void acks_run(struct node *node, int64_t now_ns)
{
	bool waiting = false;

	for (size_t i = 0; i < node->registry.count; i++) {
		struct plugin *plugin = node->registry.plugins[i];
		if (plugin->live && plugin->unread_count > 0) {
			plugin_read_acks(node, plugin, now_ns);
			waiting = waiting || plugin->unread_count > 0;
		}
	}
	node->ack_delay_ns *= 2;
	/* Beyond a tick, the ticks look. */
	waiting = waiting && node->ack_delay_ns < (int64_t)node->tick_ms * 1000000;
	node->ack_due_ns = waiting ? now_ns + node->ack_delay_ns : INT64_MAX;
}

/* Plugins that have ended long ago go, here and in the store. */
static void plugins_expire(struct node *node, int64_t now_ns)
{
	int64_t end_unix_ns =
		registry_expire(&node->registry, now_ns - NODE_ENDED_KEEP_MS * INT64_C(1000000));

	if (end_unix_ns > node->forget_unix_ns) {
		node->forget_unix_ns = end_unix_ns;
	}
	plugins_save(node);
}

static void tick_end(struct node *node, int64_t now_ns)
{
	int64_t now_unix_ns = node_now_unix_ns();

	sessions_tick(node, now_ns);
	closer_urge(node->closer);
	ties_reap(node);
	node_lock(node);
	plugins_expire(node, now_ns);
	node_unlock(node);
	for (size_t i = 0; i < node->listener_count; i++) {
		if (node->listeners[i].sampled != NULL) {
			node->listeners[i].sampled(now_unix_ns, node->listeners[i].arg);
		}
	}
}

void loop_due(struct node *node)
{
	int64_t now_ns = node_now_ns();
	struct waiter *refused = NULL;

	node_lock(node);
	if (now_ns >= node->ack_due_ns) {
		acks_run(node, now_ns);
	}
	leases_expire(node, now_ns);
	values_expire(node, now_ns);
	if (node->unbounded) {
		bounds_enforce(node, "fastd"); /* the store had no room for it before */
	}
	if (node->waiters != NULL) {
		refused = waiters_run(node, now_ns);
	}
	node_unlock(node);
	waiters_finish(refused);
	if (now_ns >= node->sampler.slice_ns && sampler_run(node, now_ns)) {
		tick_end(node, now_ns);
	}
}

void *loop_run(void *arg)
{
	struct node *node = arg;
	struct epoll_event events[EVENTS_MAX];

	while (!timer_arm(node)) {
		int count = epoll_wait(node->epoll_fd, events, EVENTS_MAX, -1);

		assert(count >= 0 || errno == EINTR);
		for (int i = 0; i < count; i++) {
			struct watch *watch = events[i].data.ptr;
			if (watch->fd >= 0) { /* else it was closed by an event before */
				watch->ready(node, watch, events[i].events);
			}
		}
		loop_due(node);
	}
	return NULL;
}
