/* prof/profiles.h - what was measured of each target; as a rule there is one. */
#ifndef PROF_PROFILES_H
#define PROF_PROFILES_H

#include "prof/profile.h"

/* Zeroed memory is none. */
struct profiles {
	struct profile *all;
	size_t count;
};

/* Makes room for as many targets, none of which has run. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status profiles_begin(struct profiles *profiles, size_t count);
void profiles_fini(struct profiles *profiles);

/* The target that says how all of them ended: the first one that ended worst. */
const struct profile *profiles_worst(const struct profiles *profiles);

/* What all come to. */
enum profile_exit profiles_exit(const struct profiles *profiles);

/* Why they ended so: that one's reason, with the target's name where there are several. */
void profiles_reason(const struct profiles *profiles, char *out, size_t out_bytes);

#endif
