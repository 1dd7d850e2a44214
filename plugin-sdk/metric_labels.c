/* Labels: a metric's series, one for each combination of values. */
#include <fast/metric.h>

#include "plugin_impl.h"

#include <stdio.h>
#include <string.h>

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

/* Where a series goes for which the plugin has no room: to its metric's own marked one, if there is
 * one, else to that of its kind. The caller holds the lock. NULL: no memory. */
static struct metric_info *overflow_find(const struct metric_info *family)
{
	struct metric_info *own =
		fast_metric_find(family->plugin, family->name, FAST_LABELS_OVERFLOW);
	enum fast_metric_kind kind =
		family->kind != FAST_METRIC_UNDECLARED ? family->kind : family->series_kind;

	return own != NULL ? own : fast_metric_overflow(family->plugin, kind);
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
	if (family->overflows) {
		*out = metric; /* its series are in it, too */
		return FAST_OK;
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
	if (status != FAST_OK && fast_metrics_are_full(plugin)) {
		series = overflow_find(family);
		folded = series != NULL;
		status = folded ? FAST_OK : status;
	}
	pthread_mutex_unlock(&plugin->lock);
	if (status != FAST_OK) {
		return fast_plugin_refuse(plugin, status, "metric \"%s\": no room for a series",
					  family->name);
	}
	if (folded) {
		fast_metric_count_folded(plugin);
	}
	*out = series->handle;
	return FAST_OK;
}
