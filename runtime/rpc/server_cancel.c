#include "rpc/limits.h"
#include "rpc/server_call.h"
#include "rpc/thread.h"
#include <assert.h>

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

/* Lock held. Nobody wants an answer any more. True as call_take_cancel(). */
static bool call_abandon(struct fast_call *call)
{
	struct fast_server_connection *connection = call->connection;

	assert(call->is_in_table && !call->is_cancelled);
	fast_call_table_remove(&connection->calls, call->id);
	call->is_in_table = false;
	call->is_cancelled = true;
	fast_call_drop_items(call);
	if (call->last != NULL) { /* the handler is done */
		fast_frame_free(call->last);
		call->last = NULL;
		fast_call_recycle(call);
		bool is_last = fast_server_connection_unref_locked(connection);
		assert(!is_last); /* the caller's */
		(void)is_last;
		return false;
	}
	return call_take_cancel(call);
}

void fast_call_cancel(struct fast_server_connection *connection, uint32_t id)
{
	struct fast_call *call;
	bool has_function = false;

	pthread_mutex_lock(&connection->lock);
	call = fast_call_table_find(&connection->calls, id);
	if (call != NULL) {
		has_function = call_abandon(call);
	}
	pthread_mutex_unlock(&connection->lock);
	if (has_function) {
		call_run_cancel(call);
	}
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
		if (call_abandon(call)) {
			pthread_mutex_unlock(&connection->lock);
			call_run_cancel(call);
			pthread_mutex_lock(&connection->lock);
		}
	}
	pthread_mutex_unlock(&connection->lock);
	fast_thread_leave();
}

static void call_expired(void *arg)
{
	struct fast_call *call = arg;
	struct fast_server_connection *connection = call->connection;
	bool has_function;

	fast_thread_enter();
	pthread_mutex_lock(&connection->lock);
	has_function = call_take_cancel(call);
	pthread_mutex_unlock(&connection->lock);
	if (has_function) {
		call_run_cancel(call);
	}
	fast_thread_leave();
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
		/* A timer only here, so that calls without a cancel function cost none. Without
		 * memory for it, the peer's CANCEL remains. */
		if (call->deadline_ns != FAST_TIME_NEVER && !call->has_timer) {
			call->has_timer = fast_timer_set(timers, &call->timer, call->deadline_ns,
							 call_expired, call) == FAST_OK;
		}
	}
	pthread_mutex_unlock(&connection->lock);
	if (is_over) {
		fn(call, arg);
	}
}
