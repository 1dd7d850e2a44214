/* A connection that its server is leaving: what is open on it goes on, new calls go elsewhere.
 * PROTOCOL.md, "GOAWAY". */
#include "rpc/client_call.h"
#include "rpc/limits.h"

bool fast_client_is_handed_over(const struct fast_client *client)
{
	return fast_timers_now_ns(client->timers) < client->handover_ns;
}

bool fast_client_leave(struct fast_client_connection *connection)
{
	struct fast_client *client = connection->client;

	connection->is_going_away = true;
	if (client->connection == connection) {
		/* A successor is expected, perhaps in a moment. */
		client->handover_ns =
			fast_time_after_ms(fast_timers_now_ns(client->timers), FAST_HANDOVER_MS);
		if (connection->calls.count > 0 &&
		    client->draining_count < FAST_CLIENT_DRAINING_MAX) {
			client->connection = NULL;
			fast_list_append(&client->draining, &connection->node);
			client->draining_count++;
		}
	}
	return connection->calls.count > 0;
}

void fast_client_forget(struct fast_client_connection *connection)
{
	struct fast_client *client = connection->client;

	if (client->connection == connection) {
		client->connection = NULL;
		return;
	}
	fast_list_remove(&connection->node);
	client->draining_count--;
}

void fast_client_read_draining(struct fast_client *client)
{
	FAST_LIST_FOREACH(node, &client->draining)
	{
		struct fast_client_connection *connection =
			FAST_LIST_ENTRY(node, struct fast_client_connection, node);
		if (connection->reader == FAST_READER_NOBODY && !connection->connection.has_ended) {
			connection->reader = FAST_READER_LINK;
			fast_connection_recv(&connection->connection);
		}
	}
}

bool fast_client_send_elsewhere(struct fast_client_call *call, struct fast_list *failed)
{
	struct fast_client_connection *connection = call->connection;

	if (call->state != FAST_CLIENT_CALL_OPEN || !connection->is_going_away ||
	    call->attempt > 0 || call->client->is_closing ||
	    call->frame->state != FAST_FRAME_SENT) {
		return false;
	}
	fast_call_table_remove(&connection->calls, call->id);
	call->attempt++;
	fast_client_wait(call);
	fast_client_submit_waiting(call->client, failed);
	fast_client_dial(call->client);
	return true;
}

unsigned fast_client_connections(struct fast_client *client,
				 struct fast_client_connection *out[FAST_CLIENT_DRAINING_MAX + 1])
{
	unsigned count = 0;

	if (client->connection != NULL) {
		out[count++] = client->connection;
	}
	FAST_LIST_FOREACH(node, &client->draining)
	{
		out[count++] = FAST_LIST_ENTRY(node, struct fast_client_connection, node);
	}
	for (unsigned i = 0; i < count; i++) {
		fast_client_connection_ref(out[i]);
	}
	return count;
}
