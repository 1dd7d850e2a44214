/* rpc/keepalive.h - finds peers that are gone without a word, and puts up with no flood of pings.
 * PROTOCOL.md, "Keepalive". */
#ifndef FAST_RPC_KEEPALIVE_H
#define FAST_RPC_KEEPALIVE_H

#include "base/timer.h"
#include "rpc/hello.h"

struct fast_connection;

/* What a PING is for; in the top byte of its token. */
enum fast_ping {
	FAST_PING_KEEPALIVE = 1,
	FAST_PING_WINDOW, /* the rest is a position */
	FAST_PING_DRAIN,
};

/* One connection's; zeroed memory asks nothing. */
struct fast_keepalive {
	/* guarded by the connection's lock */
	struct fast_timer timer;
	uint32_t interval_ms; /* 0: never asks */
	bool has_timer;
	bool has_asked;        /* since the peer was last heard */
	uint64_t heard;        /* receives */
	uint64_t heard_before; /* of these, when the timer last ran */

	/* the reader's */
	uint64_t received_bytes;
	uint64_t ping_bytes; /* received when the peer's newest PING came */
	int64_t ping_ns;     /* when that was */
	unsigned strikes;    /* pings of the peer that came too early, one after the other */
};

/* The interval of an option: 0 is the default, and no interval is too short. */
uint32_t fast_keepalive_interval(uint32_t option_ms);

/* Lock held. A call is open: from now on the peer is asked whenever it is silent for too long. */
void fast_keepalive_begin(struct fast_connection *connection);
static inline void fast_keepalive_watch(struct fast_connection *connection,
					struct fast_keepalive *keepalive)
{
	if (!keepalive->has_timer && keepalive->interval_ms != 0) {
		fast_keepalive_begin(connection);
	}
}

/* The reader. Whether the peer may send a PING now. */
bool fast_keepalive_admits(struct fast_keepalive *keepalive, int64_t now_ns);

/* A PING, or the PONG of one. */
FAST_MUST_CHECK enum fast_status fast_keepalive_frame(enum fast_sp_framing framing,
						      Fast__V1__PacketKind kind, uint64_t token,
						      struct fast_frame **out);
static inline uint64_t fast_ping_token(enum fast_ping ping)
{
	return (uint64_t)ping << 56;
}

#endif
