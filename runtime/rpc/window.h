/* rpc/window.h - how much bulk may be under way on a connection. PROTOCOL.md, "Lanes". */
#ifndef FAST_RPC_WINDOW_H
#define FAST_RPC_WINDOW_H

#include "base/timer.h"
#include "wire/sp.h"

/* Pings under way that measure the window. */
#define FAST_MARKS_MAX 4
/* A ping with its prefix and id. */
#define FAST_MARK_BYTES_MAX 32

struct fast_window_mark {
	uint64_t position; /* bulk bytes that lie before it */
	int64_t sent_ns;
};

/* Guarded by the connection's lock. Zeroed memory is a window that is always open. */
struct fast_window {
	struct fast_timers *timers;
	bool is_on;
	bool is_limited; /* bulk has waited since the last adjustment */
	bool is_probing; /* emptied, to see how long an empty way takes */
	size_t bytes;
	size_t probe_bytes; /* what it was before the probe */
	uint64_t sent;      /* bulk bytes handed to the link so far */
	uint64_t received;  /* of these, which the peer has for certain */
	uint64_t adjusted;  /* sent, at the last adjustment or the start of the probe */
	struct fast_window_mark marks[FAST_MARKS_MAX]; /* oldest first */
	unsigned mark_count;
	uint64_t marked;    /* position of the newest mark */
	int64_t rtt_min_ns; /* shortest round trip since the last probe */
	int64_t probe_ns;   /* when the next probe is due */
};

/* From now on bulk waits for the peer, which answers pings. */
void fast_window_open(struct fast_window *window, struct fast_timers *timers);

static inline bool fast_window_is_full(const struct fast_window *window)
{
	return window->is_on && window->sent - window->received >= window->bytes;
}

/* How much more may be under way; 0 where nothing is measured. */
size_t fast_window_left(const struct fast_window *window);

/* Largest piece of a message that fits well into the window. */
size_t fast_window_piece(const struct fast_window *window);

/* Whether a ping has to follow what was sent. bulk_waits: more bulk is there, and may not go. */
bool fast_window_wants_mark(const struct fast_window *window, bool bulk_waits);
/* Writes that ping and notes it; returns its bytes. */
size_t fast_window_mark(struct fast_window *window, enum fast_sp_framing framing,
			uint8_t out[FAST_MARK_BYTES_MAX]);
/* A PONG came. False: it answers no ping of the window's. */
bool fast_window_answer(struct fast_window *window, uint64_t token);

#endif
