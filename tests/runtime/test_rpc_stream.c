#include "rpc_world.h"

#include <string.h>

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_run(&world);
	world_close(&world);
	return 0;
}

static struct fast_stream *watch(uint32_t number, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	request.number = number;
	assert_ok(testing_v1_probe_watch(world.client, &options, &request, &stream));
	world_run(&world);
	return stream;
}

static enum fast_status next(struct fast_stream *stream, uint32_t *number)
{
	const Testing__V1__ProbeResponse *item = NULL;
	enum fast_status status = testing_v1_probe_watch_next(stream, 0, &item);

	*number = item == NULL ? 0 : item->number;
	world_run(&world);
	return status;
}

static void expect_items(struct fast_stream *stream, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++) {
		uint32_t number;
		assert_ok(next(stream, &number));
		assert_int_equal(i, number);
	}
}

static void expect_end(struct fast_stream *stream, enum fast_status status, const char *words)
{
	uint32_t number;

	assert_false(fast_stream_ended(stream));
	assert_status(status, next(stream, &number));
	assert_int_equal(0, number);
	assert_true(fast_stream_ended(stream));
	assert_status(status, fast_stream_reply(stream)->status);
	assert_non_null(strstr(fast_stream_reply(stream)->text, words));
	assert_status(status, next(stream, &number)); /* and again */
	fast_stream_close(stream);
}

static void items_come_in_order_and_then_the_end(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch(20, 0);
	expect_items(stream, 1, 20);
	assert_int_equal(0, fast_stream_dropped(stream));
	expect_end(stream, FAST_OK, "");
}

static void an_empty_stream_just_ends(void **state)
{
	(void)state;
	expect_end(watch(0, 0), FAST_OK, "");
}

static void a_failure_comes_behind_the_items(void **state)
{
	struct fast_stream *stream;

	(void)state;
	world.handling = WORLD_FAILS;
	stream = watch(3, 0);
	expect_items(stream, 1, 3);
	expect_end(stream, FAST_OUT_OF_RANGE, "3 is too much");
}

static void nothing_yet_is_no_end(void **state)
{
	struct fast_stream *stream;
	uint32_t number;

	(void)state;
	world.handling = WORLD_KEEPS;
	stream = watch(3, 0);
	assert_status(FAST_DEADLINE_EXCEEDED, next(stream, &number));
	assert_false(fast_stream_ended(stream));
	fast_call_finish(world.kept[0]);
	world_run(&world);
	expect_end(stream, FAST_OK, "");
}

/* Sends until refused; the number of items taken. */
static uint32_t fill(struct fast_call *call, uint32_t first)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	for (item.number = first;; item.number++) {
		enum fast_status status = testing_v1_probe_watch_send(call, &item);
		world_run(&world);
		if (status != FAST_OK) {
			assert_status(FAST_RESOURCE_EXHAUSTED, status);
			return item.number - first;
		}
	}
}

static void a_reader_that_sleeps_bounds_what_the_server_keeps(void **state)
{
	struct fast_stream *stream;
	uint32_t taken;

	(void)state;
	world.handling = WORLD_KEEPS;
	stream = watch(0, 0);
	taken = fill(world.kept[0], 1);
	assert_int_equal(FAST_STREAM_CREDIT + FAST_STREAM_QUEUE_MAX, taken);
	expect_items(stream, 1, FAST_STREAM_CREDIT / 2);
	assert_int_equal(0, fast_stream_dropped(stream));
	assert_int_equal(FAST_STREAM_CREDIT / 2, fill(world.kept[0], taken + 1));
	expect_items(stream, FAST_STREAM_CREDIT / 2 + 1, taken + 1);
	/* One was refused by the first fill; the item behind it says so. */
	assert_int_equal(1, fast_stream_dropped(stream));
	fast_call_finish(world.kept[0]);
	world_run(&world);
	expect_items(stream, taken + 2, taken + FAST_STREAM_CREDIT / 2);
	expect_end(stream, FAST_OK, "");
}

static void an_end_waits_behind_items_without_credit(void **state)
{
	struct fast_stream *stream;
	struct fast_server_stats stats;

	(void)state;
	stream = watch(90, 0); /* the handler is done at once */
	fast_server_stats(world.server, &stats);
	assert_int_equal(1, stats.calls_open);
	expect_items(stream, 1, 90);
	expect_end(stream, FAST_OK, "");
	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_open);
}

static void closing_tells_the_handler(void **state)
{
	struct fast_stream *stream;
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)state;
	world.handling = WORLD_KEEPS;
	stream = watch(0, 0);
	fill(world.kept[0], 1);
	fast_stream_close(stream);
	world_run(&world);
	assert_int_equal(1, world.cancelled);
	assert_status(FAST_CANCELLED, testing_v1_probe_watch_send(world.kept[0], &item));
	fast_call_finish(world.kept[0]);
	world_run(&world);
	assert_int_equal(0, world.client->strays);
}

static void closing_a_stream_whose_handler_is_done_frees_its_items(void **state)
{
	struct fast_server_stats stats;

	(void)state;
	fast_stream_close(watch(90, 0));
	world_run(&world);
	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_open);
}

static void a_deadline_bounds_the_whole_stream(void **state)
{
	struct fast_stream *stream;
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)state;
	world.handling = WORLD_KEEPS;
	stream = watch(0, 100);
	item.number = 1;
	assert_ok(testing_v1_probe_watch_send(world.kept[0], &item));
	world_advance_ms(&world, 99);
	assert_int_equal(0, world.cancelled);
	world_advance_ms(&world, 1);
	assert_int_equal(1, world.cancelled);
	assert_int_not_equal(FAST_OK, testing_v1_probe_watch_send(world.kept[0], &item));
	fast_call_fail(world.kept[0], FAST_DEADLINE_EXCEEDED, "too late");
	world_run(&world);
	expect_items(stream, 1, 1);
	expect_end(stream, FAST_DEADLINE_EXCEEDED, "within 100 ms");
}

static void a_stream_has_no_deadline_of_its_own(void **state)
{
	struct fast_stream *stream;
	uint32_t number;

	(void)state;
	world.handling = WORLD_KEEPS;
	stream = watch(0, 0);
	world_advance_ms(&world, 24 * 3600 * 1000);
	assert_status(FAST_DEADLINE_EXCEEDED, next(stream, &number));
	assert_false(fast_stream_ended(stream));
	fast_call_finish(world.kept[0]);
	world_run(&world);
	expect_end(stream, FAST_OK, "");
}

static void cancel_ends_the_stream_for_its_reader(void **state)
{
	struct fast_stream *stream;

	(void)state;
	stream = watch(10, 0);
	expect_items(stream, 1, 1);
	fast_stream_cancel(stream);
	fast_stream_cancel(stream);
	expect_end(stream, FAST_CANCELLED, "was cancelled");

	world.handling = WORLD_KEEPS;
	stream = watch(10, 0);
	fast_stream_cancel(stream);
	expect_end(stream, FAST_CANCELLED, "was cancelled");
	world_run(&world);
	assert_int_equal(1, world.cancelled);
	fast_call_finish(world.kept[0]);
}

static void a_missing_server_shows_at_the_first_item(void **state)
{
	(void)state;
	world_stop_server(&world);
	expect_end(watch(1, 0), FAST_UNAVAILABLE, "nobody serves there");
}

static void two_streams_and_calls_share_the_connection(void **state)
{
	struct fast_stream *one;
	struct fast_stream *two;
	struct outcome outcome;

	(void)state;
	one = watch(90, 0);
	two = watch(90, 0);
	world_ask(&world, 5, 100, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count); /* not behind items that wait for credit */
	for (uint32_t i = 1; i <= 90; i++) {
		expect_items(one, i, i);
		expect_items(two, i, i);
	}
	expect_end(one, FAST_OK, "");
	expect_end(two, FAST_OK, "");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(items_come_in_order_and_then_the_end),
		test(an_empty_stream_just_ends),
		test(a_failure_comes_behind_the_items),
		test(nothing_yet_is_no_end),
		test(a_reader_that_sleeps_bounds_what_the_server_keeps),
		test(an_end_waits_behind_items_without_credit),
		test(closing_tells_the_handler),
		test(closing_a_stream_whose_handler_is_done_frees_its_items),
		test(a_deadline_bounds_the_whole_stream),
		test(a_stream_has_no_deadline_of_its_own),
		test(cancel_ends_the_stream_for_its_reader),
		test(a_missing_server_shows_at_the_first_item),
		test(two_streams_and_calls_share_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
