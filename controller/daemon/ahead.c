#include "ahead.h"

#include "fetch.h"

static void series_fetch(const struct ahead *ahead, const struct plugin *plugin,
			 const struct metric *metric)
{
	(void)ahead;
	(void)plugin;
	series_prefetch(&metric->series);
}

static void cell_fetch(const struct ahead *ahead, const struct plugin *plugin,
		       const struct metric *metric)
{
	const struct series *series = &metric->series;

	fast_page_view_prefetch(plugin->view, series->kind, series->cell_offset);
	series_prefetch_samples(series, ahead->moment.time_ns);
	if (plugin->stored_s != ahead->moment.second) {
		series_prefetch_window(series, WINDOW_DEFAULT_MS, ahead->moment.time_ns);
		fetch(&metric->store_id);
	}
}

static void sketch_fetch(const struct ahead *ahead, const struct plugin *plugin,
			 const struct metric *metric)
{
	const struct series *series = &metric->series;

	fast_page_view_prefetch_buckets(plugin->view, series->kind, series->cell_offset);
	series_prefetch_sketch(series, ahead->moment.time_ns);
	if (plugin->stored_s != ahead->moment.second) {
		series_prefetch_window_sketch(series, WINDOW_DEFAULT_MS, ahead->moment.time_ns);
	}
}

/* What each stage asks for, the first one furthest ahead. */
static void (*const plan[AHEAD_STAGES])(const struct ahead *ahead, const struct plugin *plugin,
					const struct metric *metric) = {series_fetch, cell_fetch,
									sketch_fetch};

/* A batch may have metrics of some plugins. */
#define PLUGINS_AHEAD 4

static void plugin_fetch(const struct ahead *ahead, size_t index)
{
	if (index < ahead->end) {
		const char *plugin = (const char *)ahead->registry->plugins[index];

		for (size_t at = 0; at < offsetof(struct plugin, series_budget);
		     at += CACHE_LINE_BYTES) {
			fetch(plugin + at);
		}
	}
}

/* The stage has a plugin before it; the first one asks for the plugins themselves. */
static void plugin_enter(const struct ahead *ahead, size_t stage)
{
	size_t index = ahead->stages[stage].plugin;

	if (stage == 0 && index < ahead->end) {
		plugin_fetch(ahead, index + PLUGINS_AHEAD);
		fetch(ahead->registry->plugins[index]->view);
	}
}

static void stage_run(struct ahead *ahead, size_t stage, size_t count)
{
	size_t at = ahead->stages[stage].plugin;
	size_t metric = ahead->stages[stage].metric;

	while (count > 0 && at < ahead->end) {
		const struct plugin *plugin = ahead->registry->plugins[at];
		bool wanted = plugin->live && plugin->tick != ahead->moment.tick;

		for (; wanted && metric < plugin->metric_count && count > 0; metric++, count--) {
			plan[stage](ahead, plugin, &plugin->metrics[metric]);
		}
		if (count > 0) {
			ahead->stages[stage].plugin = ++at;
			metric = 0;
			plugin_enter(ahead, stage);
		}
	}
	ahead->stages[stage].metric = metric;
}

void ahead_begin(struct ahead *ahead, const struct registry *registry, size_t begin, size_t end,
		 const struct ahead_moment *moment)
{
	*ahead = (struct ahead){.registry = registry, .end = end, .moment = *moment};
	for (size_t i = 0; i < AHEAD_STAGES; i++) {
		ahead->stages[i].plugin = begin;
		plugin_enter(ahead, i);
		stage_run(ahead, i, (AHEAD_STAGES - 1 - i) * AHEAD_BATCH);
	}
}

void ahead_step(struct ahead *ahead)
{
	if (ahead->left == 0) {
		for (size_t i = 0; i < AHEAD_STAGES; i++) {
			stage_run(ahead, i, AHEAD_BATCH);
		}
		ahead->left = AHEAD_BATCH;
	}
	ahead->left--;
}
