#include <fast/metric.h>

#include "page/view.h"
#include "plugin_impl.h"

#include <fast/log.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[FAST_METRIC_UNDECLARED] = "undeclared",
	[FAST_METRIC_COUNTER] = "counter",
	[FAST_METRIC_GAUGE] = "gauge",
	[FAST_METRIC_HISTOGRAM] = "histogram",
	[FAST_METRIC_TIMER] = "timer",
	[FAST_METRIC_HEARTBEAT] = "heartbeat",
	[FAST_METRIC_INFO] = "info",
	[FAST_METRIC_STATESET] = "stateset",
};
#define KIND_COUNT (sizeof kind_names / sizeof kind_names[0])
/* Of the first version of the spec. */
#define SPEC_BYTES_MIN offsetof(struct fast_metric_spec, states)

/* reason holds FAST_REASON_BYTES. */
FAST_PRINTF(3, 4)
static enum fast_status refuse(char *reason, enum fast_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, FAST_REASON_BYTES, format, args);
	va_end(args);
	return status;
}

/* The states of a stateset, as text; no other kind has any. */
static enum fast_status states_check(const struct fast_metric_spec *spec,
				     struct metric_info *scratch, char *reason)
{
	size_t count = spec->size >= sizeof *spec ? spec->state_count : 0;

	if (spec->kind != FAST_METRIC_STATESET && count == 0) {
		return FAST_OK;
	}
	if (spec->kind != FAST_METRIC_STATESET) {
		return refuse(reason, FAST_INVALID_ARGUMENT,
			      "metric \"%s\": states on a %s; only a stateset has them", spec->name,
			      kind_names[spec->kind]);
	}
	scratch->state_count = count;
	return fast_states_write(spec->name, spec->states, count, scratch->states, reason,
				 FAST_REASON_BYTES);
}

/* Copies the spec, checked, into scratch, which is no metric yet. */
static enum fast_status spec_check(const struct fast_metric_spec *spec, struct metric_info *scratch,
				   char *reason)
{
	if (spec->size < SPEC_BYTES_MIN) {
		return refuse(reason, FAST_INVALID_ARGUMENT,
			      "metric spec: size is %zu; set it to sizeof(struct fast_metric_spec)",
			      spec->size);
	}

	const char *name = spec->name;
	bool timer = spec->kind == FAST_METRIC_TIMER;
	const char *unit = spec->unit != NULL ? spec->unit : timer ? "s" : "";
	const char *help = spec->help != NULL ? spec->help : "";
	enum fast_status status = fast_name_check("metric", name, FAST_METRIC_NAME_BYTES_MAX,
						  reason, FAST_REASON_BYTES);

	if (status == FAST_OK) {
		status = fast_unit_check("metric", name, unit, reason, FAST_REASON_BYTES);
	}
	if (status == FAST_OK) {
		status = fast_text_check("metric", name, "help", help, FAST_METRIC_HELP_BYTES_MAX,
					 reason, FAST_REASON_BYTES);
	}
	if (status != FAST_OK) {
		return status;
	}
	if ((unsigned int)spec->kind >= KIND_COUNT) {
		return refuse(
			reason, FAST_INVALID_ARGUMENT,
			"metric \"%s\": kind %d does not exist; use one of enum fast_metric_kind",
			name, (int)spec->kind);
	}
	if (timer && strcmp(unit, "s") != 0) {
		return refuse(
			reason, FAST_INVALID_ARGUMENT,
			"metric \"%s\": unit \"%s\" on a timer; a timer counts seconds: leave the "
			"unit out, or use a histogram",
			name, unit);
	}
	(void)snprintf(scratch->name, sizeof scratch->name, "%s", name);
	(void)snprintf(scratch->unit, sizeof scratch->unit, "%s", unit);
	(void)snprintf(scratch->help, sizeof scratch->help, "%s", help);
	return states_check(spec, scratch, reason);
}

struct metric_info *fast_metric_find(const struct fast_plugin *plugin, const char *name,
				     const char *labels)
{
	for (size_t i = 0; i < plugin->metric_count; i++) {
		struct metric_info *metric = plugin->metrics[i];

		if (strcmp(metric->name, name) == 0 && strcmp(metric->labels, labels) == 0) {
			return metric;
		}
	}
	return NULL;
}

enum fast_status fast_metric_obtain(struct fast_plugin *plugin, const struct metric_info *scratch,
				    struct metric_info **out, char *reason)
{
	struct handles *handles = plugin->handles;
	size_t count = plugin->metric_count;

	*out = fast_metric_find(plugin, scratch->name, scratch->labels);
	if (*out != NULL) {
		return FAST_OK;
	}
	if (fast_metrics_are_full(plugin) && !scratch->reserved) {
		return refuse(
			reason, FAST_RESOURCE_EXHAUSTED,
			"metric \"%s\": the plugin has %d metrics already, the most there can be",
			scratch->name, FAST_PLUGIN_METRICS_MAX);
	}
	struct metric_info *metric = malloc(sizeof *metric);
	if (metric == NULL) {
		return refuse(reason, FAST_RESOURCE_EXHAUSTED, "metric \"%s\": no memory",
			      scratch->name);
	}
	*metric = *scratch;
	metric->plugin = plugin;
	metric->handle = &handles->u.wiped.metrics[count];
	handles->infos[count] = metric;
	plugin->metrics[plugin->metric_count++] = metric;
	plugin->reserved_count += metric->reserved;
	*out = metric;
	return FAST_OK;
}

enum fast_status fast_cell_reserve(struct fast_plugin *plugin, uint32_t bytes, uint32_t *offset)
{
	uint32_t segment = (plugin->cells_end - 1) / FAST_PAGE_BYTES;

	*offset = plugin->cells_end;
	if (*offset - segment * FAST_PAGE_BYTES > FAST_PAGE_BYTES - bytes) {
		segment++;
		*offset = segment * FAST_PAGE_BYTES + FAST_PAGE_CELLS_OFFSET;
	}
	if (segment == plugin->segment_count) {
		enum fast_status status = fast_segments_grow(plugin);

		if (status != FAST_OK) {
			return status;
		}
	}
	plugin->cells_end = *offset + bytes;
	return FAST_OK;
}

enum fast_status fast_metric_place(struct metric_info *metric, enum fast_metric_kind kind)
{
	struct fast_plugin *plugin = metric->plugin;
	enum fast_status status =
		fast_cell_reserve(plugin, fast_page_cell_bytes(kind), &metric->cell_offset);

	if (status != FAST_OK) {
		return status;
	}
	metric->kind = kind;
	fast_segments_bind(plugin, metric);
	plugin->announce[plugin->announce_count++] = (struct announcement){.metric = metric};
	fast_plugin_wake(plugin);
	return FAST_OK;
}

/* All series of a metric have one kind: the first one's, unless it was declared. The caller holds
 * the lock. */
static enum fast_metric_kind kind_settle(struct metric_info *metric, enum fast_metric_kind kind)
{
	struct metric_info *family = metric->family != NULL ? metric->family : metric;

	if (family->kind != FAST_METRIC_UNDECLARED) {
		return family->kind;
	}
	if (family->series_kind == FAST_METRIC_UNDECLARED) {
		family->series_kind = kind;
	}
	return family->series_kind;
}

void fast_metric_bind(struct metric_info *metric, enum fast_metric_kind kind)
{
	pthread_mutex_lock(&metric->plugin->lock);
	if (metric->kind == FAST_METRIC_UNDECLARED) {
		kind = kind_settle(metric, kind);
		if (kind == FAST_METRIC_TIMER && metric->unit[0] == '\0') {
			memcpy(metric->unit, "s", sizeof "s");
		}
		if (fast_metric_place(metric, kind) != FAST_OK) {
			__atomic_store_n(&metric->handle->bound, FAST_METRIC_KIND_NOWHERE,
					 __ATOMIC_RELEASE);
			fast_log(FAST_LOG_ERROR, "metric \"%s\": no memory; it counts nowhere",
				 metric->name);
		}
	}
	pthread_mutex_unlock(&metric->plugin->lock);
}

/* Declares under the lock what spec_check() has passed. OK with a reason: it was folded. */
static enum fast_status metric_declare(struct fast_plugin *plugin, enum fast_metric_kind kind,
				       const struct metric_info *scratch, struct fast_metric **out,
				       char *reason)
{
	struct metric_info *metric = NULL;
	enum fast_status status;

	pthread_mutex_lock(&plugin->lock);
	status = fast_metric_obtain(plugin, scratch, &metric, reason);
	if (status != FAST_OK) {
		metric = fast_metrics_are_full(plugin) ? fast_metric_overflow(plugin, kind) : NULL;
		if (metric != NULL) {
			*out = metric->handle;
			status = FAST_OK;
		}
		goto out;
	}
	reason[0] = '\0';
	if (metric->kind == FAST_METRIC_UNDECLARED && kind != FAST_METRIC_UNDECLARED &&
	    kind_settle(metric, kind) == kind) {
		metric->state_count = scratch->state_count;
		memcpy(metric->states, scratch->states, sizeof metric->states);
		(void)snprintf(metric->unit, sizeof metric->unit, "%s", scratch->unit);
		(void)snprintf(metric->help, sizeof metric->help, "%s", scratch->help);
		status = fast_metric_place(metric, kind);
	} else if (kind != FAST_METRIC_UNDECLARED && kind_settle(metric, kind) != kind) {
		status = refuse(reason, FAST_ALREADY_EXISTS,
				"metric \"%s\" is already declared as %s; it cannot also be %s",
				scratch->name, kind_names[kind_settle(metric, kind)],
				kind_names[kind]);
		goto out;
	} else if (kind == FAST_METRIC_STATESET && strcmp(metric->states, scratch->states) != 0) {
		status = refuse(reason, FAST_ALREADY_EXISTS,
				"metric \"%s\" is already declared with the states %s",
				scratch->name, metric->states);
		goto out;
	}
	if (status != FAST_OK) {
		status = refuse(reason, status, "metric \"%s\": no memory", scratch->name);
		goto out;
	}
	*out = metric->handle;

out:
	pthread_mutex_unlock(&plugin->lock);
	return status;
}

/* Its author learns of it. */
static void metric_folded(struct fast_plugin *plugin, const char *reason)
{
	(void)fast_plugin_refuse(plugin, FAST_OK, "%s; what it counts goes to fast.overflow_*{%s}",
				 reason, FAST_LABELS_OVERFLOW);
	fast_log(FAST_LOG_WARNING, "plugin \"%s\": %s; what it counts goes to fast.overflow_*{%s}",
		 plugin->name, reason, FAST_LABELS_OVERFLOW);
	fast_metric_count_folded(plugin);
}

struct fast_metric *fast_metric_nowhere(void)
{
	static struct fast_metric nowhere = {.bound = FAST_METRIC_KIND_NOWHERE};

	return &nowhere; /* no verb fits this kind */
}

enum fast_status fast_plugin_metric(struct fast_plugin *plugin, const struct fast_metric_spec *spec,
				    struct fast_metric **out)
{
	assert(plugin != NULL);
	assert(spec != NULL);
	assert(out != NULL);

	char reason[FAST_REASON_BYTES] = "";
	struct metric_info scratch = {.reported = ATOMIC_FLAG_INIT};
	enum fast_status status = spec_check(spec, &scratch, reason);

	if (!fast_plugin_is_here(plugin)) {
		return FAST_UNAVAILABLE; /* nor may anything be locked in such a process */
	}
	if (status == FAST_OK) {
		status = metric_declare(plugin, spec->kind, &scratch, out, reason);
	}
	if (status == FAST_OK && reason[0] != '\0') {
		metric_folded(plugin, reason);
	}
	return status == FAST_OK ? FAST_OK : fast_plugin_refuse(plugin, status, "%s", reason);
}
