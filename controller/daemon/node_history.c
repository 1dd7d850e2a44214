#include "node_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)
/* Samples of the ring that are closer than those in the store are left out, but for the newest. */
#define SPACING_NS (NODE_STORE_INTERVAL_S * INT64_C(1000000000) - 50 * NS_PER_MS)

struct point {
	enum fast_metric_kind kind;
	struct store_sample sample;
};

/* What is gathered before anybody is told. */
struct history {
	struct point *points; /* oldest first */
	size_t count;
	size_t capacity;
	bool failed; /* no memory */
	bool known;  /* the plugin is there, and has the metric */
	bool live;
	const struct node_past *past;
	int64_t second; /* of the newest point; 0: none */
	int64_t time_unix_ns;
	int64_t created_unix_ns;
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	char help[FAST_METRIC_HELP_BYTES_MAX + 1];
};

static void history_add(struct history *history, enum fast_metric_kind kind,
			const struct store_sample *sample)
{
	if (history->count == history->capacity) {
		size_t wanted = history->capacity == 0 ? 256 : 2 * history->capacity;
		struct point *grown = realloc(history->points, wanted * sizeof *grown);
		if (grown == NULL) {
			history->failed = true;
			return;
		}
		history->points = grown;
		history->capacity = wanted;
	}
	history->points[history->count++] = (struct point){kind, *sample};
	history->second = sample->second;
	history->time_unix_ns = sample->time_unix_ns;
}

static void stored_add(const struct store_series *series, const struct store_sample *sample,
		       void *arg)
{
	struct history *history = arg;

	(void)snprintf(history->unit, sizeof history->unit, "%s", series->unit);
	history_add(history, series->kind, sample);
}

/* Goes through the ring with the sample before. */
struct ring_walk {
	struct history *history;
	const struct seconds *seconds;
	const struct series *series;
	const struct sample *before;
};

/* Whether the store has told of it, or nobody has asked. */
static bool is_told(const struct history *history, const struct sample *sample, int64_t second)
{
	return sample->time_unix_ns <= history->past->since_unix_ns || second < history->second ||
	       (second == history->second && sample->time_unix_ns <= history->time_unix_ns);
}

static void ring_add(const struct sample *sample, void *arg)
{
	struct ring_walk *walk = arg;
	bool newest = sample->time_ns == series_newest(walk->series)->time_ns;
	const struct sample *begin = walk->before == NULL ? sample : walk->before;
	int64_t second = seconds_at(walk->seconds, sample->time_unix_ns, sample->time_ns);
	int64_t step_s = walk->history->past->step_s;
	struct window_summary summary;
	struct store_sample point;

	if (walk->before != NULL && !newest &&
	    sample->time_ns - walk->before->time_ns < SPACING_NS) {
		return;
	}
	walk->before = sample;
	if (is_told(walk->history, sample, second) ||
	    (!newest && step_s > 0 && second % step_s != 0)) {
		return;
	}
	series_compare(walk->series, begin, sample, &summary);
	point = (struct store_sample){
		.second = second,
		.time_unix_ns = sample->time_unix_ns,
		.count = sample->count,
		.value = sample->value,
		.sum = sample->sum,
		.rate_window = summary.rate_window,
		.rate_global = summary.rate_global,
		.window_ms = summary.window_ms,
		.window = summary.window,
		.revision_first = summary.revision_first,
		.revision_last = summary.revision_last,
	};
	history_add(walk->history, walk->series->kind, &point);
}

/* What the node itself knows. */
static void ring_collect(struct node *node, struct history *history)
{
	const struct plugin *found;
	const struct metric *declared;

	node_lock(node);
	found = registry_find(&node->registry, history->past->plugin);
	declared = found == NULL ? NULL : plugin_metric(found, history->past->metric);
	if (declared != NULL) {
		struct ring_walk walk = {.history = history,
					 .seconds = &node->sampler.seconds,
					 .series = &declared->series};

		history->known = true;
		history->live = found->live;
		history->created_unix_ns = declared->series.created_unix_ns;
		(void)snprintf(history->unit, sizeof history->unit, "%s", declared->unit);
		(void)snprintf(history->help, sizeof history->help, "%s", declared->help);
		series_each(&declared->series, INT64_MIN, ring_add, &walk);
	}
	node_unlock(node);
}

static void point_tell(const struct history *history, const struct point *point, node_metric_fn *fn,
		       void *arg)
{
	const struct store_sample *sample = &point->sample;
	const struct node_metric told = {
		.plugin = history->past->plugin,
		.name = history->past->metric,
		.unit = history->unit,
		.help = history->help,
		.kind = point->kind,
		.live = history->live,
		.sampled = true,
		.time_unix_ns = sample->time_unix_ns,
		.age_ms = (node_now_unix_ns() - sample->time_unix_ns) / NS_PER_MS,
		.created_unix_ns = history->created_unix_ns,
		.count = sample->count,
		.value = sample->value,
		.sum = sample->sum,
		.rate_instant = sample->rate_instant,
		.rate_window = sample->rate_window,
		.rate_global = sample->rate_global,
		.window_ms = sample->window_ms,
		.window = sample->window,
		.revision_first = sample->revision_first,
		.revision_last = sample->revision_last,
	};

	fn(&told, arg);
}

enum fast_status node_history(struct node *node, const struct node_past *past, node_metric_fn *fn,
			      void *arg)
{
	const struct store_query query = {
		.instance = past->plugin,
		.metric = past->metric,
		.since_unix_ns = past->since_unix_ns,
		.step_s = past->step_s,
		.limit = past->limit,
	};
	struct history history = {.past = past};
	enum fast_status status = store_history(node->store, &query, stored_add, &history);

	ring_collect(node, &history);
	if (history.known && status != FAST_RESOURCE_EXHAUSTED) {
		status = FAST_OK; /* whatever the store has to say */
	}
	if (history.failed) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	if (status == FAST_OK) {
		size_t first = history.count > past->limit ? history.count - past->limit : 0;

		for (size_t i = first; i < history.count; i++) {
			point_tell(&history, &history.points[i], fn, arg);
		}
	}
	free(history.points);
	return status;
}
