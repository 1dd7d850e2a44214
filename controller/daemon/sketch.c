#include "sketch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct sketch {
	uint32_t references;
	uint16_t first; /* bucket that buckets[0] stands for */
	uint16_t length;
	uint64_t count;
	uint64_t zero;
	double sum;
	double min;
	double max;
	uint64_t octaves;
	uint64_t buckets[]; /* length of them; all others are 0 */
};

static size_t sketch_bytes(size_t length)
{
	return sizeof(struct sketch) + length * sizeof(uint64_t);
}

bool sketch_budget_take(struct sketch_budget *budget, size_t bytes)
{
	for (const struct sketch_budget *part = budget; part != NULL; part = part->parent) {
		if (bytes > part->bytes_max - part->bytes) {
			return false;
		}
	}
	for (; budget != NULL; budget = budget->parent) {
		budget->bytes += bytes;
	}
	return true;
}

void sketch_budget_give(struct sketch_budget *budget, size_t bytes)
{
	for (; budget != NULL; budget = budget->parent) {
		assert(budget->bytes >= bytes);
		budget->bytes -= bytes;
	}
}

struct sketch *sketch_new(const struct fast_distribution *distribution,
			  struct sketch_budget *budget)
{
	struct sketch *sketch;
	size_t first;
	size_t end;

	fast_distribution_span(distribution, &first, &end);
	while (end > first && distribution->buckets[end - 1] == 0) {
		end--;
	}
	while (first < end && distribution->buckets[first] == 0) {
		first++;
	}
	size_t bytes = sketch_bytes(end - first);
	if (!sketch_budget_take(budget, bytes)) {
		return NULL;
	}
	sketch = malloc(bytes);
	if (sketch == NULL) {
		sketch_budget_give(budget, bytes);
		return NULL;
	}
	*sketch = (struct sketch){
		.references = 1,
		.first = (uint16_t)first,
		.length = (uint16_t)(end - first),
		.count = distribution->count,
		.zero = distribution->zero,
		.sum = distribution->sum,
		.min = distribution->min,
		.max = distribution->max,
		.octaves = distribution->octaves,
	};
	memcpy(sketch->buckets, distribution->buckets + first, (end - first) * sizeof(uint64_t));
	return sketch;
}

struct sketch *sketch_ref(struct sketch *sketch)
{
	if (sketch != NULL) {
		sketch->references++;
	}
	return sketch;
}

void sketch_unref(struct sketch *sketch, struct sketch_budget *budget)
{
	if (sketch == NULL) {
		return;
	}
	assert(sketch->references > 0);
	if (--sketch->references > 0) {
		return;
	}
	sketch_budget_give(budget, sketch_bytes(sketch->length));
	free(sketch);
}

bool sketch_is_same(const struct sketch *sketch, const struct fast_distribution *distribution)
{
	return sketch != NULL && sketch->count == distribution->count &&
	       sketch->zero == distribution->zero &&
	       memcmp(&sketch->sum, &distribution->sum, sizeof sketch->sum) == 0;
}

void sketch_expand(const struct sketch *sketch, struct fast_distribution *out)
{
	*out = (struct fast_distribution){
		.count = sketch->count,
		.zero = sketch->zero,
		.sum = sketch->sum,
		.min = sketch->min,
		.max = sketch->max,
		.octaves = sketch->octaves,
	};
	memcpy(out->buckets + sketch->first, sketch->buckets, sketch->length * sizeof(uint64_t));
}

uint64_t sketch_count(const struct sketch *sketch)
{
	return sketch->count;
}
