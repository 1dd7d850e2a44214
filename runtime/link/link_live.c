#include "link/link_memory_impl.h"

#include "base/timer.h"

#include <assert.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

static void *live_run(void *arg)
{
	struct fast_memory_net *net = arg;

	pthread_mutex_lock(&net->lock);
	while (!net->is_ending) {
		if (!fast_memory_step_locked(net)) {
			pthread_cond_wait(&net->changed, &net->lock);
		}
	}
	pthread_mutex_unlock(&net->lock);
	return NULL;
}

static enum fast_status live_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
				       int64_t deadline_ns, size_t *received)
{
	struct fast_memory_link *link = fast_memory_link_of(base);
	struct timespec due = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
			       .tv_nsec = (long)(deadline_ns % NS_PER_S)};
	enum fast_status status;

	assert(bytes > 0);
	pthread_mutex_lock(&link->net->lock);
	assert(!fast_list_is_linked(&link->recv.node));
	for (;;) {
		status = fast_memory_recv_now(link, buffer, bytes, received);
		if (status != FAST_DEADLINE_EXCEEDED || fast_clock_now_ns() >= deadline_ns) {
			break;
		}
		if (deadline_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&link->net->changed, &link->net->lock);
		} else {
			pthread_cond_timedwait(&link->net->changed, &link->net->lock, &due);
		}
	}
	pthread_mutex_unlock(&link->net->lock);
	return status;
}

static size_t live_send_now(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_memory_link *link = fast_memory_link_of(base);
	size_t moved = 0;

	pthread_mutex_lock(&link->net->lock);
	assert(!fast_list_is_linked(&link->send.node));
	if (!link->is_closed && !fast_memory_peer_has_closed(link)) {
		moved = fast_memory_move(link, iov, count);
	}
	pthread_mutex_unlock(&link->net->lock);
	return moved;
}

static void live_free(struct fast_link *link)
{
	struct fast_memory_net *net = fast_memory_link_of(link)->net;

	if (fast_memory_free(link) > 0) {
		return;
	}
	pthread_mutex_lock(&net->lock);
	net->is_ending = true;
	pthread_cond_broadcast(&net->changed);
	pthread_mutex_unlock(&net->lock);
	pthread_join(net->thread, NULL);
	fast_memory_net_free(net);
}

static const struct fast_link_ops live_ops = {
	.recv = fast_memory_recv,
	.recv_wait = live_recv_wait,
	.interrupt = fast_memory_interrupt,
	.send = fast_memory_send,
	.send_now = live_send_now,
	.close = fast_memory_close,
	.free = live_free,
};

/* Signals are the business of the program's own threads. */
static bool live_start(struct fast_memory_net *net)
{
	sigset_t all;
	sigset_t before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&net->thread, NULL, live_run, net);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

static void live_know_peer(struct fast_link *link)
{
	link->peer.has_credentials = true;
	link->peer.uid = geteuid();
	link->peer.gid = getegid();
	link->peer.pid = (uint32_t)getpid();
}

enum fast_status fast_memory_live_pair(size_t capacity_bytes, struct fast_link **a,
				       struct fast_link **b)
{
	struct fast_memory_net *net = NULL;
	struct fast_link *first;
	struct fast_link *second;
	enum fast_status status = fast_memory_net_new(&net);

	if (status != FAST_OK) {
		return status;
	}
	status = fast_memory_pair_with(net, &live_ops, capacity_bytes, &first, &second);
	if (status != FAST_OK) {
		goto fail;
	}
	live_know_peer(first);
	live_know_peer(second);
	if (!live_start(net)) {
		fast_memory_free(first);
		fast_memory_free(second);
		status = FAST_RESOURCE_EXHAUSTED;
		goto fail;
	}
	*a = first;
	*b = second;
	return FAST_OK;

fail:
	fast_memory_net_free(net);
	return status;
}
