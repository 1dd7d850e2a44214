#include "rpc/client_call.h"
#include "rpc/hello.h"
#include "rpc/limits.h"
#include "rpc/retry.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>

void fast_client_connection_ref(struct fast_client_connection *connection)
{
	connection->references++;
}

static void client_housekeep(void *arg)
{
	fast_client_start_dial(arg);
	fast_client_run_finished(arg);
	fast_client_reap(arg);
}

bool fast_client_wake_house(struct fast_client *client)
{
	return fast_timer_set(client->timers, &client->house_timer,
			      fast_timers_now_ns(client->timers), client_housekeep,
			      client) == FAST_OK;
}

void fast_client_connection_unref(struct fast_client_connection *connection)
{
	struct fast_client *client = connection->client;

	assert(connection->references > 0);
	if (--connection->references > 0) {
		return;
	}
	/* It may be a completion of its own link that found this out, so another thread frees it;
	 * without memory to wake that one, the close does. */
	fast_list_append(&client->dead, &connection->node);
	if (client->is_closing) {
		pthread_cond_broadcast(&client->changed);
	} else {
		fast_client_wake_house(client);
	}
}

void fast_client_connection_free(struct fast_client_connection *connection)
{
	if (connection == NULL) {
		return;
	}
	fast_connection_fini(&connection->connection);
	fast_call_table_fini(&connection->calls);
	free(connection);
}

void fast_client_reap(struct fast_client *client)
{
	for (;;) {
		pthread_mutex_lock(&client->lock);
		struct fast_list *node = fast_list_pop(&client->dead);
		pthread_mutex_unlock(&client->lock);
		if (node == NULL) {
			return;
		}
		fast_client_connection_free(
			FAST_LIST_ENTRY(node, struct fast_client_connection, node));
		pthread_mutex_lock(&client->lock);
		client->connection_count--;
		pthread_cond_broadcast(&client->changed);
		pthread_mutex_unlock(&client->lock);
	}
}

static void client_idle(void *arg)
{
	struct fast_client *client = arg;
	struct fast_client_connection *connection;
	int64_t due_ns;

	pthread_mutex_lock(&client->lock);
	client->has_idle_timer = false;
	connection = client->connection;
	if (connection != NULL && !connection->connection.has_ended &&
	    connection->reader == FAST_READER_NOBODY) {
		due_ns = fast_time_after_ms(client->active_ns, FAST_IDLE_MS);
		if (due_ns <= fast_timers_now_ns(client->timers)) {
			connection->reader = FAST_READER_LINK;
			fast_connection_recv(&connection->connection);
		} else {
			client->has_idle_timer =
				fast_timer_set(client->timers, &client->idle_timer, due_ns,
					       client_idle, client) == FAST_OK;
		}
	}
	pthread_mutex_unlock(&client->lock);
}

/* A caller that waits for an answer on this connection reads. */
static bool client_wake_caller(struct fast_client *client,
			       const struct fast_client_connection *connection)
{
	FAST_LIST_FOREACH(node, &client->callers)
	{
		struct fast_client_call *call =
			FAST_LIST_ENTRY(node, struct fast_client_call, callers_node);
		if (call->state == FAST_CLIENT_CALL_OPEN && call->connection == connection) {
			pthread_cond_signal(&call->changed);
			return true;
		}
	}
	return false;
}

void fast_client_read_on(struct fast_client *client)
{
	struct fast_client_connection *connection = client->connection;

	if (client->draining_count > 0) {
		fast_client_read_draining(client);
	}
	if (connection == NULL || connection->connection.has_ended ||
	    connection->reader != FAST_READER_NOBODY) {
		return;
	}
	if (client->async_count + client->stream_count > 0 ||
	    (!connection->has_hello && !fast_list_is_empty(&client->waiting))) {
		connection->reader = FAST_READER_LINK;
		fast_connection_recv(&connection->connection);
	} else if (!client_wake_caller(client, connection) && !client->has_idle_timer) {
		/* Nobody needs an answer. Once nobody has for a while the connection is read again,
		 * so that its end shows before the next call. */
		client->has_idle_timer =
			fast_timer_set(client->timers, &client->idle_timer,
				       fast_time_after_ms(client->active_ns, FAST_IDLE_MS),
				       client_idle, client) == FAST_OK;
	}
}

/* Lock held, by fast_connection. */
static void client_connection_received(void *arg)
{
	struct fast_client_connection *connection = arg;

	connection->reader = FAST_READER_NOBODY;
	fast_client_read_on(connection->client);
}

static void call_lose(struct fast_client_call *call)
{
	const char *endpoint = call->client->endpoint;

	if (call->client->is_closing) {
		fast_reply_fail(call->reply, FAST_CANCELLED,
				call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
				"%s: the client was closed", call->method->path);
	} else {
		fast_reply_fail(
			call->reply, FAST_UNAVAILABLE,
			call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
			call->may_have_run
				? "%s: the connection to %s was lost before the answer came"
				: "%s: the connection to %s was lost before the request was "
				  "sent",
			call->method->path, endpoint);
	}
}

static void client_connection_ended(void *arg)
{
	struct fast_client_connection *connection = arg;
	struct fast_client *client = connection->client;
	struct fast_list lost;
	struct fast_client_call *call;
	uint32_t slot = 0;

	fast_list_init(&lost);
	pthread_mutex_lock(&client->lock);
	while ((call = fast_call_table_next(&connection->calls, &slot)) != NULL) {
		if (fast_stream_resume(call, true)) {
			continue;
		}
		if (!fast_retry_lost(call) && fast_client_claim(call)) {
			call_lose(call);
			fast_list_append(&lost, &call->node);
		}
	}
	if (!connection->has_hello) {
		fast_retry_hello_lost(client, &lost);
	}
	if (!connection->has_hello && client->connection == connection && !client->is_closing &&
	    client->dial_ops->hung_up != NULL) {
		client->dial_ops->hung_up(client->dial_arg);
	}
	fast_client_forget(connection);
	if (!fast_list_is_empty(&client->waiting)) {
		fast_client_submit_waiting(client, &lost); /* there may be another connection */
		fast_client_dial(client);
		fast_client_read_on(client); /* for callers that slept by this one */
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&lost);
	pthread_mutex_lock(&client->lock);
	fast_client_connection_unref(connection);
	pthread_mutex_unlock(&client->lock);
}

static bool client_connection_is_busy(void *arg)
{
	const struct fast_client_connection *connection = arg;

	return connection->calls.count > 0;
}

static const struct fast_connection_events client_connection_events = {
	.message = fast_client_connection_message,
	.received = client_connection_received,
	.ended = client_connection_ended,
	.is_busy = client_connection_is_busy,
};

struct fast_client_connection *fast_client_connection_new(struct fast_client *client,
							  struct fast_link *link)
{
	struct fast_client_connection *connection = calloc(1, sizeof *connection);
	struct fast_connection_parts parts = {
		.lock = &client->lock,
		.timers = client->timers,
		.events = &client_connection_events,
		.arg = connection,
		.self = FAST_SP_REQ,
		.peer = FAST_SP_REP,
		.message_bytes_max = client->message_bytes_max,
	};
	const struct fast_hello_terms terms = {
		.agent = client->agent,
		.message_bytes_max = client->message_bytes_max,
		.calls_max = FAST_CALLS_MAX,
		.keepalive_ms = client->keepalive_ms,
	};
	struct fast_frame *hello = NULL;

	if (connection == NULL || fast_hello_frame(link->framing, &terms, &hello) != FAST_OK) {
		free(connection);
		return NULL;
	}
	if (fast_connection_init(&connection->connection, &parts, link) != FAST_OK) {
		fast_frame_free(hello);
		free(connection);
		return NULL;
	}
	fast_outbox_push(&connection->connection.outbox, hello);
	connection->connection.keepalive.interval_ms = client->keepalive_ms;
	connection->client = client;
	connection->references = 1;
	connection->calls_max = FAST_CALLS_MAX;
	connection->peer_bytes_max = FAST_MESSAGE_BYTES_MAX;
	return connection;
}
