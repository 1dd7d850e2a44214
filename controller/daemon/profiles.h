/* daemon/profiles.h - named values of knobs, by the plugin's name. Data only. Guarded by the node's
 * lock. */
#ifndef FASTD_PROFILES_H
#define FASTD_PROFILES_H

#include "node_knobs.h"

#define PROFILES_MAX 512

struct profile {
	char plugin[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char name[NODE_PROFILE_BYTES_MAX + 1];
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	int64_t time_unix_ns;
	size_t count; /* at most NODE_SET_MAX */
	struct node_assignment assignments[NODE_SET_MAX];
};

/* Zeroed memory is a valid empty table. */
struct profiles {
	struct profile **items; /* in the order in which they were saved */
	size_t count;
	size_t reserved; /* places for those that are on their way to the store */
};

void profiles_fini(struct profiles *profiles);
/* NULL: there is none. */
struct profile *profiles_find(const struct profiles *profiles, const char *plugin,
			      const char *name);
/* A place for one more. RESOURCE_EXHAUSTED: PROFILES_MAX, or no memory. */
FAST_MUST_CHECK enum fast_status profiles_reserve(struct profiles *profiles);
/* Takes profile into a reserved place, instead of one of the same name. */
void profiles_take(struct profiles *profiles, struct profile *profile);
void profiles_remove(struct profiles *profiles, const char *plugin, const char *name);

#endif
