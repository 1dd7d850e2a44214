/* Set: the call is kept and ends when the node is done. */
#include "daemon/api_change.h"
#include "daemon/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A change that the node is at. */
struct change {
	struct api *api;
	struct fast_call *call;
	const Fast__V1__ParamSetRequest *request; /* of a Set; lives as long as the call */
	struct node_assignment assignments[];
};

/* Gives a change of this many assignments, or ends the call. */
static struct change *change_new(struct api *api, struct fast_call *call, size_t count)
{
	struct change *change = calloc(1, sizeof *change + count * sizeof change->assignments[0]);

	if (change == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "there is no memory");
		return NULL;
	}
	change->api = api;
	change->call = call;
	return change;
}

static void note_found(const struct node_plugin *plugin, void *arg)
{
	(void)plugin;
	*(bool *)arg = true;
}

/* Whether the plugin, or a param of it, is what was not found. */
static bool is_missing(struct api *api, const char *plugin, const struct node_result *result)
{
	const struct node_filter filter = {.plugin = plugin, .include_ended = true};
	bool found = false;

	if (plugin == NULL || result->status != FAST_NOT_FOUND) {
		return false;
	}
	node_each_plugin(api->node, &filter, note_found, &found);
	return !found || result->refused_param[0] != '\0';
}

void api_change_fail(struct api *api, struct fast_call *call, const char *plugin,
		     const struct node_result *result)
{
	struct scratch scratch = {0};
	Fast__V1__ParamRefusal refusal = FAST__V1__PARAM_REFUSAL__INIT;

	if (result->refused_param[0] != '\0') {
		refusal.param = (char *)result->refused_param;
		if (result->has_nearest) {
			refusal.nearest = convert_value(&scratch, &result->nearest);
		}
		fast_call_add_detail(call, &refusal.base);
	}
	if (is_missing(api, plugin, result)) {
		api_fail_missing(api, call, "param", plugin, result->refused_param);
	} else {
		fast_call_fail(call, result->status, "%s",
			       result->text[0] == '\0' ? fast_status_sentence(result->status)
						       : result->text);
	}
	scratch_fini(&scratch);
}

/* The states of the knobs that were turned. */
struct turned {
	const Fast__V1__ParamSetRequest *request;
	struct scratch scratch;
	Fast__V1__ParamSetResponse response;
};

/* Under the node's lock. */
static void keep_turned(const struct node_param *param, void *arg)
{
	struct turned *turned = arg;
	Fast__V1__ParamSetResponse *response = &turned->response;
	bool wanted = false;
	Fast__V1__ParamState *state;

	for (size_t i = 0; i < turned->request->n_assignments && !wanted; i++) {
		wanted = strcmp(turned->request->assignments[i]->param, param->name) == 0;
	}
	if (!wanted) {
		return;
	}
	state = convert_param(&turned->scratch, param);
	response->params = scratch_grow(&turned->scratch, response->params, response->n_params);
	if (response->params == NULL) {
		response->n_params = 0; /* and scratch has failed */
		return;
	}
	response->params[response->n_params++] = state;
}

static void set_done(const struct node_result *result, void *arg)
{
	struct change *change = arg;
	struct turned turned = {
		.request = change->request,
		.response = FAST__V1__PARAM_SET_RESPONSE__INIT,
	};
	const struct node_filter filter = {.plugin = change->request->plugin};

	if (result->status != FAST_OK) {
		api_change_fail(change->api, change->call, change->request->plugin, result);
		free(change);
		return;
	}
	turned.response.revision = result->revision;
	turned.response.epoch = change->api->self->boot_id;
	node_each_param(change->api->node, &filter, keep_turned, &turned);
	if (turned.scratch.failed) {
		/* The change is made, so the caller hears of it, if not of the states. */
		turned.response.n_params = 0;
		turned.scratch.failed = false;
	}
	api_reply(change->call, &turned.scratch, &turned.response.base);
	free(change);
}

static bool check_assignments(struct fast_call *call, const Fast__V1__ParamSetRequest *request)
{
	if (request->n_assignments == 0 || request->n_assignments > NODE_SET_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "there are %zu assignments; give 1 to %d", request->n_assignments,
			       NODE_SET_MAX);
		return false;
	}
	for (size_t i = 0; i < request->n_assignments; i++) {
		const char *param = request->assignments[i]->param;

		for (size_t j = 0; j < i; j++) {
			if (strcmp(param, request->assignments[j]->param) == 0) {
				fast_call_fail(call, FAST_INVALID_ARGUMENT,
					       "'%s' is assigned twice; keep one", param);
				return false;
			}
		}
	}
	return true;
}

/* Fills out[], or ends the call. */
static bool take_assignments(struct api *api, struct fast_call *call,
			     const Fast__V1__ParamSetRequest *request, struct node_assignment *out)
{
	for (size_t i = 0; i < request->n_assignments; i++) {
		const Fast__V1__ParamAssignment *assignment = request->assignments[i];
		const char *reason = NULL;

		if (strlen(assignment->param) > FAST_PARAM_NAME_BYTES_MAX) {
			api_fail_missing(api, call, "param", request->plugin, assignment->param);
			return false;
		}
		snprintf(out[i].param, sizeof out[i].param, "%s", assignment->param);
		if (convert_value_back(assignment->value, &out[i].value, &reason) != FAST_OK) {
			fast_call_fail(call, FAST_INVALID_ARGUMENT,
				       "'%s' cannot be set: %s; give a bool, a finite number or "
				       "a string of at most %d bytes",
				       assignment->param, reason, FAST_PARAM_STRING_BYTES_MAX);
			return false;
		}
	}
	return true;
}

void api_param_set(struct fast_call *call, const Fast__V1__ParamSetRequest *request, void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	char principal[NODE_ACTOR_BYTES_MAX];
	struct change *change;
	struct node_set set = {
		.plugin = request->plugin,
		.count = request->n_assignments,
		.lease_id = request->lease_id,
		.lease_epoch = request->lease_epoch,
		.value_ttl_ms = request->value_ttl_ms,
		.principal = api_principal(call, principal),
		.has_if_revision = request->precondition_case ==
				   FAST__V1__PARAM_SET_REQUEST__PRECONDITION_IF_REVISION,
		.if_revision = request->if_revision,
		.dry_run = request->dry_run,
		.actor = actor,
	};

	if (!api_check_name(call, "plugin", request->plugin) || !check_assignments(call, request) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = change_new(api, call, request->n_assignments);
	if (change == NULL) {
		return;
	}
	if (!take_assignments(api, call, request, change->assignments)) {
		free(change);
		return;
	}
	change->request = request;
	set.assignments = change->assignments;
	node_set(api->node, &set, set_done, change);
}
