/* Claims that wait until leases of lower priority have had their notice, and calls of node.h that
 * make claims. */
#include "claims.h"

#include "ties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool waiter_wants(const struct waiter *waiter, const char *instance, const char *param)
{
	if (strcmp(waiter->change->instance, instance) != 0) {
		return false;
	}
	for (size_t i = 0; i < waiter->count; i++) {
		if (strcmp(waiter->params[i], param) == 0) {
			return true;
		}
	}
	return waiter->count == 0;
}

const struct waiter *waiter_before(const struct node *node, const struct waiter *waiter,
				   const char *instance, const char *param, uint32_t priority)
{
	for (const struct waiter *other = node->waiters; other != NULL; other = other->next) {
		if (other != waiter && !is_unwanted(other->unwanted) &&
		    other->terms.priority >= priority && waiter_wants(other, instance, param)) {
			return other;
		}
	}
	return NULL;
}

/* Writes into a lease who wants it, and from when. True: that has changed. */
static bool lease_mark(const struct node *node, struct lease *lease)
{
	const struct waiter *first = NULL;
	int64_t preempt_ns = lease->preempt_ns;

	for (const struct waiter *waiter = node->waiters; waiter != NULL; waiter = waiter->next) {
		bool wants = false;

		for (size_t i = 0; i < lease->count && !wants; i++) {
			wants = waiter_wants(waiter, lease->instance, lease->params[i].name);
		}
		if (wants && !is_unwanted(waiter->unwanted) &&
		    waiter->terms.priority > lease->terms.priority &&
		    (first == NULL || waiter->due_ns < first->due_ns)) {
			first = waiter;
		}
	}
	lease->preempt_ns = first == NULL ? 0 : first->due_ns;
	(void)snprintf(lease->preempt_by, sizeof lease->preempt_by, "%s",
		       first == NULL ? "" : first->change->actor);
	return lease->preempt_ns != preempt_ns;
}

/* Has holders and watchers know who waits. */
static void leases_mark(struct node *node)
{
	for (size_t i = 0; i < node->leases.count; i++) {
		struct lease *lease = node->leases.items[i];
		const struct plugin *plugin = registry_find(&node->registry, lease->instance);

		if (!lease_mark(node, lease) || plugin == NULL) {
			continue;
		}
		for (size_t p = 0; p < plugin->param_count; p++) {
			if (plugin->params[p].lease == lease) {
				node_notify_param(node, plugin, &plugin->params[p]);
			}
		}
	}
}

static size_t waiters_count(const struct node *node)
{
	size_t count = 0;

	for (const struct waiter *waiter = node->waiters; waiter != NULL; waiter = waiter->next) {
		count++;
	}
	return count;
}

enum fast_status waiter_add(struct change *change, const struct node_claim *claim, int64_t due_ns)
{
	struct node *node = change->node;
	struct waiter *waiter =
		waiters_count(node) < CLAIMS_WAITING_MAX ? calloc(1, sizeof *waiter) : NULL;
	struct waiter **link = &node->waiters;

	if (waiter == NULL) {
		return change_refuse(change, FAST_RESOURCE_EXHAUSTED,
				     "as many claims wait as fastd can take: %d",
				     CLAIMS_WAITING_MAX);
	}
	*waiter = (struct waiter){.change = change,
				  .due_ns = due_ns,
				  .terms = claim->terms,
				  .pid = claim->pid,
				  .unwanted = claim->unwanted,
				  .has_principal = claim->principal != NULL,
				  .count = claim->count};
	(void)snprintf(waiter->principal, sizeof waiter->principal, "%s",
		       claim->principal == NULL ? "" : claim->principal);
	(void)snprintf(waiter->client, sizeof waiter->client, "%s",
		       claim->client == NULL ? "" : claim->client);
	for (size_t i = 0; i < claim->count; i++) {
		(void)snprintf(waiter->names[i], sizeof waiter->names[i], "%s", claim->params[i]);
		waiter->params[i] = waiter->names[i];
	}
	while (*link != NULL && (*link)->terms.priority >= waiter->terms.priority) {
		link = &(*link)->next;
	}
	waiter->next = *link;
	*link = waiter;
	leases_mark(node);
	return FAST_OK;
}

/* Tries again. True: it waits no longer. */
static bool waiter_try(struct waiter *waiter, int64_t now_ns)
{
	const struct node_claim claim = {
		.plugin = waiter->change->instance,
		.params = waiter->params,
		.count = waiter->count,
		.terms = waiter->terms,
		.actor = waiter->change->actor,
		.principal = waiter->has_principal ? waiter->principal : NULL,
		.client = waiter->client,
		.pid = waiter->pid,
		.unwanted = waiter->unwanted,
	};
	int64_t due_ns;
	enum claim_fate fate;

	fate = claim_decide(waiter->change, &claim, waiter, now_ns >= waiter->due_ns, &due_ns);
	if (fate == CLAIM_PUSHED) {
		waiter->change = NULL;
	}
	return fate != CLAIM_BLOCKED;
}

struct waiter *waiters_run(struct node *node, int64_t now_ns)
{
	struct waiter **link = &node->waiters;
	struct waiter *refused = NULL;
	bool changed = false;

	while (*link != NULL) {
		struct waiter *waiter = *link;
		struct waiter *next = waiter->next;

		if (!waiter_try(waiter, now_ns)) {
			link = &waiter->next;
			continue;
		}
		*link = next;
		changed = true;
		waiter->next = NULL;
		if (waiter->change == NULL) {
			free(waiter);
		} else {
			waiter->next = refused;
			refused = waiter;
		}
	}
	if (changed) {
		leases_mark(node);
	}
	return refused;
}

void waiters_finish(struct waiter *refused)
{
	while (refused != NULL) {
		struct waiter *waiter = refused;

		refused = waiter->next;
		change_finish(waiter->change);
		free(waiter);
	}
}

void waiters_close(struct node *node)
{
	struct waiter *refused = node->waiters;

	node->waiters = NULL;
	for (struct waiter *waiter = refused; waiter != NULL; waiter = waiter->next) {
		(void)change_refuse(waiter->change, FAST_UNAVAILABLE, "fastd is stopping");
	}
	waiters_finish(refused);
}

int64_t waiters_deadline(const struct node *node)
{
	int64_t deadline_ns = INT64_MAX;

	for (const struct waiter *waiter = node->waiters; waiter != NULL; waiter = waiter->next) {
		if (waiter->due_ns < deadline_ns) {
			deadline_ns = waiter->due_ns;
		}
	}
	return deadline_ns;
}

/* ---- calls ---- */

void node_claim(struct node *node, const struct node_claim *claim, node_done_fn *done, void *arg)
{
	struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED,
				   .text = "fastd has no memory"};
	struct change *change;
	enum claim_fate fate;
	int64_t due_ns;

	if (claim->count > NODE_SET_MAX) {
		none.status = FAST_INVALID_ARGUMENT;
		(void)snprintf(none.text, sizeof none.text, "a plugin has at most %d params",
			       NODE_SET_MAX);
		done(&none, arg);
		return;
	}
	/* The lease, and for each knob its baseline and an audit entry. */
	change = change_new(node, claim->plugin, claim->actor, 0, 2 + 2 * NODE_SET_MAX);
	if (change == NULL) {
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	node_lock(node);
	fate = claim_decide(change, claim, NULL, false, &due_ns);
	if (fate == CLAIM_BLOCKED && waiter_add(change, claim, due_ns) != FAST_OK) {
		fate = CLAIM_REFUSED;
	}
	node_unlock(node);
	if (fate == CLAIM_REFUSED) {
		change_finish(change);
	} else if (fate == CLAIM_BLOCKED) {
		loop_wake(node); /* to set its timer */
	}
}

void node_claims_look(struct node *node)
{
	loop_wake(node);
}
