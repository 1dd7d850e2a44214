#include "profiles.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void profiles_fini(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++) {
		free(profiles->items[i]);
	}
	free(profiles->items);
	*profiles = (struct profiles){0};
}

struct profile *profiles_find(const struct profiles *profiles, const char *plugin, const char *name)
{
	for (size_t i = 0; i < profiles->count; i++) {
		if (strcmp(profiles->items[i]->plugin, plugin) == 0 &&
		    strcmp(profiles->items[i]->name, name) == 0) {
			return profiles->items[i];
		}
	}
	return NULL;
}

enum fast_status profiles_reserve(struct profiles *profiles)
{
	if (profiles->items == NULL) {
		profiles->items = calloc(PROFILES_MAX, sizeof(struct profile *));
	}
	if (profiles->items == NULL || profiles->count + profiles->reserved == PROFILES_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	profiles->reserved++;
	return FAST_OK;
}

void profiles_take(struct profiles *profiles, struct profile *profile)
{
	assert(profiles->reserved > 0);

	profiles_remove(profiles, profile->plugin, profile->name);
	profiles->reserved--;
	profiles->items[profiles->count++] = profile;
}

void profiles_remove(struct profiles *profiles, const char *plugin, const char *name)
{
	const struct profile *gone = profiles_find(profiles, plugin, name);
	size_t kept = 0;

	for (size_t i = 0; i < profiles->count; i++) {
		if (profiles->items[i] == gone) {
			free(profiles->items[i]);
		} else {
			profiles->items[kept++] = profiles->items[i];
		}
	}
	profiles->count = kept;
}
