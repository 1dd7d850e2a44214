/* Values that go back, profiles, and why a knob is as it is; each outlives the node. */
#include "controller/knob_world.h"

#include <string.h>

/* ---- values that go back ---- */

static void a_value_goes_back_when_its_time_is_up(void **state)
{
	struct knob_world fixture;
	char audit[512];

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 5, 0).status);
	assert_ok(knob_set_for(&fixture, 9, 60000).status);
	assert_true(knob_now(&fixture).has_back);
	assert_int_equal(5, knob_now(&fixture).back.u.integer);
	assert_ok(knob_set_for(&fixture, 10, 200).status); /* goes where 9 would have gone */
	knob_wait(fixture.quality, 5);
	assert_int_equal(0, knob_now(&fixture).value_ttl_ms);
	assert_string_equal("set quality 7>5 ok;set quality 5>9 ok;set quality 9>10 ok;"
			    "expire quality 10>5 ok;",
			    world_audit(&fixture.world, "cam", audit, sizeof audit));
	assert_status(FAST_OUT_OF_RANGE,
		      knob_set_for(&fixture, 9, NODE_VALUE_TTL_MS_MAX + 1).status);
	knob_world_fini(&fixture);
}

struct revisions {
	uint64_t revision;
	uint64_t effective;
};

static void keep_revisions(const struct node_plugin *plugin, void *arg)
{
	*(struct revisions *)arg = (struct revisions){plugin->revision, plugin->effective_revision};
}

static struct revisions revisions_of(struct knob_world *fixture)
{
	const struct node_filter filter = {0};
	struct revisions revisions = {0};

	node_each_plugin(fixture->world.node, &filter, keep_revisions, &revisions);
	return revisions;
}

static bool is_at_two(void *arg)
{
	return revisions_of(arg).effective == 2;
}

/* Else samples taken with the initial value would count as taken with what was there before. */
static void an_initial_value_that_is_back_is_a_revision_in_effect(void **state)
{
	struct knob_world fixture;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set_for(&fixture, 9, 300).status);
	knob_wait(fixture.quality, 9);
	knob_wait(fixture.quality, 7);
	wait_until(is_at_two, &fixture);
	assert_int_equal(2, revisions_of(&fixture).revision);
	world_restart(&fixture.world);
	wait_until(is_at_two, &fixture);
	knob_world_fini(&fixture);
}

static void a_value_that_is_set_anew_stays(void **state)
{
	struct knob_world fixture;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set_for(&fixture, 9, 60000).status);
	assert_in_range(knob_now(&fixture).value_ttl_ms, 1, 60000);
	assert_ok(knob_set(&fixture, 10, 0).status);
	assert_int_equal(0, knob_now(&fixture).value_ttl_ms);
	knob_world_fini(&fixture);
}

static void a_value_goes_back_though_the_node_was_away(void **state)
{
	struct knob_world fixture;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set_for(&fixture, 9, 300).status);
	world_restart(&fixture.world);
	knob_wait(fixture.quality, 7);
	(void)world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_UNSET);
	knob_world_fini(&fixture);
}

static void a_claim_reverts_to_what_does_not_go_back_by_itself(void **state)
{
	struct knob_world fixture;
	struct node_result held;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 5, 0).status);
	assert_ok(knob_set_for(&fixture, 9, 60000).status);
	held = world_claim(&fixture.world, "cam", "quality", 2000, NODE_ON_LOSS_REVERT, "holder");
	assert_ok(knob_set(&fixture, 11, held.lease_id).status);
	knob_wait(fixture.quality, 5);
	knob_world_fini(&fixture);
}

/* ---- profiles ---- */

static struct node_result profile_save(struct knob_world *fixture, const char *name)
{
	const struct node_profile_save save = {.plugin = "cam", .name = name, .actor = "tester"};
	struct outcome outcome = {0};

	node_profile_save(fixture->world.node, &save, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result profile_apply(struct knob_world *fixture, const char *plugin,
					const char *name, uint64_t lease_id)
{
	const struct node_set set = {.plugin = plugin, .lease_id = lease_id, .actor = "tester"};
	struct outcome outcome = {0};

	node_profile_apply(fixture->world.node, name, &set, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static struct node_result profile_delete(struct knob_world *fixture, const char *name)
{
	struct outcome outcome = {0};

	node_profile_delete(fixture->world.node, "cam", name, "tester", outcome_done, &outcome);
	return outcome_wait(&outcome);
}

static void profile_count(const struct node_profile *profile, void *arg)
{
	assert_string_equal("cam", profile->plugin);
	assert_int_equal(2, profile->count);
	++*(int *)arg;
}

static void a_profile_brings_all_its_values_at_once(void **state)
{
	struct knob_world fixture;
	struct node_result applied;
	struct node_result held;
	int count = 0;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 20, 0).status);
	assert_ok(profile_save(&fixture, "night").status);
	assert_ok(knob_set(&fixture, 30, 0).status);
	assert_ok(world_set(&fixture.world, "cam", "size", value_int(31), 0).status);
	assert_ok(profile_save(&fixture, "day").status);
	world_restart(&fixture.world);
	(void)world_param_wait(&fixture.world, "cam", "size", NODE_PARAM_APPLYING);
	node_each_profile(fixture.world.node, "cam", profile_count, &count);
	assert_int_equal(2, count);
	applied = profile_apply(&fixture, "cam", "night", 0);
	assert_ok(applied.status);
	knob_wait(fixture.quality, 20);
	assert_int_equal(7, fast_param_get_int(fixture.size));
	assert_int_equal(applied.revision, knob_now(&fixture).revision);
	held = world_claim(&fixture.world, "cam", "size", 60000, NODE_ON_LOSS_HOLD, "holder");
	assert_status(FAST_FAILED_PRECONDITION, profile_apply(&fixture, "cam", "day", 0).status);
	assert_int_equal(20, fast_param_get_int(fixture.quality)); /* all or nothing */
	assert_ok(profile_apply(&fixture, "cam", "day", held.lease_id).status);
	assert_status(FAST_NOT_FOUND, profile_apply(&fixture, "cam", "dusk", 0).status);
	assert_status(FAST_NOT_FOUND, profile_apply(&fixture, "mic", "day", 0).status);
	assert_status(FAST_INVALID_ARGUMENT, profile_save(&fixture, "No Name").status);
	assert_ok(profile_delete(&fixture, "day").status);
	assert_status(FAST_NOT_FOUND, profile_delete(&fixture, "day").status);
	knob_world_fini(&fixture);
}

static void a_profile_does_not_leave_the_bounds(void **state)
{
	struct knob_world fixture;
	struct node_bound narrow = bound_at_most(10);
	struct node_result result;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 20, 0).status);
	assert_ok(profile_save(&fixture, "bright").status);
	assert_ok(knob_bound(&fixture, &narrow).status);
	knob_wait(fixture.quality, 10);
	result = profile_apply(&fixture, "cam", "bright", 0);
	assert_status(FAST_OUT_OF_RANGE, result.status);
	assert_int_equal(10, result.nearest.u.integer);
	knob_world_fini(&fixture);
}

/* ---- what failed, and why it is so ---- */

static void the_last_refused_attempt_is_kept(void **state)
{
	struct knob_world fixture;
	struct node_param param;

	(void)state;
	knob_world_init(&fixture);
	assert_null(knob_now(&fixture).last_refused);
	assert_status(FAST_OUT_OF_RANGE, knob_set(&fixture, 2000, 0).status);
	assert_ok(knob_set(&fixture, 20, 0).status);
	param = knob_now(&fixture);
	assert_non_null(param.last_refused);
	assert_int_equal(2000, param.last_refused->value.u.integer);
	assert_string_equal("tester", param.last_refused->actor);
	assert_non_null(strstr(param.last_refused->reason, "it takes 0 to 1000"));
	knob_world_fini(&fixture);
}

static void the_last_refused_attempt_outlives_the_node(void **state)
{
	struct knob_world fixture;
	const struct node_attempt *attempt;

	(void)state;
	knob_world_init(&fixture);
	assert_status(FAST_OUT_OF_RANGE, knob_set(&fixture, 1500, 0).status);
	assert_status(FAST_OUT_OF_RANGE, knob_set(&fixture, 2000, 0).status);
	assert_ok(knob_set(&fixture, 20, 0).status);
	for (int i = 0; i < 2; i++) {
		world_restart(&fixture.world);
		knob_wait(fixture.quality, 20);
		(void)world_param_wait(&fixture.world, "cam", "quality", NODE_PARAM_APPLIED);
		(void)world_param_wait(&fixture.world, "cam", "size", NODE_PARAM_UNSET);
		attempt = knob_now(&fixture).last_refused;
		assert_non_null(attempt);
		assert_int_equal(FAST_PARAM_INT, attempt->value.type);
		assert_int_equal(2000, attempt->value.u.integer);
		assert_string_equal("tester", attempt->actor);
		assert_true(attempt->time_unix_ns > 0);
		assert_non_null(strstr(attempt->reason, "it takes 0 to 1000"));
	}
	knob_world_fini(&fixture);
}

static void a_plugin_says_that_a_knob_is_read_only(void **state)
{
	const struct fast_param_spec spec = {.size = sizeof spec,
					     .name = "fixed",
					     .type = FAST_PARAM_BOOL,
					     .read_only = true,
					     .restart_required = true};
	struct fast_param_spec other = spec;
	struct knob_world fixture;
	struct fast_param *param = NULL;
	struct node_param told;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(fast_plugin_param(fixture.plugin, &spec, &param));
	other.read_only = false;
	assert_status(FAST_ALREADY_EXISTS, fast_plugin_param(fixture.plugin, &other, &param));
	told = world_param_wait(&fixture.world, "cam", "fixed", NODE_PARAM_UNSET);
	assert_true(told.read_only);
	assert_true(told.restart_required);
	assert_status(FAST_FAILED_PRECONDITION,
		      world_set(&fixture.world, "cam", "fixed",
				(struct fast_page_value){.type = FAST_PARAM_BOOL}, 0)
			      .status);
	knob_world_fini(&fixture);
}

/* Neither is ever read. */
static void a_knob_has_its_own_time_to_be_read_in(void **state)
{
	struct fast_param_spec spec = {.size = sizeof spec,
				       .name = "hasty",
				       .type = FAST_PARAM_BOOL,
				       .ack_timeout_ms = 100};
	const struct fast_page_value on = {.type = FAST_PARAM_BOOL, .u.boolean = true};
	struct knob_world fixture;
	char audit[512];
	struct fast_param *param = NULL;
	struct node_param told;

	(void)state;
	knob_world_init(&fixture);
	assert_ok(fast_plugin_param(fixture.plugin, &spec, &param));
	spec.name = "patient";
	spec.ack_timeout_ms = FAST_PARAM_ACK_TIMEOUT_MS_MAX;
	assert_ok(fast_plugin_param(fixture.plugin, &spec, &param));
	world_param_wait(&fixture.world, "cam", "patient", NODE_PARAM_UNSET);
	assert_ok(world_set(&fixture.world, "cam", "patient", on, 0).status);
	assert_ok(world_set(&fixture.world, "cam", "hasty", on, 0).status);
	told = world_param_wait(&fixture.world, "cam", "hasty", NODE_PARAM_TIMEOUT);
	assert_int_equal(100, told.ack_timeout_ms);
	world_param_wait(&fixture.world, "cam", "patient", NODE_PARAM_APPLYING);
	world_restart(&fixture.world);
	told = world_param_wait(&fixture.world, "cam", "hasty", NODE_PARAM_TIMEOUT);
	assert_non_null(told.last_refused);
	assert_true(told.last_refused->value.u.boolean);
	assert_string_equal("tester", told.last_refused->actor);
	assert_non_null(strstr(world_audit(&fixture.world, "cam", audit, sizeof audit),
			       "timeout hasty >true the plugin did not read it in time;"));
	(void)fast_param_get_bool(param);
	world_param_wait(&fixture.world, "cam", "patient", NODE_PARAM_APPLIED);
	knob_world_fini(&fixture);
}

static void explanation_keep(const struct node_explanation *explanation, void *arg)
{
	*(struct node_explanation *)arg = *explanation;
}

static void an_explanation_tells_what_a_lost_lease_brings(void **state)
{
	struct knob_world fixture;
	struct node_bound narrow = bound_at_most(4);
	struct node_explanation told = {0};

	(void)state;
	knob_world_init(&fixture);
	assert_ok(knob_set(&fixture, 3, 0).status);
	assert_ok(node_explain(fixture.world.node, "cam", "quality", explanation_keep, &told));
	assert_false(told.has_lease);
	assert_false(told.has_bounds);
	assert_ok(
		world_claim(&fixture.world, "cam", "quality", 60000, NODE_ON_LOSS_DEFAULT, "holder")
			.status);
	assert_ok(knob_bound(&fixture, &narrow).status);
	assert_ok(node_explain(fixture.world.node, "cam", "quality", explanation_keep, &told));
	assert_true(told.has_lease);
	assert_false(told.stays);
	assert_int_equal(4, told.lost.u.integer); /* 7 is outside the bound */
	assert_string_equal("0 to 4", told.allowed);
	assert_status(FAST_NOT_FOUND,
		      node_explain(fixture.world.node, "cam", "nothing", explanation_keep, &told));
	knob_world_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_goes_back_when_its_time_is_up),
		cmocka_unit_test(an_initial_value_that_is_back_is_a_revision_in_effect),
		cmocka_unit_test(a_value_that_is_set_anew_stays),
		cmocka_unit_test(a_value_goes_back_though_the_node_was_away),
		cmocka_unit_test(a_claim_reverts_to_what_does_not_go_back_by_itself),
		cmocka_unit_test(a_profile_brings_all_its_values_at_once),
		cmocka_unit_test(a_profile_does_not_leave_the_bounds),
		cmocka_unit_test(the_last_refused_attempt_is_kept),
		cmocka_unit_test(the_last_refused_attempt_outlives_the_node),
		cmocka_unit_test(a_plugin_says_that_a_knob_is_read_only),
		cmocka_unit_test(a_knob_has_its_own_time_to_be_read_in),
		cmocka_unit_test(an_explanation_tells_what_a_lost_lease_brings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
