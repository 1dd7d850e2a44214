/* Streams that drop their oldest items, and handlers that wait for their readers. */
#include "resume_world.h"

static struct resume_world it;

static int setup_lossy(void **state)
{
	(void)state;
	resume_open(&it, false, true);
	return 0;
}

static int setup_both(void **state)
{
	(void)state;
	resume_open(&it, true, true);
	return 0;
}

static int setup_neither(void **state)
{
	(void)state;
	resume_open(&it, false, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	resume_close(&it);
	return 0;
}

static void send_plain(uint32_t first, uint32_t last)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	for (item.number = first; item.number <= last; item.number++) {
		assert_ok(fast_call_send(resume_newest(&it)->call, &item.base));
	}
}

static void a_slow_reader_sees_the_newest_and_is_told_what_it_missed(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	send_plain(1, 1000);
	world_run(&it.world);
	assert_int_equal(0, fast_stream_dropped(stream));
	resume_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	resume_expect(&it, stream, 1000 - FAST_STREAM_QUEUE_MAX + 1, 1000);
	assert_int_equal(1000 - FAST_STREAM_CREDIT - FAST_STREAM_QUEUE_MAX,
			 fast_stream_dropped(stream));
	/* And again, from a quiet start. */
	send_plain(1001, 1010);
	world_run(&it.world);
	resume_expect(&it, stream, 1001, 1010);
	assert_int_equal(1000 - FAST_STREAM_CREDIT - FAST_STREAM_QUEUE_MAX,
			 fast_stream_dropped(stream));
	fast_stream_close(stream);
}

static void the_end_comes_behind_what_is_left(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	send_plain(1, 200);
	fast_call_finish(resume_newest(&it)->call);
	resume_newest(&it)->call = NULL;
	world_run(&it.world);
	resume_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	resume_expect(&it, stream, 200 - FAST_STREAM_QUEUE_MAX + 1, 200);
	resume_expect_end(&it, stream, FAST_OK);
}

static void a_mark_is_not_dropped(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	struct fast_gap gap;
	uint32_t number;

	(void)state;
	resume_send(&it, 1, FAST_STREAM_CREDIT + 10);
	world_run(&it.world);
	assert_ok(fast_call_send_gap(resume_newest(&it)->call, 100, 200));
	resume_send(&it, 201, 300);
	world_run(&it.world);
	resume_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	assert_status(FAST_DATA_LOSS, resume_next(&it, stream, &number));
	gap = fast_stream_gap(stream);
	assert_int_equal(100, gap.first);
	assert_int_equal(200, gap.last);
	resume_expect(&it, stream, 300 - FAST_STREAM_QUEUE_MAX + 2, 300);
	assert_int_equal(10 + 100 - (FAST_STREAM_QUEUE_MAX - 1), fast_stream_dropped(stream));
	fast_stream_close(stream);
}

static void what_was_dropped_is_not_sent_when_it_goes_on(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);

	(void)state;
	resume_send(&it, 1, 200);
	world_run(&it.world);
	resume_expect(&it, stream, 1, FAST_STREAM_CREDIT);
	resume_expect(&it, stream, 200 - FAST_STREAM_QUEUE_MAX + 1, 200);
	resume_cut(&it);
	assert_int_equal(FAST_RESUME_AFTER, resume_newest(&it)->resume);
	assert_int_equal(200, resume_newest(&it)->after);
	fast_stream_close(stream);
}

static void a_wait_on_a_thread_of_the_runtime_is_refused(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	struct fast_call *call = resume_newest(&it)->call;

	(void)state;
	for (item.number = 1; item.number <= FAST_STREAM_CREDIT + FAST_STREAM_QUEUE_MAX;
	     item.number++) {
		assert_ok(fast_call_send_wait(call, &item.base, 0));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_call_send_wait(call, &item.base, 0));
	fast_stream_close(stream);
}

#define test(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_slow_reader_sees_the_newest_and_is_told_what_it_missed, setup_lossy),
		test(the_end_comes_behind_what_is_left, setup_lossy),
		test(a_mark_is_not_dropped, setup_both),
		test(what_was_dropped_is_not_sent_when_it_goes_on, setup_both),
		test(a_wait_on_a_thread_of_the_runtime_is_refused, setup_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
