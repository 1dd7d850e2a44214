#include "rpc/server_connection.h"

#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>

void fast_server_connection_ref(struct fast_server_connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	assert(connection->references > 0);
	connection->references++;
	pthread_mutex_unlock(&connection->lock);
}

bool fast_server_connection_unref_locked(struct fast_server_connection *connection)
{
	assert(connection->references > 0);
	return --connection->references == 0;
}

/* It may be a completion of the connection's own link that gave the last reference, so another
 * thread frees it. */
void fast_server_connection_bury(struct fast_server_connection *connection)
{
	struct fast_server *server = connection->server;

	pthread_mutex_lock(&server->lock);
	fast_list_append(&server->dead, &connection->node);
	if (!server->is_closing) {
		/* Without memory for the timer it waits for the next one, or for the close. */
		enum fast_status status = fast_timer_set(server->timers, &server->reap_timer,
							 fast_timers_now_ns(server->timers),
							 fast_server_reap_due, server);
		(void)status;
	}
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

void fast_server_connection_unref(struct fast_server_connection *connection)
{
	bool is_last;

	pthread_mutex_lock(&connection->lock);
	is_last = fast_server_connection_unref_locked(connection);
	pthread_mutex_unlock(&connection->lock);
	if (is_last) {
		fast_server_connection_bury(connection);
	}
}

void fast_server_reap(struct fast_server *server)
{
	for (;;) {
		pthread_mutex_lock(&server->lock);
		struct fast_list *node = fast_list_pop(&server->dead);
		pthread_mutex_unlock(&server->lock);
		if (node == NULL) {
			return;
		}
		fast_server_connection_free(
			FAST_LIST_ENTRY(node, struct fast_server_connection, node));
		pthread_mutex_lock(&server->lock);
		server->connection_count--;
		pthread_cond_broadcast(&server->changed);
		pthread_mutex_unlock(&server->lock);
	}
}

void fast_server_reap_due(void *server)
{
	fast_server_reap(server);
}

/* Lock held. What may wait before the peer is not read any more. */
static size_t server_connection_pause_bytes(const struct fast_server_connection *connection)
{
	return connection->connection.outbox.window.is_on ? FAST_OUTBOX_BULK_PAUSE_BYTES
							  : FAST_OUTBOX_PAUSE_BYTES;
}

/* Lock held. Who is not read cannot open the window either. */
static void server_connection_pause(struct fast_server_connection *connection, bool is_paused)
{
	connection->is_paused = is_paused;
	connection->connection.outbox.is_pressed = is_paused;
}

/* Lock held, by fast_connection. */
static void server_connection_writable(void *arg)
{
	struct fast_server_connection *connection = arg;

	fast_call_pump(connection);
	if (connection->is_paused && connection->connection.outbox.waiting_bytes <=
					     server_connection_pause_bytes(connection) / 2) {
		server_connection_pause(connection, false);
		fast_connection_recv(&connection->connection);
	}
}

/* Lock held, by fast_connection. A peer that does not read its answers is not read either, so they
 * cannot pile up. */
static void server_connection_received(void *arg)
{
	struct fast_server_connection *connection = arg;

	server_connection_pause(connection,
				!connection->connection.has_ended &&
					connection->connection.outbox.waiting_bytes >
						server_connection_pause_bytes(connection));
	if (connection->is_paused) {
		fast_connection_flush(&connection->connection);
	} else {
		fast_connection_recv(&connection->connection);
	}
}

static void server_connection_ended(void *arg)
{
	struct fast_server_connection *connection = arg;
	struct fast_server *server = connection->server;

	pthread_mutex_lock(&server->lock);
	fast_list_remove(&connection->node);
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	fast_call_cancel_all(connection);
	fast_server_connection_unref(connection);
}

/* Lock held, by the keepalive. */
static bool server_connection_is_busy(void *arg)
{
	const struct fast_server_connection *connection = arg;

	return connection->open_count > 0;
}

static const struct fast_connection_events server_connection_events = {
	.message = fast_server_connection_message,
	.received = server_connection_received,
	.writable = server_connection_writable,
	.ended = server_connection_ended,
	.is_busy = server_connection_is_busy,
};

static void server_connection_is_mute(void *arg)
{
	struct fast_server_connection *connection = arg;

	fast_thread_enter();
	fast_connection_end(&connection->connection);
	fast_thread_leave();
}

enum fast_status fast_server_connection_limit(struct fast_server_connection *connection,
					      uint32_t ms)
{
	struct fast_timers *timers = connection->server->timers;

	return fast_timer_set(timers, &connection->first_timer,
			      fast_time_after_ms(fast_timers_now_ns(timers), ms),
			      server_connection_is_mute, connection);
}

void fast_server_connection_free(struct fast_server_connection *connection)
{
	if (connection == NULL) {
		return;
	}
	fast_timer_cancel_wait(connection->server->timers, &connection->first_timer);
	fast_timer_cancel_wait(connection->server->timers, &connection->drain_timer);
	fast_timer_cancel_wait(connection->server->timers, &connection->idle_timer);
	fast_connection_fini(&connection->connection);
	fast_call_free_spares(connection);
	fast_call_table_fini(&connection->calls);
	pthread_cond_destroy(&connection->quiet);
	pthread_mutex_destroy(&connection->lock);
	free(connection);
}

/* Takes link on success. */
static struct fast_server_connection *server_connection_new(struct fast_server *server,
							    struct fast_link *link)
{
	struct fast_server_connection *connection = calloc(1, sizeof *connection);
	struct fast_connection_parts parts = {
		.timers = server->timers,
		.events = &server_connection_events,
		.arg = connection,
		.self = FAST_SP_REP,
		.peer = FAST_SP_REQ,
		.message_bytes_max = server->options.message_bytes_max,
	};
	pthread_condattr_t monotonic;

	if (connection == NULL) {
		return NULL;
	}
	pthread_mutex_init(&connection->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&connection->quiet, &monotonic);
	pthread_condattr_destroy(&monotonic);
	fast_list_init(&connection->open);
	fast_list_init(&connection->ready);
	fast_list_init(&connection->spare);
	connection->server = server;
	connection->begin_ns = fast_timers_now_ns(server->timers);
	connection->references = 2; /* until the end, and until fast_server_take_link() is done */
	connection->peer_bytes_max = FAST_MESSAGE_BYTES_MAX;
	parts.lock = &connection->lock;
	if (fast_connection_init(&connection->connection, &parts, link) != FAST_OK) {
		fast_server_connection_free(connection);
		return NULL;
	}
	return connection;
}

/* Whether one more connection may be; counts it. */
static bool server_admit(struct fast_server *server)
{
	bool is_admitted;

	pthread_mutex_lock(&server->lock);
	server->has_started = true;
	is_admitted =
		!server->is_closing && server->connection_count < server->options.connections_max;
	server->connection_count += is_admitted;
	pthread_mutex_unlock(&server->lock);
	return is_admitted;
}

/* The connection of an admitted link is not to be. */
static void server_uncount(struct fast_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->connection_count--;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

/* Whether its peer may have one more; lists it. */
static bool server_enlist(struct fast_server *server, struct fast_server_connection *connection)
{
	bool is_admitted;

	pthread_mutex_lock(&server->lock);
	is_admitted = fast_server_admits_peer(server, &connection->connection.link->peer);
	if (is_admitted) {
		connection->id = ++server->connection_ids;
		fast_list_append(&server->connections, &connection->node);
	}
	pthread_mutex_unlock(&server->lock);
	return is_admitted;
}

void fast_server_take_link(struct fast_server *server, struct fast_link *link)
{
	struct fast_server_connection *connection = NULL;

	if (!server_admit(server)) {
		link->ops->free(link);
		return;
	}
	connection = server_connection_new(server, link);
	if (connection == NULL) {
		link->ops->free(link);
		server_uncount(server);
		return;
	}
	if (!server_enlist(server, connection)) {
		fast_server_connection_free(connection);
		server_uncount(server);
		return;
	}
	fast_counter_add(&server->counters.connections);

	pthread_mutex_lock(&connection->lock);
	fast_server_connection_watch_idle(connection);
	if (fast_server_connection_limit(connection, server->options.first_frame_ms) == FAST_OK) {
		fast_connection_flush(&connection->connection);
		fast_connection_recv(&connection->connection);
		pthread_mutex_unlock(&connection->lock);
	} else {
		/* Without memory for the timer a mute peer would stay for ever. */
		pthread_mutex_unlock(&connection->lock);
		fast_connection_end(&connection->connection);
	}
	fast_server_connection_unref(connection);
}
