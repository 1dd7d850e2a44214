/* The services Plugin and Node. */
#include "daemon/api.h"
#include "daemon/convert.h"
#include "daemon/remote.h"

#include <unistd.h>

struct plugin_list {
	struct scratch scratch;
	Fast__V1__PluginListResponse response;
};

/* Under the node's lock. */
static void keep_plugin(const struct node_plugin *plugin, void *arg)
{
	struct plugin_list *list = arg;
	Fast__V1__PluginListResponse *response = &list->response;
	Fast__V1__PluginInfo *info = convert_plugin(&list->scratch, plugin);

	response->plugins = scratch_grow(&list->scratch, response->plugins, response->n_plugins);
	if (response->plugins == NULL) {
		response->n_plugins = 0; /* and scratch has failed */
		return;
	}
	response->plugins[response->n_plugins++] = info;
}

static void plugin_list(struct fast_call *call, const Fast__V1__PluginListRequest *request,
			void *arg)
{
	struct api *api = arg;
	struct plugin_list list = {.response = FAST__V1__PLUGIN_LIST_RESPONSE__INIT};
	const struct node_filter filter = {
		.plugin = request->plugin,
		.include_ended = request->include_ended,
	};

	if (!api_check_glob(call, "plugin", request->plugin)) {
		return;
	}
	node_each_plugin(api->node, &filter, keep_plugin, &list);
	api_reply(call, &list.scratch, &list.response.base);
}

static void plugin_attach(struct fast_call *call, void *arg)
{
	struct api *api = arg;

	if (api->remotes == NULL) {
		fast_call_fail(call, FAST_UNIMPLEMENTED, "plugins of other hosts are not served");
		return;
	}
	remotes_take(api->remotes, call);
}

static void node_status_of(struct fast_call *call, const Fast__V1__NodeStatusRequest *request,
			   void *arg)
{
	struct api *api = arg;
	struct self *self = api->self;
	Fast__V1__NodeStatusResponse response = FAST__V1__NODE_STATUS_RESPONSE__INIT;
	char *endpoints[SELF_ENDPOINTS_MAX];
	struct self_reading reading;

	(void)request;
	self_read(self, &reading);
	response.version = (char *)self_version();
	response.boot_id = self->boot_id;
	response.pid = (uint32_t)getpid();
	response.start_time_unix_ns = self->start_unix_ns;
	response.plugins_live = reading.node.plugins_live;
	response.metrics = reading.node.metrics;
	response.params = reading.node.params;
	response.leases = reading.node.leases;
	response.cpu_seconds = reading.cpu_seconds;
	response.rss_bytes = reading.rss_bytes;
	response.tick_ms = reading.node.tick_ms;
	response.state_dir = (char *)self->state_dir;
	response.n_endpoints = atomic_load(&self->endpoint_count);
	for (size_t i = 0; i < response.n_endpoints; i++) {
		endpoints[i] = self->endpoints[i];
	}
	response.endpoints = endpoints;
	response.dropped_items = reading.dropped_items;
	response.store_error = reading.node.store_error;
	response.open_files = reading.open_files;
	response.samplings = reading.node.samplings;
	response.sampling_seconds = reading.node.sampling_seconds;
	response.exemplars_rejected = reading.node.exemplars_rejected;
	response.sampling_seconds_max = reading.node.sampling_seconds_max;
	response.metric_bytes = reading.node.metric_bytes;
	response.store_jobs_waiting = reading.node.store_jobs_waiting;
	response.store_samples_waiting = reading.node.store_samples_waiting;
	response.store_events_waiting = reading.node.store_events_waiting;
	response.store_samples_dropped = reading.node.store_samples_dropped;
	response.store_events_dropped = reading.node.store_events_dropped;
	response.store_commits = reading.node.store_commits;
	response.store_commit_seconds = reading.node.store_commit_seconds;
	response.store_commit_seconds_max = reading.node.store_commit_seconds_max;
	fast_v1_node_status_reply(call, &response);
}

const struct fast_v1_plugin_handlers api_plugin_handlers = {
	.list = plugin_list,
	.attach = plugin_attach,
	.runs = api_plugin_runs,
};

const struct fast_v1_node_handlers api_node_handlers = {
	.status = node_status_of,
	.events = api_node_events,
};
