/* rpc/inside.h - a client of a server in the same process that acts for somebody else: what a
 * gateway opens for each of its own peers. */
#ifndef FAST_RPC_INSIDE_H
#define FAST_RPC_INSIDE_H

#include "base/timer.h"
#include "link/link.h"
#include <fast/client.h>
#include <fast/server.h>

/* The server sees every connection of this client as one of peer, whose strings must outlive the
 * client. server and timers stay borrowed; the server is closed after the client. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_client_open_inside(struct fast_server *server,
							 const struct fast_peer *peer,
							 const struct fast_client_options *options,
							 struct fast_timers *timers,
							 struct fast_client **out);

#endif
