#include "rpc/client_call.h"
#include "rpc/limits.h"
#include "rpc/retry.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdio.h>

struct fast_client_connection *fast_client_usable(const struct fast_client *client)
{
	struct fast_client_connection *connection = client->connection;

	if (connection == NULL || connection->connection.has_ended || connection->is_going_away ||
	    connection->calls.count >= connection->calls_max) {
		return NULL;
	}
	return connection;
}

const char *fast_dial_sentence(enum fast_status status)
{
	switch (status) {
	case FAST_UNAVAILABLE:
		return "nobody serves there";
	case FAST_DEADLINE_EXCEEDED:
		return "it does not answer";
	case FAST_PERMISSION_DENIED:
		return "permission denied";
	default:
		return fast_status_sentence(status);
	}
}

static const char *dial_reason(const struct fast_client *client)
{
	return client->dial_reason[0] != 0 ? client->dial_reason
					   : fast_dial_sentence(client->dial_status);
}

/* Lock held. Calls that do not wait for a server end now. */
static void client_fail_waiting(struct fast_client *client, bool with_patient,
				struct fast_list *failed)
{
	struct fast_list *next;
	bool is_handed_over = fast_client_is_handed_over(client);
	/* A dial that took too long is no deadline of a call's. */
	enum fast_status status = client->dial_status == FAST_DEADLINE_EXCEEDED
					  ? FAST_UNAVAILABLE
					  : client->dial_status;

	for (struct fast_list *node = client->waiting.next; node != &client->waiting; node = next) {
		struct fast_client_call *call =
			FAST_LIST_ENTRY(node, struct fast_client_call, node);
		next = node->next;
		if (((fast_retry_is_patient(call) || is_handed_over) && !with_patient) ||
		    fast_retry_dial_failed(call, status) || !fast_client_claim(call)) {
			continue;
		}
		fast_reply_fail(call->reply, status,
				call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
				"cannot connect to %s: %s", client->endpoint, dial_reason(client));
		fast_list_append(failed, &call->node);
	}
}

static void client_dial_again(void *arg)
{
	struct fast_client *client = arg;

	pthread_mutex_lock(&client->lock);
	if (!fast_list_is_empty(&client->waiting)) {
		fast_client_dial(client);
	}
	pthread_mutex_unlock(&client->lock);
}

/* Doubles from failure to failure, give or take a quarter, so that clients do not come as one. */
int64_t fast_backoff_ms(unsigned failures, int64_t now_ns)
{
	int64_t ms = FAST_BACKOFF_MS_MAX;
	int64_t quarter;

	if (failures < 16 && (FAST_BACKOFF_MS_MIN << (failures - 1)) < FAST_BACKOFF_MS_MAX) {
		ms = FAST_BACKOFF_MS_MIN << (failures - 1);
	}
	quarter = ms / 4;
	return ms - quarter +
	       (int64_t)((uint32_t)(now_ns >> 8) * 2654435769u >> 8) % (2 * quarter + 1);
}

/* Lock held. */
static void client_dial_failed(struct fast_client *client, struct fast_list *failed)
{
	int64_t now_ns = fast_timers_now_ns(client->timers);
	/* A certificate that is refused will be refused again. */
	bool is_patient = !client->is_closing && client->dial_status != FAST_UNAUTHENTICATED;

	client->dial_failures++;
	client_fail_waiting(client, false, failed);
	if (is_patient && !fast_list_is_empty(&client->waiting)) {
		int64_t due_ns =
			fast_time_after_ms(now_ns, fast_backoff_ms(client->dial_failures, now_ns));
		is_patient = fast_timer_set(client->timers, &client->backoff_timer, due_ns,
					    client_dial_again, client) == FAST_OK;
	}
	if (!is_patient) {
		client_fail_waiting(client, true, failed);
	}
}

/* Lock held. All that waits goes out with the hellos, in one send. */
static void client_connected(struct fast_client *client, struct fast_client_connection *connection,
			     struct fast_list *failed)
{
	client->dial_failures = 0;
	client->handover_ns = 0;
	client->connection = connection;
	client->connection_count++;
	fast_connection_cork(&connection->connection);
	fast_client_submit_waiting(client, failed);
	fast_connection_flush(&connection->connection);
	fast_connection_uncork(&connection->connection);
	fast_client_read_on(client);
}

/* Lock held. Whether another endpoint is dialled now. */
static bool client_dials_next(struct fast_client *client, enum fast_status *status)
{
	if (client->is_closing || client->dial_ops->next == NULL ||
	    !client->dial_ops->next(client->dial_arg, status)) {
		return false;
	}
	fast_client_dial(client);
	return client->is_dialing;
}

static void client_dialed(enum fast_status status, struct fast_link *link, void *arg)
{
	struct fast_client *client = arg;
	struct fast_client_connection *connection = NULL;
	struct fast_list failed;

	fast_list_init(&failed);
	fast_thread_enter();
	if (status == FAST_OK) {
		connection = fast_client_connection_new(client, link);
		if (connection == NULL) {
			link->ops->free(link);
			status = FAST_RESOURCE_EXHAUSTED;
		}
	}
	pthread_mutex_lock(&client->lock);
	client->is_dialing = false;
	if (status != FAST_OK && client_dials_next(client, &status)) {
		pthread_mutex_unlock(&client->lock);
		fast_thread_leave();
		return;
	}
	client->dial_status = status;
	client->dial_reason[0] = 0;
	if (status != FAST_OK && client->dial_ops->reason != NULL) {
		snprintf(client->dial_reason, sizeof client->dial_reason, "%s",
			 client->dial_ops->reason(client->dial_arg));
	}
	if (status != FAST_OK) {
		client_dial_failed(client, &failed);
	} else if (!client->is_closing) {
		client_connected(client, connection, &failed);
		connection = NULL;
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_connection_free(connection); /* too late */
	fast_client_finish_all(&failed);
	fast_thread_leave();
}

void fast_client_start_dial(struct fast_client *client)
{
	bool dials;

	pthread_mutex_lock(&client->lock);
	dials = client->wants_dial && !client->is_closing;
	client->wants_dial = false;
	pthread_mutex_unlock(&client->lock);
	if (dials) {
		client->dial_ops->dial(client->dial_arg, FAST_DIAL_MS, client_dialed, client);
	}
}

void fast_client_dial(struct fast_client *client)
{
	if (client->connection != NULL || client->is_dialing || client->is_closing) {
		return;
	}
	client->is_dialing = true;
	client->wants_dial = true;
	/* Not here, under the lock: a dial may have to wait for the one before to be cleared away.
	 * Without memory to wake the other thread there is no choice. */
	if (!fast_client_wake_house(client)) {
		client->wants_dial = false;
		client->dial_ops->dial(client->dial_arg, FAST_DIAL_MS, client_dialed, client);
	}
}
