#include "rpc/connection.h"

#include "rpc/limits.h"
#include "rpc/thread.h"
#include <assert.h>

/* What this thread is collecting to be sent as one. */
static _Thread_local struct {
	const struct fast_connection *connection; /* NULL: nothing */
	bool has_flushed;
} cork;

static void connection_stalled(void *arg);

/* Nothing is being sent any more, and nothing will be. */
static void connection_finish(struct fast_connection *connection)
{
	pthread_mutex_lock(connection->lock);
	fast_outbox_fail(&connection->outbox);
	pthread_mutex_unlock(connection->lock);
	connection->events->ended(connection->arg);
}

void fast_connection_end(struct fast_connection *connection)
{
	bool has_ended;
	bool is_sending;

	pthread_mutex_lock(connection->lock);
	has_ended = connection->has_ended;
	is_sending = connection->is_sending;
	connection->has_ended = true;
	pthread_mutex_unlock(connection->lock);
	if (has_ended) {
		return;
	}
	connection->link->ops->close(connection->link);
	if (!is_sending) {
		connection_finish(connection);
	}
}

static void connection_send(struct fast_connection *connection)
{
	struct fast_outbox *outbox = &connection->outbox;

	connection->link->ops->send(connection->link, outbox->iov + outbox->iov_first,
				    outbox->iov_count - outbox->iov_first);
}

/* Lock held. The timer runs at most once per FAST_STALL_MS, so that a send costs no timer. */
static void connection_watch(struct fast_connection *connection)
{
	connection->progress_ns = fast_timers_now_ns(connection->timers);
	if (connection->has_stall_timer) {
		return;
	}
	/* Without memory for the timer the calls' own deadlines remain. */
	connection->has_stall_timer =
		fast_timer_set(connection->timers, &connection->stall_timer,
			       fast_time_after_ms(connection->progress_ns, FAST_STALL_MS),
			       connection_stalled, connection) == FAST_OK;
}

static void connection_stalled(void *arg)
{
	struct fast_connection *connection = arg;
	int64_t due_ns;
	bool has_stalled = false;

	fast_thread_enter();
	pthread_mutex_lock(connection->lock);
	connection->has_stall_timer = false;
	if (connection->is_sending && !connection->has_ended) {
		due_ns = fast_time_after_ms(connection->progress_ns, FAST_STALL_MS);
		has_stalled = due_ns <= fast_timers_now_ns(connection->timers);
		connection->has_stall_timer =
			!has_stalled &&
			fast_timer_set(connection->timers, &connection->stall_timer, due_ns,
				       connection_stalled, connection) == FAST_OK;
	}
	pthread_mutex_unlock(connection->lock);
	if (has_stalled) {
		fast_connection_end(connection);
	}
	fast_thread_leave();
}

/* Lock held. True: all of the batch is written, on this thread. */
static bool connection_send_now(struct fast_connection *connection)
{
	const struct fast_link_ops *ops = connection->link->ops;
	struct fast_outbox *outbox = &connection->outbox;
	size_t bytes;

	if (ops->send_now == NULL) {
		return false;
	}
	bytes = ops->send_now(connection->link, outbox->iov, outbox->iov_count);
	return bytes > 0 && !fast_outbox_advance(outbox, bytes);
}

void fast_connection_flush(struct fast_connection *connection)
{
	if (cork.connection == connection) {
		cork.has_flushed = true;
		return;
	}
	while (!connection->is_sending && !connection->has_ended &&
	       fast_outbox_begin(&connection->outbox)) {
		if (!connection_send_now(connection)) {
			connection->is_sending = true;
			connection_watch(connection);
			connection_send(connection);
		} else if (connection->events->writable != NULL) {
			connection->events->writable(connection->arg);
		}
	}
}

void fast_connection_cork(struct fast_connection *connection)
{
	assert(cork.connection == NULL);
	cork.connection = connection;
	cork.has_flushed = false;
}

void fast_connection_uncork(struct fast_connection *connection)
{
	assert(cork.connection == connection);
	cork.connection = NULL;
	if (cork.has_flushed) {
		fast_connection_flush(connection);
	}
}

void fast_connection_push(struct fast_connection *connection, struct fast_frame *frame)
{
	if (!connection->has_ended) {
		fast_outbox_push(&connection->outbox, frame);
	} else if (!frame->kept) {
		fast_frame_free(frame);
	}
}

static void connection_on_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_connection *connection = arg;
	bool had_ended;

	fast_thread_enter();
	pthread_mutex_lock(connection->lock);
	assert(connection->is_sending);
	had_ended = connection->has_ended;
	if (status == FAST_OK && fast_outbox_advance(&connection->outbox, bytes) && !had_ended) {
		connection->progress_ns = fast_timers_now_ns(connection->timers);
		connection_send(connection);
		pthread_mutex_unlock(connection->lock);
		fast_thread_leave();
		return;
	}
	connection->is_sending = false;
	if (status == FAST_OK && !had_ended) {
		if (connection->events->writable != NULL) {
			connection->events->writable(connection->arg);
		}
		fast_connection_flush(connection);
		pthread_mutex_unlock(connection->lock);
		fast_thread_leave();
		return;
	}
	connection->has_ended = true;
	pthread_mutex_unlock(connection->lock);
	if (!had_ended) {
		connection->link->ops->close(connection->link);
	}
	connection_finish(connection);
	fast_thread_leave();
}

/* Of a long receive the first answers go out while the rest is still dispatched: else both sides
 * would take turns, each idle while the other works. */
static bool connection_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct fast_connection *connection = arg;

	if (!connection->events->message(connection->arg, message, bytes)) {
		return false;
	}
	if (++connection->corked == FAST_CORK_MESSAGES_MAX) {
		connection->corked = 0;
		pthread_mutex_lock(connection->lock);
		fast_connection_uncork(connection);
		pthread_mutex_unlock(connection->lock);
		fast_connection_cork(connection);
	}
	return true;
}

/* The messages of one receive; what this thread answers goes out as one, or as a few. FAST_OK with
 * the lock held, else without. */
static enum fast_status connection_take(struct fast_connection *connection, size_t bytes)
{
	enum fast_status status;

	connection->keepalive.received_bytes += bytes;
	connection->corked = 0;
	fast_connection_cork(connection);
	status = fast_input_take(&connection->input, bytes, &connection->rules, connection_message,
				 connection);
	pthread_mutex_lock(connection->lock);
	connection->keepalive.heard++;
	fast_connection_uncork(connection);
	if (status != FAST_OK) {
		pthread_mutex_unlock(connection->lock);
	}
	return status;
}

static void connection_on_received(void *arg, enum fast_status status, size_t bytes)
{
	struct fast_connection *connection = arg;

	fast_thread_enter();
	if (status == FAST_OK && connection_take(connection, bytes) == FAST_OK) {
		connection->events->received(connection->arg);
		pthread_mutex_unlock(connection->lock);
	} else {
		fast_connection_end(connection);
	}
	fast_thread_leave();
}

void fast_connection_recv(struct fast_connection *connection)
{
	size_t bytes;
	void *room = fast_input_room(&connection->input, &bytes);

	connection->link->ops->recv(connection->link, room, bytes);
}

enum fast_status fast_connection_read(struct fast_connection *connection, int64_t deadline_ns)
{
	size_t room_bytes;
	void *room = fast_input_room(&connection->input, &room_bytes);
	size_t bytes = 0;
	enum fast_status status;

	pthread_mutex_unlock(connection->lock);
	status = connection->link->ops->recv_wait(connection->link, room, room_bytes, deadline_ns,
						  &bytes);
	if (status == FAST_OK) {
		status = connection_take(connection, bytes);
		if (status == FAST_OK) {
			return FAST_OK;
		}
	} else if (status == FAST_DEADLINE_EXCEEDED || status == FAST_CANCELLED) {
		pthread_mutex_lock(connection->lock);
		return status == FAST_CANCELLED ? FAST_OK : FAST_DEADLINE_EXCEEDED;
	}
	fast_connection_end(connection);
	pthread_mutex_lock(connection->lock);
	return FAST_UNAVAILABLE;
}

static const struct fast_link_events connection_link_events = {
	.received = connection_on_received,
	.sent = connection_on_sent,
};

enum fast_status fast_connection_init(struct fast_connection *connection,
				      const struct fast_connection_parts *parts,
				      struct fast_link *link)
{
	uint8_t hello[FAST_SP_HELLO_BYTES];
	struct fast_frame *frame = NULL;
	struct fast_input input;

	fast_sp_hello_write(parts->self, hello);
	if (fast_input_init(&input) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (fast_frame_raw(hello, sizeof hello, &frame) != FAST_OK) {
		fast_input_fini(&input);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*connection = (struct fast_connection){
		.input = input,
		.lock = parts->lock,
		.link = link,
		.timers = parts->timers,
		.events = parts->events,
		.arg = parts->arg,
		.rules = {.framing = link->framing,
			  .peer = parts->peer,
			  .message_bytes_max = parts->message_bytes_max},
		.joiner = {.message_bytes_max = parts->message_bytes_max},
	};
	fast_outbox_init(&connection->outbox, link->framing);
	fast_outbox_push(&connection->outbox, frame);
	fast_link_start(link, &connection_link_events, connection);
	return FAST_OK;
}

void fast_connection_fini(struct fast_connection *connection)
{
	if (connection->link != NULL) {
		fast_timer_cancel_wait(connection->timers, &connection->keepalive.timer);
		fast_timer_cancel_wait(connection->timers, &connection->stall_timer);
		connection->link->ops->free(connection->link);
		connection->link = NULL;
		/* A send that ended just now may have set it again. */
		fast_timer_cancel_wait(connection->timers, &connection->stall_timer);
	}
	fast_outbox_fini(&connection->outbox);
	fast_input_fini(&connection->input);
	fast_joiner_fini(&connection->joiner);
}

void fast_connection_agree(struct fast_connection *connection, const struct fast_hello *hello)
{
	struct fast_outbox *outbox = &connection->outbox;

	if (hello->fragment_bytes_max == 0) {
		return;
	}
	outbox->fragment_bytes = FAST_FRAGMENT_BYTES;
	if (hello->fragment_bytes_max < FAST_FRAGMENT_BYTES) {
		outbox->fragment_bytes = hello->fragment_bytes_max < FAST_FRAGMENT_BYTES_MIN
						 ? FAST_FRAGMENT_BYTES_MIN
						 : hello->fragment_bytes_max;
	}
	fast_window_open(&outbox->window, connection->timers);
}

void fast_connection_pong(struct fast_connection *connection, uint64_t token)
{
	pthread_mutex_lock(connection->lock);
	if (fast_window_answer(&connection->outbox.window, token)) {
		fast_connection_flush(connection);
	}
	pthread_mutex_unlock(connection->lock);
}
