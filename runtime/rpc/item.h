/* rpc/item.h - one message of a stream as it came, until somebody reads it. */
#ifndef FAST_RPC_ITEM_H
#define FAST_RPC_ITEM_H

#include "base/list.h"
#include "wire/packet.h"

/* Items that are missing. */
struct fast_item_gap {
	bool is_there;
	bool is_reset; /* another epoch */
	uint64_t first;
	uint64_t last;
};

struct fast_stream_item {
	struct fast_list node;
	struct fast_item_gap gap; /* before it */
	bool is_mark;             /* the gap is all there is */
	size_t bytes;
	uint8_t data[];
};

/* A copy of the packet's payload. NULL: no memory. */
struct fast_stream_item *fast_stream_item_new(const struct fast_packet *packet);
/* NULL is allowed. */
void fast_stream_item_free(struct fast_stream_item *item);
/* Frees all items of a list and leaves it empty. */
void fast_stream_items_free(struct fast_list *items);

#endif
