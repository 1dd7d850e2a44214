#include "change.h"

#include "page/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NODE_ITSELF "fastd"

/* ---- claim ---- */

static enum fast_status claim_refuse_held(struct change *change, const struct param *param)
{
	return change_refuse(change, FAST_FAILED_PRECONDITION,
			     "param \"%s\" is held by %s for another %" PRIu32 " ms", param->name,
			     param->lease->owner, lease_left_ms(param->lease, node_now_ns()));
}

static enum fast_status claim_check(struct change *change, const struct node_claim *claim,
				    const struct plugin *plugin)
{
	char quoted[FAST_QUOTE_BYTES];

	if (claim->ttl_ms < LEASE_TTL_MS_MIN || claim->ttl_ms > LEASE_TTL_MS_MAX) {
		return change_refuse(change, FAST_OUT_OF_RANGE,
				     "a lease lives %d to %d ms, not %" PRIu32, LEASE_TTL_MS_MIN,
				     LEASE_TTL_MS_MAX, claim->ttl_ms);
	}
	if (claim->on_loss < NODE_ON_LOSS_REVERT || claim->on_loss > NODE_ON_LOSS_HOLD) {
		return change_refuse(change, FAST_INVALID_ARGUMENT,
				     "on_loss is revert, default or hold");
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

/* One knob into the lease, with what it is to go back to. */
static enum fast_status claim_param(struct change *change, struct plugin *plugin, const char *name)
{
	struct lease *lease = change->claimed;
	struct param *param = plugin_param(plugin, name);
	const struct fast_page_value *newest;
	struct store_baseline *baseline;
	char quoted[FAST_QUOTE_BYTES];

	(void)snprintf(change->result.refused_param, sizeof change->result.refused_param, "%s",
		       name);
	if (param == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "plugin \"%s\" has no param \"%s\"",
				     plugin->instance, fast_quote(name, quoted));
	}
	if (param->lease != NULL) {
		return param->lease == lease
			       ? change_refuse(change, FAST_INVALID_ARGUMENT,
					       "param \"%s\" is claimed twice; claim it once",
					       param->name)
			       : claim_refuse_held(change, param);
	}
	newest = record_newest(plugin->record, name);
	if (lease_add_param(lease, name, newest) != FAST_OK) {
		return change_refuse(change, FAST_RESOURCE_EXHAUSTED, "fastd has no memory");
	}
	param->lease = lease;
	baseline = &store_job_add(change->job, STORE_PUT_BASELINE)->u.baseline;
	baseline->lease_id = lease->id;
	(void)snprintf(baseline->param, sizeof baseline->param, "%s", name);
	baseline->has_value = newest != NULL;
	if (newest != NULL) {
		baseline->value = *newest;
	}
	change->result.refused_param[0] = '\0';
	return FAST_OK;
}

static enum fast_status claim_params(struct change *change, const struct node_claim *claim,
				     struct plugin *plugin)
{
	enum fast_status status = FAST_OK;

	if (claim->count == 0) {
		for (size_t i = 0; i < plugin->param_count && status == FAST_OK; i++) {
			status = claim_param(change, plugin, plugin->params[i].name);
		}
		change_audit(change, "claim", "", NULL, NULL, "ok");
		return status;
	}
	for (size_t i = 0; i < claim->count && status == FAST_OK; i++) {
		status = claim_param(change, plugin, claim->params[i]);
		change_audit(change, "claim", claim->params[i],
			     record_newest(plugin->record, claim->params[i]), NULL, "ok");
	}
	return status;
}

/* The claim's op and its place in the table. */
static enum fast_status claim_begin(struct change *change, const struct node_claim *claim)
{
	struct node *node = change->node;
	struct lease *lease = lease_new(store_lease_id_next(node->store), change->instance,
					change->actor, claim->ttl_ms, claim->on_loss, claim->count);
	struct store_lease *stored;

	if (lease == NULL || leases_add(&node->leases, lease) != FAST_OK) {
		lease_free(lease);
		return change_refuse(change, FAST_RESOURCE_EXHAUSTED,
				     "fastd has as many leases as it can take: %d", LEASES_MAX);
	}
	change->claimed = lease;
	change->lease_id = lease->id;
	stored = &store_job_add(change->job, STORE_PUT_LEASE)->u.lease;
	stored->id = lease->id;
	stored->ttl_ms = lease->ttl_ms;
	stored->on_loss = lease->on_loss;
	(void)snprintf(stored->instance, sizeof stored->instance, "%s", lease->instance);
	(void)snprintf(stored->owner, sizeof stored->owner, "%s", lease->owner);
	return FAST_OK;
}

static void claim_undo(struct change *change)
{
	struct node *node = change->node;

	if (change->claimed != NULL) {
		leases_remove(&node->leases, change->claimed);
		lease_unlink(node, change->claimed);
		lease_free(change->claimed);
		change->claimed = NULL;
	}
}

/* Decides about a claim under the lock. True: the store has it. */
static bool claim_run(struct change *change, const struct node_claim *claim)
{
	struct node *node = change->node;
	struct plugin *plugin;
	enum fast_status status;

	node_lock(node);
	plugin = registry_find(&node->registry, claim->plugin);
	status = claim_check(change, claim, plugin);
	if (status == FAST_OK) {
		status = claim_begin(change, claim);
	}
	if (status == FAST_OK) {
		status = claim_params(change, claim, plugin);
	}
	if (status == FAST_OK) {
		change->result.revision = record_newest_revision(plugin->record);
		change->result.lease_id = change->claimed->id;
		change->result.ttl_ms = claim->ttl_ms;
		change->job->durable = true; /* what to go back to must outlive a power cut */
		status = change_push(change);
	}
	if (status != FAST_OK) {
		claim_undo(change);
	}
	node_unlock(node);
	return status == FAST_OK;
}

static void refuse_at_once(node_done_fn *done, void *arg, enum fast_status status, const char *text)
{
	struct node_result result = {.status = status};

	(void)snprintf(result.text, sizeof result.text, "%s", text);
	done(&result, arg);
}

void node_claim(struct node *node, const struct node_claim *claim, node_done_fn *done, void *arg)
{
	struct change *change;

	if (claim->count > NODE_SET_MAX) {
		refuse_at_once(done, arg, FAST_INVALID_ARGUMENT, "a plugin has at most 64 params");
		return;
	}
	/* The lease, and for each knob its baseline and an audit entry. */
	change = change_new(node, claim->plugin, claim->actor, 0, 2 + 2 * NODE_SET_MAX);
	if (change == NULL) {
		refuse_at_once(done, arg, FAST_RESOURCE_EXHAUSTED, "fastd has no memory");
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!claim_run(change, claim)) {
		change_finish(change);
	}
}

/* ---- renew ---- */

void node_renew(struct node *node, uint64_t lease_id, node_done_fn *done, void *arg)
{
	struct node_result result = {.status = FAST_NOT_FOUND, .lease_id = lease_id};
	int64_t now_ns = node_now_ns();
	struct lease *lease;
	const struct record *record;

	node_lock(node);
	lease = leases_find(&node->leases, lease_id);
	if (lease != NULL && !lease->pending && lease->deadline_ns > now_ns) {
		lease_renew(lease, now_ns);
		record = registry_record(&node->registry, lease->instance);
		result.status = FAST_OK;
		result.ttl_ms = lease->ttl_ms;
		result.revision = record_newest_revision(record);
	}
	node_unlock(node);
	if (result.status != FAST_OK) {
		(void)snprintf(result.text, sizeof result.text,
			       "lease %" PRIu64 " has ended; claim again", lease_id);
	}
	done(&result, arg);
}

/* ---- release and loss ---- */

void lease_unlink(struct node *node, const struct lease *lease)
{
	struct plugin *plugin = registry_find(&node->registry, lease->instance);

	for (size_t i = 0; plugin != NULL && i < plugin->param_count; i++) {
		if (plugin->params[i].lease == lease) {
			plugin->params[i].lease = NULL;
			node_notify_param(node, plugin, &plugin->params[i]);
		}
	}
}

/* What the knob goes to; NULL: to what its next declaration says. */
static const struct fast_page_value *loss_value(const struct lease *lease,
						const struct lease_param *held,
						const struct param *param)
{
	struct fast_page_value ignored;
	struct node_result result;
	bool back = lease->on_loss == NODE_ON_LOSS_REVERT && held->has_baseline;

	if (param == NULL) {
		return back ? &held->baseline : NULL;
	}
	/* A declaration that came since may not allow what was before. */
	if (back && param_value_check(&param->rules, param->name, &held->baseline, &ignored,
				      &result) == FAST_OK) {
		return &held->baseline;
	}
	return &param->rules.initial;
}

/* Adds what on_loss asks for to the change. */
static enum fast_status loss_add(struct change *change, const struct lease *lease)
{
	const struct node *node = change->node;
	const struct plugin *plugin = registry_find(&node->registry, lease->instance);
	const struct record *record = registry_record(&node->registry, lease->instance);

	for (size_t i = 0; i < lease->count && lease->on_loss != NODE_ON_LOSS_HOLD; i++) {
		const struct lease_param *held = &lease->params[i];
		const struct param *param =
			plugin == NULL ? NULL : plugin_param(plugin, held->name);
		const struct fast_page_value *to = loss_value(lease, held, param);
		const struct fast_page_value *from = record_newest(record, held->name);

		if (from == NULL || (to != NULL && param_value_equal(from, to))) {
			continue; /* it is there already */
		}
		if (change_item_add(change, "revert", held->name, to) != FAST_OK) {
			return FAST_RESOURCE_EXHAUSTED;
		}
	}
	return FAST_OK;
}

/* Ends the lease, as the verb says. Takes the lease on OK. Otherwise the lease is as it was. */
static enum fast_status lease_end(struct node *node, struct lease *lease, const char *verb,
				  bool lost, struct change *change)
{
	enum fast_status status = FAST_OK;

	change->lease_id = lease->id;
	change->applies_anyway = true;
	change->job->owed = true;
	store_job_add(change->job, STORE_DELETE_LEASE)->u.lease.id = lease->id;
	change_audit(change, verb, "", NULL, NULL, "ok");
	if (lost) {
		status = loss_add(change, lease);
	}
	if (status != FAST_OK) {
		change_undo(change);
		return change_refuse(change, status, "fastd has no memory");
	}
	change->result.lease_id = lease->id;
	status = change_push(change);
	if (status != FAST_OK) {
		return status;
	}
	leases_remove(&node->leases, lease);
	lease_unlink(node, lease);
	lease_free(lease);
	return FAST_OK;
}

static bool release_run(struct node *node, uint64_t lease_id, bool apply_on_loss,
			struct change *change)
{
	struct lease *lease;
	enum fast_status status;

	node_lock(node);
	lease = leases_find(&node->leases, lease_id);
	if (lease == NULL || lease->pending) {
		status = change_refuse(change, FAST_NOT_FOUND, "lease %" PRIu64 " has ended",
				       lease_id);
	} else {
		(void)snprintf(change->instance, sizeof change->instance, "%s", lease->instance);
		status = lease_end(node, lease, "release", apply_on_loss, change);
	}
	node_unlock(node);
	return status == FAST_OK;
}

void node_release(struct node *node, uint64_t lease_id, bool apply_on_loss, const char *actor,
		  node_done_fn *done, void *arg)
{
	struct change *change = change_new(node, "", actor, NODE_SET_MAX, 2);

	if (change == NULL) {
		refuse_at_once(done, arg, FAST_RESOURCE_EXHAUSTED, "fastd has no memory");
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!release_run(node, lease_id, apply_on_loss, change)) {
		change_finish(change);
	}
}

void leases_expire(struct node *node, int64_t now_ns)
{
	struct lease *lease = leases_expired(&node->leases, now_ns);

	while (lease != NULL) {
		struct change *change =
			change_new(node, lease->instance, NODE_ITSELF, lease->count, 2);

		node_note(node, FAST_LOG_WARNING, "lease %" PRIu64 " of %s on %s is lost",
			  lease->id, lease->owner, lease->instance);
		if (change == NULL || lease_end(node, lease, "lose", true, change) != FAST_OK) {
			change_free(change);
			lease->deadline_ns = now_ns + (int64_t)node->tick_ms * 1000000;
			return; /* no memory now; it is tried again */
		}
		lease = leases_expired(&node->leases, now_ns);
	}
}
