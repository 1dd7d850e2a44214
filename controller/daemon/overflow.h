/* daemon/overflow.h - metrics of a plugin for which there was no room, folded into one marked
 * series of each kind. Guarded by the node's lock. */
#ifndef FASTD_OVERFLOW_H
#define FASTD_OVERFLOW_H

#include "page/view.h"

/* Cells that one plugin has folded; beyond, a metric is refused and read no more. */
#define OVERFLOW_CELLS_MAX 1000

struct overflow_cell {
	enum fast_metric_kind kind;
	uint32_t offset;
	double seen; /* of a gauge, at the last reading; NaN: nothing yet */
};

/* Zeroed memory is an empty one. */
struct overflow {
	struct overflow_cell *cells;
	size_t count;
	size_t capacity;
	double gauge; /* the newest of them */
};

void overflow_fini(struct overflow *overflow);

/* What the series of this kind is called without its label; NULL: the kind has none. */
const char *overflow_name(enum fast_metric_kind kind);

bool overflow_has(const struct overflow *overflow, enum fast_metric_kind kind, uint32_t offset);
/* False: no memory, or OVERFLOW_CELLS_MAX. One that is there already is there once. */
bool overflow_add(struct overflow *overflow, enum fast_metric_kind kind, uint32_t offset);

/* Reads all cells of the kind as one: their sum; of gauges, the value that was set last. *out is as
 * for fast_page_view_read(); scratch is any such reading. */
void overflow_read(struct overflow *overflow, const struct fast_page_view *view,
		   enum fast_metric_kind kind, struct fast_cell_reading *out,
		   struct fast_cell_reading *scratch);

#endif
