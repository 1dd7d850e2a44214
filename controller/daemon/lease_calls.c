#include "claims.h"

#include "page/names.h"
#include "ties.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NODE_ITSELF "fastd"

enum fast_status lease_key_check(struct node_result *result, const struct lease *lease,
				 uint64_t epoch, const char *principal)
{
	result->status = FAST_OK;
	if (!lease_is_of(lease, principal)) {
		result->status = FAST_PERMISSION_DENIED;
		(void)snprintf(result->text, sizeof result->text,
			       "lease %" PRIu64 " is not yours but that of %s", lease->id,
			       lease->owner);
	} else if (epoch != 0 && epoch != lease->epoch) {
		result->status = FAST_FAILED_PRECONDITION;
		(void)snprintf(result->text, sizeof result->text,
			       "lease %" PRIu64 " was claimed anew: its epoch is %" PRIu64
			       ", not %" PRIu64,
			       lease->id, lease->epoch, epoch);
	}
	return result->status;
}

/* ---- renew ---- */

/* A lease that fastd has found in its store knows no process; it learns it from its holder. */
static void renew_run(struct node *node, struct lease *lease, const struct node_lease_key *key,
		      int64_t now_ns, struct node_result *result)
{
	const struct record *record = registry_record(&node->registry, lease->instance);

	if (!lease->tied && !lease->terms.outlive_process && key->pid != 0) {
		(void)tie_make(node, lease, key->pid);
	}
	lease_renew(lease, now_ns);
	result->ttl_ms = lease->terms.ttl_ms;
	result->revision = record_newest_revision(record);
	result->lease_epoch = lease->epoch;
	result->preempt_ms = lease_preempt_ms(lease, now_ns);
	(void)snprintf(result->preempt_by, sizeof result->preempt_by, "%s", lease->preempt_by);
}

void node_renew(struct node *node, const struct node_lease_key *key, node_done_fn *done, void *arg)
{
	struct node_result result = {.status = FAST_NOT_FOUND, .lease_id = key->id};
	int64_t now_ns = node_now_ns();
	struct lease *lease;

	(void)snprintf(result.text, sizeof result.text, "lease %" PRIu64 " has ended; claim again",
		       key->id);
	node_lock(node);
	lease = leases_find(&node->leases, key->id);
	if (lease != NULL && !lease->pending && lease->deadline_ns > now_ns &&
	    lease_key_check(&result, lease, key->epoch, key->principal) == FAST_OK) {
		result.text[0] = '\0';
		renew_run(node, lease, key, now_ns, &result);
	}
	node_unlock(node);
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

/* What the knob goes to; false: nothing that is allowed. forget: to what its next declaration
 * says. */
static bool loss_value(const struct node *node, const struct lease *lease,
		       const struct lease_param *held, const struct param *param, bool *forget,
		       struct fast_page_value *to)
{
	const struct fast_page_value *wanted =
		lease->terms.on_loss == NODE_ON_LOSS_REVERT && held->has_baseline ? &held->baseline
										  : NULL;

	*forget = param == NULL && wanted == NULL;
	if (param == NULL) {
		if (wanted != NULL) {
			*to = *wanted;
		}
		return true;
	}
	/* A declaration or a bound that came since may not allow what was before. */
	return bounds_value_fit(&node->bounds, lease->instance, param->name, &param->rules,
				wanted == NULL ? &param->rules.initial : wanted, to);
}

bool lease_lost_value(const struct node *node, const struct lease *lease, const struct param *param,
		      struct fast_page_value *out)
{
	const struct lease_param *held = lease_param(lease, param->name);
	bool forget;

	return held != NULL && lease->terms.on_loss != NODE_ON_LOSS_HOLD &&
	       loss_value(node, lease, held, param, &forget, out);
}

/* The value stays for a while, and then goes to the default. */
static enum fast_status hold_add(struct change *change, const struct lease *lease,
				 const struct lease_param *held, const struct fast_page_value *from)
{
	const struct fast_page_value value = *from;

	change->value_ttl_ms = lease->terms.hold_ms;
	change->back_to_default = true;
	return change_item_add(change, "hold", held->name, &value);
}

/* Adds what on_loss asks for to the change. */
static enum fast_status loss_add(struct change *change, const struct lease *lease)
{
	const struct node *node = change->node;
	const struct plugin *plugin = registry_find(&node->registry, lease->instance);
	const struct record *record = registry_record(&node->registry, lease->instance);
	enum fast_status status = FAST_OK;

	if (lease->terms.on_loss == NODE_ON_LOSS_HOLD) {
		return FAST_OK;
	}
	for (size_t i = 0; i < lease->count && status == FAST_OK; i++) {
		const struct lease_param *held = &lease->params[i];
		/* What an ended plugin has declared is not what its next run must say. */
		const struct param *param =
			plugin == NULL || !plugin->live ? NULL : plugin_param(plugin, held->name);
		const struct fast_page_value *from = record_newest(record, held->name);
		struct fast_page_value to;
		bool forget;

		if (from == NULL || !loss_value(node, lease, held, param, &forget, &to) ||
		    (!forget && param_value_equal(from, &to) &&
		     record_newest_back(record, held->name) == NULL)) {
			continue; /* it is there already */
		}
		status = lease->terms.on_loss == NODE_ON_LOSS_HOLD_THEN_DEFAULT
				 ? hold_add(change, lease, held, from)
				 : change_item_add(change, "revert", held->name,
						   forget ? NULL : &to);
	}
	return status;
}

enum fast_status lease_end(struct node *node, struct lease *lease, const char *verb, bool lost,
			   struct change *change)
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

static bool release_run(struct node *node, const struct node_lease_key *key, bool apply_on_loss,
			struct change *change)
{
	struct lease *lease;
	enum fast_status status;

	node_lock(node);
	lease = leases_find(&node->leases, key->id);
	if (lease == NULL || lease->pending) {
		status = change_refuse(change, FAST_NOT_FOUND, "lease %" PRIu64 " has ended",
				       key->id);
	} else {
		status = lease_key_check(&change->result, lease, key->epoch, key->principal);
	}
	if (status == FAST_OK) {
		(void)snprintf(change->instance, sizeof change->instance, "%s", lease->instance);
		status = lease_end(node, lease, "release", apply_on_loss, change);
	}
	node_unlock(node);
	return status == FAST_OK;
}

void node_release(struct node *node, const struct node_lease_key *key, bool apply_on_loss,
		  const char *actor, node_done_fn *done, void *arg)
{
	const struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED,
					 .text = "fastd has no memory"};
	struct change *change = change_new(node, "", actor, NODE_SET_MAX, 2);

	if (change == NULL) {
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!release_run(node, key, apply_on_loss, change)) {
		change_finish(change);
		return;
	}
	loop_wake(node); /* somebody may wait for the knobs */
}

void leases_expire(struct node *node, int64_t now_ns)
{
	struct lease *lease;

	while ((lease = leases_expired(&node->leases, now_ns)) != NULL) {
		struct change *change =
			change_new(node, lease->instance, NODE_ITSELF, lease->count, 2);

		node_note(node, FAST_LOG_WARNING, "lease %" PRIu64 " of %s on %s is lost: %s",
			  lease->id, lease->owner, lease->instance,
			  lease->orphaned ? "its process has ended" : "it was not renewed");
		if (change == NULL || lease_end(node, lease, "lose", true, change) != FAST_OK) {
			change_free(change);
			/* No memory now; it is tried again, and so are the others. */
			lease->deadline_ns = now_ns + (int64_t)node->tick_ms * 1000000;
		}
	}
}
