/* remote_part.h - what the module fast._remote gives fast._fast, in a capsule: the RPC runtime is
 * in that module alone, so that a plugin of this node loads nothing of it. Both are built from the
 * same sources: what one has made of a plugin the other knows. */
#ifndef FAST_REMOTE_PART_H
#define FAST_REMOTE_PART_H

#include "plugin_impl.h"

#include <fast/log.h>

#define REMOTE_PART "fast._remote.part"

struct remote_part {
	fast_plugin_run_fn *run; /* the housekeeping thread's */
	/* Each module has a log of its own; NULL is silence. */
	void (*log_to)(fast_log_fn *handler, void *arg);
};

#endif
