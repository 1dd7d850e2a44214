/* Claim, Renew and Release: the call is kept and ends when the node is done. */
#include "daemon/api_change.h"

#include <stdlib.h>

#define TTL_MS_MIN 1000
#define TTL_MS_MAX 60000

/* A change of leases that the node is at. */
struct lease_call {
	struct api *api;
	struct fast_call *call;
	const char *plugin; /* of the request, which lives as long as the call; NULL: none */
	atomic_bool unwanted;
};

/* NULL: the call has ended. */
static struct lease_call *lease_call_new(struct api *api, struct fast_call *call)
{
	struct lease_call *change = calloc(1, sizeof *change);

	if (change == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "there is no memory");
		return NULL;
	}
	change->api = api;
	change->call = call;
	return change;
}

static uint32_t peer_pid(struct fast_call *call)
{
	const struct fast_peer *peer = fast_call_peer(call);

	return peer->has_credentials ? peer->pid : 0;
}

static void claim_done(const struct node_result *result, void *arg)
{
	struct lease_call *change = arg;
	Fast__V1__ParamClaimResponse response = FAST__V1__PARAM_CLAIM_RESPONSE__INIT;

	if (result->status != FAST_OK) {
		api_change_fail(change->api, change->call, change->plugin, result);
	} else {
		response.lease_id = result->lease_id;
		response.revision = result->revision;
		response.lease_epoch = result->lease_epoch;
		response.epoch = change->api->self->boot_id;
		fast_v1_param_claim_reply(change->call, &response);
	}
	free(change);
}

/* A claim may wait for seconds; nobody may want it any more by then. */
static void claim_cancelled(struct fast_call *call, void *arg)
{
	struct lease_call *change = arg;

	(void)call;
	atomic_store(&change->unwanted, true);
	node_claims_look(change->api->node);
}

static bool check_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request)
{
	if (request->n_params > NODE_SET_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "there are %zu params; give at most %d",
			       request->n_params, NODE_SET_MAX);
		return false;
	}
	if (request->ttl_ms < TTL_MS_MIN || request->ttl_ms > TTL_MS_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "ttl_ms is %u; give %d to %d",
			       request->ttl_ms, TTL_MS_MIN, TTL_MS_MAX);
		return false;
	}
	if ((uint32_t)request->on_loss > NODE_ON_LOSS_HOLD_THEN_DEFAULT) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "on_loss is %u; give 1 (revert), 2 (default), 3 (hold) or 4 (hold, "
			       "then default)",
			       (uint32_t)request->on_loss);
		return false;
	}
	return api_check_text(call, "instance", request->instance, NODE_CLIENT_BYTES_MAX);
}

void api_param_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request, void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	char principal[NODE_ACTOR_BYTES_MAX];
	struct lease_call *change;
	struct node_claim claim = {
		.plugin = request->plugin,
		.params = (const char *const *)request->params,
		.count = request->n_params,
		.terms = {.ttl_ms = request->ttl_ms,
			  .on_loss = request->on_loss == FAST__V1__ON_LOSS__ON_LOSS_UNSPECIFIED
					     ? NODE_ON_LOSS_REVERT
					     : (enum node_on_loss)request->on_loss,
			  .hold_ms = request->hold_ms,
			  .priority = request->priority,
			  .notice_ms = request->notice_ms,
			  .outlive_process = request->outlive_process},
		.actor = actor,
		.principal = api_principal(call, principal),
		.client = request->instance,
		.pid = peer_pid(call),
	};

	if (!api_check_name(call, "plugin", request->plugin) || !check_claim(call, request) ||
	    !api_actor(call, request->client, actor)) {
		return;
	}
	change = lease_call_new(api, call);
	if (change == NULL) {
		return;
	}
	change->plugin = request->plugin;
	claim.unwanted = &change->unwanted;
	if (claim.terms.priority > 0) {
		fast_call_on_cancel(call, claim_cancelled, change);
	}
	node_claim(api->node, &claim, claim_done, change);
}

static void renew_done(const struct node_result *result, void *arg)
{
	struct lease_call *change = arg;
	Fast__V1__ParamRenewResponse response = FAST__V1__PARAM_RENEW_RESPONSE__INIT;

	if (result->status != FAST_OK) {
		api_change_fail(change->api, change->call, change->plugin, result);
	} else {
		response.ttl_ms = result->ttl_ms;
		response.preempt_ms = result->preempt_ms;
		response.preempt_by = (char *)result->preempt_by;
		response.epoch = change->api->self->boot_id;
		fast_v1_param_renew_reply(change->call, &response);
	}
	free(change);
}

void api_param_renew(struct fast_call *call, const Fast__V1__ParamRenewRequest *request, void *arg)
{
	struct api *api = arg;
	struct lease_call *change = lease_call_new(api, call);
	char principal[NODE_ACTOR_BYTES_MAX];
	const struct node_lease_key key = {
		.id = request->lease_id,
		.epoch = request->lease_epoch,
		.principal = api_principal(call, principal),
		.pid = peer_pid(call),
	};

	if (change != NULL) {
		node_renew(api->node, &key, renew_done, change);
	}
}

static void release_done(const struct node_result *result, void *arg)
{
	struct lease_call *change = arg;
	Fast__V1__ParamReleaseResponse response = FAST__V1__PARAM_RELEASE_RESPONSE__INIT;

	if (result->status != FAST_OK) {
		api_change_fail(change->api, change->call, change->plugin, result);
	} else {
		fast_v1_param_release_reply(change->call, &response);
	}
	free(change);
}

/* The machine's administrator may end anybody's lease. */
static bool is_root(struct fast_call *call)
{
	const struct fast_peer *peer = fast_call_peer(call);

	return peer->has_credentials && peer->uid == 0;
}

void api_param_release(struct fast_call *call, const Fast__V1__ParamReleaseRequest *request,
		       void *arg)
{
	struct api *api = arg;
	char actor[NODE_ACTOR_BYTES_MAX];
	char principal[NODE_ACTOR_BYTES_MAX];
	struct lease_call *change;
	const struct node_lease_key key = {
		.id = request->lease_id,
		.epoch = request->lease_epoch,
		.principal = is_root(call) ? NULL : api_principal(call, principal),
	};

	if (!api_actor(call, "", actor)) {
		return;
	}
	change = lease_call_new(api, call);
	if (change != NULL) {
		node_release(api->node, &key, request->apply_on_loss, actor, release_done, change);
	}
}
