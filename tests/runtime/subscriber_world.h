/* runtime/subscriber_world.h - a publisher and a subscriber on memory links and a clock that the
 * test moves. */
#ifndef FAST_TEST_SUBSCRIBER_WORLD_H
#define FAST_TEST_SUBSCRIBER_WORLD_H

#include "support/harness.h"

#include "link/link_memory.h"
#include "rpc/publisher.h"
#include "rpc/subscriber.h"
#include <testing/v1/probe.pb-c.h>

struct pub_sub {
	struct fast_memory_net *net;
	struct fast_timers *timers;
	int64_t now_ns;
	struct fast_publisher *publisher; /* NULL: dials are refused */
	struct fast_subscriber *subscriber;
	fast_link_dialed_fn *dialed; /* the dial under way; NULL: none */
	void *dialed_arg;
	unsigned dials;
	unsigned told; /* times that the callback ran */
	uint64_t told_missed;
};

/* The one there is; with a publisher, and no subscriber. */
extern struct pub_sub world;
extern const struct fast_dial_ops pub_sub_dial_ops;

void pub_sub_open(void);
/* Closes what there is. */
void pub_sub_close(void);
/* Lets so much time pass, and all that falls due happen. */
void pub_sub_run(int64_t ms);
void pub_sub_start_publisher(void);
void pub_sub_stop_publisher(void);
void pub_sub_lose_connection(void);

/* Opens the subscriber: to topics with this prefix, of probe responses. options may be NULL. */
void pub_sub_subscribe(const char *prefix, const struct fast_subscriber_options *options);
void pub_sub_subscribe_with(const struct fast_subscription *subscriptions, size_t count,
			    const struct fast_subscriber_options *options);
/* Publishes messages with these numbers. */
void pub_sub_publish(const char *topic, uint32_t first, uint32_t last);

const struct fast_publication *pub_sub_next(void);
void pub_sub_expect(const char *topic, uint32_t number, uint64_t missed);
void pub_sub_expect_nothing(void);
struct fast_subscriber_stats pub_sub_stats(void);

#endif
