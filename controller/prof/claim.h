/* prof/claim.h - the knobs that a run turns are its own meanwhile, and go back to what they were
 * afterwards, also when the plugin has ended or fastprof is killed. */
#ifndef PROF_CLAIM_H
#define PROF_CLAIM_H

#include "client/table.h"

#include <fast/client.h>

#define CLAIM_ERROR_BYTES_MAX 256

/* Zeroed memory is one that holds nothing. Use from one thread at a time. */
struct claim {
	uint64_t lease_id;  /* 0: none */
	int64_t renewed_ns; /* monotonic */
};

/* Claims the knobs that are the columns of the grid; nothing where it has none. Else than OK:
 * error, CLAIM_ERROR_BYTES_MAX bytes, says why, as that somebody else holds them. */
FAST_MUST_CHECK enum fast_status claim_take(struct claim *claim, struct fast_client *client,
					    const char *plugin, const struct table *grid,
					    char *error);

/* Renews it when it is time to. One that could not be renewed shows in the next set. */
void claim_renew(struct claim *claim, struct fast_client *client);

/* The knobs go back. Nothing when nothing is held. */
void claim_release(struct claim *claim, struct fast_client *client);

#endif
