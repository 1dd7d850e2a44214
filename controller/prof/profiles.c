#include "prof/profiles.h"

#include <stdlib.h>

enum fast_status profiles_begin(struct profiles *profiles, size_t count)
{
	profiles->all = calloc(count, sizeof *profiles->all);
	if (profiles->all == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	profiles->count = count;
	for (size_t i = 0; i < count; i++) {
		profiles->all[i].ending = ENDING_RUNNING;
		profiles->all[i].run.exit_status = -1;
		profiles->all[i].is_one_of_several = count > 1;
	}
	return FAST_OK;
}

void profiles_fini(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++) {
		profile_fini(&profiles->all[i]);
	}
	free(profiles->all);
	*profiles = (struct profiles){0};
}

const struct profile *profiles_worst(const struct profiles *profiles)
{
	/* A run that could not be made says nothing about the plugin; one that failed, more than
	 * one that took too long. */
	static const int ranks[] = {
		[PROFILE_EXIT_MET] = 0,    [PROFILE_EXIT_MISSED] = 1, [PROFILE_EXIT_TIMEOUT] = 2,
		[PROFILE_EXIT_PLUGIN] = 3, [PROFILE_EXIT_USAGE] = 4,  [PROFILE_EXIT_BROKEN] = 5};
	const struct profile *worst = &profiles->all[0];

	for (size_t i = 1; i < profiles->count; i++) {
		if (ranks[profile_exit(&profiles->all[i])] > ranks[profile_exit(worst)]) {
			worst = &profiles->all[i];
		}
	}
	return worst;
}

enum profile_exit profiles_exit(const struct profiles *profiles)
{
	return profile_exit(profiles_worst(profiles));
}

void profiles_reason(const struct profiles *profiles, char *out, size_t out_bytes)
{
	const struct profile *worst = profiles_worst(profiles);

	snprintf(out, out_bytes, "%s%s%s%s", profiles->count > 1 ? "target " : "",
		 profiles->count > 1 ? worst->target : "", profiles->count > 1 ? ": " : "",
		 worst->reason);
	if (worst->reason[0] == '\0') {
		out[0] = '\0';
	}
}
