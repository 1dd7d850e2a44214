/* Set, Claim, Renew and Release, and who does it. */
#include "tests/controller/api_world.h"
#include "tests/support/harness.h"

#include <stdio.h>
#include <string.h>

/* A Set of two knobs. */
struct set {
	Fast__V1__ParamSetRequest request;
	Fast__V1__ParamAssignment assignments[2];
	Fast__V1__ParamValue values[2];
	Fast__V1__ParamAssignment *list[2];
};

static void set_init(struct set *set)
{
	static const char *const names[] = {"skip", "res"};

	fast__v1__param_set_request__init(&set->request);
	for (size_t i = 0; i < 2; i++) {
		fast__v1__param_assignment__init(&set->assignments[i]);
		fast__v1__param_value__init(&set->values[i]);
		set->values[i].kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
		set->values[i].int_value = 4 + (int64_t)i;
		set->assignments[i].param = (char *)names[i];
		set->assignments[i].value = &set->values[i];
		set->list[i] = &set->assignments[i];
	}
	set->request.plugin = (char *)"cam";
	set->request.assignments = set->list;
	set->request.n_assignments = 2;
	set->request.client = (char *)"test";
}

static void a_set_reaches_the_node_and_returns_the_states(void **state)
{
	struct api_world *world = *state;
	const Fast__V1__ParamSetResponse *response;
	struct set set;

	set_init(&set);
	set.request.lease_id = 3;
	set.request.dry_run = true;
	set.request.precondition_case = FAST__V1__PARAM_SET_REQUEST__PRECONDITION_IF_REVISION;
	set.request.if_revision = 16;
	api_param_handlers.set(&world->call, &set.request, &world->api);
	assert_string_equal("set cam skip=4 count 2 lease 3 if 16 dry 1 by "
			    "uid 1000 pid 4711 (test)",
			    world->node.last);
	assert_status(FAST_OK, world->call.status);
	response = (const Fast__V1__ParamSetResponse *)world->call.reply;
	assert_int_equal(7, response->revision);
	assert_int_equal(2, response->n_params);
	assert_string_equal("res", response->params[0]->spec->name);
}

static void a_refusal_carries_the_nearest_value(void **state)
{
	struct api_world *world = *state;
	const Fast__V1__ParamRefusal *refusal;
	struct set set;

	set_init(&set);
	world->node.result.status = FAST_OUT_OF_RANGE;
	snprintf(world->node.result.text, sizeof world->node.result.text, "skip is too large");
	snprintf(world->node.result.refused_param, sizeof world->node.result.refused_param, "skip");
	world->node.result.has_nearest = true;
	world->node.result.nearest.type = FAST_PARAM_INT;
	world->node.result.nearest.u.integer = 100;
	api_param_handlers.set(&world->call, &set.request, &world->api);
	assert_refused(world, FAST_OUT_OF_RANGE, "skip is too large");
	assert_int_equal(1, world->call.detail_count);
	refusal = (const Fast__V1__ParamRefusal *)world->call.details[0];
	assert_true(refusal->base.descriptor == &fast__v1__param_refusal__descriptor);
	assert_string_equal("skip", refusal->param);
	assert_int_equal(100, refusal->nearest->int_value);
}

static void what_is_not_there_is_said_with_what_was_meant(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamClaimRequest claim = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	struct set set;

	set_init(&set);
	set.assignments[0].param = (char *)"skp";
	world->node.result.status = FAST_NOT_FOUND;
	snprintf(world->node.result.refused_param, sizeof world->node.result.refused_param, "skp");
	api_param_handlers.set(&world->call, &set.request, &world->api);
	assert_refused(world, FAST_NOT_FOUND,
		       "plugin 'cam' has no param 'skp'; did you mean skip?");
	assert_int_equal(1, world->call.detail_count);

	world->node.result.refused_param[0] = '\0';
	set.request.plugin = (char *)"cma";
	api_param_handlers.set(api_world_call(world), &set.request, &world->api);
	assert_refused(world, FAST_NOT_FOUND, "there is no plugin 'cma'; did you mean cam?");
	claim.plugin = (char *)"thermometer";
	claim.ttl_ms = 1000;
	api_param_handlers.claim(api_world_call(world), &claim, &world->api);
	assert_refused(world, FAST_NOT_FOUND,
		       "there is no plugin 'thermometer'; there is cam, mic");

	/* Of a plugin that is there, it is something else. */
	claim.plugin = (char *)"cam";
	snprintf(world->node.result.text, sizeof world->node.result.text, "no such thing");
	api_param_handlers.claim(api_world_call(world), &claim, &world->api);
	assert_refused(world, FAST_NOT_FOUND, "no such thing");
}

static void a_set_is_checked_before_the_node_sees_it(void **state)
{
	struct api_world *world = *state;
	struct set set;

	set_init(&set);
	set.request.n_assignments = 0;
	api_param_handlers.set(&world->call, &set.request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "there are 0 assignments; give 1 to 128");

	set_init(&set);
	set.assignments[1].param = (char *)"skip";
	api_param_handlers.set(api_world_call(world), &set.request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "'skip' is assigned twice; keep one");

	set_init(&set);
	set.assignments[1].value = NULL;
	api_param_handlers.set(api_world_call(world), &set.request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT,
		       "'res' cannot be set: it has no value; give a bool, a finite number or a "
		       "string of at most 64 bytes");

	set_init(&set);
	set.request.client = (char *)"a\nb";
	api_param_handlers.set(api_world_call(world), &set.request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT,
		       "client has control characters; give a short plain text");

	set_init(&set);
	set.request.plugin = (char *)"c*";
	api_param_handlers.set(api_world_call(world), &set.request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT,
		       "plugin is 'c*'; globs do not work here, give one whole name");
	assert_string_equal("", world->node.last);
}

static void who_calls_is_what_the_transport_says(void **state)
{
	struct api_world *world = *state;
	char actor[NODE_ACTOR_BYTES_MAX];

	assert_true(api_actor(&world->call, "fastctl set", actor));
	assert_string_equal("uid 1000 pid 4711 (fastctl set)", actor);
	world->call.peer = (struct fast_peer){.endpoint = "tcp"};
	assert_true(api_actor(&world->call, "", actor));
	assert_string_equal("tcp", actor);
	assert_true(api_actor(&world->call, "x", actor));
	assert_string_equal("tcp (x)", actor);
}

static void leases_are_claimed_renewed_and_released(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamClaimRequest claim = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	Fast__V1__ParamRenewRequest renew = FAST__V1__PARAM_RENEW_REQUEST__INIT;
	Fast__V1__ParamReleaseRequest release = FAST__V1__PARAM_RELEASE_REQUEST__INIT;
	char *params[] = {(char *)"skip"};

	claim.plugin = (char *)"cam";
	claim.params = params;
	claim.n_params = 1;
	claim.ttl_ms = 2000;
	api_param_handlers.claim(&world->call, &claim, &world->api);
	assert_string_equal("claim cam skip count 1 ttl 2000 on_loss 1 by uid 1000 pid 4711",
			    world->node.last);
	assert_int_equal(9, ((const Fast__V1__ParamClaimResponse *)world->call.reply)->lease_id);

	renew.lease_id = 9;
	api_param_handlers.renew(api_world_call(world), &renew, &world->api);
	assert_string_equal("renew 9", world->node.last);
	assert_int_equal(2000, ((const Fast__V1__ParamRenewResponse *)world->call.reply)->ttl_ms);

	release.lease_id = 9;
	release.apply_on_loss = true;
	api_param_handlers.release(api_world_call(world), &release, &world->api);
	assert_string_equal("release 9 apply 1 by uid 1000 pid 4711", world->node.last);
	assert_status(FAST_OK, world->call.status);
}

static void a_claim_is_checked(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamClaimRequest claim = FAST__V1__PARAM_CLAIM_REQUEST__INIT;

	claim.plugin = (char *)"cam";
	claim.ttl_ms = 999;
	api_param_handlers.claim(&world->call, &claim, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "ttl_ms is 999; give 1000 to 60000");
	claim.ttl_ms = 1000;
	claim.on_loss = (Fast__V1__OnLoss)5;
	api_param_handlers.claim(api_world_call(world), &claim, &world->api);
	assert_refused(
		world, FAST_INVALID_ARGUMENT,
		"on_loss is 5; give 1 (revert), 2 (default), 3 (hold) or 4 (hold, then default)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_set_up, api_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_reaches_the_node_and_returns_the_states),
		TEST(a_refusal_carries_the_nearest_value),
		TEST(what_is_not_there_is_said_with_what_was_meant),
		TEST(a_set_is_checked_before_the_node_sees_it),
		TEST(who_calls_is_what_the_transport_says),
		TEST(leases_are_claimed_renewed_and_released),
		TEST(a_claim_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
