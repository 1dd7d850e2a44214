#include "session.h"

#include "verdict.h"

#include "page/labels.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

static void metric_check(const struct plugin *plugin, const Fast__V1__DeclareMetric *declare,
			 struct verdict *verdict)
{
	const Fast__V1__MetricSpec *spec = declare->spec;
	enum fast_metric_kind kind = (enum fast_metric_kind)spec->kind;
	size_t bytes = sizeof verdict->reason;

	verdict_texts(verdict, "metric", spec->name, spec->unit, spec->help);
	if (verdict->status == FAST_OK) {
		verdict->status =
			fast_labels_check(spec->name, spec->labels, verdict->reason, bytes);
	}
	if (verdict->status == FAST_OK && kind == FAST_METRIC_STATESET) {
		verdict->status =
			fast_states_check(spec->name, spec->states, verdict->reason, bytes);
	}
	if (verdict->status != FAST_OK) {
		return;
	}
	if (fast_page_cell_bytes(kind) == 0) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "metric \"%s\": kind %d is not known; use 1 to 7", spec->name,
			       (int)spec->kind);
	} else if (!fast_page_view_cell_valid(plugin->view, kind, declare->cell_offset)) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT,
			       "metric \"%s\": no cell of %u bytes can lie at %u; it must be a "
			       "multiple of 64 within region B, after the acknowledgements",
			       spec->name, fast_page_cell_bytes(kind), declare->cell_offset);
	} else if (plugin->metric_count >= FAST_PLUGIN_METRICS_MAX + FAST_METRICS_RESERVED) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "metric \"%s\": a plugin has at most %d metrics", spec->name,
			       FAST_PLUGIN_METRICS_MAX);
	}
}

/* What a series is called: its name, and its labels in braces. */
static void series_name(const Fast__V1__MetricSpec *spec, char out[FAST_SERIES_NAME_BYTES_MAX + 1])
{
	bool labelled = spec->labels[0] != '\0';

	(void)snprintf(out, FAST_SERIES_NAME_BYTES_MAX + 1, "%s%s%s%s", spec->name,
		       labelled ? "{" : "", spec->labels, labelled ? "}" : "");
}

/* Copies the declaration's texts. False: no memory. */
static bool metric_name(struct metric *metric, const Fast__V1__MetricSpec *spec)
{
	char name[FAST_SERIES_NAME_BYTES_MAX + 1];

	series_name(spec, name);
	metric->name = strdup(name);
	metric->base_bytes = strlen(spec->name);
	(void)snprintf(metric->unit, sizeof metric->unit, "%s", spec->unit);
	metric->help = strdup(spec->help);
	metric->labels = spec->labels[0] == '\0' ? NULL : strdup(spec->labels);
	metric->states = spec->states[0] == '\0' ? NULL : strdup(spec->states);
	return metric->name != NULL && metric->help != NULL &&
	       (metric->labels != NULL || spec->labels[0] == '\0') &&
	       (metric->states != NULL || spec->states[0] == '\0');
}

/* Counts since the plugin opened, unless the metric came later or was known before. */
static void metric_date(const struct plugin *plugin, struct metric *metric)
{
	int64_t now_ns = node_now_ns();
	const struct metric *before =
		plugin->previous == NULL ? NULL : plugin_metric(plugin->previous, metric->name);
	struct series *series = &metric->series;

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

/* charged: at its user's cost, who must have that left. */
static enum fast_status metric_add(struct node *node, struct plugin *plugin,
				   const Fast__V1__MetricSpec *spec, uint32_t cell_offset,
				   bool charged)
{
	enum fast_metric_kind kind = (enum fast_metric_kind)spec->kind;
	struct metric *metric = plugin_metric_room(plugin);

	if (metric == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (!metric_name(metric, spec) ||
	    (charged && !metric_charge(plugin, metric,
				       sizeof *metric + strlen(metric->name) +
					       series_bytes(kind, node->tick_ms))) ||
	    series_init(&metric->series, kind, node->tick_ms, 0, 0) != FAST_OK) {
		metric_fini(metric, plugin);
		return FAST_RESOURCE_EXHAUSTED;
	}
	metric->series.cell_offset = cell_offset;
	metric_date(plugin, metric);
	if (metric->store_id == 0) {
		metric->store_id = store_series_id_next(node->store);
	}
	plugin->metric_count++;
	return FAST_OK;
}

/* The metric has exemplars from now on, or had them before. */
static void exemplars_declare(struct plugin *plugin, struct metric *metric, uint32_t offset,
			      struct verdict *verdict)
{
	enum fast_metric_kind kind = metric->series.kind;

	if (metric->exemplars != NULL && exemplars_offset(metric->exemplars) != offset) {
		verdict_refuse(verdict, FAST_ALREADY_EXISTS,
			       "metric \"%s\" has its exemplars elsewhere already", metric->name);
	} else if (!fast_page_view_exemplars_valid(plugin->view, kind, offset)) {
		verdict_refuse(
			verdict, FAST_INVALID_ARGUMENT,
			"metric \"%s\": no %u bytes of exemplars can lie at %u; it must be a "
			"multiple of 64 within region B, after the acknowledgements, and not "
			"of a gauge, info or stateset",
			metric->name, fast_page_exemplars_bytes(kind), offset);
	} else if (metric->exemplars == NULL) {
		metric->exemplars = exemplars_new(kind, offset, &plugin->series_budget);
		plugin->has_exemplars = true;
		if (metric->exemplars == NULL) {
			verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
				       "metric \"%s\": fastd has no memory left for exemplars of "
				       "user %u",
				       metric->name, plugin->uid);
		}
	}
}

/* The plugin's series for what has no room, made when there is none yet. It costs the user nothing,
 * for there is one of each kind at most. NULL: the kind has none, or no memory. */
static struct metric *overflow_obtain(struct node *node, struct plugin *plugin,
				      enum fast_metric_kind kind, uint32_t cell_offset)
{
	Fast__V1__MetricSpec spec = FAST__V1__METRIC_SPEC__INIT;
	char name[FAST_SERIES_NAME_BYTES_MAX + 1];
	struct metric *metric;

	spec.name = (char *)overflow_name(kind);
	if (spec.name == NULL) {
		return NULL;
	}
	spec.kind = (Fast__V1__MetricKind)kind; /* the numbers are the same */
	spec.labels = (char *)FAST_LABELS_OVERFLOW;
	spec.unit = (char *)(kind == FAST_METRIC_TIMER ? "s" : "");
	spec.help = (char *)"What metrics counted for which there was no room.";
	series_name(&spec, name);
	metric = plugin_metric(plugin, name);
	if (metric == NULL && metric_add(node, plugin, &spec, cell_offset, false) == FAST_OK) {
		metric = plugin_metric(plugin, name);
	}
	return metric != NULL && metric->series.kind == kind ? metric : NULL;
}

/* Whether it is the series that would take what there is no room for. */
static bool is_overflow(const Fast__V1__MetricSpec *spec)
{
	const char *name = overflow_name((enum fast_metric_kind)spec->kind);

	return name != NULL && strcmp(spec->name, name) == 0 &&
	       strcmp(spec->labels, FAST_LABELS_OVERFLOW) == 0;
}

/* Folds a metric for which there is no room. The series may be one of the plugin's own, which has a
 * cell of its own. False: there is no room for that either. */
static bool metric_fold(struct node *node, struct plugin *plugin,
			const Fast__V1__DeclareMetric *declare)
{
	enum fast_metric_kind kind = (enum fast_metric_kind)declare->spec->kind;
	struct metric *metric = overflow_obtain(node, plugin, kind, declare->cell_offset);

	if (metric == NULL || !overflow_add(&plugin->overflow, kind, metric->series.cell_offset)) {
		return false;
	}
	metric->series.overflows = true;
	if (!overflow_add(&plugin->overflow, kind, declare->cell_offset)) {
		return false;
	}
	series_clear(&metric->series, &plugin->sketch_budget); /* what the cell holds is no jump */
	return true;
}

/* What the plugin is told of a metric that was folded; no refusal is counted, for it did nothing
 * wrong. */
static void folded_tell(struct session *session, const Fast__V1__MetricSpec *spec,
			struct verdict *verdict)
{
	Fast__V1__SessionDown packet = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Refused refused = FAST__V1__REFUSED__INIT;
	size_t bytes = strlen(verdict->reason);

	(void)snprintf(verdict->reason + bytes, sizeof verdict->reason - bytes,
		       "; what it counts goes to %s{%s}",
		       overflow_name((enum fast_metric_kind)spec->kind), FAST_LABELS_OVERFLOW);
	refused.code = (uint32_t)verdict->status;
	refused.name = spec->name;
	refused.message = verdict->reason;
	packet.kind_case = FAST__V1__SESSION_DOWN__KIND_REFUSED;
	packet.refused = &refused;
	session_send(session, &packet);
}

/* The same again is the same; what else has the name of the overflow belongs to it. */
static void metric_redeclare(struct node *node, struct plugin *plugin, const struct metric *known,
			     const Fast__V1__DeclareMetric *declare, struct verdict *verdict)
{
	const struct series *series = &known->series;
	bool same = (int)series->kind == (int)declare->spec->kind;

	if (same && series->cell_offset == declare->cell_offset) {
		return;
	}
	if (!same || !series->overflows ||
	    !fast_page_view_cell_valid(plugin->view, series->kind, declare->cell_offset) ||
	    !metric_fold(node, plugin, declare)) {
		verdict_refuse(verdict, FAST_ALREADY_EXISTS,
			       "metric \"%s\" is declared already, with another kind or cell",
			       known->name);
	}
}

/* True: there was no room for it, and it was folded. */
static bool metric_declare(struct node *node, struct plugin *plugin,
			   const Fast__V1__DeclareMetric *declare, struct verdict *verdict)
{
	const Fast__V1__MetricSpec *spec = declare->spec;
	char name[FAST_SERIES_NAME_BYTES_MAX + 1];
	struct metric *known;

	series_name(spec, name);
	known = plugin_metric(plugin, name);
	if (known != NULL) {
		metric_redeclare(node, plugin, known, declare, verdict);
	} else if (overflow_has(&plugin->overflow, (enum fast_metric_kind)spec->kind,
				declare->cell_offset)) {
		return false; /* it was folded before */
	} else {
		metric_check(plugin, declare, verdict);
	}
	if (known == NULL && verdict->status == FAST_OK &&
	    metric_add(node, plugin, spec, declare->cell_offset, !is_overflow(spec)) != FAST_OK) {
		verdict_refuse(verdict, FAST_RESOURCE_EXHAUSTED,
			       "metric \"%s\": fastd has no memory left for user %u's metrics",
			       spec->name, plugin->uid);
	}
	if (known == NULL && verdict->status == FAST_RESOURCE_EXHAUSTED) {
		return metric_fold(node, plugin, declare);
	}
	if (verdict->status == FAST_OK && declare->exemplars_offset != 0) {
		known = known != NULL ? known : &plugin->metrics[plugin->metric_count - 1];
		exemplars_declare(plugin, known, declare->exemplars_offset, verdict);
	}
	return false;
}

void session_declare_metric(struct session *session, const Fast__V1__DeclareMetric *declare)
{
	struct node *node = session->node;
	struct verdict verdict = {FAST_OK, ""};
	bool folded;

	if (declare->spec == NULL) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "", "DeclareMetric has no spec");
		return;
	}
	node_lock(node);
	folded = metric_declare(node, session->plugin, declare, &verdict);
	session->plugin->series_rejected += verdict.status == FAST_RESOURCE_EXHAUSTED;
	node_unlock(node);
	if (folded) {
		folded_tell(session, declare->spec, &verdict);
	} else if (verdict.status != FAST_OK) {
		session_refuse(session, verdict.status, declare->spec->name, "%s", verdict.reason);
	}
}
