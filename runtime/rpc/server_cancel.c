#include "rpc/limits.h"
#include "rpc/once.h"
#include "rpc/server_input.h"
#include "rpc/thread.h"
#include <assert.h>

/* What is left to be run without the lock. */
struct call_waking {
	struct fast_call *call; /* whose cancel function it is; NULL: none */
	struct fast_call_input *input;
	struct fast_scope *scope; /* to be cancelled; holds a reference */
};

/* Lock held. True: the caller must run the cancel function by call_run_cancel(). */
static bool call_take_cancel(struct fast_call *call)
{
	if (call->cancel_fn == NULL || call->cancel_runs) {
		return false;
	}
	call->cancel_runs = true;
	call->canceller = pthread_self();
	return true;
}

/* No lock held. The call may be gone afterwards. */
static void call_run_cancel(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	fast_call_cancel_fn *fn;
	void *arg;

	pthread_mutex_lock(&connection->lock);
	fn = call->cancel_fn;
	arg = call->cancel_arg;
	call->cancel_fn = NULL;
	pthread_mutex_unlock(&connection->lock);

	/* NULL: the handler is ending the call, and waits for this to be over. */
	if (fn != NULL) {
		fn(call, arg);
	}

	pthread_mutex_lock(&connection->lock);
	call->cancel_runs = false;
	pthread_cond_broadcast(&connection->quiet);
	pthread_mutex_unlock(&connection->lock);
}

/* Lock held. */
static struct call_waking call_wake(struct fast_call *call)
{
	return (struct call_waking){
		.call = call_take_cancel(call) ? call : NULL,
		.input = fast_call_input_wake(call),
		.scope = call->is_cancelled ? fast_scope_ref(call->scope) : NULL,
	};
}

/* No lock held. The call may be gone afterwards. */
static void call_run_waking(struct call_waking waking)
{
	fast_scope_cancel(waking.scope);
	fast_scope_unref(waking.scope);
	if (waking.call != NULL) {
		call_run_cancel(waking.call);
	}
	if (waking.input != NULL) {
		fast_call_input_run(waking.input);
	}
}

/* Lock held. Nobody wants an answer any more. */
static struct call_waking call_abandon(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	assert(call->is_in_table && !call->is_cancelled);
	fast_call_table_remove(&connection->calls, call->id);
	call->is_in_table = false;
	call->is_cancelled = true;
	fast_call_drop_items(call);
	fast_call_stop_waiting(call);
	if (call->last != NULL) { /* the handler is done */
		fast_frame_free(call->last);
		call->last = NULL;
		fast_call_recycle(call);
		bool is_last = fast_server_connection_unref_locked(connection);
		assert(!is_last); /* the caller's */
		(void)is_last;
		return (struct call_waking){.call = NULL};
	}
	return call_wake(call);
}

/* Lock held. Its connection is lost. Who called with a key may come back for the answer, so nothing
 * is cancelled then. */
static struct call_waking call_lose(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	if (call->once == NULL || atomic_load(&connection->server->once->is_closing)) {
		return call_abandon(call);
	}
	fast_call_table_remove(&connection->calls, call->id);
	call->is_in_table = false;
	call->is_detached = true;
	return (struct call_waking){.call = NULL};
}

void fast_call_cancel_with(struct fast_server_connection *connection, uint32_t id,
			   const struct fast_call *only, struct fast_frame *frame)
{
	struct call_waking waking = {.call = NULL};
	struct fast_call *call;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, id);
	if (call != NULL && (only == NULL || call == only)) {
		waking = call_abandon(call);
		if (frame != NULL) {
			fast_connection_push(&connection->connection, frame);
			fast_connection_flush(&connection->connection);
			frame = NULL;
		}
	}
	pthread_mutex_unlock(&connection->lock);
	fast_frame_free(frame);
	call_run_waking(waking);
}

void fast_call_cancel(struct fast_server_connection *connection, uint32_t id)
{
	fast_call_cancel_with(connection, id, NULL, NULL);
}

void fast_call_cancel_all(struct fast_server_connection *connection)
{
	fast_thread_enter();
	pthread_mutex_lock(&connection->lock);
	for (;;) {
		uint32_t slot = 0;
		struct fast_call *call = fast_call_table_next(&connection->calls, &slot);
		if (call == NULL) {
			break;
		}
		struct call_waking waking = call_lose(call);
		if (waking.call != NULL || waking.input != NULL || waking.scope != NULL) {
			pthread_mutex_unlock(&connection->lock);
			call_run_waking(waking);
			pthread_mutex_lock(&connection->lock);
		}
	}
	pthread_mutex_unlock(&connection->lock);
	fast_thread_leave();
}

/* Lock of once held, so that no call of it ends. False: there are no more to be cancelled. */
static bool once_cancel_one(struct fast_once_window *once, struct call_waking *out)
{
	bool is_found = false;

	FAST_LIST_FOREACH(node, &once->running)
	{
		struct fast_call *call = fast_once_running_call(node);
		struct fast_server_connection *connection = call->connection;

		pthread_mutex_lock(&connection->lock);
		is_found = call->is_detached && !call->is_cancelled;
		if (is_found) {
			call->is_cancelled = true;
			*out = call_wake(call);
		}
		pthread_mutex_unlock(&connection->lock);
		if (is_found) {
			break;
		}
	}
	return is_found;
}

void fast_call_cancel_detached(struct fast_server *server)
{
	struct call_waking waking;
	bool goes_on;

	fast_thread_enter();
	do {
		waking = (struct call_waking){.call = NULL};
		pthread_mutex_lock(&server->once->lock);
		goes_on = once_cancel_one(server->once, &waking);
		pthread_mutex_unlock(&server->once->lock);
		call_run_waking(waking);
	} while (goes_on);
	fast_thread_leave();
}

static void call_expired(void *arg)
{
	struct fast_call *call = arg;
	struct fast_server_connection *connection = call->connection;
	struct call_waking waking;

	fast_thread_enter();
	pthread_mutex_lock(&connection->lock);
	waking = call_wake(call);
	pthread_mutex_unlock(&connection->lock);
	call_run_waking(waking);
	fast_thread_leave();
}

void fast_call_forget_cancel(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	pthread_mutex_lock(&connection->lock);
	assert(!call->cancel_runs || !pthread_equal(call->canceller, pthread_self()));
	call->cancel_fn = NULL;
	while (call->cancel_runs) {
		pthread_cond_wait(&connection->quiet, &connection->lock);
	}
	pthread_mutex_unlock(&connection->lock);
}

bool fast_call_is_cancelled(const struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;
	bool is_cancelled;

	pthread_mutex_lock(&connection->lock);
	is_cancelled = call->is_cancelled;
	pthread_mutex_unlock(&connection->lock);
	return is_cancelled ||
	       (call->deadline_ns != FAST_TIME_NEVER &&
		call->deadline_ns <= fast_timers_now_ns(connection->server->timers));
}

void fast_call_watch_deadline(struct fast_call *call)
{
	/* A timer only where a function wants it, so that other calls cost none. Without memory for
	 * it, the peer's CANCEL remains. */
	if (call->deadline_ns != FAST_TIME_NEVER && !call->has_timer) {
		call->has_timer = fast_timer_set(call->connection->server->timers, &call->timer,
						 call->deadline_ns, call_expired, call) == FAST_OK;
	}
}

void fast_call_on_cancel(struct fast_call *call, fast_call_cancel_fn *fn, void *arg)
{
	struct fast_server_connection *connection = call->connection;
	struct fast_timers *timers = connection->server->timers;
	bool is_over;

	assert(fn != NULL);
	pthread_mutex_lock(&connection->lock);
	assert(call->cancel_fn == NULL);
	is_over = call->is_cancelled || call->deadline_ns <= fast_timers_now_ns(timers);
	if (!is_over) {
		call->cancel_fn = fn;
		call->cancel_arg = arg;
		fast_call_watch_deadline(call);
	}
	pthread_mutex_unlock(&connection->lock);
	if (is_over) {
		fn(call, arg);
	}
}
