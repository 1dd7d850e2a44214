/* link/link_memory_impl.h - what the stepped and the live link in memory share. */
#ifndef FAST_LINK_MEMORY_IMPL_H
#define FAST_LINK_MEMORY_IMPL_H

#include "base/list.h"
#include "link/link_memory.h"

#include <pthread.h>

/* What one link has started and not completed. */
struct fast_memory_operation {
	struct fast_list node; /* in net->started, while under way */
	struct fast_memory_link *link;
	struct iovec iov[FAST_LINK_IOV_MAX]; /* recv uses one */
	int count;
	bool is_send;
	bool is_running; /* its completion: the next one waits */
};

/* Everything but the constants is guarded by net->lock. */
struct fast_memory_link {
	struct fast_link base;
	struct fast_memory_net *net;   /* constant */
	struct fast_memory_link *peer; /* NULL when freed */
	struct fast_memory_operation recv;
	struct fast_memory_operation send;
	uint8_t *ring;   /* received and not read */
	size_t capacity; /* constant, of ring */
	size_t first;    /* offset of the first byte in ring */
	size_t held;     /* bytes in ring, <= capacity */
	bool is_closed;
	bool is_interrupted;
};

struct fast_memory_net {
	pthread_mutex_t lock;
	pthread_cond_t changed;   /* something may be due, readable or quiet now; CLOCK_MONOTONIC */
	struct fast_list started; /* operations, oldest first */
	size_t chunk_bytes;       /* 0: no limit */
	unsigned links;
	/* of a live net */
	pthread_t thread; /* constant */
	bool is_ending;
};

static inline struct fast_memory_link *fast_memory_link_of(struct fast_link *link)
{
	return (struct fast_memory_link *)link; /* base is first */
}

/* As fast_link_ops, for both. */
void fast_memory_recv(struct fast_link *link, void *buffer, size_t bytes);
void fast_memory_interrupt(struct fast_link *link);
void fast_memory_send(struct fast_link *link, const struct iovec *iov, int count);
void fast_memory_close(struct fast_link *link);
/* The links that its net has left. */
unsigned fast_memory_free(struct fast_link *link);

/* As fast_memory_link_pair(), with other operations. */
FAST_MUST_CHECK enum fast_status fast_memory_pair_with(struct fast_memory_net *net,
						       const struct fast_link_ops *ops,
						       size_t capacity_bytes, struct fast_link **a,
						       struct fast_link **b);

/* Lock held, in all that follows. */

/* As fast_memory_step(); gives the lock up while the completion runs. */
bool fast_memory_step_locked(struct fast_memory_net *net);
/* What is there: OK, CANCELLED, UNAVAILABLE; DEADLINE_EXCEEDED: nothing. */
enum fast_status fast_memory_recv_now(struct fast_memory_link *link, void *buffer, size_t bytes,
				      size_t *received);
/* Moves bytes to the peer, which is open. */
size_t fast_memory_move(struct fast_memory_link *link, const struct iovec *iov, int count);
bool fast_memory_peer_has_closed(const struct fast_memory_link *link);

#endif
