#include "link/tls_link.h"

#include "link/endpoint.h"
#include "link/tls_name.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct fast_tls_link *tls_link_of(struct fast_link *link)
{
	return (struct fast_tls_link *)link; /* base is first */
}

/* mbedTLS's way out: into the buffer. */
static int bytes_put(void *arg, const unsigned char *data, size_t bytes)
{
	struct fast_tls_bytes *out = &((struct fast_tls_link *)arg)->out;
	size_t room = out->capacity - out->end;

	if (room == 0) {
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	}
	bytes = bytes < room ? bytes : room;
	memcpy(out->bytes + out->end, data, bytes);
	out->end += bytes;
	return (int)bytes;
}

/* mbedTLS's way in: from the buffer. 0 is the end. */
static int bytes_take(void *arg, unsigned char *data, size_t bytes)
{
	struct fast_tls_link *link = arg;
	struct fast_tls_bytes *in = &link->in;
	size_t held = in->end - in->first;

	if (held == 0) {
		return link->has_ended ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
	}
	bytes = bytes < held ? bytes : held;
	memcpy(data, in->bytes + in->first, bytes);
	in->first += bytes;
	return (int)bytes;
}

/* Lock held. Decrypts what has come, as much as there is room for. */
static size_t link_read(struct fast_tls_link *link, uint8_t *buffer, size_t bytes)
{
	size_t got = 0;

	while (got < bytes && !link->is_spent) {
		size_t before = link->in.first;
		int n = mbedtls_ssl_read(&link->ssl, buffer + got, bytes - got);
		if (n > 0) {
			got += (size_t)n;
		} else if (n != MBEDTLS_ERR_SSL_WANT_READ) {
			link->is_spent = true;
			link->has_failed = true;
		} else if (link->in.first == before || link->in.first == link->in.end) {
			break; /* nothing was taken, or nothing is left */
		}
	}
	return got;
}

/* Lock held. Whether a read may give something, or the end, without waiting for inner. */
static bool link_is_ready(const struct fast_tls_link *link)
{
	return link->has_ended || link->is_spent || link->in.first < link->in.end ||
	       mbedtls_ssl_get_bytes_avail(&link->ssl) > 0;
}

/* Lock held. Also when inner is closed, to which it is left to complete it. */
static void receive_inner(struct fast_tls_link *link)
{
	link->in.first = 0;
	link->in.end = 0;
	link->inner->ops->recv(link->inner, link->in.bytes, link->in.capacity);
}

/* Lock held, but not in the completion. */
static void receive_pump(struct fast_tls_link *link)
{
	struct fast_tls_receive *receive = &link->receive;

	while (receive->is_wanted) {
		size_t got = link_read(link, receive->buffer, receive->bytes);
		if (got == 0 && !link->is_spent) {
			receive_inner(link);
			return;
		}
		receive->is_wanted = false;
		receive->is_running = true;
		pthread_mutex_unlock(&link->lock);
		link->base.events->received(link->base.arg, got > 0 ? FAST_OK : FAST_UNAVAILABLE,
					    got);
		pthread_mutex_lock(&link->lock);
		receive->is_running = false;
	}
}

static void link_received(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_tls_link *link = arg;

	pthread_mutex_lock(&link->lock);
	link->in.end = status == FAST_OK ? bytes : 0;
	link->has_ended = link->has_ended || status != FAST_OK;
	receive_pump(link);
	pthread_mutex_unlock(&link->lock);
}

static void link_receive_ready(void *arg)
{
	struct fast_tls_link *link = arg;

	pthread_mutex_lock(&link->lock);
	receive_pump(link);
	pthread_mutex_unlock(&link->lock);
}

static void link_recv(struct fast_link *base, void *buffer, size_t bytes)
{
	struct fast_tls_link *link = tls_link_of(base);

	assert(bytes > 0 && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	assert(!link->receive.is_wanted); /* one at a time */
	link->receive.buffer = buffer;
	link->receive.bytes = bytes;
	link->receive.is_wanted = true;
	if (link->receive.is_running) {
		/* The pump goes on with it. */
	} else if (link_is_ready(link)) {
		fast_tls_pool_post(link->tls->pool, &link->job, true);
	} else {
		receive_inner(link);
	}
	pthread_mutex_unlock(&link->lock);
}

/* Lock held, but not while inner waits. FAST_OK: something has come, or the end. */
static enum fast_status wait_inner(struct fast_tls_link *link, int64_t deadline_ns)
{
	size_t bytes = 0;
	enum fast_status status;

	link->in.first = 0;
	link->in.end = 0;
	pthread_mutex_unlock(&link->lock);
	status = link->inner->ops->recv_wait(link->inner, link->in.bytes, link->in.capacity,
					     deadline_ns, &bytes);
	pthread_mutex_lock(&link->lock);
	switch (status) {
	case FAST_OK:
		link->in.end = bytes;
		return FAST_OK;
	case FAST_DEADLINE_EXCEEDED:
		return FAST_DEADLINE_EXCEEDED;
	case FAST_CANCELLED: /* an interrupt; perhaps one that was answered already */
		return FAST_OK;
	default:
		link->has_ended = true;
		return FAST_OK;
	}
}

static enum fast_status link_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
				       int64_t deadline_ns, size_t *received)
{
	struct fast_tls_link *link = tls_link_of(base);
	enum fast_status status = FAST_OK;
	size_t got = 0;

	assert(bytes > 0);
	pthread_mutex_lock(&link->lock);
	while (status == FAST_OK) {
		if (link->is_interrupted) {
			link->is_interrupted = false;
			status = FAST_CANCELLED;
			break;
		}
		got = link_read(link, buffer, bytes);
		if (got > 0) {
			break;
		}
		status = link->is_spent ? FAST_UNAVAILABLE : wait_inner(link, deadline_ns);
	}
	pthread_mutex_unlock(&link->lock);
	if (got > 0) {
		*received = got;
	}
	return status;
}

static void link_interrupt(struct fast_link *base)
{
	struct fast_tls_link *link = tls_link_of(base);

	pthread_mutex_lock(&link->lock);
	link->is_interrupted = true;
	pthread_mutex_unlock(&link->lock);
	link->inner->ops->interrupt(link->inner);
}

static void link_close(struct fast_link *base)
{
	struct fast_tls_link *link = tls_link_of(base);

	pthread_mutex_lock(&link->lock);
	fast_tls_link_say_goodbye(link);
	link->is_closed = true;
	link->is_spent = true;
	link->has_failed = true;
	pthread_mutex_unlock(&link->lock);
	link->inner->ops->close(link->inner);
}

void fast_tls_link_abandon(struct fast_tls_link *link)
{
	if (link == NULL) {
		return;
	}
	mbedtls_ssl_free(&link->ssl);
	free(link->in.bytes);
	free(link->out.bytes);
	free(link->names);
	fast_tls_unref(link->tls);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

static void link_free(struct fast_link *base)
{
	struct fast_tls_link *link = tls_link_of(base);

	link_close(base);
	fast_tls_pool_settle(link->tls->pool, &link->job);
	link->inner->ops->free(link->inner);
	fast_tls_link_abandon(link);
}

static const struct fast_link_ops tls_ops = {
	.recv = link_recv,
	.recv_wait = link_recv_wait,
	.interrupt = link_interrupt,
	.send = fast_tls_link_send,
	.send_now = fast_tls_link_send_now,
	.close = link_close,
	.free = link_free,
};

static const struct fast_link_events inner_events = {
	.received = link_received,
	.sent = fast_tls_link_sent,
};

enum fast_status fast_tls_link_new(struct fast_tls *tls, const mbedtls_ssl_config *config,
				   struct fast_link *inner, struct fast_tls_link **out)
{
	struct fast_tls_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&link->lock, NULL);
	mbedtls_ssl_init(&link->ssl);
	link->tls = fast_tls_ref(tls);
	link->in.capacity = FAST_TLS_IN_BYTES;
	link->in.bytes = malloc(link->in.capacity);
	link->out.capacity = FAST_TLS_OUT_BYTES;
	link->out.bytes = malloc(link->out.capacity);
	if (link->in.bytes == NULL || link->out.bytes == NULL ||
	    mbedtls_ssl_setup(&link->ssl, config) != 0) {
		fast_tls_link_abandon(link);
		return FAST_RESOURCE_EXHAUSTED;
	}
	mbedtls_ssl_set_bio(&link->ssl, link, bytes_put, bytes_take, NULL);
	link->job.fn = link_receive_ready;
	link->job.arg = link;
	link->base.ops = &tls_ops;
	link->base.framing = FAST_SP_TCP;
	link->base.peer = inner->peer;
	link->base.peer.endpoint = fast_endpoint_kind_name(FAST_ENDPOINT_TLS);
	link->inner = inner;
	*out = link;
	return FAST_OK;
}

enum fast_status fast_tls_link_open(struct fast_tls_link *link)
{
	const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&link->ssl);
	bool is_verified = mbedtls_ssl_get_verify_result(&link->ssl) == 0;

	if (certificate != NULL && is_verified &&
	    fast_tls_names_read(certificate, &link->base.peer, &link->names) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_link_start(link->inner, &inner_events, link);
	link->is_open = true;
	return FAST_OK;
}
