/* What one peer may take of a server's connections, and for how long without using them. */
#include "rpc/limits.h"
#include "rpc/server_connection.h"
#include "rpc/thread.h"
#include <string.h>

static void connection_idle_due(void *arg);

static bool peers_share_uid(const struct fast_peer *a, const struct fast_peer *b)
{
	return a->has_credentials && b->has_credentials && a->uid == b->uid;
}

/* Whom a certificate names: its subject, or the first of its other names. */
static const char *certificate_name(const struct fast_peer *peer)
{
	if (!peer->has_certificate) {
		return NULL;
	}
	if (peer->common_name != NULL) {
		return peer->common_name;
	}
	return peer->name_count > 0 ? peer->names[0] : NULL;
}

static bool peers_share_certificate(const struct fast_peer *a, const struct fast_peer *b)
{
	const char *name = certificate_name(a);
	const char *other = certificate_name(b);

	return name != NULL && other != NULL && strcmp(name, other) == 0;
}

bool fast_server_admits_peer(const struct fast_server *server, const struct fast_peer *peer)
{
	uint32_t of_uid = 0;
	uint32_t of_certificate = 0;

	if (server->options.connections_per_uid_max == 0 &&
	    server->options.connections_per_certificate_max == 0) {
		return true;
	}
	FAST_LIST_FOREACH(node, &server->connections)
	{
		const struct fast_server_connection *connection =
			FAST_LIST_ENTRY(node, struct fast_server_connection, node);
		const struct fast_peer *other = &connection->connection.link->peer;
		of_uid += peers_share_uid(peer, other);
		of_certificate += peers_share_certificate(peer, other);
	}
	return (server->options.connections_per_uid_max == 0 ||
		of_uid < server->options.connections_per_uid_max) &&
	       (server->options.connections_per_certificate_max == 0 ||
		of_certificate < server->options.connections_per_certificate_max);
}

void fast_server_connection_watch_idle(struct fast_server_connection *connection)
{
	struct fast_server *server = connection->server;
	enum fast_status status;

	if (server->options.idle_ms == 0 || connection->connection.has_ended ||
	    connection->drain != FAST_DRAIN_NONE) {
		return;
	}
	connection->idle_heard = connection->connection.keepalive.heard;
	/* Without memory for the timer it is as without the option. */
	status = fast_timer_set(
		server->timers, &connection->idle_timer,
		fast_time_after_ms(fast_timers_now_ns(server->timers), server->options.idle_ms),
		connection_idle_due, connection);
	(void)status;
}

static void connection_idle_due(void *arg)
{
	struct fast_server_connection *connection = arg;
	bool is_idle;

	fast_thread_enter();
	pthread_mutex_lock(&connection->lock);
	is_idle = connection->open_count == 0 &&
		  connection->connection.keepalive.heard == connection->idle_heard;
	if (!is_idle) {
		fast_server_connection_watch_idle(connection);
	}
	pthread_mutex_unlock(&connection->lock);
	if (is_idle) {
		fast_server_connection_drain(connection);
	}
	fast_thread_leave();
}
