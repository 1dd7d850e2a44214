#include "link/link_unix.h"

#include "base/list.h"
#include "base/timer.h"
#include "link/unix_loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_S 1000000000

struct fast_unix_link {
	struct fast_link base;
	struct fast_unix_source source;
	pthread_mutex_t lock;
	pthread_cond_t quiet; /* nothing is under way, and no completion runs */
	/* guarded by lock */
	struct iovec receives; /* iov_base NULL: nothing */
	struct iovec sends[FAST_LINK_IOV_MAX];
	int send_count; /* 0: nothing */
	uint32_t wanted;
	int interrupt_fd; /* an eventfd, readable from an interrupt until its wait; -1: none yet */
	bool is_completing;
	bool is_closed;
};

static struct fast_unix_link *link_of(struct fast_link *link)
{
	return (struct fast_unix_link *)link; /* base is first */
}

/* Lock held. */
static void link_end(struct fast_unix_link *link)
{
	link->is_closed = true;
	shutdown(link->source.fd, SHUT_RDWR); /* whatever waits for it wakes */
}

/* Lock held. While completions run the loop does this after them. */
static void link_want(struct fast_unix_link *link)
{
	uint32_t events = (link->receives.iov_base != NULL ? (uint32_t)EPOLLIN : 0) |
			  (link->send_count > 0 ? (uint32_t)EPOLLOUT : 0);

	if (!link->is_completing && events != link->wanted) {
		link->wanted = events;
		fast_unix_loop_want(&link->source, events);
	}
}

static bool is_for_later(ssize_t result)
{
	return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Lock held, but not while the completion runs. */
static void link_complete_recv(struct fast_unix_link *link)
{
	ssize_t bytes = 0;

	if (link->receives.iov_base == NULL) {
		return;
	}
	if (!link->is_closed) {
		bytes = recv(link->source.fd, link->receives.iov_base, link->receives.iov_len,
			     MSG_DONTWAIT);
		if (is_for_later(bytes)) {
			return;
		}
		if (bytes <= 0) {
			link_end(link);
		}
	}
	link->receives.iov_base = NULL;
	pthread_mutex_unlock(&link->lock);
	link->base.events->received(link->base.arg, bytes > 0 ? FAST_OK : FAST_UNAVAILABLE,
				    bytes > 0 ? (size_t)bytes : 0);
	pthread_mutex_lock(&link->lock);
}

static ssize_t socket_send(int fd, const struct iovec *iov, int count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = (size_t)count,
	};

	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Lock held, but not while the completion runs. */
static void link_complete_send(struct fast_unix_link *link)
{
	ssize_t bytes = -1;

	if (link->send_count == 0) {
		return;
	}
	if (!link->is_closed) {
		bytes = socket_send(link->source.fd, link->sends, link->send_count);
		if (is_for_later(bytes)) {
			return;
		}
	}
	link->send_count = 0;
	pthread_mutex_unlock(&link->lock);
	link->base.events->sent(link->base.arg, bytes > 0 ? FAST_OK : FAST_UNAVAILABLE,
				bytes > 0 ? (size_t)bytes : 0);
	pthread_mutex_lock(&link->lock);
}

static void link_ready(struct fast_unix_source *source)
{
	struct fast_unix_link *link = FAST_LIST_ENTRY(source, struct fast_unix_link, source);

	pthread_mutex_lock(&link->lock);
	link->is_completing = true;
	link_complete_recv(link);
	link_complete_send(link);
	link->is_completing = false;
	link_want(link);
	if (link->wanted == 0) {
		pthread_cond_signal(&link->quiet);
	}
	pthread_mutex_unlock(&link->lock);
}

static void link_forked(struct fast_unix_source *source)
{
	struct fast_unix_link *link = FAST_LIST_ENTRY(source, struct fast_unix_link, source);

	close(source->fd);
	if (link->interrupt_fd >= 0) {
		close(link->interrupt_fd);
	}
}

static void link_recv(struct fast_link *base, void *buffer, size_t bytes)
{
	struct fast_unix_link *link = link_of(base);

	assert(bytes > 0 && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	assert(link->receives.iov_base == NULL); /* one at a time */
	link->receives = (struct iovec){buffer, bytes};
	link_want(link);
	pthread_mutex_unlock(&link->lock);
}

static void link_send(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_unix_link *link = link_of(base);

	assert(count > 0 && count <= FAST_LINK_IOV_MAX && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	assert(link->send_count == 0); /* one at a time */
	memcpy(link->sends, iov, (size_t)count * sizeof *iov);
	link->send_count = count;
	link_want(link);
	pthread_mutex_unlock(&link->lock);
}

/* Needs no lock: until the link is freed its descriptor stays, be it shut down. */
static size_t link_send_now(struct fast_link *base, const struct iovec *iov, int count)
{
	ssize_t bytes = socket_send(link_of(base)->source.fd, iov, count);

	assert(count > 0 && count <= FAST_LINK_IOV_MAX);
	return bytes > 0 ? (size_t)bytes : 0;
}

/* The descriptor that an interrupt writes to; -1: there are none left, and the link has ended. */
static int link_interrupt_fd(struct fast_unix_link *link)
{
	int fd;

	pthread_mutex_lock(&link->lock);
	if (link->interrupt_fd < 0) {
		link->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	fd = link->interrupt_fd;
	if (fd < 0) {
		link_end(link);
	}
	pthread_mutex_unlock(&link->lock);
	return fd;
}

static void link_interrupt(struct fast_link *base)
{
	const uint64_t one = 1;
	int fd = link_interrupt_fd(link_of(base));
	ssize_t written = fd < 0 ? 0 : write(fd, &one, sizeof one);

	(void)written; /* fails only where it has been written to often */
}

/* FAST_OK: there is something to receive, be it the end. */
static enum fast_status wait_poll(int fd, int interrupt_fd, int64_t deadline_ns)
{
	struct pollfd fds[2] = {{fd, POLLIN, 0}, {interrupt_fd, POLLIN, 0}};
	struct timespec left = {0};
	uint64_t interrupts;

	if (deadline_ns != FAST_TIME_NEVER) {
		int64_t left_ns = deadline_ns - fast_clock_now_ns();
		left_ns = left_ns < 0 ? 0 : left_ns;
		left = (struct timespec){left_ns / NS_PER_S, left_ns % NS_PER_S};
	}
	if (ppoll(fds, 2, deadline_ns == FAST_TIME_NEVER ? NULL : &left, NULL) == 0) {
		return FAST_DEADLINE_EXCEEDED;
	}
	if (fds[1].revents != 0 && read(interrupt_fd, &interrupts, sizeof interrupts) > 0) {
		return FAST_CANCELLED;
	}
	return FAST_OK;
}

static enum fast_status link_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
				       int64_t deadline_ns, size_t *received)
{
	struct fast_unix_link *link = link_of(base);
	int interrupt_fd = link_interrupt_fd(link);
	enum fast_status status;
	bool is_closed;
	ssize_t got;

	assert(bytes > 0);
	do {
		status = wait_poll(link->source.fd, interrupt_fd, deadline_ns);
		if (status != FAST_OK) {
			return status;
		}
		got = recv(link->source.fd, buffer, bytes, MSG_DONTWAIT);
	} while (is_for_later(got));
	pthread_mutex_lock(&link->lock);
	if (got <= 0) {
		link_end(link);
	}
	is_closed = link->is_closed;
	pthread_mutex_unlock(&link->lock);
	if (is_closed) {
		return FAST_UNAVAILABLE;
	}
	*received = (size_t)got;
	return FAST_OK;
}

static void link_close(struct fast_link *base)
{
	struct fast_unix_link *link = link_of(base);

	pthread_mutex_lock(&link->lock);
	link_end(link);
	pthread_mutex_unlock(&link->lock);
}

static void link_free(struct fast_link *base)
{
	struct fast_unix_link *link = link_of(base);

	pthread_mutex_lock(&link->lock);
	link_end(link);
	while (link->is_completing || link->wanted != 0) {
		pthread_cond_wait(&link->quiet, &link->lock);
	}
	pthread_mutex_unlock(&link->lock);
	fast_unix_loop_remove(&link->source);
	close(link->source.fd);
	if (link->interrupt_fd >= 0) {
		close(link->interrupt_fd);
	}
	pthread_cond_destroy(&link->quiet);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

static const struct fast_link_ops unix_ops = {
	.recv = link_recv,
	.recv_wait = link_recv_wait,
	.interrupt = link_interrupt,
	.send = link_send,
	.send_now = link_send_now,
	.close = link_close,
	.free = link_free,
};

enum fast_status fast_unix_link_new(int fd, enum fast_endpoint_kind kind, struct fast_link **out)
{
	struct fast_unix_link *link = calloc(1, sizeof *link);
	bool is_local = kind == FAST_ENDPOINT_UNIX || kind == FAST_ENDPOINT_IPC;
	struct ucred peer;
	socklen_t bytes = sizeof peer;

	if (link == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	link->base.ops = &unix_ops;
	link->base.framing = is_local ? FAST_SP_IPC : FAST_SP_TCP;
	link->base.peer.endpoint = fast_endpoint_kind_name(kind);
	if (is_local && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0) {
		link->base.peer.has_credentials = true;
		link->base.peer.uid = peer.uid;
		link->base.peer.gid = peer.gid;
		link->base.peer.pid = (uint32_t)peer.pid;
	}
	link->interrupt_fd = -1;
	link->source =
		(struct fast_unix_source){.fd = fd, .ready = link_ready, .forked = link_forked};
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->quiet, NULL);
	/* The last step: a peer that has gone already makes it ready at once. */
	if (fast_unix_loop_add(&link->source) != FAST_OK) {
		pthread_cond_destroy(&link->quiet);
		pthread_mutex_destroy(&link->lock);
		free(link);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = &link->base;
	return FAST_OK;
}
