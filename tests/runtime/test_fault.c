/* Things that go wrong on purpose. */
#include "rpc_world.h"

#include "support/fault_alloc.h"
#include <fast/fault.h>
#include <string.h>

#define MANY 1000

static struct world world;
static struct fast_faults *faults;

static int setup(void **state)
{
	(void)state;
	faults = NULL;
	world_open(&world, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	fast_faults_free(faults);
	return 0;
}

static void serve_with(const struct fast_fault_rule *rules, size_t count, uint64_t seed)
{
	assert_ok(fast_faults_new(rules, count, seed, &faults));
	assert_ok(fast_faults_serve(faults, world.server));
}

static void call_with(const struct fast_fault_rule *rules, size_t count, uint64_t seed)
{
	assert_ok(fast_faults_new(rules, count, seed, &faults));
	assert_ok(fast_faults_call(faults, world.client));
}

/* Which of many calls fail, with this seed, in a world of its own. */
static uint64_t failures_of(uint64_t seed, bool failed[MANY])
{
	const struct fast_fault_rule rule = {
		.kind = FAST_FAULT_ERROR, .percent = 30, .status = FAST_ABORTED};
	uint64_t struck;

	setup(NULL);
	serve_with(&rule, 1, seed);
	for (uint32_t i = 0; i < MANY; i++) {
		struct outcome outcome;
		world_ask(&world, i, 1000, &outcome);
		world_run(&world);
		assert_int_equal(1, outcome.count);
		failed[i] = outcome.status == FAST_ABORTED;
		if (failed[i]) {
			assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
			assert_string_equal("a fault was injected", outcome.text);
		} else {
			assert_ok(outcome.status);
		}
	}
	struck = fast_faults_struck(faults, 0);
	assert_int_equal(MANY - struck, world.requests);
	teardown(NULL);
	return struck;
}

static void a_seed_gives_the_same_sequence_again(void **state)
{
	static bool first[MANY];
	static bool again[MANY];
	static bool other[MANY];
	uint64_t struck;

	(void)state;
	struck = failures_of(7, first);
	assert_in_range(struck, 240, 360); /* four standard deviations from 300 */
	assert_int_equal(struck, failures_of(7, again));
	assert_memory_equal(first, again, sizeof first);
	failures_of(8, other);
	assert_memory_not_equal(first, other, sizeof first);
}

static void a_pattern_says_which_methods_suffer(void **state)
{
	static const struct {
		const char *pattern;
		bool echo, read;
	} cases[] = {
		{NULL, true, true},
		{"*", true, true},
		{"testing.v1.Probe/*", true, true},
		{"testing.v1.Probe/Echo", true, false},
		{"*Read", false, true},
		{"*.Probe/?cho", true, false},
		{"t*1*P*e/R*d", false, true},
		{"testing.v1.Probe/Ech", false, false},
		{"testing.v1.Probe/Echoes", false, false},
		{"testing.v1.Probe/Echo*", true, false},
		{"other.*", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		const struct fast_fault_rule rule = {.methods = cases[i].pattern,
						     .kind = FAST_FAULT_ERROR,
						     .percent = 100,
						     .status = FAST_INTERNAL};
		struct outcome echo;
		struct outcome read;
		setup(NULL);
		serve_with(&rule, 1, 1);
		world_ask(&world, 1, 1000, &echo);
		world_ask_read(&world, 1, 1000, &read);
		world_run(&world);
		assert_int_equal(cases[i].echo, echo.status == FAST_INTERNAL);
		assert_int_equal(cases[i].read, read.status == FAST_INTERNAL);
		teardown(NULL);
	}
}

static void a_delay_holds_up_one_call_and_no_other(void **state)
{
	const struct fast_fault_rule rules[] = {
		{.methods = "*Echo", .kind = FAST_FAULT_DELAY, .percent = 100, .delay_ms = 30},
		{.methods = "*Echo", .kind = FAST_FAULT_DELAY, .percent = 100, .delay_ms = 20},
	};
	struct outcome slow;
	struct outcome quick;

	(void)state;
	serve_with(rules, FAST_TEST_COUNT(rules), 1);
	world_ask(&world, 1, 1000, &slow);
	world_ask_read(&world, 2, 1000, &quick);
	world_run(&world);
	assert_int_equal(1, quick.count);
	assert_ok(quick.status);
	world_advance_ms(&world, 49);
	assert_int_equal(0, slow.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, slow.count);
	assert_ok(slow.status);
}

static void expect_no_open_calls(void)
{
	struct fast_server_stats stats;

	fast_server_stats(world.server, &stats);
	assert_int_equal(0, stats.calls_open);
}

static void a_dropped_call_ends_at_its_deadline_and_is_gone(void **state)
{
	const struct fast_fault_rule rule = {.kind = FAST_FAULT_DROP, .percent = 100};
	struct outcome outcome;

	(void)state;
	serve_with(&rule, 1, 1);
	world_ask(&world, 1, 200, &outcome);
	world_advance_ms(&world, 199);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(0, world.requests);
	expect_no_open_calls();
}

static void a_server_closes_while_calls_are_held(void **state)
{
	const struct fast_fault_rule rules[] = {
		{.methods = "*Echo", .kind = FAST_FAULT_DELAY, .percent = 100, .delay_ms = 60000},
		{.methods = "*Read", .kind = FAST_FAULT_DROP, .percent = 100},
	};
	struct outcome slow;
	struct outcome dropped;

	(void)state;
	serve_with(rules, FAST_TEST_COUNT(rules), 1);
	world_ask(&world, 1, FAST_CALL_TIMEOUT_MS_NONE, &slow);
	world_ask_read(&world, 1, FAST_CALL_TIMEOUT_MS_NONE, &dropped);
	world_run(&world);
	world_close_client(&world); /* the server sees them go */
	assert_status(FAST_CANCELLED, slow.status);
	assert_status(FAST_CANCELLED, dropped.status);
	world_run(&world);
	expect_no_open_calls();
	assert_int_equal(0, world.requests);
}

static void a_connection_that_is_cut_leaves_its_calls_unknown_and_a_new_one_comes(void **state)
{
	const struct fast_fault_rule rule = {
		.methods = "*Echo", .kind = FAST_FAULT_DISCONNECT, .percent = 100};
	struct outcome cut;
	struct outcome next;

	(void)state;
	serve_with(&rule, 1, 1);
	world_ask(&world, 1, 1000, &cut);
	world_run(&world);
	assert_int_equal(1, cut.count);
	assert_status(FAST_UNAVAILABLE, cut.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, cut.executed);
	assert_int_equal(0, world.requests);
	world_ask_read(&world, 2, 1000, &next);
	world_run(&world);
	assert_ok(next.status);
	assert_int_equal(2, world.dials);
}

static void a_lost_answer_is_one_to_a_call_that_has_run(void **state)
{
	const struct fast_fault_rule rule = {
		.methods = "*Echo", .kind = FAST_FAULT_LOSE, .percent = 100};
	struct outcome outcome;

	(void)state;
	serve_with(&rule, 1, 1);
	world_ask(&world, 1, 1000, &outcome);
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, outcome.executed);
	assert_int_equal(1, world.requests);
	assert_int_equal(1, (int)fast_faults_struck(faults, 0));
}

static void a_lost_answer_to_a_call_with_a_key_is_had_again_and_the_call_ran_once(void **state)
{
	const struct fast_fault_rule rule = {
		.methods = "*Echo", .kind = FAST_FAULT_LOSE, .percent = 100};
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 20000, .once = FAST_ONCE_ON};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct outcome outcome = {.count = 0};

	(void)state;
	serve_with(&rule, 1, 1);
	request.number = 4;
	assert_ok(testing_v1_probe_echo_start(world.client, &options, &request, outcome_note,
					      &outcome));
	world_advance_ms(&world, 5000);
	assert_int_equal(1, outcome.count);
	assert_ok(outcome.status);
	assert_int_equal(4, outcome.number);
	assert_int_equal(1, world.requests);
	assert_int_equal(2, world.dials);
}

static void a_client_has_faults_of_its_own(void **state)
{
	const struct fast_fault_rule rules[] = {
		{.methods = "*Echo", .kind = FAST_FAULT_DELAY, .percent = 100, .delay_ms = 50},
		{.methods = "*Read", .kind = FAST_FAULT_DROP, .percent = 100},
		{.methods = "*Watch",
		 .kind = FAST_FAULT_ERROR,
		 .percent = 100,
		 .status = FAST_RESOURCE_EXHAUSTED},
	};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;
	struct outcome slow;
	struct outcome dropped;

	(void)state;
	call_with(rules, FAST_TEST_COUNT(rules), 1);
	world_ask(&world, 1, 1000, &slow);
	world_ask_read(&world, 1, 200, &dropped);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      testing_v1_probe_watch(world.client, NULL, &request, &stream));
	world_advance_ms(&world, 49);
	assert_int_equal(0, slow.count);
	world_advance_ms(&world, 1);
	assert_ok(slow.status);
	assert_int_equal(1, slow.count);
	assert_int_equal(0, dropped.count);
	world_advance_ms(&world, 150);
	assert_status(FAST_DEADLINE_EXCEEDED, dropped.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, dropped.executed);
	assert_int_equal(1, world.requests);
}

static void a_client_may_cut_its_connection_when_a_call_has_been_sent(void **state)
{
	const struct fast_fault_rule rule = {.kind = FAST_FAULT_DISCONNECT, .percent = 100};
	struct outcome cut;
	struct outcome repeated;

	(void)state;
	call_with(&rule, 1, 1);
	world.has_peer_links = true; /* nobody answers before the cut */
	world_ask(&world, 1, 1000, &cut);
	world_run(&world);
	assert_int_equal(1, cut.count);
	assert_status(FAST_UNAVAILABLE, cut.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, cut.executed);

	/* What has no side effects goes again, over a new connection. */
	world.peer_link->ops->free(world.peer_link);
	world.peer_link = NULL;
	world.has_peer_links = false;
	world_ask_read(&world, 2, 1000, &repeated);
	world_run(&world);
	assert_int_equal(1, repeated.count);
	assert_ok(repeated.status);
}

static void rules_that_make_no_sense_are_refused(void **state)
{
	static struct fast_fault_rule many[FAST_FAULT_RULES_MAX + 1];
	const struct fast_fault_rule wrong[] = {
		{.kind = FAST_FAULT_DROP, .percent = -1},
		{.kind = FAST_FAULT_DROP, .percent = 100.5},
		{.kind = FAST_FAULT_DROP, .percent = 0.0 / 0.0},
		{.kind = FAST_FAULT_ERROR, .percent = 1, .status = FAST_OK},
		{.kind = FAST_FAULT_ERROR, .percent = 1, .status = (enum fast_status)17},
		{.kind = (enum fast_fault_kind)9, .percent = 1},
		{.kind = FAST_FAULT_DELAY, .percent = 1, .delay_ms = UINT32_MAX},
	};
	struct fast_faults *none = NULL;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		assert_status(FAST_INVALID_ARGUMENT, fast_faults_new(&wrong[i], 1, 1, &none));
	}
	assert_status(FAST_INVALID_ARGUMENT, fast_faults_new(many, 0, 1, &none));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_faults_new(many, FAST_FAULT_RULES_MAX + 1, 1, &none));
	assert_null(none);
	fast_faults_free(NULL);
}

static void each_allocation_may_fail(void **state)
{
	const struct fast_fault_rule rules[] = {
		{.methods = "*Echo", .kind = FAST_FAULT_DELAY, .percent = 100, .delay_ms = 10},
		{.methods = "*Read", .kind = FAST_FAULT_DROP, .percent = 100},
	};
	bool has_fired = true;

	(void)state;
	for (int n = 0; has_fired; n++) {
		enum fast_status status;
		fault_alloc_after(n);
		status = fast_faults_new(rules, 2, 1, &faults);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_status(has_fired ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
	}
	fast_faults_free(faults);
	setup(NULL);
	serve_with(rules, 2, 1);
	has_fired = true;
	for (int n = 0; has_fired; n++) {
		struct outcome slow;
		struct outcome dropped;
		world_ask(&world, 1, 1000, &slow);
		world_ask_read(&world, 1, 1000, &dropped);
		fault_alloc_after(n);
		world_advance_ms(&world, 1000);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		world_advance_ms(&world, 20000); /* what the failure broke, heals */
		assert_int_equal(1, slow.count);
		assert_int_equal(1, dropped.count);
	}
	expect_no_open_calls();
	teardown(NULL);
}

#define fault_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_gives_the_same_sequence_again),
		cmocka_unit_test(a_pattern_says_which_methods_suffer),
		fault_test(a_delay_holds_up_one_call_and_no_other),
		fault_test(a_dropped_call_ends_at_its_deadline_and_is_gone),
		fault_test(a_server_closes_while_calls_are_held),
		fault_test(a_connection_that_is_cut_leaves_its_calls_unknown_and_a_new_one_comes),
		fault_test(a_lost_answer_is_one_to_a_call_that_has_run),
		fault_test(a_lost_answer_to_a_call_with_a_key_is_had_again_and_the_call_ran_once),
		fault_test(a_client_has_faults_of_its_own),
		fault_test(a_client_may_cut_its_connection_when_a_call_has_been_sent),
		cmocka_unit_test(rules_that_make_no_sense_are_refused),
		cmocka_unit_test(each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
