/* page/view_impl.h - what a view is, for view.c and reading.c. */
#ifndef FAST_PAGE_VIEW_IMPL_H
#define FAST_PAGE_VIEW_IMPL_H

#include "page/atomic.h"
#include "page/page.h"
#include "page/view.h"

struct fast_page_view {
	unsigned char *base; /* region A writable, region B not */
	struct fast_page_params *params;
	/* What fastd has written, kept here since region A is never read back. */
	uint64_t generation;
	struct fast_page_slot shadow[FAST_PAGE_PARAMS_MAX];
};

#endif
