/* Resumable streams on their way from one connection to the next. */
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

/* The stream was opened a second time, behind this item. */
static void expect_moved(uint64_t after)
{
	assert_int_equal(2, it.call_count);
	assert_int_equal(FAST_RESUME_AFTER, resume_newest(&it)->resume);
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

/* The first call's handler learns that its caller has gone. */
static void end_left_call(void)
{
	assert_true(fast_call_is_cancelled(it.calls[0].call));
	fast_call_fail(it.calls[0].call, FAST_CANCELLED, "its caller has gone elsewhere");
	it.calls[0].call = NULL;
}

static void headers_are_not_waited_for_behind_an_item_of_the_connection_before(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	const struct fast_metadata *headers = NULL;

	(void)state;
	assert_status(FAST_DEADLINE_EXCEEDED, fast_stream_headers(stream, 0, &headers));
	resume_send(&it, 1, 1);
	world_run(&it.world);
	assert_ok(fast_stream_headers(stream, 0, &headers));
	resume_cut(&it);
	expect_moved(1);
	assert_ok(fast_stream_headers(stream, 0, &headers));
	assert_int_equal(0, headers->count);
	resume_expect(&it, stream, 1, 1);
	end(stream);
}

static struct fast_call *asked;

static void keep_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	(void)request;
	(void)arg;
	asked = call;
}

/* A server that goes away: its streams go on at the one that takes over, while other calls end
 * where they are. */
static void a_stream_moves_when_its_server_drains(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	struct fast_server *old = it.world.server;
	struct outcome outcome = {.count = 0};

	(void)state;
	it.handlers.echo = keep_echo;
	world_ask(&it.world, 7, 60000, &outcome);
	resume_send(&it, 1, 3);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 2);
	assert_non_null(asked);
	assert_ok(fast_server_drain_begin(old, 60000));
	resume_start_server(&it);
	world_run(&it.world);
	expect_moved(3);
	end_left_call();
	resume_send(&it, 4, 6);
	world_run(&it.world);
	resume_expect(&it, stream, 3, 6);
	assert_int_equal(1, fast_stream_resumed(stream));
	assert_int_equal(2, it.world.dials);
	assert_int_equal(0, outcome.count);
	fast_call_fail(asked, FAST_NOT_FOUND, "there is none");
	world_run(&it.world);
	assert_status(FAST_NOT_FOUND, outcome.status);
	end(stream);
	world_advance_ms(&it.world, 2000);
	fast_server_close(old);
}

static void a_stream_alone_on_its_connection_waits_for_who_takes_over(void **state)
{
	struct fast_stream *stream = resume_watch(&it, 0);
	struct fast_server *old = it.world.server;

	(void)state;
	resume_send(&it, 1, 3);
	world_run(&it.world);
	assert_ok(fast_server_drain_begin(old, 60000));
	it.world.server = NULL; /* nobody serves there for a while */
	world_advance_ms(&it.world, 20000);
	end_left_call();
	world_run(&it.world);
	fast_server_close(old);
	resume_start_server(&it);
	world_advance_ms(&it.world, 5000);
	expect_moved(3);
	resume_send(&it, 4, 4);
	world_run(&it.world);
	resume_expect(&it, stream, 1, 4);
	end(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			headers_are_not_waited_for_behind_an_item_of_the_connection_before, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_stream_moves_when_its_server_drains, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_stream_alone_on_its_connection_waits_for_who_takes_over, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
