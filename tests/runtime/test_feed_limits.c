/* What a feed allows, and what it does without memory. */
#include "feed_world.h"

#include "support/fault_alloc.h"
#include <sched.h>
#include <string.h>

static struct feed_world it;

static int setup_few(void **state)
{
	const struct fast_feed_options options = {
		.size = sizeof options, .followers_max = 2, .bytes_max = 1000};

	(void)state;
	feed_open(&it, &options);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	feed_close(&it);
	return 0;
}

static void the_ring_is_bounded_by_its_bytes_too(void **state)
{
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;
	uint8_t blob[1000] = {0};

	(void)state;
	entry.blob.data = blob;
	entry.blob.len = 90;
	for (int i = 0; i < 50; i++) {
		assert_ok(fast_feed_add(it.feed, "topic", &entry.base, NULL));
	}
	assert_in_range(feed_stats(&it).bytes, 800, 1000);
	assert_in_range(feed_stats(&it).items, 8, 11);
	entry.blob.len = 1000;
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_feed_add(it.feed, "topic", &entry.base, NULL));
	assert_int_equal(50, feed_stats(&it).newest);
}

static void there_is_a_limit_to_followers(void **state)
{
	struct fast_stream *streams[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		streams[i] = feed_follow(&it, false, NULL);
	}
	feed_expect_end(&it, streams[2], FAST_RESOURCE_EXHAUSTED);
	fast_stream_close(streams[0]);
	world_run(&it.world);
	assert_true(gate_wait(&it.done, 2));
	while (feed_stats(&it).followers > 1) { /* done, but not yet forgotten */
		sched_yield();
	}
	streams[0] = feed_follow(&it, false, NULL);
	feed_add(&it, NULL, 1, 1);
	world_run(&it.world);
	feed_expect(&it, streams[0], 1, 1);
	feed_expect(&it, streams[1], 1, 1);
	fast_stream_close(streams[0]);
	fast_stream_close(streams[1]);
}

static void what_cannot_be_is_refused(void **state)
{
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;
	char topic[FAST_FEED_TOPIC_BYTES_MAX + 2];
	struct fast_feed_options options = {.size = sizeof options,
					    .items_max = FAST_FEED_ITEMS_MAX + 1};
	struct fast_feed *feed = NULL;

	(void)state;
	memset(topic, 't', sizeof topic - 1);
	topic[sizeof topic - 1] = 0;
	assert_status(FAST_INVALID_ARGUMENT, fast_feed_add(it.feed, topic, &entry.base, NULL));
	topic[sizeof topic - 2] = 0;
	assert_ok(fast_feed_add(it.feed, topic, &entry.base, NULL));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_feed_new(&testing__v1__journal_entry__descriptor, &options, &feed));
	assert_null(feed);
	fast_feed_close(NULL);
}

/* True: an allocation failed. */
static bool follow_once(int n)
{
	struct feed_world *world = &it;
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;
	struct fast_stream *stream;
	uint64_t number = 0;
	enum fast_status status;
	bool has_fired;

	fault_alloc_after(n);
	stream = NULL;
	status = testing_v1_journal_follow(
		world->world.client, NULL,
		&(Testing__V1__JournalRequest)TESTING__V1__JOURNAL_REQUEST__INIT, &stream);
	world_advance_ms(&world->world, 3000);
	if (fast_feed_add(world->feed, "topic", &entry.base, NULL) != FAST_OK) {
		assert_true(fault_alloc_fired());
	}
	world_advance_ms(&world->world, 3000);
	has_fired = fault_alloc_fired();
	fault_alloc_after(-1);
	if (status == FAST_OK) {
		status = feed_next(world, stream, &number);
	}
	assert_true(has_fired || status == FAST_OK);
	fast_stream_close(stream);
	world_advance_ms(&world->world, 100);
	while (feed_stats(world).followers > 0) { /* a worker ends it */
		world_run(&world->world);
		sched_yield();
	}
	return has_fired;
}

static void it_goes_on_or_ends_whatever_fails(void **state)
{
	int n = 0;

	(void)state;
	while (follow_once(n++)) {
	}
	assert_true(n > 8);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup_few, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_ring_is_bounded_by_its_bytes_too),
		test(there_is_a_limit_to_followers),
		test(what_cannot_be_is_refused),
		test(it_goes_on_or_ends_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
