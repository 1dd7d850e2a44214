#include "apply.h"
#include "node_impl.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS   INT64_C(1000000)
#define STALE_TICKS 3

static bool is_matched(const char *glob, const char *name)
{
	return glob == NULL || glob[0] == '\0' || fnmatch(glob, name, 0) == 0;
}

/* A glob is for the name with its labels, or without: then it is for all of them. */
static bool is_metric_matched(const char *glob, const struct metric *metric)
{
	char base[FAST_METRIC_NAME_BYTES_MAX + 1];

	if (is_matched(glob, metric->name)) {
		return true;
	}
	if (metric->labels == NULL) {
		return false;
	}
	(void)snprintf(base, sizeof base, "%.*s", (int)metric->base_bytes, metric->name);
	return is_matched(glob, base);
}

/* Visits plugins one by one, each under the lock: a thousand of them keep nobody else waiting. */
static void each_plugin(struct node *node, const struct node_filter *filter,
			void (*fn)(struct node *node, const struct plugin *plugin, void *arg),
			void *arg)
{
	char instance[NODE_INSTANCE_BYTES_MAX + 1] = "";

	for (;;) {
		node_lock(node);
		const struct plugin *plugin = registry_next(&node->registry, instance);
		if (plugin != NULL) {
			(void)snprintf(instance, sizeof instance, "%s", plugin->instance);
			if ((plugin->live || filter->include_ended) &&
			    is_matched(filter->plugin, instance)) {
				fn(node, plugin, arg);
			}
		}
		node_unlock(node);
		if (plugin == NULL) {
			return;
		}
	}
}

/* What a caller of node.h visits with. */
struct visit {
	const struct node_filter *filter;
	node_plugin_fn *plugin_fn;
	node_metric_fn *metric_fn;
	node_param_fn *param_fn;
	void *arg;
};

static void visit_plugin(struct node *node, const struct plugin *plugin, void *arg)
{
	const struct visit *visit = arg;
	struct node_plugin described = {
		.live = plugin->live,
		.pid = plugin->pid,
		.uid = plugin->uid,
		.attach_unix_ns = plugin->attach_unix_ns,
		.end_unix_ns = plugin->end_unix_ns,
		.metric_count = (uint32_t)plugin->metric_count,
		.param_count = (uint32_t)plugin->param_count,
		.revision = plugin->record == NULL ? 0 : plugin->record->revision,
		.effective_revision = plugin->effective_revision,
		.series_rejected = plugin->series_rejected,
		.sampling_seconds = (double)plugin->sampling_ns / 1e9,
		.metric_bytes = plugin->series_budget.bytes + plugin->sketch_budget.bytes,
	};

	(void)node;
	(void)snprintf(described.name, sizeof described.name, "%s", plugin->instance);
	(void)snprintf(described.version, sizeof described.version, "%s", plugin->version);
	(void)snprintf(described.host, sizeof described.host, "%s", plugin->host);
	(void)snprintf(described.parent, sizeof described.parent, "%s", plugin->parent);
	visit->plugin_fn(&described, visit->arg);
}

void node_each_plugin(struct node *node, const struct node_filter *filter, node_plugin_fn *fn,
		      void *arg)
{
	struct visit visit = {.filter = filter, .plugin_fn = fn, .arg = arg};

	each_plugin(node, filter, visit_plugin, &visit);
}

static void metric_describe(const struct plugin *plugin, const struct metric *metric,
			    struct node_metric *out)
{
	*out = (struct node_metric){
		.plugin = plugin->instance,
		.name = metric->name,
		.base_bytes = metric->labels == NULL ? 0 : metric->base_bytes,
		.labels = metric->labels,
		.states = metric->states,
		.unit = metric->unit,
		.help = metric->help,
		.kind = metric->series.kind,
		.live = plugin->live,
		.created_unix_ns = metric->series.created_unix_ns,
	};
}

static void summary_describe(const struct window_summary *summary, struct node_metric *out)
{
	out->rate_instant = summary->rate_instant;
	out->rate_window = summary->rate_window;
	out->rate_global = summary->rate_global;
	out->window_ms = summary->window_ms;
	out->window = summary->window;
	out->revision_first = summary->revision_first;
	out->revision_last = summary->revision_last;
}

static void sample_describe(const struct sample *sample, struct node_metric *out)
{
	out->sampled = true;
	out->time_unix_ns = sample->time_unix_ns;
	out->count = sample->count;
	out->value = sample->value;
	out->sum = sample->sum;
}

/* Whether it has rates. */
static bool series_counts(const struct series *series)
{
	return series->kind == FAST_METRIC_COUNTER || series->kind == FAST_METRIC_HEARTBEAT;
}

static void visit_metric(struct node *node, const struct plugin *plugin,
			 const struct metric *metric, const struct visit *visit)
{
	const struct node_filter *filter = visit->filter;
	const struct sample *newest = series_newest(&metric->series);
	uint32_t window_ms = filter->window_ms != 0 ? filter->window_ms : WINDOW_DEFAULT_MS;
	struct window_summary summary;
	struct node_metric described;

	metric_describe(plugin, metric, &described);
	if (metric->exemplars != NULL) {
		described.exemplars = node->exemplar_scratch;
		described.exemplar_count =
			exemplars_list(metric->exemplars, node->exemplar_scratch);
	}
	if (newest != NULL) {
		int64_t age_ns = node_now_ns() - newest->time_ns;

		sample_describe(newest, &described);
		if (!filter->without_window || series_counts(&metric->series)) {
			series_summarize(&metric->series, window_ms, &summary);
			summary_describe(&summary, &described);
		}
		described.age_ms = age_ns / NS_PER_MS;
		described.stale =
			plugin->live && age_ns > STALE_TICKS * (int64_t)node->tick_ms * NS_PER_MS;
		if (filter->with_distribution && newest->sketch != NULL) {
			sketch_expand(newest->sketch, &node->scratch);
			described.distribution = &node->scratch;
		}
	}
	visit->metric_fn(&described, visit->arg);
}

static void visit_metrics(struct node *node, const struct plugin *plugin, void *arg)
{
	const struct visit *visit = arg;

	for (size_t i = 0; i < plugin->metric_count; i++) {
		if (is_metric_matched(visit->filter->name, &plugin->metrics[i])) {
			visit_metric(node, plugin, &plugin->metrics[i], visit);
		}
	}
}

void node_each_metric(struct node *node, const struct node_filter *filter, node_metric_fn *fn,
		      void *arg)
{
	struct visit visit = {.filter = filter, .metric_fn = fn, .arg = arg};

	each_plugin(node, filter, visit_metrics, &visit);
}

static void visit_params(struct node *node, const struct plugin *plugin, void *arg)
{
	const struct visit *visit = arg;
	int64_t now_ns = node_now_ns();
	struct node_param described;

	for (size_t i = 0; i < plugin->param_count; i++) {
		if (is_matched(visit->filter->name, plugin->params[i].name)) {
			param_describe(node, plugin, &plugin->params[i], now_ns, &described);
			visit->param_fn(&described, visit->arg);
		}
	}
}

void node_each_param(struct node *node, const struct node_filter *filter, node_param_fn *fn,
		     void *arg)
{
	struct visit visit = {.filter = filter, .param_fn = fn, .arg = arg};

	each_plugin(node, filter, visit_params, &visit);
}

enum fast_status node_each_run(struct node *node, const char *plugin_glob, uint32_t limit,
			       node_run_fn *fn, void *arg)
{
	return store_each_run(node->store, plugin_glob, limit, fn, arg);
}

enum fast_status node_each_event(struct node *node, const char *plugin_glob, uint64_t after,
				 uint32_t limit, node_event_fn *fn, void *arg)
{
	return store_each_event(node->store, plugin_glob, after, limit, fn, arg);
}

enum fast_status node_each_audit(struct node *node, const char *plugin_glob, uint64_t after,
				 uint32_t limit, node_audit_fn *fn, void *arg)
{
	return store_each_audit(node->store, plugin_glob, after, limit, fn, arg);
}
