/* Calls that are sent again because a policy says so. */
#include "rpc_world.h"

#include "rpc/retry.h"
#include "rpc/server_call.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ECHO "testing.v1.Probe/Echo"
#define READ "testing.v1.Probe/Read"

static struct world world;
static struct outcome outcome;

static int setup(void **state)
{
	(void)state;
	world_open(&world, NULL);
	world.handling = WORLD_KEEPS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

#define policy_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void set_policy(const char *name, struct fast_retry retry)
{
	retry.size = sizeof retry;
	assert_ok(fast_client_set_retry(world.client, name, &retry));
}

/* Three pauses of about 100, 200 and 300 ms. */
static const struct fast_retry steps = {
	.max_attempts = 4,
	.initial_backoff_ms = 100,
	.max_backoff_ms = 300,
	.backoff_multiplier = 2,
	.statuses = FAST_RETRY_ON(FAST_UNAVAILABLE) | FAST_RETRY_ON(FAST_RESOURCE_EXHAUSTED),
};

/* The handler has one call more, which is refused with this advice. */
static void refuse(enum fast_executed executed, uint32_t retry_after_ms)
{
	world_run(&world);
	assert_int_equal(1, world.kept_count);
	fast_call_set_retry_after_ms(world.kept[0], retry_after_ms);
	fast_call_fail_as(world.kept[0], FAST_UNAVAILABLE, executed, "not now");
	world.kept_count = 0;
	world_run(&world);
}

/* Moves the clock until the handler runs again. Gives how long that took. */
static unsigned wait_for_handler_ms(void)
{
	unsigned ms = 0;

	while (world.kept_count == 0 && outcome.count == 0) {
		assert_true(ms < 60000);
		world_advance_ms(&world, 1);
		ms++;
	}
	return ms;
}

static void answer(void)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	world_run(&world);
	assert_int_equal(1, world.kept_count);
	response.number = world.kept_numbers[0];
	fast_call_reply(world.kept[0], &response.base);
	world.kept_count = 0;
	world_run(&world);
}

static void assert_ended(enum fast_status status, enum fast_executed executed, unsigned requests)
{
	assert_int_equal(1, outcome.count);
	assert_status(status, outcome.status);
	assert_int_equal(executed, outcome.executed);
	assert_int_equal(requests, world.requests);
}

static void pauses_grow_within_their_jitter(void **state)
{
	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_int_equal(1, world.client->waiting_count); /* what rests counts */
	assert_in_range(wait_for_handler_ms(), 80, 121);
	assert_int_equal(0, world.client->waiting_count);
	refuse(FAST_EXECUTED_NO, 0);
	assert_in_range(wait_for_handler_ms(), 160, 241);
	refuse(FAST_EXECUTED_NO, 0);
	assert_in_range(wait_for_handler_ms(), 240, 361);
	answer();
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(1, outcome.number);
}

static void pauses_of_two_calls_differ(void **state)
{
	unsigned first;
	unsigned same = 0;

	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	first = wait_for_handler_ms();
	answer();
	for (int i = 0; i < 4; i++) {
		world_ask(&world, 1, 60000, &outcome);
		refuse(FAST_EXECUTED_NO, 0);
		same += wait_for_handler_ms() == first;
		answer();
	}
	assert_in_range(same, 0, 3);
}

static void the_last_attempt_says_how_the_call_ended(void **state)
{
	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(0, outcome.count);
		wait_for_handler_ms();
		refuse(FAST_EXECUTED_NO, 0);
	}
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_NO, 4);
	assert_string_equal("not now", outcome.text);
}

static void the_servers_advice_counts_more_than_the_policy(void **state)
{
	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 5000);
	assert_in_range(wait_for_handler_ms(), 5000, 6000);
	answer();
	assert_ok(outcome.status);
}

static void what_may_have_run_is_not_sent_again(void **state)
{
	(void)state;
	set_policy("", steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_UNKNOWN, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_UNKNOWN, 1);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_YES, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_YES, 2);
}

static void what_may_run_twice_is_sent_again_though_it_ran(void **state)
{
	(void)state;
	set_policy("testing.v1.Probe", steps);
	world_ask_read(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_YES, 0);
	wait_for_handler_ms();
	refuse(FAST_EXECUTED_UNKNOWN, 0);
	wait_for_handler_ms();
	answer();
	assert_ended(FAST_OK, FAST_EXECUTED_UNKNOWN, 3);
}

static void a_key_makes_a_second_attempt_safe_unless_the_first_ran(void **state)
{
	(void)state;
	world.options.once = FAST_ONCE_ON;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	wait_for_handler_ms();
	refuse(FAST_EXECUTED_YES, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_YES, 2);
}

static void another_status_is_final(void **state)
{
	struct fast_retry other = steps;

	(void)state;
	other.statuses = FAST_RETRY_ON(FAST_ABORTED);
	set_policy(ECHO, other);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_NO, 1);
}

static void a_pause_that_ends_after_the_deadline_is_not_begun(void **state)
{
	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 70, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_NO, 1);
}

static void the_deadline_is_that_of_the_whole_call(void **state)
{
	(void)state;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 150, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	wait_for_handler_ms();
	world_advance_ms(&world, 150);
	assert_ended(FAST_DEADLINE_EXCEEDED, FAST_EXECUTED_UNKNOWN, 2);
	answer();
}

static void a_failed_dial_is_tried_again(void **state)
{
	(void)state;
	world.is_unreachable = true;
	set_policy(ECHO, steps);
	world_ask(&world, 1, 60000, &outcome);
	world_run(&world);
	assert_int_equal(0, outcome.count);
	world.is_unreachable = false;
	assert_in_range(wait_for_handler_ms(), 80, 121);
	answer();
	assert_ok(outcome.status);
	assert_int_equal(2, world.dials);
}

static void a_read_survives_more_than_one_loss(void **state)
{
	(void)state;
	set_policy("", steps);
	world_ask_read(&world, 1, 60000, &outcome);
	for (int i = 0; i < 3; i++) {
		wait_for_handler_ms();
		world.link->ops->close(world.link);
		fast_call_fail(world.kept[0], FAST_CANCELLED, "it was cancelled");
		world.kept_count = 0;
		world_run(&world);
		assert_int_equal(0, outcome.count);
	}
	wait_for_handler_ms();
	answer();
	assert_ok(outcome.status);
	assert_int_equal(4, world.requests);
}

static void the_narrowest_name_counts(void **state)
{
	const struct fast_retry none = {.max_attempts = 1};

	(void)state;
	set_policy("", steps);
	set_policy("testing.v1.Probe", none);
	set_policy(READ, steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_ended(FAST_UNAVAILABLE, FAST_EXECUTED_NO, 1);
	world_ask_read(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_int_equal(0, outcome.count);
	wait_for_handler_ms();
	answer();
	assert_ok(fast_client_set_retry(world.client, "testing.v1.Probe", NULL));
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	wait_for_handler_ms();
	answer();
	assert_ok(outcome.status);
}

static void a_calls_own_policy_counts_most(void **state)
{
	struct fast_retry own = steps;

	(void)state;
	own.size = sizeof own;
	set_policy("", (struct fast_retry){.max_attempts = 1});
	world.options.retry = &own;
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_int_equal(0, outcome.count);
	wait_for_handler_ms();
	answer();
	assert_ok(outcome.status);
}

static void a_server_that_fails_everybody_is_left_alone(void **state)
{
	(void)state;
	set_policy("", steps);
	for (int i = 0; i < 40; i++) {
		world_ask(&world, 1, 60000, &outcome);
		while (outcome.count == 0) {
			wait_for_handler_ms();
			refuse(FAST_EXECUTED_NO, 0);
		}
	}
	/* Five retries and the forty first attempts. */
	assert_in_range(world.requests, 40, 46);
	/* A tenth of a retry for each that is well. */
	for (int i = 0; i < 70; i++) {
		world_ask(&world, 1, 60000, &outcome);
		answer();
	}
	world.requests = 0;
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	wait_for_handler_ms();
	answer();
	assert_ok(outcome.status);
	assert_int_equal(2, world.requests);
}

static void a_client_that_is_closed_ends_what_rests(void **state)
{
	(void)state;
	set_policy("", steps);
	world_ask(&world, 1, 60000, &outcome);
	refuse(FAST_EXECUTED_NO, 0);
	assert_int_equal(0, outcome.count);
	world_close_client(&world);
	assert_ended(FAST_CANCELLED, FAST_EXECUTED_NO, 1);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
	static const struct fast_retry bad[] = {
		{.max_attempts = FAST_RETRY_ATTEMPTS_MAX + 1},
		{.backoff_multiplier = 0.5},
		{.backoff_multiplier = -1},
		{.backoff_multiplier = NAN},
		{.statuses = FAST_RETRY_ON(FAST_OK)},
		{.statuses = FAST_RETRY_ON(17)},
	};
	char name[300];

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(bad); i++) {
		struct fast_retry retry = bad[i];

		retry.size = sizeof retry;
		assert_status(FAST_INVALID_ARGUMENT,
			      fast_client_set_retry(world.client, ECHO, &retry));
	}
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = 0;
	assert_status(FAST_INVALID_ARGUMENT, fast_client_set_retry(world.client, name, NULL));
	for (int i = 0; i <= FAST_RETRY_POLICIES_MAX; i++) {
		struct fast_retry retry = {.size = sizeof retry};

		snprintf(name, sizeof name, "m%d", i);
		assert_status(i < FAST_RETRY_POLICIES_MAX ? FAST_OK : FAST_RESOURCE_EXHAUSTED,
			      fast_client_set_retry(world.client, name, &retry));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		policy_test(pauses_grow_within_their_jitter),
		policy_test(pauses_of_two_calls_differ),
		policy_test(the_last_attempt_says_how_the_call_ended),
		policy_test(the_servers_advice_counts_more_than_the_policy),
		policy_test(what_may_have_run_is_not_sent_again),
		policy_test(what_may_run_twice_is_sent_again_though_it_ran),
		policy_test(a_key_makes_a_second_attempt_safe_unless_the_first_ran),
		policy_test(another_status_is_final),
		policy_test(a_pause_that_ends_after_the_deadline_is_not_begun),
		policy_test(the_deadline_is_that_of_the_whole_call),
		policy_test(a_failed_dial_is_tried_again),
		policy_test(a_read_survives_more_than_one_loss),
		policy_test(the_narrowest_name_counts),
		policy_test(a_calls_own_policy_counts_most),
		policy_test(a_server_that_fails_everybody_is_left_alone),
		policy_test(a_client_that_is_closed_ends_what_rests),
		policy_test(numbers_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
