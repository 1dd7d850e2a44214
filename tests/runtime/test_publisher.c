#include "rpc/publisher.h"

#include "rpc_peer.h"

#include "base/timer.h"
#include <string.h>
#include <testing/v1/probe.pb-c.h>

#define NS_PER_MS 1000000

struct world {
	struct fast_memory_net *net;
	struct fast_timers *timers;
	struct fast_publisher *publisher;
	struct peer peers[2];
	uint32_t number; /* of the newest message */
};

static struct world world;

static void subscribe(struct peer *peer)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	assert_ok(fast_memory_link_pair(world.net, 4096, &ours, &theirs));
	fast_publisher_take_link(world.publisher, theirs);
	peer_open(peer, world.net, ours);
	peer_send_hello(peer, FAST_SP_SUB);
}

static int setup(void **state)
{
	(void)state;
	world = (struct world){.number = 0};
	assert_ok(fast_memory_net_new(&world.net));
	assert_ok(fast_timers_new_fake(NS_PER_MS, &world.timers));
	assert_ok(fast_publisher_open_with(world.timers, FAST_SP_TCP, &world.publisher));
	subscribe(&world.peers[0]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		if (world.peers[i].link != NULL) {
			peer_close(&world.peers[i]);
		}
	}
	fast_memory_run(world.net);
	fast_publisher_close(world.publisher);
	fast_timers_free(world.timers);
	fast_memory_net_free(world.net);
	return 0;
}

static void publish(unsigned count)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;

	while (count-- > 0) {
		sample.number = ++world.number;
		assert_ok(fast_publisher_send(world.publisher, "top", &sample.base));
	}
}

/* The number of the next message, whose topic is four bytes, as a request id is; 0: none came. */
static uint32_t take(struct peer *peer)
{
	uint32_t topic = 0;
	uint32_t number = 0;
	Fast__V1__Packet *packet = peer_take(peer, &topic);

	if (packet == NULL) {
		return 0;
	}
	assert_int_equal(0x746f7000, topic); /* "top" and the zero */
	assert_int_equal(FAST__V1__PACKET_KIND__PACKET_KIND_ITEM, packet->kind);
	assert_true(packet->boot_id != 0);
	number = (uint32_t)packet->sequence;
	fast__v1__packet__free_unpacked(packet, NULL);
	return number;
}

static struct fast_publisher_stats stats(void)
{
	struct fast_publisher_stats out;

	fast_publisher_stats(world.publisher, &out);
	return out;
}

static void a_subscriber_reads_all_in_order(void **state)
{
	(void)state;
	publish(50);
	for (uint32_t i = 1; i <= 50; i++) {
		assert_int_equal(i, take(&world.peers[0]));
	}
	assert_int_equal(0, take(&world.peers[0]));
}

static uint64_t next_group(void *arg, const struct fast_peer *peer)
{
	uint64_t *group = arg;

	assert_non_null(peer->endpoint);
	*group <<= 1;
	return *group;
}

static void a_subscriber_hears_what_is_for_its_groups_alone(void **state)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;
	uint64_t group = 1;

	(void)state;
	peer_close(&world.peers[0]);
	world.peers[0].link = NULL;
	world.publisher->groups = next_group;
	world.publisher->groups_arg = &group;
	for (int i = 0; i < 2; i++) {
		subscribe(&world.peers[i]); /* of the groups 2 and 4 */
	}
	fast_memory_run(world.net);
	for (uint64_t groups = 0; groups < 8; groups++) {
		assert_ok(fast_publisher_send_groups(world.publisher, "top", &sample.base, groups));
	}
	publish(1); /* the ninth is for all */
	for (int i = 0; i < 2; i++) {
		static const uint32_t numbers[2][6] = {{3, 4, 7, 8, 9, 0}, {5, 6, 7, 8, 9, 0}};

		for (int j = 0; j < 6; j++) {
			assert_int_equal(numbers[i][j], take(&world.peers[i]));
		}
	}
	assert_int_equal(10, stats().sent);
}

static void a_stuck_subscriber_loses_the_oldest_and_disturbs_nobody(void **state)
{
	uint32_t number;
	uint32_t first;

	(void)state;
	subscribe(&world.peers[1]);
	fast_memory_run(world.net);
	peer_stop_reading(&world.peers[1]);
	publish(1); /* the read under way */
	for (uint32_t i = 0; i < 5000; i++) {
		publish(1);
		fast_memory_run(world.net);
		while (take(&world.peers[0]) != 0) {
		}
	}
	assert_int_equal(2 * 5001, stats().sent);
	assert_in_range(stats().dropped, 3000, 4000);

	/* What it reads at last: some old ones, a gap as wide as the count says, and all new ones.
	 */
	world.peers[1].reads = true;
	world.peers[1].link->ops->recv(world.peers[1].link, world.peers[1].room,
				       sizeof world.peers[1].room);
	for (number = 1; (first = take(&world.peers[1])) == number; number++) {
	}
	assert_int_equal(stats().dropped, first - number);
	for (number = first + 1; number <= 5001; number++) {
		assert_int_equal(number, take(&world.peers[1]));
	}
}

static void a_subscriber_that_never_reads_is_closed_at_last(void **state)
{
	(void)state;
	fast_memory_run(world.net);
	peer_stop_reading(&world.peers[0]);
	publish(2000);
	fast_memory_run(world.net);
	publish(2000);
	fast_timers_advance(world.timers, (int64_t)9999 * NS_PER_MS);
	assert_int_equal(1, stats().subscribers);
	fast_timers_advance(world.timers, (int64_t)20002 * NS_PER_MS);
	fast_memory_run(world.net);
	fast_timers_advance(world.timers, (int64_t)20003 * NS_PER_MS);
	assert_int_equal(0, stats().subscribers);
}

static void a_topic_must_be_there_and_not_too_long(void **state)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;
	char topic[FAST_PUBLISHER_TOPIC_BYTES_MAX + 2];

	(void)state;
	memset(topic, 't', sizeof topic - 1);
	topic[sizeof topic - 1] = 0;
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_publisher_send(world.publisher, "", &sample.base));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_publisher_send(world.publisher, topic, &sample.base));
	topic[sizeof topic - 2] = 0;
	assert_ok(fast_publisher_send(world.publisher, topic, &sample.base));
}

static void a_peer_of_another_protocol_is_closed(void **state)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	(void)state;
	assert_ok(fast_memory_link_pair(world.net, 4096, &ours, &theirs));
	fast_publisher_take_link(world.publisher, theirs);
	peer_open(&world.peers[1], world.net, ours);
	peer_send_hello(&world.peers[1], FAST_SP_REQ);
	fast_memory_run(world.net);
	assert_true(world.peers[1].has_ended);
}

static void what_subscribers_say_is_not_looked_at(void **state)
{
	(void)state;
	assert_true(peer_send_message(&world.peers[0], "anything", 8));
	publish(1);
	assert_int_equal(1, take(&world.peers[0]));
	assert_false(world.peers[0].has_ended);
}

static void a_mute_connection_is_closed_after_its_time(void **state)
{
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	(void)state;
	assert_ok(fast_memory_link_pair(world.net, 4096, &ours, &theirs));
	fast_publisher_take_link(world.publisher, theirs);
	peer_open(&world.peers[1], world.net, ours);
	fast_memory_run(world.net);
	fast_timers_advance(world.timers, (int64_t)5000 * NS_PER_MS);
	fast_memory_run(world.net);
	assert_false(world.peers[1].has_ended);
	fast_timers_advance(world.timers, (int64_t)5001 * NS_PER_MS);
	fast_memory_run(world.net);
	assert_true(world.peers[1].has_ended);
	assert_false(world.peers[0].has_ended); /* it has said its hello */
}

static void each_topic_counts_for_itself(void **state)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;
	uint32_t topic = 0;

	(void)state;
	publish(2);
	assert_ok(fast_publisher_send(world.publisher, "pot", &sample.base));
	publish(1);
	assert_int_equal(1, take(&world.peers[0]));
	assert_int_equal(2, take(&world.peers[0]));
	Fast__V1__Packet *packet = peer_take(&world.peers[0], &topic);
	assert_non_null(packet);
	assert_int_equal(0x706f7400, topic); /* "pot" */
	assert_int_equal(1, packet->sequence);
	fast__v1__packet__free_unpacked(packet, NULL);
	assert_int_equal(3, take(&world.peers[0]));
	assert_int_equal(2, stats().topics);
}

static void a_topic_carries_what_was_declared(void **state)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_publisher *publisher = world.publisher;
	const ProtobufCMessageDescriptor *responses = &testing__v1__probe_response__descriptor;

	(void)state;
	assert_ok(fast_publisher_send(publisher, "other", &request.base));
	assert_ok(fast_publisher_add_topic(publisher, "metric.*", responses));
	assert_ok(fast_publisher_add_topic(publisher, "all",
					   &testing__v1__probe_request__descriptor));
	assert_ok(fast_publisher_send(publisher, "metric.a", &response.base));
	assert_ok(fast_publisher_send(publisher, "all", &request.base));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_publisher_send(publisher, "metric.a", &request.base));
	assert_status(FAST_INVALID_ARGUMENT, fast_publisher_send(publisher, "all", &response.base));
	assert_status(FAST_INVALID_ARGUMENT, fast_publisher_send(publisher, "ally", &request.base));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_publisher_send(publisher, "other", &request.base));
	assert_status(FAST_INVALID_ARGUMENT, fast_publisher_add_topic(publisher, "", responses));
	assert_status(FAST_INVALID_ARGUMENT, fast_publisher_add_topic(publisher, "a*b", responses));
	for (int i = 2; i < FAST_PUBLISHER_RULES_MAX; i++) {
		assert_ok(fast_publisher_add_topic(publisher, "*", responses));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_publisher_add_topic(publisher, "*", responses));
}

static void what_each_subscriber_lost_can_be_seen(void **state)
{
	struct fast_publisher_subscriber out[2];

	(void)state;
	subscribe(&world.peers[1]);
	fast_memory_run(world.net);
	peer_stop_reading(&world.peers[1]);
	for (int i = 0; i < 3000; i++) {
		publish(1);
		fast_memory_run(world.net);
		while (take(&world.peers[0]) != 0) {
		}
	}
	assert_int_equal(2, fast_publisher_subscribers(world.publisher, out, 1));
	assert_int_equal(2, fast_publisher_subscribers(world.publisher, out, 2));
	assert_int_equal(3000, out[0].sent);
	assert_int_equal(0, out[0].dropped);
	assert_int_equal(0, out[0].waiting);
	assert_int_equal(3000, out[1].sent);
	assert_int_equal(stats().dropped, out[1].dropped);
	assert_true(out[1].dropped > 1000);
	assert_in_range(out[1].waiting, 1000, FAST_PUBLISHER_QUEUE_MAX);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_subscriber_reads_all_in_order),
		test(a_subscriber_hears_what_is_for_its_groups_alone),
		test(a_stuck_subscriber_loses_the_oldest_and_disturbs_nobody),
		test(a_subscriber_that_never_reads_is_closed_at_last),
		test(a_topic_must_be_there_and_not_too_long),
		test(a_peer_of_another_protocol_is_closed),
		test(what_subscribers_say_is_not_looked_at),
		test(a_mute_connection_is_closed_after_its_time),
		test(each_topic_counts_for_itself),
		test(a_topic_carries_what_was_declared),
		test(what_each_subscriber_lost_can_be_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
