/* Calls that interceptors have sent later, or cut off. */
#include "rpc/client_call.h"
#include "rpc/limits.h"
#include "rpc/thread.h"

static void hold_due(void *arg)
{
	struct fast_client_call *call = arg;
	struct fast_client *client = call->client;
	struct fast_list failed;

	fast_thread_enter();
	fast_list_init(&failed);
	pthread_mutex_lock(&client->lock);
	if (call->state == FAST_CLIENT_CALL_WAITING) {
		fast_list_remove(&call->node);
		fast_list_append(&client->waiting, &call->node);
		fast_client_dial(client);
		fast_client_submit_waiting(client, &failed);
		fast_client_read_on(client);
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&failed);
	fast_thread_leave();
}

bool fast_client_context_holds(struct fast_client_call *call)
{
	struct fast_client *client = call->client;
	int64_t hold_ns = call->context->hold_ns;
	bool is_dropped = hold_ns == FAST_HOLD_FOREVER;

	call->context->hold_ns = 0;
	if (hold_ns == 0 || client->waiting_count == FAST_CALLS_WAITING_MAX) {
		return false;
	}
	if (!is_dropped && fast_timer_set(client->timers, &call->context->timer,
					  fast_timers_now_ns(client->timers) + hold_ns, hold_due,
					  call) != FAST_OK) {
		return false;
	}
	call->state = FAST_CLIENT_CALL_WAITING;
	call->connection = NULL;
	call->may_have_run = is_dropped; /* for all that its caller can know */
	fast_list_append(&client->held, &call->node);
	client->waiting_count++;
	return true;
}

static void cut_due(void *arg)
{
	struct fast_client_call *call = arg;
	struct fast_client *client = call->client;
	struct fast_client_connection *connection;

	fast_thread_enter();
	pthread_mutex_lock(&client->lock);
	connection = call->state == FAST_CLIENT_CALL_OPEN ? call->connection : NULL;
	if (connection != NULL) {
		fast_client_connection_ref(connection);
	}
	pthread_mutex_unlock(&client->lock);
	if (connection != NULL) {
		fast_connection_end(&connection->connection); /* and perhaps the call */
		pthread_mutex_lock(&client->lock);
		fast_client_connection_unref(connection);
		pthread_mutex_unlock(&client->lock);
	}
	fast_thread_leave();
}

void fast_client_context_sent(struct fast_client_call *call)
{
	struct fast_timers *timers = call->client->timers;

	if (call->context->cuts) {
		/* Without memory for the timer the call is spared. */
		call->context->cuts =
			fast_timer_set(timers, &call->context->timer, fast_timers_now_ns(timers),
				       cut_due, call) != FAST_OK;
	}
}
