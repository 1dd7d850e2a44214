#include "rpc/client_call.h"
#include "rpc/endpoints.h"
#include "rpc/limits.h"
#include "rpc/retry.h"
#include "rpc/thread.h"
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void link_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed, void *dialed_arg)
{
	fast_link_dial(arg, timeout_ms, dialed, dialed_arg);
}

static void link_dialer_free(void *arg)
{
	fast_link_dialer_free(arg);
}

static const char *link_dial_reason(void *arg)
{
	return fast_link_dialer_reason(arg);
}

static const struct fast_dial_ops link_dial_ops = {
	.dial = link_dial,
	.free = link_dialer_free,
	.reason = link_dial_reason,
};

/* Half-built objects too. */
static void client_free(struct fast_client *client)
{
	if (client == NULL) {
		return;
	}
	for (;;) {
		struct fast_list *node = fast_list_pop(&client->spare);
		if (node == NULL) {
			break;
		}
		free(FAST_LIST_ENTRY(node, struct fast_async_call, call.node));
	}
	if (client->owns_timers) {
		fast_timers_free(client->timers);
	}
	pthread_cond_destroy(&client->changed);
	pthread_mutex_destroy(&client->lock);
	fast_retry_policies_free(client->policies);
	free(client->agent);
	free(client->endpoint);
	free(client);
}

/* A caller built against an older header has a shorter struct. */
static struct fast_client_options client_options(const struct fast_client_options *options)
{
	struct fast_client_options all = {.size = sizeof all};

	if (options != NULL) {
		assert(options->size >= sizeof options->size);
		memcpy(&all, options, options->size < sizeof all ? options->size : sizeof all);
	}
	if (all.message_bytes_max == 0) {
		all.message_bytes_max = FAST_MESSAGE_BYTES_MAX;
	}
	return all;
}

enum fast_status fast_client_open_with(const char *endpoint,
				       const struct fast_client_options *options,
				       struct fast_timers *timers,
				       const struct fast_dial_ops *dial_ops, void *dial_arg,
				       struct fast_client **out)
{
	struct fast_client_options all = client_options(options);
	struct fast_client *client;

	assert(out != NULL);
	client = calloc(1, sizeof *client);
	if (client == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->changed, NULL);
	fast_list_init(&client->dead);
	fast_list_init(&client->draining);
	fast_list_init(&client->waiting);
	fast_list_init(&client->keyed);
	fast_list_init(&client->resting);
	fast_list_init(&client->held);
	fast_list_init(&client->callers);
	fast_list_init(&client->finished);
	fast_list_init(&client->spare);
	client->message_bytes_max = all.message_bytes_max;
	client->once = all.once;
	fast_retry_seed(client);
	client->keepalive_ms = fast_keepalive_interval(all.keepalive_ms);
	client->timers = timers;
	if (timers == NULL) {
		if (fast_timers_new(&client->timers) != FAST_OK) {
			goto fail;
		}
		client->owns_timers = true;
	}
	client->endpoint = strdup(endpoint);
	if (client->endpoint == NULL) {
		goto fail;
	}
	if (all.agent != NULL) {
		client->agent = strdup(all.agent);
		if (client->agent == NULL) {
			goto fail;
		}
	}
	client->dial_ops = dial_ops;
	client->dial_arg = dial_arg;
	*out = client;
	return FAST_OK;

fail:
	client_free(client);
	return FAST_RESOURCE_EXHAUSTED;
}

/* One of several. */
static enum fast_status client_open_many(const char *endpoints,
					 const struct fast_client_options *options,
					 struct fast_client **out)
{
	struct fast_endpoints *list = NULL;
	enum fast_status status = fast_endpoints_new(endpoints, options, &list);

	if (status != FAST_OK) {
		return status;
	}
	status = fast_client_open_with(endpoints, options, NULL, &fast_endpoints_dial_ops, list,
				       out);
	if (status != FAST_OK) {
		fast_endpoints_dial_ops.free(list);
	}
	return status;
}

static enum fast_status client_open(const char *endpoint, const struct fast_client_options *options,
				    struct fast_client **out)
{
	const struct fast_client_options all = client_options(options);
	struct fast_link_dialer *dialer = NULL;
	enum fast_status status;

	if (fast_endpoints_are_many(endpoint)) {
		return client_open_many(endpoint, &all, out);
	}
	status = fast_client_dialer_new(endpoint, &all, &dialer);
	if (status != FAST_OK) {
		return status;
	}
	status = fast_client_open_with(endpoint, &all, NULL, &link_dial_ops, dialer, out);
	if (status != FAST_OK) {
		fast_link_dialer_free(dialer);
	}
	return status;
}

enum fast_status fast_client_open(const char *endpoint, const struct fast_client_options *options,
				  struct fast_client **out)
{
	enum fast_status status = client_open(endpoint, options, out);

	if (status == FAST_OK) {
		(*out)->makes_keys = true;
	}
	return status;
}

/* Lock held. Calls that wait for a connection, or rest; those that are open go with theirs. */
static void client_cancel_waiting(struct fast_client *client, struct fast_list *cancelled)
{
	fast_list_move(&client->waiting, &client->resting);
	fast_list_move(&client->waiting, &client->held);
	while (!fast_list_is_empty(&client->waiting)) {
		struct fast_client_call *call =
			FAST_LIST_ENTRY(client->waiting.next, struct fast_client_call, node);
		bool is_claimed = fast_client_claim(call);
		assert(is_claimed);
		(void)is_claimed;
		fast_reply_fail(call->reply, FAST_CANCELLED,
				call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
				"%s: the client was closed", call->method->path);
		fast_list_append(cancelled, &call->node);
	}
}

/* Lock held. The loss of a connection alone does not end calls with keys at the server. */
static void client_cancel_keyed(struct fast_client_connection *connection,
				struct fast_list *cancelled)
{
	struct fast_client_call *call;
	uint32_t slot = 0;

	while ((call = fast_call_table_next(&connection->calls, &slot)) != NULL) {
		if (!call->has_key || !fast_client_abandon(call)) {
			slot++;
			continue;
		}
		fast_reply_fail(call->reply, FAST_CANCELLED,
				call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO,
				"%s: the client was closed", call->method->path);
		fast_list_append(cancelled, &call->node);
	}
}

/* Lock held, but not meanwhile. Gives what waits, the word to cancel, a moment to leave. */
static void client_let_leave(struct fast_client *client,
			     const struct fast_client_connection *connection)
{
	const struct fast_connection *outward = &connection->connection;

	for (int ms = 0; ms < FAST_LEAVE_MS_MAX && !outward->has_ended && outward->is_sending;
	     ms++) {
		pthread_mutex_unlock(&client->lock);
		(void)poll(NULL, 0, 1);
		pthread_mutex_lock(&client->lock);
	}
}

/* No new calls come any more; those that are open end. */
static void client_end_calls(struct fast_client *client)
{
	struct fast_client_connection *connections[FAST_CLIENT_DRAINING_MAX + 1];
	unsigned connection_count;
	struct fast_list cancelled;

	fast_list_init(&cancelled);
	pthread_mutex_lock(&client->lock);
	assert(client->stream_count == 0);
	client->is_closing = true;
	client_cancel_waiting(client, &cancelled);
	connection_count = fast_client_connections(client, connections);
	for (unsigned i = 0; i < connection_count; i++) {
		client_cancel_keyed(connections[i], &cancelled);
	}
	for (unsigned i = 0; i < connection_count && !fast_list_is_empty(&cancelled); i++) {
		client_let_leave(client, connections[i]);
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_finish_all(&cancelled);
	for (unsigned i = 0; i < connection_count; i++) {
		fast_connection_end(&connections[i]->connection);
		pthread_mutex_lock(&client->lock);
		fast_client_connection_unref(connections[i]);
		pthread_mutex_unlock(&client->lock);
	}
	/* No dial begins any more; one that is under way ends here. */
	fast_timer_cancel_wait(client->timers, &client->house_timer);
	client->dial_ops->free(client->dial_arg);
}

void fast_client_close(struct fast_client *client)
{
	if (client == NULL) {
		return;
	}
	assert(!fast_thread_is_runtime());
	/* From here on this is a thread of the runtime's: callbacks may run on it. */
	fast_thread_enter();
	client_end_calls(client);
	pthread_mutex_lock(&client->lock);
	while (client->caller_count > 0) {
		pthread_cond_wait(&client->changed, &client->lock);
	}
	pthread_mutex_unlock(&client->lock);
	/* Nobody wakes the house any more, so what it had to do is left to this thread. */
	fast_timer_cancel_wait(client->timers, &client->house_timer);
	fast_timer_cancel_wait(client->timers, &client->backoff_timer);
	fast_timer_cancel_wait(client->timers, &client->idle_timer);
	fast_timer_cancel_wait(client->timers, &client->rest_timer);
	fast_client_run_finished(client);
	pthread_mutex_lock(&client->lock);
	while (client->async_count > 0 || client->connection_count > 0) {
		if (fast_list_is_empty(&client->dead)) {
			pthread_cond_wait(&client->changed, &client->lock);
		}
		pthread_mutex_unlock(&client->lock);
		fast_client_reap(client);
		pthread_mutex_lock(&client->lock);
	}
	pthread_mutex_unlock(&client->lock);
	fast_thread_leave();
	client_free(client);
}
