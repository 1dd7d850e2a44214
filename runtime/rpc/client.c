#include "rpc/client.h"

#include "rpc/client_call.h"
#include "rpc/limits.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000

/* Lock held, but not meanwhile: this thread reads the connection until its own call has an answer.
 */
static void call_read(struct fast_client_call *call)
{
	struct fast_client_connection *connection = call->connection;
	enum fast_status status;

	connection->reader = FAST_READER_CALLER;
	fast_client_connection_ref(connection);
	do {
		status = fast_connection_read(&connection->connection, call->deadline_ns);
	} while (status == FAST_OK && call->state == FAST_CLIENT_CALL_OPEN &&
		 !connection->connection.has_ended);
	connection->reader = FAST_READER_NOBODY;
	fast_client_connection_unref(connection);
}

/* Lock held, but not meanwhile: another thread reads, or there is no connection. */
static void call_sleep(struct fast_client_call *call)
{
	struct fast_client *client = call->client;
	struct timespec until = {call->deadline_ns / NS_PER_S, call->deadline_ns % NS_PER_S};

	fast_list_append(&client->callers, &call->callers_node);
	if (call->state == FAST_CLIENT_CALL_CLAIMED || call->deadline_ns == FAST_TIME_NEVER) {
		pthread_cond_wait(&call->changed, &client->lock);
	} else {
		pthread_cond_timedwait(&call->changed, &client->lock, &until);
	}
	fast_list_remove(&call->callers_node);
}

/* Lock held, but not meanwhile. */
static void call_wait(struct fast_client_call *call)
{
	while (call->state != FAST_CLIENT_CALL_DONE) {
		bool was_open = call->state == FAST_CLIENT_CALL_OPEN;

		if (was_open && call->connection->reader == FAST_READER_NOBODY &&
		    !call->connection->connection.has_ended) {
			call_read(call);
		} else {
			call_sleep(call);
		}
		was_open = call->state == FAST_CLIENT_CALL_OPEN;
		if (call->state != FAST_CLIENT_CALL_DONE &&
		    call->deadline_ns <= fast_timers_now_ns(call->client->timers) &&
		    fast_client_abandon(call)) {
			fast_client_call_expire(call, was_open);
			call->state = FAST_CLIENT_CALL_DONE;
		}
	}
}

enum fast_status fast_client_call(struct fast_client *client, const struct fast_method *method,
				  const struct fast_call_options *options,
				  const ProtobufCMessage *request, struct fast_reply *reply)
{
	struct fast_client_call call;
	struct fast_list failed;

	assert(method->kind == FAST_METHOD_UNARY);
	if (fast_thread_is_runtime()) {
		fast_reply_init(reply);
		fast_reply_fail(reply, FAST_FAILED_PRECONDITION, FAST_EXECUTED_NO,
				"%s: a call that waits, on a thread that must not block",
				method->path);
		return reply->status;
	}
	if (fast_client_call_init(&call, FAST_CLIENT_CALL_SYNC, client, method, options, request,
				  reply) != FAST_OK) {
		fast_client_call_fini(&call);
		return reply->status;
	}
	fast_list_init(&failed);
	pthread_mutex_lock(&client->lock);
	client->caller_count++;
	client->active_ns = call.begin_ns;
	if (fast_client_submit(&call)) {
		call_wait(&call);
		fast_client_submit_waiting(client, &failed);
		fast_client_read_on(client);
	}
	if (!fast_list_is_empty(&failed)) {
		pthread_mutex_unlock(&client->lock);
		fast_client_finish_all(&failed);
		pthread_mutex_lock(&client->lock);
	}
	client->caller_count--;
	if (client->is_closing) {
		pthread_cond_broadcast(&client->changed);
	}
	pthread_mutex_unlock(&client->lock);
	fast_client_call_fini(&call);
	return reply->status;
}

static void async_expired(void *arg)
{
	struct fast_async_call *async = arg;
	struct fast_client *client = async->call.client;
	bool was_open;
	bool is_mine;

	fast_thread_enter();
	pthread_mutex_lock(&client->lock);
	was_open = async->call.state == FAST_CLIENT_CALL_OPEN;
	is_mine = fast_client_abandon(&async->call);
	if (is_mine) {
		fast_client_call_expire(&async->call, was_open);
	}
	pthread_mutex_unlock(&client->lock);
	if (is_mine) {
		fast_client_finish(&async->call);
	}
	fast_thread_leave();
}

/* Lock held. NULL: no memory. */
static struct fast_async_call *client_take_async(struct fast_client *client)
{
	struct fast_list *node = fast_list_pop(&client->spare);

	if (node != NULL) {
		client->spare_count--;
		return FAST_LIST_ENTRY(node, struct fast_async_call, call.node);
	}
	return malloc(sizeof(struct fast_async_call));
}

/* Lock held. The status of a call that could not be started; its callback will not run. */
static enum fast_status async_start(struct fast_client *client, struct fast_async_call *async)
{
	/* The timer's function waits for the lock. */
	if (async->call.deadline_ns != FAST_TIME_NEVER &&
	    fast_timer_set(client->timers, &async->call.timer, async->call.deadline_ns,
			   async_expired, async) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	client->async_count++;
	client->active_ns = async->call.begin_ns;
	if (!fast_client_submit(&async->call)) {
		client->async_count--;
		return async->reply.status;
	}
	fast_client_read_on(client);
	return FAST_OK;
}

enum fast_status fast_client_start(struct fast_client *client, const struct fast_method *method,
				   const struct fast_call_options *options,
				   const ProtobufCMessage *request, fast_reply_fn *fn, void *arg)
{
	struct fast_async_call *async;
	enum fast_status status;

	assert(method->kind == FAST_METHOD_UNARY && fn != NULL);
	pthread_mutex_lock(&client->lock);
	async = client_take_async(client);
	pthread_mutex_unlock(&client->lock);
	if (async == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	async->fn = fn;
	async->arg = arg;
	status = fast_client_call_init(&async->call, FAST_CLIENT_CALL_ASYNC, client, method,
				       options, request, &async->reply);
	if (status == FAST_OK) {
		pthread_mutex_lock(&client->lock);
		status = async_start(client, async);
		pthread_mutex_unlock(&client->lock);
	}
	if (status != FAST_OK) {
		fast_timer_cancel_wait(client->timers, &async->call.timer);
		fast_client_call_fini(&async->call);
		fast_reply_fini(&async->reply);
		free(async);
	}
	return status;
}
