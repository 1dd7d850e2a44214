/* Verbs with an exemplar. */
#include <fast/exemplar.h>

#include "page/exemplar.h"
#include "plugin_impl.h"

#include <fast/log.h>

#include <math.h>

#define KIND(kind) (1u << FAST_METRIC_##kind)

/* Room in the page for the metric's exemplars, announced. The caller holds the lock. */
static enum fast_status exemplars_place(struct metric_info *metric)
{
	struct fast_plugin *plugin = metric->plugin;
	enum fast_status status;

	if (plugin->exemplar_count == FAST_EXEMPLAR_METRICS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_cell_reserve(plugin, fast_page_exemplars_bytes(metric->kind),
				   &metric->exemplars_offset);
	if (status != FAST_OK) {
		return status;
	}
	plugin->exemplar_count++;
	fast_segments_bind_exemplars(plugin, metric);
	plugin->announce[plugin->announce_count++] =
		(struct announcement){.metric = metric, .exemplars = true};
	fast_plugin_wake(plugin);
	return FAST_OK;
}

/* The metric's first exemplar. NULL: there is no room, and will be none. Takes the lock. */
__attribute__((cold, noinline)) static struct fast_page_exemplars *exemplars_begin(
	struct metric_info *metric)
{
	bool first = false;

	pthread_mutex_lock(&metric->plugin->lock);
	if (metric->exemplars == NULL && !metric->exemplars_refused &&
	    exemplars_place(metric) != FAST_OK) {
		first = true;
		__atomic_store_n(&metric->exemplars_refused, true, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&metric->plugin->lock);
	if (first) {
		fast_log(FAST_LOG_WARNING,
			 "metric \"%s\": no room for exemplars, which %d metrics of a plugin may "
			 "have; it goes without",
			 metric->name, FAST_EXEMPLAR_METRICS_MAX);
	}
	return __atomic_load_n(&metric->exemplars, __ATOMIC_ACQUIRE);
}

/* The value is counted; keeps what made it. */
static enum fast_status exemplar_keep(const struct fast_metric *metric, unsigned int kinds,
				      double value, const struct fast_exemplar *exemplar)
{
	enum fast_metric_kind kind = metric_kind(metric);
	struct fast_page_exemplars *cell;
	struct fast_exemplar_text text;
	char reason[FAST_REASON_BYTES];
	struct metric_info *info;

	if (kind == FAST_METRIC_UNDECLARED || (int)kind == FAST_METRIC_KIND_NOWHERE) {
		return FAST_OK; /* it counts nowhere in this process */
	}
	if ((kinds >> kind & 1) == 0) {
		return FAST_FAILED_PRECONDITION;
	}
	info = metric_info(metric);
	if (exemplar->size < sizeof *exemplar) {
		return fast_plugin_refuse(info->plugin, FAST_INVALID_ARGUMENT,
					  "metric \"%s\": exemplar's size is %zu; set it to "
					  "sizeof(struct fast_exemplar)",
					  info->name, exemplar->size);
	}
	if (exemplar->label_count == 0) {
		return FAST_OK;
	}
	if (fast_exemplar_write(info->name, exemplar->labels, exemplar->label_count, &text, reason,
				sizeof reason) != FAST_OK) {
		return fast_plugin_refuse(info->plugin, FAST_INVALID_ARGUMENT, "%s", reason);
	}
	cell = __atomic_load_n(&info->exemplars, __ATOMIC_ACQUIRE);
	if (cell == NULL && !__atomic_load_n(&info->exemplars_refused, __ATOMIC_RELAXED)) {
		cell = exemplars_begin(info);
	}
	if (cell == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	fast_page_exemplar_put(cell, fast_page_exemplar_slot(kind, value), value,
			       exemplar->time_unix_ns > 0 ? exemplar->time_unix_ns
							  : fast_plugin_unix_now_ns(),
			       &text);
	return FAST_OK;
}

enum fast_status fast_metric_inc_exemplar(struct fast_metric *metric,
					  const struct fast_exemplar *exemplar)
{
	fast_metric_inc(metric);
	return exemplar_keep(metric, KIND(COUNTER) | KIND(HEARTBEAT), 1, exemplar);
}

enum fast_status fast_metric_add_exemplar(struct fast_metric *metric, uint64_t n,
					  const struct fast_exemplar *exemplar)
{
	fast_metric_add(metric, n);
	return exemplar_keep(metric, KIND(COUNTER), (double)n, exemplar);
}

enum fast_status fast_metric_observe_exemplar(struct fast_metric *metric, double value,
					      const struct fast_exemplar *exemplar)
{
	fast_metric_observe(metric, value);
	return isfinite(value)
		       ? exemplar_keep(metric, KIND(HISTOGRAM) | KIND(TIMER), value, exemplar)
		       : FAST_OK;
}
