/* The service Metric. */
#include "daemon/api.h"
#include "daemon/convert.h"

#define WATCH_MS_MIN          10
#define WATCH_MS_MAX          60000
#define HISTORY_LIMIT_DEFAULT 1000
#define MS_PER_S              1000

struct metric_list {
	struct scratch scratch;
	Fast__V1__MetricListResponse response;
};

/* Under the node's lock. */
static void keep_metric(const struct node_metric *metric, void *arg)
{
	struct metric_list *list = arg;
	Fast__V1__MetricListResponse *response = &list->response;
	Fast__V1__MetricEntry *entry = convert_metric(&list->scratch, metric);

	if (entry != NULL) {
		convert_exemplars(&list->scratch, metric, entry);
	}
	response->metrics = scratch_grow(&list->scratch, response->metrics, response->n_metrics);
	if (response->metrics == NULL) {
		response->n_metrics = 0; /* and scratch has failed */
		return;
	}
	response->metrics[response->n_metrics++] = entry;
}

static void metric_list(struct fast_call *call, const Fast__V1__MetricListRequest *request,
			void *arg)
{
	struct api *api = arg;
	struct metric_list list = {.response = FAST__V1__METRIC_LIST_RESPONSE__INIT};
	const struct node_filter filter = {
		.plugin = request->plugin,
		.name = request->metric,
		.include_ended = request->include_ended,
		.window_ms = request->window_ms,
	};

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_glob(call, "metric", request->metric) ||
	    !api_check_range(call, "window_ms", request->window_ms, WATCH_MS_MIN, WATCH_MS_MAX)) {
		return;
	}
	node_each_metric(api->node, &filter, keep_metric, &list);
	api_reply(call, &list.scratch, &list.response.base);
}

static void metric_watch(struct fast_call *call, const Fast__V1__MetricWatchRequest *request,
			 void *arg)
{
	struct api *api = arg;
	const struct node_filter filter = {
		.plugin = request->plugin,
		.name = request->metric,
		.window_ms = request->window_ms,
	};

	if (!api_check_glob(call, "plugin", request->plugin) ||
	    !api_check_glob(call, "metric", request->metric) ||
	    !api_check_range(call, "interval_ms", request->interval_ms, WATCH_MS_MIN,
			     WATCH_MS_MAX) ||
	    !api_check_range(call, "window_ms", request->window_ms, WATCH_MS_MIN, WATCH_MS_MAX)) {
		return;
	}
	if (watch_add_metrics(api->watch, call, &filter, request->interval_ms) != FAST_OK) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED,
			       "there are %d watchers already; try again when one has gone",
			       WATCH_WATCHERS_MAX);
	}
}

struct history {
	struct scratch scratch;
	Fast__V1__MetricHistoryResponse response;
};

static void keep_past(const struct node_metric *metric, void *arg)
{
	struct history *history = arg;
	Fast__V1__MetricHistoryResponse *response = &history->response;
	Fast__V1__Sample *sample = convert_sample(&history->scratch, metric);

	response->samples = scratch_grow(&history->scratch, response->samples, response->n_samples);
	if (response->samples == NULL) {
		response->n_samples = 0; /* and scratch has failed */
		return;
	}
	response->samples[response->n_samples++] = sample;
}

static void metric_history(struct fast_call *call, const Fast__V1__MetricHistoryRequest *request,
			   void *arg)
{
	struct api *api = arg;
	struct history history = {.response = FAST__V1__METRIC_HISTORY_RESPONSE__INIT};
	uint32_t limit = request->limit == 0 ? HISTORY_LIMIT_DEFAULT : request->limit;
	struct node_past past;
	enum fast_status status;

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "metric", request->metric) ||
	    !api_check_range(call, "limit", limit, 1, API_LIST_LIMIT_MAX)) {
		return;
	}
	past = (struct node_past){
		.plugin = request->plugin,
		.metric = request->metric,
		.since_unix_ns = request->since_unix_ns,
		.step_s = request->step_ms / MS_PER_S,
		.limit = limit,
	};
	status = node_history(api->node, &past, keep_past, &history);
	if (status == FAST_OK) {
		api_reply(call, &history.scratch, &history.response.base);
		return;
	}
	scratch_fini(&history.scratch);
	if (status == FAST_NOT_FOUND) {
		api_fail_missing(api, call, "metric", request->plugin, request->metric);
	} else {
		fast_call_fail(call, status, "history cannot be read: %s",
			       fast_status_sentence(status));
	}
}

const struct fast_v1_metric_handlers api_metric_handlers = {
	.list = metric_list,
	.watch = metric_watch,
	.history = metric_history,
};
