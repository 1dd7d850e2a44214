/* daemon/watch.h - the open Watch calls, and the one thread that feeds them and the publisher. */
#ifndef FASTD_WATCH_H
#define FASTD_WATCH_H

#include "daemon/node.h"
#include "daemon/publish.h"

#include <fast/call.h>

#define WATCH_WATCHERS_MAX 256
/* Changes of knobs that are kept for watchers that have not had them yet. */
#define WATCH_CHANGES_MAX 512
/* A watcher that takes again what did not fit is served more after this time. */
#define WATCH_RETRY_MS 5

/* Use from any thread. */
struct watch;

/* Where a watch of knobs begins: with their states, or with what came after a plugin's revision or
 * after a sequence number of the node. */
struct watch_start {
	const char *plugin; /* glob; with from_revision a whole name */
	bool has_from_revision;
	uint64_t from_revision;
	bool has_after_sequence;
	uint64_t after_sequence; /* at most watch_sequence(), if it is of this epoch */
	uint64_t epoch;          /* that came with either; 0: not known */
};

struct watch_stats {
	uint32_t watchers;
	uint64_t dropped; /* items that slow readers did not get */
};

/* Listens to node, which must not have started. publish may be NULL; it is borrowed until close.
 * Gives *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status watch_open(struct node *node, struct publish *publish,
					    struct watch **out);

/* Stops the thread; nothing is sent any more. Every call must have been cancelled, so the server is
 * closed before; the node, which the thread asks, after. NULL is allowed. */
void watch_stop(struct watch *watch);

/* After the node, which tells watch what happens. NULL is allowed. */
void watch_close(struct watch *watch);

/* Take the call and end it when it is cancelled. RESOURCE_EXHAUSTED: WATCH_WATCHERS_MAX, or no
 * memory; the call stays the caller's. Globs are copied; interval_ms 0: every tick. */
FAST_MUST_CHECK enum fast_status watch_add_metrics(struct watch *watch, struct fast_call *call,
						   const struct node_filter *filter,
						   uint32_t interval_ms);
FAST_MUST_CHECK enum fast_status watch_add_params(struct watch *watch, struct fast_call *call,
						  const struct watch_start *start);

/* Changes of knobs so far. */
uint64_t watch_sequence(const struct watch *watch);

void watch_stats(struct watch *watch, struct watch_stats *out);

#endif
