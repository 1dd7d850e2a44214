#include "rpc/item.h"

#include <stdlib.h>
#include <string.h>

struct fast_stream_item *fast_stream_item_new(const struct fast_packet *packet)
{
	struct fast_stream_item *item = malloc(sizeof *item + packet->payload.bytes);

	if (item == NULL) {
		return NULL;
	}
	item->node = (struct fast_list){NULL, NULL};
	item->gap = (struct fast_item_gap){.is_there = false};
	item->is_mark = packet->mark;
	item->bytes = packet->payload.bytes;
	if (item->bytes > 0) {
		memcpy(item->data, packet->payload.data, item->bytes);
	}
	return item;
}

void fast_stream_item_free(struct fast_stream_item *item)
{
	free(item);
}

void fast_stream_items_free(struct fast_list *items)
{
	for (;;) {
		struct fast_list *node = fast_list_pop(items);
		if (node == NULL) {
			return;
		}
		fast_stream_item_free(FAST_LIST_ENTRY(node, struct fast_stream_item, node));
	}
}
