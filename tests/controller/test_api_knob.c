/* Bounds, profiles and explanations: what reaches the node, and what comes back. */
#include "tests/controller/api_world.h"
#include "tests/support/harness.h"

#include <string.h>

static void a_bound_reaches_the_node(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamBoundRequest request = FAST__V1__PARAM_BOUND_REQUEST__INIT;
	Fast__V1__ParamBound bound = FAST__V1__PARAM_BOUND__INIT;
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	Fast__V1__ParamValue *choices[] = {&value};

	api_param_handlers.bound(&world->call, &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "there is no bound; give one");
	request.bound = &bound;
	request.client = (char *)"test";
	bound.plugin = (char *)"c*";
	bound.param = (char *)"res";
	bound.greatest_case = FAST__V1__PARAM_BOUND__GREATEST_MAX;
	bound.max = 50;
	bound.choices = choices;
	bound.n_choices = 1;
	api_param_handlers.bound(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "choice 1: it has no value");
	value.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	value.int_value = 3;
	api_param_handlers.bound(api_world_call(world), &request, &world->api);
	assert_status(FAST_OK, world->call.status);
	assert_string_equal("bound c* res min 0 0 max 1 50 choices 1 3 by uid 1000 pid 4711 (test)",
			    world->node.last);
}

static void bounds_are_listed_and_taken_away(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamListBoundsRequest list = FAST__V1__PARAM_LIST_BOUNDS_REQUEST__INIT;
	Fast__V1__ParamUnboundRequest unbound = FAST__V1__PARAM_UNBOUND_REQUEST__INIT;
	const Fast__V1__ParamListBoundsResponse *response;

	api_param_handlers.list_bounds(&world->call, &list, &world->api);
	response = (const Fast__V1__ParamListBoundsResponse *)world->call.reply;
	assert_int_equal(2, response->n_bounds);
	assert_int_equal(FAST__V1__PARAM_BOUND__LEAST_MIN, response->bounds[0]->least_case);
	assert_int_equal(FAST__V1__PARAM_BOUND__GREATEST__NOT_SET,
			 response->bounds[0]->greatest_case);
	assert_int_equal(2, response->bounds[1]->n_choices);
	assert_int_equal(4, response->bounds[1]->choices[1]->int_value);
	unbound.plugin = (char *)"c*";
	unbound.param = (char *)"res";
	api_param_handlers.unbound(api_world_call(world), &unbound, &world->api);
	assert_string_equal("unbound c* res by uid 1000 pid 4711", world->node.last);
}

static void profiles_are_saved_applied_listed_and_deleted(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamSaveProfileRequest save = FAST__V1__PARAM_SAVE_PROFILE_REQUEST__INIT;
	Fast__V1__ParamApplyProfileRequest apply = FAST__V1__PARAM_APPLY_PROFILE_REQUEST__INIT;
	Fast__V1__ParamListProfilesRequest list = FAST__V1__PARAM_LIST_PROFILES_REQUEST__INIT;
	Fast__V1__ParamDeleteProfileRequest delete = FAST__V1__PARAM_DELETE_PROFILE_REQUEST__INIT;
	const Fast__V1__ParamSaveProfileResponse *saved;
	const Fast__V1__ParamApplyProfileResponse *applied;

	save.plugin = apply.plugin = delete.plugin = (char *)"cam";
	save.name = apply.name = delete.name = (char *)"night";
	api_param_handlers.save_profile(&world->call, &save, &world->api);
	assert_string_equal("save cam night count 0 by uid 1000 pid 4711", world->node.last);
	saved = (const Fast__V1__ParamSaveProfileResponse *)world->call.reply;
	assert_string_equal("res", saved->profile->assignments[0]->param);
	assert_int_equal(3, saved->profile->assignments[0]->value->int_value);
	apply.lease_id = 4;
	apply.value_ttl_ms = 500;
	api_param_handlers.apply_profile(api_world_call(world), &apply, &world->api);
	assert_string_equal("apply cam night lease 4 ttl 500 dry 0 by uid 1000 pid 4711",
			    world->node.last);
	applied = (const Fast__V1__ParamApplyProfileResponse *)world->call.reply;
	assert_int_equal(7, applied->revision);
	assert_int_equal(77, applied->epoch);
	api_param_handlers.list_profiles(api_world_call(world), &list, &world->api);
	assert_int_equal(
		1, ((const Fast__V1__ParamListProfilesResponse *)world->call.reply)->n_profiles);
	api_param_handlers.delete_profile(api_world_call(world), &delete, &world->api);
	assert_string_equal("delete cam night by uid 1000 pid 4711", world->node.last);
}

static void assert_said(const struct api_world *world, const char *words)
{
	const Fast__V1__ParamExplainResponse *answer =
		(const Fast__V1__ParamExplainResponse *)world->call.reply;

	for (size_t i = 0; i < answer->n_sentences; i++) {
		if (strstr(answer->sentences[i], words) != NULL) {
			return;
		}
	}
	fail_msg("nothing is said of '%s'", words);
}

static void an_explanation_says_who_and_why_and_what_next(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamExplainRequest request = FAST__V1__PARAM_EXPLAIN_REQUEST__INIT;
	const struct node_attempt refused = {.value = {.type = FAST_PARAM_INT, .u.integer = 400},
					     .actor = "rival",
					     .time_unix_ns = 1,
					     .reason = "too much"};
	struct node_param *res = &world->node.params[0];
	const Fast__V1__ParamExplainResponse *answer;

	res->lease_id = 5;
	res->lease_owner = "holder";
	res->lease_priority = 3;
	res->lease_ttl_ms = 1500;
	res->preempt_ms = 700;
	res->preempt_by = "chief";
	res->value_ttl_ms = 2500;
	res->has_back = true;
	res->back = (struct fast_page_value){.type = FAST_PARAM_INT, .u.integer = 8};
	res->last_refused = &refused;
	world->node.explanation = (struct node_explanation){
		.has_lease = true,
		.principal = "uid 1000",
		.terms = {.on_loss = NODE_ON_LOSS_HOLD_THEN_DEFAULT, .hold_ms = 4000},
		.lost = {.type = FAST_PARAM_INT, .u.integer = 1},
		.tied = true,
		.has_bounds = true,
		.allowed = "2 to 9"};
	request.plugin = (char *)"cam";
	request.param = (char *)"res";
	api_param_handlers.explain(&world->call, &request, &world->api);
	answer = (const Fast__V1__ParamExplainResponse *)world->call.reply;
	assert_int_equal(FAST__V1__ON_LOSS__ON_LOSS_HOLD_THEN_DEFAULT, answer->on_loss);
	assert_int_equal(1, answer->lost_value->int_value);
	assert_int_equal(1, answer->n_bounds);
	assert_int_equal(1, answer->n_entries);
	assert_said(world, "uid 1000 pid 4711 (test) set it to 1 on 2026-11-2");
	assert_said(world, "The plugin has read it: 1 is effective.");
	assert_said(world, "In 2.5 s it goes back to 8, unless it is set anew.");
	assert_said(world, "holder holds it by lease 5");
	assert_said(world,
		    "its holder's process ends, the knob stays for 4.0 s and then goes to 1");
	assert_said(world, "In 0.7 s chief takes it");
	assert_said(world, "that leaves 2 to 9");
	assert_said(world, "rival's, on 1970-01-01 00:00:00 UTC, to set it to 400: too much");
	request.param = (char *)"rse";
	api_param_handlers.explain(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_NOT_FOUND, "plugin 'cam' has no param 'rse'; did you mean res?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_set_up, api_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bound_reaches_the_node),
		TEST(bounds_are_listed_and_taken_away),
		TEST(profiles_are_saved_applied_listed_and_deleted),
		TEST(an_explanation_says_who_and_why_and_what_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
