#include "daemon/convert.h"

#include <assert.h>
#include <math.h>
#include <string.h>

_Static_assert((int)FAST_METRIC_HEARTBEAT == (int)FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT,
	       "the numbers of metric kinds are those of fast.v1");
_Static_assert((int)FAST_PARAM_ENUM == (int)FAST__V1__PARAM_TYPE__PARAM_TYPE_ENUM,
	       "the numbers of param types are those of fast.v1");
_Static_assert((int)NODE_PARAM_TIMEOUT == (int)FAST__V1__PARAM_STATUS__PARAM_STATUS_TIMEOUT,
	       "the numbers of param statuses are those of fast.v1");

static Fast__V1__WindowSummary *convert_window(struct scratch *scratch,
					       const struct node_window *window)
{
	Fast__V1__WindowSummary *out = scratch_alloc(scratch, sizeof *out);

	if (out != NULL) {
		fast__v1__window_summary__init(out);
		out->count = window->count;
		out->mean = window->mean;
		out->p50 = window->p50;
		out->p95 = window->p95;
		out->p99 = window->p99;
		out->first = window->first;
		out->last = window->last;
		out->min = window->min;
		out->max = window->max;
		out->std = window->std;
	}
	return out;
}

static bool has_window(enum fast_metric_kind kind)
{
	return kind >= FAST_METRIC_GAUGE && kind <= FAST_METRIC_HEARTBEAT;
}

Fast__V1__Sample *convert_sample(struct scratch *scratch, const struct node_metric *metric)
{
	Fast__V1__Sample *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__sample__init(out);
	out->plugin = scratch_text(scratch, metric->plugin);
	out->metric = scratch_text(scratch, metric->name);
	out->kind = (Fast__V1__MetricKind)metric->kind;
	out->time_unix_ns = metric->time_unix_ns;
	out->count = metric->count;
	out->value = metric->value;
	out->sum = metric->sum;
	out->rate_instant = metric->rate_instant;
	out->rate_window = metric->rate_window;
	out->rate_global = metric->rate_global;
	out->window_ms = metric->window_ms;
	if (has_window(metric->kind)) {
		out->window = convert_window(scratch, &metric->window);
	}
	out->revision_first = metric->revision_first;
	out->revision_last = metric->revision_last;
	out->stale = metric->stale;
	out->unit = scratch_text(scratch, metric->unit);
	out->age_ms = (uint32_t)fmin(fmax((double)metric->age_ms, 0), UINT32_MAX);
	return scratch->failed ? NULL : out;
}

static Fast__V1__PluginState plugin_state(bool live)
{
	return live ? FAST__V1__PLUGIN_STATE__PLUGIN_STATE_LIVE
		    : FAST__V1__PLUGIN_STATE__PLUGIN_STATE_ENDED;
}

Fast__V1__MetricEntry *convert_metric(struct scratch *scratch, const struct node_metric *metric)
{
	Fast__V1__MetricEntry *out = scratch_alloc(scratch, sizeof *out);
	Fast__V1__MetricSpec *spec = scratch_alloc(scratch, sizeof *spec);

	if (out == NULL || spec == NULL) {
		return NULL;
	}
	fast__v1__metric_spec__init(spec);
	spec->name = scratch_text(scratch, metric->name);
	spec->kind = (Fast__V1__MetricKind)metric->kind;
	spec->unit = scratch_text(scratch, metric->unit);
	spec->help = scratch_text(scratch, metric->help);
	spec->labels = scratch_text(scratch, metric->labels == NULL ? "" : metric->labels);
	spec->states = scratch_text(scratch, metric->states == NULL ? "" : metric->states);

	fast__v1__metric_entry__init(out);
	out->spec = spec;
	out->plugin = scratch_text(scratch, metric->plugin);
	out->sample = metric->sampled ? convert_sample(scratch, metric) : NULL;
	out->age_ms = (uint32_t)fmin(fmax((double)metric->age_ms, 0), UINT32_MAX);
	out->state = plugin_state(metric->live);
	return scratch->failed ? NULL : out;
}

Fast__V1__ParamValue *convert_value(struct scratch *scratch, const struct fast_page_value *value)
{
	Fast__V1__ParamValue *out = scratch_alloc(scratch, sizeof *out);
	size_t bytes;

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_value__init(out);
	switch (value->type) {
	case FAST_PARAM_BOOL:
		out->kind_case = FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE;
		out->bool_value = value->u.boolean;
		break;
	case FAST_PARAM_INT:
		out->kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
		out->int_value = value->u.integer;
		break;
	case FAST_PARAM_DOUBLE:
		out->kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
		out->double_value = value->u.number;
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		/* A copy even of "": protobuf-c leaves its own out of a oneof. */
		bytes = strlen(value->string) + 1;
		out->kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
		out->string_value = scratch_alloc(scratch, bytes);
		if (out->string_value != NULL) {
			memcpy(out->string_value, value->string, bytes);
		}
		break;
	}
	return scratch->failed ? NULL : out;
}

static Fast__V1__ParamRange *convert_range(struct scratch *scratch, const struct node_param *param)
{
	Fast__V1__ParamRange *out = scratch_alloc(scratch, sizeof *out);

	if (out != NULL) {
		fast__v1__param_range__init(out);
		out->min = param->min;
		out->max = param->max;
		out->step = param->step;
	}
	return out;
}

static Fast__V1__ParamSpec *convert_param_spec(struct scratch *scratch,
					       const struct node_param *param)
{
	Fast__V1__ParamSpec *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_spec__init(out);
	out->name = scratch_text(scratch, param->name);
	out->type = (Fast__V1__ParamType)param->type;
	out->unit = scratch_text(scratch, param->unit);
	out->help = scratch_text(scratch, param->help);
	out->initial = convert_value(scratch, &param->initial);
	if (param->has_range) {
		out->range = convert_range(scratch, param);
	}
	for (size_t i = 0; i < param->choice_count; i++) {
		out->choices = scratch_grow(scratch, out->choices, i);
		if (out->choices == NULL) {
			return NULL;
		}
		out->choices[i] = convert_value(scratch, &param->choices[i]);
	}
	out->n_choices = param->choice_count;
	out->read_only = param->read_only;
	out->restart_required = param->restart_required;
	out->ack_timeout_ms = param->ack_timeout_ms;
	return scratch->failed ? NULL : out;
}

static Fast__V1__ParamFailure *convert_failure(struct scratch *scratch,
					       const struct node_param *param)
{
	Fast__V1__ParamFailure *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_failure__init(out);
	out->value = convert_value(scratch, &param->failure_value);
	out->revision = param->failure_revision;
	out->reason = scratch_text(scratch, param->failure_reason);
	out->time_unix_ns = param->failure_unix_ns;
	return out;
}

static Fast__V1__ParamAttempt *convert_attempt(struct scratch *scratch,
					       const struct node_attempt *attempt)
{
	Fast__V1__ParamAttempt *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_attempt__init(out);
	out->value = convert_value(scratch, &attempt->value);
	out->actor = scratch_text(scratch, attempt->actor);
	out->time_unix_ns = attempt->time_unix_ns;
	out->reason = scratch_text(scratch, attempt->reason);
	return out;
}

Fast__V1__ParamState *convert_param(struct scratch *scratch, const struct node_param *param)
{
	Fast__V1__ParamState *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_state__init(out);
	out->plugin = scratch_text(scratch, param->plugin);
	out->spec = convert_param_spec(scratch, param);
	out->desired = convert_value(scratch, &param->desired);
	out->revision = param->revision;
	out->effective = convert_value(scratch, &param->effective);
	out->effective_revision = param->effective_revision;
	out->status = (Fast__V1__ParamStatus)param->status;
	out->actor = scratch_text(scratch, param->actor);
	out->set_time_unix_ns = param->set_unix_ns;
	out->lease_id = param->lease_id;
	out->lease_owner = scratch_text(scratch, param->lease_owner);
	out->lease_ttl_ms = param->lease_ttl_ms;
	if (param->failure_revision > 0) {
		out->last_failure = convert_failure(scratch, param);
	}
	out->lease_priority = param->lease_priority;
	out->lease_epoch = param->lease_epoch;
	out->preempt_ms = param->preempt_ms;
	out->preempt_by = scratch_text(scratch, param->preempt_by == NULL ? "" : param->preempt_by);
	out->value_ttl_ms = param->value_ttl_ms;
	if (param->has_back) {
		out->back_to = convert_value(scratch, &param->back);
	}
	if (param->last_refused != NULL) {
		out->last_refused = convert_attempt(scratch, param->last_refused);
	}
	return scratch->failed ? NULL : out;
}

Fast__V1__PluginInfo *convert_plugin(struct scratch *scratch, const struct node_plugin *plugin)
{
	Fast__V1__PluginInfo *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__plugin_info__init(out);
	out->name = scratch_text(scratch, plugin->name);
	out->state = plugin_state(plugin->live);
	out->pid = plugin->pid;
	out->uid = plugin->uid;
	out->version = scratch_text(scratch, plugin->version);
	out->attach_time_unix_ns = plugin->attach_unix_ns;
	out->end_time_unix_ns = plugin->end_unix_ns;
	out->metric_count = plugin->metric_count;
	out->param_count = plugin->param_count;
	out->revision = plugin->revision;
	out->effective_revision = plugin->effective_revision;
	out->parent = scratch_text(scratch, plugin->parent);
	out->series_rejected = plugin->series_rejected;
	out->sampling_seconds = plugin->sampling_seconds;
	out->metric_bytes = plugin->metric_bytes;
	out->host = scratch_text(scratch, plugin->host);
	return scratch->failed ? NULL : out;
}

Fast__V1__AuditEntry *convert_audit(struct scratch *scratch, const struct node_audit *entry)
{
	Fast__V1__AuditEntry *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__audit_entry__init(out);
	out->sequence = entry->sequence;
	out->time_unix_ns = entry->time_unix_ns;
	out->actor = scratch_text(scratch, entry->actor);
	out->verb = scratch_text(scratch, entry->verb);
	out->plugin = scratch_text(scratch, entry->plugin);
	out->param = scratch_text(scratch, entry->param);
	out->old_value = scratch_text(scratch, entry->old_value);
	out->new_value = scratch_text(scratch, entry->new_value);
	out->revision = entry->revision;
	out->lease_id = entry->lease_id;
	out->result = scratch_text(scratch, entry->result);
	return scratch->failed ? NULL : out;
}

Fast__V1__ParamBound *convert_bound(struct scratch *scratch, const struct node_bound *bound)
{
	Fast__V1__ParamBound *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_bound__init(out);
	out->plugin = scratch_text(scratch, bound->plugin);
	out->param = scratch_text(scratch, bound->param);
	if (bound->has_min) {
		out->least_case = FAST__V1__PARAM_BOUND__LEAST_MIN;
		out->min = bound->min;
	}
	if (bound->has_max) {
		out->greatest_case = FAST__V1__PARAM_BOUND__GREATEST_MAX;
		out->max = bound->max;
	}
	for (size_t i = 0; i < bound->choice_count; i++) {
		out->choices = scratch_grow(scratch, out->choices, i);
		if (out->choices == NULL) {
			return NULL;
		}
		out->choices[i] = convert_value(scratch, &bound->choices[i]);
	}
	out->n_choices = bound->choice_count;
	out->actor = scratch_text(scratch, bound->actor);
	out->time_unix_ns = bound->time_unix_ns;
	return scratch->failed ? NULL : out;
}

Fast__V1__ParamProfile *convert_profile(struct scratch *scratch, const struct node_profile *profile)
{
	Fast__V1__ParamProfile *out = scratch_alloc(scratch, sizeof *out);

	if (out == NULL) {
		return NULL;
	}
	fast__v1__param_profile__init(out);
	out->plugin = scratch_text(scratch, profile->plugin);
	out->name = scratch_text(scratch, profile->name);
	for (size_t i = 0; i < profile->count; i++) {
		Fast__V1__ParamAssignment *assignment = scratch_alloc(scratch, sizeof *assignment);

		out->assignments = scratch_grow(scratch, out->assignments, i);
		if (out->assignments == NULL || assignment == NULL) {
			return NULL;
		}
		fast__v1__param_assignment__init(assignment);
		assignment->param = scratch_text(scratch, profile->assignments[i].param);
		assignment->value = convert_value(scratch, &profile->assignments[i].value);
		out->assignments[i] = assignment;
	}
	out->n_assignments = profile->count;
	out->actor = scratch_text(scratch, profile->actor);
	out->time_unix_ns = profile->time_unix_ns;
	return scratch->failed ? NULL : out;
}

static enum fast_status refuse(const char **reason, const char *sentence)
{
	*reason = sentence;
	return FAST_INVALID_ARGUMENT;
}

enum fast_status convert_value_back(const Fast__V1__ParamValue *value, struct fast_page_value *out,
				    const char **reason)
{
	struct fast_page_value result = {0};

	if (value == NULL) {
		return refuse(reason, "it has no value");
	}
	switch (value->kind_case) {
	case FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE:
		result.type = FAST_PARAM_BOOL;
		result.u.boolean = value->bool_value;
		break;
	case FAST__V1__PARAM_VALUE__KIND_INT_VALUE:
		result.type = FAST_PARAM_INT;
		result.u.integer = value->int_value;
		break;
	case FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE:
		if (!isfinite(value->double_value)) {
			return refuse(reason, "its value is not finite");
		}
		result.type = FAST_PARAM_DOUBLE;
		result.u.number = value->double_value;
		break;
	case FAST__V1__PARAM_VALUE__KIND_STRING_VALUE:
		if (strlen(value->string_value) > FAST_PARAM_STRING_BYTES_MAX) {
			return refuse(reason, "its string has more than 64 bytes");
		}
		result.type = FAST_PARAM_STRING;
		memcpy(result.string, value->string_value, strlen(value->string_value) + 1);
		break;
	default:
		return refuse(reason, "it has no value");
	}
	*out = result;
	return FAST_OK;
}
