#include "feed_world.h"

/* What a new follower is sent before its reader reads: one credit is the mark's. */
#define FIRST_ITEMS (FAST_STREAM_CREDIT - 1)

static struct feed_world it;

static int setup(void **state)
{
	const struct fast_feed_options options = {.size = sizeof options, .items_max = 100};

	(void)state;
	feed_open(&it, &options);
	return 0;
}

static int setup_ends(void **state)
{
	const struct fast_feed_options options = {
		.size = sizeof options, .items_max = 100, .slow = FAST_FEED_SLOW_ENDS};

	(void)state;
	feed_open(&it, &options);
	return 0;
}

static int setup_waits(void **state)
{
	const struct fast_feed_options options = {
		.size = sizeof options, .items_max = 100, .slow = FAST_FEED_SLOW_WAITS};

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

static void followers_get_what_is_added_from_then_on(void **state)
{
	struct fast_stream *first;
	struct fast_stream *second;

	(void)state;
	feed_add(&it, NULL, 1, 5);
	first = feed_follow(&it, false, NULL);
	feed_add(&it, NULL, 6, 10);
	second = feed_follow(&it, false, NULL);
	feed_add(&it, NULL, 11, 90);
	world_run(&it.world);
	feed_expect(&it, first, 6, 90);
	feed_expect(&it, second, 11, 90);
	feed_expect_nothing(&it, first);
	assert_int_equal(2, feed_stats(&it).followers);
	fast_stream_close(first);
	fast_stream_close(second);
	world_run(&it.world);
	assert_true(gate_wait(&it.done, 2));
}

static void a_follower_may_begin_with_the_oldest(void **state)
{
	struct fast_stream *stream;

	(void)state;
	feed_add(&it, NULL, 1, 250);
	assert_int_equal(100, feed_stats(&it).items);
	assert_int_equal(250, feed_stats(&it).newest);
	stream = feed_follow(&it, true, NULL);
	feed_expect(&it, stream, 151, 250);
	feed_expect_nothing(&it, stream);
	fast_stream_close(stream);
}

static void a_lost_connection_loses_no_item(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);

	(void)state;
	feed_add(&it, NULL, 1, 10);
	world_run(&it.world);
	feed_add(&it, NULL, 11, 20); /* lost on the way */
	feed_sever(&it);
	feed_add(&it, NULL, 21, 60);
	feed_mend(&it);
	feed_expect(&it, stream, 1, 60);
	feed_expect_nothing(&it, stream);
	assert_int_equal(2, it.follows);
	fast_stream_close(stream);
}

static void a_loss_before_the_first_item_misses_none_either(void **state)
{
	struct fast_stream *stream;

	(void)state;
	feed_add(&it, NULL, 1, 3);
	stream = feed_follow(&it, false, NULL);
	feed_sever(&it);
	feed_add(&it, NULL, 4, 6);
	feed_mend(&it);
	feed_expect(&it, stream, 4, 6);
	fast_stream_close(stream);
}

static void what_the_ring_has_moved_past_is_a_gap(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);

	(void)state;
	feed_add(&it, NULL, 1, 10);
	world_run(&it.world);
	feed_sever(&it);
	feed_add(&it, NULL, 11, 500);
	feed_mend(&it);
	feed_expect(&it, stream, 1, 10);
	feed_expect_gap(&it, stream, 11, 400);
	feed_expect(&it, stream, 401, 500);
	assert_int_equal(0, feed_stats(&it).missed); /* it was not slow, but gone */
	fast_stream_close(stream);
}

static void a_slow_reader_meets_its_gap_in_place(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);

	(void)state;
	feed_add(&it, NULL, 1, 1000);
	world_run(&it.world);
	feed_expect(&it, stream, 1, FIRST_ITEMS);
	feed_expect_gap(&it, stream, FIRST_ITEMS + 1, 900);
	feed_expect(&it, stream, 901, 1000);
	assert_int_equal(900 - FIRST_ITEMS, feed_stats(&it).missed);
	assert_int_equal(0, fast_stream_dropped(stream));
	fast_stream_close(stream);
}

static void a_slow_reader_of_a_lossy_stream_is_told_how_many(void **state)
{
	struct fast_stream *stream = feed_tail(&it);

	(void)state;
	feed_add(&it, NULL, 1, 1000);
	world_run(&it.world);
	feed_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	feed_expect(&it, stream, 901, 1000);
	assert_int_equal(900 - FAST_STREAM_CREDIT, fast_stream_dropped(stream));
	fast_stream_close(stream);
}

static void a_slow_reader_is_ended_where_that_is_declared(void **state)
{
	struct fast_stream *slow = feed_follow(&it, false, NULL);
	uint64_t number;

	(void)state;
	feed_add(&it, NULL, 1, 100 + FIRST_ITEMS);
	world_run(&it.world);
	feed_expect(&it, slow, 1, 100 + FIRST_ITEMS); /* just not too slow */
	feed_add(&it, NULL, 101 + FIRST_ITEMS, 500);
	world_run(&it.world);
	for (uint64_t i = 101 + FIRST_ITEMS; feed_next(&it, slow, &number) == FAST_OK; i++) {
		assert_int_equal(i, number);
	}
	assert_true(fast_stream_ended(slow));
	feed_expect_end(&it, slow, FAST_RESOURCE_EXHAUSTED);
	assert_int_equal(1, feed_stats(&it).ended);
	assert_true(gate_wait(&it.done, 1));
	assert_int_equal(1, gate_count(&it.done));
}

static void the_feed_waits_for_a_slow_reader_where_that_is_declared(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;
	uint64_t expected = 1;
	uint64_t refused = 0;

	(void)state;
	for (entry.number = 1; entry.number <= 1000;) {
		enum fast_status status = fast_feed_add(it.feed, NULL, &entry.base, NULL);
		world_run(&it.world);
		if (status == FAST_OK) {
			entry.number++;
			continue;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_status(FAST_RESOURCE_EXHAUSTED,
			      fast_feed_add_wait(it.feed, NULL, &entry.base, 1, NULL));
		refused++;
		feed_expect(&it, stream, expected, expected + 19);
		expected += 20;
	}
	assert_true(refused > 10);
	feed_expect(&it, stream, expected, 1000);
	assert_int_equal(0, feed_stats(&it).missed);
	fast_stream_close(stream);
}

static void a_filter_leaves_out_and_the_reader_is_told_how_far(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, "odd");

	(void)state;
	for (uint64_t i = 1; i <= 90; i++) {
		feed_add(&it, i % 2 == 0 ? "even" : "odd", i, i);
	}
	world_run(&it.world);
	for (uint64_t i = 1; i <= 89; i += 2) {
		feed_expect(&it, stream, i, i);
	}
	assert_int_equal(90, atomic_load(&it.filtered));
	/* The ring moves on over what it did not want: no gap. */
	for (uint64_t i = 91; i <= 700; i++) {
		feed_add(&it, "even", i, i);
		world_run(&it.world);
	}
	feed_cut(&it);
	feed_add(&it, "odd", 701, 701);
	world_run(&it.world);
	feed_expect(&it, stream, 701, 701);
	feed_expect_nothing(&it, stream);
	fast_stream_close(stream);
}

static void a_finished_feed_ends_who_has_seen_all(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);
	struct fast_stream *late;
	Testing__V1__JournalEntry entry = TESTING__V1__JOURNAL_ENTRY__INIT;

	(void)state;
	feed_add(&it, NULL, 1, 80);
	fast_feed_finish(it.feed);
	assert_status(FAST_FAILED_PRECONDITION, fast_feed_add(it.feed, NULL, &entry.base, NULL));
	world_run(&it.world);
	feed_expect(&it, stream, 1, 80);
	feed_expect_end(&it, stream, FAST_OK);
	late = feed_follow(&it, true, NULL);
	feed_expect(&it, late, 1, 80);
	feed_expect_end(&it, late, FAST_OK);
}

static void a_closed_feed_ends_its_followers(void **state)
{
	struct fast_stream *idle = feed_follow(&it, false, NULL);
	struct fast_stream *full = feed_follow(&it, false, NULL);

	(void)state;
	feed_add(&it, NULL, 1, 90);
	world_run(&it.world);
	feed_expect(&it, idle, 1, 90);
	fast_feed_close(it.feed);
	assert_int_equal(2, gate_count(&it.done));
	assert_ok(fast_feed_new(&testing__v1__journal_entry__descriptor, NULL, &it.feed));
	world_run(&it.world);
	feed_expect_end(&it, idle, FAST_UNAVAILABLE);
	feed_expect(&it, full, 1, FIRST_ITEMS);
	feed_expect_end(&it, full, FAST_UNAVAILABLE);
}

static void after_a_restart_a_reader_gets_a_gap_and_all_there_is(void **state)
{
	struct fast_stream *stream = feed_follow(&it, false, NULL);

	(void)state;
	feed_add(&it, NULL, 1, 7);
	world_run(&it.world);
	feed_stop_server(&it);
	feed_start_server(&it);
	feed_add(&it, NULL, 1, 3);
	world_advance_ms(&it.world, 5000);
	feed_expect(&it, stream, 1, 7);
	feed_expect_gap(&it, stream, 0, 0);
	feed_expect(&it, stream, 1, 3);
	fast_stream_close(stream);
}

#define test_with(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define test(name)             test_with(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(followers_get_what_is_added_from_then_on),
		test(a_follower_may_begin_with_the_oldest),
		test(a_lost_connection_loses_no_item),
		test(a_loss_before_the_first_item_misses_none_either),
		test(what_the_ring_has_moved_past_is_a_gap),
		test(a_slow_reader_meets_its_gap_in_place),
		test(a_slow_reader_of_a_lossy_stream_is_told_how_many),
		test_with(a_slow_reader_is_ended_where_that_is_declared, setup_ends),
		test_with(the_feed_waits_for_a_slow_reader_where_that_is_declared, setup_waits),
		test(a_filter_leaves_out_and_the_reader_is_told_how_far),
		test(a_finished_feed_ends_who_has_seen_all),
		test(a_closed_feed_ends_its_followers),
		test(after_a_restart_a_reader_gets_a_gap_and_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
