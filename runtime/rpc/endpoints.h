/* rpc/endpoints.h - several endpoints of one client, in the order in which they are tried. */
#ifndef FAST_RPC_ENDPOINTS_H
#define FAST_RPC_ENDPOINTS_H

#include "rpc/client.h"

/* A dial of one of several is given so long. */
#define FAST_FAILOVER_DIAL_MS 2000
/* After so long away from the first endpoint the next dial begins with it again. */
#define FAST_FAILOVER_RETURN_MS 60000

/* Which endpoint is tried when. Zeroed memory with a count begins with the first. */
struct fast_turn {
	size_t count;       /* 1 to FAST_CLIENT_ENDPOINTS_MAX */
	size_t current;     /* that worked last */
	int64_t current_ns; /* since when it is not the first; its dial's time */
	unsigned tried;     /* bits of the endpoints of this round */
};

/* Begins a round. Gives the endpoint to be dialled. */
size_t fast_turn_begin(struct fast_turn *turn, int64_t now_ns);
/* That has failed. False: the round is over. */
FAST_MUST_CHECK bool fast_turn_next(struct fast_turn *turn, size_t *out);
/* The endpoint works. */
void fast_turn_stay(struct fast_turn *turn, size_t index, int64_t now_ns);

/* The dialers of a list of endpoints: for fast_client_open_with(). */
struct fast_endpoints;
extern const struct fast_dial_ops fast_endpoints_dial_ops;

/* Whether the text names more than one. */
bool fast_endpoints_are_many(const char *endpoints);
/* Statuses as fast_client_open(). Gives *out, which fast_endpoints_dial_ops.free frees. */
FAST_MUST_CHECK enum fast_status fast_endpoints_new(const char *endpoints,
						    const struct fast_client_options *options,
						    struct fast_endpoints **out);
/* The dialer of one, as the options want it. */
FAST_MUST_CHECK enum fast_status fast_client_dialer_new(const char *endpoint,
							const struct fast_client_options *options,
							struct fast_link_dialer **out);

#endif
