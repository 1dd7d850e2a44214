/* What has happened: Plugin.Runs and Node.Events. */
#include "daemon/api.h"

#define LIMIT_DEFAULT 100

struct runs {
	struct scratch scratch;
	Fast__V1__PluginRunsResponse response;
};

static void keep_run(const struct node_run *run, void *arg)
{
	struct runs *runs = arg;
	Fast__V1__PluginRunsResponse *response = &runs->response;
	Fast__V1__PluginRun *out = scratch_alloc(&runs->scratch, sizeof *out);

	response->runs = scratch_grow(&runs->scratch, response->runs, response->n_runs);
	if (response->runs == NULL || out == NULL) {
		response->n_runs = 0; /* and scratch has failed */
		return;
	}
	fast__v1__plugin_run__init(out);
	out->plugin = scratch_text(&runs->scratch, run->instance);
	out->name = scratch_text(&runs->scratch, run->name);
	out->version = scratch_text(&runs->scratch, run->version);
	out->parent = scratch_text(&runs->scratch, run->parent);
	out->pid = run->pid;
	out->uid = run->uid;
	out->start_time_unix_ns = run->start_unix_ns;
	out->end_time_unix_ns = run->end_unix_ns;
	out->reason = scratch_text(&runs->scratch, run->reason);
	response->runs[response->n_runs++] = out;
}

void api_plugin_runs(struct fast_call *call, const Fast__V1__PluginRunsRequest *request, void *arg)
{
	struct api *api = arg;
	struct runs runs = {.response = FAST__V1__PLUGIN_RUNS_RESPONSE__INIT};
	uint32_t limit = request->limit == 0 ? LIMIT_DEFAULT : request->limit;
	enum fast_status status;

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_range(call, "limit", limit, 1, API_LIST_LIMIT_MAX)) {
		return;
	}
	status = node_each_run(api->node, request->plugin, limit, keep_run, &runs);
	if (status == FAST_OK) {
		api_reply(call, &runs.scratch, &runs.response.base);
		return;
	}
	scratch_fini(&runs.scratch);
	fast_call_fail(call, status, "runs cannot be read: %s", fast_status_sentence(status));
}

struct events {
	struct scratch scratch;
	Fast__V1__NodeEventsResponse response;
};

static void keep_event(const struct node_event *event, void *arg)
{
	struct events *events = arg;
	Fast__V1__NodeEventsResponse *response = &events->response;
	Fast__V1__NodeEvent *out = scratch_alloc(&events->scratch, sizeof *out);

	response->events = scratch_grow(&events->scratch, response->events, response->n_events);
	if (response->events == NULL || out == NULL) {
		response->n_events = 0; /* and scratch has failed */
		return;
	}
	fast__v1__node_event__init(out);
	out->sequence = event->sequence;
	out->time_unix_ns = event->time_unix_ns;
	out->event = scratch_text(&events->scratch, event->event);
	out->plugin = scratch_text(&events->scratch, event->plugin);
	out->text = scratch_text(&events->scratch, event->text);
	response->events[response->n_events++] = out;
}

void api_node_events(struct fast_call *call, const Fast__V1__NodeEventsRequest *request, void *arg)
{
	struct api *api = arg;
	struct events events = {.response = FAST__V1__NODE_EVENTS_RESPONSE__INIT};
	uint32_t limit = request->limit == 0 ? LIMIT_DEFAULT : request->limit;
	enum fast_status status;

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_range(call, "limit", limit, 1, API_LIST_LIMIT_MAX)) {
		return;
	}
	status = node_each_event(api->node, request->plugin, request->after, limit, keep_event,
				 &events);
	if (status == FAST_OK) {
		api_reply(call, &events.scratch, &events.response.base);
		return;
	}
	scratch_fini(&events.scratch);
	fast_call_fail(call, status, "events cannot be read: %s", fast_status_sentence(status));
}
