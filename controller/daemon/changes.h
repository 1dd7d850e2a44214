/* daemon/changes.h - the newest changes of knobs, numbered, for those who watch them. */
#ifndef FASTD_CHANGES_H
#define FASTD_CHANGES_H

#include "daemon/node.h"

#include <fast/v1/param.pb-c.h>

/* Written under the node's lock, read by one thread. */
struct changes;

/* What has happened. */
struct changed {
	const Fast__V1__ParamState *state; /* NULL: the plugin has ended */
	const char *plugin;
	uint64_t revision; /* the plugin's newest, then */
};

FAST_MUST_CHECK enum fast_status changes_new(size_t capacity, struct changes **out);
/* NULL is allowed. */
void changes_free(struct changes *changes);

/* Numbers a change and keeps it; what does not fit is lost, its number is not. Any thread, under
 * the node's lock. */
void changes_push(struct changes *changes, const struct node_param *param);
void changes_push_ended(struct changes *changes, const char *plugin, uint64_t revision);

/* Changes so far: the number of the next one. Any thread. */
uint64_t changes_count(const struct changes *changes);

/* Reading thread: makes what was pushed readable; what was read before may vanish. */
void changes_take(struct changes *changes);

/* Reading thread: the number after the last readable change. */
uint64_t changes_readable(const struct changes *changes);

/* Reading thread: the change of that number, until the next changes_take(). NULL: it is lost. */
const struct changed *changes_get(const struct changes *changes, uint64_t number);

/* Reading thread: gives the number of the first readable change of the plugin at this revision or a
 * later one, or of the next change if there is none. False: it can't be said that none is lost.
 * same_start: the revision was told since changes were first kept; newest: the plugin's by now. */
bool changes_seek(const struct changes *changes, const char *plugin, uint64_t revision,
		  bool same_start, uint64_t newest, uint64_t *number);

#endif
