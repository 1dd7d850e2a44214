/* rpc/limits.h - what the upper half of the runtime allows itself. PROTOCOL.md, "Limits". */
#ifndef FAST_RPC_LIMITS_H
#define FAST_RPC_LIMITS_H

#include <stdint.h>

/* Open calls of one connection, on both sides. */
#define FAST_CALLS_MAX 1024
/* Calls that wait for a connection, for one of the open ones to end, or to be sent again. */
#define FAST_CALLS_WAITING_MAX 65536

/* A connection whose first message has not arrived by then is closed. */
#define FAST_FIRST_FRAME_MS 5000
/* A peer that was told to go away is closed after. */
#define FAST_GOODBYE_MS 1000
/* A connection whose pending bytes nobody takes for this long is closed. */
#define FAST_STALL_MS 10000
/* A draining connection takes calls until its peer has answered, or for so long. */
#define FAST_DRAIN_ROUND_MS 2000
/* After a GOAWAY calls wait so long for the server that takes over. */
#define FAST_HANDOVER_MS 5000
/* Connections that a client keeps for what is open on them, beside the one for new calls. */
#define FAST_CLIENT_DRAINING_MAX 4
/* A client that is closed gives what it has to say so long to leave. */
#define FAST_LEAVE_MS_MAX 50
/* A dial that takes longer has failed. */
#define FAST_DIAL_MS 5000
/* Between failed dials, for calls that wait for a server: doubles from the first to the last, give
 * or take a quarter. A server that comes back is dialled within a second. */
#define FAST_BACKOFF_MS_MIN 20
#define FAST_BACKOFF_MS_MAX 640
/* A connection with open calls whose peer is silent for so long asks it by PING, */
#define FAST_KEEPALIVE_MS_DEFAULT 20000
/* and is closed when nothing came for so long after; or for the interval, where that is shorter. */
#define FAST_KEEPALIVE_ANSWER_MS 10000
/* A PING of the peer comes too early when it follows another within this time and with fewer bytes
 * between; so many early ones in a row are borne. */
#define FAST_PING_MS_MIN      500
#define FAST_PING_BYTES_MIN   1024
#define FAST_PING_STRIKES_MAX 8
/* A client connection that was idle for so long is read again, to learn of its end. */
#define FAST_IDLE_MS 1000

/* Read buffer of a connection; grows for a larger message and shrinks again. */
#define FAST_INPUT_BYTES 65536
/* It shrinks after so many receives that need no more, at once where all of them in the process
 * that could shrink hold so much. */
#define FAST_INPUT_KEPT_RECEIVES  16
#define FAST_INPUT_KEPT_BYTES_MAX (16u << 20)
/* Frames up to this size are copied into one buffer of a batch; others are sent from their own. */
#define FAST_BATCH_FRAME_BYTES_MAX 4096
#define FAST_BATCH_BYTES_MAX       32768
/* What the answers to this many messages of one receive make is sent before the next are looked at.
 */
#define FAST_CORK_MESSAGES_MAX 16
/* Stream items wait in their streams while more than this waits in the connection. */
#define FAST_OUTBOX_STREAM_BYTES 65536
/* The largest piece of a payload in one frame, where the peer joins them. */
#define FAST_FRAGMENT_BYTES 16384
/* A peer that wants smaller ones gets these. */
#define FAST_FRAGMENT_BYTES_MIN 1024
/* An answer or request up to this size may overtake bulk. */
#define FAST_LANE_SMALL_BYTES 4096
/* Bulk under way on a connection: grows while the way is no longer than at its shortest plus so
 * many milliseconds, and shrinks when it is longer by more than the other. */
#define FAST_WINDOW_BYTES_FIRST  16384
#define FAST_WINDOW_BYTES_MIN    8192
#define FAST_WINDOW_BYTES_MAX    (4u << 20)
#define FAST_WINDOW_DELAY_MS_MIN 25
#define FAST_WINDOW_DELAY_MS_MAX 75
/* So often it is emptied for a round trip, to measure the shortest one anew. */
#define FAST_WINDOW_PROBE_MS 10000
/* A peer that lets this much pile up is not read until half of it has gone. */
#define FAST_OUTBOX_PAUSE_BYTES (1u << 20)
/* The same where bulk waits for the window: the answers to its pings have to be read. */
#define FAST_OUTBOX_BULK_PAUSE_BYTES (8u << 20)

/* Call objects kept for reuse, per connection or client. */
#define FAST_SPARE_CALLS_MAX 64

/* Keyed calls that a server remembers: for how long, how many, and how much of them. */
#define FAST_ONCE_WINDOW_MS   30000
#define FAST_ONCE_RESULTS_MAX 65536
#define FAST_ONCE_BYTES_MAX   (64u << 20)

#define FAST_WORKERS_DEFAULT 4
#define FAST_WORKERS_MAX     256

#define FAST_NS_PER_MS 1000000
#define FAST_NS_PER_US 1000

/* Saturates, so that a wait without a limit stays one. */
static inline int64_t fast_time_after_ms(int64_t now_ns, int64_t ms)
{
	return ms < 0 || ms > (INT64_MAX - now_ns) / FAST_NS_PER_MS ? INT64_MAX
								    : now_ns + ms * FAST_NS_PER_MS;
}

#endif
