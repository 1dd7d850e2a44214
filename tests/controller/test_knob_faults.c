/* Want of memory at any moment of a change, and a disk that fails: what was answered holds, and
 * what an operator bounds is brought inside, if not at once. A node without threads, by the test's
 * own clock. */
#include "support/harness.h"

#include "controller/knob_life.h"
#include "controller/node_world.h"
#include "daemon/apply.h"
#include "daemon/loop.h"
#include "daemon/node_impl.h"
#include "support/fault_alloc.h"

#include <stdio.h>

#define OUTSIDE  90
#define GREATEST 50
#define TTL_MS   1000

/* The store has it, or it is refused: the outcome comes when the store works. */
static void set_begin(struct life *life, const struct node_set *set, int knob, int value,
		      struct outcome *outcome)
{
	struct node_assignment assignment = {.value = value_int(value)};
	struct node_set asked = *set;

	asked.plugin = asked.plugin == NULL ? model_plugins[0] : asked.plugin;
	asked.assignments = &assignment;
	asked.count = 1;
	asked.actor = "tester";
	(void)snprintf(assignment.param, sizeof assignment.param, "%s", model_knobs[knob]);
	*outcome = (struct outcome){0};
	node_set(life->node, &asked, outcome_done, outcome);
}

static struct node_result set_as(struct life *life, const struct node_set *set, int knob, int value)
{
	struct outcome outcome;

	set_begin(life, set, knob, value, &outcome);
	store_work_off(life->node->store);
	assert_int_equal(1, outcome.done);
	return outcome.result;
}

static enum fast_status set_for(struct life *life, int value, uint64_t lease_id, uint32_t ttl_ms)
{
	const struct node_set asked = {.lease_id = lease_id, .value_ttl_ms = ttl_ms};

	return set_as(life, &asked, 0, value).status;
}

static enum fast_status set(struct life *life, int value, uint64_t lease_id)
{
	return set_for(life, value, lease_id, 0);
}

static struct node_result claim(struct life *life)
{
	const char *const params[] = {model_knobs[0]};
	const struct node_claim asked = {
		.plugin = model_plugins[0],
		.params = params,
		.count = 1,
		.terms = {.ttl_ms = TTL_MS, .on_loss = NODE_ON_LOSS_REVERT},
		.client = "one that comes again",
		.actor = "tester"};
	struct outcome outcome = {0};

	node_claim(life->node, &asked, outcome_done, &outcome);
	store_work_off(life->node->store);
	assert_int_equal(1, outcome.done);
	return outcome.result;
}

static enum fast_status bound(struct life *life)
{
	const struct node_bound asked = {.plugin = "*",
					 .param = model_knobs[0],
					 .actor = "operator",
					 .has_max = true,
					 .max = GREATEST};
	struct outcome outcome = {0};

	node_bound(life->node, &asked, outcome_done, &outcome);
	store_work_off(life->node->store);
	assert_int_equal(1, outcome.done);
	return outcome.result.status;
}

/* What a plugin reads. */
static int value_of(const struct life *life, int which, int knob)
{
	const struct plugin *plugin = registry_find(&life->node->registry, model_plugins[which]);

	return (int)plugin_param(plugin, model_knobs[knob])->page_value.u.integer;
}

static int value(const struct life *life)
{
	return value_of(life, 0, 0);
}

/* What is due by now. */
static void due(struct life *life)
{
	loop_due(life->node);
	store_work_off(life->node->store);
}

static void life_open(struct life *life)
{
	*life = (struct life){0};
	life_dir_make(life);
	life_begin(life);
}

static void life_close(struct life *life)
{
	life_end(life);
	directory_remove(life->dir);
}

static void a_bound_takes_hold_whatever_fails(void **state)
{
	bool fired = true;
	int accepted = 0;

	(void)state;
	for (int n = 0; fired; n++) {
		struct life life;
		enum fast_status status;

		life_open(&life);
		assert_ok(set(&life, OUTSIDE, 0));
		fault_alloc_after(n);
		status = bound(&life);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		due(&life);
		assert_true(status == FAST_OK || status == FAST_RESOURCE_EXHAUSTED);
		assert_int_equal(status == FAST_OK ? GREATEST : OUTSIDE, value(&life));
		accepted += status == FAST_OK;
		life_close(&life);
	}
	assert_true(accepted >= 2); /* also where memory failed after the answer was settled */
}

static void a_lost_lease_reverts_whatever_fails(void **state)
{
	bool fired = true;

	(void)state;
	for (int n = 0; fired; n++) {
		struct node_result held;
		struct life life;

		life_open(&life);
		assert_ok(set(&life, 10, 0));
		held = claim(&life);
		assert_ok(held.status);
		assert_ok(set(&life, OUTSIDE, held.lease_id));
		life_clock_ns += (TTL_MS + 1) * INT64_C(1000000);
		fault_alloc_after(n);
		due(&life);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		for (int i = 0; i < 3; i++) {
			life_clock_ns += TTL_MS * INT64_C(1000000);
			due(&life);
		}
		assert_int_equal(10, value(&life));
		assert_int_equal(0, life.node->leases.count);
		assert_ok(set(&life, 20, 0));
		life_close(&life);
	}
}

static void a_set_is_done_or_refused_whatever_fails(void **state)
{
	bool fired = true;

	(void)state;
	for (int n = 0; fired; n++) {
		enum fast_status status;
		struct life life;

		life_open(&life);
		fault_alloc_after(n);
		status = set(&life, 30, 0);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_true(status == FAST_OK || status == FAST_RESOURCE_EXHAUSTED);
		assert_int_equal(status == FAST_OK ? 30 : model_initial[0], value(&life));
		life_crash(&life); /* what was answered is there after it */
		assert_int_equal(status == FAST_OK ? 30 : model_initial[0], value(&life));
		life_close(&life);
	}
}

static void a_value_goes_back_though_the_disk_fails(void **state)
{
	struct life life;

	(void)state;
	life_open(&life);
	assert_ok(set(&life, 10, 0));
	assert_ok(set_for(&life, OUTSIDE, 0, TTL_MS));
	disk_fail(true);
	life_clock_ns += (TTL_MS + 1) * INT64_C(1000000);
	due(&life);
	assert_int_equal(10, value(&life));
	assert_status(FAST_UNAVAILABLE, set(&life, 20, 0));
	assert_int_equal(10, value(&life));
	disk_fail(false);
	assert_ok(bound(&life)); /* before it what is owed is written */
	life_crash(&life);
	assert_int_equal(10, value(&life));
	life_close(&life);
}

/* Time goes on, and what is due happens. */
static void pass(struct life *life, int64_t ms)
{
	life_clock_ns += ms * INT64_C(1000000);
	due(life);
}

static void values_go_back_each_in_its_time(void **state)
{
	static const uint32_t ttl_ms[] = {TTL_MS, 3 * TTL_MS, 2 * TTL_MS};
	struct node_set asked = {0};
	struct life life;

	(void)state;
	life_open(&life);
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		asked.value_ttl_ms = ttl_ms[knob];
		assert_ok(set_as(&life, &asked, knob, OUTSIDE).status);
	}
	asked.plugin = model_plugins[1];
	asked.value_ttl_ms = 4 * TTL_MS;
	assert_ok(set_as(&life, &asked, 0, OUTSIDE).status);
	for (int64_t time = 1; time <= 4; time++) {
		pass(&life, TTL_MS - 1);
		for (int knob = 0; knob < MODEL_KNOBS; knob++) { /* not before it */
			assert_int_equal(ttl_ms[knob] >= time * TTL_MS ? OUTSIDE
								       : model_initial[knob],
					 value_of(&life, 0, knob));
		}
		assert_int_equal(OUTSIDE, value_of(&life, 1, 0));
		pass(&life, 1);
		for (int knob = 0; knob < MODEL_KNOBS; knob++) {
			assert_int_equal(ttl_ms[knob] > time * TTL_MS ? OUTSIDE
								      : model_initial[knob],
					 value_of(&life, 0, knob));
		}
	}
	assert_int_equal(model_initial[0], value_of(&life, 1, 0));
	assert_true(life.node->expiry_ns == INT64_MAX); /* and the loop wakes for none */
	life_close(&life);
}

/* A set that is on its way may replace the value; when the disk does not take it, it has not. */
static void a_value_goes_back_though_a_set_was_on_its_way(void **state)
{
	const struct node_set plain = {0};
	struct outcome outcome;
	struct life life;

	(void)state;
	life_open(&life);
	assert_ok(set_for(&life, OUTSIDE, 0, TTL_MS));
	set_begin(&life, &plain, 0, 20, &outcome);
	life_clock_ns += TTL_MS * INT64_C(1000000);
	loop_due(life.node); /* by now its time is up */
	assert_int_equal(0, outcome.done);
	disk_fail(true);
	store_work_off(life.node->store);
	assert_int_equal(1, outcome.done);
	assert_status(FAST_UNAVAILABLE, outcome.result.status);
	disk_fail(false);
	assert_int_equal(OUTSIDE, value(&life));
	pass(&life, life.node->tick_ms);
	assert_int_equal(model_initial[0], value(&life));
	life_close(&life);
}

static void a_value_goes_back_whatever_fails(void **state)
{
	bool fired = true;

	(void)state;
	for (int n = 0; fired; n++) {
		struct life life;

		life_open(&life);
		assert_ok(set_for(&life, OUTSIDE, 0, TTL_MS));
		life_clock_ns += TTL_MS * INT64_C(1000000);
		fault_alloc_after(n);
		due(&life);
		fired = fault_alloc_fired();
		fault_alloc_after(-1);
		pass(&life, life.node->tick_ms);
		assert_int_equal(model_initial[0], value(&life));
		life_close(&life);
	}
}

/* Whether it is lost or released: what has happened is written once the disk takes it. */
static void a_lease_that_ended_while_the_disk_failed_does_not_come_back(void **state)
{
	(void)state;
	for (int released = 0; released < 2; released++) {
		struct node_lease_key key = {0};
		struct outcome outcome = {0};
		struct life life;

		life_open(&life);
		assert_ok(set(&life, 10, 0));
		key.id = claim(&life).lease_id;
		assert_ok(set(&life, OUTSIDE, key.id));
		disk_fail(true);
		if (released) {
			node_release(life.node, &key, true, "tester", outcome_done, &outcome);
			due(&life);
			assert_ok(outcome_wait(&outcome).status);
		} else {
			pass(&life, TTL_MS + 1);
		}
		assert_int_equal(0, life.node->leases.count);
		assert_int_equal(10, value(&life));
		disk_fail(false);
		assert_ok(bound(&life)); /* before it what is owed is written */
		life_crash(&life);
		assert_int_equal(0, life.node->leases.count);
		assert_int_equal(10, value(&life));
		life_close(&life);
	}
}

/* A revision that was given out, and then not taken by the disk, is nobody's newest. */
static void a_set_that_failed_leaves_the_newest_revision_as_it_was(void **state)
{
	struct node_set known = {.has_if_revision = true};
	struct node_result result;
	struct life life;

	(void)state;
	life_open(&life);
	known.if_revision = set_as(&life, &(struct node_set){0}, 0, 10).revision;
	disk_fail(true);
	assert_status(FAST_UNAVAILABLE, set(&life, 20, 0));
	disk_fail(false);
	result = set_as(&life, &known, 0, 30);
	assert_ok(result.status);
	assert_int_equal(known.if_revision + 2, result.revision); /* never given out again */
	life_close(&life);
}

static void a_lease_that_cannot_be_claimed_anew_goes_on_as_it_was(void **state)
{
	struct node_result held;
	struct life life;

	(void)state;
	life_open(&life);
	held = claim(&life);
	assert_ok(held.status);
	disk_fail(true);
	assert_status(FAST_UNAVAILABLE, claim(&life).status);
	disk_fail(false);
	assert_int_equal(1, life.node->leases.count);
	assert_int_equal(held.lease_epoch, leases_find(&life.node->leases, held.lease_id)->epoch);
	assert_status(FAST_FAILED_PRECONDITION, set(&life, 10, 0));
	assert_ok(set(&life, 10, held.lease_id));
	assert_int_equal(held.lease_epoch + 1, claim(&life).lease_epoch);
	life_close(&life);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_takes_hold_whatever_fails),
		cmocka_unit_test(a_lost_lease_reverts_whatever_fails),
		cmocka_unit_test(a_value_goes_back_though_the_disk_fails),
		cmocka_unit_test(values_go_back_each_in_its_time),
		cmocka_unit_test(a_value_goes_back_though_a_set_was_on_its_way),
		cmocka_unit_test(a_value_goes_back_whatever_fails),
		cmocka_unit_test(a_lease_that_ended_while_the_disk_failed_does_not_come_back),
		cmocka_unit_test(a_set_that_failed_leaves_the_newest_revision_as_it_was),
		cmocka_unit_test(a_lease_that_cannot_be_claimed_anew_goes_on_as_it_was),
		cmocka_unit_test(a_set_is_done_or_refused_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
