#include "ahead.h"

static void series_fetch(const struct plugin *plugin, const struct series *series, int64_t time_ns)
{
	(void)plugin;
	(void)time_ns;
	series_prefetch(series);
}

static void cell_fetch(const struct plugin *plugin, const struct series *series, int64_t time_ns)
{
	fast_page_view_prefetch(plugin->view, series->kind, series->cell_offset);
	series_prefetch_samples(series, time_ns);
}

static void sketch_fetch(const struct plugin *plugin, const struct series *series, int64_t time_ns)
{
	(void)plugin;
	series_prefetch_sketch(series, time_ns);
}

/* How many metrics ahead each stage is. */
static const struct {
	size_t lead;
	void (*fetch)(const struct plugin *plugin, const struct series *series, int64_t time_ns);
} plan[AHEAD_STAGES] = {
	{16, series_fetch},
	{8, cell_fetch},
	{3, sketch_fetch},
};

static void plugin_fetch(const struct ahead *ahead, size_t index)
{
	if (index < ahead->end) {
		const char *plugin = (const char *)ahead->registry->plugins[index];

		for (size_t at = 0; at < offsetof(struct plugin, series_budget);
		     at += CACHE_LINE_BYTES) {
			__builtin_prefetch(plugin + at, 1);
		}
	}
}

/* The stage has a plugin before it; the first one asks for the plugins themselves. */
static void plugin_enter(const struct ahead *ahead, size_t stage)
{
	size_t index = ahead->stages[stage].plugin;

	if (stage == 0 && index < ahead->end) {
		plugin_fetch(ahead, index + 1);
		__builtin_prefetch(ahead->registry->plugins[index]->view);
	}
}

static void stage_step(struct ahead *ahead, size_t stage)
{
	while (ahead->stages[stage].plugin < ahead->end) {
		size_t *metric = &ahead->stages[stage].metric;
		const struct plugin *plugin = ahead->registry->plugins[ahead->stages[stage].plugin];

		if (plugin->live && plugin->tick != ahead->tick && *metric < plugin->metric_count) {
			plan[stage].fetch(plugin, &plugin->metrics[*metric].series, ahead->time_ns);
			++*metric;
			return;
		}
		ahead->stages[stage].plugin++;
		*metric = 0;
		plugin_enter(ahead, stage);
	}
}

void ahead_begin(struct ahead *ahead, const struct registry *registry, size_t begin, size_t end,
		 uint64_t tick, int64_t time_ns)
{
	*ahead = (struct ahead){.registry = registry, .end = end, .tick = tick, .time_ns = time_ns};
	for (size_t i = 0; i < AHEAD_STAGES; i++) {
		ahead->stages[i].plugin = begin;
		plugin_enter(ahead, i);
		for (size_t n = 0; n < plan[i].lead; n++) {
			stage_step(ahead, i);
		}
	}
}

void ahead_step(struct ahead *ahead)
{
	for (size_t i = 0; i < AHEAD_STAGES; i++) {
		stage_step(ahead, i);
	}
}
