/* daemon/sketch.h - a distribution as it was at one moment, without its empty ends.
 *
 * A struct fast_distribution is 4 KiB, and a node keeps dozens for each metric; what was observed
 * usually fills a few octaves. Sketches are shared by counting references; guarded by the node's
 * lock. */
#ifndef FASTD_SKETCH_H
#define FASTD_SKETCH_H

#include "page/view.h"

/* What all sketches of a node, a user or a plugin take together. Hostile pages could otherwise ask
 * for gigabytes. */
struct sketch_budget {
	size_t bytes;
	size_t bytes_max;
	struct sketch_budget *parent; /* of which it is a part; NULL: none */
};

/* False: there is not so much left, here or in what it is a part of. */
bool sketch_budget_take(struct sketch_budget *budget, size_t bytes);
void sketch_budget_give(struct sketch_budget *budget, size_t bytes);

struct sketch;

/* A sketch of this distribution in place of another one (NULL: none), whose reference it takes in
 * any case: what nobody else refers to is written anew where it lies. Gives one reference. NULL: no
 * memory, or over the budget. */
struct sketch *sketch_renew(struct sketch *sketch, const struct fast_distribution *distribution,
			    struct sketch_budget *budget);

/* A copy of `from` in place of another one, as above. They are not the same. */
struct sketch *sketch_copy(struct sketch *sketch, const struct sketch *from,
			   struct sketch_budget *budget);

/* Whether there is more than one reference to it; NULL has none. */
bool sketch_is_shared(const struct sketch *sketch);

/* Another reference to it; NULL gives NULL. */
struct sketch *sketch_ref(struct sketch *sketch);

/* Gives a reference back. NULL is allowed. */
void sketch_unref(struct sketch *sketch, struct sketch_budget *budget);

/* Asks the processor for it; NULL is allowed. */
void sketch_prefetch(const struct sketch *sketch);

/* Whether nothing has been observed between the two. NULL is never the same. */
bool sketch_is_same(const struct sketch *sketch, const struct fast_distribution *distribution);

/* The same of two sketches; NULL equals none. */
bool sketch_equals(const struct sketch *left, const struct sketch *right);

/* Fills out with all of it. */
void sketch_expand(const struct sketch *sketch, struct fast_distribution *out);

uint64_t sketch_count(const struct sketch *sketch);
double sketch_sum(const struct sketch *sketch);

#endif
