/* page/map.h - the plugin's side of the page: making it, and replacing it in a forked child. */
#ifndef FAST_PAGE_MAP_H
#define FAST_PAGE_MAP_H

#include "page/page.h"

#include <fast/metric.h>
#include <fast/status.h>

/* A page as the plugin has it mapped: region A read-only, region B writable. */
struct fast_page_map {
	unsigned char *base;
	int fd; /* the sealed memfd; -1: the system gave none, and fastd can't have the page */
};

/* Makes a segment of a page with its head written and nothing else. A forked child does not inherit
 * it. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_page_map_open(struct fast_page_map *map, uint32_t segment);

/* base NULL is allowed. */
void fast_page_map_close(struct fast_page_map *map);

/* In a forked child: copies the bank in force of the parent's page, which is not mapped here, into
 * bank, and lets go of the page. Safe after fork in a threaded process. */
void fast_page_map_inherit(struct fast_page_map *map, struct fast_page_slot *bank);

/* Makes bank the one in force of a page that nobody else has. */
void fast_page_map_fill(const struct fast_page_map *map, const struct fast_page_slot *bank);

/* Writes the state of a cell that nothing has been counted in. */
void fast_page_cell_init(const struct fast_page_map *map, enum fast_metric_kind kind,
			 uint32_t offset);

static inline struct fast_page_params *fast_page_map_params(const struct fast_page_map *map)
{
	return (struct fast_page_params *)(void *)(map->base + FAST_PAGE_A_OFFSET);
}

static inline struct fast_page_ack *fast_page_map_ack(const struct fast_page_map *map,
						      uint32_t slot)
{
	return (struct fast_page_ack *)(void *)(map->base + FAST_PAGE_ACK_OFFSET(slot));
}

#endif
