#include "change.h"

#include "page/names.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Values as they will be set, brought to their types. */
struct checked {
	struct fast_page_value values[NODE_SET_MAX];
};

static enum fast_status plugin_check(struct change *change, const struct plugin *plugin)
{
	char quoted[FAST_QUOTE_BYTES];

	if (plugin == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "there is no plugin \"%s\"",
				     fast_quote(change->instance, quoted));
	}
	if (!plugin->live) {
		return change_refuse(change, FAST_FAILED_PRECONDITION, "plugin \"%s\" has ended",
				     plugin->instance);
	}
	return FAST_OK;
}

static enum fast_status lease_check(struct change *change, const struct node_set *set)
{
	const struct lease *lease;

	if (set->lease_id == 0) {
		return FAST_OK;
	}
	lease = leases_find(&change->node->leases, set->lease_id);
	if (lease == NULL || lease->pending || strcmp(lease->instance, change->instance) != 0) {
		return change_refuse(change, FAST_FAILED_PRECONDITION,
				     "lease %" PRIu64 " does not hold anything of \"%s\"; it may "
				     "have ended",
				     set->lease_id, change->instance);
	}
	return lease_key_check(&change->result, lease, set->lease_epoch, set->principal);
}

static enum fast_status revision_check(struct change *change, const struct plugin *plugin,
				       const struct node_set *set)
{
	uint64_t newest = record_newest_revision(plugin->record);

	change->result.revision = newest;
	if (set->has_if_revision && set->if_revision != newest) {
		return change_refuse(change, FAST_ABORTED,
				     "the newest revision of \"%s\" is %" PRIu64 ", not %" PRIu64,
				     plugin->instance, newest, set->if_revision);
	}
	return FAST_OK;
}

static bool is_repeated(const struct node_set *set, size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (strcmp(set->assignments[before].param, set->assignments[i].param) == 0) {
			return true;
		}
	}
	return false;
}

static enum fast_status assignment_check(struct change *change, const struct plugin *plugin,
					 const struct node_set *set, size_t i,
					 struct fast_page_value *out)
{
	const struct node_assignment *assignment = &set->assignments[i];
	const struct param *param = plugin_param(plugin, assignment->param);
	char quoted[FAST_QUOTE_BYTES];

	(void)snprintf(change->result.refused_param, sizeof change->result.refused_param, "%s",
		       assignment->param);
	if (param == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "plugin \"%s\" has no param \"%s\"",
				     plugin->instance, fast_quote(assignment->param, quoted));
	}
	if (param->read_only) {
		return change_refuse(
			change, FAST_FAILED_PRECONDITION,
			"param \"%s\" is read-only: the plugin alone gives it its value",
			param->name);
	}
	if (is_repeated(set, i)) {
		return change_refuse(change, FAST_INVALID_ARGUMENT,
				     "param \"%s\" is set twice; set it once", param->name);
	}
	if (param->lease != NULL && param->lease->id != set->lease_id) {
		return change_refuse(change, FAST_FAILED_PRECONDITION,
				     "param \"%s\" is held by %s for another %" PRIu32 " ms",
				     param->name, param->lease->owner,
				     lease_left_ms(param->lease, node_now_ns()));
	}
	if (bounds_value_check(&change->node->bounds, plugin->instance, param->name, &param->rules,
			       &assignment->value, out, &change->result) != FAST_OK) {
		return change->result.status;
	}
	change->result.refused_param[0] = '\0';
	return FAST_OK;
}

static enum fast_status set_check(struct change *change, const struct node_set *set,
				  struct checked *checked)
{
	const struct plugin *plugin = registry_find(&change->node->registry, set->plugin);
	enum fast_status status = plugin_check(change, plugin);

	if (status == FAST_OK && set->value_ttl_ms > NODE_VALUE_TTL_MS_MAX) {
		status = change_refuse(change, FAST_OUT_OF_RANGE,
				       "a value lives at most %u ms, not %" PRIu32,
				       NODE_VALUE_TTL_MS_MAX, set->value_ttl_ms);
	}
	if (status == FAST_OK) {
		status = lease_check(change, set);
	}
	for (size_t i = 0; i < set->count && status == FAST_OK; i++) {
		status = assignment_check(change, plugin, set, i, &checked->values[i]);
	}
	return status == FAST_OK ? revision_check(change, plugin, set) : status;
}

static const char *set_verb(const struct node_set *set)
{
	return set->verb == NULL ? "set" : set->verb;
}

static enum fast_status set_accept(struct change *change, const struct node_set *set,
				   const struct checked *checked)
{
	for (size_t i = 0; i < set->count; i++) {
		if (change_item_add(change, set_verb(set), set->assignments[i].param,
				    &checked->values[i]) != FAST_OK) {
			change_undo(change);
			return change_refuse(change, FAST_RESOURCE_EXHAUSTED,
					     "fastd can't remember more knobs");
		}
	}
	change->result.revision = change->revision;
	return change_push(change);
}

/* The knobs remember why they were not turned, and so does the audit log, as far as the store keeps
 * up: all of them, since it is all or nothing. */
static void set_note_refused(const struct change *refused, const struct node_set *set)
{
	struct node *node = refused->node;
	const struct plugin *plugin = registry_find(&node->registry, set->plugin);
	struct change *change;

	if (plugin == NULL) {
		return;
	}
	change = change_new(node, set->plugin, set->actor, set->count, 0);
	if (change == NULL) {
		return;
	}
	change->lease_id = set->lease_id;
	for (size_t i = 0; i < set->count; i++) {
		const struct node_assignment *assignment = &set->assignments[i];

		if (plugin_param(plugin, assignment->param) != NULL) {
			change_failed(change, set_verb(set), assignment->param, &assignment->value,
				      refused->result.text);
		}
	}
	change_log(change);
}

/* Decides about a set under the lock. True: the store has it. */
static bool set_run(struct change *change, const struct node_set *set)
{
	struct node *node = change->node;
	struct checked checked;
	enum fast_status status;

	node_lock(node);
	status = set_check(change, set, &checked);
	if (status == FAST_OK && !set->dry_run) {
		status = set_accept(change, set, &checked);
		if (status == FAST_OK) {
			node_unlock(node);
			return true; /* the change is no longer ours */
		}
	}
	if (status != FAST_OK && !set->dry_run) {
		set_note_refused(change, set);
	}
	node_unlock(node);
	return false;
}

void node_set(struct node *node, const struct node_set *set, node_done_fn *done, void *arg)
{
	struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED};
	struct change *change;

	if (set->count == 0 || set->count > NODE_SET_MAX) {
		none.status = FAST_INVALID_ARGUMENT;
		(void)snprintf(none.text, sizeof none.text, "set 1 to %d params at once, not %zu",
			       NODE_SET_MAX, set->count);
		done(&none, arg);
		return;
	}
	change = change_new(node, set->plugin, set->actor, set->count, 0);
	if (change == NULL) {
		(void)snprintf(none.text, sizeof none.text, "fastd has no memory");
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	change->lease_id = set->lease_id;
	change->value_ttl_ms = set->value_ttl_ms;
	if (!set_run(change, set)) {
		change_finish(change);
	}
}
