/* daemon/share.h - what the plugins of one user take of fastd's memory, so that they do not take
 * everybody's. Guarded by the node's lock. */
#ifndef FASTD_SHARE_H
#define FASTD_SHARE_H

#include "sketch.h"

#include <fast/status.h>

/* Root is not bound as a user: containers share it. */
#define SHARE_SERIES_BYTES_MAX (128u << 20) /* of one user: metrics with their samples */
#define SHARE_SKETCH_BYTES_MAX (32u << 20)  /* of one user: distributions */

struct share {
	struct share *next;
	uint32_t uid;
	size_t plugins; /* that hold it; the last one frees it */
	struct sketch_budget series;
	struct sketch_budget sketches;
};

/* The user's share, in a list; made when missing, as a part of these two. Holds it for one more
 * plugin. NULL: no memory. */
struct share *share_hold(struct share **list, uint32_t uid, struct sketch_budget *series,
			 struct sketch_budget *sketches);
/* NULL is allowed. Nothing of what it was for may be left. */
void share_release(struct share **list, struct share *share);

#endif
