#include "rpc/hello.h"
#include "rpc/limits.h"
#include "rpc/once.h"
#include "rpc/server_input.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One packet of a peer, being answered on the reader's thread. */
struct incoming {
	struct fast_server_connection *connection;
	const uint8_t *header;
	size_t header_bytes;
	uint32_t id;
	struct fast_packet packet;
};

/* False: the connection is to be closed. */
typedef bool incoming_fn(const struct incoming *incoming);

static void incoming_refuse(const struct incoming *incoming, enum fast_status status,
			    const char *sentence)
{
	fast_call_refuse(incoming->connection, incoming->header, incoming->header_bytes,
			 FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, status, "%s", sentence);
}

static void incoming_is_malformed(const struct incoming *incoming)
{
	fast_counter_add(&incoming->connection->server->counters.packets_malformed);
}

static bool connection_push(struct fast_server_connection *connection, enum fast_status status,
			    struct fast_frame *frame)
{
	if (status != FAST_OK) {
		return false;
	}
	pthread_mutex_lock(&connection->lock);
	fast_connection_push(&connection->connection, frame);
	fast_connection_flush(&connection->connection);
	pthread_mutex_unlock(&connection->lock);
	return true;
}

enum fast_status fast_server_goaway_frame(const struct fast_server_connection *connection,
					  const struct fast_failure *failure,
					  struct fast_frame **out)
{
	struct fast_packet packet = {.kind = FAST__V1__PACKET_KIND__PACKET_KIND_GOAWAY,
				     .has_status = true};
	uint8_t *packed = NULL;
	enum fast_status status = fast_failure_pack(failure, &packed, &packet.status.bytes);

	if (status == FAST_OK) {
		packet.status.data = packed;
		status = fast_hello_control(connection->connection.rules.framing, &packet, out);
		free(packed);
	}
	return status;
}

/* Says that the peer can be given nothing, and closes when that has had time to arrive. */
static bool connection_go_away(struct fast_server_connection *connection, enum fast_status why,
			       const char *sentence)
{
	const struct fast_failure failure = {
		.status = why, .executed = FAST_EXECUTED_NO, .text = sentence};
	struct fast_frame *frame = NULL;
	enum fast_status status = fast_server_goaway_frame(connection, &failure, &frame);

	connection->peer = FAST_PEER_REFUSED;
	if (fast_server_connection_limit(connection, FAST_GOODBYE_MS) != FAST_OK) {
		fast_frame_free(frame);
		return false;
	}
	return connection_push(connection, status, frame);
}

static bool incoming_hello(const struct incoming *incoming)
{
	struct fast_server_connection *connection = incoming->connection;
	const struct fast_server_options *options = &connection->server->options;
	const struct fast_hello_terms terms = {
		.message_bytes_max = options->message_bytes_max,
		.calls_max = options->calls_max,
		.keepalive_ms = options->keepalive_ms,
		.boot_id = connection->server->once->boot_id,
	};
	struct fast_frame *frame = NULL;
	struct fast_hello hello;
	enum fast_status status;

	if (connection->peer != FAST_PEER_NEW ||
	    fast_hello_read(&incoming->packet, &hello) != FAST_OK) {
		incoming_is_malformed(incoming);
		return false;
	}
	if (!fast_hello_agrees(&hello)) {
		return connection_go_away(connection, FAST_FAILED_PRECONDITION,
					  "no version of the protocol is spoken by both");
	}
	connection->peer = FAST_PEER_OWN;
	pthread_mutex_lock(&connection->lock);
	memcpy(connection->agent, hello.agent, sizeof connection->agent);
	connection->connection.keepalive.interval_ms = options->keepalive_ms;
	fast_connection_agree(&connection->connection, &hello);
	pthread_mutex_unlock(&connection->lock);
	if (hello.packet_bytes_max > 0 && hello.packet_bytes_max < FAST_MESSAGE_BYTES_MAX) {
		connection->peer_bytes_max = hello.packet_bytes_max;
	}
	status = fast_hello_frame(connection->connection.rules.framing, &terms, &frame);
	if (!connection_push(connection, status, frame)) {
		return false;
	}
	pthread_mutex_lock(&connection->lock);
	connection->is_own = true;
	fast_server_connection_drain_own(connection);
	pthread_mutex_unlock(&connection->lock);
	return true;
}

static bool incoming_ping(const struct incoming *incoming)
{
	struct fast_server_connection *connection = incoming->connection;
	struct fast_frame *frame = NULL;
	enum fast_status status;

	if (!fast_keepalive_admits(&connection->connection.keepalive,
				   fast_timers_now_ns(connection->server->timers))) {
		incoming_is_malformed(incoming);
		return connection_go_away(connection, FAST_RESOURCE_EXHAUSTED, "too many pings");
	}
	status = fast_keepalive_frame(connection->connection.rules.framing,
				      FAST__V1__PACKET_KIND__PACKET_KIND_PONG,
				      incoming->packet.token, &frame);
	return connection_push(connection, status, frame);
}

static bool incoming_pong(const struct incoming *incoming)
{
	fast_connection_pong(&incoming->connection->connection, incoming->packet.token);
	return fast_server_connection_drain_pong(incoming->connection, incoming->packet.token);
}

/* What this version does not do is refused, not silently left out. NULL: all is well. */
static const char *request_refusal(const struct incoming *incoming,
				   const struct fast_method_entry *entry)
{
	const struct fast_packet *packet = &incoming->packet;
	enum fast_method_kind kind = entry->method->kind;
	bool gives_items = kind == FAST_METHOD_SERVER_STREAM || kind == FAST_METHOD_BIDI_STREAM;

	if (kind != FAST_METHOD_UNARY && incoming->connection->peer == FAST_PEER_BARE) {
		return kind == FAST_METHOD_SERVER_STREAM
			       ? "the method answers with a stream, which needs a client that says "
				 "HELLO"
			       : "the method takes a stream, which needs a client that says HELLO";
	}
	/* A stub made from another schema, or by a generator that drops the word "stream". */
	if (gives_items && packet->credit == 0 && packet->resume_after == 0) {
		return "the method answers with a stream, and was called like one that does not";
	}
	if (!gives_items && packet->credit > 0) {
		return "the method gives one answer, and was called like one that streams";
	}
	if (fast_method_takes_items(entry->method) && packet->payload.bytes > 0) {
		return "the method takes a stream, so its request has no payload";
	}
	if (packet->more) {
		return "requests in fragments are not taken";
	}
	if (packet->idempotency_key.bytes > 0 && kind != FAST_METHOD_UNARY) {
		return "only a call of one request and one answer can carry a key";
	}
	if ((packet->resume_after > 0 || packet->epoch > 0) && !entry->method->resumable) {
		return "the method's stream cannot be resumed";
	}
	return NULL;
}

static bool incoming_request(const struct incoming *incoming)
{
	struct fast_server_connection *connection = incoming->connection;
	const struct fast_methods *methods = &connection->server->methods;
	struct fast_span path = incoming->packet.method;
	const struct fast_method_entry *entry = fast_methods_find(methods, path);
	struct fast_request request = {
		.header = incoming->header,
		.header_bytes = incoming->header_bytes,
		.id = incoming->id,
		.packet = &incoming->packet,
		.entry = entry,
	};
	const char *refusal;

	if (entry == NULL) {
		fast_call_refuse(connection, incoming->header, incoming->header_bytes,
				 FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, FAST_UNIMPLEMENTED,
				 fast_methods_has_service(methods, path)
					 ? "no method %.*s: its service has no such method"
					 : "no method %.*s: there is no such service",
				 (int)path.bytes, (const char *)path.data);
		return true;
	}
	refusal = request_refusal(incoming, entry);
	if (refusal != NULL) {
		fast_call_refuse(connection, incoming->header, incoming->header_bytes,
				 FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE, FAST_UNIMPLEMENTED,
				 "%s: %s", entry->method->path, refusal);
		return true;
	}
	fast_call_open(connection, &request);
	return true;
}

static bool incoming_cancel(const struct incoming *incoming)
{
	fast_joiner_drop(&incoming->connection->connection.joiner, incoming->id);
	fast_call_cancel(incoming->connection, incoming->id);
	return true;
}

static bool incoming_credit(const struct incoming *incoming)
{
	fast_call_grant(incoming->connection, incoming->id, incoming->packet.credit);
	return true;
}

static bool incoming_client_item(const struct incoming *incoming)
{
	const struct fast_request request = {
		.header = incoming->header,
		.header_bytes = incoming->header_bytes,
		.id = incoming->id,
		.packet = &incoming->packet,
	};

	if (!fast_call_input_item(incoming->connection, &request)) {
		incoming_is_malformed(incoming);
	}
	return true;
}

static bool incoming_half_close(const struct incoming *incoming)
{
	if (!fast_call_input_half_close(incoming->connection, incoming->id)) {
		incoming_is_malformed(incoming);
	}
	return true;
}

/* Known, and of no effect: sent to a call that has ended, or by the wrong side. */
static bool incoming_ignore(const struct incoming *incoming)
{
	incoming_is_malformed(incoming);
	return true;
}

/* PROTOCOL.md, "Calls" and "HELLO": what a client may send under a call's id and under the id of
 * the connection. */
static const struct incoming_kind {
	incoming_fn *call;
	incoming_fn *connection;
} incoming_kinds[] = {
	[FAST__V1__PACKET_KIND__PACKET_KIND_ACCEPTED] = {incoming_ignore, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_REQUEST] = {incoming_request, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_ITEM] = {incoming_ignore, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_CLIENT_ITEM] = {incoming_client_item, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_RESPONSE] = {incoming_ignore, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_HALF_CLOSE] = {incoming_half_close, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PUSHBACK] = {incoming_ignore, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_CANCEL] = {incoming_cancel, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_SERVER_CREDIT] = {incoming_ignore, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_CREDIT] = {incoming_credit, NULL},
	[FAST__V1__PACKET_KIND__PACKET_KIND_HELLO] = {NULL, incoming_hello},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PING] = {NULL, incoming_ping},
	[FAST__V1__PACKET_KIND__PACKET_KIND_PONG] = {NULL, incoming_pong},
};
#define INCOMING_KINDS (sizeof incoming_kinds / sizeof incoming_kinds[0])

static bool incoming_dispatch(const struct incoming *incoming)
{
	size_t number = (size_t)incoming->packet.kind;
	struct incoming_kind kind = {NULL, NULL};

	if (number < INCOMING_KINDS) {
		kind = incoming_kinds[number];
	}
	if (incoming->id == FAST_SP_CONNECTION_ID) {
		return kind.connection != NULL ? kind.connection(incoming)
					       : incoming_ignore(incoming);
	}
	if (kind.call == NULL) {
		incoming_is_malformed(incoming);
		incoming_refuse(incoming, FAST_UNIMPLEMENTED, "the packet's kind is not known");
		return true;
	}
	return kind.call(incoming);
}

/* Own peers may send a message in pieces; it is handled when the last has come. */
static bool incoming_join(struct incoming *incoming, const uint8_t *data, size_t bytes)
{
	struct fast_joiner *joiner = &incoming->connection->connection.joiner;
	bool goes_on;

	if (incoming->connection->peer != FAST_PEER_OWN) {
		return incoming_dispatch(incoming);
	}
	switch (fast_joiner_take(joiner, incoming->id, data, bytes, &incoming->packet)) {
	case FAST_JOINED_PIECE:
		return true;
	case FAST_JOINED_BROKEN:
		incoming_is_malformed(incoming);
		return false;
	case FAST_JOINED_WHOLE:
		break;
	}
	goes_on = incoming_dispatch(incoming);
	fast_joiner_release(joiner);
	return goes_on;
}

bool fast_server_connection_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct fast_server_connection *connection = arg;
	struct incoming incoming = {.connection = connection, .header = message};
	const char *reason = NULL;

	if (connection->peer == FAST_PEER_REFUSED) {
		return true; /* it sent this before it could know */
	}
	if (fast_sp_header_read(message, bytes, &incoming.header_bytes, &incoming.id) != FAST_OK) {
		incoming_is_malformed(&incoming);
		return false;
	}
	if (connection->peer == FAST_PEER_NEW) {
		fast_timer_cancel(connection->server->timers, &connection->first_timer);
	}
	if (fast_packet_read(message + incoming.header_bytes, bytes - incoming.header_bytes,
			     &incoming.packet, &reason) != FAST_OK) {
		incoming_is_malformed(&incoming);
		if (incoming.id != FAST_SP_CONNECTION_ID) {
			incoming_refuse(&incoming, FAST_INVALID_ARGUMENT, reason);
		}
		return true;
	}
	if (connection->peer == FAST_PEER_NEW &&
	    incoming.packet.kind != FAST__V1__PACKET_KIND__PACKET_KIND_HELLO) {
		connection->peer = FAST_PEER_BARE;
	}
	return incoming_join(&incoming, message + incoming.header_bytes,
			     bytes - incoming.header_bytes);
}
