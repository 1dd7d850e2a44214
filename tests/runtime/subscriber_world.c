#include "subscriber_world.h"

#define NS_PER_MS 1000000

struct pub_sub world;

static void world_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed, void *dialed_arg)
{
	(void)arg;
	(void)timeout_ms;
	assert_null(world.dialed);
	world.dialed = dialed;
	world.dialed_arg = dialed_arg;
	world.dials++;
}

static void world_dial_free(void *arg)
{
	fast_link_dialed_fn *dialed = world.dialed;

	(void)arg;
	world.dialed = NULL;
	if (dialed != NULL) {
		dialed(FAST_CANCELLED, NULL, world.dialed_arg);
	}
}

const struct fast_dial_ops pub_sub_dial_ops = {.dial = world_dial, .free = world_dial_free};

static void world_answer_dial(void)
{
	fast_link_dialed_fn *dialed = world.dialed;
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	world.dialed = NULL;
	if (world.publisher == NULL) {
		dialed(FAST_UNAVAILABLE, NULL, world.dialed_arg);
	} else if (fast_memory_link_pair(world.net, 65536, &ours, &theirs) != FAST_OK) {
		dialed(FAST_RESOURCE_EXHAUSTED, NULL, world.dialed_arg);
	} else {
		fast_publisher_take_link(world.publisher, theirs);
		dialed(FAST_OK, ours, world.dialed_arg);
	}
}

void pub_sub_run(int64_t ms)
{
	bool goes_on;

	world.now_ns += ms * NS_PER_MS;
	do {
		fast_timers_advance(world.timers, world.now_ns);
		goes_on = world.dialed != NULL;
		if (goes_on) {
			world_answer_dial();
		}
		while (fast_memory_step(world.net)) {
			goes_on = true;
		}
	} while (goes_on);
}

void pub_sub_start_publisher(void)
{
	assert_ok(fast_publisher_open_with(world.timers, FAST_SP_TCP, &world.publisher));
}

void pub_sub_lose_connection(void)
{
	struct fast_connection *connection = world.subscriber->connection;

	assert_non_null(connection);
	connection->link->ops->close(connection->link);
	pub_sub_run(0);
}

void pub_sub_stop_publisher(void)
{
	struct fast_publisher *publisher = world.publisher;

	world.publisher = NULL; /* dials are refused */
	if (world.subscriber != NULL && world.subscriber->connection != NULL) {
		pub_sub_lose_connection();
	}
	fast_publisher_close(publisher);
}

void pub_sub_subscribe_with(const struct fast_subscription *subscriptions, size_t count,
			    const struct fast_subscriber_options *options)
{
	assert_ok(fast_subscriber_open_with(subscriptions, count, options, world.timers,
					    &pub_sub_dial_ops, NULL, &world.subscriber));
	pub_sub_run(0);
}

void pub_sub_subscribe(const char *prefix, const struct fast_subscriber_options *options)
{
	const struct fast_subscription subscription = {
		.prefix = prefix, .message = &testing__v1__probe_response__descriptor};

	pub_sub_subscribe_with(&subscription, 1, options);
}

void pub_sub_publish(const char *topic, uint32_t first, uint32_t last)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;

	for (sample.number = first; sample.number <= last; sample.number++) {
		assert_ok(fast_publisher_send(world.publisher, topic, &sample.base));
	}
	pub_sub_run(0);
}

const struct fast_publication *pub_sub_next(void)
{
	const struct fast_publication *publication = NULL;

	assert_ok(fast_subscriber_next(world.subscriber, 0, &publication));
	return publication;
}

void pub_sub_expect(const char *topic, uint32_t number, uint64_t missed)
{
	const struct fast_publication *publication = pub_sub_next();

	assert_string_equal(topic, publication->topic);
	assert_int_equal(number,
			 ((const Testing__V1__ProbeResponse *)publication->message)->number);
	assert_int_equal(missed, publication->missed);
}

void pub_sub_expect_nothing(void)
{
	const struct fast_publication *publication = NULL;

	assert_status(FAST_DEADLINE_EXCEEDED,
		      fast_subscriber_next(world.subscriber, 0, &publication));
	assert_null(publication);
}

struct fast_subscriber_stats pub_sub_stats(void)
{
	struct fast_subscriber_stats out;

	fast_subscriber_stats(world.subscriber, &out);
	return out;
}

void pub_sub_open(void)
{
	world = (struct pub_sub){.now_ns = 1000000000};
	assert_ok(fast_memory_net_new(&world.net));
	assert_ok(fast_timers_new_fake(world.now_ns, &world.timers));
	pub_sub_start_publisher();
}

void pub_sub_close(void)
{
	pub_sub_run(0);
	fast_subscriber_close(world.subscriber);
	world.subscriber = NULL;
	fast_memory_run(world.net);
	if (world.publisher != NULL) {
		pub_sub_stop_publisher();
	}
	fast_timers_free(world.timers);
	fast_memory_net_free(world.net);
}
