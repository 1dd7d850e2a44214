#include "exemplars.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	double value;
	int64_t time_unix_ns;
	size_t bytes;
	size_t capacity; /* of the text */
	char text[];
};

struct exemplars {
	uint32_t offset;
	uint32_t count;
	struct {
		uint64_t seen;     /* check of what was read last; 0: nothing */
		struct kept *kept; /* NULL: none */
	} slots[];
};

static size_t exemplars_bytes(size_t count)
{
	return sizeof(struct exemplars) + count * sizeof(((struct exemplars *)NULL)->slots[0]);
}

/* NULL: no memory, or over the budget. */
static void *budget_alloc(size_t bytes, struct sketch_budget *budget)
{
	void *memory;

	if (!sketch_budget_take(budget, bytes)) {
		return NULL;
	}
	memory = calloc(1, bytes);
	if (memory == NULL) {
		sketch_budget_give(budget, bytes);
	}
	return memory;
}

static void kept_free(struct kept *kept, struct sketch_budget *budget)
{
	if (kept != NULL) {
		sketch_budget_give(budget, sizeof *kept + kept->capacity);
		free(kept);
	}
}

struct exemplars *exemplars_new(enum fast_metric_kind kind, uint32_t offset,
				struct sketch_budget *budget)
{
	size_t count = fast_page_exemplar_slots(kind);
	struct exemplars *exemplars = budget_alloc(exemplars_bytes(count), budget);

	assert(count > 0 && count <= NODE_EXEMPLARS_MAX);
	if (exemplars != NULL) {
		exemplars->offset = offset;
		exemplars->count = (uint32_t)count;
	}
	return exemplars;
}

void exemplars_free(struct exemplars *exemplars, struct sketch_budget *budget)
{
	if (exemplars == NULL) {
		return;
	}
	for (uint32_t i = 0; i < exemplars->count; i++) {
		kept_free(exemplars->slots[i].kept, budget);
	}
	sketch_budget_give(budget, exemplars_bytes(exemplars->count));
	free(exemplars);
}

uint32_t exemplars_offset(const struct exemplars *exemplars)
{
	return exemplars->offset;
}

/* In place of the one before. False: there is no room; the one before stays. */
static bool keep(struct kept **kept, const struct fast_exemplar_reading *reading,
		 int64_t now_unix_ns, struct sketch_budget *budget)
{
	size_t bytes = reading->text.bytes;

	if (*kept == NULL || (*kept)->capacity < bytes) {
		struct kept *larger = budget_alloc(sizeof *larger + bytes, budget);

		if (larger == NULL) {
			return false;
		}
		larger->capacity = bytes;
		kept_free(*kept, budget);
		*kept = larger;
	}
	(*kept)->value = reading->value;
	(*kept)->time_unix_ns =
		reading->time_unix_ns < now_unix_ns ? reading->time_unix_ns : now_unix_ns;
	(*kept)->bytes = bytes;
	memcpy((*kept)->text, reading->text.u.chars, bytes);
	return true;
}

uint32_t exemplars_read(struct exemplars *exemplars, const struct fast_page_view *view,
			int64_t now_unix_ns, struct sketch_budget *budget)
{
	struct fast_exemplar_reading reading;
	uint32_t rejected = 0;

	for (uint32_t i = 0; i < exemplars->count; i++) {
		enum fast_status status = fast_page_view_exemplar(
			view, exemplars->offset, i, exemplars->slots[i].seen, &reading);

		if (status == FAST_NOT_FOUND || status == FAST_ABORTED) {
			continue;
		}
		exemplars->slots[i].seen = reading.check;
		rejected += status != FAST_OK ||
			    !keep(&exemplars->slots[i].kept, &reading, now_unix_ns, budget);
	}
	return rejected;
}

size_t exemplars_list(const struct exemplars *exemplars, struct node_exemplar *out)
{
	size_t count = 0;

	for (uint32_t i = 0; i < exemplars->count; i++) {
		const struct kept *kept = exemplars->slots[i].kept;

		if (kept != NULL) {
			out[count++] = (struct node_exemplar){
				.text = kept->text,
				.bytes = kept->bytes,
				.value = kept->value,
				.time_unix_ns = kept->time_unix_ns,
			};
		}
	}
	return count;
}
