/* What the node remembers of knobs, by instance. */
#include "registry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_FIRST 16

/* Index of the first record whose instance is not before this one. */
static size_t records_lower(const struct registry *registry, const char *instance)
{
	size_t low = 0;
	size_t high = registry->record_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(registry->records[middle]->instance, instance) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct record *registry_record(const struct registry *registry, const char *instance)
{
	size_t i = records_lower(registry, instance);

	if (i < registry->record_count && strcmp(registry->records[i]->instance, instance) == 0) {
		return registry->records[i];
	}
	return NULL;
}

static bool records_room(struct registry *registry)
{
	size_t wanted =
		registry->record_capacity == 0 ? RECORDS_FIRST : 2 * registry->record_capacity;
	struct record **grown;

	if (registry->record_count < registry->record_capacity) {
		return true;
	}
	grown = realloc(registry->records, wanted * sizeof(struct record *));
	if (grown != NULL) {
		registry->records = grown;
		registry->record_capacity = wanted;
	}
	return grown != NULL;
}

struct record *registry_record_obtain(struct registry *registry, const char *instance)
{
	struct record *record = registry_record(registry, instance);
	struct plugin *plugin;
	struct record **records;
	size_t i;

	if (record != NULL) {
		return record;
	}
	if (registry->record_count >= REGISTRY_RECORDS_MAX) {
		return NULL;
	}
	if (!records_room(registry)) {
		return NULL;
	}
	records = registry->records;
	record = calloc(1, sizeof *record);
	if (record == NULL) {
		return NULL;
	}
	(void)snprintf(record->instance, sizeof record->instance, "%s", instance);
	i = records_lower(registry, instance);
	memmove(&records[i + 1], &records[i],
		(registry->record_count - i) * sizeof(struct record *));
	records[i] = record;
	registry->record_count++;
	plugin = registry_find(registry, instance);
	if (plugin != NULL) {
		plugin->record = record;
	}
	return record;
}

void registry_record_drop(struct registry *registry, struct plugin *plugin)
{
	struct record *record = plugin->record;
	size_t i;

	if (record == NULL || !record->claimed || record->pending > 0) {
		return;
	}
	i = records_lower(registry, record->instance);
	assert(registry->records[i] == record && record->kept_count == 0);
	registry->record_count--;
	memmove(&registry->records[i], &registry->records[i + 1],
		(registry->record_count - i) * sizeof(struct record *));
	free(record->kept);
	free(record);
	plugin->record = NULL;
}
