/* What each method needs, and that a server's calls are held to it. */
#include "daemon/guard.h"
#include "tests/support/harness.h"

#include <fast/client.h>
#include <fast/v1/health.fast.h>
#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <stdlib.h>
#include <string.h>

/* A server on loopback, whose callers have what the map gives tcp. */
struct world {
	struct roles roles;
	struct fast_server *server;
	struct fast_client *client;
	size_t handled;
};

static void handle_set(struct fast_call *call, const Fast__V1__ParamSetRequest *request, void *arg)
{
	struct world *world = arg;
	const Fast__V1__ParamSetResponse response = FAST__V1__PARAM_SET_RESPONSE__INIT;

	(void)request;
	world->handled++;
	fast_v1_param_set_reply(call, &response);
}

static void handle_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request,
			 void *arg)
{
	struct world *world = arg;
	const Fast__V1__ParamClaimResponse response = FAST__V1__PARAM_CLAIM_RESPONSE__INIT;

	(void)request;
	world->handled++;
	fast_v1_param_claim_reply(call, &response);
}

static void handle_bound(struct fast_call *call, const Fast__V1__ParamBoundRequest *request,
			 void *arg)
{
	struct world *world = arg;
	const Fast__V1__ParamBoundResponse response = FAST__V1__PARAM_BOUND_RESPONSE__INIT;

	(void)request;
	world->handled++;
	fast_v1_param_bound_reply(call, &response);
}

static const struct fast_v1_param_handlers handlers = {
	.set = handle_set,
	.claim = handle_claim,
	.bound = handle_bound,
};

static void serve(struct world *world, const char *const *grants, size_t count)
{
	char error[ROLE_ERROR_BYTES_MAX];

	for (size_t i = 0; i < count; i++) {
		assert_ok(role_parse(grants[i], &world->roles.grants[i], error));
	}
	world->roles.count = count;
	assert_ok(fast_server_open(NULL, &world->server));
	assert_ok(fast_server_add(world->server, &fast_v1_param_service, &handlers, world, 0));
	assert_ok(guard_add(world->server, &world->roles));
	assert_ok(fast_server_listen(world->server, "tcp://127.0.0.1:0", 0));
	assert_ok(fast_client_open(fast_server_endpoint(world->server, 0), NULL, &world->client));
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	fast_client_close(world->client);
	fast_server_close(world->server);
	free(world);
	return 0;
}

/* Sets two params of the plugin. */
static enum fast_status set_two(struct world *world, const char *plugin, const char *first,
				const char *second, struct fast_reply *reply)
{
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	Fast__V1__ParamAssignment a = FAST__V1__PARAM_ASSIGNMENT__INIT, b = a;
	Fast__V1__ParamAssignment *both[] = {&a, &b};

	a.param = (char *)first;
	b.param = (char *)second;
	request.plugin = (char *)plugin;
	request.n_assignments = 2;
	request.assignments = both;
	return fast_v1_param_set(world->client, NULL, &request, reply);
}

static void each_method_has_its_rule(void **state)
{
	const struct fast_service *services[] = {
		&fast_v1_metric_service,
		&fast_v1_param_service,
		&fast_v1_plugin_service,
		&fast_v1_node_service,
	};

	(void)state;
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		for (size_t k = 0; k < services[i]->method_count; k++) {
			const struct fast_method *method = &services[i]->methods[k];
			const struct guard_rule *rule = guard_rule_of(method->path);
			const ProtobufCMessageDescriptor *request = method->request;

			if (rule == NULL) {
				fail_msg("%s has no rule", method->path);
			}
			assert_int_not_equal(ROLE_NONE, rule->least);
			if (rule->inside != NULL) {
				request = protobuf_c_message_descriptor_get_field_by_name(
						  request, rule->inside)
						  ->descriptor;
			}
			/* Whatever names a plugin is held to the globs. */
			assert_true((rule->plugin == NULL) ==
				    (protobuf_c_message_descriptor_get_field_by_name(
					     request, "plugin") == NULL));
			if (rule->params != NULL && strcmp(rule->params, "*") != 0) {
				assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
					request, rule->params));
			}
		}
	}
	assert_null(guard_rule_of("fast.v1.Param/Nothing"));
}

static void each_server_method_has_its_rule(void **state)
{
	static const char *const methods[] = {
		"fast.v1.Admin/Calls",          "fast.v1.Admin/Connections",
		"fast.v1.Admin/Stats",          "fast.v1.Health/Check",
		"fast.v1.Health/List",          "fast.v1.Health/Watch",
		"fast.v1.Reflection/GetSchema", "fast.v1.Reflection/ListServices",
	};

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		assert_non_null(guard_rule_of(methods[i]));
	}
}

static void a_set_is_held_to_the_globs(void **state)
{
	static const char *const grants[] = {"tcp=controller:cam*/res*"};
	struct world *world = *state;
	struct fast_reply reply = {0};

	serve(world, grants, 1);
	assert_ok(set_two(world, "camera", "res.x", "res.y", &reply));
	fast_reply_fini(&reply);
	assert_status(FAST_PERMISSION_DENIED, set_two(world, "camera", "res.x", "mode", &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	assert_non_null(strstr(reply.text, "tcp is controller for plugins 'cam*'"));
	fast_reply_fini(&reply);
	assert_status(FAST_PERMISSION_DENIED, set_two(world, "mic", "res.x", "res.y", &reply));
	fast_reply_fini(&reply);
	assert_int_equal(1, world->handled);
}

static void a_claim_of_all_knobs_needs_them_all(void **state)
{
	static const char *const grants[] = {"tcp=controller:*/res"};
	struct world *world = *state;
	Fast__V1__ParamClaimRequest request = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	char *params[] = {(char *)(uintptr_t) "res"};
	struct fast_reply reply = {0};

	serve(world, grants, 1);
	request.plugin = (char *)(uintptr_t) "cam";
	assert_status(FAST_PERMISSION_DENIED,
		      fast_v1_param_claim(world->client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	request.n_params = 1;
	request.params = params;
	assert_ok(fast_v1_param_claim(world->client, NULL, &request, &reply));
	fast_reply_fini(&reply);
}

static void a_bound_is_an_admins_within_its_globs(void **state)
{
	static const char *const grants[] = {"tcp=admin:cam*", "tcp=controller"};
	struct world *world = *state;
	Fast__V1__ParamBoundRequest request = FAST__V1__PARAM_BOUND_REQUEST__INIT;
	Fast__V1__ParamBound bound = FAST__V1__PARAM_BOUND__INIT;
	struct fast_reply reply = {0};

	serve(world, grants, 2);
	assert_status(FAST_PERMISSION_DENIED, /* says nothing, so everything */
		      fast_v1_param_bound(world->client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	request.bound = &bound;
	bound.param = (char *)(uintptr_t) "res";
	bound.plugin = (char *)(uintptr_t) "*";
	assert_status(FAST_PERMISSION_DENIED,
		      fast_v1_param_bound(world->client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	bound.plugin = (char *)(uintptr_t) "camera";
	assert_ok(fast_v1_param_bound(world->client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	assert_int_equal(1, world->handled);
}

static void a_refusal_names_the_role_for_programs_too(void **state)
{
	struct world *world = *state;
	struct fast_reply reply = {0};
	const Fast__V1__RoleNeeded *detail;
	const Fast__V1__HealthCheckRequest health = FAST__V1__HEALTH_CHECK_REQUEST__INIT;
	ProtobufCMessage *message;

	serve(world, NULL, 0);
	assert_status(FAST_PERMISSION_DENIED, set_two(world, "cam", "a", "b", &reply));
	assert_int_equal(1, reply.detail_count);
	message = protobuf_c_message_unpack(&fast__v1__role_needed__descriptor, NULL,
					    reply.details[0].value_bytes, reply.details[0].value);
	assert_non_null(message);
	detail = (const Fast__V1__RoleNeeded *)message;
	assert_string_equal("controller", detail->role);
	protobuf_c_message_free_unpacked(message, NULL);
	fast_reply_fini(&reply);
	assert_ok(fast_v1_health_check(world->client, NULL, &health, &reply));
	fast_reply_fini(&reply);
	assert_int_equal(0, world->handled);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_has_its_rule),
		cmocka_unit_test(each_server_method_has_its_rule),
		TEST(a_set_is_held_to_the_globs),
		TEST(a_claim_of_all_knobs_needs_them_all),
		TEST(a_bound_is_an_admins_within_its_globs),
		TEST(a_refusal_names_the_role_for_programs_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
