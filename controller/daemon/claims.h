/* daemon/claims.h - claims: those that are granted at once, and those that wait for a lease of
 * lower priority to give way. The caller of everything here holds the node's lock. */
#ifndef FASTD_CLAIMS_H
#define FASTD_CLAIMS_H

#include "change.h"

#define CLAIMS_WAITING_MAX 64

/* A claim that waits, with all that it was made of. */
struct waiter {
	struct waiter *next;
	struct change *change;       /* of the claim; its done is still to be called */
	int64_t due_ns;              /* then it takes what lower priorities hold */
	const atomic_bool *unwanted; /* NULL: it stays wanted */
	struct node_lease_terms terms;
	uint32_t pid;
	char principal[NODE_ACTOR_BYTES_MAX + 1];
	char client[NODE_CLIENT_BYTES_MAX + 1];
	bool has_principal;
	size_t count;
	const char *params[NODE_SET_MAX];
	char names[NODE_SET_MAX][FAST_PARAM_NAME_BYTES_MAX + 1];
};

/* Whether nobody wants it any more. */
static inline bool is_unwanted(const atomic_bool *unwanted)
{
	return unwanted != NULL && atomic_load(unwanted);
}

/* How a claim fared. */
enum claim_fate {
	CLAIM_PUSHED,  /* the store has it */
	CLAIM_REFUSED, /* change->result says why */
	CLAIM_BLOCKED, /* by lower priorities, whose notice lasts until *due_ns */
};

/* Decides about a claim; waiter: which it is among those that wait, NULL: a new one. force: lower
 * priorities lose what they hold. */
enum claim_fate claim_decide(struct change *change, const struct node_claim *claim,
			     const struct waiter *waiter, bool force, int64_t *due_ns);

/* Has the claim wait. Takes change on OK. RESOURCE_EXHAUSTED: change->result says so. */
FAST_MUST_CHECK enum fast_status waiter_add(struct change *change, const struct node_claim *claim,
					    int64_t due_ns);
/* Whoever else than waiter waits for this knob with at least this priority; NULL: nobody. */
const struct waiter *waiter_before(const struct node *node, const struct waiter *waiter,
				   const char *instance, const char *param, uint32_t priority);
/* Grants what can be granted. Gives those that are refused, linked, for waiters_finish(). */
struct waiter *waiters_run(struct node *node, int64_t now_ns);
/* With no lock held. */
void waiters_finish(struct waiter *refused);
/* Ends those that still wait, once the loop has ended. */
void waiters_close(struct node *node);
/* When the next one is due; INT64_MAX: none waits. */
int64_t waiters_deadline(const struct node *node);

/* Ends a lease as the verb says, with its on_loss when it is lost. Takes change and the lease on
 * OK; otherwise the lease is as it was. */
FAST_MUST_CHECK enum fast_status lease_end(struct node *node, struct lease *lease, const char *verb,
					   bool lost, struct change *change);

#endif
