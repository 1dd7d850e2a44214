/* controller/knob_life.h - a node without threads and a model of it, which live through the same,
 * by a clock of the test's own. */
#ifndef FASTD_TEST_KNOB_LIFE_H
#define FASTD_TEST_KNOB_LIFE_H

#include "controller/knob_model.h"
#include "controller/node_world.h"
#include "runtime/random.h"

/* Now, of the node's clocks. */
extern int64_t life_clock_ns;

struct life {
	uint64_t random;
	char dir[64];
	struct node *node;
	struct model model;
	bool waits; /* the node has a claim that waits */
	struct outcome waiting;
};

/* A new state directory, in memory where there is one. */
void life_dir_make(struct life *life);
/* A node with all plugins of the model. */
void life_begin(struct life *life);
/* Ends it as a signal does. */
void life_end(struct life *life);
/* As if it had been killed at this moment, in the midst of what was not answered yet. */
void life_crash(struct life *life);
/* What is due by now happens, in both; then they are compared. */
void life_settle(struct life *life);
/* Commits, and checks how a call has ended. */
void life_check(struct life *life, const struct outcome *outcome, enum fast_status expected);

static inline uint32_t below(struct life *life, uint32_t limit)
{
	return random_below(&life->random, limit);
}

#endif
