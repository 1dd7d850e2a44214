/* rpc/scope.h - calls made on behalf of another call: they end no later and are cancelled with it.
 */
#ifndef FAST_RPC_SCOPE_H
#define FAST_RPC_SCOPE_H

#include "base/list.h"
#include <fast/call.h>

struct fast_client_call;

/* The calls that were made for one call at a server. Counted: by that call until it is over, by
 * each child, and by who cancels. */
struct fast_scope;

/* First in no list: a call that was made for nobody. */
struct fast_scope_child {
	struct fast_scope *scope; /* NULL: made for nobody */
	struct fast_list node;    /* guarded by the scope's lock */
	struct fast_client_call *call;
};

/* The call whose handler runs on this thread and has not been ended by it; NULL: none. */
struct fast_call *fast_scope_current(void);
/* The same, unless another thread has ended it. */
struct fast_call *fast_scope_parent(void);
/* Around a handler. Gives what was before, for the second. */
struct fast_call *fast_scope_enter(struct fast_call *call);
void fast_scope_leave(struct fast_call *before);
/* The call is over. True: it was the current one. */
bool fast_scope_forget(const struct fast_call *call);

/* Enters child, whose call has not been submitted, for parent, which is not over. CANCELLED:
 * nobody waits for that any more. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_scope_join(struct fast_call *parent,
						 struct fast_client_call *call,
						 struct fast_scope_child *child);
/* The child's call is over. No lock held. */
void fast_scope_quit(struct fast_scope_child *child);

/* NULL is allowed in these three. */
struct fast_scope *fast_scope_ref(struct fast_scope *scope);
void fast_scope_unref(struct fast_scope *scope);
/* Ends the children with CANCELLED. No lock held. */
void fast_scope_cancel(struct fast_scope *scope);

#endif
