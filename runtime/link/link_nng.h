/* link/link_nng.h - what listener, dialer and link on nng_stream share. */
#ifndef FAST_LINK_NNG_H
#define FAST_LINK_NNG_H

#include "base/handover.h"
#include "link/endpoint.h"

#include <nng/nng.h>
#include <pthread.h>

struct fast_nng_link;

/* One of receiving and sending. A start while a completion runs waits for its end, so that two
 * completions of one kind never run at once. Guarded by link->lock. */
struct fast_nng_direction {
	struct fast_nng_link *link;
	nng_aio *aio;
	void (*start)(nng_stream *stream, nng_aio *aio);
	nng_iov iov[FAST_LINK_IOV_MAX];
	unsigned count;
	bool is_running; /* its completion */
	bool is_wanted;  /* started while its completion ran */
};

struct fast_nng_link {
	struct fast_link base;
	nng_stream *stream;
	nng_aio *wait_aio; /* of recv_wait(); has no callback */
	nng_aio *now_aio;  /* of send_now(); has no callback */
	pthread_mutex_t lock;
	/* guarded by lock */
	struct fast_nng_direction recv;
	struct fast_nng_direction send;
	bool is_closed;
	bool is_interrupted;
	bool is_drained; /* the peer has gone, and what it left has been asked for once more */
};

static inline struct fast_nng_link *fast_nng_link_of(struct fast_link *link)
{
	return (struct fast_nng_link *)link; /* base is first */
}

/* Takes stream, on success only. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_nng_link_new(nng_stream *stream, enum fast_endpoint_kind kind,
						   struct fast_link **out);

/* Whether a receive that ended so is to be started once more. Under lock. */
bool fast_nng_link_drains(struct fast_nng_link *link, int error);
/* Closes the stream: what is under way completes, and nothing is started any more. Under lock. */
void fast_nng_link_end(struct fast_nng_link *link);

/* As fast_link_ops. */
enum fast_status fast_nng_recv_wait(struct fast_link *base, void *buffer, size_t bytes,
				    int64_t deadline_ns, size_t *received);
void fast_nng_interrupt(struct fast_link *base);

/* NNG's error numbers end here. */
enum fast_status fast_nng_status(int error);

/* nng_duration until then: at least 1 ms, at most an hour or, for FAST_TIME_NEVER, infinite. */
nng_duration fast_nng_timeout_ms(int64_t deadline_ns);

/* Every completion of nng's runs its body in this: with fast_hand_over(object) before an operation
 * is started and fast_take_over(object) after it was stopped, the order of all is known. */
static inline void fast_nng_completion(void *object, void (*body)(void *object))
{
	fast_take_over(object);
	body(object);
	fast_hand_over(object);
}

#endif
