/* rpc/feed.h - the inside of a feed: what its two files share. */
#ifndef FAST_RPC_FEED_H
#define FAST_RPC_FEED_H

#include "rpc/server_call.h"
#include <fast/feed.h>

/* A packed item. */
struct fast_feed_item {
	unsigned references; /* the ring's, and one per follower that sends it; guarded by lock */
	uint64_t cursor;
	size_t payload_bytes;
	size_t topic_bytes; /* with its zero */
	uint8_t data[];     /* the topic, then the payload */
};

/* Lock order: a connection's, then a feed's, then a pool's. */
struct fast_feed {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a follower has moved, or is gone */
	const ProtobufCMessageDescriptor *descriptor;
	struct fast_feed_options options; /* every field has a value */

	/* all guarded by lock */
	struct fast_feed_item **ring; /* items_max places */
	uint32_t oldest;              /* place of the oldest item */
	uint32_t count;
	size_t bytes;
	uint64_t newest; /* cursor; those in the ring have no holes */
	struct fast_list followers;
	uint32_t follower_count; /* until they are freed */
	unsigned waiters;        /* threads that wait to add */
	uint64_t missed;
	uint64_t ended;
	bool is_finished;
	bool is_closing;
};

/* One stream. Who sets is_busy runs it, and is alone to. */
struct fast_follower {
	struct fast_job job;
	struct fast_feed *feed;
	struct fast_call *call;
	struct fast_feed_follow options;
	struct fast_list node;     /* in feed->followers */
	struct fast_list run_node; /* in a list of whoever is to run it */

	/* all guarded by feed->lock */
	uint64_t position; /* cursor of the newest item that it has been given */
	bool is_busy;
	bool runs_again;  /* something has come since it looked */
	bool wants_items; /* not busy, and not for lack of room */
	bool is_cancelled;

	/* the runner's */
	struct fast_feed_item *item; /* NULL: none */
	uint64_t missed;             /* of which the next item tells */
	uint32_t skipped;            /* items that the filter left out since anything was sent */
	bool has_begun;              /* has been given an item, or a gap */
	bool has_unflushed;
};

/* Lock held. */
void fast_feed_item_release(struct fast_feed_item *item);
/* Lock held. True: the caller has become its runner. */
bool fast_follower_claim(struct fast_follower *follower);
/* A job: sends what there is and rests, or ends. By the runner; no lock held. */
void fast_follower_run(struct fast_job *job);

#endif
