/* fast/subscriber.h - reads what a PUB endpoint publishes (fast/publisher.h). */
#ifndef FAST_SUBSCRIBER_H
#define FAST_SUBSCRIBER_H

#include <fast/service.h>

FAST_BEGIN_DECLS

#define FAST_SUBSCRIBER_QUEUE_DEFAULT 1024
#define FAST_SUBSCRIPTIONS_MAX        64
/* Topics whose numbers are remembered, to see what is missing. */
#define FAST_SUBSCRIBER_TOPICS_MAX 65536

/* A connection to one endpoint, opened at once, and again after a loss, 15 to 800 ms after a
 * try that failed. One thread at a time calls fast_subscriber_next(); the rest is for any thread.
 */
struct fast_subscriber;
struct fast_tls;

/* What is wanted. */
struct fast_subscription {
	const char *prefix;                        /* of topics; "": all */
	const ProtobufCMessageDescriptor *message; /* what they carry; NULL: left packed */
};

/* A message that was published. */
struct fast_publication {
	const char *topic;
	const ProtobufCMessage *message; /* of the first subscription that fits; NULL: packed */
	const uint8_t *payload;
	size_t payload_bytes;
	uint64_t sequence; /* counted per topic */
	uint64_t boot_id;  /* of the publisher, another one at each start */
	/* Messages of this topic that were published since the last one given here, and are lost:
	 * on the way, while there was no connection, or because this side was slow. */
	uint64_t missed;
	bool is_restarted; /* the publisher was: since the last one any number may be lost */
};

/* Gets each publication, borrowed until it returns, on a thread of the runtime, never twice at
 * once. Must not block, nor close the subscriber. */
typedef void fast_publication_fn(const struct fast_publication *publication, void *arg);

struct fast_subscriber_options {
	size_t size;                /* sizeof(struct fast_subscriber_options) */
	uint32_t queue_max;         /* publications unread; 0: FAST_SUBSCRIBER_QUEUE_DEFAULT */
	uint32_t message_bytes_max; /* longest message taken; 0: FAST_MESSAGE_BYTES_MAX (4 MiB) */
	uint32_t silence_ms;        /* hears nothing so long: connects again; 0: never for that */
	struct fast_tls *tls;       /* for tls+tcp://, kept by the subscriber; else NULL */
	fast_publication_fn *fn;    /* NULL: fast_subscriber_next() */
	void *arg;
};

/* endpoint: as fast_client_open(). Subscriptions are copied. options may be NULL. Gives *out, which
 * the caller closes. A publisher that is not there yet is waited for. INVALID_ARGUMENT: the
 * endpoint is not understood, no subscription, or more than FAST_SUBSCRIPTIONS_MAX. */
FAST_MUST_CHECK enum fast_status fast_subscriber_open(const char *endpoint,
						      const struct fast_subscription *subscriptions,
						      size_t subscription_count,
						      const struct fast_subscriber_options *options,
						      struct fast_subscriber **out);

/* Waits at most wait_ms (-1: without limit) for the next publication. FAST_OK: *out, borrowed until
 * the next call. DEADLINE_EXCEEDED: none came. CANCELLED: fast_subscriber_cancel().
 * FAILED_PRECONDITION: there is an fn, or it would wait on a thread of the runtime.
 * RESOURCE_EXHAUSTED: no memory for this one, which is then missed. */
FAST_MUST_CHECK enum fast_status fast_subscriber_next(struct fast_subscriber *subscriber,
						      int64_t wait_ms,
						      const struct fast_publication **out);

/* Makes fast_subscriber_next() return CANCELLED, now and from then on. */
void fast_subscriber_cancel(struct fast_subscriber *subscriber);

struct fast_subscriber_stats {
	bool is_connected;
	uint64_t connections; /* made so far */
	uint64_t received;    /* messages that fit a subscription */
	uint64_t dropped;     /* of those, because the queue was full, or without memory */
	uint64_t missed;      /* that publications told of, dropped ones too */
	uint64_t malformed;   /* messages that could not be read */
};
void fast_subscriber_stats(struct fast_subscriber *subscriber, struct fast_subscriber_stats *out);

/* Waits until fn does not run, and frees. NULL is allowed. Not from fn. */
void fast_subscriber_close(struct fast_subscriber *subscriber);

FAST_END_DECLS

#endif
