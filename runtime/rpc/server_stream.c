#include "rpc/limits.h"
#include "rpc/server_call.h"
#include <assert.h>
#include <fast/stream.h>

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
		fast_connection_push(&connection->connection,
				     FAST_LIST_ENTRY(item, struct fast_frame, node));
		call->item_count--;
		call->credit--;
		call_make_ready(call);
		if (call->item_count == 0 && call->last != NULL) {
			call_send_last(call);
		}
	}
}

void fast_call_grant(struct fast_server_connection *connection, uint32_t id, uint32_t credit)
{
	struct fast_call *call;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, id);
	if (call != NULL) {
		call->credit =
			credit > UINT32_MAX - call->credit ? UINT32_MAX : call->credit + credit;
		call_make_ready(call);
		fast_call_pump(connection);
		fast_connection_flush(&connection->connection);
	}
	pthread_mutex_unlock(&connection->lock);
}

/* Whether an item would be taken now. */
static enum fast_status call_room(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&connection->lock);
	if (call->is_cancelled) {
		status = FAST_CANCELLED;
	} else if (call->item_count >= FAST_STREAM_QUEUE_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_unlock(&connection->lock);
	if (status != FAST_CANCELLED && call->deadline_ns != FAST_TIME_NEVER &&
	    call->deadline_ns <= fast_timers_now_ns(connection->server->timers)) {
		status = FAST_DEADLINE_EXCEEDED;
	}
	return status;
}

enum fast_status fast_call_send(struct fast_call *call, const ProtobufCMessage *message)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		.sequence = call->items_made + 1,
		.dropped = call->items_refused,
	};
	struct fast_frame *frame = NULL;
	enum fast_status status = call_room(call);

	assert(call->entry->method->kind == FAST_METHOD_SERVER_STREAM ||
	       call->entry->method->kind == FAST_METHOD_BIDI_STREAM);
	assert(message->descriptor == call->entry->method->response);
	if (status == FAST_OK) {
		status = fast_frame_packet(connection->connection.rules.framing, call->header,
					   call->header_bytes, &packet, message,
					   connection->peer_bytes_max, &frame);
	}
	if (status != FAST_OK) {
		call->items_refused += status == FAST_RESOURCE_EXHAUSTED;
		return status;
	}
	pthread_mutex_lock(&connection->lock);
	if (call->is_cancelled) {
		pthread_mutex_unlock(&connection->lock);
		fast_frame_free(frame);
		return FAST_CANCELLED;
	}
	fast_list_append(&call->items, &frame->node);
	call->item_count++;
	call_make_ready(call);
	fast_call_pump(connection);
	fast_connection_flush(&connection->connection);
	pthread_mutex_unlock(&connection->lock);
	call->items_made++;
	call->items_told = call->items_refused;
	call->items_refused = 0;
	return FAST_OK;
}

enum fast_status fast_call_send_newest(struct fast_call *call, const ProtobufCMessage *message)
{
	pthread_mutex_lock(&call->connection->lock);
	assert(call->item_count <= 1);
	if (call->item_count > 0) {
		fast_call_drop_items(call);
		call->items_made--; /* the next one takes its number, and tells of it */
		call->items_refused += call->items_told + 1;
	}
	pthread_mutex_unlock(&call->connection->lock);
	return fast_call_send(call, message);
}
