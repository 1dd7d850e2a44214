#include "claims.h"

#include "job_put.h"

#include "page/names.h"
#include "ties.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum fast_status claim_refuse_held(struct change *change, const struct param *param)
{
	return change_refuse(change, FAST_FAILED_PRECONDITION,
			     "param \"%s\" is held by %s for another %" PRIu32 " ms", param->name,
			     param->lease->owner, lease_left_ms(param->lease, node_now_ns()));
}

static enum fast_status terms_check(struct change *change, const struct node_lease_terms *terms)
{
	if (terms->ttl_ms < LEASE_TTL_MS_MIN || terms->ttl_ms > LEASE_TTL_MS_MAX) {
		return change_refuse(change, FAST_OUT_OF_RANGE,
				     "a lease lives %d to %d ms, not %" PRIu32, LEASE_TTL_MS_MIN,
				     LEASE_TTL_MS_MAX, terms->ttl_ms);
	}
	if (terms->on_loss < NODE_ON_LOSS_REVERT ||
	    terms->on_loss > NODE_ON_LOSS_HOLD_THEN_DEFAULT) {
		return change_refuse(change, FAST_INVALID_ARGUMENT,
				     "on_loss is revert, default, hold or hold-then-default");
	}
	if (terms->on_loss == NODE_ON_LOSS_HOLD_THEN_DEFAULT &&
	    (terms->hold_ms == 0 || terms->hold_ms > NODE_VALUE_TTL_MS_MAX)) {
		return change_refuse(change, FAST_OUT_OF_RANGE,
				     "hold-then-default holds 1 to %u ms, not %" PRIu32,
				     NODE_VALUE_TTL_MS_MAX, terms->hold_ms);
	}
	if (terms->priority > NODE_PRIORITY_MAX) {
		return change_refuse(change, FAST_OUT_OF_RANGE,
				     "a priority is 0 to %d, not %" PRIu32, NODE_PRIORITY_MAX,
				     terms->priority);
	}
	if (terms->notice_ms != 0 &&
	    (terms->notice_ms < NODE_NOTICE_MS_MIN || terms->notice_ms > NODE_NOTICE_MS_MAX)) {
		return change_refuse(change, FAST_OUT_OF_RANGE,
				     "a notice is %d to %d ms, not %" PRIu32, NODE_NOTICE_MS_MIN,
				     NODE_NOTICE_MS_MAX, terms->notice_ms);
	}
	return FAST_OK;
}

static enum fast_status claim_check(struct change *change, const struct node_claim *claim,
				    const struct plugin *plugin)
{
	char quoted[FAST_QUOTE_BYTES];
	enum fast_status status = terms_check(change, &claim->terms);

	if (status != FAST_OK) {
		return status;
	}
	if (is_unwanted(claim->unwanted)) {
		return change_refuse(change, FAST_CANCELLED, "the claim was taken back");
	}
	if (plugin == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "there is no plugin \"%s\"",
				     fast_quote(claim->plugin, quoted));
	}
	if (!plugin->live) {
		return change_refuse(change, FAST_FAILED_PRECONDITION, "plugin \"%s\" has ended",
				     plugin->instance);
	}
	return FAST_OK;
}

/* The knobs of a claim: as they are named, or all that may be set. */
struct wanted {
	size_t count;
	struct param *params[NODE_SET_MAX];
};

static enum fast_status wanted_add(struct change *change, const struct plugin *plugin,
				   const char *name, struct wanted *wanted)
{
	struct param *param = plugin_param(plugin, name);
	char quoted[FAST_QUOTE_BYTES];

	(void)snprintf(change->result.refused_param, sizeof change->result.refused_param, "%s",
		       name);
	if (param == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "plugin \"%s\" has no param \"%s\"",
				     plugin->instance, fast_quote(name, quoted));
	}
	if (param->read_only) {
		return change_refuse(
			change, FAST_FAILED_PRECONDITION,
			"param \"%s\" is read-only: the plugin alone gives it its value",
			param->name);
	}
	for (size_t i = 0; i < wanted->count; i++) {
		if (wanted->params[i] == param) {
			return change_refuse(change, FAST_INVALID_ARGUMENT,
					     "param \"%s\" is claimed twice; claim it once",
					     param->name);
		}
	}
	wanted->params[wanted->count++] = param;
	change->result.refused_param[0] = '\0';
	return FAST_OK;
}

static enum fast_status wanted_take(struct change *change, const struct plugin *plugin,
				    const struct node_claim *claim, struct wanted *wanted)
{
	enum fast_status status = FAST_OK;

	wanted->count = 0;
	for (size_t i = 0; i < claim->count && status == FAST_OK; i++) {
		status = wanted_add(change, plugin, claim->params[i], wanted);
	}
	for (size_t i = 0; i < plugin->param_count && claim->count == 0; i++) {
		if (!plugin->params[i].read_only) {
			wanted->params[wanted->count++] = &plugin->params[i];
		}
	}
	return status;
}

/* The lease that the claimant holds already, when it has all that is wanted. */
static struct lease *claim_own(const struct node_claim *claim, const struct wanted *wanted)
{
	struct lease *lease = wanted->count == 0 ? NULL : wanted->params[0]->lease;

	if (lease == NULL || lease->pending || claim->client == NULL || claim->client[0] == '\0' ||
	    strcmp(lease->client, claim->client) != 0 || !lease_is_of(lease, claim->principal)) {
		return NULL;
	}
	for (size_t i = 1; i < wanted->count; i++) {
		if (wanted->params[i]->lease != lease) {
			return NULL;
		}
	}
	return lease;
}

/* Whether the knobs can be had: FAST_OK; *due_ns: when lower priorities will have had their notice,
 * 0: all are free. */
static enum fast_status wanted_check(struct change *change, const struct node_claim *claim,
				     const struct waiter *waiter, const struct wanted *wanted,
				     int64_t *due_ns)
{
	const int64_t now_ns = node_now_ns();

	*due_ns = 0;
	for (size_t i = 0; i < wanted->count; i++) {
		const struct param *param = wanted->params[i];
		const struct waiter *before = waiter_before(change->node, waiter, change->instance,
							    param->name, claim->terms.priority);
		uint32_t notice_ms = NODE_NOTICE_MS_DEFAULT;

		(void)snprintf(change->result.refused_param, sizeof change->result.refused_param,
			       "%s", param->name);
		if (param->lease != NULL && param->lease->terms.priority >= claim->terms.priority) {
			return claim_refuse_held(change, param);
		}
		if (before != NULL) {
			return change_refuse(change, FAST_FAILED_PRECONDITION,
					     "param \"%s\" is wanted by %s, who waits for it",
					     param->name, before->change->actor);
		}
		if (param->lease == NULL) {
			continue;
		}
		if (param->lease->terms.notice_ms != 0) {
			notice_ms = param->lease->terms.notice_ms;
		}
		if (now_ns + notice_ms * INT64_C(1000000) > *due_ns) {
			*due_ns = now_ns + notice_ms * INT64_C(1000000);
		}
	}
	change->result.refused_param[0] = '\0';
	return FAST_OK;
}

/* ---- granting ---- */

/* One knob into the lease, with what it is to go back to: what would be there without the claim, so
 * not a value that goes back by itself. */
static enum fast_status grant_param(struct change *change, const struct plugin *plugin,
				    struct param *param)
{
	struct lease *lease = change->claimed;
	const struct fast_page_value *value = record_newest(plugin->record, param->name);
	const struct kept_back *back = record_newest_back(plugin->record, param->name);

	if (back != NULL) {
		value = back->has_value ? &back->value : NULL;
	}
	if (lease_add_param(lease, param->name, value) != FAST_OK) {
		return change_refuse(change, FAST_RESOURCE_EXHAUSTED, "fastd has no memory");
	}
	param->lease = lease;
	job_put_baseline(change->job, lease, lease_param(lease, param->name));
	return FAST_OK;
}

/* The claim's op and its place in the table. */
static enum fast_status grant_begin(struct change *change, const struct node_claim *claim)
{
	struct node *node = change->node;
	struct lease *lease = lease_new(store_lease_id_next(node->store), change->instance,
					change->actor, &claim->terms, claim->count);

	if (lease == NULL || leases_add(&node->leases, lease) != FAST_OK) {
		lease_free(lease);
		return change_refuse(change, FAST_RESOURCE_EXHAUSTED,
				     "fastd has as many leases as it can take: %d", LEASES_MAX);
	}
	change->time_unix_ns = node_now_unix_ns(); /* the claim may have waited */
	change->claimed = lease;
	change->lease_id = lease->id;
	(void)snprintf(lease->principal, sizeof lease->principal, "%s",
		       claim->principal == NULL ? "" : claim->principal);
	(void)snprintf(lease->client, sizeof lease->client, "%s",
		       claim->client == NULL ? "" : claim->client);
	if (!claim->terms.outlive_process && claim->pid != 0 &&
	    !tie_make(node, lease, claim->pid)) {
		return change_refuse(change, FAST_CANCELLED, "the claiming process has ended");
	}
	job_put_lease(change->job, lease);
	return FAST_OK;
}

static void grant_undo(struct change *change)
{
	struct node *node = change->node;

	if (change->claimed != NULL) {
		leases_remove(&node->leases, change->claimed);
		lease_unlink(node, change->claimed);
		lease_free(change->claimed);
		change->claimed = NULL;
	}
}

static void grant_result(struct change *change, const struct plugin *plugin,
			 const struct lease *lease)
{
	change->result.revision = record_newest_revision(plugin->record);
	change->result.lease_id = lease->id;
	change->result.lease_epoch = lease->epoch;
	change->result.ttl_ms = lease->terms.ttl_ms;
	change->job->durable = true; /* what to go back to must outlive a power cut */
}

static void grant_audit(struct change *change, const struct node_claim *claim,
			const struct plugin *plugin)
{
	for (size_t i = 0; i < claim->count; i++) {
		change_audit(change, "claim", claim->params[i],
			     record_newest(plugin->record, claim->params[i]), NULL, "ok");
	}
	if (claim->count == 0) {
		change_audit(change, "claim", "", NULL, NULL, "ok");
	}
}

static enum fast_status grant(struct change *change, const struct node_claim *claim,
			      const struct plugin *plugin, const struct wanted *wanted)
{
	enum fast_status status = grant_begin(change, claim);

	for (size_t i = 0; i < wanted->count && status == FAST_OK; i++) {
		status = grant_param(change, plugin, wanted->params[i]);
	}
	if (status == FAST_OK) {
		grant_audit(change, claim, plugin);
		grant_result(change, plugin, change->claimed);
		status = change_push(change);
	}
	if (status != FAST_OK) {
		grant_undo(change);
	}
	return status;
}

/* Its holder goes on with the lease, under a new epoch: what it wrote under the older one and is
 * still on its way is refused. */
static enum fast_status grant_again(struct change *change, const struct node_claim *claim,
				    const struct plugin *plugin, struct lease *lease)
{
	struct lease *before = malloc(sizeof *before);
	enum fast_status status;

	if (before == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*before = *lease;
	change->payload = before;
	change->claimed = lease;
	change->continued = true;
	change->lease_id = lease->id;
	lease->epoch++;
	lease->terms = claim->terms;
	lease->orphaned = false;
	(void)snprintf(lease->owner, sizeof lease->owner, "%s", change->actor);
	if (!claim->terms.outlive_process && claim->pid != 0) {
		lease->tied = false; /* the older tie is to a process that may have gone */
		(void)tie_make(change->node, lease, claim->pid);
	}
	lease_renew(lease, node_now_ns());
	job_put_lease(change->job, lease);
	grant_audit(change, claim, plugin);
	grant_result(change, plugin, lease);
	status = change_push(change);
	if (status != FAST_OK) {
		*lease = *before;
		change->claimed = NULL;
	}
	return status;
}

/* Those of lower priority lose what is wanted. */
static enum fast_status preempt(struct change *change, const struct wanted *wanted)
{
	struct node *node = change->node;

	for (size_t i = 0; i < wanted->count; i++) {
		struct lease *lease = wanted->params[i]->lease;
		struct change *loss;

		if (lease == NULL) {
			continue;
		}
		loss = lease->pending
			       ? NULL
			       : change_new(node, lease->instance, change->actor, lease->count, 2);
		node_note(node, FAST_LOG_WARNING, "lease %" PRIu64 " of %s on %s gives way to %s",
			  lease->id, lease->owner, lease->instance, change->actor);
		if (loss == NULL || lease_end(node, lease, "preempt", true, loss) != FAST_OK) {
			change_free(loss);
			return change_refuse(change, FAST_RESOURCE_EXHAUSTED,
					     "fastd has no memory, or its store is behind");
		}
	}
	return FAST_OK;
}

enum claim_fate claim_decide(struct change *change, const struct node_claim *claim,
			     const struct waiter *waiter, bool force, int64_t *due_ns)
{
	struct node *node = change->node;
	const struct plugin *plugin = registry_find(&node->registry, claim->plugin);
	struct lease *own = NULL;
	struct wanted wanted;
	enum fast_status status = claim_check(change, claim, plugin);

	*due_ns = 0;
	if (status == FAST_OK) {
		status = wanted_take(change, plugin, claim, &wanted);
	}
	if (status == FAST_OK) {
		own = claim_own(claim, &wanted);
	}
	if (own != NULL) {
		status = grant_again(change, claim, plugin, own);
		return status == FAST_OK ? CLAIM_PUSHED : CLAIM_REFUSED;
	}
	if (status == FAST_OK) {
		status = wanted_check(change, claim, waiter, &wanted, due_ns);
	}
	if (status == FAST_OK && *due_ns != 0 && !force) {
		return CLAIM_BLOCKED;
	}
	if (status == FAST_OK && *due_ns != 0) {
		status = preempt(change, &wanted);
	}
	if (status == FAST_OK) {
		status = grant(change, claim, plugin, &wanted);
	}
	return status == FAST_OK ? CLAIM_PUSHED : CLAIM_REFUSED;
}
