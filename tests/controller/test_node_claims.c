/* Whose a lease is, who may take it, and what ends it besides its time. */
#include "controller/knob_world.h"

#include <stdio.h>
#include <string.h>

#define NOTICE_MS 100

static const char *const quality[] = {"quality"};

/* A claim of "quality", to be changed and made. */
static struct node_claim claim_of(const char *actor, uint32_t priority)
{
	return (struct node_claim){.plugin = "cam",
				   .params = quality,
				   .count = 1,
				   .terms = {.ttl_ms = 60000,
					     .on_loss = NODE_ON_LOSS_REVERT,
					     .priority = priority,
					     .notice_ms = NOTICE_MS},
				   .actor = actor};
}

static struct node_result claim(struct knob_world *fixture, const struct node_claim *claim)
{
	struct outcome outcome = {0};

	node_claim(fixture->world.node, claim, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result renew(struct knob_world *fixture, const struct node_lease_key *key)
{
	struct outcome outcome = {0};

	node_renew(fixture->world.node, key, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result release(struct knob_world *fixture, const struct node_lease_key *key)
{
	struct outcome outcome = {0};

	node_release(fixture->world.node, key, false, "holder", outcome_done, &outcome);
	return outcome_wait(&outcome);
}

/* Who is waited for to hold "quality". */
struct wanted {
	struct knob_world *fixture;
	const char *owner;
};

static bool has_owner(void *arg)
{
	const struct wanted *wanted = arg;
	struct node_param param;

	return world_param(&wanted->fixture->world, "cam", "quality", &param) &&
	       strcmp(param.lease_owner, wanted->owner) == 0;
}

static void wait_owner(struct knob_world *fixture, const char *owner)
{
	struct wanted wanted = {.fixture = fixture, .owner = owner};

	wait_until(has_owner, &wanted);
}

static bool is_wanted_by_chief(void *arg)
{
	struct knob_world *fixture = arg;
	struct node_param param;

	return world_param(&fixture->world, "cam", "quality", &param) && param.preempt_ms > 0 &&
	       strcmp(param.preempt_by, "chief") == 0;
}

/* Nothing in the log is older than what stands before it. */
static void assert_later(const struct node_audit *entry, void *arg)
{
	int64_t *newest_ns = arg;

	assert_true(entry->time_unix_ns >= *newest_ns);
	*newest_ns = entry->time_unix_ns;
}

static void a_higher_priority_takes_the_knobs_after_a_notice(void **state)
{
	struct knob_world fixture;
	struct node_claim low = claim_of("clerk", 1);
	struct node_claim high = claim_of("chief", 2);
	struct outcome outcome = {0};
	struct node_result held;
	struct node_result told;
	int64_t newest_ns = 0;
	char audit[512];

	(void)state;
	knob_world_init(&fixture);
	low.terms.notice_ms = 10000;
	held = claim(&fixture, &low);
	assert_ok(held.status);
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	node_claim(fixture.world.node, &high, outcome_done, &outcome);
	wait_until(is_wanted_by_chief, &fixture);
	told = renew(&fixture, &(struct node_lease_key){.id = held.lease_id});
	assert_ok(told.status);
	assert_true(told.preempt_ms > 0 && told.preempt_ms <= 10000);
	assert_string_equal("chief", told.preempt_by);
	/* Whoever wants it no more than the one that waits is refused. */
	told = claim(&fixture, &(struct node_claim){.plugin = "cam",
						    .params = quality,
						    .count = 1,
						    .terms = high.terms,
						    .actor = "second"});
	assert_status(FAST_FAILED_PRECONDITION, told.status);
	assert_non_null(strstr(told.text, "is wanted by chief"));
	assert_ok(knob_set(&fixture, 10, held.lease_id).status); /* it may still write */
	/* It gives way before its time: the other has it at once. */
	assert_ok(release(&fixture, &(struct node_lease_key){.id = held.lease_id}).status);
	held = outcome_wait(&outcome);
	assert_ok(held.status);
	wait_owner(&fixture, "chief");
	assert_int_equal(10, fast_param_get_int(fixture.quality));
	/* And now without its consent. */
	high = claim_of("general", 3);
	told = claim(&fixture, &high);
	assert_ok(told.status);
	wait_owner(&fixture, "general");
	assert_status(FAST_NOT_FOUND,
		      renew(&fixture, &(struct node_lease_key){.id = held.lease_id}).status);
	assert_string_equal("claim quality > ok;set quality 7>9 ok;set quality 9>10 ok;"
			    "release  > ok;claim quality 10> ok;preempt  > ok;"
			    "claim quality 10> ok;",
			    world_audit(&fixture.world, "cam", audit, sizeof audit));
	assert_ok(node_each_audit(fixture.world.node, "cam", 0, 100, assert_later, &newest_ns));
	knob_world_fini(&fixture);
}

static void what_a_preempted_holder_has_set_is_undone_first(void **state)
{
	struct knob_world fixture;
	struct node_claim low = claim_of("clerk", 0);
	struct node_claim high = claim_of("chief", 100);
	struct node_result held;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 5, 0).status);
	held = claim(&fixture, &low);
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	held = claim(&fixture, &high);
	assert_ok(held.status);
	knob_wait(fixture.quality, 5);
	assert_ok(knob_set(&fixture, 11, held.lease_id).status);
	assert_status(FAST_FAILED_PRECONDITION, claim(&fixture, &low).status);
	knob_world_fini(&fixture);
}

static void the_same_or_a_lower_priority_is_refused_and_told_who_holds(void **state)
{
	struct knob_world fixture;
	struct node_claim high = claim_of("chief", 2);
	struct node_claim same = claim_of("rival", 2);
	struct node_claim too_high = claim_of("rival", NODE_PRIORITY_MAX + 1);
	struct node_result told;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(claim(&fixture, &high).status);
	told = claim(&fixture, &same);
	assert_status(FAST_FAILED_PRECONDITION, told.status);
	assert_non_null(strstr(told.text, "\"quality\" is held by chief for another "));
	assert_string_equal("quality", told.refused_param);
	assert_status(FAST_OUT_OF_RANGE, claim(&fixture, &too_high).status);
	knob_world_fini(&fixture);
}

/* Its client had gone before the node was asked. */
static void a_claim_that_nobody_wants_takes_nothing(void **state)
{
	struct knob_world fixture;
	struct node_claim low = claim_of("clerk", 1);
	struct node_claim high = claim_of("chief", 2);
	atomic_bool unwanted = true;
	struct node_param param;

	(void)state;
	knob_world_init(&fixture);
	low.terms.notice_ms = NODE_NOTICE_MS_MIN;
	high.unwanted = &unwanted;
	assert_ok(claim(&fixture, &low).status);
	assert_status(FAST_CANCELLED, claim(&fixture, &high).status);
	assert_true(world_param(&fixture.world, "cam", "quality", &param));
	assert_string_equal("clerk", param.lease_owner);
	knob_world_fini(&fixture);
}

static void a_claim_that_waits_can_be_taken_back(void **state)
{
	struct knob_world fixture;
	struct node_claim low = claim_of("clerk", 1);
	struct node_claim high = claim_of("chief", 2);
	struct outcome outcome = {0};
	atomic_bool unwanted = false;
	struct node_param param;

	(void)state;
	knob_world_init(&fixture);
	low.terms.notice_ms = 10000;
	high.unwanted = &unwanted;
	assert_ok(claim(&fixture, &low).status);
	node_claim(fixture.world.node, &high, outcome_done, &outcome);
	wait_until(is_wanted_by_chief, &fixture);
	atomic_store(&unwanted, true);
	node_claims_look(fixture.world.node);
	assert_status(FAST_CANCELLED, outcome_wait(&outcome).status);
	assert_true(world_param(&fixture.world, "cam", "quality", &param));
	assert_int_equal(0, param.preempt_ms);
	assert_string_equal("clerk", param.lease_owner);
	knob_world_fini(&fixture);
}

static void a_node_that_stops_ends_the_claims_that_wait(void **state)
{
	struct knob_world fixture;
	struct node_claim low = claim_of("clerk", 1);
	struct node_claim high = claim_of("chief", 2);
	struct outcome outcome = {0};

	(void)state;
	knob_world_init(&fixture);
	low.terms.notice_ms = 10000;
	assert_ok(claim(&fixture, &low).status);
	node_claim(fixture.world.node, &high, outcome_done, &outcome);
	wait_until(is_wanted_by_chief, &fixture);
	world_restart(&fixture.world);
	assert_status(FAST_UNAVAILABLE, outcome_wait(&outcome).status);
	knob_world_fini(&fixture);
}

static void a_value_is_held_and_then_goes_to_the_default(void **state)
{
	struct knob_world fixture;
	struct node_claim held = claim_of("clerk", 0);
	struct node_result result;
	char audit[512];

	(void)state;
	knob_world_init(&fixture);
	held.terms.on_loss = NODE_ON_LOSS_HOLD_THEN_DEFAULT;
	assert_status(FAST_OUT_OF_RANGE, claim(&fixture, &held).status);
	held.terms.hold_ms = 300;
	held.terms.ttl_ms = 1000;
	assert_ok(knob_set(&fixture, 5, 0).status);
	result = claim(&fixture, &held);
	assert_ok(knob_set(&fixture, 9, result.lease_id).status);
	wait_owner(&fixture, "");
	knob_wait(fixture.quality, 7);
	assert_string_equal("set quality 7>5 ok;claim quality 5> ok;set quality 5>9 ok;"
			    "lose  > ok;hold quality 9>9 ok;expire quality 9> ok;",
			    world_audit(&fixture.world, "cam", audit, sizeof audit));
	knob_world_fini(&fixture);
}

static void the_same_instance_goes_on_with_its_lease_under_a_new_epoch(void **state)
{
	struct knob_world fixture;
	struct node_claim mine = claim_of("clerk", 0);
	struct node_result held;
	struct node_result again;
	struct node_lease_key key = {.epoch = 1};

	(void)state;
	knob_world_init(&fixture);
	mine.principal = "uid 1000";
	mine.client = "loop-1";
	held = claim(&fixture, &mine);
	assert_int_equal(1, held.lease_epoch);
	assert_ok(knob_set(&fixture, 9, held.lease_id).status);
	world_restart(&fixture.world); /* its claim may have been answered to nobody */
	(void)world_plugin_wait(&fixture.world, "cam", true);
	(void)world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_APPLYING);
	again = claim(&fixture, &mine);
	assert_ok(again.status);
	assert_int_equal(held.lease_id, again.lease_id);
	assert_int_equal(2, again.lease_epoch);
	key.id = held.lease_id;
	assert_status(FAST_FAILED_PRECONDITION, renew(&fixture, &key).status);
	assert_status(FAST_FAILED_PRECONDITION, release(&fixture, &key).status);
	key.epoch = 2;
	assert_ok(renew(&fixture, &key).status);
	/* Another instance, and another principal, is somebody else. */
	mine.client = "loop-2";
	assert_status(FAST_FAILED_PRECONDITION, claim(&fixture, &mine).status);
	mine.client = "loop-1";
	mine.principal = "uid 1001";
	assert_status(FAST_FAILED_PRECONDITION, claim(&fixture, &mine).status);
	key.principal = "uid 1001";
	assert_status(FAST_PERMISSION_DENIED, renew(&fixture, &key).status);
	assert_status(FAST_PERMISSION_DENIED, release(&fixture, &key).status);
	knob_world_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_higher_priority_takes_the_knobs_after_a_notice),
		cmocka_unit_test(what_a_preempted_holder_has_set_is_undone_first),
		cmocka_unit_test(the_same_or_a_lower_priority_is_refused_and_told_who_holds),
		cmocka_unit_test(a_claim_that_waits_can_be_taken_back),
		cmocka_unit_test(a_claim_that_nobody_wants_takes_nothing),
		cmocka_unit_test(a_node_that_stops_ends_the_claims_that_wait),
		cmocka_unit_test(a_value_is_held_and_then_goes_to_the_default),
		cmocka_unit_test(the_same_instance_goes_on_with_its_lease_under_a_new_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
