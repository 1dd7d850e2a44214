/* rpc/stats.h - counters of each method, and the calls worth a second look. */
#ifndef FAST_RPC_STATS_H
#define FAST_RPC_STATS_H

#include <fast/server.h>
#include <pthread.h>
#include <stdatomic.h>

struct fast_call;

/* Slow calls and failed ones that are remembered, each. */
#define FAST_RECENT_CALLS_MAX      32
#define FAST_RECENT_TEXT_BYTES_MAX 160
/* A slow call is forgotten for a less slow one after. */
#define FAST_RECENT_SLOW_MS 600000

/* Written by every thread that ends calls, with relaxed order: the numbers agree once it is quiet.
 */
struct fast_method_counters {
	const struct fast_method *method;
	atomic_uint_least64_t calls;
	atomic_uint_least64_t failed;
	atomic_uint_least64_t duration_ns_sum;
	atomic_uint_least64_t durations[FAST_DURATION_BUCKETS]; /* all of them: calls that ended */
};

/* A call that has ended. */
struct fast_recent_call {
	const struct fast_method *method;
	uint64_t connection_id;
	int64_t begin_unix_ns;
	int64_t end_ns; /* on the server's clock */
	int64_t duration_ns;
	enum fast_status status;
	char text[FAST_RECENT_TEXT_BYTES_MAX + 1]; /* of a failed one; printable ASCII */
};

/* Locked for calls that failed and for those slower than the ones in it alone. */
struct fast_recent {
	pthread_mutex_t lock;
	atomic_int_least64_t slow_floor_ns; /* calls up to this are not among the slow ones, */
	atomic_int_least64_t slow_until_ns; /* until then */

	/* guarded by lock */
	struct fast_recent_call slow[FAST_RECENT_CALLS_MAX]; /* in no order */
	size_t slow_count;
	struct fast_recent_call failed[FAST_RECENT_CALLS_MAX]; /* a ring */
	size_t failed_total;
};

void fast_recent_init(struct fast_recent *recent);
void fast_recent_fini(struct fast_recent *recent);

/* Nanoseconds since 1970. */
int64_t fast_unix_now_ns(void);
/* The bucket of a duration. */
size_t fast_duration_bucket(int64_t duration_ns);
/* Text as far as there is room, with ? for what is not printable ASCII. */
void fast_text_copy(char *out, size_t out_bytes, const char *text);

/* A call was admitted; it ends with a failure; it has ended, in either way. The last with the lock
 * of its connection held, before the caller can know of it. */
void fast_stats_begin(struct fast_call *call);
void fast_stats_fail(struct fast_call *call, enum fast_status status, const char *text);
void fast_stats_end(struct fast_call *call);

#endif
