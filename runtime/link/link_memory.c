#include "link/link_memory_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool fast_memory_peer_has_closed(const struct fast_memory_link *link)
{
	return link->peer == NULL || link->peer->is_closed;
}

static void ring_put(struct fast_memory_link *link, const uint8_t *data, size_t bytes)
{
	size_t at = (link->first + link->held) % link->capacity;
	size_t whole = smaller(bytes, link->capacity - at);

	assert(bytes <= link->capacity - link->held);
	memcpy(link->ring + at, data, whole);
	memcpy(link->ring, data + whole, bytes - whole);
	link->held += bytes;
}

static size_t ring_take(struct fast_memory_link *link, uint8_t *out, size_t bytes)
{
	size_t whole;

	bytes = smaller(bytes, link->held);
	whole = smaller(bytes, link->capacity - link->first);
	memcpy(out, link->ring + link->first, whole);
	memcpy(out + whole, link->ring, bytes - whole);
	link->first = (link->first + bytes) % link->capacity;
	link->held -= bytes;
	pthread_cond_broadcast(&link->net->changed); /* there is room */
	return bytes;
}

/* Whether the operation can complete now. What the peer sent before it closed is still received. */
static bool operation_is_due(const struct fast_memory_operation *operation)
{
	const struct fast_memory_link *link = operation->link;

	if (operation->is_running) {
		return false;
	}
	if (link->is_closed) {
		return true;
	}
	if (operation->is_send) {
		return fast_memory_peer_has_closed(link) || link->peer->held < link->peer->capacity;
	}
	return link->held > 0 || fast_memory_peer_has_closed(link);
}

size_t fast_memory_move(struct fast_memory_link *link, const struct iovec *iov, int count)
{
	struct fast_memory_link *peer = link->peer;
	size_t room = peer->capacity - peer->held;
	size_t moved = 0;

	if (link->net->chunk_bytes != 0) {
		room = smaller(room, link->net->chunk_bytes);
	}
	for (int i = 0; i < count && moved < room; i++) {
		size_t bytes = smaller(iov[i].iov_len, room - moved);
		if (bytes > 0) {
			ring_put(peer, iov[i].iov_base, bytes);
			moved += bytes;
		}
	}
	pthread_cond_broadcast(&link->net->changed);
	return moved;
}

/* Bytes moved; 0: the link has ended. */
static size_t operation_move(struct fast_memory_operation *operation)
{
	struct fast_memory_link *link = operation->link;

	if (link->is_closed) {
		return 0;
	}
	if (operation->is_send) {
		return fast_memory_peer_has_closed(link)
			       ? 0
			       : fast_memory_move(link, operation->iov, operation->count);
	}
	return ring_take(link, operation->iov[0].iov_base, operation->iov[0].iov_len);
}

/* Under the lock, which it gives up while the completion runs. */
static void operation_complete(struct fast_memory_operation *operation)
{
	struct fast_memory_link *link = operation->link;
	struct fast_memory_net *net = link->net;
	size_t bytes = operation_move(operation);
	enum fast_status status = bytes > 0 ? FAST_OK : FAST_UNAVAILABLE;

	fast_list_remove(&operation->node);
	operation->is_running = true;
	pthread_mutex_unlock(&net->lock);
	if (operation->is_send) {
		link->base.events->sent(link->base.arg, status, bytes);
	} else {
		link->base.events->received(link->base.arg, status, bytes);
	}
	pthread_mutex_lock(&net->lock);
	operation->is_running = false;
	pthread_cond_broadcast(&net->changed);
}

static void operation_start(struct fast_memory_operation *operation)
{
	assert(operation->link->base.events != NULL);
	assert(!fast_list_is_linked(&operation->node)); /* one at a time */
	fast_list_append(&operation->link->net->started, &operation->node);
	pthread_cond_broadcast(&operation->link->net->changed);
}

void fast_memory_recv(struct fast_link *base, void *buffer, size_t bytes)
{
	struct fast_memory_link *link = fast_memory_link_of(base);

	assert(bytes > 0);
	pthread_mutex_lock(&link->net->lock);
	link->recv.iov[0] = (struct iovec){buffer, bytes};
	link->recv.count = 1;
	operation_start(&link->recv);
	pthread_mutex_unlock(&link->net->lock);
}

enum fast_status fast_memory_recv_now(struct fast_memory_link *link, void *buffer, size_t bytes,
				      size_t *received)
{
	if (link->is_interrupted) {
		link->is_interrupted = false;
		return FAST_CANCELLED;
	}
	if (link->is_closed || (link->held == 0 && fast_memory_peer_has_closed(link))) {
		return FAST_UNAVAILABLE;
	}
	if (link->held == 0) {
		return FAST_DEADLINE_EXCEEDED;
	}
	*received = ring_take(link, buffer, bytes);
	return FAST_OK;
}

/* Time stands still here: the deadline has come when nothing else can happen. */
static enum fast_status memory_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
					 int64_t deadline_ns, size_t *received)
{
	struct fast_memory_link *link = fast_memory_link_of(base);
	enum fast_status status;

	(void)deadline_ns;
	assert(bytes > 0);
	do {
		pthread_mutex_lock(&link->net->lock);
		assert(!fast_list_is_linked(&link->recv.node));
		status = fast_memory_recv_now(link, buffer, bytes, received);
		pthread_mutex_unlock(&link->net->lock);
	} while (status == FAST_DEADLINE_EXCEEDED && fast_memory_step(link->net));
	return status;
}

void fast_memory_interrupt(struct fast_link *base)
{
	struct fast_memory_link *link = fast_memory_link_of(base);

	pthread_mutex_lock(&link->net->lock);
	link->is_interrupted = true;
	pthread_cond_broadcast(&link->net->changed);
	pthread_mutex_unlock(&link->net->lock);
}

void fast_memory_send(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_memory_link *link = fast_memory_link_of(base);

	assert(count > 0 && count <= FAST_LINK_IOV_MAX);
	pthread_mutex_lock(&link->net->lock);
	memcpy(link->send.iov, iov, (size_t)count * sizeof *iov);
	link->send.count = count;
	operation_start(&link->send);
	pthread_mutex_unlock(&link->net->lock);
}

void fast_memory_close(struct fast_link *base)
{
	struct fast_memory_link *link = fast_memory_link_of(base);

	pthread_mutex_lock(&link->net->lock);
	link->is_closed = true;
	pthread_cond_broadcast(&link->net->changed);
	pthread_mutex_unlock(&link->net->lock);
}

/* Nobody will step for a link that goes, so what it has under way completes here. */
unsigned fast_memory_free(struct fast_link *base)
{
	struct fast_memory_link *link = fast_memory_link_of(base);
	struct fast_memory_net *net = link->net;
	unsigned links;

	pthread_mutex_lock(&net->lock);
	link->is_closed = true;
	for (;;) {
		if (link->recv.is_running || link->send.is_running) {
			pthread_cond_wait(&net->changed, &net->lock);
		} else if (fast_list_is_linked(&link->recv.node)) {
			operation_complete(&link->recv);
		} else if (fast_list_is_linked(&link->send.node)) {
			operation_complete(&link->send);
		} else {
			break;
		}
	}
	if (link->peer != NULL) {
		link->peer->peer = NULL;
	}
	links = --net->links;
	pthread_cond_broadcast(&net->changed);
	pthread_mutex_unlock(&net->lock);
	free(link->ring);
	free(link);
	return links;
}

static void memory_free(struct fast_link *link)
{
	fast_memory_free(link);
}

static const struct fast_link_ops memory_ops = {
	.recv = fast_memory_recv,
	.recv_wait = memory_recv_wait,
	.interrupt = fast_memory_interrupt,
	.send = fast_memory_send,
	.close = fast_memory_close,
	.free = memory_free,
};

enum fast_status fast_memory_net_new(struct fast_memory_net **out)
{
	struct fast_memory_net *net = calloc(1, sizeof *net);
	pthread_condattr_t monotonic;

	if (net == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&net->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&net->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	fast_list_init(&net->started);
	*out = net;
	return FAST_OK;
}

void fast_memory_net_free(struct fast_memory_net *net)
{
	if (net == NULL) {
		return;
	}
	assert(net->links == 0);
	pthread_cond_destroy(&net->changed);
	pthread_mutex_destroy(&net->lock);
	free(net);
}

static struct fast_memory_link *memory_link_new(struct fast_memory_net *net,
						const struct fast_link_ops *ops,
						size_t capacity_bytes)
{
	struct fast_memory_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		return NULL;
	}
	link->ring = malloc(capacity_bytes);
	if (link->ring == NULL) {
		free(link);
		return NULL;
	}
	link->base.ops = ops;
	link->base.framing = FAST_SP_TCP;
	link->base.peer.endpoint = "inproc";
	link->net = net;
	link->capacity = capacity_bytes;
	link->recv.link = link;
	link->send.link = link;
	link->send.is_send = true;
	return link;
}

enum fast_status fast_memory_pair_with(struct fast_memory_net *net, const struct fast_link_ops *ops,
				       size_t capacity_bytes, struct fast_link **a,
				       struct fast_link **b)
{
	assert(capacity_bytes > 0);

	struct fast_memory_link *first = memory_link_new(net, ops, capacity_bytes);
	struct fast_memory_link *second =
		first == NULL ? NULL : memory_link_new(net, ops, capacity_bytes);
	if (second == NULL) {
		if (first != NULL) {
			free(first->ring);
			free(first);
		}
		return FAST_RESOURCE_EXHAUSTED;
	}
	first->peer = second;
	second->peer = first;
	pthread_mutex_lock(&net->lock);
	net->links += 2;
	pthread_mutex_unlock(&net->lock);
	*a = &first->base;
	*b = &second->base;
	return FAST_OK;
}

enum fast_status fast_memory_link_pair(struct fast_memory_net *net, size_t capacity_bytes,
				       struct fast_link **a, struct fast_link **b)
{
	return fast_memory_pair_with(net, &memory_ops, capacity_bytes, a, b);
}

bool fast_memory_step_locked(struct fast_memory_net *net)
{
	FAST_LIST_FOREACH(node, &net->started)
	{
		struct fast_memory_operation *operation =
			FAST_LIST_ENTRY(node, struct fast_memory_operation, node);
		if (operation_is_due(operation)) {
			operation_complete(operation);
			return true; /* the list may have changed */
		}
	}
	return false;
}

bool fast_memory_step(struct fast_memory_net *net)
{
	bool stepped;

	pthread_mutex_lock(&net->lock);
	stepped = fast_memory_step_locked(net);
	pthread_mutex_unlock(&net->lock);
	return stepped;
}

void fast_memory_run(struct fast_memory_net *net)
{
	while (fast_memory_step(net)) {
	}
}

void fast_memory_set_chunk(struct fast_memory_net *net, size_t bytes)
{
	pthread_mutex_lock(&net->lock);
	net->chunk_bytes = bytes;
	pthread_mutex_unlock(&net->lock);
}
