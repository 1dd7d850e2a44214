#include "rpc/scope.h"

#include "rpc/client_call.h"
#include "rpc/server_call.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct fast_scope {
	atomic_uint references;
	pthread_mutex_t lock; /* before that of a client */

	/* guarded by lock */
	struct fast_list children;
	bool is_cancelled;
};

static _Thread_local struct fast_call *scope_current;

struct fast_call *fast_scope_current(void)
{
	return scope_current;
}

struct fast_call *fast_scope_parent(void)
{
	struct fast_call *call = scope_current;
	bool is_over;

	if (call == NULL) {
		return NULL;
	}
	pthread_mutex_lock(&call->connection->lock);
	is_over = call->is_over;
	pthread_mutex_unlock(&call->connection->lock);
	return is_over ? NULL : call;
}

struct fast_call *fast_scope_enter(struct fast_call *call)
{
	struct fast_call *before = scope_current;

	scope_current = call;
	return before;
}

void fast_scope_leave(struct fast_call *before)
{
	scope_current = before;
}

bool fast_scope_forget(const struct fast_call *call)
{
	if (scope_current != call) {
		return false;
	}
	scope_current = NULL;
	return true;
}

struct fast_scope *fast_scope_ref(struct fast_scope *scope)
{
	if (scope != NULL) {
		atomic_fetch_add_explicit(&scope->references, 1, memory_order_relaxed);
	}
	return scope;
}

void fast_scope_unref(struct fast_scope *scope)
{
	if (scope == NULL ||
	    atomic_fetch_sub_explicit(&scope->references, 1, memory_order_acq_rel) > 1) {
		return;
	}
	assert(fast_list_is_empty(&scope->children));
	pthread_mutex_destroy(&scope->lock);
	free(scope);
}

static struct fast_scope *scope_new(void)
{
	struct fast_scope *scope = malloc(sizeof *scope);

	if (scope != NULL) {
		atomic_init(&scope->references, 1);
		pthread_mutex_init(&scope->lock, NULL);
		fast_list_init(&scope->children);
		scope->is_cancelled = false;
	}
	return scope;
}

/* The scope of a call, made when it is first wanted, with a reference. */
static enum fast_status scope_of(struct fast_call *parent, struct fast_scope **out)
{
	struct fast_server_connection *connection = parent->connection;
	enum fast_status status = FAST_CANCELLED;

	pthread_mutex_lock(&connection->lock);
	if (!parent->is_cancelled) {
		if (parent->scope == NULL) {
			parent->scope = scope_new();
		}
		*out = fast_scope_ref(parent->scope);
		status = *out == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
	}
	pthread_mutex_unlock(&connection->lock);
	return status;
}

enum fast_status fast_scope_join(struct fast_call *parent, struct fast_client_call *call,
				 struct fast_scope_child *child)
{
	struct fast_scope *scope = NULL;
	enum fast_status status = scope_of(parent, &scope);

	if (status != FAST_OK) {
		return status;
	}
	pthread_mutex_lock(&scope->lock);
	if (scope->is_cancelled) {
		status = FAST_CANCELLED;
	} else {
		child->scope = scope;
		child->call = call;
		fast_list_append(&scope->children, &child->node);
	}
	pthread_mutex_unlock(&scope->lock);
	if (status != FAST_OK) {
		fast_scope_unref(scope);
	}
	return status;
}

void fast_scope_quit(struct fast_scope_child *child)
{
	struct fast_scope *scope = child->scope;

	if (scope == NULL) {
		return;
	}
	pthread_mutex_lock(&scope->lock);
	fast_list_remove(&child->node);
	pthread_mutex_unlock(&scope->lock);
	fast_scope_unref(scope);
}

void fast_scope_cancel(struct fast_scope *scope)
{
	struct fast_list claimed;

	if (scope == NULL) {
		return;
	}
	fast_list_init(&claimed);
	/* No child can be freed before it has quit, which waits for the lock. */
	pthread_mutex_lock(&scope->lock);
	scope->is_cancelled = true;
	FAST_LIST_FOREACH(node, &scope->children)
	{
		struct fast_scope_child *child =
			FAST_LIST_ENTRY(node, struct fast_scope_child, node);
		fast_client_call_cancel(child->call, &claimed);
	}
	pthread_mutex_unlock(&scope->lock);
	fast_client_finish_all(&claimed);
}
