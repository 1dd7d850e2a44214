/* Leases on the knobs of real plugins: who else is refused, and what happens when one is lost. */
#include "controller/node_world.h"

#include <fast/plugin.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A world with a plugin that has two knobs, both 7. */
struct fixture {
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *quality;
	struct fast_param *size;
};

static void fixture_init(struct fixture *fixture)
{
	world_init(&fixture->world);
	fixture->plugin = world_plugin(&fixture->world, "cam");
	fixture->quality = plugin_int_param(fixture->plugin, "quality", 7);
	fixture->size = plugin_int_param(fixture->plugin, "size", 7);
	(void)world_param_wait(&fixture->world, "cam", "size", NODE_PARAM_UNSET);
}

static void fixture_fini(struct fixture *fixture)
{
	fast_plugin_close(fixture->plugin);
	world_fini(&fixture->world);
}

static struct node_result set(struct fixture *fixture, const char *param, int64_t value,
			      uint64_t lease_id)
{
	return world_set(&fixture->world, "cam", param, value_int(value), lease_id);
}

static struct node_result claim(struct fixture *fixture, const char *param,
				enum node_on_loss on_loss)
{
	return world_claim(&fixture->world, "cam", param, 1000, on_loss, "holder");
}

static bool is_free(void *arg)
{
	struct fixture *fixture = arg;
	struct node_param param;

	return world_param(&fixture->world, "cam", "quality", &param) && param.lease_id == 0;
}

static struct node_result release(struct fixture *fixture, uint64_t lease_id, bool apply_on_loss)
{
	const struct node_lease_key key = {.id = lease_id};
	struct outcome outcome = {0};

	node_release(fixture->world.node, &key, apply_on_loss, "holder", outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result renew(struct fixture *fixture, uint64_t lease_id)
{
	const struct node_lease_key key = {.id = lease_id};
	struct outcome outcome = {0};

	node_renew(fixture->world.node, &key, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

/* What the knob is to be waited for. */
struct wanted {
	struct fast_param *param;
	int64_t value;
};

static bool has_value(void *arg)
{
	const struct wanted *wanted = arg;

	return fast_param_get_int(wanted->param) == wanted->value;
}

static void wait_value(struct fast_param *param, int64_t value)
{
	struct wanted wanted = {param, value};

	wait_until(has_value, &wanted);
}

static void others_are_refused_while_a_lease_holds(void **state)
{
	struct fixture fixture;
	struct node_result held;
	struct node_result result;

	(void)state;
	fixture_init(&fixture);
	held = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_ok(held.status);
	assert_true(held.lease_id > 0);
	assert_int_equal(1000, held.ttl_ms);
	result = set(&fixture, "quality", 9, 0);
	assert_status(FAST_FAILED_PRECONDITION, result.status);
	assert_non_null(strstr(result.text, "\"quality\" is held by holder for another "));
	assert_string_equal("quality", result.refused_param);
	assert_status(FAST_FAILED_PRECONDITION,
		      set(&fixture, "quality", 9, held.lease_id + 1).status);
	assert_ok(set(&fixture, "size", 9, 0).status);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	result = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_status(FAST_FAILED_PRECONDITION, result.status);
	assert_non_null(strstr(result.text, "is held by holder"));
	result = claim(&fixture, NULL, NODE_ON_LOSS_REVERT); /* all */
	assert_status(FAST_FAILED_PRECONDITION, result.status);
	fixture_fini(&fixture);
}

static void a_lost_lease_reverts_and_says_so(void **state)
{
	struct fixture fixture;
	struct node_result held;
	struct node_param param;
	char audit[512];

	(void)state;
	fixture_init(&fixture);
	assert_ok(set(&fixture, "quality", 5, 0).status);
	held = claim(&fixture, NULL, NODE_ON_LOSS_REVERT);
	assert_ok(held.status);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	assert_ok(set(&fixture, "size", 8, held.lease_id).status);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	wait_value(fixture.quality, 5); /* what it was */
	wait_value(fixture.size, 7);    /* its initial value */
	wait_until(is_free, &fixture);
	param = world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_APPLIED);
	assert_string_equal("fastd", param.actor);
	assert_int_equal(4, param.revision);
	assert_status(FAST_NOT_FOUND, renew(&fixture, held.lease_id).status);
	assert_status(FAST_NOT_FOUND, release(&fixture, held.lease_id, false).status);
	assert_status(FAST_FAILED_PRECONDITION, set(&fixture, "quality", 3, held.lease_id).status);
	assert_ok(set(&fixture, "quality", 3, 0).status);
	assert_string_equal("set quality 7>5 ok;claim  > ok;set quality 5>9 ok;set size 7>8 ok;"
			    "lose  > ok;revert quality 9>5 ok;revert size 8>7 ok;"
			    "set quality >3 lease 1 does not hold anything of \"cam\"; it may have "
			    "ended;set quality 5>3 ok;",
			    world_audit(&fixture.world, "cam", audit, sizeof audit));
	fixture_fini(&fixture);
}

static void on_loss_may_hold_or_go_to_the_initial_value(void **state)
{
	struct fixture fixture;
	struct node_result hold;
	struct node_result back;

	(void)state;
	fixture_init(&fixture);
	assert_ok(set(&fixture, "quality", 5, 0).status);
	assert_ok(set(&fixture, "size", 5, 0).status);
	hold = claim(&fixture, "quality", NODE_ON_LOSS_HOLD);
	back = claim(&fixture, "size", NODE_ON_LOSS_DEFAULT);
	assert_ok(set(&fixture, "quality", 9, hold.lease_id).status);
	assert_ok(set(&fixture, "size", 9, back.lease_id).status);
	wait_value(fixture.size, 9);
	wait_value(fixture.size, 7);
	wait_until(is_free, &fixture);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	fixture_fini(&fixture);
}

/* Renews, and says whether twice the time to live has gone by. */
struct renewal {
	struct fixture *fixture;
	uint64_t lease_id;
	time_t begin_s;
};

static bool has_renewed_for_long(void *arg)
{
	const struct renewal *renewal = arg;

	assert_ok(renew(renewal->fixture, renewal->lease_id).status);
	return time(NULL) >= renewal->begin_s + 3;
}

static void a_renewed_lease_lives_on(void **state)
{
	struct fixture fixture;
	struct node_result held;
	struct node_param param;
	struct renewal renewal = {.fixture = &fixture, .begin_s = time(NULL)};

	(void)state;
	fixture_init(&fixture);
	held = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	renewal.lease_id = held.lease_id;
	wait_until(has_renewed_for_long, &renewal);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	assert_true(world_param(&fixture.world, "cam", "quality", &param));
	assert_int_equal(held.lease_id, param.lease_id);
	assert_in_range(param.lease_ttl_ms, 500, 1000);
	fixture_fini(&fixture);
}

static void a_release_keeps_values_unless_asked_otherwise(void **state)
{
	struct fixture fixture;
	struct node_result held;

	(void)state;
	fixture_init(&fixture);
	held = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	assert_ok(release(&fixture, held.lease_id, false).status);
	assert_int_equal(9, fast_param_get_int(fixture.quality));
	assert_ok(set(&fixture, "quality", 10, 0).status);
	held = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_ok(set(&fixture, "quality", 11, held.lease_id).status);
	assert_ok(release(&fixture, held.lease_id, true).status);
	assert_int_equal(10, fast_param_get_int(fixture.quality));
	fixture_fini(&fixture);
}

static void a_lease_outlives_the_node_by_one_time_to_live(void **state)
{
	struct fixture fixture;
	struct node_result held;

	(void)state;
	fixture_init(&fixture);
	held = claim(&fixture, "quality", NODE_ON_LOSS_REVERT);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	world_restart(&fixture.world);
	assert_ok(renew(&fixture, held.lease_id).status);
	(void)world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_APPLYING);
	assert_status(FAST_FAILED_PRECONDITION, set(&fixture, "quality", 8, 0).status);
	assert_ok(set(&fixture, "quality", 8, held.lease_id).status);
	world_restart(&fixture.world); /* and nobody renews */
	wait_value(fixture.quality, 7);
	wait_until(is_free, &fixture);
	assert_true(claim(&fixture, "quality", NODE_ON_LOSS_REVERT).lease_id > held.lease_id);
	fixture_fini(&fixture);
}

static bool lease_is_gone(void *arg)
{
	struct fixture *fixture = arg;
	struct node_status status;

	node_status(fixture->world.node, &status);
	return status.leases == 0;
}

static void a_lease_on_a_plugin_that_has_gone_reverts_for_the_next_one(void **state)
{
	struct fixture fixture;
	struct node_result held;

	(void)state;
	fixture_init(&fixture);
	assert_ok(set(&fixture, "size", 3, 0).status);
	held = claim(&fixture, NULL, NODE_ON_LOSS_REVERT);
	assert_ok(set(&fixture, "quality", 9, held.lease_id).status);
	assert_ok(set(&fixture, "size", 9, held.lease_id).status);
	fast_plugin_close(fixture.plugin);
	world_plugin_wait(&fixture.world, "cam", false);
	world_restart(&fixture.world); /* now the node has never seen the plugin */
	wait_until(lease_is_gone, &fixture);
	fixture.plugin = world_plugin(&fixture.world, "cam");
	fixture.quality = plugin_int_param(fixture.plugin, "quality", 6);
	fixture.size = plugin_int_param(fixture.plugin, "size", 6);
	wait_value(fixture.size, 3);
	assert_int_equal(6, fast_param_get_int(fixture.quality));
	fixture_fini(&fixture);
}

static void claims_that_make_no_sense_are_refused(void **state)
{
	const char *const twice[] = {"quality", "quality"};
	const struct node_claim double_claim = {
		.plugin = "cam",
		.params = twice,
		.count = 2,
		.terms = {.ttl_ms = 1000, .on_loss = NODE_ON_LOSS_HOLD},
		.actor = "holder"};
	struct outcome outcome = {0};
	struct fixture fixture;
	struct node_status status;

	(void)state;
	fixture_init(&fixture);
	assert_status(FAST_OUT_OF_RANGE, world_claim(&fixture.world, "cam", "quality", 999,
						     NODE_ON_LOSS_HOLD, "holder")
						 .status);
	assert_status(FAST_OUT_OF_RANGE, world_claim(&fixture.world, "cam", "quality", 60001,
						     NODE_ON_LOSS_HOLD, "holder")
						 .status);
	assert_status(FAST_NOT_FOUND, world_claim(&fixture.world, "mic", "quality", 1000,
						  NODE_ON_LOSS_HOLD, "holder")
					      .status);
	assert_status(FAST_NOT_FOUND, claim(&fixture, "nothing", NODE_ON_LOSS_HOLD).status);
	assert_status(FAST_INVALID_ARGUMENT, claim(&fixture, "quality", 0).status);
	node_claim(fixture.world.node, &double_claim, outcome_done, &outcome);
	assert_status(FAST_INVALID_ARGUMENT, outcome_wait(&outcome).status);
	node_status(fixture.world.node, &status);
	assert_int_equal(0, status.leases);
	assert_ok(set(&fixture, "quality", 9, 0).status);
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_refused_while_a_lease_holds),
		cmocka_unit_test(a_lost_lease_reverts_and_says_so),
		cmocka_unit_test(on_loss_may_hold_or_go_to_the_initial_value),
		cmocka_unit_test(a_renewed_lease_lives_on),
		cmocka_unit_test(a_release_keeps_values_unless_asked_otherwise),
		cmocka_unit_test(a_lease_outlives_the_node_by_one_time_to_live),
		cmocka_unit_test(a_lease_on_a_plugin_that_has_gone_reverts_for_the_next_one),
		cmocka_unit_test(claims_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
