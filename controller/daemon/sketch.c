#include "sketch.h"

#include "fetch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_STEP    8 /* buckets; so that one more mostly finds room */
#define LINE_BYTES       64
#define PREFETCHED_LINES 3 /* the head, and as many buckets as most have */

struct sketch {
	uint32_t references;
	uint16_t first; /* bucket that buckets[0] stands for */
	uint16_t length;
	uint16_t capacity;
	uint64_t count;
	uint64_t zero;
	double sum;
	double min;
	double max;
	uint64_t octaves;
	uint64_t buckets[]; /* capacity of them; beyond length, all are 0 in truth */
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

/* Where the buckets that hold something are. */
static void span_find(const struct fast_distribution *distribution, size_t *first, size_t *end)
{
	fast_distribution_span(distribution, first, end);
	while (*end > *first && distribution->buckets[*end - 1] == 0) {
		--*end;
	}
	while (*first < *end && distribution->buckets[*first] == 0) {
		++*first;
	}
}

static void sketch_fill(struct sketch *sketch, const struct fast_distribution *distribution,
			size_t first, size_t end)
{
	sketch->first = (uint16_t)first;
	sketch->length = (uint16_t)(end - first);
	sketch->count = distribution->count;
	sketch->zero = distribution->zero;
	sketch->sum = distribution->sum;
	sketch->min = distribution->min;
	sketch->max = distribution->max;
	sketch->octaves = distribution->octaves;
	memcpy(sketch->buckets, distribution->buckets + first, (end - first) * sizeof(uint64_t));
}

/* One that nobody else refers to, with room for so many buckets, in place of another one. NULL: no
 * memory, or over the budget. */
static struct sketch *sketch_obtain(struct sketch *sketch, size_t length,
				    struct sketch_budget *budget)
{
	size_t capacity = (length + CAPACITY_STEP - 1) / CAPACITY_STEP * CAPACITY_STEP;
	size_t bytes = sketch_bytes(capacity);

	if (sketch != NULL && sketch->references == 1 && sketch->capacity >= length) {
		return sketch;
	}
	sketch_unref(sketch, budget);
	if (!sketch_budget_take(budget, bytes)) {
		return NULL;
	}
	sketch = malloc(bytes);
	if (sketch == NULL) {
		sketch_budget_give(budget, bytes);
		return NULL;
	}
	sketch->references = 1;
	sketch->capacity = (uint16_t)capacity;
	return sketch;
}

struct sketch *sketch_renew(struct sketch *sketch, const struct fast_distribution *distribution,
			    struct sketch_budget *budget)
{
	size_t first;
	size_t end;

	span_find(distribution, &first, &end);
	sketch = sketch_obtain(sketch, end - first, budget);
	if (sketch != NULL) {
		sketch_fill(sketch, distribution, first, end);
	}
	return sketch;
}

struct sketch *sketch_copy(struct sketch *sketch, const struct sketch *from,
			   struct sketch_budget *budget)
{
	assert(sketch != from);

	sketch = sketch_obtain(sketch, from->length, budget);
	if (sketch != NULL) {
		uint16_t capacity = sketch->capacity;

		*sketch = *from;
		sketch->references = 1;
		sketch->capacity = capacity;
		memcpy(sketch->buckets, from->buckets, from->length * sizeof(uint64_t));
	}
	return sketch;
}

bool sketch_is_shared(const struct sketch *sketch)
{
	return sketch != NULL && sketch->references > 1;
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
	sketch_budget_give(budget, sketch_bytes(sketch->capacity));
	free(sketch);
}

void sketch_prefetch(const struct sketch *sketch)
{
	if (sketch != NULL) {
		for (size_t i = 0; i < PREFETCHED_LINES; i++) {
			fetch((const char *)sketch + i * LINE_BYTES);
		}
	}
}

/* What tells a distribution from that of another moment. */
static bool is_same(const struct sketch *sketch, uint64_t count, uint64_t zero, double sum)
{
	return sketch->count == count && sketch->zero == zero &&
	       memcmp(&sketch->sum, &sum, sizeof sum) == 0;
}

bool sketch_is_same(const struct sketch *sketch, const struct fast_distribution *distribution)
{
	return sketch != NULL &&
	       is_same(sketch, distribution->count, distribution->zero, distribution->sum);
}

bool sketch_equals(const struct sketch *left, const struct sketch *right)
{
	return left != NULL && right != NULL &&
	       (left == right || is_same(left, right->count, right->zero, right->sum));
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

double sketch_sum(const struct sketch *sketch)
{
	return sketch->sum;
}
