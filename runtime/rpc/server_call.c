#include "rpc/server_call.h"

#include "rpc/limits.h"
#include "rpc/once.h"
#include "rpc/server_input.h"
#include "wire/check.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Lock held. */
static void call_put_back(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	fast_scope_unref(call->scope);
	if (connection->spare_count < FAST_SPARE_CALLS_MAX) {
		fast_arena_reset(&call->arena);
		fast_list_append(&connection->spare, &call->ready_node);
		connection->spare_count++;
		return;
	}
	fast_arena_fini(&call->arena);
	free(call);
}

void fast_call_recycle(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	bool is_here;

	assert(!call->is_in_table && !call->has_timer && call->last == NULL);
	assert(call->item_count == 0);
	fast_call_input_close(call);
	fast_list_remove(&call->open_node);
	connection->open_count--;
	fast_server_connection_drain_last(connection);
	fast_stats_end(call);
	is_here = fast_scope_forget(call);
	if (call->handler_runs && !is_here) {
		call->is_over = true;
		connection->references++;
		return;
	}
	call_put_back(call);
}

void fast_call_free_spares(struct fast_server_connection *connection)
{
	if (connection->spare.next == NULL) {
		return;
	}
	for (;;) {
		struct fast_list *node = fast_list_pop(&connection->spare);
		if (node == NULL) {
			return;
		}
		struct fast_call *call = FAST_LIST_ENTRY(node, struct fast_call, ready_node);
		fast_arena_fini(&call->arena);
		free(call);
	}
}

/* Lock held. A call object with an empty arena; all else has to be set. NULL: no memory. */
static struct fast_call *call_take(struct fast_server_connection *connection)
{
	struct fast_list *node = fast_list_pop(&connection->spare);
	struct fast_call *call;

	if (node != NULL) {
		connection->spare_count--;
		return FAST_LIST_ENTRY(node, struct fast_call, ready_node);
	}
	call = malloc(sizeof *call);
	if (call != NULL) {
		fast_arena_init(&call->arena, 0);
	}
	return call;
}

static void call_set(struct fast_call *call, struct fast_server_connection *connection,
		     const struct fast_request *request)
{
	const struct fast_packet *packet = request->packet;
	int64_t now_ns = fast_timers_now_ns(connection->server->timers);

	call->connection = connection;
	call->entry = request->entry;
	call->request = NULL;
	call->arena.cap_bytes = packet->payload.bytes * FAST_MESSAGE_AMPLIFICATION_MAX +
				FAST_MESSAGE_ARENA_BYTES_MIN;
	call->id = request->id;
	call->header_bytes = request->header_bytes;
	memcpy(call->header, request->header, request->header_bytes);
	call->begin_ns = now_ns;
	call->status = FAST_OK;
	call->context = (struct fast_call_context){.trace = NULL};
	call->passed = 0;
	call->deadline_ns = FAST_TIME_NEVER;
	if (packet->timeout_us > 0 &&
	    packet->timeout_us < (uint64_t)(INT64_MAX - now_ns) / FAST_NS_PER_US) {
		call->deadline_ns = now_ns + (int64_t)packet->timeout_us * FAST_NS_PER_US;
	}
	call->detail_count = 0;
	call->items_made = 0;
	call->items_refused = 0;
	call->cursor = (struct fast_call_cursor){
		.asked_epoch = packet->epoch,
		.after = packet->resume_after,
		.takes_marks = packet->mark,
	};
	call->handler_runs = false;
	call->is_cancelled = false;
	call->is_over = false;
	call->scope = NULL;
	call->is_in_table = true;
	call->cancel_runs = false;
	call->cancel_fn = NULL;
	call->has_timer = false;
	call->timer = (struct fast_timer){.position = 0};
	fast_list_init(&call->items);
	call->item_count = 0;
	call->items_sent = 0;
	call->credit = packet->credit;
	call->is_awaited = false;
	call->room_fn = NULL;
	call->ready_node = (struct fast_list){NULL, NULL};
	call->last = NULL;
	call->once = NULL;
	call->once_node = (struct fast_list){NULL, NULL};
	call->is_detached = false;
	call->input = NULL;
	call->priority = packet->priority;
}

enum call_admission { CALL_ADMITTED, CALL_IS_OPEN, CALL_TOO_MANY, CALL_TOO_LATE, CALL_DRAINED };

static enum call_admission call_admit(struct fast_server_connection *connection,
				      const struct fast_request *request, struct fast_call **out)
{
	enum call_admission admission = CALL_TOO_MANY;

	pthread_mutex_lock(&connection->lock);
	if (connection->connection.has_ended) {
		admission = CALL_TOO_LATE;
	} else if (fast_call_table_find(&connection->calls, request->id) != NULL) {
		admission = CALL_IS_OPEN;
	} else if (connection->drain >= FAST_DRAIN_FINAL) {
		admission = CALL_DRAINED;
	} else if (connection->calls.count < connection->server->options.calls_max &&
		   fast_call_table_reserve(&connection->calls) == FAST_OK) {
		*out = call_take(connection);
		if (*out != NULL) {
			call_set(*out, connection, request);
			fast_call_table_add(&connection->calls, request->id, *out);
			fast_list_append(&connection->open, &(*out)->open_node);
			connection->open_count++;
			connection->references++;
			fast_keepalive_watch(&connection->connection,
					     &connection->connection.keepalive);
			admission = CALL_ADMITTED;
		}
	}
	pthread_mutex_unlock(&connection->lock);
	return admission;
}

/* The handler has returned and its own thread has not ended the call: another may have. */
static void call_handler_returned(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	bool is_last = false;

	pthread_mutex_lock(&connection->lock);
	call->handler_runs = false;
	if (call->is_over) {
		call_put_back(call);
		is_last = fast_server_connection_unref_locked(connection);
	}
	pthread_mutex_unlock(&connection->lock);
	if (is_last) {
		fast_server_connection_bury(connection);
	}
}

void fast_call_hand_over(struct fast_call *call, enum fast_status status,
			 const ProtobufCMessage *message, fast_call_item_thunk *thunk,
			 fast_any_fn *fn, void *arg)
{
	struct fast_call *before = fast_scope_enter(call);

	if (message != NULL && call->connection->server->interceptors.has_message) {
		fast_interceptors_message(call, FAST_FROM_CALLER, message);
	}
	thunk(call, status, message, fn, arg);
	fast_scope_leave(before);
}

static void call_run(struct fast_call *call)
{
	const struct fast_method_entry *entry = call->entry;
	struct fast_call_input *input = call->input;
	struct fast_call *before = fast_scope_enter(call);

	call->handler_runs = true;
	entry->method->dispatch(entry->handlers, call, call->request, entry->arg);
	if (fast_scope_current() == call) {
		call_handler_returned(call);
	}
	fast_scope_leave(before);
	if (input != NULL) {
		fast_call_input_run(input);
	}
}

void fast_call_turn_away(struct fast_call *call, Fast__V1__PacketKind kind, enum fast_status status,
			 const char *text)
{
	struct fast_call_input *input = call->input;

	fast_call_refuse_open(call, kind, status, text);
	if (input != NULL) {
		fast_call_input_run(input);
	}
}

/* On a worker, after the queue. PROTOCOL.md, "Deadlines": what has expired does not run. */
static void call_run_job(struct fast_job *job)
{
	struct fast_call *call =
		(struct fast_call *)((char *)job - offsetof(struct fast_call, job));

	if (fast_call_is_cancelled(call)) {
		fast_call_turn_away(call, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE,
				    FAST_DEADLINE_EXCEEDED,
				    "the deadline passed before the handler could run");
		return;
	}
	call_run(call);
}

/* Unpacks the request, or makes ready for its items. False: refused. */
static bool call_prepare(struct fast_call *call, const struct fast_packet *packet)
{
	const char *reason = NULL;
	enum fast_status status = fast_call_context_read(call, packet, &reason);

	if (status == FAST_OK && fast_method_takes_items(call->entry->method)) {
		if (fast_call_input_open(call) == FAST_OK) {
			return true;
		}
		fast_call_refuse_open(call, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK,
				      FAST_RESOURCE_EXHAUSTED, "no memory for the stream");
		return false;
	}
	if (status == FAST_OK) {
		status = fast_message_unpack(call->entry->method->request, packet->payload.data,
					     packet->payload.bytes, &call->arena, &call->request,
					     &reason);
	}
	if (status != FAST_OK) {
		fast_counter_add(&call->connection->server->counters.packets_malformed);
		fast_call_refuse_open(call, FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, status,
				      reason);
	}
	return status == FAST_OK;
}

void fast_call_go(struct fast_call *call)
{
	struct fast_server *server = call->connection->server;

	if (call->entry->flags & FAST_SERVICE_INLINE) {
		call_run(call);
		return;
	}
	call->job.run = call_run_job;
	if (fast_pool_submit(server->pool, &call->job) != FAST_OK) {
		fast_call_turn_away(call, FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK,
				    FAST_RESOURCE_EXHAUSTED, "the server's queue of calls is full");
	}
}

static void call_start(struct fast_call *call, const struct fast_packet *packet)
{
	if (!call_prepare(call, packet)) {
		return;
	}
	if (call->connection->server->interceptors.count > 0) {
		fast_call_proceed(call);
	} else {
		fast_call_go(call);
	}
}

void fast_call_open(struct fast_server_connection *connection, const struct fast_request *request)
{
	struct fast_server_counters *counters = &connection->server->counters;
	struct fast_call *call = NULL;

	switch (call_admit(connection, request, &call)) {
	case CALL_ADMITTED:
		fast_stats_begin(call);
		if (request->packet->idempotency_key.bytes == 0 ||
		    fast_once_admit(call, request->packet)) {
			call_start(call, request->packet);
		}
		return;
	case CALL_TOO_MANY:
		fast_call_refuse(connection, request->header, request->header_bytes,
				 FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK,
				 FAST_RESOURCE_EXHAUSTED,
				 "%u calls are open on this connection already",
				 connection->server->options.calls_max);
		return;
	case CALL_DRAINED:
		fast_call_refuse(connection, request->header, request->header_bytes,
				 FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK, FAST_UNAVAILABLE,
				 "the server is going away");
		return;
	case CALL_IS_OPEN:
		/* A stock REQ socket asks again after a while; the first request will be answered.
		 */
		fast_counter_add(&counters->packets_malformed);
		return;
	case CALL_TOO_LATE:
		return;
	}
}

const struct fast_peer *fast_call_peer(const struct fast_call *call)
{
	return &call->connection->connection.link->peer;
}

const struct fast_method *fast_call_method(const struct fast_call *call)
{
	return call->entry->method;
}

int64_t fast_call_deadline_ns(const struct fast_call *call)
{
	return call->deadline_ns;
}
