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
	} else if (plugin->metric_count >= FAST_PLUGIN_METRICS_MAX) {
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
	enum fast_metric_kind kind = (enum fast_metric_kind)spec->kind;
	struct metric *metric = plugin_metric_room(plugin);

	if (metric == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (!metric_name(metric, spec) ||
	    !metric_charge(plugin, metric,
			   sizeof *metric + strlen(metric->name) +
				   series_bytes(kind, node->tick_ms)) ||
	    series_init(&metric->series, kind, node->tick_ms, 0, 0) != FAST_OK) {
		metric_fini(metric, plugin);
		return FAST_RESOURCE_EXHAUSTED;
	}
	metric->series.cell_offset = declare->cell_offset;
	metric_date(node, plugin, metric);
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

/* The same again is the same. */
static void metric_redeclare(const struct metric *known, const Fast__V1__DeclareMetric *declare,
			     struct verdict *verdict)
{
	if ((int)known->series.kind != (int)declare->spec->kind ||
	    known->series.cell_offset != declare->cell_offset) {
		verdict_refuse(verdict, FAST_ALREADY_EXISTS,
			       "metric \"%s\" is declared already, with another kind or cell",
			       known->name);
	}
}

static void metric_declare(struct node *node, struct plugin *plugin,
			   const Fast__V1__DeclareMetric *declare, struct verdict *verdict)
{
	char name[FAST_SERIES_NAME_BYTES_MAX + 1];
	struct metric *known;

	series_name(declare->spec, name);
	known = plugin_metric(plugin, name);
	if (known != NULL) {
		metric_redeclare(known, declare, verdict);
	} else {
		metric_check(plugin, declare, verdict);
	}
	if (known == NULL && verdict->status == FAST_OK) {
		if (metric_add(node, plugin, declare) != FAST_OK) {
			verdict_refuse(
				verdict, FAST_RESOURCE_EXHAUSTED,
				"metric \"%s\": fastd has no memory left for user %u's metrics",
				declare->spec->name, plugin->uid);
			return;
		}
		known = &plugin->metrics[plugin->metric_count - 1];
	}
	if (verdict->status == FAST_OK && declare->exemplars_offset != 0) {
		exemplars_declare(plugin, known, declare->exemplars_offset, verdict);
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
	session->plugin->series_rejected += verdict.status == FAST_RESOURCE_EXHAUSTED;
	node_unlock(node);
	if (verdict.status != FAST_OK) {
		session_refuse(session, verdict.status, declare->spec->name, "%s", verdict.reason);
	}
}
