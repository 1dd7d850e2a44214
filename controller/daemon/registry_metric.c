/* What a metric costs, from its declaration to its end. */
#include "registry.h"

#include <stdlib.h>

bool metric_charge(struct plugin *plugin, struct metric *metric, size_t bytes)
{
	if (!sketch_budget_take(&plugin->series_budget, bytes)) {
		return false;
	}
	metric->charged += bytes;
	return true;
}

static void metric_discharge(struct metric *metric, struct plugin *plugin)
{
	sketch_budget_give(&plugin->series_budget, metric->charged);
	metric->charged = 0;
}

void plugin_freeze(struct plugin *plugin)
{
	for (size_t i = 0; i < plugin->metric_count; i++) {
		struct metric *metric = &plugin->metrics[i];

		series_freeze(&metric->series, &plugin->sketch_budget);
		if (metric->series.frozen != NULL) {
			metric_discharge(metric, plugin);
		}
	}
}

void metric_fini(struct metric *metric, struct plugin *plugin)
{
	metric_discharge(metric, plugin);
	exemplars_free(metric->exemplars, &plugin->series_budget);
	metric->exemplars = NULL;
	series_fini(&metric->series, &plugin->sketch_budget);
	free(metric->name);
	free(metric->help);
	free(metric->labels);
	free(metric->states);
	metric->name = NULL;
	metric->help = NULL;
	metric->labels = NULL;
	metric->states = NULL;
}
