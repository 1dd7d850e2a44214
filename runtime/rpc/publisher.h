/* rpc/publisher.h - the inside of a publisher: what its files share, and what tests hand it. */
#ifndef FAST_RPC_PUBLISHER_H
#define FAST_RPC_PUBLISHER_H

#include "rpc/connection.h"
#include "rpc/topics.h"
#include <fast/publisher.h>

/* What may be sent under topics that begin so, or are so. */
struct fast_topic_rule {
	char pattern[FAST_PUBLISHER_TOPIC_BYTES_MAX + 2];
	const ProtobufCMessageDescriptor *message;
};

/* One SUB socket at the other end. Guarded by publisher->lock, as all of this. */
struct fast_publisher_peer {
	struct fast_connection connection;
	struct fast_publisher *publisher;
	struct fast_list node; /* in publisher->subscribers, then in ->dead */
	struct fast_timer first_timer;
	unsigned references; /* until the end, and while a thread ends it */
	int64_t begin_ns;
	uint64_t groups;
	uint64_t sent;    /* put in its queue */
	uint64_t dropped; /* taken out again, or never put there */
};

struct fast_publisher {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a subscriber has died */
	struct fast_timers *timers;
	bool owns_timers;
	struct fast_link_listener *listener;
	struct fast_timer reap_timer;
	enum fast_sp_framing framing;     /* of all subscribers: there is one endpoint */
	fast_publisher_groups_fn *groups; /* NULL: all belong to all; fixed before it listens */
	void *groups_arg;
	uint64_t boot_id;

	/* all guarded by lock */
	struct fast_list subscribers;
	struct fast_list dead;
	uint32_t subscriber_count; /* until they are freed */
	struct fast_topics topics;
	struct fast_topic_rule rules[FAST_PUBLISHER_RULES_MAX];
	size_t rule_count; /* 0: any message may be sent under any topic */
	uint64_t sent;
	uint64_t dropped;
	bool is_closing;
};

/* Listens nowhere. timers stay borrowed; NULL: its own. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_publisher_open_with(struct fast_timers *timers,
							  enum fast_sp_framing framing,
							  struct fast_publisher **out);
/* A subscriber from outside, of the publisher's framing. Takes link. */
void fast_publisher_take_link(struct fast_publisher *publisher, struct fast_link *link);

/* publisher_peer.c. */

/* Lock held. Queues the message for one subscriber; its oldest gives way. */
void fast_publisher_peer_push(struct fast_publisher_peer *peer, struct fast_shared_frame *shared);
/* No lock held. Ends one subscriber that has not ended. False: there is none. */
bool fast_publisher_end_one(struct fast_publisher *publisher);
/* No lock held. Frees the dead ones. Also a timer's function. */
void fast_publisher_reap(void *publisher);

#endif
