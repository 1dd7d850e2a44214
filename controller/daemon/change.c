#include "change.h"

#include "plugin_save.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS    INT64_C(1000000)
#define OPS_PER_ITEM 2 /* the value and its audit entry */

struct change *change_new(struct node *node, const char *instance, const char *actor,
			  size_t items_max, size_t ops_more)
{
	struct change *change = malloc(sizeof *change + items_max * sizeof change->items[0]);

	if (change == NULL) {
		return NULL;
	}
	*change = (struct change){
		.node = node,
		.capacity = items_max,
		.time_unix_ns = node_now_unix_ns(),
	};
	(void)snprintf(change->actor, sizeof change->actor, "%s", actor);
	(void)snprintf(change->instance, sizeof change->instance, "%s", instance);
	change->job = store_job_new(OPS_PER_ITEM * items_max + 1 + ops_more, NULL, NULL);
	if (change->job == NULL) {
		free(change);
		return NULL;
	}
	return change;
}

void change_free(struct change *change)
{
	if (change == NULL) {
		return;
	}
	store_job_free(change->job);
	free(change->payload);
	free(change);
}

enum fast_status change_refuse(struct change *change, enum fast_status status, const char *format,
			       ...)
{
	va_list args;

	change->result.status = status;
	va_start(args, format);
	(void)vsnprintf(change->result.text, sizeof change->result.text, format, args);
	va_end(args);
	return status;
}

void change_finish(struct change *change)
{
	if (change->done != NULL) {
		change->done(&change->result, change->arg);
	}
	change_free(change);
}

static void value_copy(const struct fast_page_value *value, char *out, size_t out_bytes)
{
	out[0] = '\0';
	if (value != NULL) {
		(void)node_value_text(value, out, out_bytes);
	}
}

void change_audit(struct change *change, const char *verb, const char *param,
		  const struct fast_page_value *old, const struct fast_page_value *new_value,
		  const char *result)
{
	struct store_audit *audit = &store_job_add(change->job, STORE_PUT_AUDIT)->u.audit;

	audit->time_unix_ns = change->time_unix_ns;
	audit->revision = change->revision;
	audit->lease_id = change->lease_id;
	(void)snprintf(audit->actor, sizeof audit->actor, "%s", change->actor);
	(void)snprintf(audit->verb, sizeof audit->verb, "%s", verb);
	(void)snprintf(audit->instance, sizeof audit->instance, "%s", change->instance);
	(void)snprintf(audit->param, sizeof audit->param, "%s", param);
	(void)snprintf(audit->result, sizeof audit->result, "%s", result);
	value_copy(old, audit->old_value, sizeof audit->old_value);
	value_copy(new_value, audit->new_value, sizeof audit->new_value);
}

void change_failed(struct change *change, const char *verb, const char *param,
		   const struct fast_page_value *value, const char *reason)
{
	struct node_attempt attempt = {.value = *value, .time_unix_ns = change->time_unix_ns};

	(void)snprintf(attempt.actor, sizeof attempt.actor, "%s", change->actor);
	(void)snprintf(attempt.reason, sizeof attempt.reason, "%s", reason);
	attempts_note(&change->node->attempts, change->instance, param, &attempt);
	change_audit(change, verb, param, NULL, value, reason);
}

void change_log(struct change *change)
{
	if (change->job->count > 0 && store_push(change->node->store, change->job) == FAST_OK) {
		change->job = NULL;
	}
	change_free(change);
}

/* The change's revision, given out once. */
static enum fast_status revision_obtain(struct change *change)
{
	struct store_revision *revision;

	if (change->record != NULL) {
		return FAST_OK;
	}
	change->record = registry_record_obtain(&change->node->registry, change->instance);
	if (change->record == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	change->revision = ++change->record->allocated;
	change->record->pending++;
	revision = &store_job_add(change->job, STORE_PUT_REVISION)->u.revision;
	(void)snprintf(revision->instance, sizeof revision->instance, "%s", change->instance);
	revision->revision = change->revision;
	return FAST_OK;
}

static void value_put(struct change *change, const struct change_item *item)
{
	struct store_param *param =
		&store_job_add(change->job, item->forget ? STORE_FORGET_PARAM : STORE_PUT_PARAM)
			 ->u.param;

	(void)snprintf(param->instance, sizeof param->instance, "%s", change->instance);
	(void)snprintf(param->param, sizeof param->param, "%s", item->param);
	(void)snprintf(param->actor, sizeof param->actor, "%s", change->actor);
	param->value = item->value;
	param->revision = change->revision;
	param->time_unix_ns = change->time_unix_ns;
	param->expires_unix_ns = item->back.expires_unix_ns;
	param->has_back = item->back.has_value;
	param->back = item->back.value;
}

/* Where a value that does not stay goes: to what is there now, or to where that would have gone. */
static struct kept_back back_of(const struct change *change, const char *param)
{
	const struct kept_back *before = record_newest_back(change->record, param);
	const struct fast_page_value *newest = record_newest(change->record, param);
	const int64_t ttl_ns = (int64_t)change->value_ttl_ms * NS_PER_MS;
	struct kept_back back = {0};

	if (change->keeps_back && before != NULL) {
		return *before;
	}
	if (change->value_ttl_ms == 0) {
		return back;
	}
	if (before != NULL && !change->back_to_default) {
		back = *before;
	} else if (newest != NULL && !change->back_to_default) {
		back.has_value = true;
		back.value = *newest;
	}
	back.expires_ns = node_now_ns() + ttl_ns;
	back.expires_unix_ns = change->time_unix_ns + ttl_ns;
	return back;
}

/* What stands in the audit log as the old value: the initial one, when nobody has set it. */
static const struct fast_page_value *old_value(const struct change *change, const char *param)
{
	const struct fast_page_value *newest = record_newest(change->record, param);
	const struct plugin *plugin = registry_find(&change->node->registry, change->instance);
	const struct param *declared = plugin == NULL ? NULL : plugin_param(plugin, param);

	if (newest == NULL && declared != NULL) {
		return &declared->rules.initial;
	}
	return newest;
}

enum fast_status change_item_add(struct change *change, const char *verb, const char *param,
				 const struct fast_page_value *value)
{
	struct change_item *item = &change->items[change->count];
	struct kept *kept;

	assert(change->count < change->capacity);
	if (revision_obtain(change) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	kept = record_kept_obtain(change->record, param);
	if (kept == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	*item = (struct change_item){.forget = value == NULL,
				     .forget_before = kept->accepted_forget,
				     .value_before = kept->accepted,
				     .back_before = kept->accepted_back};
	(void)snprintf(item->param, sizeof item->param, "%s", param);
	if (value != NULL) {
		item->value = *value;
		item->back = back_of(change, param);
	}
	value_put(change, item);
	change_audit(change, verb, param, old_value(change, param), value, "ok");
	kept->pending++;
	kept->accepted_forget = item->forget;
	kept->accepted = item->value;
	kept->accepted_back = item->back;
	change->count++;
	return FAST_OK;
}

static void item_settle(struct change *change, const struct change_item *item, bool good)
{
	struct kept *kept = record_kept(change->record, item->param);

	assert(kept != NULL && kept->pending > 0);
	kept->pending--;
	if (good) {
		kept->set = !item->forget;
		kept->value = item->value;
		kept->back = item->back;
		kept->revision = change->revision;
		kept->set_unix_ns = change->time_unix_ns;
		(void)snprintf(kept->actor, sizeof kept->actor, "%s", change->actor);
	}
	if (!kept->set && kept->pending == 0) {
		record_kept_forget(change->record, item->param);
	}
}

/* The records take the change, or forget it. */
static void change_settle(struct change *change, bool good)
{
	if (change->record == NULL) {
		return;
	}
	for (size_t i = 0; i < change->count; i++) {
		item_settle(change, &change->items[i], good);
	}
	change->record->pending--;
	change->record->claimed = change->record->claimed && !good;
	if (good && change->record->revision < change->revision) {
		change->record->revision = change->revision;
	}
}

void change_undo(struct change *change)
{
	for (size_t i = change->count; i-- > 0;) {
		const struct change_item *item = &change->items[i];
		struct kept *kept = record_kept(change->record, item->param);

		kept->accepted_forget = item->forget_before;
		kept->accepted = item->value_before;
		kept->accepted_back = item->back_before;
	}
	change_settle(change, false);
	change->record = NULL;
	change->count = 0;
}

/* Puts what was committed into the page. True: the loop is to be woken. */
static bool change_apply(struct change *change, int64_t now_ns)
{
	struct node *node = change->node;
	struct plugin *plugin = registry_find(&node->registry, change->instance);

	for (size_t i = 0; i < change->count; i++) {
		int64_t expires_ns = change->items[i].back.expires_ns;

		if (expires_ns != 0 && expires_ns < node->expiry_ns) {
			node->expiry_ns = expires_ns;
		}
	}
	if (plugin == NULL || change->count == 0) {
		return node->expiry_ns < node->armed_ns;
	}
	plugin_read_acks(node, plugin, now_ns); /* of what is about to be replaced */
	for (size_t i = 0; i < change->count; i++) {
		struct param *param = plugin_param(plugin, change->items[i].param);
		if (param != NULL) {
			param_apply(plugin, param, now_ns);
		}
	}
	plugin_commit(plugin);
	for (size_t i = 0; i < change->count; i++) {
		const struct param *param = plugin_param(plugin, change->items[i].param);
		if (param != NULL) {
			param_gone_back(plugin, param, change->revision);
			node_notify_param(node, plugin, param);
		}
	}
	return (plugin->live && node_expect_acks(node, now_ns)) || node->expiry_ns < node->armed_ns;
}

/* Tells listeners whose knobs a lease has or had. */
static void lease_notify(struct node *node, const struct lease *lease)
{
	const struct plugin *plugin = registry_find(&node->registry, lease->instance);

	for (size_t i = 0; i < lease->count && plugin != NULL; i++) {
		const struct param *param = plugin_param(plugin, lease->params[i].name);
		if (param != NULL) {
			node_notify_param(node, plugin, param);
		}
	}
}

/* The claim holds from now on, or never did. */
static void claim_settle(struct change *change, bool good, int64_t now_ns)
{
	struct node *node = change->node;
	struct lease *lease = change->claimed;

	if (change->continued) {
		lease = leases_find(&node->leases, change->lease_id);
		if (good && lease != NULL) { /* it may have ended meanwhile */
			lease_notify(node, lease);
		} else if (lease != NULL) {
			lease_restore(lease, change->payload);
		}
		return;
	}
	if (good) {
		lease_renew(lease, now_ns);
		lease_notify(node, lease);
		return;
	}
	leases_remove(&node->leases, lease);
	lease_unlink(node, lease);
	lease_free(lease);
}

static void change_committed(enum fast_status status, const char *error, void *arg)
{
	struct change *change = arg;
	struct node *node = change->node;
	int64_t now_ns = node_now_ns();
	bool good = status == FAST_OK || change->applies_anyway;
	bool wake = change->claimed != NULL;

	if (!good) {
		(void)change_refuse(change, status, "not done: %s", error);
	}
	node_lock(node);
	change_settle(change, good);
	if (good) {
		wake = change_apply(change, now_ns) || wake;
	}
	if (change->claimed != NULL) {
		claim_settle(change, good, now_ns);
	}
	if (change->settled != NULL) {
		change->settled(change, good);
	}
	node_unlock(node);
	if (wake) {
		loop_wake(node);
	}
	change_finish(change);
}

enum fast_status change_push(struct change *change)
{
	struct store_job *job = change->job;
	enum fast_status status;

	if (change->node->unsaved) { /* whose knobs are turned is known, whatever comes */
		struct plugin *plugin = registry_find(&change->node->registry, change->instance);

		if (plugin != NULL) {
			plugin_save(change->node, plugin);
		}
	}
	job->done = change_committed;
	job->arg = change;
	change->job = NULL;
	status = store_push(change->node->store, job);
	if (status != FAST_OK) {
		change->job = job;
		change_undo(change);
		return change_refuse(change, status,
				     "too many changes wait for the store; try again");
	}
	return FAST_OK;
}
