#include "link/tls_link.h"

#include <assert.h>
#include <string.h>

/* Copies up to room bytes of iov, from offset on, into out. */
static size_t iov_gather(const struct iovec *iov, int count, size_t offset, uint8_t *out,
			 size_t room)
{
	size_t bytes = 0;

	for (int i = 0; i < count && bytes < room; i++) {
		size_t left = iov[i].iov_len;
		if (offset >= left) {
			offset -= left;
			continue;
		}
		left -= offset;
		left = left < room - bytes ? left : room - bytes;
		memcpy(out + bytes, (const uint8_t *)iov[i].iov_base + offset, left);
		bytes += left;
		offset = 0;
	}
	return bytes;
}

/* Lock held. One record of iov from offset on; returns its bytes, 0: nothing is left, or failure.
 */
static size_t record_write(struct fast_tls_link *link, const struct iovec *iov, int count,
			   size_t offset)
{
	uint8_t gathered[MBEDTLS_SSL_OUT_CONTENT_LEN];
	int max = mbedtls_ssl_get_max_out_record_payload(&link->ssl);
	size_t room = max > 0 && (size_t)max < sizeof gathered ? (size_t)max : sizeof gathered;
	const uint8_t *data = gathered;
	size_t bytes;
	int n;

	if (count == 1) {
		data = (const uint8_t *)iov[0].iov_base + offset;
		bytes = iov[0].iov_len - offset;
		bytes = bytes < room ? bytes : room;
	} else {
		bytes = iov_gather(iov, count, offset, gathered, room);
	}
	if (bytes == 0) {
		return 0;
	}
	n = mbedtls_ssl_write(&link->ssl, data, bytes);
	link->has_failed = link->has_failed || n <= 0;
	return n > 0 ? (size_t)n : 0;
}

/* Lock held. Encrypts what fits, as few records as can be. */
static void link_encrypt(struct fast_tls_link *link, const struct iovec *iov, int count)
{
	while (!link->has_failed && link->out.capacity - link->out.end >= FAST_TLS_RECORD_BYTES) {
		size_t bytes = record_write(link, iov, count, link->sending.taken);
		if (bytes == 0) {
			return;
		}
		link->sending.taken += bytes;
	}
}

/* Lock held. */
static void send_inner(struct fast_tls_link *link)
{
	struct iovec iov = {link->out.bytes + link->out.first, link->out.end - link->out.first};

	link->sending.is_flying = true;
	link->inner->ops->send(link->inner, &iov, 1);
}

/* Lock held. What can't be encrypted is told by inner, which is closed then. */
static void send_start(struct fast_tls_link *link)
{
	struct fast_tls_sending *sending = &link->sending;

	sending->is_wanted = false;
	link_encrypt(link, sending->iov, sending->count);
	if (link->has_failed) {
		link->inner->ops->close(link->inner);
		link->out.first = 0;
		link->out.end = 1;
	}
	send_inner(link);
}

void fast_tls_link_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_tls_link *link = arg;
	struct fast_tls_sending *sending = &link->sending;

	pthread_mutex_lock(&link->lock);
	sending->is_flying = false;
	if (status == FAST_OK) {
		link->out.first += bytes;
	} else {
		link->has_failed = true; /* with records lost, no other could be read */
	}
	if (status == FAST_OK && link->out.first < link->out.end) {
		send_inner(link);
		pthread_mutex_unlock(&link->lock);
		return;
	}
	bytes = link->has_failed ? 0 : sending->taken;
	link->out.first = 0;
	link->out.end = 0;
	sending->taken = 0;
	sending->is_running = true;
	pthread_mutex_unlock(&link->lock);
	link->base.events->sent(link->base.arg, bytes > 0 ? FAST_OK : FAST_UNAVAILABLE, bytes);
	pthread_mutex_lock(&link->lock);
	sending->is_running = false;
	if (sending->is_wanted) {
		send_start(link);
	}
	pthread_mutex_unlock(&link->lock);
}

void fast_tls_link_send(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_tls_link *link = (struct fast_tls_link *)base; /* base is first */

	assert(count > 0 && count <= FAST_LINK_IOV_MAX && base->events != NULL);
	pthread_mutex_lock(&link->lock);
	assert(!link->sending.is_wanted && !link->sending.is_flying); /* one at a time */
	memcpy(link->sending.iov, iov, (size_t)count * sizeof *iov);
	link->sending.count = count;
	link->sending.is_wanted = true;
	if (!link->sending.is_running) {
		send_start(link);
	}
	pthread_mutex_unlock(&link->lock);
}

/* Lock held, nothing flies. True: all of out went. */
static bool flush_now(struct fast_tls_link *link)
{
	struct iovec iov = {link->out.bytes + link->out.first, link->out.end - link->out.first};

	if (iov.iov_len > 0 && link->inner->ops->send_now != NULL) {
		link->out.first += link->inner->ops->send_now(link->inner, &iov, 1);
	}
	if (link->out.first < link->out.end) {
		return false;
	}
	link->out.first = 0;
	link->out.end = 0;
	return true;
}

/* A record of which inner took but a part can't be taken back; then nothing is said to be taken,
 * and the rest goes before what the next send adds. */
size_t fast_tls_link_send_now(struct fast_link *base, const struct iovec *iov, int count)
{
	struct fast_tls_link *link = (struct fast_tls_link *)base; /* base is first */
	size_t taken = 0;

	assert(count > 0 && count <= FAST_LINK_IOV_MAX);
	if (link->inner->ops->send_now == NULL) {
		return 0;
	}
	pthread_mutex_lock(&link->lock);
	assert(!link->sending.is_flying && link->sending.taken == 0);
	link_encrypt(link, iov, count);
	if (flush_now(link)) {
		taken = link->sending.taken;
		link->sending.taken = 0;
	}
	pthread_mutex_unlock(&link->lock);
	return taken;
}

void fast_tls_link_say_goodbye(struct fast_tls_link *link)
{
	if (!link->is_open || link->is_closed || link->sending.is_flying ||
	    link->sending.taken > 0) {
		return;
	}
	if (!link->has_failed) {
		/* Without room the peer has to do without it. */
		int error = mbedtls_ssl_close_notify(&link->ssl);
		(void)error;
	}
	flush_now(link);
}
