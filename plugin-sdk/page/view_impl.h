/* page/view_impl.h - what a view is, for view.c and reading.c. */
#ifndef FAST_PAGE_VIEW_IMPL_H
#define FAST_PAGE_VIEW_IMPL_H

#include "page/atomic.h"
#include "page/page.h"
#include "page/view.h"

struct view_segment {
	unsigned char *base; /* region A writable, region B not */
	/* What fastd has written, kept here since region A is never read back. */
	struct fast_page_slot shadow[FAST_PAGE_PARAMS_MAX];
};

struct fast_page_view {
	size_t count;                                       /* at least 1 */
	const unsigned char *bases[FAST_PAGE_SEGMENTS_MAX]; /* the segments' */
	struct view_segment *segments[FAST_PAGE_SEGMENTS_MAX];
	struct fast_page_params *params; /* of the first segment, which has the generation */
	uint64_t generation;
};

/* Where an offset over all segments lies. */
static inline const unsigned char *view_at(const struct fast_page_view *view, uint32_t offset)
{
	return view->bases[offset / FAST_PAGE_BYTES] + offset % FAST_PAGE_BYTES;
}

#endif
