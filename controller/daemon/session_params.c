/* Declarations of params. */
#include "session.h"

#include "apply.h"
#include "param_declare.h"
#include "plugin_save.h"

#include "page/page.h"

#include <stdio.h>
#include <string.h>

static void param_check(const struct plugin *plugin, const Fast__V1__DeclareParam *declare,
			struct verdict *verdict)
{
	const Fast__V1__ParamSpec *spec = declare->spec;

	param_spec_check(spec, verdict);
	if (verdict->status == FAST_OK && !plugin_slot_is_free(plugin, declare->slot)) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "param \"%s\": slot %u is not a free one of 0 to %d", spec->name,
			       declare->slot,
			       FAST_PAGE_PARAMS_MAX * (int)fast_page_view_segments(plugin->view) -
				       1);
	}
}

/* A page that an earlier fastd has written may have been read up to a revision that this one does
 * not know of, when its store was lost: revisions go on from there. */
static void revision_learn(struct node *node, struct plugin *plugin, uint32_t slot)
{
	uint64_t ack = fast_page_view_ack(plugin->view, slot);
	struct record *record;
	bool claimed;

	if (ack == 0 || ack > REGISTRY_REVISION_BELIEVED_MAX) {
		return;
	}
	claimed = registry_record(&node->registry, plugin->instance) == NULL;
	record = registry_record_obtain(&node->registry, plugin->instance);
	if (record != NULL && record->allocated < ack) {
		record->claimed = record->claimed || claimed;
		record->allocated = ack;
		record->revision = ack;
	}
}

static void param_add(struct node *node, struct plugin *plugin,
		      const Fast__V1__DeclareParam *declare, struct verdict *verdict)
{
	const Fast__V1__ParamSpec *spec = declare->spec;
	struct param *param = plugin_param_room(plugin);
	int64_t now_ns = node_now_ns();

	if (param == NULL) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "param \"%s\": fastd has no memory", spec->name);
		return;
	}
	param_declare(param, declare, verdict);
	if (verdict->status != FAST_OK) {
		return;
	}
	param->lease = leases_holder(&node->leases, plugin->instance, param->name);
	plugin->param_count++;
	plugin_unsaved(node, plugin);
	attempts_read(&node->attempts, plugin->instance, param->name, param->rules.type);
	revision_learn(node, plugin, param->slot);
	param_apply(plugin, param, now_ns);
	param->declared = true;
	/* What was set while fastd was away from a process that has gone on. */
	param->awaits_restart =
		param->restart_required && plugin->reattached &&
		fast_page_view_ack(plugin->view, param->slot) < param->page_revision;
	if (param->failed) {
		node_note(node, FAST_LOG_WARNING,
			  "plugin %s: the kept value of %s is not allowed by its new declaration",
			  plugin->instance, param->name);
	}
	plugin_unhold(plugin, now_ns);
	plugin_commit(plugin);
	plugin_read_acks(node, plugin, now_ns);
	node_notify_param(node, plugin, param);
	if (plugin_enforce_bounds(node, plugin, "fastd") != FAST_OK) {
		node->unbounded = true;
	}
}

void session_declare_param(struct session *session, const Fast__V1__DeclareParam *declare)
{
	struct node *node = session->node;
	struct verdict verdict = {FAST_OK, ""};
	const struct param *known;

	if (declare->spec == NULL) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "", "DeclareParam has no spec");
		return;
	}
	node_lock(node);
	known = plugin_param(session->plugin, declare->spec->name);
	if (known == NULL) {
		param_check(session->plugin, declare, &verdict);
		if (verdict.status == FAST_OK) {
			param_add(node, session->plugin, declare, &verdict);
		}
	} else if (!param_is_declared_so(known, declare)) {
		verdict_refuse(&verdict, FAST_ALREADY_EXISTS,
			       "param \"%s\" is declared already, with another declaration or slot",
			       known->name);
	}
	node_unlock(node);
	if (verdict.status != FAST_OK) {
		session_refuse(session, verdict.status, declare->spec->name, "%s", verdict.reason);
	}
}
