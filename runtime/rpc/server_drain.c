/* How a server, or one connection of it, ends without losing a call. PROTOCOL.md, "GOAWAY". */
#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>

static void connection_drain_due(void *arg);

/* Lock held. Without memory for the timer the connection ends now. */
static bool connection_set_drain(struct fast_server_connection *connection, uint32_t ms)
{
	struct fast_timers *timers = connection->server->timers;

	return fast_timer_set(timers, &connection->drain_timer,
			      fast_time_after_ms(fast_timers_now_ns(timers), ms),
			      connection_drain_due, connection) == FAST_OK;
}

/* Lock held. Best effort: who learns nothing of it gets PUSHBACK. */
static void connection_push_goaway(struct fast_server_connection *connection)
{
	const struct fast_failure failure = {.status = FAST_UNAVAILABLE,
					     .executed = FAST_EXECUTED_NO,
					     .text = "the server is going away"};
	struct fast_frame *frame = NULL;

	if (fast_server_goaway_frame(connection, &failure, &frame) == FAST_OK) {
		fast_connection_push(&connection->connection, frame);
	}
}

/* Lock held. Both go out as one, so what comes before the PONG was sent before the GOAWAY came. */
static void connection_tell(struct fast_server_connection *connection)
{
	struct fast_frame *ping = NULL;

	connection_push_goaway(connection);
	if (fast_keepalive_frame(connection->connection.rules.framing,
				 FAST__V1__PACKET_KIND__PACKET_KIND_PING,
				 fast_ping_token(FAST_PING_DRAIN), &ping) == FAST_OK) {
		fast_connection_push(&connection->connection, ping);
	}
	fast_connection_flush(&connection->connection);
}

/* Lock held. No call is open and none will be: the peer has time to take what is on its way, and
 * mostly closes first. False: it is to be ended now. */
static bool connection_say_goodbye(struct fast_server_connection *connection)
{
	connection->drain = FAST_DRAIN_DONE;
	return connection_set_drain(connection, FAST_GOODBYE_MS);
}

/* Lock held. From now on requests are refused. False: as above. */
static bool connection_refuse_calls(struct fast_server_connection *connection)
{
	connection->drain = FAST_DRAIN_FINAL;
	if (connection->is_own) {
		connection_push_goaway(connection);
		fast_connection_flush(&connection->connection);
	}
	return connection->open_count > 0 || connection_say_goodbye(connection);
}

static void connection_drain_due(void *arg)
{
	struct fast_server_connection *connection = arg;
	bool goes_on;

	fast_thread_enter();
	pthread_mutex_lock(&connection->lock);
	goes_on = connection->drain == FAST_DRAIN_FINAL ||
		  (connection->drain == FAST_DRAIN_ASKED && connection_refuse_calls(connection));
	pthread_mutex_unlock(&connection->lock);
	if (!goes_on) {
		fast_connection_end(&connection->connection);
	}
	fast_thread_leave();
}

void fast_server_connection_drain(struct fast_server_connection *connection)
{
	bool goes_on = true;

	pthread_mutex_lock(&connection->lock);
	if (connection->drain == FAST_DRAIN_NONE && !connection->connection.has_ended) {
		connection->drain = FAST_DRAIN_ASKED;
		goes_on = connection_set_drain(connection, FAST_DRAIN_ROUND_MS);
		if (connection->is_own) {
			connection_tell(connection);
		}
	}
	pthread_mutex_unlock(&connection->lock);
	if (!goes_on) {
		fast_connection_end(&connection->connection);
	}
}

void fast_server_connection_drain_own(struct fast_server_connection *connection)
{
	if (connection->drain == FAST_DRAIN_ASKED) {
		connection_tell(connection);
	}
}

bool fast_server_connection_drain_pong(struct fast_server_connection *connection, uint64_t token)
{
	bool goes_on = true;

	if (token != fast_ping_token(FAST_PING_DRAIN)) {
		return true;
	}
	pthread_mutex_lock(&connection->lock);
	if (connection->drain == FAST_DRAIN_ASKED) {
		goes_on = connection_refuse_calls(connection);
	}
	pthread_mutex_unlock(&connection->lock);
	return goes_on;
}

void fast_server_connection_drain_last(struct fast_server_connection *connection)
{
	/* Without memory for the timer the peer closes, or the server's own limit does. */
	if (connection->drain == FAST_DRAIN_FINAL && connection->open_count == 0) {
		connection_say_goodbye(connection);
	}
}

/* The first connection that has a higher id and has not ended, with a reference. NULL: none. */
static struct fast_server_connection *server_next_connection(struct fast_server *server,
							     uint64_t id)
{
	struct fast_server_connection *next = NULL;

	pthread_mutex_lock(&server->lock);
	FAST_LIST_FOREACH(node, &server->connections)
	{
		struct fast_server_connection *connection =
			FAST_LIST_ENTRY(node, struct fast_server_connection, node);
		if (connection->id > id) {
			next = connection;
			fast_server_connection_ref(next);
			break;
		}
	}
	pthread_mutex_unlock(&server->lock);
	return next;
}

/* Gives every connection that has not ended to fn, without a lock. */
static void server_each_connection(struct fast_server *server,
				   void (*fn)(struct fast_server_connection *connection))
{
	struct fast_server_connection *connection;
	uint64_t id = 0;

	while ((connection = server_next_connection(server, id)) != NULL) {
		id = connection->id;
		fn(connection);
		fast_server_connection_unref(connection);
	}
}

static void connection_end(struct fast_server_connection *connection)
{
	fast_connection_end(&connection->connection);
}

void fast_server_end_connections(struct fast_server *server)
{
	server_each_connection(server, connection_end);
}

static void server_drain_due(void *arg)
{
	struct fast_server *server = arg;

	fast_thread_enter();
	pthread_mutex_lock(&server->lock);
	server->drain_was_cut = !fast_list_is_empty(&server->connections);
	pthread_mutex_unlock(&server->lock);
	fast_server_end_connections(server);
	fast_thread_leave();
}

void fast_server_close_listeners(struct fast_server *server)
{
	size_t count;

	/* Nobody adds one any more; accepting threads may want the lock meanwhile. */
	pthread_mutex_lock(&server->lock);
	count = server->listener_count;
	server->listener_count = 0;
	pthread_mutex_unlock(&server->lock);
	for (size_t i = 0; i < count; i++) {
		fast_link_listener_close(server->listeners[i]);
	}
}

enum fast_status fast_server_drain_begin(struct fast_server *server, int64_t timeout_ms)
{
	int64_t due_ns = fast_time_after_ms(fast_timers_now_ns(server->timers), timeout_ms);
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&server->lock);
	if (server->is_draining || server->is_closing) {
		status = FAST_FAILED_PRECONDITION;
	} else if (due_ns != FAST_TIME_NEVER) {
		status = fast_timer_set(server->timers, &server->drain_timer, due_ns,
					server_drain_due, server);
	}
	server->is_draining = server->is_draining || status == FAST_OK;
	pthread_mutex_unlock(&server->lock);
	if (status == FAST_OK) {
		fast_server_close_listeners(server);
		fast_health_close(server);
		server_each_connection(server, fast_server_connection_drain);
	}
	return status;
}

enum fast_status fast_server_drain(struct fast_server *server, int64_t timeout_ms)
{
	enum fast_status status = fast_server_drain_begin(server, timeout_ms);

	assert(!fast_thread_is_runtime());
	if (status != FAST_OK) {
		return status;
	}
	pthread_mutex_lock(&server->lock);
	while (!fast_list_is_empty(&server->connections)) {
		pthread_cond_wait(&server->changed, &server->lock);
	}
	status = server->drain_was_cut ? FAST_DEADLINE_EXCEEDED : FAST_OK;
	pthread_mutex_unlock(&server->lock);
	return status;
}
