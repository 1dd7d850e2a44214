/* fast/publisher.h - an endpoint in PUB framing that stock SUB sockets read. */
#ifndef FAST_PUBLISHER_H
#define FAST_PUBLISHER_H

#include <fast/service.h>

FAST_BEGIN_DECLS

/* Messages waiting for one subscriber; past that its oldest is dropped and counted. */
#define FAST_PUBLISHER_QUEUE_MAX       1024
#define FAST_PUBLISHER_SUBSCRIBERS_MAX 256
#define FAST_PUBLISHER_TOPIC_BYTES_MAX 160
/* Topics whose numbers are remembered: beyond that the one that was longest unused is forgotten,
 * and counts on from a greater number when it comes again. */
#define FAST_PUBLISHER_TOPICS_MAX 65536
#define FAST_PUBLISHER_RULES_MAX  64

/* Use from any thread. */
struct fast_publisher;

struct fast_publisher_stats {
	uint64_t subscribers;
	uint64_t sent;    /* messages handed to subscribers' queues */
	uint64_t dropped; /* of those, dropped because the subscriber was slow */
	uint64_t topics;  /* that are remembered */
};

/* One that is connected. */
struct fast_publisher_subscriber {
	const char *endpoint; /* "ipc", "tcp", "tls+tcp"; static */
	bool has_credentials; /* whether the next two mean something */
	uint32_t uid;
	uint32_t pid;
	int64_t connected_ms; /* since */
	uint64_t waiting;     /* messages in its queue */
	uint64_t sent;        /* put there */
	uint64_t dropped;     /* of those, because it was slow */
};

/* Listens on endpoint, as fast_server_listen() does. Gives *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status fast_publisher_open(const char *endpoint, unsigned mode,
						     struct fast_publisher **out);

/* The groups that a subscriber belongs to, a bit for each: it hears what is sent to one of them.
 * Runs once for each that connects, before it hears anything, with no lock held, and must not
 * block. */
struct fast_peer;
typedef uint64_t fast_publisher_groups_fn(void *arg, const struct fast_peer *peer);

/* The same as fast_publisher_open(), for subscribers of which not all may hear all. */
FAST_MUST_CHECK enum fast_status fast_publisher_open_groups(const char *endpoint, unsigned mode,
							    fast_publisher_groups_fn *groups,
							    void *arg, struct fast_publisher **out);

/* The same at "tls+tcp://ADDRESS:PORT"; see fast_server_listen_tls(). */
struct fast_tls;
FAST_MUST_CHECK enum fast_status fast_publisher_open_tls(const char *endpoint, struct fast_tls *tls,
							 struct fast_publisher **out);

/* From now on a topic that is pattern, or begins with what is before a * at its end, carries
 * messages of this kind, and a topic that fits no pattern none. The first pattern that fits
 * decides. RESOURCE_EXHAUSTED: FAST_PUBLISHER_RULES_MAX. INVALID_ARGUMENT: empty, too long, or a *
 * elsewhere. */
FAST_MUST_CHECK enum fast_status fast_publisher_add_topic(
	struct fast_publisher *publisher, const char *pattern,
	const ProtobufCMessageDescriptor *message);

/* Sends topic, a zero byte, and a packet of kind ITEM (PROTOCOL.md) with the packed message and a
 * sequence number counted per topic. Never blocks. INVALID_ARGUMENT: topic empty or too long; the
 * message is none that the topic carries, or cannot be packed. */
FAST_MUST_CHECK enum fast_status fast_publisher_send(struct fast_publisher *publisher,
						     const char *topic,
						     const ProtobufCMessage *message);

/* The same, to the subscribers of these groups alone. Numbers are given out as if all had it. */
FAST_MUST_CHECK enum fast_status fast_publisher_send_groups(struct fast_publisher *publisher,
							    const char *topic,
							    const ProtobufCMessage *message,
							    uint64_t groups);

const char *fast_publisher_endpoint(const struct fast_publisher *publisher);
void fast_publisher_stats(const struct fast_publisher *publisher, struct fast_publisher_stats *out);

/* Fills out with at most count_max subscribers, oldest first; returns how many there are. */
size_t fast_publisher_subscribers(const struct fast_publisher *publisher,
				  struct fast_publisher_subscriber *out, size_t count_max);

/* NULL is allowed. */
void fast_publisher_close(struct fast_publisher *publisher);

FAST_END_DECLS

#endif
