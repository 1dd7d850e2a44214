/* rpc/publisher.h - the inside of a publisher, for tests: timers and links from outside. */
#ifndef FAST_RPC_PUBLISHER_H
#define FAST_RPC_PUBLISHER_H

#include "rpc/connection.h"
#include <fast/publisher.h>

/* Listens nowhere. timers stay borrowed; NULL: its own. Gives *out. */
FAST_MUST_CHECK enum fast_status fast_publisher_open_with(struct fast_timers *timers,
							  enum fast_sp_framing framing,
							  struct fast_publisher **out);
/* A subscriber from outside, of the publisher's framing. Takes link. */
void fast_publisher_take_link(struct fast_publisher *publisher, struct fast_link *link);

#endif
