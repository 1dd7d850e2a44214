#include "rpc/window.h"

#include "rpc/frame.h"
#include "rpc/keepalive.h"
#include "rpc/limits.h"
#include <assert.h>

#define POSITION_MASK (((uint64_t)1 << 56) - 1)

void fast_window_open(struct fast_window *window, struct fast_timers *timers)
{
	*window = (struct fast_window){
		.timers = timers,
		.is_on = true,
		.bytes = FAST_WINDOW_BYTES_FIRST,
		.rtt_min_ns = INT64_MAX,
		.probe_ns = fast_time_after_ms(fast_timers_now_ns(timers), FAST_WINDOW_PROBE_MS),
	};
}

size_t fast_window_left(const struct fast_window *window)
{
	uint64_t under_way = window->sent - window->received;

	return window->is_on && under_way < window->bytes ? window->bytes - (size_t)under_way : 0;
}

size_t fast_window_piece(const struct fast_window *window)
{
	size_t piece = window->bytes / FAST_MARKS_MAX;

	return window->is_on && piece < FAST_FRAGMENT_BYTES ? piece : FAST_FRAGMENT_BYTES;
}

bool fast_window_wants_mark(const struct fast_window *window, bool bulk_waits)
{
	uint64_t unmarked = window->sent - window->marked;

	if (!window->is_on || window->mark_count == FAST_MARKS_MAX || unmarked == 0) {
		return false;
	}
	return unmarked >= window->bytes / FAST_MARKS_MAX ||
	       (bulk_waits && window->mark_count == 0);
}

size_t fast_window_mark(struct fast_window *window, enum fast_sp_framing framing,
			uint8_t out[FAST_MARK_BYTES_MAX])
{
	const struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_PING,
		.token = fast_ping_token(FAST_PING_WINDOW) | (window->sent & POSITION_MASK),
	};
	size_t packet_bytes = fast_packet_head_bytes(&packet, 0);
	size_t bytes = fast_sp_prefix_write(framing, 4 + packet_bytes, out);

	assert(window->mark_count < FAST_MARKS_MAX);
	assert(bytes + 4 + packet_bytes <= FAST_MARK_BYTES_MAX);
	fast_id_write(FAST_SP_CONNECTION_ID, out + bytes);
	bytes += 4;
	bytes += fast_packet_head_write(&packet, 0, out + bytes);
	window->marks[window->mark_count++] = (struct fast_window_mark){
		.position = window->sent,
		.sent_ns = fast_timers_now_ns(window->timers),
	};
	window->marked = window->sent;
	return bytes;
}

static void window_probe_end(struct fast_window *window, int64_t rtt_ns, int64_t now_ns)
{
	window->is_probing = false;
	window->bytes = window->probe_bytes;
	window->rtt_min_ns = rtt_ns;
	window->probe_ns = fast_time_after_ms(now_ns, FAST_WINDOW_PROBE_MS);
}

/* Once per round trip. What waits on the way is seen as delay beyond the shortest round trip; that
 * would be forgotten, and creep up, if the way were never seen empty: hence the probe. */
static void window_adjust(struct fast_window *window, int64_t rtt_ns)
{
	int64_t now_ns = fast_timers_now_ns(window->timers);
	int64_t delay_ms = (rtt_ns - window->rtt_min_ns) / FAST_NS_PER_MS;

	if (window->is_probing) {
		window_probe_end(window, rtt_ns, now_ns);
	} else if (now_ns >= window->probe_ns) {
		window->is_probing = true;
		window->probe_bytes = window->bytes;
		window->bytes = FAST_WINDOW_BYTES_MIN;
	} else if (delay_ms > FAST_WINDOW_DELAY_MS_MAX) {
		/* What goes through in the time that is allowed, at the rate that was seen. */
		window->bytes = (size_t)((double)window->bytes *
					 (double)(rtt_ns - (delay_ms - FAST_WINDOW_DELAY_MS_MAX) *
								   FAST_NS_PER_MS) /
					 (double)rtt_ns);
	} else if (delay_ms < FAST_WINDOW_DELAY_MS_MIN && window->is_limited) {
		window->bytes += window->bytes / 2;
	}
	if (window->bytes < FAST_WINDOW_BYTES_MIN) {
		window->bytes = FAST_WINDOW_BYTES_MIN;
	} else if (window->bytes > FAST_WINDOW_BYTES_MAX) {
		window->bytes = FAST_WINDOW_BYTES_MAX;
	}
	window->is_limited = false;
	window->adjusted = window->sent;
}

bool fast_window_answer(struct fast_window *window, uint64_t token)
{
	struct fast_window_mark mark = {0, 0};
	unsigned count = 0;
	int64_t rtt_ns;

	for (unsigned i = 0; i < window->mark_count && count == 0; i++) {
		mark = window->marks[i];
		if (token ==
		    (fast_ping_token(FAST_PING_WINDOW) | (mark.position & POSITION_MASK))) {
			count = i + 1;
		}
	}
	if (count == 0) {
		return false;
	}
	window->mark_count -= count;
	for (unsigned i = 0; i < window->mark_count; i++) {
		window->marks[i] = window->marks[i + count];
	}
	window->received = mark.position;
	rtt_ns = fast_timers_now_ns(window->timers) - mark.sent_ns;
	if (rtt_ns < window->rtt_min_ns) {
		window->rtt_min_ns = rtt_ns;
	}
	if (mark.position > window->adjusted) {
		window_adjust(window, rtt_ns);
	}
	return true;
}
