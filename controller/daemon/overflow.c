#include "overflow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_FIRST 16

void overflow_fini(struct overflow *overflow)
{
	free(overflow->cells);
	*overflow = (struct overflow){.cells = NULL};
}

/* The SDK calls them the same. Facts and states can't be added up. */
const char *overflow_name(enum fast_metric_kind kind)
{
	static const char *const names[] = {
		[FAST_METRIC_COUNTER] = "fast.overflow_counter",
		[FAST_METRIC_GAUGE] = "fast.overflow_gauge",
		[FAST_METRIC_HISTOGRAM] = "fast.overflow_histogram",
		[FAST_METRIC_TIMER] = "fast.overflow_timer",
		[FAST_METRIC_HEARTBEAT] = "fast.overflow_heartbeat",
	};

	return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

bool overflow_has(const struct overflow *overflow, enum fast_metric_kind kind, uint32_t offset)
{
	for (size_t i = 0; i < overflow->count; i++) {
		if (overflow->cells[i].kind == kind && overflow->cells[i].offset == offset) {
			return true;
		}
	}
	return false;
}

bool overflow_add(struct overflow *overflow, enum fast_metric_kind kind, uint32_t offset)
{
	if (overflow_has(overflow, kind, offset)) {
		return true;
	}
	if (overflow->count == OVERFLOW_CELLS_MAX) {
		return false;
	}
	if (overflow->count == overflow->capacity) {
		size_t wanted = overflow->capacity == 0 ? CELLS_FIRST : 2 * overflow->capacity;
		struct overflow_cell *grown =
			realloc(overflow->cells, wanted * sizeof *overflow->cells);

		if (grown == NULL) {
			return false;
		}
		overflow->cells = grown;
		overflow->capacity = wanted;
	}
	if (overflow->count == 0) {
		overflow->gauge = NAN;
	}
	overflow->cells[overflow->count++] =
		(struct overflow_cell){.kind = kind, .offset = offset, .seen = NAN};
	return true;
}

static void distribution_merge(struct fast_distribution *into,
			       const struct fast_distribution *other)
{
	into->count += other->count;
	into->zero += other->zero;
	into->sum += other->sum;
	into->min = fmin(into->min, other->min); /* of a number and NaN, the number */
	into->max = fmax(into->max, other->max);
	into->octaves |= other->octaves;
	for (uint64_t left = other->octaves; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) * 8;

		for (size_t i = first; i < first + 8; i++) {
			into->buckets[i] += other->buckets[i];
		}
	}
}

/* NaN takes no place among the values: nobody has set that one. */
static void gauge_take(struct overflow *overflow, struct overflow_cell *cell, double value)
{
	if (!isnan(value) && !(value == cell->seen)) {
		cell->seen = value;
		overflow->gauge = value;
	}
}

static void reading_merge(struct fast_cell_reading *into, const struct fast_cell_reading *other)
{
	into->count += other->count;
	into->work += other->work;
	into->last_ns = other->last_ns > into->last_ns ? other->last_ns : into->last_ns;
	if (into->kind != FAST_METRIC_COUNTER) {
		distribution_merge(&into->distribution, &other->distribution);
	}
}

void overflow_read(struct overflow *overflow, const struct fast_page_view *view,
		   enum fast_metric_kind kind, struct fast_cell_reading *out,
		   struct fast_cell_reading *scratch)
{
	bool any = false;

	for (size_t i = 0; i < overflow->count; i++) {
		struct overflow_cell *cell = &overflow->cells[i];
		struct fast_cell_reading *reading = any ? scratch : out;

		if (cell->kind != kind) {
			continue;
		}
		fast_page_view_read(view, kind, cell->offset, reading);
		if (kind == FAST_METRIC_GAUGE) {
			gauge_take(overflow, cell, reading->value);
		} else if (any) {
			reading_merge(out, reading);
		}
		any = true;
	}
	if (kind == FAST_METRIC_GAUGE) {
		out->value = overflow->gauge;
	}
}
