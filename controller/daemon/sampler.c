#include "apply.h"
#include "node_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS          INT64_C(1000000)
#define NS_PER_S           INT64_C(1000000000)
#define SLICES_MAX         10
#define SECONDS_PER_MINUTE 60
#define RESET_TELL_NS      (60 * NS_PER_S) /* between two events of one plugin */
#define SLICE_PLUGINS_MIN  16              /* fewer are no burst */
#define SLICE_MS_MIN       5               /* waking up more often costs more than it spreads */

static bool store_name(struct store_samples *samples, const struct plugin *plugin,
		       const struct metric *metric)
{
	struct store_series *series = store_samples_add_series(samples);

	if (series == NULL) {
		return false;
	}
	series->id = metric->store_id;
	series->kind = metric->series.kind;
	(void)snprintf(series->instance, sizeof series->instance, "%s", plugin->instance);
	(void)snprintf(series->metric, sizeof series->metric, "%s", metric->name);
	(void)snprintf(series->unit, sizeof series->unit, "%s", metric->unit);
	return true;
}

/* What finds no memory is missing from the history, and that is all. */
static void metric_store(struct store_samples *samples, const struct plugin *plugin,
			 struct metric *metric)
{
	static const uint32_t window_ms[STORE_LEVELS] = {
		[STORE_SECONDS] = WINDOW_DEFAULT_MS,
		[STORE_MINUTES] = NODE_STORE_MINUTE_MS,
	};
	const struct sample *newest = series_newest(&metric->series);
	struct store_sample *stored;
	struct window_summary summary;

	if (newest == NULL || (metric->series.kind == FAST_METRIC_GAUGE && isnan(newest->value))) {
		return;
	}
	/* The name is told again now and then, should a write of it have failed. */
	if (samples->level == STORE_SECONDS &&
	    llabs(samples->slot - metric->store_named_s) >= NODE_STORE_NAME_S) {
		if (!store_name(samples, plugin, metric)) {
			return;
		}
		metric->store_named_s = samples->slot;
	}
	stored = store_samples_add(samples);
	if (stored == NULL) {
		return;
	}
	series_summarize(&metric->series, window_ms[samples->level], &summary);
	*stored = (struct store_sample){
		.series = metric->store_id,
		.time_unix_ns = newest->time_unix_ns,
		.count = newest->count,
		.value = newest->value,
		.sum = newest->sum,
		.rate_instant = summary.rate_instant,
		.rate_window = summary.rate_window,
		.rate_global = summary.rate_global,
		.window_ms = summary.window_ms,
		.window = summary.window,
		.revision_first = summary.revision_first,
		.revision_last = summary.revision_last,
	};
}

static void level_store(struct node *node, struct plugin *plugin, enum store_level level,
			int64_t slot)
{
	struct store_samples **stored = &node->sampler.stored[level];

	if (*stored != NULL && (*stored)->slot != slot) { /* the clock was set, or it ends */
		store_push_samples(node->store, *stored);
		*stored = NULL;
	}
	if (*stored == NULL) {
		*stored = store_samples_new(level, slot);
	}
	for (size_t i = 0; i < plugin->metric_count && *stored != NULL; i++) {
		metric_store(*stored, plugin, &plugin->metrics[i]);
	}
}

/* Hands the second's samples to the store, and the minute's when one has passed; plugins have their
 * minutes at different times, so that it is no burst. */
static void plugin_store(struct node *node, struct plugin *plugin, int64_t now_ns,
			 int64_t now_unix_ns)
{
	int64_t second = seconds_now(&node->sampler.seconds, now_unix_ns, now_ns);
	int64_t minute = (second + plugin->pid) / SECONDS_PER_MINUTE;

	if (second == plugin->stored_s) {
		return;
	}
	level_store(node, plugin, STORE_SECONDS, second);
	if (plugin->stored_minute != 0 && plugin->stored_minute != minute) {
		level_store(node, plugin, STORE_MINUTES, second / SECONDS_PER_MINUTE);
	}
	plugin->stored_s = second;
	plugin->stored_minute = minute;
}

void sampler_read_last(struct node *node, struct plugin *plugin, int64_t now_ns,
		       int64_t now_unix_ns)
{
	plugin->stored_s = 0; /* whether or not this second has been stored */
	sampler_read(node, plugin, now_ns, now_unix_ns);
	/* The minute after the newest, which must stay. */
	level_store(node, plugin, STORE_MINUTES,
		    node->sampler.seconds.newest / SECONDS_PER_MINUTE + 1);
}

/* A plugin can reset its cells as often as it likes; who reads of it wants to know that it does. */
static void reset_tell(struct node *node, struct plugin *plugin, const struct metric *metric,
		       int64_t now_ns)
{
	if (plugin->reset_told_ns == 0 || now_ns - plugin->reset_told_ns > RESET_TELL_NS) {
		plugin->reset_told_ns = now_ns;
		node_event(node, "reset", plugin->instance, "%s went back and counts anew",
			   metric->name);
	}
}

static void exemplars_sample(struct node *node, struct plugin *plugin, int64_t now_unix_ns)
{
	for (size_t i = 0; i < plugin->metric_count; i++) {
		struct exemplars *exemplars = plugin->metrics[i].exemplars;

		if (exemplars != NULL) {
			node->exemplars_rejected += exemplars_read(
				exemplars, plugin->view, now_unix_ns, &plugin->series_budget);
		}
	}
}

void sampler_read(struct node *node, struct plugin *plugin, int64_t now_ns, int64_t now_unix_ns)
{
	struct sampler *sampler = &node->sampler;

	plugin_unhold(plugin, now_ns);
	if (plugin->previous != NULL &&
	    now_ns - plugin->session_ns > NODE_LATE_METRIC_MS * NS_PER_MS) {
		plugin_free(plugin->previous, &node->registry);
		plugin->previous = NULL;
	}
	if (plugin->unread_count > 0) {
		plugin_read_acks(node, plugin, now_ns);
	}
	for (size_t i = 0; i < plugin->metric_count; i++) {
		struct metric *metric = &plugin->metrics[i];

		ahead_step(&sampler->ahead);
		if (__builtin_expect(metric->series.overflows, 0)) {
			overflow_read(&plugin->overflow, plugin->view, metric->series.kind,
				      &sampler->reading, &sampler->folded);
		} else {
			fast_page_view_read(plugin->view, metric->series.kind,
					    metric->series.cell_offset, &sampler->reading);
		}
		if (series_add(&metric->series, &sampler->reading, now_ns, now_unix_ns,
			       plugin->effective_revision, &plugin->sketch_budget)) {
			reset_tell(node, plugin, metric, now_ns);
		}
	}
	if (plugin->has_exemplars) {
		exemplars_sample(node, plugin, now_unix_ns);
	}
	plugin->tick = sampler->tick;
	plugin_store(node, plugin, now_ns, now_unix_ns);
}

/* Reads the live plugins of the slice. When some have come or gone since the tick began, the last
 * slice reads all that have not been read yet. */
static void slice_read(struct node *node, int64_t now_unix_ns)
{
	struct sampler *sampler = &node->sampler;
	bool last = sampler->slice + 1 == sampler->slices;
	size_t count = node->registry.count;
	bool stragglers = last && sampler->changes != node->registry.changes;
	size_t begin = stragglers ? 0 : count * sampler->slice / sampler->slices;
	size_t end = count * (sampler->slice + 1) / sampler->slices;
	int64_t now_ns = node_now_ns();

	const struct ahead_moment moment = {
		.tick = sampler->tick,
		.time_ns = now_ns,
		.second = seconds_at(&sampler->seconds, now_unix_ns, now_ns),
	};

	ahead_begin(&sampler->ahead, &node->registry, begin, end, &moment);
	for (size_t i = begin; i < end; i++) {
		struct plugin *plugin = node->registry.plugins[i];
		if (plugin->live && plugin->tick != sampler->tick) {
			int64_t begin_ns = now_ns;

			sampler_read(node, plugin, begin_ns, now_unix_ns);
			now_ns = node_now_ns();
			plugin->sampling_ns += now_ns - begin_ns;
			sampler->busy_ns += now_ns - begin_ns;
		}
	}
	sampler->ahead = (struct ahead){0};
	if (last) {
		spans_add(&sampler->spans, sampler->busy_ns, now_ns);
		sampler->busy_ns = 0;
	}
}

static uint32_t slices_wanted(const struct node *node)
{
	size_t wanted = node->registry.live_count / SLICE_PLUGINS_MIN;

	size_t most = node->tick_ms / SLICE_MS_MIN;

	wanted = wanted > most ? most : wanted;
	wanted = wanted > SLICES_MAX ? SLICES_MAX : wanted;
	return (uint32_t)(wanted < 1 ? 1 : wanted);
}

bool sampler_run(struct node *node, int64_t now_ns)
{
	struct sampler *sampler = &node->sampler;
	int64_t tick_ns = (int64_t)node->tick_ms * NS_PER_MS;
	struct store_samples *stored[STORE_LEVELS] = {NULL};
	bool last;

	node_lock(node);
	if (sampler->slice == 0) {
		sampler->tick++;
		sampler->changes = node->registry.changes;
		/* A loop that is late does not catch up by a burst. */
		sampler->tick_ns =
			now_ns - sampler->slice_ns > tick_ns ? now_ns : sampler->slice_ns;
		sampler->slices = slices_wanted(node);
	}
	slice_read(node, node_now_unix_ns());
	last = ++sampler->slice == sampler->slices;
	if (last) {
		sampler->slice = 0;
		memcpy(stored, sampler->stored, sizeof stored);
		memset(sampler->stored, 0, sizeof sampler->stored);
	}
	node_unlock(node);
	sampler->slice_ns =
		sampler->tick_ns + (last ? tick_ns : tick_ns * sampler->slice / sampler->slices);
	for (size_t i = 0; i < STORE_LEVELS; i++) {
		if (stored[i] != NULL) {
			store_push_samples(node->store, stored[i]);
		}
	}
	return last;
}

void sampler_fini(struct node *node)
{
	for (size_t i = 0; i < STORE_LEVELS; i++) {
		if (node->sampler.stored[i] != NULL) {
			store_push_samples(node->store, node->sampler.stored[i]);
			node->sampler.stored[i] = NULL;
		}
	}
}
