/* bench_hot_world.h - the loops of bench_hot: a plugin's verbs, and what they are compared with. */
#ifndef BENCH_HOT_WORLD_H
#define BENCH_HOT_WORLD_H

#include "page/map.h"
#include "page/view.h"
#include <fast/plugin.h>

#include <stdint.h>

/* What the loops call; shared by the threads of one measurement. */
struct hot_world {
	struct fast_plugin *plugin;
	struct fast_page_map bare; /* a page for the baseline's cell */
	uint64_t *cell;
	struct fast_metric *counter;
	struct fast_metric *gauge;
	struct fast_metric *histogram;
	struct fast_metric *heartbeat;
	struct fast_param *integer;
	struct fast_param *string;
	struct fast_page_view *view; /* of the plugin's page, as fastd has it */
};

typedef void hot_loop_fn(const struct hot_world *world, uint64_t calls);

/* Opens a plugin without fastd, declares one of each, and turns its knobs as fastd would. Ends the
 * program when that fails. */
void hot_world_init(struct hot_world *world);
void hot_world_fini(struct hot_world *world);

/* Baselines: a relaxed fetch_add on a cell of such a page; a read of CLOCK_MONOTONIC. */
void hot_fetch_add_loop(const struct hot_world *world, uint64_t calls);
void hot_clock_loop(const struct hot_world *world, uint64_t calls);

void hot_counter_loop(const struct hot_world *world, uint64_t calls);
void hot_gauge_loop(const struct hot_world *world, uint64_t calls);
void hot_observe_loop(const struct hot_world *world, uint64_t calls);
/* A trace and a span, the time now. */
void hot_observe_exemplar_loop(const struct hot_world *world, uint64_t calls);
void hot_heartbeat_loop(const struct hot_world *world, uint64_t calls);
void hot_get_loop(const struct hot_world *world, uint64_t calls);
void hot_get_string_loop(const struct hot_world *world, uint64_t calls);

#endif
