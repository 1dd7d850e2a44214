/* Declarations of params. */
#include "session.h"

#include "apply.h"
#include "verdict.h"

#include "page/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False: no value. A text that is too long is told from one that fits by its length. */
static bool value_take(enum fast_param_type type, const Fast__V1__ParamValue *from,
		       struct fast_page_value *out)
{
	*out = (struct fast_page_value){.type = type};
	if (from == NULL) {
		return false;
	}
	switch (from->kind_case) {
	case FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE:
		out->type = FAST_PARAM_BOOL;
		out->u.boolean = from->bool_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_INT_VALUE:
		out->type = FAST_PARAM_INT;
		out->u.integer = from->int_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE:
		out->type = FAST_PARAM_DOUBLE;
		out->u.number = from->double_value;
		return true;
	case FAST__V1__PARAM_VALUE__KIND_STRING_VALUE:
		out->type = FAST_PARAM_STRING;
		(void)snprintf(out->string, sizeof out->string, "%s", from->string_value);
		return strlen(from->string_value) < sizeof out->string;
	case FAST__V1__PARAM_VALUE__KIND__NOT_SET:
	case _FAST__V1__PARAM_VALUE__KIND__CASE_IS_INT_SIZE:
		break;
	}
	return false;
}

/* Copies the declaration into param. */
static void rules_take(const Fast__V1__ParamSpec *spec, struct param_rules *rules,
		       struct verdict *verdict)
{
	bool whole;

	rules->type = (enum fast_param_type)spec->type;
	whole = value_take(rules->type, spec->initial, &rules->initial);
	if (spec->range != NULL) {
		rules->has_range = true;
		rules->min = spec->range->min;
		rules->max = spec->range->max;
		rules->step = spec->range->step;
	}
	if (spec->n_choices > FAST_PARAM_CHOICES_MAX) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "param \"%s\": %zu choices; at most %d", spec->name, spec->n_choices,
			       FAST_PARAM_CHOICES_MAX);
		return;
	}
	if (spec->n_choices > 0) {
		rules->choices = calloc(spec->n_choices, sizeof *rules->choices);
		if (rules->choices == NULL) {
			verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
				       "param \"%s\": fastd has no memory", spec->name);
			return;
		}
	}
	for (size_t i = 0; i < spec->n_choices; i++) {
		whole = whole && value_take(rules->type, spec->choices[i], &rules->choices[i]);
		rules->choice_count++;
	}
	if (!whole) {
		verdict_refuse(
			verdict, FAST_INVALID_ARGUMENT,
			"param \"%s\": its initial value or a choice is missing, or a string "
			"longer than %d bytes",
			spec->name, FAST_PARAM_STRING_BYTES_MAX);
		return;
	}
	verdict->status =
		param_rules_check(rules, spec->name, verdict->reason, sizeof verdict->reason);
}

static void param_check(const struct plugin *plugin, const Fast__V1__DeclareParam *declare,
			struct verdict *verdict)
{
	const Fast__V1__ParamSpec *spec = declare->spec;

	verdict_texts(verdict, "param", spec->name, spec->unit, spec->help);
	if (verdict->status == FAST_OK && spec->ack_timeout_ms > FAST_PARAM_ACK_TIMEOUT_MS_MAX) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "param \"%s\": ack_timeout_ms is %u; give at most %d", spec->name,
			       spec->ack_timeout_ms, FAST_PARAM_ACK_TIMEOUT_MS_MAX);
	}
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
	rules_take(spec, &param->rules, verdict);
	param->help = strdup(spec->help);
	if (verdict->status == FAST_OK && param->help == NULL) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "param \"%s\": fastd has no memory", spec->name);
	}
	if (verdict->status != FAST_OK) {
		param_fini(param);
		return;
	}
	(void)snprintf(param->name, sizeof param->name, "%s", spec->name);
	(void)snprintf(param->unit, sizeof param->unit, "%s", spec->unit);
	param->slot = declare->slot;
	param->read_only = spec->read_only;
	param->restart_required = spec->restart_required;
	param->ack_timeout_ms = spec->ack_timeout_ms;
	param->effective = param->rules.initial;
	param->lease = leases_holder(&node->leases, plugin->instance, param->name);
	plugin->param_count++;
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

/* Whether the same declaration is there already. One that makes no sense is not. */
static bool param_is_same(const struct param *known, const Fast__V1__DeclareParam *declare)
{
	const Fast__V1__ParamSpec *spec = declare->spec;
	struct param_rules rules = {0};
	struct verdict verdict = {FAST_OK, ""};
	bool same;

	rules_take(spec, &rules, &verdict);
	same = verdict.status == FAST_OK && known->slot == declare->slot &&
	       param_rules_equal(&known->rules, &rules) && strcmp(known->unit, spec->unit) == 0 &&
	       strcmp(known->help, spec->help) == 0 && known->read_only == !!spec->read_only &&
	       known->restart_required == !!spec->restart_required &&
	       known->ack_timeout_ms == spec->ack_timeout_ms;
	free(rules.choices);
	return same;
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
	} else if (!param_is_same(known, declare)) {
		verdict_refuse(&verdict, FAST_ALREADY_EXISTS,
			       "param \"%s\" is declared already, with another declaration or slot",
			       known->name);
	}
	node_unlock(node);
	if (verdict.status != FAST_OK) {
		session_refuse(session, verdict.status, declare->spec->name, "%s", verdict.reason);
	}
}
