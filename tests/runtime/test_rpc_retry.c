/* Calls whose connection is lost: sent again, or not. */
#include "rpc_world.h"

#include "rpc/server_call.h"
#include <fast/retry.h>

static void a_lost_connection_ends_calls_with_unknown(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world_ask(&world, 1, 1000, &outcome);
	world_run(&world);
	world.peer_link->ops->close(world.peer_link);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(1, world.dials);
	world_close(&world);
}

static void drop_peer(struct world *world)
{
	world->peer_link->ops->close(world->peer_link);
	fast_memory_run(world->net);
	world->peer_link->ops->free(world->peer_link);
	world->peer_link = NULL;
	world->has_peer_links = false;
}

static void a_read_that_lost_its_connection_is_sent_again_once(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world_ask_read(&world, 5, 1000, &outcome);
	world_run(&world);
	drop_peer(&world); /* from now on dials lead to the server */
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(5, outcome.number);
	assert_int_equal(1, world.requests);
	assert_int_equal(2, world.dials);
	world_close(&world);
}

static void a_read_is_not_sent_a_third_time(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.has_peer_links = true;
	world_ask_read(&world, 5, 1000, &outcome);
	world_run(&world);
	drop_peer(&world);
	world.has_peer_links = true;
	world_run(&world);
	assert_int_equal(0, outcome.count);
	drop_peer(&world);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	world_close(&world);
}

static void a_request_that_was_never_written_is_sent_again(void **state)
{
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world_ask(&world, 1, 1000, &outcome);
	world_run(&world);
	assert_ok(outcome.status);
	world_stop_server(&world);
	world_start_server(&world, NULL);
	world_ask(&world, 2, 1000, &outcome); /* onto a connection that the old server closed */
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(2, outcome.number);
	assert_int_equal(2, world.requests);
	world_close(&world);
}

static void a_key_that_may_have_run_is_not_tried_at_another_server(void **state)
{
	const struct fast_retry policy = {.size = sizeof policy};
	struct world world;
	struct outcome outcome;

	(void)state;
	world_open(&world, NULL);
	world.options.once = FAST_ONCE_ON;
	world.options.retry = &policy;
	world.handling = WORLD_KEEPS;
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	assert_int_equal(1, world.kept_count);
	fast_call_fail_as(world.kept[0], FAST_UNAVAILABLE, FAST_EXECUTED_UNKNOWN, "not now");
	world.kept_count = 0;
	world.handling = WORLD_ANSWERS;
	world_run(&world);
	assert_int_equal(0, outcome.count);
	world_stop_server(&world);
	world_start_server(&world, NULL); /* which knows nothing of the key */
	world_advance_ms(&world, 1000);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_ABORTED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(1, world.requests);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_connection_ends_calls_with_unknown),
		cmocka_unit_test(a_read_that_lost_its_connection_is_sent_again_once),
		cmocka_unit_test(a_read_is_not_sent_a_third_time),
		cmocka_unit_test(a_request_that_was_never_written_is_sent_again),
		cmocka_unit_test(a_key_that_may_have_run_is_not_tried_at_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
