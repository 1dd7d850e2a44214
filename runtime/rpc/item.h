/* rpc/item.h - one message of a stream as it came, until somebody reads it. */
#ifndef FAST_RPC_ITEM_H
#define FAST_RPC_ITEM_H

#include "base/list.h"
#include "wire/packet.h"

struct fast_stream_item {
	struct fast_list node;
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
