#include "rpc/server_input.h"

#include "rpc/item.h"
#include "wire/check.h"
#include <assert.h>
#include <fast/stream.h>
#include <stdlib.h>

struct fast_call_input {
	struct fast_job job;
	struct fast_server_connection *connection;
	struct fast_arena arena; /* the runner's: holds the message in hand */

	/* all guarded by connection->lock */
	struct fast_call *call; /* NULL: it is over */
	bool is_busy;           /* somebody runs it, or will; holds a reference to connection */
	bool runs;              /* the function is running, on runner */
	pthread_t runner;
	fast_call_item_thunk *thunk; /* NULL: the handler has not set it yet */
	fast_any_fn *fn;
	void *arg;
	struct fast_frame *first_grant; /* until it is sent, so that this cannot fail */
	struct fast_list items;
	uint32_t credit;   /* items that the client may still send */
	uint32_t consumed; /* items for which no new credit was given yet */
	uint64_t sequence; /* of the newest item */
	bool is_half_closed;
	bool has_told_end; /* the function will not be called again */
};

/* What the function is told next. */
struct input_event {
	struct fast_stream_item *item; /* NULL: the end */
	enum fast_status status;
	fast_call_item_thunk *thunk;
	fast_any_fn *fn;
	void *arg;
};

static void input_run_job(struct fast_job *job)
{
	fast_call_input_run(
		(struct fast_call_input *)((char *)job - offsetof(struct fast_call_input, job)));
}

static void input_free(struct fast_call_input *input)
{
	fast_stream_items_free(&input->items);
	fast_frame_free(input->first_grant);
	fast_arena_fini(&input->arena);
	free(input);
}

static enum fast_status input_credit_frame(const struct fast_call *call, uint32_t credit,
					   struct fast_frame **out)
{
	const struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_SERVER_CREDIT,
		.credit = credit,
	};

	return fast_frame_packet(call->connection->connection.rules.framing, call->header,
				 call->header_bytes, &packet, NULL, FAST_MESSAGE_BYTES_MAX, out);
}

enum fast_status fast_call_input_open(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_call_input *input = calloc(1, sizeof *input);

	if (input == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	input->job.run = input_run_job;
	input->connection = connection;
	input->call = call;
	input->is_busy = true; /* by the handler */
	fast_arena_init(&input->arena, 0);
	fast_list_init(&input->items);
	if (input_credit_frame(call, FAST_STREAM_CREDIT, &input->first_grant) != FAST_OK) {
		input_free(input);
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_lock(&connection->lock);
	connection->references++;
	call->input = input;
	pthread_mutex_unlock(&connection->lock);
	return FAST_OK;
}

void fast_call_input_close(struct fast_call *call)
{
	struct fast_call_input *input = call->input;

	if (input == NULL) {
		return;
	}
	call->input = NULL;
	input->call = NULL;
	fast_stream_items_free(&input->items);
	if (!input->is_busy) {
		input_free(input);
	}
}

void fast_call_input_silence(struct fast_call *call)
{
	struct fast_call_input *input = call->input;

	if (input == NULL) {
		return;
	}
	input->has_told_end = true;
	while (input->runs && !pthread_equal(input->runner, pthread_self())) {
		pthread_cond_wait(&input->connection->quiet, &input->connection->lock);
	}
}

/* Lock held. FAST_OK: the caller still wants an answer. */
static enum fast_status input_caller(const struct fast_call_input *input)
{
	const struct fast_call *call = input->call;

	if (call->is_cancelled) {
		return FAST_CANCELLED;
	}
	if (call->deadline_ns != FAST_TIME_NEVER &&
	    call->deadline_ns <= fast_timers_now_ns(input->connection->server->timers)) {
		return FAST_DEADLINE_EXCEEDED;
	}
	return FAST_OK;
}

/* Lock held. Whether the function has to be called. */
static bool input_has_event(const struct fast_call_input *input)
{
	return input->call != NULL && input->thunk != NULL && !input->has_told_end &&
	       (!fast_list_is_empty(&input->items) || input->is_half_closed ||
		input_caller(input) != FAST_OK);
}

/* Lock held. False: nothing is to be told now. */
static bool input_take(struct fast_call_input *input, struct input_event *event)
{
	struct fast_list *node = NULL;

	if (!input_has_event(input)) {
		return false;
	}
	*event = (struct input_event){
		.status = input_caller(input),
		.thunk = input->thunk,
		.fn = input->fn,
		.arg = input->arg,
	};
	if (event->status == FAST_OK) {
		node = fast_list_pop(&input->items);
	}
	if (node != NULL) {
		event->item = FAST_LIST_ENTRY(node, struct fast_stream_item, node);
	} else {
		fast_stream_items_free(&input->items); /* nobody reads them any more */
		input->has_told_end = true;
	}
	return true;
}

/* No lock held; input->runs keeps the call. */
static void input_tell(struct fast_call_input *input, struct input_event *event)
{
	struct fast_call *call = input->call;
	const ProtobufCMessage *message = NULL;
	const char *reason = NULL;

	if (event->item != NULL) {
		fast_arena_reset(&input->arena);
		input->arena.cap_bytes = event->item->bytes * FAST_MESSAGE_AMPLIFICATION_MAX +
					 FAST_MESSAGE_ARENA_BYTES_MIN;
		event->status =
			fast_message_unpack(call->entry->method->request, event->item->data,
					    event->item->bytes, &input->arena, &message, &reason);
		fast_stream_item_free(event->item);
		if (event->status != FAST_OK) {
			/* The function learns it from the next event. */
			fast_call_break(call, event->status, reason);
			return;
		}
	}
	fast_call_hand_over(call, event->status, message, event->thunk, event->fn, event->arg);
}

/* Lock held. Grants again what was consumed, half of the credit at a time. */
static void input_grant(struct fast_call_input *input)
{
	struct fast_connection *connection = &input->connection->connection;
	struct fast_call *call = input->call;
	struct fast_frame *frame = NULL;

	if (call == NULL || call->is_cancelled || input->has_told_end || input->is_half_closed ||
	    input->consumed < FAST_STREAM_CREDIT / 2) {
		return;
	}
	if (input_credit_frame(call, input->consumed, &frame) != FAST_OK) {
		return; /* tried again at the next item */
	}
	input->credit += input->consumed;
	input->consumed = 0;
	fast_connection_push(connection, frame);
	fast_connection_flush(connection);
}

void fast_call_input_run(struct fast_call_input *input)
{
	struct fast_server_connection *connection = input->connection;
	struct input_event event;
	bool is_last;

	pthread_mutex_lock(&connection->lock);
	assert(input->is_busy && !input->runs);
	for (unsigned told = 0; input_take(input, &event); told++) {
		bool is_item = event.item != NULL;
		input->runs = true;
		input->runner = pthread_self();
		pthread_mutex_unlock(&connection->lock);
		input_tell(input, &event);
		pthread_mutex_lock(&connection->lock);
		input->runs = false;
		pthread_cond_broadcast(&connection->quiet);
		input->consumed += is_item;
		input_grant(input);
		if (told >= FAST_STREAM_CREDIT && input_has_event(input) &&
		    !(input->call->entry->flags & FAST_SERVICE_INLINE)) {
			fast_pool_resume(connection->server->pool, &input->job); /* others' turn */
			pthread_mutex_unlock(&connection->lock);
			return;
		}
	}
	input->is_busy = false;
	if (input->call == NULL) {
		input_free(input);
	}
	is_last = fast_server_connection_unref_locked(connection);
	pthread_mutex_unlock(&connection->lock);
	if (is_last) {
		fast_server_connection_bury(connection);
	}
}

/* Lock held. True: the caller has it run. */
static bool input_begin(struct fast_call_input *input)
{
	if (input == NULL || input->is_busy || !input_has_event(input)) {
		return false;
	}
	input->is_busy = true;
	input->connection->references++;
	return true;
}

struct fast_call_input *fast_call_input_wake(struct fast_call *call)
{
	struct fast_call_input *input = call->input;

	if (!input_begin(input)) {
		return NULL;
	}
	if (call->entry->flags & FAST_SERVICE_INLINE) {
		return input;
	}
	fast_pool_resume(call->connection->server->pool, &input->job);
	return NULL;
}

void fast_call_on_typed_item(struct fast_call *call, fast_call_item_thunk *thunk, fast_any_fn *fn,
			     void *arg)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_call_input *input = call->input;

	assert(input != NULL && thunk != NULL);
	pthread_mutex_lock(&connection->lock);
	assert(input->thunk == NULL);
	input->thunk = thunk;
	input->fn = fn;
	input->arg = arg;
	if (!call->is_cancelled && !input->is_half_closed) {
		input->credit = FAST_STREAM_CREDIT;
		fast_connection_push(&connection->connection, input->first_grant);
		fast_connection_flush(&connection->connection);
		input->first_grant = NULL;
	}
	fast_call_watch_deadline(call);
	/* Never on this thread: whoever calls this may still use the call. */
	if (input_begin(input)) {
		fast_pool_resume(connection->server->pool, &input->job);
	}
	pthread_mutex_unlock(&connection->lock);
}

/* The thunk of a function that takes any message. */
static void item_plain(struct fast_call *call, enum fast_status status,
		       const ProtobufCMessage *message, fast_any_fn *fn, void *arg)
{
	((fast_call_item_fn *)fn)(call, status, message, arg);
}

void fast_call_on_item(struct fast_call *call, fast_call_item_fn *fn, void *arg)
{
	assert(fn != NULL);
	fast_call_on_typed_item(call, item_plain, (fast_any_fn *)fn, arg);
}

/* Why a stream cannot go on. */
struct input_fault {
	enum fast_status status;
	const char *text; /* NULL: all is well */
};

/* Lock held. Takes item, unless there is a fault. */
static struct input_fault input_put(struct fast_call_input *input, struct fast_stream_item *item,
				    const struct fast_packet *packet)
{
	if (packet->more) {
		return (struct input_fault){FAST_UNIMPLEMENTED, "items in fragments are not taken"};
	}
	if (input->is_half_closed) {
		return (struct input_fault){FAST_INVALID_ARGUMENT, "an item after the half close"};
	}
	if (input->credit == 0) {
		return (struct input_fault){FAST_RESOURCE_EXHAUSTED,
					    "more items than the server has granted"};
	}
	if (packet->sequence != input->sequence + 1) {
		return (struct input_fault){FAST_INVALID_ARGUMENT, "an item was left out"};
	}
	if (item == NULL) {
		return (struct input_fault){FAST_RESOURCE_EXHAUSTED, "no memory for an item"};
	}
	input->credit--;
	input->sequence++;
	fast_list_append(&input->items, &item->node);
	return (struct input_fault){FAST_OK, NULL};
}

bool fast_call_input_item(struct fast_server_connection *connection,
			  const struct fast_request *request)
{
	struct fast_stream_item *item = fast_stream_item_new(request->packet);
	struct fast_call_input *input = NULL;
	struct fast_call_input *woken = NULL;
	struct input_fault fault = {FAST_OK, NULL};
	struct fast_call *call;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, request->id);
	if (call != NULL) {
		input = call->input;
	}
	if (input != NULL && !input->has_told_end) {
		fault = input_put(input, item, request->packet);
		item = fault.text == NULL ? NULL : item;
		woken = fast_call_input_wake(call);
	} else if (input != NULL && input->is_half_closed) {
		fault = (struct input_fault){FAST_INVALID_ARGUMENT, "an item after the half close"};
	}
	pthread_mutex_unlock(&connection->lock);
	fast_stream_item_free(item);
	if (woken != NULL) {
		fast_call_input_run(woken);
	}
	if (fault.text != NULL) {
		fast_call_break_id(connection, request, fault.status, fault.text);
	}
	return input != NULL;
}

bool fast_call_input_half_close(struct fast_server_connection *connection, uint32_t id)
{
	struct fast_call_input *woken = NULL;
	struct fast_call *call;
	bool is_good;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, id);
	is_good = call != NULL && call->input != NULL && !call->input->is_half_closed;
	if (is_good) {
		call->input->is_half_closed = true;
		woken = fast_call_input_wake(call);
	}
	pthread_mutex_unlock(&connection->lock);
	if (woken != NULL) {
		fast_call_input_run(woken);
	}
	return is_good;
}
