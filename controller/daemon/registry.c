#include "registry.h"

#include "page/page.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_FIRST 8
#define PARAMS_FIRST  4
#define PLUGINS_FIRST 16

void param_fini(struct param *param)
{
	free(param->rules.choices);
	free(param->help);
	free(param->packet);
	free(param->failure_reason);
	param->packet = NULL;
	param->failure_reason = NULL;
	param->rules.choices = NULL;
	param->help = NULL;
}

struct plugin *plugin_new(const char *name)
{
	struct plugin *plugin = calloc(1, sizeof *plugin);

	if (plugin != NULL) {
		(void)snprintf(plugin->name, sizeof plugin->name, "%s", name);
		plugin->series_budget.bytes_max = SIZE_MAX;
		plugin->sketch_budget.bytes_max = SIZE_MAX;
	}
	return plugin;
}

void plugin_free(struct plugin *plugin, struct registry *registry)
{
	if (plugin == NULL) {
		return;
	}
	for (size_t i = 0; i < plugin->metric_count; i++) {
		metric_fini(&plugin->metrics[i], plugin);
	}
	for (size_t i = 0; i < plugin->param_count; i++) {
		param_fini(&plugin->params[i]);
	}
	plugin_free(plugin->previous, registry);
	fast_page_view_close(plugin->view);
	overflow_fini(&plugin->overflow);
	free(plugin->metrics);
	free(plugin->params);
	share_release(&registry->shares, plugin->share);
	free(plugin);
}

void registry_fini(struct registry *registry)
{
	for (size_t i = 0; i < registry->count; i++) {
		plugin_free(registry->plugins[i], registry);
	}
	for (size_t i = 0; i < registry->record_count; i++) {
		free(registry->records[i]->kept);
		free(registry->records[i]);
	}
	free(registry->plugins);
	free(registry->records);
	*registry = (struct registry){0};
}

/* Index of the first plugin whose instance is not before this one. */
static size_t plugins_lower(const struct registry *registry, const char *instance)
{
	size_t low = 0;
	size_t high = registry->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(registry->plugins[middle]->instance, instance) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct plugin *registry_find(const struct registry *registry, const char *instance)
{
	size_t i = plugins_lower(registry, instance);

	if (i < registry->count && strcmp(registry->plugins[i]->instance, instance) == 0) {
		return registry->plugins[i];
	}
	return NULL;
}

struct plugin *registry_next(const struct registry *registry, const char *instance)
{
	size_t i = plugins_lower(registry, instance);

	if (i < registry->count && strcmp(registry->plugins[i]->instance, instance) == 0) {
		i++;
	}
	return i < registry->count ? registry->plugins[i] : NULL;
}

bool registry_is_instance_of(const char *instance, const char *name)
{
	size_t length = strlen(name);
	const char *number = instance + length + 1;

	if (strncmp(instance, name, length) != 0) {
		return false;
	}
	if (instance[length] == '\0') {
		return true;
	}
	return instance[length] == '-' && number[0] >= '1' && number[0] <= '9' &&
	       strspn(number, "0123456789") == strlen(number) && strcmp(number, "1") != 0 &&
	       strlen(instance) <= NODE_INSTANCE_BYTES_MAX;
}

static bool is_live(const struct registry *registry, const char *instance)
{
	const struct plugin *plugin = registry_find(registry, instance);

	return plugin != NULL && plugin->live;
}

void registry_choose(const struct registry *registry, const char *name, const char *wanted,
		     char out[NODE_INSTANCE_BYTES_MAX + 1])
{
	if (wanted[0] != '\0' && registry_is_instance_of(wanted, name) &&
	    !is_live(registry, wanted)) {
		(void)snprintf(out, NODE_INSTANCE_BYTES_MAX + 1, "%s", wanted);
		return;
	}
	(void)snprintf(out, NODE_INSTANCE_BYTES_MAX + 1, "%s", name);
	for (unsigned int n = 2; is_live(registry, out); n++) { /* ends: few are live */
		(void)snprintf(out, NODE_INSTANCE_BYTES_MAX + 1, "%s-%u", name, n);
	}
}

/* The array with room for one more of item_bytes; NULL: no memory. */
static void *array_grow(void *array, size_t count, size_t *capacity, size_t first,
			size_t item_bytes)
{
	size_t wanted = *capacity == 0 ? first : 2 * *capacity;
	void *grown;

	if (count < *capacity) {
		return array;
	}
	grown = realloc(array, wanted * item_bytes);
	if (grown != NULL) {
		*capacity = wanted;
	}
	return grown;
}

/* Room for one more plugin; i: where it belongs. False: no memory. */
static bool plugins_room(struct registry *registry, const char *instance, size_t *i)
{
	struct plugin **plugins = array_grow(registry->plugins, registry->count,
					     &registry->capacity, PLUGINS_FIRST, sizeof *plugins);

	if (plugins != NULL) {
		registry->plugins = plugins;
		*i = plugins_lower(registry, instance);
	}
	return plugins != NULL;
}

static void plugins_insert(struct registry *registry, struct plugin *plugin, size_t i)
{
	memmove(&registry->plugins[i + 1], &registry->plugins[i],
		(registry->count - i) * sizeof(struct plugin *));
	registry->plugins[i] = plugin;
	registry->count++;
}

enum fast_status registry_add(struct registry *registry, struct plugin *plugin, const char *wanted,
			      struct plugin **replaced)
{
	struct share *share;
	size_t i;

	*replaced = NULL;
	if (registry->live_count >= NODE_PLUGINS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	registry_choose(registry, plugin->name, wanted, plugin->instance);
	if (!plugins_room(registry, plugin->instance, &i)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	share = share_hold(&registry->shares, plugin->uid, &registry->series_budget,
			   &registry->budget);
	if (share == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (i < registry->count && strcmp(registry->plugins[i]->instance, plugin->instance) == 0) {
		*replaced = registry->plugins[i];
		registry->plugins[i] = plugin;
	} else {
		plugins_insert(registry, plugin, i);
	}
	plugin->share = share;
	plugin->series_budget.parent = &share->series;
	plugin->sketch_budget.parent = &share->sketches;
	registry->changes++;
	plugin->live = true;
	plugin->record = registry_record(registry, plugin->instance);
	registry->live_count++;
	return FAST_OK;
}

enum fast_status registry_add_ended(struct registry *registry, struct plugin *plugin)
{
	size_t i;

	assert(!plugin->live);
	if (registry_find(registry, plugin->instance) != NULL) {
		return FAST_ALREADY_EXISTS;
	}
	if (!plugins_room(registry, plugin->instance, &i)) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	plugins_insert(registry, plugin, i);
	registry->changes++;
	plugin->record = registry_record(registry, plugin->instance);
	return FAST_OK;
}

/* Gives the later of its end and that one. */
static int64_t registry_remove(struct registry *registry, size_t i, int64_t end_unix_ns)
{
	const int64_t its_end_unix_ns = registry->plugins[i]->end_unix_ns;

	plugin_free(registry->plugins[i], registry);
	registry->changes++;
	registry->count--;
	memmove(&registry->plugins[i], &registry->plugins[i + 1],
		(registry->count - i) * sizeof(struct plugin *));
	return its_end_unix_ns > end_unix_ns ? its_end_unix_ns : end_unix_ns;
}

int64_t registry_expire(struct registry *registry, int64_t ended_before_ns)
{
	int64_t end_unix_ns = 0;
	size_t oldest = 0;

	if (registry->count == registry->live_count) {
		return 0;
	}
	for (size_t i = registry->count; i-- > 0;) {
		const struct plugin *plugin = registry->plugins[i];
		if (!plugin->live && plugin->end_ns < ended_before_ns) {
			end_unix_ns = registry_remove(registry, i, end_unix_ns);
		}
	}
	while (registry->count - registry->live_count > REGISTRY_ENDED_MAX) {
		int64_t end_ns = INT64_MAX;
		for (size_t i = 0; i < registry->count; i++) {
			if (!registry->plugins[i]->live && registry->plugins[i]->end_ns < end_ns) {
				end_ns = registry->plugins[i]->end_ns;
				oldest = i;
			}
		}
		end_unix_ns = registry_remove(registry, oldest, end_unix_ns);
	}
	return end_unix_ns;
}

struct metric *plugin_metric(const struct plugin *plugin, const char *name)
{
	for (size_t i = 0; i < plugin->metric_count; i++) {
		if (strcmp(plugin->metrics[i].name, name) == 0) {
			return &plugin->metrics[i];
		}
	}
	return NULL;
}

struct param *plugin_param(const struct plugin *plugin, const char *name)
{
	for (size_t i = 0; i < plugin->param_count; i++) {
		if (strcmp(plugin->params[i].name, name) == 0) {
			return &plugin->params[i];
		}
	}
	return NULL;
}

bool plugin_slot_is_free(const struct plugin *plugin, uint32_t slot)
{
	for (size_t i = 0; i < plugin->param_count; i++) {
		if (plugin->params[i].slot == slot) {
			return false;
		}
	}
	return slot < FAST_PAGE_PARAMS_MAX * fast_page_view_segments(plugin->view) &&
	       slot < FAST_PLUGIN_PARAMS_MAX;
}

struct metric *plugin_metric_room(struct plugin *plugin)
{
	size_t wanted = plugin->metric_capacity == 0 ? METRICS_FIRST : 2 * plugin->metric_capacity;
	void *grown = NULL;

	if (plugin->metric_count == plugin->metric_capacity) {
		if (posix_memalign(&grown, CACHE_LINE_BYTES, wanted * sizeof *plugin->metrics) !=
		    0) {
			return NULL;
		}
		if (plugin->metric_count > 0) {
			memcpy(grown, plugin->metrics,
			       plugin->metric_count * sizeof *plugin->metrics);
		}
		free(plugin->metrics);
		plugin->metrics = grown;
		plugin->metric_capacity = wanted;
	}
	return memset(&plugin->metrics[plugin->metric_count], 0, sizeof *plugin->metrics);
}

struct param *plugin_param_room(struct plugin *plugin)
{
	struct param *params = array_grow(plugin->params, plugin->param_count,
					  &plugin->param_capacity, PARAMS_FIRST, sizeof *params);

	if (params == NULL) {
		return NULL;
	}
	plugin->params = params;
	memset(&params[plugin->param_count], 0, sizeof *params);
	return &params[plugin->param_count];
}
