#include "rpc/stats.h"

#include "rpc/limits.h"
#include "rpc/server_call.h"
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

void fast_recent_init(struct fast_recent *recent)
{
	pthread_mutex_init(&recent->lock, NULL);
	atomic_init(&recent->slow_floor_ns, -1);
	atomic_init(&recent->slow_until_ns, FAST_TIME_NEVER);
}

void fast_recent_fini(struct fast_recent *recent)
{
	pthread_mutex_destroy(&recent->lock);
}

int64_t fast_unix_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

size_t fast_duration_bucket(int64_t duration_ns)
{
	uint64_t us = ((uint64_t)(duration_ns < 0 ? 0 : duration_ns) + FAST_NS_PER_US - 1) /
		      FAST_NS_PER_US;
	size_t bucket = us <= 1 ? 0 : 64 - (size_t)__builtin_clzll(us - 1);

	return bucket < FAST_DURATION_BUCKETS ? bucket : FAST_DURATION_BUCKETS - 1;
}

void fast_text_copy(char *out, size_t out_bytes, const char *text)
{
	size_t bytes = 0;

	for (; bytes + 1 < out_bytes && text[bytes] != 0; bytes++) {
		out[bytes] = text[bytes] >= ' ' && text[bytes] <= '~' ? text[bytes] : '?';
	}
	out[bytes] = 0;
}

static void recent_fill(struct fast_recent_call *out, const struct fast_call *call, int64_t now_ns,
			const char *text)
{
	out->method = call->entry->method;
	out->connection_id = call->connection->id;
	out->end_ns = now_ns;
	out->duration_ns = now_ns - call->begin_ns;
	out->begin_unix_ns = fast_unix_now_ns() - out->duration_ns;
	out->status = call->status;
	fast_text_copy(out->text, sizeof out->text, text);
}

/* Lock held. The place for a call that took so long; NULL: it is not among the slow ones. */
static struct fast_recent_call *recent_slow_place(struct fast_recent *recent, int64_t now_ns,
						  int64_t duration_ns)
{
	struct fast_recent_call *place = NULL;

	if (recent->slow_count < FAST_RECENT_CALLS_MAX) {
		return &recent->slow[recent->slow_count++];
	}
	for (size_t i = 0; i < recent->slow_count; i++) {
		struct fast_recent_call *slow = &recent->slow[i];
		if (fast_time_after_ms(slow->end_ns, FAST_RECENT_SLOW_MS) <= now_ns) {
			return slow;
		}
		if (slow->duration_ns < duration_ns &&
		    (place == NULL || slow->duration_ns < place->duration_ns)) {
			place = slow;
		}
	}
	return place;
}

/* Lock held. */
static void recent_slow_limits(struct fast_recent *recent)
{
	int64_t floor_ns = INT64_MAX;
	int64_t oldest_ns = INT64_MAX;

	if (recent->slow_count < FAST_RECENT_CALLS_MAX) {
		return; /* every call is among the slow ones */
	}
	for (size_t i = 0; i < recent->slow_count; i++) {
		const struct fast_recent_call *slow = &recent->slow[i];
		floor_ns = slow->duration_ns < floor_ns ? slow->duration_ns : floor_ns;
		oldest_ns = slow->end_ns < oldest_ns ? slow->end_ns : oldest_ns;
	}
	atomic_store_explicit(&recent->slow_floor_ns, floor_ns, memory_order_relaxed);
	atomic_store_explicit(&recent->slow_until_ns,
			      fast_time_after_ms(oldest_ns, FAST_RECENT_SLOW_MS),
			      memory_order_relaxed);
}

static void recent_note_slow(struct fast_recent *recent, const struct fast_call *call,
			     int64_t now_ns)
{
	int64_t duration_ns = now_ns - call->begin_ns;
	struct fast_recent_call *place;

	if (duration_ns <= atomic_load_explicit(&recent->slow_floor_ns, memory_order_relaxed) &&
	    now_ns < atomic_load_explicit(&recent->slow_until_ns, memory_order_relaxed)) {
		return;
	}
	pthread_mutex_lock(&recent->lock);
	place = recent_slow_place(recent, now_ns, duration_ns);
	if (place != NULL) {
		recent_fill(place, call, now_ns, "");
		recent_slow_limits(recent);
	}
	pthread_mutex_unlock(&recent->lock);
}

void fast_stats_begin(struct fast_call *call)
{
	fast_counter_add(&call->connection->server->counters.calls);
	fast_counter_add(&call->entry->counters->calls);
}

void fast_stats_fail(struct fast_call *call, enum fast_status status, const char *text)
{
	struct fast_server *server = call->connection->server;
	struct fast_recent *recent = &server->recent;

	call->status = status;
	fast_counter_add(&server->counters.calls_failed);
	fast_counter_add(&call->entry->counters->failed);
	pthread_mutex_lock(&recent->lock);
	recent_fill(&recent->failed[recent->failed_total++ % FAST_RECENT_CALLS_MAX], call,
		    fast_timers_now_ns(server->timers), text);
	pthread_mutex_unlock(&recent->lock);
}

void fast_stats_end(struct fast_call *call)
{
	struct fast_server *server = call->connection->server;
	struct fast_method_counters *counters = call->entry->counters;
	int64_t now_ns = fast_timers_now_ns(server->timers);
	int64_t duration_ns = now_ns - call->begin_ns;

	fast_counter_add(&server->counters.calls_ended);
	fast_counter_add(&counters->durations[fast_duration_bucket(duration_ns)]);
	atomic_fetch_add_explicit(&counters->duration_ns_sum, (uint64_t)duration_ns,
				  memory_order_relaxed);
	/* A stream lasts as long as its reader likes. */
	if (call->entry->method->kind == FAST_METHOD_UNARY) {
		recent_note_slow(&server->recent, call, now_ns);
	}
}

static void method_stats(const struct fast_method_counters *counters, struct fast_method_stats *out)
{
	uint64_t ended = 0;

	*out = (struct fast_method_stats){.method = counters->method->path};
	out->failed = fast_counter_read(&counters->failed);
	out->duration_seconds_sum = (double)fast_counter_read(&counters->duration_ns_sum) / 1e9;
	for (size_t i = 0; i < FAST_DURATION_BUCKETS; i++) {
		out->duration_buckets[i] = fast_counter_read(&counters->durations[i]);
		ended += out->duration_buckets[i];
	}
	/* After what has ended; all the same, another thread's numbers may come in another order.
	 */
	out->calls = fast_counter_read(&counters->calls);
	out->calls = out->calls < ended ? ended : out->calls;
	out->open = out->calls - ended;
}

void fast_server_each_method(const struct fast_server *server, fast_method_stats_fn *fn, void *arg)
{
	struct fast_server *unlocked = (struct fast_server *)(uintptr_t)server;
	struct fast_method_stats stats;
	bool has_started;

	pthread_mutex_lock(&unlocked->lock);
	has_started = server->has_started;
	pthread_mutex_unlock(&unlocked->lock);
	for (size_t i = 0; has_started && i < server->methods.count; i++) {
		method_stats(server->methods.sorted[i], &stats);
		fn(&stats, arg);
	}
}
