/* The service Param: what reads. api_change.c has what changes. */
#include "daemon/api_change.h"
#include "daemon/convert.h"

#include <inttypes.h>

#define AUDIT_LIMIT_DEFAULT 100

struct param_list {
	struct scratch scratch;
	Fast__V1__ParamListResponse response;
};

/* Under the node's lock. */
static void keep_param(const struct node_param *param, void *arg)
{
	struct param_list *list = arg;
	Fast__V1__ParamListResponse *response = &list->response;
	Fast__V1__ParamState *state = convert_param(&list->scratch, param);

	response->params = scratch_grow(&list->scratch, response->params, response->n_params);
	if (response->params == NULL) {
		response->n_params = 0; /* and scratch has failed */
		return;
	}
	response->params[response->n_params++] = state;
}

static void param_list(struct fast_call *call, const Fast__V1__ParamListRequest *request, void *arg)
{
	struct api *api = arg;
	struct param_list list = {.response = FAST__V1__PARAM_LIST_RESPONSE__INIT};
	const struct node_filter filter = {
		.plugin = request->plugin,
		.name = request->param,
		.include_ended = request->include_ended,
	};

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_glob(call, "param", request->param)) {
		return;
	}
	node_each_param(api->node, &filter, keep_param, &list);
	list.response.epoch = api->self->boot_id;
	api_reply(call, &list.scratch, &list.response.base);
}

static void param_get(struct fast_call *call, const Fast__V1__ParamGetRequest *request, void *arg)
{
	struct api *api = arg;
	struct param_list list = {.response = FAST__V1__PARAM_LIST_RESPONSE__INIT};
	Fast__V1__ParamGetResponse response = FAST__V1__PARAM_GET_RESPONSE__INIT;
	struct node_filter filter = {.plugin = request->plugin, .name = request->param};

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "param", request->param)) {
		return;
	}
	node_each_param(api->node, &filter, keep_param, &list);
	if (list.response.n_params == 0 && !list.scratch.failed) {
		filter.include_ended = true; /* a live plugin hides an ended one of its name */
		node_each_param(api->node, &filter, keep_param, &list);
	}
	if (list.response.n_params == 0 && !list.scratch.failed) {
		scratch_fini(&list.scratch);
		api_fail_missing(api, call, "param", request->plugin, request->param);
		return;
	}
	response.param = list.scratch.failed ? NULL : list.response.params[0];
	response.epoch = api->self->boot_id;
	api_reply(call, &list.scratch, &response.base);
}

struct newest {
	bool known;
	uint64_t revision;
};

static void keep_newest(const struct node_plugin *plugin, void *arg)
{
	struct newest *newest = arg;

	newest->known = true;
	newest->revision = plugin->revision;
}

/* What has not been reached yet would be waited for in silence. Of another epoch the number says
 * nothing, nor of a plugin that nobody knows; there the states come. */
static bool check_reached(struct api *api, struct fast_call *call, const struct watch_start *start)
{
	const struct node_filter filter = {.plugin = start->plugin, .include_ended = true};
	struct newest newest = {0};
	uint64_t sequence = watch_sequence(api->watch);

	if (start->epoch != 0 && start->epoch != api->self->boot_id) {
		return true;
	}
	if (start->has_after_sequence && start->after_sequence > sequence) {
		fast_call_fail(call, FAST_OUT_OF_RANGE,
			       "after_sequence is %" PRIu64 "; the newest is %" PRIu64,
			       start->after_sequence, sequence);
		return false;
	}
	if (start->has_from_revision) {
		node_each_plugin(api->node, &filter, keep_newest, &newest);
	}
	if (newest.known && start->from_revision > newest.revision) {
		fast_call_fail(call, FAST_OUT_OF_RANGE,
			       "from_revision is %" PRIu64 "; the newest of '%s' is %" PRIu64,
			       start->from_revision, start->plugin, newest.revision);
		return false;
	}
	return true;
}

static void param_watch(struct fast_call *call, const Fast__V1__ParamWatchRequest *request,
			void *arg)
{
	struct api *api = arg;
	const struct watch_start start = {
		.plugin = request->plugin,
		.has_from_revision =
			request->start_case == FAST__V1__PARAM_WATCH_REQUEST__START_FROM_REVISION,
		.from_revision = request->from_revision,
		.has_after_sequence =
			request->start_case == FAST__V1__PARAM_WATCH_REQUEST__START_AFTER_SEQUENCE,
		.after_sequence = request->after_sequence,
		.epoch = request->epoch,
	};

	/* A revision is one plugin's. */
	if (start.has_from_revision ? !api_check_name(call, "plugin", request->plugin)
				    : !api_check_glob(call, "plugin", request->plugin)) {
		return;
	}
	if (start.has_after_sequence && start.epoch == 0) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "after_sequence has no epoch; give the one that came with it");
		return;
	}
	if (!check_reached(api, call, &start)) {
		return;
	}
	if (watch_add_params(api->watch, call, &start) != FAST_OK) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED,
			       "there are %d watchers already; try again when one has gone",
			       WATCH_WATCHERS_MAX);
	}
}

struct audit_list {
	struct scratch scratch;
	Fast__V1__ParamAuditResponse response;
};

static void keep_entry(const struct node_audit *entry, void *arg)
{
	struct audit_list *list = arg;
	Fast__V1__ParamAuditResponse *response = &list->response;
	Fast__V1__AuditEntry *kept = convert_audit(&list->scratch, entry);

	response->entries = scratch_grow(&list->scratch, response->entries, response->n_entries);
	if (response->entries == NULL) {
		response->n_entries = 0; /* and scratch has failed */
		return;
	}
	response->entries[response->n_entries++] = kept;
}

static void param_audit(struct fast_call *call, const Fast__V1__ParamAuditRequest *request,
			void *arg)
{
	struct api *api = arg;
	struct audit_list list = {.response = FAST__V1__PARAM_AUDIT_RESPONSE__INIT};
	uint32_t limit = request->limit == 0 ? AUDIT_LIMIT_DEFAULT : request->limit;
	enum fast_status status;

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_range(call, "limit", limit, 1, API_LIST_LIMIT_MAX)) {
		return;
	}
	status = node_each_audit(api->node, request->plugin, request->after, limit, keep_entry,
				 &list);
	if (status != FAST_OK) {
		scratch_fini(&list.scratch);
		fast_call_fail(call, status, "the audit log cannot be read: %s",
			       fast_status_sentence(status));
		return;
	}
	api_reply(call, &list.scratch, &list.response.base);
}

const struct fast_v1_param_handlers api_param_handlers = {
	.list = param_list,
	.get = param_get,
	.set = api_param_set,
	.watch = param_watch,
	.claim = api_param_claim,
	.renew = api_param_renew,
	.release = api_param_release,
	.audit = param_audit,
	.bound = api_param_bound,
	.unbound = api_param_unbound,
	.list_bounds = api_param_list_bounds,
	.save_profile = api_param_save_profile,
	.apply_profile = api_param_apply_profile,
	.list_profiles = api_param_list_profiles,
	.delete_profile = api_param_delete_profile,
	.explain = api_param_explain,
};
