/* rpc/once.h - the window of keyed calls: what ran under a key does not run again. PROTOCOL.md,
 * "Calls that run once". */
#ifndef FAST_RPC_ONCE_H
#define FAST_RPC_ONCE_H

#include "rpc/once_clients.h"
#include "rpc/reply.h"
#include "rpc/server_call.h"

/* Retries that wait for one call that runs. */
#define FAST_ONCE_WAITERS_MAX 8

struct fast_once_entry;

/* Lock order: once, then connection. */
struct fast_once_window {
	uint64_t boot_id; /* of this window: what ran under another one is not known here */
	uint64_t seed;    /* of digests */
	int64_t window_ns;
	uint32_t results_max;
	size_t bytes_max;
	atomic_bool is_closing; /* lost connections cancel keyed calls too */

	pthread_mutex_t lock;
	/* all guarded by lock */
	struct fast_once_entry **buckets; /* NULL until the first keyed call */
	struct fast_list running;
	struct fast_list done; /* in the order of their ends */
	size_t count;          /* <= results_max */
	size_t bytes;          /* <= bytes_max, but for entries that hold no result */
	struct fast_once_clients clients;
	struct fast_list spare; /* entries for reuse; <= FAST_SPARE_CALLS_MAX */
	unsigned spare_count;
};

/* options: every field has a value. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_once_new(const struct fast_server_options *options,
					       struct fast_once_window **out);
/* No call runs. NULL is allowed. */
void fast_once_free(struct fast_once_window *once);

/* No lock held, all of these. */

/* A call that was admitted and carries a key. True: it is to be run. False: another call runs or
 * ran under the key, or it was refused; nobody else has to do anything with it. */
FAST_MUST_CHECK bool fast_once_admit(struct fast_call *call, const struct fast_packet *packet);

/* The call, which was to be run, has an answer, a failure, or did not run. Keeps it for those who
 * ask again, and answers those who wait. Before the call ends. */
void fast_once_succeed(struct fast_call *call, const ProtobufCMessage *response);
void fast_once_fail(struct fast_call *call, const struct fast_failure *failure);
void fast_once_forget(struct fast_call *call, Fast__V1__PacketKind kind, enum fast_status status,
		      const char *text);

/* The call of an entry in once->running. Lock of once held. */
struct fast_call *fast_once_running_call(struct fast_list *node);

#endif
