#include "rpc/client_call.h"

#include "rpc/limits.h"
#include "rpc/retry.h"
#include <assert.h>
#include <string.h>

static struct fast_span span_of(const char *text)
{
	return (struct fast_span){(const uint8_t *)text, strlen(text)};
}

static struct fast_packet request_packet(const struct fast_method *method)
{
	return (struct fast_packet){
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST,
		.method = span_of(method->path),
		.credit = method->kind == FAST_METHOD_SERVER_STREAM ||
					  method->kind == FAST_METHOD_BIDI_STREAM
				  ? FAST_STREAM_CREDIT
				  : 0,
	};
}

/* A caller built against an older header has a shorter struct. */
static struct fast_call_options call_options(const struct fast_call_options *options)
{
	struct fast_call_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	return all;
}

static int64_t call_timeout_ms(enum fast_client_call_kind kind, int64_t timeout_ms)
{
	if (timeout_ms != 0) {
		return timeout_ms < 0 ? FAST_CALL_TIMEOUT_MS_NONE : timeout_ms;
	}
	return kind == FAST_CLIENT_CALL_STREAM ? FAST_CALL_TIMEOUT_MS_NONE
					       : FAST_CALL_TIMEOUT_MS_DEFAULT;
}

enum fast_status fast_client_call_init(struct fast_client_call *call,
				       enum fast_client_call_kind kind, struct fast_client *client,
				       const struct fast_method *method,
				       const struct fast_call_options *options,
				       const ProtobufCMessage *request, struct fast_reply *reply)
{
	struct fast_call_options all = call_options(options);
	struct fast_packet packet = request_packet(method);
	size_t head_bytes;
	enum fast_status status;

	assert(request == NULL ? method->kind == FAST_METHOD_CLIENT_STREAM ||
					 method->kind == FAST_METHOD_BIDI_STREAM
			       : request->descriptor == method->request);
	*call = (struct fast_client_call){
		.kind = kind,
		.client = client,
		.method = method,
		.begin_ns = fast_timers_now_ns(client->timers),
		.timeout_ms = call_timeout_ms(kind, all.timeout_ms),
		.waits_for_ready = all.wait_for_ready,
		.priority = all.priority != FAST_PRIORITY_DEFAULT ? all.priority : method->priority,
		.reply = reply,
	};
	/* The deadline begins before anything else can wait. */
	call->deadline_ns = fast_time_after_ms(call->begin_ns, call->timeout_ms);
	fast_reply_init(reply);
	if (kind != FAST_CLIENT_CALL_ASYNC) {
		pthread_condattr_t monotonic;
		pthread_condattr_init(&monotonic);
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
		pthread_cond_init(&call->changed, &monotonic);
		pthread_condattr_destroy(&monotonic);
	}
	status = fast_client_context_open(call, &all, request);
	if (status != FAST_OK) {
		return status;
	}
	fast_client_context_put(call->context, &packet);
	if (all.retry != NULL && method->kind == FAST_METHOD_UNARY) {
		call->has_policy = true;
		if (fast_retry_fill(all.retry, &call->retry) != FAST_OK) {
			fast_reply_fail(reply, FAST_INVALID_ARGUMENT, FAST_EXECUTED_NO,
					"%s: the retry policy has a number that cannot be",
					method->path);
			return reply->status;
		}
	}
	fast_retry_key_make(call, all.once);
	fast_retry_key_put(call, &packet);
	head_bytes = fast_frame_head_bytes_max(4, &packet);
	status = fast_frame_new(request, FAST_MESSAGE_BYTES_MAX - head_bytes, head_bytes,
				&call->frame);
	if (status != FAST_OK) {
		fast_reply_fail(
			reply, status, FAST_EXECUTED_NO,
			status == FAST_INVALID_ARGUMENT
				? "the request of %s cannot be packed: a string, message or "
				  "element is missing"
				: "the request of %s is too long, or there is no memory",
			method->path);
		return status;
	}
	call->frame->kept = true;
	return FAST_OK;
}

void fast_client_call_fini(struct fast_client_call *call)
{
	fast_frame_free(call->frame); /* NULL, unless the call was never submitted */
	call->frame = NULL;
	fast_client_context_close(call);
	if (call->kind != FAST_CLIENT_CALL_ASYNC) {
		pthread_cond_destroy(&call->changed);
	}
}

bool fast_client_call_is_begun(const struct fast_client_call *call)
{
	return call->may_have_run || call->frame->state == FAST_FRAME_SENDING ||
	       call->frame->state == FAST_FRAME_SENT;
}

/* An id that no open call of the connection has. */
static uint32_t client_next_id(struct fast_client *client, const struct fast_call_table *calls)
{
	uint32_t id;

	do {
		client->next_id = (client->next_id + 1) & 0x7fffffffu;
		id = client->next_id | 0x80000000u;
	} while (client->next_id == 0 || fast_call_table_find(calls, id) != NULL);
	return id;
}

static uint64_t call_timeout_us(const struct fast_client_call *call, int64_t now_ns)
{
	int64_t left_ns;

	if (call->deadline_ns == FAST_TIME_NEVER) {
		return 0;
	}
	left_ns = call->deadline_ns - now_ns;
	return left_ns < FAST_NS_PER_US ? 1 : (uint64_t)(left_ns / FAST_NS_PER_US);
}

/* The call is over before it was sent. */
static void call_reject(struct fast_client_call *call, enum fast_status status, const char *text)
{
	call->state = FAST_CLIENT_CALL_CLAIMED;
	fast_retry_key_settle(call);
	fast_frame_free(call->frame);
	call->frame = NULL;
	fast_reply_fail(call->reply, status,
			call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO, "%s: %s",
			call->method->path, text);
}

/* False: rejected. */
static bool call_send(struct fast_client_call *call, struct fast_client_connection *connection,
		      int64_t now_ns)
{
	struct fast_packet packet = request_packet(call->method);
	enum fast_sp_framing framing = connection->connection.rules.framing;
	uint32_t id = client_next_id(call->client, &connection->calls);
	struct fast_frame *follow_up = NULL;
	uint8_t header[4];

	if (fast_retry_is_elsewhere(call, connection)) {
		call_reject(call, FAST_ABORTED,
			    "whether it ran is not known: the server has been restarted, or is "
			    "another one");
		return false;
	}
	if (call->has_key && call->boot_id == 0) {
		call->key_ns = fast_timers_now_ns(call->client->timers);
	}
	fast_client_context_put(call->context, &packet);
	fast_retry_key_number(call);
	fast_retry_key_put(call, &packet);
	if (call->frame->payload_bytes + fast_frame_head_bytes_max(sizeof header, &packet) >
	    connection->peer_bytes_max) {
		call_reject(call, FAST_RESOURCE_EXHAUSTED,
			    "the request is longer than the server takes");
		return false;
	}
	if (fast_call_table_reserve(&connection->calls) != FAST_OK ||
	    fast_stream_follow_up(call, framing, id, &follow_up) != FAST_OK) {
		call_reject(call, FAST_RESOURCE_EXHAUSTED, "no memory for the call");
		return false;
	}
	call->id = id;
	call->connection = connection;
	call->state = FAST_CLIENT_CALL_OPEN;
	fast_call_table_add(&connection->calls, call->id, call);
	fast_stream_ask(call, &packet);
	packet.timeout_us = call_timeout_us(call, now_ns);
	packet.attempt = call->attempt;
	packet.priority = (uint32_t)call->priority;
	call->frame->lane =
		fast_lane_of(packet.priority, call->method->kind, call->frame->payload_bytes);
	fast_id_write(call->id, header);
	call->frame->state = FAST_FRAME_IDLE;
	fast_frame_seal(call->frame, framing, header, sizeof header, &packet);
	fast_keepalive_watch(&connection->connection, &connection->connection.keepalive);
	fast_connection_push(&connection->connection, call->frame);
	if (follow_up != NULL) {
		follow_up->lane = call->frame->lane;
		fast_connection_push(&connection->connection, follow_up);
	}
	if (call->context != NULL) {
		fast_client_context_sent(call);
	}
	fast_connection_flush(&connection->connection);
	return true;
}

bool fast_client_submit(struct fast_client_call *call)
{
	struct fast_client *client = call->client;
	struct fast_client_connection *connection = fast_client_usable(client);

	if (client->is_closing) {
		call_reject(call, FAST_CANCELLED, "the client is being closed");
		return false;
	}
	if (call->is_cancelled) {
		call_reject(call, FAST_CANCELLED, FAST_PARENT_GONE);
		return false;
	}
	fast_retry_policy_find(call);
	if (call->context != NULL && fast_client_context_holds(call)) {
		return true;
	}
	if (connection != NULL && fast_list_is_empty(&client->waiting) &&
	    fast_retry_is_ready(call, connection)) {
		return call_send(call, connection, call->begin_ns); /* it has waited for nothing */
	}
	if (client->waiting_count == FAST_CALLS_WAITING_MAX) {
		call_reject(call, FAST_RESOURCE_EXHAUSTED, "too many calls wait for the server");
		return false;
	}
	fast_client_wait(call);
	fast_client_dial(client);
	fast_client_read_on(client); /* it may be the server's HELLO that is waited for */
	return true;
}

void fast_client_wait(struct fast_client_call *call)
{
	call->state = FAST_CLIENT_CALL_WAITING;
	call->connection = NULL;
	fast_list_append(&call->client->waiting, &call->node);
	call->client->waiting_count++;
}

void fast_client_submit_waiting(struct fast_client *client, struct fast_list *failed)
{
	struct fast_client_connection *connection;

	while ((connection = fast_client_usable(client)) != NULL &&
	       !fast_list_is_empty(&client->waiting)) {
		struct fast_client_call *call =
			FAST_LIST_ENTRY(client->waiting.next, struct fast_client_call, node);

		if (!fast_retry_is_ready(call, connection)) {
			return;
		}
		fast_list_remove(&call->node);
		client->waiting_count--;
		if (!call_send(call, connection, fast_timers_now_ns(client->timers))) {
			fast_list_append(failed, &call->node);
		}
	}
}

/* What keeps the call's frame from now on frees it. */
static void call_drop_frame(struct fast_client_call *call)
{
	if (call->connection != NULL) {
		fast_outbox_drop(&call->connection->connection.outbox, call->frame);
	} else {
		fast_frame_free(call->frame);
	}
	call->frame = NULL;
}

bool fast_client_claim(struct fast_client_call *call)
{
	struct fast_client *client = call->client;

	if (call->state == FAST_CLIENT_CALL_WAITING || call->state == FAST_CLIENT_CALL_RESTING) {
		fast_list_remove(&call->node);
		client->waiting_count--;
	} else if (call->state == FAST_CLIENT_CALL_OPEN) {
		fast_call_table_remove(&call->connection->calls, call->id);
	} else {
		return false;
	}
	call->state = FAST_CLIENT_CALL_CLAIMED;
	call->may_have_run = fast_client_call_is_begun(call);
	fast_retry_key_settle(call);
	call_drop_frame(call);
	call->connection = NULL;
	return true;
}

void fast_client_send_cancel(struct fast_client_connection *connection, uint32_t id)
{
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL};
	struct fast_frame *frame = NULL;
	uint8_t header[4];

	fast_id_write(id, header);
	if (fast_frame_packet(connection->connection.rules.framing, header, sizeof header, &packet,
			      NULL, FAST_MESSAGE_BYTES_MAX, &frame) == FAST_OK) {
		fast_connection_push(&connection->connection, frame);
		fast_connection_flush(&connection->connection);
	}
}

bool fast_client_abandon(struct fast_client_call *call)
{
	struct fast_client_connection *connection = call->connection;
	bool was_open = call->state == FAST_CLIENT_CALL_OPEN;
	bool is_heard = was_open && call->frame->state != FAST_FRAME_WAITING;

	if (!fast_client_claim(call)) {
		return false;
	}
	if (is_heard) {
		fast_client_send_cancel(connection, call->id);
	}
	return true;
}
