#include "rpc/call_table.h"

#include <assert.h>
#include <stdlib.h>

#define CALL_TABLE_CAPACITY_MIN 16

static uint32_t table_slot(const struct fast_call_table *table, uint32_t id)
{
	return (id * 2654435769u >> 7) & (table->capacity - 1);
}

/* The entry of id, or the free one where it would be. */
static struct fast_call_entry *table_entry(const struct fast_call_table *table, uint32_t id)
{
	uint32_t slot = table_slot(table, id);

	while (table->entries[slot].id != 0 && table->entries[slot].id != id) {
		slot = (slot + 1) & (table->capacity - 1);
	}
	return &table->entries[slot];
}

void fast_call_table_fini(struct fast_call_table *table)
{
	free(table->entries);
	*table = (struct fast_call_table){.entries = NULL};
}

enum fast_status fast_call_table_reserve(struct fast_call_table *table)
{
	struct fast_call_table larger = {.count = table->count};

	if (2 * (table->count + 1) <= table->capacity) {
		return FAST_OK;
	}
	larger.capacity = table->capacity == 0 ? CALL_TABLE_CAPACITY_MIN : 2 * table->capacity;
	larger.entries = calloc(larger.capacity, sizeof *larger.entries);
	if (larger.entries == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	for (uint32_t i = 0; i < table->capacity; i++) {
		if (table->entries[i].id != 0) {
			*table_entry(&larger, table->entries[i].id) = table->entries[i];
		}
	}
	free(table->entries);
	*table = larger;
	return FAST_OK;
}

void fast_call_table_add(struct fast_call_table *table, uint32_t id, void *call)
{
	struct fast_call_entry *entry;

	assert(id != 0 && call != NULL);
	assert(2 * (table->count + 1) <= table->capacity);
	entry = table_entry(table, id);
	assert(entry->id == 0);
	*entry = (struct fast_call_entry){.id = id, .call = call};
	table->count++;
}

void *fast_call_table_find(const struct fast_call_table *table, uint32_t id)
{
	if (table->count == 0 || id == 0) {
		return NULL;
	}
	return table_entry(table, id)->call;
}

void *fast_call_table_remove(struct fast_call_table *table, uint32_t id)
{
	struct fast_call_entry *entry;
	uint32_t mask = table->capacity - 1;
	uint32_t hole;
	void *call;

	if (table->count == 0 || id == 0) {
		return NULL;
	}
	entry = table_entry(table, id);
	call = entry->call;
	if (call == NULL) {
		return NULL;
	}
	/* Entries behind the hole move up where their search would stop at it. */
	hole = (uint32_t)(entry - table->entries);
	for (uint32_t i = (hole + 1) & mask; table->entries[i].id != 0; i = (i + 1) & mask) {
		uint32_t home = table_slot(table, table->entries[i].id);
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->entries[hole] = table->entries[i];
			hole = i;
		}
	}
	table->entries[hole] = (struct fast_call_entry){.id = 0};
	table->count--;
	return call;
}

void *fast_call_table_next(const struct fast_call_table *table, uint32_t *slot)
{
	/* Removing a call moves others only into its slot or a later one. */
	for (; *slot < table->capacity; (*slot)++) {
		if (table->entries[*slot].id != 0) {
			return table->entries[*slot].call;
		}
	}
	return NULL;
}
