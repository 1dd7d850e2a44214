/* The handler's side of a resumable stream, and of one whose handler waits. */
#include "rpc/hello.h"
#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>
#include <fast/resume.h>
#include <time.h>

#define NS_PER_S 1000000000

enum fast_resume fast_call_resume_after(struct fast_call *call, uint64_t epoch, uint64_t *after)
{
	struct fast_call_cursor *cursor = &call->cursor;

	assert(call->entry->method->resumable);
	*after = 0;
	cursor->epoch = epoch != 0 ? epoch : fast_boot_id();
	if (cursor->asked_epoch == 0) {
		return FAST_RESUME_NOT;
	}
	if (cursor->asked_epoch != cursor->epoch) {
		return FAST_RESUME_LOST;
	}
	*after = cursor->after;
	return FAST_RESUME_AFTER;
}

/* Whether the caller has the item already. */
static bool cursor_has(struct fast_call_cursor *cursor, uint64_t number)
{
	if (cursor->epoch == 0) {
		cursor->epoch = fast_boot_id();
	}
	return cursor->asked_epoch == cursor->epoch && number <= cursor->after;
}

enum fast_status fast_call_put_at(struct fast_call *call, uint64_t cursor, uint64_t dropped,
				  const uint8_t *payload, size_t payload_bytes)
{
	const struct fast_frame_item item = {.cursor = cursor, .dropped = dropped};
	enum fast_status status;

	if (cursor_has(&call->cursor, cursor)) {
		return FAST_OK;
	}
	status = fast_call_put(call, &item, payload, payload_bytes);
	if (status == FAST_OK) {
		call->cursor.newest = cursor;
	}
	return status;
}

enum fast_status fast_call_send_at(struct fast_call *call, uint64_t cursor,
				   const ProtobufCMessage *message)
{
	const struct fast_frame_item item = {.cursor = cursor};
	enum fast_status status;

	assert(call->entry->method->kind == FAST_METHOD_SERVER_STREAM);
	assert(message->descriptor == call->entry->method->response);
	if (cursor_has(&call->cursor, cursor) && cursor > 0) {
		return FAST_OK;
	}
	if (cursor <= call->cursor.newest) {
		return FAST_INVALID_ARGUMENT;
	}
	status = fast_call_put_message(call, &item, message);
	if (status == FAST_OK) {
		call->cursor.newest = cursor;
	}
	return status;
}

/* gap_first 0: nothing is missing. */
static enum fast_status call_mark(struct fast_call *call, uint64_t gap_first, uint64_t cursor)
{
	const struct fast_frame_item item = {
		.cursor = cursor, .gap_first = gap_first, .is_mark = true};
	enum fast_status status = FAST_OK;

	if (call->cursor.takes_marks) {
		status = fast_call_put_message(call, &item, NULL);
	} else if (gap_first > 0) {
		call->items_refused += cursor - gap_first + 1;
	}
	if (status == FAST_OK) {
		call->cursor.newest = cursor;
	}
	return status;
}

enum fast_status fast_call_send_mark(struct fast_call *call, uint64_t cursor)
{
	assert(call->entry->method->resumable);
	if (cursor < call->cursor.newest) {
		return FAST_INVALID_ARGUMENT;
	}
	/* That of an epoch which the caller does not know is news, wherever it stands. */
	return cursor_has(&call->cursor, cursor) ? FAST_OK : call_mark(call, 0, cursor);
}

enum fast_status fast_call_send_gap(struct fast_call *call, uint64_t first, uint64_t last)
{
	assert(call->entry->method->resumable);
	if (cursor_has(&call->cursor, last) && last > 0) {
		return FAST_OK;
	}
	if (cursor_has(&call->cursor, first)) {
		first = call->cursor.after + 1;
	}
	if (first == 0 || last < first || first <= call->cursor.newest) {
		return FAST_INVALID_ARGUMENT;
	}
	return call_mark(call, first, last);
}

/* Lock held, but not meanwhile. */
static void call_await_room(struct fast_call *call, int64_t until_ns)
{
	struct fast_server_connection *connection = call->connection;
	struct timespec until;

	if (until_ns > call->deadline_ns) {
		until_ns = call->deadline_ns;
	}
	until = (struct timespec){until_ns / NS_PER_S, until_ns % NS_PER_S};
	while (!call->is_cancelled && call->item_count >= FAST_STREAM_QUEUE_MAX) {
		call->is_awaited = true;
		if (until_ns == FAST_TIME_NEVER) {
			pthread_cond_wait(&connection->quiet, &connection->lock);
		} else if (until_ns <= fast_timers_now_ns(connection->server->timers)) {
			break;
		} else {
			pthread_cond_timedwait(&connection->quiet, &connection->lock, &until);
		}
	}
	call->is_awaited = false;
}

enum fast_status fast_call_send_wait(struct fast_call *call, const ProtobufCMessage *message,
				     int64_t wait_ms)
{
	struct fast_server_connection *connection = call->connection;
	int64_t now_ns = fast_timers_now_ns(connection->server->timers);

	if (wait_ms != 0 && fast_thread_is_runtime()) {
		return FAST_FAILED_PRECONDITION;
	}
	if (wait_ms != 0 && !call->entry->method->lossy) {
		pthread_mutex_lock(&connection->lock);
		call_await_room(call, fast_time_after_ms(now_ns, wait_ms));
		pthread_mutex_unlock(&connection->lock);
	}
	return fast_call_send(call, message);
}
