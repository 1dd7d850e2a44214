/* Bounds and profiles: the call is kept and ends when the node is done. */
#include "daemon/api_change.h"
#include "daemon/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A call that waits for the node, and how it answers. */
struct knob_call {
	struct api *api;
	struct fast_call *call;
	void (*reply)(struct knob_call *change, const struct node_result *result);
	char plugin[API_TEXT_BYTES_MAX + 1]; /* a whole name; "": none, or a glob */
	char name[NODE_PROFILE_BYTES_MAX + 1];
};

/* NULL: the call has ended. */
static struct knob_call *knob_call_new(struct api *api, struct fast_call *call,
				       void (*reply)(struct knob_call *change,
						     const struct node_result *result))
{
	struct knob_call *change = calloc(1, sizeof *change);

	if (change == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "there is no memory");
		return NULL;
	}
	change->api = api;
	change->call = call;
	change->reply = reply;
	return change;
}

static void knob_done(const struct node_result *result, void *arg)
{
	struct knob_call *change = arg;

	if (result->status != FAST_OK) {
		api_change_fail(change->api, change->call,
				change->plugin[0] == '\0' ? NULL : change->plugin, result);
	} else {
		change->reply(change, result);
	}
	free(change);
}

/* ---- bounds ---- */

static void bound_reply(struct knob_call *change, const struct node_result *result)
{
	Fast__V1__ParamBoundResponse response = FAST__V1__PARAM_BOUND_RESPONSE__INIT;

	(void)result;
	fast_v1_param_bound_reply(change->call, &response);
}

/* Fills out[], or ends the call. */
static bool take_choices(struct fast_call *call, const Fast__V1__ParamBound *bound,
			 struct fast_page_value *out)
{
	if (bound->n_choices > FAST_PARAM_CHOICES_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "there are %zu choices; give at most %d", bound->n_choices,
			       FAST_PARAM_CHOICES_MAX);
		return false;
	}
	for (size_t i = 0; i < bound->n_choices; i++) {
		const char *reason = NULL;

		if (convert_value_back(bound->choices[i], &out[i], &reason) != FAST_OK) {
			fast_call_fail(call, FAST_INVALID_ARGUMENT, "choice %zu: %s", i + 1,
				       reason);
			return false;
		}
	}
	return true;
}

void api_param_bound(struct fast_call *call, const Fast__V1__ParamBoundRequest *request, void *arg)
{
	struct api *api = arg;
	const Fast__V1__ParamBound *given = request->bound;
	struct fast_page_value choices[FAST_PARAM_CHOICES_MAX];
	char actor[NODE_ACTOR_BYTES_MAX];
	struct knob_call *change;
	struct node_bound bound = {.choices = choices, .actor = actor};

	if (given == NULL) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "there is no bound; give one");
		return;
	}
	if (!api_check_glob(call, "plugin", given->plugin) ||
	    !api_check_name(call, "param", given->param) || !take_choices(call, given, choices) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	bound.plugin = given->plugin;
	bound.param = given->param;
	bound.has_min = given->least_case == FAST__V1__PARAM_BOUND__LEAST_MIN;
	bound.has_max = given->greatest_case == FAST__V1__PARAM_BOUND__GREATEST_MAX;
	bound.min = bound.has_min ? given->min : 0;
	bound.max = bound.has_max ? given->max : 0;
	bound.choice_count = given->n_choices;
	change = knob_call_new(api, call, bound_reply);
	if (change != NULL) {
		node_bound(api->node, &bound, knob_done, change);
	}
}

static void unbound_reply(struct knob_call *change, const struct node_result *result)
{
	Fast__V1__ParamUnboundResponse response = FAST__V1__PARAM_UNBOUND_RESPONSE__INIT;

	(void)result;
	fast_v1_param_unbound_reply(change->call, &response);
}

void api_param_unbound(struct fast_call *call, const Fast__V1__ParamUnboundRequest *request,
		       void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	struct knob_call *change;

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_name(call, "param", request->param) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = knob_call_new(api, call, unbound_reply);
	if (change != NULL) {
		node_unbound(api->node, request->plugin, request->param, actor, knob_done, change);
	}
}

struct bound_list {
	struct scratch scratch;
	Fast__V1__ParamListBoundsResponse response;
};

/* Under the node's lock. */
static void keep_bound(const struct node_bound *bound, void *arg)
{
	struct bound_list *list = arg;
	Fast__V1__ParamListBoundsResponse *response = &list->response;
	Fast__V1__ParamBound *kept = convert_bound(&list->scratch, bound);

	response->bounds = scratch_grow(&list->scratch, response->bounds, response->n_bounds);
	if (response->bounds == NULL) {
		response->n_bounds = 0; /* and scratch has failed */
		return;
	}
	response->bounds[response->n_bounds++] = kept;
}

void api_param_list_bounds(struct fast_call *call, const Fast__V1__ParamListBoundsRequest *request,
			   void *arg)
{
	struct api *api = arg;
	struct bound_list list = {.response = FAST__V1__PARAM_LIST_BOUNDS_RESPONSE__INIT};

	if (request->plugin[0] != '\0' && !api_check_name(call, "plugin", request->plugin)) {
		return;
	}
	node_each_bound(api->node, request->plugin, keep_bound, &list);
	api_reply(call, &list.scratch, &list.response.base);
}

/* ---- profiles ---- */

struct profile_list {
	const char *name; /* NULL: all */
	struct scratch scratch;
	Fast__V1__ParamListProfilesResponse response;
};

/* Under the node's lock. */
static void keep_profile(const struct node_profile *profile, void *arg)
{
	struct profile_list *list = arg;
	Fast__V1__ParamListProfilesResponse *response = &list->response;
	Fast__V1__ParamProfile *kept;

	if (list->name != NULL && strcmp(list->name, profile->name) != 0) {
		return;
	}
	kept = convert_profile(&list->scratch, profile);
	response->profiles = scratch_grow(&list->scratch, response->profiles, response->n_profiles);
	if (response->profiles == NULL) {
		response->n_profiles = 0; /* and scratch has failed */
		return;
	}
	response->profiles[response->n_profiles++] = kept;
}

static void save_reply(struct knob_call *change, const struct node_result *result)
{
	struct profile_list list = {.name = change->name,
				    .response = FAST__V1__PARAM_LIST_PROFILES_RESPONSE__INIT};
	Fast__V1__ParamSaveProfileResponse response = FAST__V1__PARAM_SAVE_PROFILE_RESPONSE__INIT;

	(void)result;
	node_each_profile(change->api->node, change->plugin, keep_profile, &list);
	if (list.scratch.failed) { /* it is saved all the same */
		list.scratch.failed = false;
	} else if (list.response.n_profiles > 0) {
		response.profile = list.response.profiles[0];
	}
	api_reply(change->call, &list.scratch, &response.base);
}

void api_param_save_profile(struct fast_call *call,
			    const Fast__V1__ParamSaveProfileRequest *request, void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	struct knob_call *change;
	const struct node_profile_save save = {
		.plugin = request->plugin,
		.name = request->name,
		.params = (const char *const *)request->params,
		.count = request->n_params,
		.actor = actor,
	};

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "name", request->name) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = knob_call_new(api, call, save_reply);
	if (change != NULL) {
		(void)snprintf(change->plugin, sizeof change->plugin, "%s", request->plugin);
		(void)snprintf(change->name, sizeof change->name, "%s", request->name);
		node_profile_save(api->node, &save, knob_done, change);
	}
}

static void apply_reply(struct knob_call *change, const struct node_result *result)
{
	Fast__V1__ParamApplyProfileResponse response = FAST__V1__PARAM_APPLY_PROFILE_RESPONSE__INIT;

	response.revision = result->revision;
	response.epoch = change->api->self->boot_id;
	fast_v1_param_apply_profile_reply(change->call, &response);
}

void api_param_apply_profile(struct fast_call *call,
			     const Fast__V1__ParamApplyProfileRequest *request, void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	char principal[NODE_ACTOR_BYTES_MAX];
	struct knob_call *change;
	const struct node_set set = {
		.plugin = request->plugin,
		.lease_id = request->lease_id,
		.lease_epoch = request->lease_epoch,
		.value_ttl_ms = request->value_ttl_ms,
		.dry_run = request->dry_run,
		.actor = actor,
		.principal = api_principal(call, principal),
	};

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "name", request->name) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = knob_call_new(api, call, apply_reply);
	if (change != NULL) {
		(void)snprintf(change->plugin, sizeof change->plugin, "%s", request->plugin);
		node_profile_apply(api->node, request->name, &set, knob_done, change);
	}
}

void api_param_list_profiles(struct fast_call *call,
			     const Fast__V1__ParamListProfilesRequest *request, void *arg)
{
	struct api *api = arg;
	struct profile_list list = {.response = FAST__V1__PARAM_LIST_PROFILES_RESPONSE__INIT};

	if (request->plugin[0] != '\0' && !api_check_name(call, "plugin", request->plugin)) {
		return;
	}
	node_each_profile(api->node, request->plugin, keep_profile, &list);
	api_reply(call, &list.scratch, &list.response.base);
}

static void delete_reply(struct knob_call *change, const struct node_result *result)
{
	Fast__V1__ParamDeleteProfileResponse response =
		FAST__V1__PARAM_DELETE_PROFILE_RESPONSE__INIT;

	(void)result;
	fast_v1_param_delete_profile_reply(change->call, &response);
}

void api_param_delete_profile(struct fast_call *call,
			      const Fast__V1__ParamDeleteProfileRequest *request, void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	struct knob_call *change;

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "name", request->name) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = knob_call_new(api, call, delete_reply);
	if (change != NULL) {
		node_profile_delete(api->node, request->plugin, request->name, actor, knob_done,
				    change);
	}
}
