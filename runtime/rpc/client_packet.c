#include "rpc/client_call.h"
#include "rpc/hello.h"
#include "rpc/retry.h"

/* One packet of the server, being handled on the reader's thread. */
struct incoming {
	struct fast_client_connection *connection;
	uint32_t id;
	struct fast_packet packet;
};

/* False: the connection is to be closed. */
typedef bool incoming_fn(const struct incoming *incoming);

/* Lock held. The open call that the packet is for; NULL: a stray, counted. */
static struct fast_client_call *incoming_call(const struct incoming *incoming)
{
	struct fast_client_call *call =
		fast_call_table_find(&incoming->connection->calls, incoming->id);

	if (call == NULL) {
		incoming->connection->client->strays++;
	}
	return call;
}

/* The server broke the protocol: the call ends, the connection goes on. */
static void incoming_fail_call(const struct incoming *incoming, const char *sentence)
{
	struct fast_client *client = incoming->connection->client;
	struct fast_client_call *call;

	pthread_mutex_lock(&client->lock);
	call = incoming_call(incoming);
	if (call == NULL || !fast_client_abandon(call)) {
		pthread_mutex_unlock(&client->lock);
		return;
	}
	pthread_mutex_unlock(&client->lock);
	fast_reply_fail(call->reply, FAST_INTERNAL, FAST_EXECUTED_UNKNOWN, "%s: %s",
			call->method->path, sentence);
	fast_client_finish(call);
}

static bool incoming_response(const struct incoming *incoming)
{
	struct fast_client *client = incoming->connection->client;
	struct fast_client_call *call;
	const struct fast_method *method;
	struct fast_list failed;
	bool goes_on;

	fast_list_init(&failed);
	if (incoming->packet.more) {
		incoming_fail_call(incoming, "the server answered in fragments");
		return true;
	}
	pthread_mutex_lock(&client->lock);
	call = incoming_call(incoming);
	if (call != NULL &&
	    ((incoming->packet.kind == FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK &&
	      (fast_stream_resume(call, false) || fast_client_send_elsewhere(call, &failed))) ||
	     (call->has_policy && fast_retry_answered(call, &incoming->packet)) ||
	     !fast_client_claim(call))) {
		call = NULL;
	}
	goes_on = !incoming->connection->is_going_away || incoming->connection->calls.count > 0;
	pthread_mutex_unlock(&client->lock);
	if (call != NULL) {
		method = call->method;
		fast_reply_read(call->reply, &incoming->packet,
				method->kind == FAST_METHOD_UNARY ||
						method->kind == FAST_METHOD_CLIENT_STREAM
					? method->response
					: NULL);
		fast_retry_correct(call);
		fast_client_finish(call);
	}
	fast_client_finish_all(&failed);
	return goes_on;
}

static bool incoming_item(const struct incoming *incoming)
{
	struct fast_client *client = incoming->connection->client;
	struct fast_stream_item *item = fast_stream_item_new(&incoming->packet);
	const char *fault = NULL;
	struct fast_client_call *call;

	pthread_mutex_lock(&client->lock);
	call = incoming_call(incoming);
	if (call != NULL && call->kind != FAST_CLIENT_CALL_STREAM) {
		fault = "the server sent an item of a stream";
	} else if (call != NULL && item == NULL) {
		fault = "no memory for an item";
	} else if (call != NULL) {
		fault = fast_stream_put(call, item, &incoming->packet);
	}
	pthread_mutex_unlock(&client->lock);
	if (call == NULL || fault != NULL) {
		fast_stream_item_free(item);
	}
	if (fault != NULL) {
		incoming_fail_call(incoming, fault);
	}
	return true;
}

static bool incoming_credit(const struct incoming *incoming)
{
	struct fast_client *client = incoming->connection->client;
	struct fast_client_call *call;

	pthread_mutex_lock(&client->lock);
	call = incoming_call(incoming);
	if (call != NULL && call->kind == FAST_CLIENT_CALL_STREAM) {
		fast_stream_take_credit(call, incoming->packet.credit);
	}
	pthread_mutex_unlock(&client->lock);
	return true;
}

static bool incoming_accepted(const struct incoming *incoming)
{
	struct fast_client *client = incoming->connection->client;
	struct fast_client_call *call;
	const char *fault = NULL;

	pthread_mutex_lock(&client->lock);
	call = incoming_call(incoming);
	if (call != NULL) {
		fault = fast_client_context_take_headers(call, &incoming->packet);
	}
	pthread_mutex_unlock(&client->lock);
	if (fault != NULL) {
		incoming_fail_call(incoming, fault);
	}
	return true;
}

static bool incoming_hello(const struct incoming *incoming)
{
	struct fast_client_connection *connection = incoming->connection;
	struct fast_list failed;
	struct fast_hello hello;

	fast_list_init(&failed);
	if (fast_hello_read(&incoming->packet, &hello) != FAST_OK || !fast_hello_agrees(&hello)) {
		return false;
	}
	pthread_mutex_lock(&connection->client->lock);
	connection->has_hello = true;
	fast_connection_agree(&connection->connection, &hello);
	connection->boot_id = hello.boot_id;
	if (hello.calls_max > 0 && hello.calls_max < connection->calls_max) {
		connection->calls_max = hello.calls_max;
	}
	if (hello.packet_bytes_max > 0 && hello.packet_bytes_max < connection->peer_bytes_max) {
		connection->peer_bytes_max = hello.packet_bytes_max;
	}
	fast_client_submit_waiting(connection->client, &failed);
	pthread_mutex_unlock(&connection->client->lock);
	fast_client_finish_all(&failed);
	return true;
}

static bool incoming_ping(const struct incoming *incoming)
{
	struct fast_client_connection *connection = incoming->connection;
	int64_t now_ns = fast_timers_now_ns(connection->client->timers);
	struct fast_frame *frame = NULL;

	if (!fast_keepalive_admits(&connection->connection.keepalive, now_ns) ||
	    fast_keepalive_frame(connection->connection.rules.framing,
				 FAST__V1__PACKET_KIND__PACKET_KIND_PONG, incoming->packet.token,
				 &frame) != FAST_OK) {
		return false;
	}
	pthread_mutex_lock(&connection->client->lock);
	fast_connection_push(&connection->connection, frame);
	fast_connection_flush(&connection->connection);
	pthread_mutex_unlock(&connection->client->lock);
	return true;
}

static bool incoming_pong(const struct incoming *incoming)
{
	fast_connection_pong(&incoming->connection->connection, incoming->packet.token);
	return true;
}

/* Lock held. The server speaks no version of ours: what it was asked did not run, and asking again
 * would not help. */
static void connection_refused(struct fast_client_connection *connection, struct fast_list *refused)
{
	struct fast_client_call *call;
	uint32_t slot = 0;

	while ((call = fast_call_table_next(&connection->calls, &slot)) != NULL) {
		if (!fast_client_claim(call)) {
			break;
		}
		fast_reply_fail(call->reply, FAST_FAILED_PRECONDITION, FAST_EXECUTED_NO,
				"%s: the server at %s speaks another version of the protocol",
				call->method->path, connection->client->endpoint);
		fast_list_append(refused, &call->node);
	}
}

static bool incoming_goaway(const struct incoming *incoming)
{
	struct fast_client_connection *connection = incoming->connection;
	struct fast_list refused;
	bool goes_on;

	fast_list_init(&refused);
	pthread_mutex_lock(&connection->client->lock);
	if (!connection->has_hello) {
		connection->is_going_away = true;
		connection_refused(connection, &refused);
		goes_on = connection->calls.count > 0;
	} else {
		fast_streams_leave(connection);
		goes_on = fast_client_leave(connection);
	}
	if (!fast_list_is_empty(&connection->client->waiting)) {
		fast_client_dial(connection->client);
	}
	pthread_mutex_unlock(&connection->client->lock);
	fast_client_finish_all(&refused);
	return goes_on;
}

/* PROTOCOL.md, "Calls" and "HELLO": what a server may send under a call's id and under the id of
 * the connection. */
static const struct incoming_kind {
	incoming_fn *call;
	incoming_fn *connection;
} incoming_kinds[] = {
	[FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED] = {incoming_accepted, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_ITEM] = {incoming_item, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE] = {incoming_response, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK] = {incoming_response, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_SERVER_CREDIT] = {incoming_credit, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_HELLO] = {NULL, incoming_hello},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PING] = {NULL, incoming_ping},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PONG] = {NULL, incoming_pong},
	[FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY] = {NULL, incoming_goaway},
};
#define INCOMING_KINDS (sizeof incoming_kinds / sizeof incoming_kinds[0])

static bool incoming_dispatch(const struct incoming *incoming)
{
	size_t number = (size_t)incoming->packet.kind;
	incoming_fn *fn = NULL;

	if (number < INCOMING_KINDS) {
		fn = incoming->id == FAST_SP_CONNECTION_ID ? incoming_kinds[number].connection
							   : incoming_kinds[number].call;
	}
	if (fn == NULL) {
		incoming_fail_call(incoming, "the server sent a packet of a wrong kind");
		return true;
	}
	return fn(incoming);
}

bool fast_client_connection_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct incoming incoming = {.connection = arg};
	struct fast_joiner *joiner = &incoming.connection->connection.joiner;
	size_t header_bytes = 0;
	const char *reason = NULL;
	bool goes_on;

	if (fast_sp_header_read(message, bytes, &header_bytes, &incoming.id) != FAST_OK) {
		return false;
	}
	if (fast_packet_read(message + header_bytes, bytes - header_bytes, &incoming.packet,
			     &reason) != FAST_OK) {
		incoming_fail_call(&incoming, "the server sent what is no packet");
		return true;
	}
	if (!incoming.connection->has_hello) {
		return incoming_dispatch(&incoming);
	}
	switch (fast_joiner_take(joiner, incoming.id, message + header_bytes, bytes - header_bytes,
				 &incoming.packet)) {
	case FAST_JOINED_PIECE:
		return true;
	case FAST_JOINED_BROKEN:
		return false;
	case FAST_JOINED_WHOLE:
		break;
	}
	goes_on = incoming_dispatch(&incoming);
	fast_joiner_release(joiner);
	return goes_on;
}
