#include "cli/top_model.h"

#include "client/value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Copies foreign text into a field of this size, cleaned and cut. */
static void copy_clean(char *field, size_t size, const char *foreign)
{
	struct text text = {0};

	text_add_clean(&text, foreign);
	snprintf(field, size, "%s", text_chars(&text));
	text_fini(&text);
}

static void copy_value(char *field, size_t size, const Fast__V1__ParamValue *value)
{
	struct text text = {0};

	value_add(&text, value);
	snprintf(field, size, "%s", text_chars(&text));
	text_fini(&text);
}

static void model_take_plugins(struct top_model *model, const Fast__V1__PluginListResponse *list)
{
	for (size_t i = 0; i < list->n_plugins; i++) {
		const Fast__V1__PluginInfo *info = list->plugins[i];
		struct top_plugin *plugin = &model->plugins[model->plugin_count];

		if (model->plugin_count == TOP_PLUGINS_MAX) {
			model->left_out += list->n_plugins - i;
			return;
		}
		copy_clean(plugin->name, sizeof plugin->name, info->name);
		plugin->pid = info->pid;
		plugin->attach_unix_ns = info->attach_time_unix_ns;
		plugin->revision = info->revision;
		model->plugin_count++;
	}
}

/* Index of the plugin with this name, or TOP_PLUGINS_MAX. */
static size_t model_plugin(const struct top_model *model, const char *name)
{
	for (size_t i = 0; i < model->plugin_count; i++) {
		if (strcmp(model->plugins[i].name, name) == 0) {
			return i;
		}
	}
	return TOP_PLUGINS_MAX;
}

/* What the row of bars follows. */
static double metric_level(const struct top_metric *metric)
{
	switch (metric->kind) {
	case FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE:
	case FAST__V1__METRIC_KIND__METRIC_KIND_INFO:
	case FAST__V1__METRIC_KIND__METRIC_KIND_STATESET:
		return metric->value;
	case FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER:
	case FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT:
		return metric->rate;
	default:
		return metric->has_window ? metric->p50 : NAN;
	}
}

static void metric_continue(struct top_metric *metric, const struct top_model *model,
			    const struct top_model *old)
{
	const char *plugin = model->plugins[metric->plugin].name;
	const struct top_metric *before = NULL;

	for (size_t i = 0; before == NULL && i < old->metric_count; i++) {
		const struct top_metric *other = &old->metrics[i];

		if (strcmp(other->name, metric->name) == 0 &&
		    strcmp(old->plugins[other->plugin].name, plugin) == 0) {
			before = other;
		}
	}
	for (size_t i = 0; i + 1 < TOP_HISTORY; i++) {
		metric->history[i] = before == NULL ? NAN : before->history[i + 1];
	}
	metric->history[TOP_HISTORY - 1] = metric_level(metric);
}

static void metric_take(struct top_metric *metric, const Fast__V1__MetricEntry *entry)
{
	const Fast__V1__Sample *sample = entry->sample;
	const Fast__V1__WindowSummary *window = sample->window;

	copy_clean(metric->name, sizeof metric->name, sample->metric);
	copy_clean(metric->unit, sizeof metric->unit, entry->spec == NULL ? "" : entry->spec->unit);
	metric->kind = sample->kind;
	metric->count = sample->count;
	metric->value = sample->value;
	metric->rate = sample->rate_window;
	metric->stale = sample->stale;
	if (window == NULL || window->count == 0 ||
	    metric->kind == FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE) { /* its bars tell more */
		return;
	}
	metric->has_window = true;
	metric->mean = window->mean;
	metric->p50 = window->p50;
	metric->p95 = window->p95;
	metric->p99 = window->p99;
	if (metric->kind != FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT && sample->window_ms > 0) {
		metric->rate = (double)window->count * 1e3 / sample->window_ms;
	}
}

static void model_take_metrics(struct top_model *model, const struct top_model *old,
			       const Fast__V1__MetricListResponse *list)
{
	for (size_t i = 0; i < list->n_metrics; i++) {
		const Fast__V1__MetricEntry *entry = list->metrics[i];
		struct top_metric *metric = &model->metrics[model->metric_count];
		size_t plugin;

		if (model->metric_count == TOP_METRICS_MAX) {
			model->left_out += list->n_metrics - i;
			return;
		}
		if (entry->sample == NULL) {
			continue;
		}
		plugin = model_plugin(model, entry->sample->plugin);
		if (plugin == TOP_PLUGINS_MAX) {
			continue; /* it came or went between two answers */
		}
		*metric = (struct top_metric){.plugin = plugin};
		metric_take(metric, entry);
		metric_continue(metric, model, old);
		model->metric_count++;
	}
}

static void model_take_params(struct top_model *model, const Fast__V1__ParamListResponse *list)
{
	for (size_t i = 0; i < list->n_params; i++) {
		const Fast__V1__ParamState *state = list->params[i];
		struct top_knob *knob = &model->knobs[model->knob_count];
		size_t plugin = model_plugin(model, state->plugin);

		if (model->knob_count == TOP_KNOBS_MAX) {
			model->left_out += list->n_params - i;
			return;
		}
		if (plugin == TOP_PLUGINS_MAX || state->spec == NULL) {
			continue;
		}
		*knob = (struct top_knob){.plugin = plugin, .status = state->status};
		copy_clean(knob->name, sizeof knob->name, state->spec->name);
		copy_value(knob->desired, sizeof knob->desired, state->desired);
		copy_value(knob->effective, sizeof knob->effective, state->effective);
		if (state->lease_id != 0) {
			copy_clean(knob->owner, sizeof knob->owner, state->lease_owner);
			knob->lease_ttl_ms = state->lease_ttl_ms;
		}
		model->knob_count++;
	}
}

void top_model_take(struct top_model *model, const struct top_model *old,
		    const Fast__V1__PluginListResponse *plugins,
		    const Fast__V1__MetricListResponse *metrics,
		    const Fast__V1__ParamListResponse *params, int64_t now_unix_ns)
{
	assert(model != old);

	model->trouble[0] = '\0';
	model->now_unix_ns = now_unix_ns;
	model->left_out = 0;
	model->plugin_count = 0;
	model->metric_count = 0;
	model->knob_count = 0;
	memcpy(model->endpoint, old->endpoint, sizeof model->endpoint);
	model_take_plugins(model, plugins);
	model_take_metrics(model, old, metrics);
	model_take_params(model, params);
}
