#include "rpc/client_call.h"
#include "rpc/limits.h"
#include "rpc/thread.h"
#include <assert.h>
#include <stdlib.h>

void fast_client_call_expire(struct fast_client_call *call, bool was_open)
{
	struct fast_client *client = call->client;
	enum fast_executed executed = call->may_have_run ? FAST_EXECUTED_UNKNOWN : FAST_EXECUTED_NO;

	if (!was_open) {
		fast_reply_fail(call->reply, FAST_DEADLINE_EXCEEDED, executed,
				"%s: no connection to %s within %lld ms", call->method->path,
				client->endpoint, (long long)call->timeout_ms);
	} else {
		fast_reply_fail(call->reply, FAST_DEADLINE_EXCEEDED, executed,
				call->may_have_run
					? "%s: no answer from %s within %lld ms"
					: "%s: %s did not take the request within %lld ms",
				call->method->path, client->endpoint, (long long)call->timeout_ms);
	}
}

static void async_deliver(struct fast_async_call *async)
{
	struct fast_client *client = async->call.client;
	struct fast_list failed;

	fast_client_context_close(&async->call);
	async->fn(&async->reply, async->arg);
	fast_reply_fini(&async->reply);
	fast_list_init(&failed);
	pthread_mutex_lock(&client->lock);
	client->async_count--;
	fast_client_submit_waiting(client, &failed);
	if (client->spare_count < FAST_SPARE_CALLS_MAX) {
		fast_list_append(&client->spare, &async->call.node);
		client->spare_count++;
		async = NULL;
	}
	if (client->is_closing) {
		pthread_cond_broadcast(&client->changed);
	}
	pthread_mutex_unlock(&client->lock);
	free(async);
	fast_client_finish_all(&failed);
}

void fast_client_finish(struct fast_client_call *call)
{
	struct fast_client *client = call->client;
	struct fast_list failed;

	if (call->kind != FAST_CLIENT_CALL_ASYNC) {
		fast_list_init(&failed);
		pthread_mutex_lock(&client->lock);
		assert(call->state == FAST_CLIENT_CALL_CLAIMED);
		call->state = FAST_CLIENT_CALL_DONE;
		pthread_cond_broadcast(&call->changed); /* a stream may have two that wait */
		fast_client_submit_waiting(client, &failed);
		pthread_mutex_unlock(&client->lock);
		fast_client_finish_all(&failed);
		return;
	}
	fast_timer_cancel_wait(client->timers, &call->timer);
	if (fast_thread_is_runtime()) {
		async_deliver((struct fast_async_call *)call);
		return;
	}
	/* A caller's own thread may hold locks that the callback wants. */
	pthread_mutex_lock(&client->lock);
	fast_list_append(&client->finished, &call->node);
	pthread_mutex_unlock(&client->lock);
	if (!fast_client_wake_house(client)) {
		fast_client_run_finished(client);
	}
}

void fast_client_finish_all(struct fast_list *claimed)
{
	for (;;) {
		struct fast_list *node = fast_list_pop(claimed);
		if (node == NULL) {
			return;
		}
		fast_client_finish(FAST_LIST_ENTRY(node, struct fast_client_call, node));
	}
}

void fast_client_run_finished(struct fast_client *client)
{
	fast_thread_enter();
	for (;;) {
		pthread_mutex_lock(&client->lock);
		struct fast_list *node = fast_list_pop(&client->finished);
		pthread_mutex_unlock(&client->lock);
		if (node == NULL) {
			break;
		}
		async_deliver((struct fast_async_call *)FAST_LIST_ENTRY(
			node, struct fast_client_call, node));
	}
	fast_thread_leave();
}
