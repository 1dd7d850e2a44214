#include "link/link_nng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* nng ends a stream when the peer resets it, with bytes of the peer still unread; they can be had
 * by asking again. */
bool fast_nng_link_drains(struct fast_nng_link *link, int error)
{
	if (error != NNG_ECONNSHUT || link->is_closed || link->is_drained) {
		return false;
	}
	link->is_drained = true;
	return true;
}

/* A peer that shuts its end down without closing it leaves nng's poller spinning over a send that
 * waits; so who has received the end has ended the link. */
void fast_nng_link_end(struct fast_nng_link *link)
{
	link->is_closed = true;
	nng_stream_close(link->stream);
}

/* Under lock, which is no matter: nng runs completions on its own threads. An operation on a stream
 * that was closed before would never complete. */
static void direction_start(struct fast_nng_direction *direction)
{
	struct fast_nng_link *link = direction->link;
	int error = link->is_closed
			    ? NNG_ECLOSED
			    : nng_aio_set_iov(direction->aio, direction->count, direction->iov);

	fast_hand_over(link);
	if (error == 0) {
		direction->start(link->stream, direction->aio);
	} else if (nng_aio_begin(direction->aio)) {
		nng_aio_finish(direction->aio, error);
	}
}

static void direction_want(struct fast_nng_direction *direction)
{
	if (direction->is_running) {
		assert(!direction->is_wanted); /* one at a time */
		direction->is_wanted = true;
	} else {
		direction_start(direction);
	}
}

static void direction_complete(struct fast_nng_direction *direction,
			       void (*event)(void *, enum fast_status, size_t), int error)
{
	struct fast_nng_link *link = direction->link;
	size_t bytes = error == 0 ? nng_aio_count(direction->aio) : 0;
	bool is_again;

	do {
		event(link->base.arg, bytes > 0 ? FAST_OK : FAST_UNAVAILABLE, bytes);

		pthread_mutex_lock(&link->lock);
		/* Of a closed link nng may no longer take operations. */
		is_again = direction->is_wanted && link->is_closed;
		direction->is_running = is_again;
		if (direction->is_wanted && !is_again) {
			direction_start(direction);
		}
		direction->is_wanted = false;
		pthread_mutex_unlock(&link->lock);
		bytes = 0;
	} while (is_again);
}

static void recv_ended(void *arg)
{
	struct fast_nng_link *link = arg;
	int error;

	pthread_mutex_lock(&link->lock);
	error = nng_aio_result(link->recv.aio);
	if (fast_nng_link_drains(link, error)) {
		direction_start(&link->recv);
		pthread_mutex_unlock(&link->lock);
		return;
	}
	if (error != 0) {
		fast_nng_link_end(link);
	}
	link->recv.is_running = true;
	pthread_mutex_unlock(&link->lock);
	direction_complete(&link->recv, link->base.events->received, error);
}

static void send_ended(void *arg)
{
	struct fast_nng_link *link = arg;
	int error;

	pthread_mutex_lock(&link->lock);
	error = nng_aio_result(link->send.aio);
	link->send.is_running = true;
	pthread_mutex_unlock(&link->lock);
	direction_complete(&link->send, link->base.events->sent, error);
}

static void link_received(void *arg)
{
	fast_nng_completion(arg, recv_ended);
}

static void link_sent(void *arg)
{
	fast_nng_completion(arg, send_ended);
}

static void link_recv(struct fast_link *base, void *buffer, size_t bytes)
{
	struct fast_nng_link *link = fast_nng_link_of(base);

	assert(bytes > 0 && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	link->recv.iov[0] = (nng_iov){buffer, bytes};
	link->recv.count = 1;
	direction_want(&link->recv);
	pthread_mutex_unlock(&link->lock);
}

static void link_send(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_nng_link *link = fast_nng_link_of(base);

	assert(count > 0 && count <= FAST_LINK_IOV_MAX && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	for (int i = 0; i < count; i++) {
		link->send.iov[i] = (nng_iov){iov[i].iov_base, iov[i].iov_len};
	}
	link->send.count = (unsigned)count;
	direction_want(&link->send);
	pthread_mutex_unlock(&link->lock);
}

/* nng writes on the calling thread where it can, and hands over to another only a completion that
 * has a callback. What it could not write at once is taken back. */
static size_t link_send_now(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_nng_link *link = fast_nng_link_of(base);
	nng_iov parts[FAST_LINK_IOV_MAX];
	bool is_started = false;

	assert(count > 0 && count <= FAST_LINK_IOV_MAX);
	for (int i = 0; i < count; i++) {
		parts[i] = (nng_iov){iov[i].iov_base, iov[i].iov_len};
	}
	pthread_mutex_lock(&link->lock);
	if (!link->is_closed && nng_aio_set_iov(link->now_aio, (unsigned)count, parts) == 0) {
		nng_stream_send(link->stream, link->now_aio);
		is_started = true;
	}
	pthread_mutex_unlock(&link->lock);
	if (!is_started) {
		return 0;
	}
	if (nng_aio_count(link->now_aio) == 0) {
		nng_aio_cancel(link->now_aio);
	}
	nng_aio_wait(link->now_aio);
	return nng_aio_result(link->now_aio) == 0 ? nng_aio_count(link->now_aio) : 0;
}

static void link_close(struct fast_link *base)
{
	struct fast_nng_link *link = fast_nng_link_of(base);

	pthread_mutex_lock(&link->lock);
	fast_nng_link_end(link);
	pthread_mutex_unlock(&link->lock);
}

/* Half-built objects too. The stream outlives its operations: nng's timer may look at it until
 * nng_aio_free() has returned, which nng_aio_stop() does not wait for. */
static void link_discard(struct fast_nng_link *link, nng_stream *stream)
{
	nng_aio_free(link->recv.aio);
	nng_aio_free(link->send.aio);
	nng_aio_free(link->wait_aio);
	nng_aio_free(link->now_aio);
	nng_stream_free(stream);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

static void link_free(struct fast_link *base)
{
	struct fast_nng_link *link = fast_nng_link_of(base);

	link_close(base);
	nng_aio_stop(link->recv.aio);
	nng_aio_stop(link->send.aio);
	nng_aio_stop(link->wait_aio);
	nng_aio_stop(link->now_aio);
	fast_take_over(link);
	link_discard(link, link->stream);
}

static const struct fast_link_ops nng_ops = {
	.recv = link_recv,
	.recv_wait = fast_nng_recv_wait,
	.interrupt = fast_nng_interrupt,
	.send = link_send,
	.send_now = link_send_now,
	.close = link_close,
	.free = link_free,
};

/* What the kernel says of the other end of a unix socket. */
static void peer_read(nng_stream *stream, struct fast_peer *out)
{
	uint64_t uid;
	uint64_t gid;
	uint64_t pid;

	if (nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) == 0 &&
	    nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_GID, &gid) == 0 &&
	    nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_PID, &pid) == 0) {
		out->has_credentials = true;
		out->uid = (uint32_t)uid;
		out->gid = (uint32_t)gid;
		out->pid = (uint32_t)pid;
	}
}

enum fast_status fast_nng_link_new(nng_stream *stream, enum fast_endpoint_kind kind,
				   struct fast_link **out)
{
	struct fast_nng_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&link->lock, NULL);
	link->recv.link = link;
	link->recv.start = nng_stream_recv;
	link->send.link = link;
	link->send.start = nng_stream_send;
	if (nng_aio_alloc(&link->recv.aio, link_received, link) != 0 ||
	    nng_aio_alloc(&link->send.aio, link_sent, link) != 0 ||
	    nng_aio_alloc(&link->wait_aio, NULL, NULL) != 0 ||
	    nng_aio_alloc(&link->now_aio, NULL, NULL) != 0) {
		link_discard(link, NULL);
		return FAST_RESOURCE_EXHAUSTED;
	}
	link->stream = stream;
	link->base.ops = &nng_ops;
	link->base.framing = kind == FAST_ENDPOINT_IPC ? FAST_SP_IPC : FAST_SP_TCP;
	link->base.peer.endpoint = fast_endpoint_kind_name(kind);
	if (kind == FAST_ENDPOINT_IPC) {
		peer_read(stream, &link->base.peer);
	}
	*out = &link->base;
	return FAST_OK;
}
