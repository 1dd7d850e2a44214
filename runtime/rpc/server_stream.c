#include "rpc/limits.h"
#include "rpc/server_call.h"
#include <assert.h>
#include <fast/stream.h>

/* Kind, sequence, dropped, cursor, epoch, mark, gap_first; tag and length of the payload. */
#define ITEM_NUMBERS_BYTES_MAX 80

void fast_call_drop_items(struct fast_call *call)
{
	for (;;) {
		struct fast_list *node = fast_list_pop(&call->items);
		if (node == NULL) {
			break;
		}
		fast_frame_free(FAST_LIST_ENTRY(node, struct fast_frame, node));
	}
	call->item_count = 0;
	fast_list_remove(&call->ready_node);
}

/* Lock held. */
static void call_make_ready(struct fast_call *call)
{
	if (call->item_count > 0 && call->credit > 0 && !fast_list_is_linked(&call->ready_node)) {
		fast_list_append(&call->connection->ready, &call->ready_node);
	}
}

/* Lock held. */
static bool call_is_ready_for_more(const struct fast_call *call)
{
	return call->item_count < FAST_STREAM_QUEUE_MAX && call->item_count < call->credit;
}

/* Lock held. Who waited for room has it. Gives what is to be run without the lock, or NULL. */
static struct fast_job *call_give_room(struct fast_call *call)
{
	fast_call_room_fn *fn = call->room_fn;

	if (call->is_awaited) {
		call->is_awaited = false;
		pthread_cond_broadcast(&call->connection->quiet);
	}
	if (fn == NULL || !call_is_ready_for_more(call)) {
		return NULL;
	}
	call->room_fn = NULL;
	return fn(call->room_arg);
}

void fast_call_stop_waiting(struct fast_call *call)
{
	if (call->is_awaited) {
		call->is_awaited = false;
		pthread_cond_broadcast(&call->connection->quiet);
	}
}

/* Lock held. Numbers are given where the item leaves its call, so that what is dropped before has
 * none. */
static void call_seal_item(struct fast_call *call, struct fast_frame *frame)
{
	const struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		.sequence = ++call->items_sent,
		.dropped = frame->item.dropped,
		.cursor = frame->item.cursor,
		.epoch = call->items_sent == 1 ? call->cursor.epoch : 0,
		.mark = frame->item.is_mark,
		.gap_first = frame->item.gap_first,
	};

	fast_frame_seal(frame, call->connection->connection.rules.framing, call->header,
			call->header_bytes, &packet);
}

/* Lock held. The answer of a stream whose items are all in the outbox. */
static void call_send_last(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_frame *last = call->last;

	fast_call_table_remove(&connection->calls, call->id);
	call->is_in_table = false;
	call->last = NULL;
	fast_call_recycle(call);
	fast_connection_push(&connection->connection, last);
	bool is_last = fast_server_connection_unref_locked(connection);
	assert(!is_last); /* the connection has not ended */
	(void)is_last;
}

void fast_call_pump(struct fast_server_connection *connection)
{
	/* One item of each stream in turn; the rest stays behind, so that answers of other calls
	 * need not wait for it. */
	while (connection->connection.outbox.waiting_bytes < FAST_OUTBOX_STREAM_BYTES &&
	       !connection->connection.has_ended) {
		struct fast_list *node = fast_list_pop(&connection->ready);
		if (node == NULL) {
			return;
		}
		struct fast_call *call = FAST_LIST_ENTRY(node, struct fast_call, ready_node);
		struct fast_list *item = fast_list_pop(&call->items);
		assert(item != NULL);
		call_seal_item(call, FAST_LIST_ENTRY(item, struct fast_frame, node));
		fast_connection_push(&connection->connection,
				     FAST_LIST_ENTRY(item, struct fast_frame, node));
		call->item_count--;
		call->credit--;
		call_make_ready(call);
		struct fast_job *job = call_give_room(call);
		if (job != NULL) {
			fast_pool_resume(connection->server->pool, job); /* not under the lock */
		}
		if (call->item_count == 0 && call->last != NULL) {
			call_send_last(call);
		}
	}
}

void fast_call_grant(struct fast_server_connection *connection, uint32_t id, uint32_t credit)
{
	struct fast_job *job = NULL;
	struct fast_call *call;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, id);
	if (call != NULL) {
		call->credit =
			credit > UINT32_MAX - call->credit ? UINT32_MAX : call->credit + credit;
		job = call_give_room(call);
		call_make_ready(call);
		fast_call_pump(connection);
		fast_connection_flush(&connection->connection);
	}
	pthread_mutex_unlock(&connection->lock);
	if (job != NULL) { /* then its runner alone ends the call */
		fast_call_run_job(call, job);
	}
}

void fast_call_run_job(const struct fast_call *call, struct fast_job *job)
{
	if (job == NULL) {
		return;
	}
	if (call->entry->flags & FAST_SERVICE_INLINE) {
		job->run(job);
	} else {
		fast_pool_resume(call->connection->server->pool, job);
	}
}

bool fast_call_has_room(struct fast_call *call, fast_call_room_fn *fn, void *arg)
{
	bool has_room;

	pthread_mutex_lock(&call->connection->lock);
	has_room = call->is_cancelled || call_is_ready_for_more(call);
	if (!has_room) {
		call->room_fn = fn;
		call->room_arg = arg;
	}
	pthread_mutex_unlock(&call->connection->lock);
	return has_room;
}

void fast_call_flush(struct fast_call *call)
{
	pthread_mutex_lock(&call->connection->lock);
	fast_connection_flush(&call->connection->connection);
	pthread_mutex_unlock(&call->connection->lock);
}

/* Lock held. The oldest item gives way; the one behind it tells of it. False: there are marks
 * alone. */
static bool call_drop_oldest(struct fast_call *call)
{
	FAST_LIST_FOREACH(node, &call->items)
	{
		struct fast_frame *frame = FAST_LIST_ENTRY(node, struct fast_frame, node);
		struct fast_list *next = node->next;
		if (frame->item.is_mark) {
			continue;
		}
		if (next == &call->items) {
			call->items_refused += frame->item.dropped + 1;
		} else {
			FAST_LIST_ENTRY(next, struct fast_frame, node)->item.dropped +=
				frame->item.dropped + 1;
		}
		fast_list_remove(node);
		fast_frame_free(frame);
		call->item_count--;
		if (call->item_count == 0) {
			fast_list_remove(&call->ready_node);
		}
		return true;
	}
	return false;
}

/* Whether an item would be taken now. */
static enum fast_status call_room(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&connection->lock);
	if (call->is_cancelled) {
		status = FAST_CANCELLED;
	} else if (call->item_count >= FAST_STREAM_QUEUE_MAX && !call->entry->method->lossy) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_unlock(&connection->lock);
	if (status != FAST_CANCELLED && call->deadline_ns != FAST_TIME_NEVER &&
	    call->deadline_ns <= fast_timers_now_ns(connection->server->timers)) {
		status = FAST_DEADLINE_EXCEEDED;
	}
	return status;
}

/* Takes frame. */
static enum fast_status call_queue(struct fast_call *call, struct fast_frame *frame,
				   const struct fast_frame_item *item)
{
	struct fast_server_connection *connection = call->connection;
	enum fast_status status = FAST_OK;

	frame->item = *item;
	pthread_mutex_lock(&connection->lock);
	if (call->is_cancelled) {
		status = FAST_CANCELLED;
	} else if (call->item_count >= FAST_STREAM_QUEUE_MAX && !call_drop_oldest(call)) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	if (status != FAST_OK) {
		pthread_mutex_unlock(&connection->lock);
		fast_frame_free(frame);
		return status;
	}
	call->items_made++;
	frame->item.dropped += call->items_refused;
	call->items_refused = 0;
	fast_call_set_lane(call, frame);
	fast_list_append(&call->items, &frame->node);
	call->item_count++;
	call_make_ready(call);
	fast_call_pump(connection);
	pthread_mutex_unlock(&connection->lock);
	return FAST_OK;
}

/* Room before an item's payload. False: the caller takes no payload of these bytes. */
static bool call_head_bytes(const struct fast_call *call, size_t payload_bytes, size_t *head_bytes)
{
	size_t bytes = call->header_bytes + ITEM_NUMBERS_BYTES_MAX;

	*head_bytes = FAST_SP_PREFIX_BYTES_MAX + bytes;
	return bytes <= call->connection->peer_bytes_max &&
	       payload_bytes <= call->connection->peer_bytes_max - bytes;
}

enum fast_status fast_call_put(struct fast_call *call, const struct fast_frame_item *item,
			       const uint8_t *payload, size_t payload_bytes)
{
	struct fast_frame *frame = NULL;
	size_t head_bytes;
	enum fast_status status = call_room(call);

	if (status == FAST_OK && !call_head_bytes(call, payload_bytes, &head_bytes)) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	if (status == FAST_OK) {
		status = fast_frame_packed(payload, payload_bytes, head_bytes, &frame);
	}
	return status == FAST_OK ? call_queue(call, frame, item) : status;
}

enum fast_status fast_call_put_message(struct fast_call *call, const struct fast_frame_item *item,
				       const ProtobufCMessage *message)
{
	struct fast_frame *frame = NULL;
	size_t head_bytes;
	size_t bytes_max = call->connection->peer_bytes_max;
	enum fast_status status = call_room(call);

	if (status == FAST_OK && !call_head_bytes(call, 0, &head_bytes)) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	if (status == FAST_OK) {
		bytes_max -= call->header_bytes + ITEM_NUMBERS_BYTES_MAX;
		status = fast_frame_new(message, bytes_max, head_bytes, &frame);
	}
	if (status == FAST_OK) {
		status = call_queue(call, frame, item);
	}
	if (status == FAST_OK) {
		fast_call_flush(call);
		if (call->connection->server->interceptors.has_message) {
			fast_interceptors_message(call, FAST_TO_CALLER, message);
		}
	} else if (status == FAST_RESOURCE_EXHAUSTED && !item->is_mark) {
		call->items_refused++;
	}
	return status;
}

enum fast_status fast_call_send(struct fast_call *call, const ProtobufCMessage *message)
{
	const struct fast_frame_item item = {.cursor = 0};

	assert(call->entry->method->kind == FAST_METHOD_SERVER_STREAM ||
	       call->entry->method->kind == FAST_METHOD_BIDI_STREAM);
	assert(message->descriptor == call->entry->method->response);
	return fast_call_put_message(call, &item, message);
}

enum fast_status fast_call_send_newest(struct fast_call *call, const ProtobufCMessage *message)
{
	pthread_mutex_lock(&call->connection->lock);
	while (call->item_count > 0 && call_drop_oldest(call)) {
	}
	pthread_mutex_unlock(&call->connection->lock);
	return fast_call_send(call, message);
}
