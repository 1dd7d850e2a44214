/* A stream that outlives its connection: one test for each point at which it may be lost. */
#include "resume_world.h"

static struct resume_world it;

static int setup(void **state)
{
	(void)state;
	resume_open(&it, true, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resume_close(&it);
	return 0;
}

static void expect_gap(struct fast_stream *stream, bool is_reset, uint64_t first, uint64_t last)
{
	struct fast_gap gap;
	uint32_t number;

	assert_status(FAST_DATA_LOSS, resume_next(&it, stream, &number));
	assert_false(fast_stream_ended(stream));
	gap = fast_stream_gap(stream);
	assert_int_equal(is_reset, gap.is_reset);
	assert_int_equal(first, gap.first);
	assert_int_equal(last, gap.last);
}

static void expect_resumed(unsigned calls, enum fast_resume resume, uint64_t after)
{
	assert_int_equal(calls, it.call_count);
	assert_int_equal(resume, resume_newest(&it)->resume);
	assert_int_equal(after, resume_newest(&it)->after);
}

static void end(struct fast_stream *stream)
{
	struct resume_call *newest = resume_newest(&it);

	fast_call_finish(newest->call);
	newest->call = NULL;
	world_run(&it.world);
	resume_expect_end(&it, stream, FAST_OK);
}

static void lost_before_the_first_item_it_begins_anew(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	expect_resumed(1, FAST_RESUME_NOT, 0);
	resume_cut(&it);
	expect_resumed(2, FAST_RESUME_NOT, 0);
	resume_send(&it, 1, 3);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 3);
	assert_int_equal(1, fast_stream_resumed(stream));
	end(stream);
}

static void lost_behind_a_mark_it_goes_on_behind_the_mark(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	assert_ok(fast_call_send_mark(resume_newest(&it)->call, 7));
	world_run(&it.world);
	resume_expect_nothing(&it, stream);
	resume_cut(&it);
	expect_resumed(2, FAST_RESUME_AFTER, 7);
	resume_send(&it, 8, 9);
	world_run(&it.world);
	resume_expect(&it, stream, 8, 9);
	end(stream);
}

static void lost_between_items_none_is_missing_and_none_comes_twice(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 3);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 2);
	resume_send(&it, 4, 5); /* which never arrive */
	resume_cut(&it);
	expect_resumed(2, FAST_RESUME_AFTER, 3);
	resume_send(&it, 4, 6);
	world_run(&it.world);
	resume_expect(&it, stream, 3, 6);
	resume_expect_nothing(&it, stream);
	end(stream);
}

static void items_that_wait_unread_are_kept_and_bound_what_comes(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, FAST_STREAM_CREDIT);
	world_run(&it.world);
	resume_cut(&it);
	expect_resumed(2, FAST_RESUME_AFTER, FAST_STREAM_CREDIT);
	resume_send(&it, FAST_STREAM_CREDIT + 1, 3 * FAST_STREAM_CREDIT);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 3 * FAST_STREAM_CREDIT);
	end(stream);
}

static void a_credit_that_was_lost_is_given_again(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	const ProtobufCMessage *message;

	(void)state;
	resume_send(&it, 1, FAST_STREAM_CREDIT);
	world_run(&it.world);
	for (int i = 0; i < FAST_STREAM_CREDIT; i++) {
		assert_ok(fast_stream_next(stream, 0, &message)); /* no credit leaves this side */
	}
	resume_cut(&it);
	resume_send(&it, FAST_STREAM_CREDIT + 1, 2 * FAST_STREAM_CREDIT);
	world_run(&it.world);
	resume_expect(&it, stream, FAST_STREAM_CREDIT + 1, 2 * FAST_STREAM_CREDIT);
	end(stream);
}

static void what_is_read_while_nobody_serves_is_granted_later(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, FAST_STREAM_CREDIT);
	world_run(&it.world);
	resume_stop_server(&it);
	world_advance_ms(&it.world, 100);
	resume_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	resume_start_server(&it);
	world_advance_ms(&it.world, 5000);
	expect_resumed(2, FAST_RESUME_AFTER, FAST_STREAM_CREDIT);
	resume_send(&it, FAST_STREAM_CREDIT + 1, 2 * FAST_STREAM_CREDIT);
	world_run(&it.world);
	resume_expect(&it, stream, FAST_STREAM_CREDIT + 1, 2 * FAST_STREAM_CREDIT);
	end(stream);
}

static void an_end_that_was_lost_is_asked_for_again(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 3);
	world_run(&it.world);
	fast_call_finish(resume_newest(&it)->call);
	resume_newest(&it)->call = NULL;
	resume_cut(&it);
	expect_resumed(2, FAST_RESUME_AFTER, 3);
	resume_expect(&it, stream, 1, 3);
	end(stream);
}

static void a_restart_that_counts_anew_is_a_gap(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 9);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 4);
	resume_stop_server(&it);
	it.epoch = 2;
	resume_start_server(&it);
	world_advance_ms(&it.world, 5000);
	expect_resumed(2, FAST_RESUME_LOST, 0);
	resume_send(&it, 3, 4);
	world_run(&it.world);
	resume_expect(&it, stream, 5, 9); /* it had them */
	expect_gap(stream, true, 0, 2);
	resume_expect(&it, stream, 3, 4);

	/* By a mark as well. */
	resume_stop_server(&it);
	it.epoch = 3;
	resume_start_server(&it);
	world_advance_ms(&it.world, 5000);
	expect_resumed(3, FAST_RESUME_LOST, 0);
	assert_ok(fast_call_send_mark(resume_newest(&it)->call, 0));
	resume_send(&it, 1, 1);
	world_run(&it.world);
	expect_gap(stream, true, 0, 0);
	resume_expect(&it, stream, 1, 1);
	end(stream);
}

static void a_restart_that_counts_on_is_none(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 9);
	world_run(&it.world);
	resume_stop_server(&it);
	resume_start_server(&it);
	world_advance_ms(&it.world, 5000);
	expect_resumed(2, FAST_RESUME_AFTER, 9);
	resume_send(&it, 10, 10);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 10);
	end(stream);
}

static void what_the_service_has_no_more_is_a_gap(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 3);
	world_run(&it.world);
	resume_cut(&it);
	/* A service need not look what the caller has. */
	assert_ok(fast_call_send_gap(resume_newest(&it)->call, 2, 9));
	resume_send(&it, 10, 11);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 3);
	expect_gap(stream, false, 4, 9);
	resume_expect(&it, stream, 10, 11);
	assert_int_equal(0, fast_stream_dropped(stream));
	end(stream);
}

static void a_service_that_begins_from_its_first_sends_no_item_twice(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 3);
	world_run(&it.world);
	resume_cut(&it);
	resume_send(&it, 1, 5);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 5);
	end(stream);
}

static void cursors_must_rise(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	struct fast_call *call = resume_newest(&it)->call;

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_at(call, 0, &item.base));
	resume_send(&it, 5, 5);
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_at(call, 5, &item.base));
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_gap(call, 5, 6));
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_gap(call, 7, 6));
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_mark(call, 4));
	assert_ok(fast_call_send_mark(call, 5));
	fast_stream_close(stream);
}

static void an_item_without_a_cursor_cannot_be_gone_on_from(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)state;
	item.number = 1;
	assert_ok(fast_call_send(resume_newest(&it)->call, &item.base));
	world_run(&it.world);
	resume_cut(&it);
	resume_expect(&it, stream, 1, 1);
	resume_expect_end(&it, stream, FAST_UNAVAILABLE);
	assert_int_equal(1, it.call_count);
}

static void a_caller_that_knows_no_gaps_has_them_counted_as_dropped(void **state)
{
	struct fast_method plain = it.methods[2];
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	(void)state;
	plain.resumable = false;
	assert_ok(fast_client_stream(it.world.client, &plain, NULL, &request.base, &stream));
	world_run(&it.world);
	assert_ok(fast_call_send_mark(resume_newest(&it)->call, 3));
	assert_ok(fast_call_send_gap(resume_newest(&it)->call, 4, 9));
	resume_send(&it, 10, 10);
	world_run(&it.world);
	resume_expect(&it, stream, 10, 10);
	assert_int_equal(6, fast_stream_dropped(stream));
	resume_cut(&it);
	resume_expect_end(&it, stream, FAST_UNAVAILABLE);
}

static void the_deadline_bounds_all_of_it(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 60000);

	(void)state;
	resume_send(&it, 1, 1);
	world_run(&it.world);
	resume_stop_server(&it);
	world_advance_ms(&it.world, 59000);
	resume_expect(&it, stream, 1, 1);
	resume_expect_nothing(&it, stream);
	world_advance_ms(&it.world, 1001);
	resume_expect_end(&it, stream, FAST_DEADLINE_EXCEEDED);
}

static void refuse(const void *handlers, struct fast_call *call, const ProtobufCMessage *request,
		   void *arg)
{
	struct fast_link *link = it.world.client->connection->connection.link;

	(void)handlers;
	(void)request;
	(void)arg;
	it.call_count++;
	link->ops->close(link);
	fast_call_fail(call, FAST_UNAVAILABLE, "not now");
}

static void a_server_that_takes_it_and_dies_is_given_time(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 1);
	world_run(&it.world);
	it.own = refuse;
	resume_cut(&it);
	for (int i = 0; i < 100; i++) {
		world_advance_ms(&it.world, 100);
	}
	assert_in_range(it.call_count, 8, 20);
	it.own = NULL;
	it.call_count = 0;
	for (int i = 0; i < 30; i++) {
		world_advance_ms(&it.world, 100);
	}
	expect_resumed(1, FAST_RESUME_AFTER, 1);
	resume_send(&it, 2, 2);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 2);
	end(stream);
}

static void a_close_while_it_waits_ends_it(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 1);
	world_run(&it.world);
	resume_stop_server(&it);
	world_advance_ms(&it.world, 500);
	fast_stream_cancel(stream);
	resume_expect_end(&it, stream, FAST_CANCELLED);
	stream = resume_watch(&it, 0);
	resume_expect_end(&it, stream, FAST_UNAVAILABLE); /* it never was open */
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lost_before_the_first_item_it_begins_anew),
		test(lost_behind_a_mark_it_goes_on_behind_the_mark),
		test(lost_between_items_none_is_missing_and_none_comes_twice),
		test(items_that_wait_unread_are_kept_and_bound_what_comes),
		test(a_credit_that_was_lost_is_given_again),
		test(what_is_read_while_nobody_serves_is_granted_later),
		test(an_end_that_was_lost_is_asked_for_again),
		test(a_restart_that_counts_anew_is_a_gap),
		test(a_restart_that_counts_on_is_none),
		test(what_the_service_has_no_more_is_a_gap),
		test(a_service_that_begins_from_its_first_sends_no_item_twice),
		test(cursors_must_rise),
		test(an_item_without_a_cursor_cannot_be_gone_on_from),
		test(a_caller_that_knows_no_gaps_has_them_counted_as_dropped),
		test(the_deadline_bounds_all_of_it),
		test(a_server_that_takes_it_and_dies_is_given_time),
		test(a_close_while_it_waits_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
