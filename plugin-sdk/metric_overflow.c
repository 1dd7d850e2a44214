/* What a plugin asks for beyond FAST_PLUGIN_METRICS_MAX: one marked series of each kind takes it.
 */
#include "plugin_impl.h"

#include <fast/log.h>

#include <stdio.h>
#include <string.h>

#define FOLDED_NAME "fast.series_folded"

/* By kind. Facts and states can't be added up; what has no kind yet goes to its kind's when a verb
 * tells which. */
static const char *const names[] = {
	[FAST_METRIC_UNDECLARED] = "fast.overflow",
	[FAST_METRIC_COUNTER] = "fast.overflow_counter",
	[FAST_METRIC_GAUGE] = "fast.overflow_gauge",
	[FAST_METRIC_HISTOGRAM] = "fast.overflow_histogram",
	[FAST_METRIC_TIMER] = "fast.overflow_timer",
	[FAST_METRIC_HEARTBEAT] = "fast.overflow_heartbeat",
};
_Static_assert(sizeof names / sizeof names[0] + 1 <= FAST_METRICS_RESERVED, "a slot for each");

bool fast_metrics_are_full(const struct fast_plugin *plugin)
{
	return plugin->metric_count - plugin->reserved_count >= FAST_PLUGIN_METRICS_MAX;
}

/* Finds or makes one of ours, placed unless it has no kind. The caller holds the lock. NULL: no
 * memory. */
static struct metric_info *reserved_obtain(struct fast_plugin *plugin, struct metric_info *scratch,
					   enum fast_metric_kind kind)
{
	char reason[FAST_REASON_BYTES];
	struct metric_info *metric = NULL;

	scratch->reserved = true;
	if (fast_metric_obtain(plugin, scratch, &metric, reason) != FAST_OK) {
		return NULL;
	}
	if (metric->kind == FAST_METRIC_UNDECLARED && kind != FAST_METRIC_UNDECLARED &&
	    fast_metric_place(metric, kind) != FAST_OK) {
		return NULL;
	}
	return metric;
}

struct metric_info *fast_metric_overflow(struct fast_plugin *plugin, enum fast_metric_kind kind)
{
	struct metric_info scratch = {.reported = ATOMIC_FLAG_INIT, .overflows = true};

	if ((size_t)kind >= sizeof names / sizeof names[0]) {
		return NULL;
	}
	(void)snprintf(scratch.name, sizeof scratch.name, "%s", names[kind]);
	(void)snprintf(scratch.unit, sizeof scratch.unit, "%s",
		       kind == FAST_METRIC_TIMER ? "s" : "");
	(void)snprintf(scratch.help, sizeof scratch.help, "%s",
		       "What metrics counted for which there was no room.");
	(void)snprintf(scratch.labels, sizeof scratch.labels, "%s", FAST_LABELS_OVERFLOW);
	return reserved_obtain(plugin, &scratch, kind);
}

struct fast_metric *fast_metric_overflow_handle(struct fast_plugin *plugin,
						enum fast_metric_kind kind)
{
	const struct metric_info *metric;

	pthread_mutex_lock(&plugin->lock);
	metric = fast_metric_overflow(plugin, kind);
	pthread_mutex_unlock(&plugin->lock);
	return metric != NULL ? metric->handle : NULL;
}

void fast_metric_count_folded(struct fast_plugin *plugin)
{
	struct metric_info scratch = {.reported = ATOMIC_FLAG_INIT};
	const struct metric_info *folded;

	(void)snprintf(scratch.name, sizeof scratch.name, "%s", FOLDED_NAME);
	(void)snprintf(scratch.help, sizeof scratch.help, "%s",
		       "Times that a metric or a series of one was asked for and there were too "
		       "many.");
	pthread_mutex_lock(&plugin->lock);
	folded = reserved_obtain(plugin, &scratch, FAST_METRIC_COUNTER);
	pthread_mutex_unlock(&plugin->lock);
	if (folded != NULL) {
		fast_metric_inc(folded->handle);
	}
}
