#include "rpc/keepalive.h"

#include "rpc/connection.h"
#include "rpc/limits.h"
#include "rpc/thread.h"

static void keepalive_due(void *arg);

uint32_t fast_keepalive_interval(uint32_t option_ms)
{
	if (option_ms == FAST_KEEPALIVE_MS_NONE) {
		return 0;
	}
	if (option_ms == 0) {
		return FAST_KEEPALIVE_MS_DEFAULT;
	}
	return option_ms < FAST_KEEPALIVE_MS_MIN ? FAST_KEEPALIVE_MS_MIN : option_ms;
}

enum fast_status fast_keepalive_frame(enum fast_sp_framing framing, Fast__V1__PacketKind kind,
				      uint64_t token, struct fast_frame **out)
{
	const struct fast_packet packet = {.kind = kind, .token = token};

	return fast_hello_control(framing, &packet, out);
}

/* Lock held. */
static void keepalive_set(struct fast_connection *connection, uint32_t ms)
{
	struct fast_keepalive *keepalive = &connection->keepalive;
	struct fast_timers *timers = connection->timers;

	/* Without memory for the timer the next call tries again. */
	keepalive->has_timer = fast_timer_set(timers, &keepalive->timer,
					      fast_time_after_ms(fast_timers_now_ns(timers), ms),
					      keepalive_due, connection) == FAST_OK;
}

void fast_keepalive_begin(struct fast_connection *connection)
{
	struct fast_keepalive *keepalive = &connection->keepalive;

	if (!connection->has_ended) {
		keepalive->heard_before = keepalive->heard;
		keepalive->has_asked = false;
		keepalive_set(connection, keepalive->interval_ms);
	}
}

/* Lock held. */
static void keepalive_ask(struct fast_connection *connection)
{
	struct fast_keepalive *keepalive = &connection->keepalive;
	struct fast_frame *frame = NULL;
	uint32_t answer_ms = keepalive->interval_ms < FAST_KEEPALIVE_ANSWER_MS
				     ? keepalive->interval_ms
				     : FAST_KEEPALIVE_ANSWER_MS;

	if (fast_keepalive_frame(connection->rules.framing, FAST__V1__PACKET_KIND__PACKET_KIND_PING,
				 fast_ping_token(FAST_PING_KEEPALIVE), &frame) != FAST_OK) {
		keepalive_set(connection, keepalive->interval_ms);
		return;
	}
	keepalive->has_asked = true;
	keepalive_set(connection, answer_ms);
	fast_connection_push(connection, frame);
	fast_connection_flush(connection);
}

/* Lock held. True: the peer is gone. */
static bool keepalive_check(struct fast_connection *connection)
{
	struct fast_keepalive *keepalive = &connection->keepalive;
	/* What is being written is watched by itself, and a peer that is slow to read may not be
	 * read either. */
	bool was_heard = keepalive->heard != keepalive->heard_before || connection->is_sending;

	keepalive->has_timer = false;
	keepalive->heard_before = keepalive->heard;
	if (connection->has_ended || !connection->events->is_busy(connection->arg)) {
		return false;
	}
	if (was_heard) {
		keepalive->has_asked = false;
		keepalive_set(connection, keepalive->interval_ms);
		return false;
	}
	if (!keepalive->has_asked) {
		keepalive_ask(connection);
		return false;
	}
	return true;
}

static void keepalive_due(void *arg)
{
	struct fast_connection *connection = arg;
	bool is_gone;

	fast_thread_enter();
	pthread_mutex_lock(connection->lock);
	is_gone = keepalive_check(connection);
	pthread_mutex_unlock(connection->lock);
	if (is_gone) {
		fast_connection_end(connection);
	}
	fast_thread_leave();
}

bool fast_keepalive_admits(struct fast_keepalive *keepalive, int64_t now_ns)
{
	bool is_early = keepalive->received_bytes - keepalive->ping_bytes < FAST_PING_BYTES_MIN &&
			keepalive->ping_ns != 0 &&
			now_ns < fast_time_after_ms(keepalive->ping_ns, FAST_PING_MS_MIN);

	keepalive->ping_bytes = keepalive->received_bytes;
	keepalive->ping_ns = now_ns;
	keepalive->strikes = is_early ? keepalive->strikes + 1 : 0;
	return keepalive->strikes <= FAST_PING_STRIKES_MAX;
}
