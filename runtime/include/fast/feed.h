/* fast/feed.h - a ring of items that a service owns, and that any number of streams follow. */
#ifndef FAST_FEED_H
#define FAST_FEED_H

#include <fast/resume.h>

FAST_BEGIN_DECLS

#define FAST_FEED_ITEMS_DEFAULT     1024
#define FAST_FEED_ITEMS_MAX         (1u << 24)
#define FAST_FEED_BYTES_DEFAULT     (4u << 20)
#define FAST_FEED_FOLLOWERS_DEFAULT 1024
#define FAST_FEED_TOPIC_BYTES_MAX   160

/* The newest items that were added, each packed once, under cursors 1, 2, 3 and so on. A follower
 * is a position in the ring and no more: it holds no items, whatever its reader does. Use from any
 * thread. */
struct fast_feed;

/* What befalls a follower that the ring has overtaken. */
enum fast_feed_slow {
	/* It goes on with the oldest item there is. Its reader is told: by a gap where the method
	 * is resumable, else by the count of dropped items. */
	FAST_FEED_SLOW_SKIPS,
	FAST_FEED_SLOW_ENDS,  /* its call fails with RESOURCE_EXHAUSTED */
	FAST_FEED_SLOW_WAITS, /* none is overtaken: nothing is added meanwhile */
};

struct fast_feed_options {
	size_t size;            /* sizeof(struct fast_feed_options) */
	uint32_t items_max;     /* in the ring; 0: FAST_FEED_ITEMS_DEFAULT */
	size_t bytes_max;       /* of them, packed, with topics; 0: FAST_FEED_BYTES_DEFAULT */
	uint32_t followers_max; /* at once; 0: FAST_FEED_FOLLOWERS_DEFAULT */
	enum fast_feed_slow slow;
	uint64_t epoch; /* of its cursors; 0: one that no other feed has */
};

/* item is what the streams that follow carry. options may be NULL. Gives *out, which the caller
 * closes. INVALID_ARGUMENT: items_max above FAST_FEED_ITEMS_MAX. */
FAST_MUST_CHECK enum fast_status fast_feed_new(const ProtobufCMessageDescriptor *item,
					       const struct fast_feed_options *options,
					       struct fast_feed **out);

/* Adds an item and wakes who waits for it; the oldest make room. topic (NULL: "") is for filters.
 * *cursor (may be NULL) is its number. INVALID_ARGUMENT: it cannot be packed, or the topic is too
 * long. FAILED_PRECONDITION: the feed was finished. RESOURCE_EXHAUSTED: it is longer than the ring,
 * or no memory; or, FAST_FEED_SLOW_WAITS, a follower has not seen the oldest yet. */
FAST_MUST_CHECK enum fast_status fast_feed_add(struct fast_feed *feed, const char *topic,
					       const ProtobufCMessage *item, uint64_t *cursor);

/* The same, and waits at most wait_ms (-1: without limit) for the slowest follower. */
FAST_MUST_CHECK enum fast_status fast_feed_add_wait(struct fast_feed *feed, const char *topic,
						    const ProtobufCMessage *item, int64_t wait_ms,
						    uint64_t *cursor);

/* Whether a follower wants the item; payload is packed. Runs under no lock, where a handler of the
 * service would, or on the thread that added the item if the service is inline; never twice at once
 * for one follower. */
typedef bool fast_feed_filter_fn(const char *topic, const uint8_t *payload, size_t payload_bytes,
				 void *arg);
/* The follower is over, and its call has ended. */
typedef void fast_feed_done_fn(void *arg);

struct fast_feed_follow {
	size_t size;                 /* sizeof(struct fast_feed_follow) */
	bool from_oldest;            /* a new reader begins with all there is; else with the next */
	fast_feed_filter_fn *filter; /* NULL: all items */
	fast_feed_done_fn *done;     /* NULL: none */
	void *arg;                   /* of both */
};

/* Takes the call of a server stream and answers it from the feed until its caller goes, the feed is
 * finished or closed, or the call's deadline passes. A caller that goes on with a resumable stream
 * gets what it lacks, or a gap, and after a restart all there is. options may be NULL. */
void fast_feed_follow(struct fast_feed *feed, struct fast_call *call,
		      const struct fast_feed_follow *options);

/* No more items come: who has seen all ends with OK. */
void fast_feed_finish(struct fast_feed *feed);

struct fast_feed_stats {
	uint64_t followers;
	uint64_t items;  /* in the ring, */
	uint64_t bytes;  /* of this size */
	uint64_t newest; /* cursor; 0: none yet */
	uint64_t missed; /* items that followers were too slow for, each counted for each */
	uint64_t ended;  /* followers that ended for this */
};
void fast_feed_stats(struct fast_feed *feed, struct fast_feed_stats *out);

/* Ends the followers with UNAVAILABLE, waits for them, and frees. Where their readers shall go on
 * at the next start, close the server first. NULL is allowed. Not from a handler. */
void fast_feed_close(struct fast_feed *feed);

FAST_END_DECLS

#endif
