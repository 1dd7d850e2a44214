/* Labels: a metric's series, one for each combination of values. */
#include <fast/metric.h>

#include "plugin_impl.h"

#include <stdio.h>
#include <string.h>

#define FOLDED_NAME "fast.series_folded"

/* Finds or makes the series with these labels. The caller holds the lock. */
static enum fast_status series_obtain(struct metric_info *family, const char *labels,
				      struct metric_info **out, char *reason)
{
	struct metric_info scratch = {
		.reported = ATOMIC_FLAG_INIT, .family = family, .state_count = family->state_count};
	size_t before = family->plugin->metric_count;
	enum fast_status status;

	memcpy(scratch.name, family->name, sizeof scratch.name);
	memcpy(scratch.unit, family->unit, sizeof scratch.unit);
	memcpy(scratch.help, family->help, sizeof scratch.help);
	memcpy(scratch.states, family->states, sizeof scratch.states);
	(void)snprintf(scratch.labels, sizeof scratch.labels, "%s", labels);
	status = fast_metric_obtain(family->plugin, &scratch, out, reason);
	if (status != FAST_OK || family->plugin->metric_count == before) {
		return status;
	}
	family->series_count++;
	return family->kind != FAST_METRIC_UNDECLARED ? fast_metric_place(*out, family->kind)
						      : FAST_OK;
}

/* Counts that a series was folded; the lock is not held. */
static void folded_count(struct fast_plugin *plugin)
{
	const struct fast_metric_spec spec = {
		.size = sizeof spec,
		.name = FOLDED_NAME,
		.kind = FAST_METRIC_COUNTER,
		.help = "Times that a metric had too many label values to give a series of its "
			"own.",
	};
	struct fast_metric *folded = NULL;

	if (fast_plugin_metric(plugin, &spec, &folded) == FAST_OK) {
		fast_metric_inc(folded);
	}
}

enum fast_status fast_metric_with(struct fast_metric *metric, const struct fast_label *labels,
				  size_t count, struct fast_metric **out)
{
	char text[FAST_LABELS_BYTES_MAX + 1] = "";
	char reason[FAST_REASON_BYTES];
	struct metric_info *series = NULL;
	struct metric_info *family;
	struct fast_plugin *plugin;
	enum fast_status status;
	bool folded;

	if ((int)metric_kind(metric) == FAST_METRIC_KIND_NOWHERE) {
		*out = metric; /* its series count nowhere too */
		return FAST_OK;
	}
	family = metric_info(metric);
	plugin = family->plugin;
	if (!fast_plugin_is_here(plugin)) {
		return FAST_UNAVAILABLE;
	}
	if (family->family != NULL) {
		return fast_plugin_refuse(
			plugin, FAST_INVALID_ARGUMENT,
			"metric \"%s\" has the labels %s already; bind all at once", family->name,
			family->labels);
	}
	status = fast_labels_write(family->name, labels, count, text, reason, sizeof reason);
	if (status != FAST_OK) {
		return fast_plugin_refuse(plugin, status, "%s", reason);
	}
	pthread_mutex_lock(&plugin->lock);
	folded = family->series_count >= FAST_METRIC_SERIES_MAX &&
		 fast_metric_find(plugin, family->name, text) == NULL;
	status = series_obtain(family, folded ? FAST_LABELS_OVERFLOW : text, &series, reason);
	pthread_mutex_unlock(&plugin->lock);
	if (status != FAST_OK) {
		return fast_plugin_refuse(plugin, status, "metric \"%s\": no room for a series",
					  family->name);
	}
	if (folded) {
		folded_count(plugin);
	}
	*out = series->handle;
	return FAST_OK;
}
