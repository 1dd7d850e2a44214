/* fast/publisher.h - an endpoint in PUB framing that stock SUB sockets read. */
#ifndef FAST_PUBLISHER_H
#define FAST_PUBLISHER_H

#include <fast/service.h>

FAST_BEGIN_DECLS

/* Messages waiting for one subscriber; past that its oldest is dropped and counted. */
#define FAST_PUBLISHER_QUEUE_MAX       1024
#define FAST_PUBLISHER_SUBSCRIBERS_MAX 256
#define FAST_PUBLISHER_TOPIC_BYTES_MAX 160

/* Use from any thread. */
struct fast_publisher;

struct fast_publisher_stats {
	uint64_t subscribers;
	uint64_t sent;    /* messages handed to subscribers' queues */
	uint64_t dropped; /* of those, dropped because the subscriber was slow */
};

/* Listens on endpoint, as fast_server_listen() does. Gives *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status fast_publisher_open(const char *endpoint, unsigned mode,
						     struct fast_publisher **out);

/* Sends topic, a zero byte, and a packet of kind ITEM (PROTOCOL.md) with the packed message and a
 * sequence number counted per publisher. Never blocks. INVALID_ARGUMENT: topic empty or too long.
 */
FAST_MUST_CHECK enum fast_status fast_publisher_send(struct fast_publisher *publisher,
						     const char *topic,
						     const ProtobufCMessage *message);

const char *fast_publisher_endpoint(const struct fast_publisher *publisher);
void fast_publisher_stats(const struct fast_publisher *publisher, struct fast_publisher_stats *out);

/* NULL is allowed. */
void fast_publisher_close(struct fast_publisher *publisher);

FAST_END_DECLS

#endif
