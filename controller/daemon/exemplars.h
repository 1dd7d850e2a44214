/* daemon/exemplars.h - the newest exemplars of one metric, copied from its plugin's page and kept
 * after its end. Guarded by the node's lock. */
#ifndef FASTD_EXEMPLARS_H
#define FASTD_EXEMPLARS_H

#include "node.h"
#include "sketch.h"

struct exemplars;

/* Of a metric of this kind, at this offset of its page. NULL: no memory, or over the budget. */
struct exemplars *exemplars_new(enum fast_metric_kind kind, uint32_t offset,
				struct sketch_budget *budget);
/* NULL is allowed. */
void exemplars_free(struct exemplars *exemplars, struct sketch_budget *budget);

uint32_t exemplars_offset(const struct exemplars *exemplars);

/* Copies what is new. Gives how many were rejected: they are no exemplars, or there is no room. A
 * time in the future is taken for now. */
uint32_t exemplars_read(struct exemplars *exemplars, const struct fast_page_view *view,
			int64_t now_unix_ns, struct sketch_budget *budget);

/* Writes them to out, which has room for NODE_EXEMPLARS_MAX; their texts are good until the next
 * read. Gives how many there are. */
size_t exemplars_list(const struct exemplars *exemplars, struct node_exemplar *out);

#endif
