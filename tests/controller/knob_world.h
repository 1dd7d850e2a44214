/* controller/knob_world.h - a node with one plugin, whose knobs are turned, bounded and saved. */
#ifndef FASTD_TEST_KNOB_WORLD_H
#define FASTD_TEST_KNOB_WORLD_H

#include "controller/node_world.h"

#include "daemon/node_knobs.h"

#include <fast/plugin.h>

/* A world with a plugin that has two knobs, both 7. */
struct knob_world {
	struct world world;
	struct fast_plugin *plugin;
	struct fast_param *quality;
	struct fast_param *size;
};

/* Of the knob "quality". */
void knob_world_init(struct knob_world *fixture);
void knob_world_fini(struct knob_world *fixture);
struct node_result knob_set(struct knob_world *fixture, int64_t value, uint64_t lease_id);
struct node_result knob_set_for(struct knob_world *fixture, int64_t value, uint32_t ttl_ms);
struct node_result knob_bound(struct knob_world *fixture, const struct node_bound *bound);
struct node_bound bound_at_most(double max);
struct node_result knob_unbound(struct knob_world *fixture);
void knob_wait(struct fast_param *param, int64_t value);
struct node_param knob_now(struct knob_world *fixture);

#endif
