#include "apply.h"

#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

void param_apply(struct plugin *plugin, struct param *param, int64_t now_ns)
{
	const struct kept *kept = record_kept(plugin->record, param->name);
	struct fast_page_value value = param->rules.initial;
	struct node_result ignored = {0};
	uint64_t revision = 0;

	param->failed = false;
	if (kept != NULL && kept->set) {
		param->failed = param_value_check(&param->rules, param->name, &kept->value, &value,
						  &ignored) != FAST_OK;
		revision = param->failed ? 0 : kept->revision;
		value = param->failed ? param->rules.initial : value;
	}
	plugin->unread_count -= param->unread;
	param->page_value = value;
	param->page_revision = revision;
	param->page_time_ns = now_ns;
	param->unread = revision > 0;
	param->timed_out = false;
	param->awaits_restart = param->restart_required && param->declared && revision > 0;
	plugin->unread_count += param->unread;
	if (revision == 0) { /* nothing to acknowledge */
		param->effective = value;
		param->effective_revision = 0;
	}
	if (plugin->view != NULL) {
		fast_page_view_set(plugin->view, param->slot, revision, &value);
	}
}

/* The page has no revision for an initial value, so nobody acknowledges it: it counts as read when
 * all else is. */
static void initial_take_effect(struct plugin *plugin)
{
	if (plugin->unread_count == 0 && plugin->initial_revision > plugin->effective_revision) {
		plugin->effective_revision = plugin->initial_revision;
	}
}

void param_gone_back(struct plugin *plugin, const struct param *param, uint64_t revision)
{
	if (!param->failed && param->page_revision == 0 && revision > plugin->initial_revision) {
		plugin->initial_revision = revision;
	}
	initial_take_effect(plugin);
}

void plugin_commit(struct plugin *plugin)
{
	if (plugin->view != NULL && !plugin->page_held) {
		fast_page_view_commit(plugin->view);
	}
}

/* All that was set before is in the page; what nobody has set any more needs no acknowledgement. */
static void initial_from_record(struct plugin *plugin)
{
	for (size_t i = 0; i < plugin->param_count; i++) {
		if (plugin->params[i].failed) {
			return; /* the newest revision is not what the plugin has */
		}
	}
	if (plugin->record != NULL && plugin->record->revision > plugin->initial_revision) {
		plugin->initial_revision = plugin->record->revision;
	}
	initial_take_effect(plugin);
}

static bool all_declared(const struct plugin *plugin)
{
	const struct record *record = plugin->record;

	for (size_t i = 0; record != NULL && i < record->kept_count; i++) {
		if (record->kept[i].set && plugin_param(plugin, record->kept[i].param) == NULL) {
			return false;
		}
	}
	return true;
}

void plugin_unhold(struct plugin *plugin, int64_t now_ns)
{
	bool late = now_ns - plugin->session_ns >= NODE_PAGE_HOLD_MS * NS_PER_MS;

	if (plugin->page_held && (late || all_declared(plugin))) {
		plugin->page_held = false;
		plugin_commit(plugin);
		initial_from_record(plugin);
	}
}

void param_fail(struct node *node, struct plugin *plugin, struct param *param, const char *reason)
{
	char *copy = strdup(reason);

	free(param->failure_reason);
	param->failure_reason = copy; /* no memory: it failed for no reason given */
	param->failure_revision = param->page_revision;
	param->failure_value = param->page_value;
	param->failure_unix_ns = node_now_unix_ns();
	plugin->unread_count -= param->unread;
	param->unread = false;
	param->timed_out = false;
	node_notify_param(node, plugin, param);
}

static int64_t ack_timeout_ns(const struct param *param)
{
	uint32_t timeout_ms =
		param->ack_timeout_ms == 0 ? NODE_ACK_TIMEOUT_MS : param->ack_timeout_ms;

	return timeout_ms * NS_PER_MS;
}

/* The attempt has failed, and the audit log knows it as well, as far as the store keeps up. */
static void param_note_timeout(struct node *node, const struct plugin *plugin,
			       const struct param *param)
{
	const struct kept *kept = record_kept(plugin->record, param->name);
	struct change *change =
		change_new(node, plugin->instance, kept == NULL ? "" : kept->actor, 0, 1);

	if (change == NULL) {
		return;
	}
	change->revision = param->page_revision;
	change_failed(change, "timeout", param->name, &param->page_value,
		      "the plugin did not read it in time");
	change_log(change);
}

static void param_read_ack(struct node *node, struct plugin *plugin, struct param *param,
			   int64_t now_ns)
{
	uint64_t ack = fast_page_view_ack(plugin->view, param->slot);
	uint64_t believed = plugin->record == NULL ? 0 : plugin->record->allocated;

	if (param->awaits_restart) {
		return; /* what runs now has taken another value when it started */
	}
	if (ack >= param->page_revision && ack <= believed) {
		param->unread = false;
		param->timed_out = false;
		param->effective = param->page_value;
		param->effective_revision = param->page_revision;
		plugin->unread_count--;
		if (param->page_revision > plugin->effective_revision) {
			plugin->effective_revision = param->page_revision;
		}
		initial_take_effect(plugin);
		node_notify_param(node, plugin, param);
	} else if (!param->timed_out && now_ns - param->page_time_ns >= ack_timeout_ns(param)) {
		param->timed_out = true;
		param_note_timeout(node, plugin, param);
		node_notify_param(node, plugin, param);
	}
}

void plugin_read_acks(struct node *node, struct plugin *plugin, int64_t now_ns)
{
	for (size_t i = 0; i < plugin->param_count && plugin->view != NULL; i++) {
		if (plugin->params[i].unread) {
			param_read_ack(node, plugin, &plugin->params[i], now_ns);
		}
	}
}

bool node_expect_acks(struct node *node, int64_t now_ns)
{
	node->ack_delay_ns = NODE_ACK_POLL_NS_MIN;
	if (now_ns + node->ack_delay_ns < node->ack_due_ns) {
		node->ack_due_ns = now_ns + node->ack_delay_ns;
	}
	return node->ack_due_ns < node->armed_ns;
}

static enum node_param_status param_status(const struct plugin *plugin, const struct param *param)
{
	if (param->failed) {
		return NODE_PARAM_FAILED;
	}
	if (param->page_revision == 0) {
		return NODE_PARAM_UNSET;
	}
	if (param->failure_revision == param->page_revision) {
		return NODE_PARAM_FAILED;
	}
	if (!param->unread) {
		return NODE_PARAM_APPLIED;
	}
	if (!plugin->live || param->awaits_restart) {
		return NODE_PARAM_PENDING;
	}
	return param->timed_out ? NODE_PARAM_TIMEOUT : NODE_PARAM_APPLYING;
}

static void lease_describe(const struct lease *lease, int64_t now_ns, struct node_param *out)
{
	out->lease_id = lease->id;
	out->lease_owner = lease->owner;
	out->lease_ttl_ms = lease_left_ms(lease, now_ns);
	out->lease_priority = lease->terms.priority;
	out->lease_epoch = lease->epoch;
	out->preempt_ms = lease_preempt_ms(lease, now_ns);
	out->preempt_by = lease->preempt_by;
}

static void back_describe(const struct kept_back *back, int64_t now_ns, struct node_param *out)
{
	int64_t left_ns = back->expires_ns - now_ns;

	out->value_ttl_ms = left_ns <= 0 ? 1 : (uint64_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
	out->has_back = back->has_value;
	out->back = back->value;
}

void param_describe(const struct node *node, const struct plugin *plugin, const struct param *param,
		    int64_t now_ns, struct node_param *out)
{
	const struct kept *kept = record_kept(plugin->record, param->name);
	bool set = kept != NULL && kept->set;

	*out = (struct node_param){
		.plugin = plugin->instance,
		.name = param->name,
		.unit = param->unit,
		.help = param->help,
		.type = param->rules.type,
		.live = plugin->live,
		.initial = param->rules.initial,
		.has_range = param->rules.has_range,
		.min = param->rules.min,
		.max = param->rules.max,
		.step = param->rules.step,
		.choices = param->rules.choices,
		.choice_count = param->rules.choice_count,
		.desired = set ? kept->value : param->rules.initial,
		.revision = set ? kept->revision : 0,
		.effective = param->effective,
		.effective_revision = param->effective_revision,
		.status = param_status(plugin, param),
		.actor = set ? kept->actor : "",
		.set_unix_ns = set ? kept->set_unix_ns : 0,
		.lease_owner = "",
		.failure_revision = param->failure_revision,
		.failure_value = param->failure_value,
		.failure_reason = param->failure_reason == NULL ? "" : param->failure_reason,
		.failure_unix_ns = param->failure_unix_ns,
		.preempt_by = "",
		.read_only = param->read_only,
		.restart_required = param->restart_required,
		.ack_timeout_ms = param->ack_timeout_ms,
		.last_refused = attempts_find(&node->attempts, plugin->instance, param->name),
		.plugin_revision = plugin->record == NULL ? 0 : plugin->record->revision,
	};
	if (param->lease != NULL) {
		lease_describe(param->lease, now_ns, out);
	}
	if (set && kept->back.expires_ns != 0) {
		back_describe(&kept->back, now_ns, out);
	}
}

void node_notify_param(struct node *node, const struct plugin *plugin, const struct param *param)
{
	struct node_param described;

	param_describe(node, plugin, param, node_now_ns(), &described);
	for (size_t i = 0; i < node->listener_count; i++) {
		if (node->listeners[i].param_changed != NULL) {
			node->listeners[i].param_changed(&described, node->listeners[i].arg);
		}
	}
}

void node_notify_ended(struct node *node, const struct plugin *plugin)
{
	uint64_t revision = plugin->record == NULL ? 0 : plugin->record->revision;

	for (size_t i = 0; i < node->listener_count; i++) {
		if (node->listeners[i].plugin_ended != NULL) {
			node->listeners[i].plugin_ended(plugin->instance, revision,
							node->listeners[i].arg);
		}
	}
}
