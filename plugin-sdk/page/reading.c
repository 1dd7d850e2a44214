#include "page/view.h"

#include "page/page.h"
#include "page/view_impl.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SECONDS_PER_NS         1e-9
#define PREFETCHED_OCTAVES_MAX 8 /* beyond, a distribution is an odd one */

static const uint32_t cell_bytes[] = {
	[FAST_METRIC_COUNTER] = sizeof(struct fast_page_counter),
	[FAST_METRIC_GAUGE] = sizeof(struct fast_page_gauge),
	[FAST_METRIC_HISTOGRAM] = sizeof(struct fast_page_histogram),
	[FAST_METRIC_TIMER] = sizeof(struct fast_page_histogram),
	[FAST_METRIC_HEARTBEAT] = sizeof(struct fast_page_heartbeat),
	[FAST_METRIC_INFO] = sizeof(struct fast_page_info),
	[FAST_METRIC_STATESET] = sizeof(struct fast_page_stateset),
};

uint32_t fast_page_cell_bytes(enum fast_metric_kind kind)
{
	return (unsigned int)kind < sizeof cell_bytes / sizeof cell_bytes[0] ? cell_bytes[kind] : 0;
}

bool fast_page_cell_valid(enum fast_metric_kind kind, uint32_t offset)
{
	uint32_t bytes = fast_page_cell_bytes(kind);

	return bytes > 0 && offset % 64 == 0 && offset >= FAST_PAGE_CELLS_OFFSET &&
	       offset <= FAST_PAGE_BYTES - bytes;
}

bool fast_page_view_cell_valid(const struct fast_page_view *view, enum fast_metric_kind kind,
			       uint32_t offset)
{
	return offset / FAST_PAGE_BYTES < view->count &&
	       fast_page_cell_valid(kind, offset % FAST_PAGE_BYTES);
}

/* A plugin of ours never leaves a sum that is not finite; what does is worth nothing. */
static double load_sum(const uint64_t *word)
{
	double value = page_load_double(word);

	return isfinite(value) ? value : 0;
}

/* Reads 64 bytes where something may be, instead of 4096. Gives the sum of the buckets. */
static uint64_t octaves_read(const struct fast_page_distribution *cell,
			     struct fast_distribution *out)
{
	uint64_t octaves = page_load(&cell->octaves);
	uint64_t stale = out->octaves & ~octaves; /* of the reading before */
	uint64_t count = 0;

	for (; stale != 0; stale &= stale - 1) {
		memset(out->buckets + (__builtin_ctzll(stale) << FAST_PAGE_SCALE), 0,
		       sizeof out->buckets / FAST_PAGE_OCTAVES);
	}
	for (uint64_t left = octaves; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) << FAST_PAGE_SCALE;

		for (size_t i = first; i < first + (1 << FAST_PAGE_SCALE); i++) {
			out->buckets[i] = page_load(&cell->buckets[i]);
			count += out->buckets[i];
		}
	}
	out->octaves = octaves;
	return count;
}

static void distribution_read(const struct fast_page_distribution *cell,
			      struct fast_distribution *out)
{
	_Static_assert(sizeof out->buckets == sizeof cell->buckets, "same buckets");

	out->zero = page_load(&cell->zero);
	out->count = out->zero + octaves_read(cell, out);
	out->sum = load_sum(&cell->sum);
	out->min = page_load_double(&cell->min);
	out->max = page_load_double(&cell->max);
	if (out->count == 0 || !isfinite(out->min) || !isfinite(out->max) || out->min > out->max) {
		out->min = NAN;
		out->max = NAN;
	}
}

static void counter_read(const void *cell, struct fast_cell_reading *out)
{
	out->count = page_load(&((const struct fast_page_counter *)cell)->count);
}

static void gauge_read(const void *cell, struct fast_cell_reading *out)
{
	out->value = page_load_double(&((const struct fast_page_gauge *)cell)->value);
}

static void info_read(const void *cell, struct fast_cell_reading *out)
{
	(void)cell;
	out->value = 1; /* whatever it holds */
}

static void stateset_read(const void *cell, struct fast_cell_reading *out)
{
	uint64_t bits = page_load(&((const struct fast_page_stateset *)cell)->bits);

	out->value = (double)(uint32_t)bits;
}

static void histogram_read(const void *cell, struct fast_cell_reading *out)
{
	distribution_read(&((const struct fast_page_histogram *)cell)->values, &out->distribution);
	out->count = out->distribution.count;
}

static void heartbeat_read(const void *cell, struct fast_cell_reading *out)
{
	const struct fast_page_heartbeat *heartbeat = cell;
	uint64_t first_ns = page_load(&heartbeat->first_ns);
	uint64_t last_ns = page_load(&heartbeat->last_ns);

	distribution_read(&heartbeat->intervals, &out->distribution);
	out->last_ns = last_ns <= INT64_MAX ? (int64_t)last_ns : 0;
	out->count = out->distribution.count + (out->last_ns != 0);
	out->work = (double)out->count + load_sum(&heartbeat->extra_work);
	out->distribution.sum = 0;
	if (first_ns != 0 && last_ns > first_ns) {
		out->distribution.sum = (double)(last_ns - first_ns) * SECONDS_PER_NS;
	}
}

static void (*const cell_read[])(const void *cell, struct fast_cell_reading *out) = {
	[FAST_METRIC_COUNTER] = counter_read,     [FAST_METRIC_GAUGE] = gauge_read,
	[FAST_METRIC_HISTOGRAM] = histogram_read, [FAST_METRIC_TIMER] = histogram_read,
	[FAST_METRIC_HEARTBEAT] = heartbeat_read, [FAST_METRIC_INFO] = info_read,
	[FAST_METRIC_STATESET] = stateset_read,
};

void fast_page_view_prefetch(const struct fast_page_view *view, enum fast_metric_kind kind,
			     uint32_t offset)
{
	assert(offset / FAST_PAGE_BYTES < view->count);

	const void *cell = view_at(view, offset);

	__builtin_prefetch(cell);
	if (kind == FAST_METRIC_HEARTBEAT) {
		__builtin_prefetch(&((const struct fast_page_heartbeat *)cell)->intervals);
	}
}

void fast_page_view_prefetch_buckets(const struct fast_page_view *view, enum fast_metric_kind kind,
				     uint32_t offset)
{
	assert(offset / FAST_PAGE_BYTES < view->count);

	const void *cell = view_at(view, offset);
	const struct fast_page_distribution *distribution = cell;
	uint64_t octaves;

	if (kind == FAST_METRIC_HEARTBEAT) {
		distribution = &((const struct fast_page_heartbeat *)cell)->intervals;
	} else if (kind != FAST_METRIC_HISTOGRAM && kind != FAST_METRIC_TIMER) {
		return;
	}
	octaves = page_load(&distribution->octaves);
	for (size_t i = 0; octaves != 0 && i < PREFETCHED_OCTAVES_MAX; i++) {
		__builtin_prefetch(
			&distribution->buckets[__builtin_ctzll(octaves) << FAST_PAGE_SCALE]);
		octaves &= octaves - 1;
	}
}

void fast_page_view_read(const struct fast_page_view *view, enum fast_metric_kind kind,
			 uint32_t offset, struct fast_cell_reading *out)
{
	assert(fast_page_view_cell_valid(view, kind, offset));

	out->kind = kind;
	out->count = 0;
	out->value = 0;
	out->work = 0;
	out->last_ns = 0;
	cell_read[kind](view_at(view, offset), out);
}
