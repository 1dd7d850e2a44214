#include "link/link_nng.h"

#include "base/timer.h"

#include <assert.h>

#define NS_PER_MS   1000000
#define WAIT_MS_MAX (60 * 60 * 1000)

nng_duration fast_nng_timeout_ms(int64_t deadline_ns)
{
	int64_t left_ms;

	if (deadline_ns == FAST_TIME_NEVER) {
		return NNG_DURATION_INFINITE;
	}
	/* Rounded down: nng is up to a millisecond late. */
	left_ms = (deadline_ns - fast_clock_now_ns()) / NS_PER_MS;
	if (left_ms < 1) {
		return 1;
	}
	return left_ms > WAIT_MS_MAX ? WAIT_MS_MAX : (nng_duration)left_ms;
}

/* Under lock. FAST_OK: the receive is under way, or done. */
static enum fast_status wait_start(struct fast_nng_link *link, nng_iov iov, int64_t deadline_ns)
{
	int error;

	if (link->is_interrupted) {
		link->is_interrupted = false;
		return FAST_CANCELLED;
	}
	if (link->is_closed) {
		return FAST_UNAVAILABLE;
	}
	error = nng_aio_set_iov(link->wait_aio, 1, &iov);
	if (error != 0) {
		return fast_nng_status(error);
	}
	nng_aio_set_timeout(link->wait_aio, fast_nng_timeout_ms(deadline_ns));
	nng_stream_recv(link->stream, link->wait_aio);
	if (deadline_ns <= fast_clock_now_ns()) {
		nng_aio_cancel(link->wait_aio); /* takes what is there, and waits for nothing */
	}
	return FAST_OK;
}

/* Under lock, after the receive has ended with an error. FAST_OK: it is to be started again. */
static enum fast_status wait_end(struct fast_nng_link *link, int error, int64_t deadline_ns)
{
	if (error == NNG_ECANCELED && link->is_interrupted) {
		link->is_interrupted = false;
		return FAST_CANCELLED;
	}
	if (link->is_closed) {
		return FAST_UNAVAILABLE;
	}
	if (error == NNG_ECANCELED || error == NNG_ETIMEDOUT) {
		/* nng may time out early; longer waits than its longest go on. */
		return fast_clock_now_ns() < deadline_ns ? FAST_OK : FAST_DEADLINE_EXCEEDED;
	}
	if (fast_nng_link_drains(link, error)) {
		return FAST_OK;
	}
	fast_nng_link_end(link);
	return FAST_UNAVAILABLE;
}

enum fast_status fast_nng_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
				    int64_t deadline_ns, size_t *received)
{
	struct fast_nng_link *link = fast_nng_link_of(base);
	enum fast_status status;

	assert(bytes > 0);
	do {
		int error;

		pthread_mutex_lock(&link->lock);
		status = wait_start(link, (nng_iov){buffer, bytes}, deadline_ns);
		pthread_mutex_unlock(&link->lock);
		if (status != FAST_OK) {
			return status;
		}
		nng_aio_wait(link->wait_aio);
		error = nng_aio_result(link->wait_aio);
		if (error == 0) {
			*received = nng_aio_count(link->wait_aio);
			return FAST_OK;
		}
		pthread_mutex_lock(&link->lock);
		status = wait_end(link, error, deadline_ns);
		pthread_mutex_unlock(&link->lock);
	} while (status == FAST_OK);
	return status;
}

void fast_nng_interrupt(struct fast_link *base)
{
	struct fast_nng_link *link = fast_nng_link_of(base);

	pthread_mutex_lock(&link->lock);
	link->is_interrupted = true;
	nng_aio_cancel(link->wait_aio);
	pthread_mutex_unlock(&link->lock);
}
