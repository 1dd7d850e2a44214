/* rpc/subscriber.h - the inside of a subscriber: what its files share, and what tests hand it. */
#ifndef FAST_RPC_SUBSCRIBER_H
#define FAST_RPC_SUBSCRIBER_H

#include "base/arena.h"
#include "rpc/client.h"
#include "rpc/topics.h"
#include <fast/subscriber.h>

/* A message as it came, until somebody reads it. */
struct fast_subscriber_item {
	struct fast_list node;
	const struct fast_subscription *subscription;
	uint64_t sequence;
	uint64_t boot_id;
	size_t topic_bytes; /* with its zero */
	size_t payload_bytes;
	uint8_t data[]; /* the topic, then the payload */
};

struct fast_subscriber {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fast_subscription *subscriptions; /* with copies of the prefixes */
	size_t subscription_count;
	struct fast_subscriber_options options; /* every field has a value */
	struct fast_timers *timers;
	bool owns_timers;
	const struct fast_dial_ops *dial_ops;
	void *dial_arg;
	struct fast_timer tend_timer;    /* frees the dead connection, and dials */
	struct fast_timer silence_timer; /* ends one that says nothing */

	/* all guarded by lock */
	struct fast_connection *connection; /* NULL: none, or one that has ended */
	struct fast_connection *dead;       /* which the timers' thread frees */
	bool is_dialing;
	bool is_closing;
	bool is_cancelled;
	bool is_watched;         /* for silence */
	bool has_lost_its_timer; /* no memory to set it: the next reader sets it */
	unsigned failures;       /* one after the other */
	int64_t heard_ns;        /* when something last came */
	struct fast_list items;
	uint32_t item_count; /* <= options.queue_max */
	struct fast_subscriber_stats stats;

	/* of whoever hands publications over: the reader, or the one receive under way */
	struct fast_topics topics;
	struct fast_arena arena;
	struct fast_subscriber_item *item; /* the newest handed over */
	struct fast_publication publication;
};

/* On a clock and links from outside. timers stay borrowed; NULL: its own. Takes dial_arg on
 * success. */
FAST_MUST_CHECK enum fast_status fast_subscriber_open_with(
	const struct fast_subscription *subscriptions, size_t subscription_count,
	const struct fast_subscriber_options *options, struct fast_timers *timers,
	const struct fast_dial_ops *dial_ops, void *dial_arg, struct fast_subscriber **out);

/* subscriber_read.c: an event of the connection; arg: the subscriber. */
bool fast_subscriber_message(void *arg, const uint8_t *message, size_t bytes);
/* Lock held. Has the timers' thread tend to the connection, after a while. */
void fast_subscriber_tend_later(struct fast_subscriber *subscriber, int64_t due_ns);

#endif
