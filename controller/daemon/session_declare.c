#include "session.h"

#include "apply.h"

#include "page/names.h"
#include "page/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

/* Why a declaration is refused; FAST_OK: it is not. */
struct verdict {
	enum fast_status status;
	char reason[NODE_TEXT_BYTES_MAX];
};

FAST_PRINTF(3, 4)
static void verdict_refuse(struct verdict *verdict, enum fast_status status, const char *format,
			   ...)
{
	va_list args;

	verdict->status = status;
	va_start(args, format);
	(void)vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
	va_end(args);
}

static void texts_check(const char *what, const char *name, const char *unit, const char *help,
			struct verdict *verdict)
{
	char *reason = verdict->reason;
	size_t bytes = sizeof verdict->reason;

	verdict->status = fast_name_check(what, name, FAST_METRIC_NAME_BYTES_MAX, reason, bytes);
	if (verdict->status == FAST_OK) {
		verdict->status = fast_unit_check(what, name, unit, reason, bytes);
	}
	if (verdict->status == FAST_OK) {
		verdict->status = fast_text_check(what, name, "help", help,
						  FAST_METRIC_HELP_BYTES_MAX, reason, bytes);
	}
}

/* ---- metrics ---- */

static void metric_check(const struct plugin *plugin, const Fast__V1__DeclareMetric *declare,
			 struct verdict *verdict)
{
	const Fast__V1__MetricSpec *spec = declare->spec;
	enum fast_metric_kind kind = (enum fast_metric_kind)spec->kind;

	texts_check("metric", spec->name, spec->unit, spec->help, verdict);
	if (verdict->status != FAST_OK) {
		return;
	}
	if (fast_page_cell_bytes(kind) == 0) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "metric \"%s\": kind %d is not known; use 1 to 5", spec->name,
			       (int)spec->kind);
	} else if (!fast_page_view_cell_valid(plugin->view, kind, declare->cell_offset)) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "metric \"%s\": no cell of %u bytes can lie at %u; it must be a "
			       "multiple of 64 within region B, after the acknowledgements",
			       spec->name, fast_page_cell_bytes(kind), declare->cell_offset);
	} else if (plugin->metric_count >= FAST_PLUGIN_METRICS_MAX) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "metric \"%s\": a plugin has at most %d metrics", spec->name,
			       FAST_PLUGIN_METRICS_MAX);
	}
}

/* Counts since the plugin opened, unless the metric came later or was known before. */
static void metric_date(const struct node *node, const struct plugin *plugin, struct metric *metric)
{
	int64_t now_ns = node_now_ns();
	const struct metric *before =
		plugin->previous == NULL ? NULL : plugin_metric(plugin->previous, metric->name);
	struct series *series = &metric->series;

	(void)node;
	series->created_ns = plugin->open_ns;
	series->created_unix_ns = plugin->open_unix_ns;
	if (now_ns - plugin->session_ns > NODE_LATE_METRIC_MS * NS_PER_MS) {
		series->created_ns = now_ns;
		series->created_unix_ns = node_now_unix_ns();
	}
	if (before != NULL && before->series.kind == series->kind) {
		series->created_ns = before->series.created_ns;
		series->created_unix_ns = before->series.created_unix_ns;
		metric->store_id = before->store_id;
	}
}

static enum fast_status metric_add(struct node *node, struct plugin *plugin,
				   const Fast__V1__DeclareMetric *declare)
{
	const Fast__V1__MetricSpec *spec = declare->spec;
	struct metric *metric = plugin_metric_room(plugin);

	if (metric == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	(void)snprintf(metric->name, sizeof metric->name, "%s", spec->name);
	(void)snprintf(metric->unit, sizeof metric->unit, "%s", spec->unit);
	metric->help = strdup(spec->help);
	metric->cell_offset = declare->cell_offset;
	if (metric->help == NULL || series_init(&metric->series, (enum fast_metric_kind)spec->kind,
						node->tick_ms, 0, 0) != FAST_OK) {
		metric_fini(metric, &node->registry.budget);
		return FAST_RESOURCE_EXHAUSTED;
	}
	metric_date(node, plugin, metric);
	if (metric->store_id == 0) {
		metric->store_id = store_series_id_next(node->store);
	}
	plugin->metric_count++;
	return FAST_OK;
}

static void metric_declare(struct node *node, struct plugin *plugin,
			   const Fast__V1__DeclareMetric *declare, struct verdict *verdict)
{
	const struct metric *known = plugin_metric(plugin, declare->spec->name);

	if (known != NULL) { /* the same again is the same */
		if ((int)known->series.kind != (int)declare->spec->kind ||
		    known->cell_offset != declare->cell_offset) {
			verdict_refuse(verdict, FAST_ALREADY_EXISTS,
				       "metric \"%s\" is declared already, with another kind or "
				       "cell",
				       known->name);
		}
		return;
	}
	metric_check(plugin, declare, verdict);
	if (verdict->status == FAST_OK && metric_add(node, plugin, declare) != FAST_OK) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "metric \"%s\": fastd has no memory", declare->spec->name);
	}
}

void session_declare_metric(struct session *session, const Fast__V1__DeclareMetric *declare)
{
	struct node *node = session->node;
	struct verdict verdict = {FAST_OK, ""};

	if (declare->spec == NULL) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "", "DeclareMetric has no spec");
		return;
	}
	node_lock(node);
	metric_declare(node, session->plugin, declare, &verdict);
	node_unlock(node);
	if (verdict.status != FAST_OK) {
		session_refuse(session, verdict.status, declare->spec->name, "%s", verdict.reason);
	}
}

/* ---- params ---- */

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

	texts_check("param", spec->name, spec->unit, spec->help, verdict);
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
	param->effective = param->rules.initial;
	param->lease = leases_holder(&node->leases, plugin->instance, param->name);
	plugin->param_count++;
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
	       known->restart_required == !!spec->restart_required;
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
