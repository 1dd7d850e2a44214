/* daemon/changes.h - the newest changes of knobs, numbered, for those who watch them. */
#ifndef FASTD_CHANGES_H
#define FASTD_CHANGES_H

#include "daemon/node.h"

#include <fast/v1/param.pb-c.h>

/* Written under the node's lock, read by one thread. */
struct changes;

FAST_MUST_CHECK enum fast_status changes_new(size_t capacity, struct changes **out);
/* NULL is allowed. */
void changes_free(struct changes *changes);

/* Numbers a change and keeps its state if anybody reads; what does not fit is lost, its number is
 * not. Any thread, under the node's lock. */
void changes_push(struct changes *changes, const struct node_param *param);

/* More or fewer readers, from any thread. Each begins at changes_count(), asked under the node's
 * lock, with the states of that moment. */
void changes_add_reader(struct changes *changes);
void changes_remove_reader(struct changes *changes);

/* Changes so far: the number of the next one. Any thread. */
uint64_t changes_count(const struct changes *changes);

/* Reading thread: makes what was pushed readable; what was read before may vanish. */
void changes_take(struct changes *changes);

/* Reading thread: the number after the last readable change. */
uint64_t changes_readable(const struct changes *changes);

/* Reading thread: the change of that number, until the next changes_take(). NULL: it is lost. */
const Fast__V1__ParamState *changes_get(const struct changes *changes, uint64_t number);

#endif
