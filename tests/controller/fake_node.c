#include "tests/controller/fake_node.h"

#include "daemon/node_past.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

void fake_node_init(struct node *node)
{
	memset(node, 0, sizeof *node);
	pthread_mutex_init(&node->lock, NULL);
	node->status.tick_ms = 100;
	node->result.revision = 7;
	node->result.lease_id = 9;
	node->result.ttl_ms = 2000;
}

void fake_node_fini(struct node *node)
{
	pthread_mutex_destroy(&node->lock);
}

struct node_plugin *fake_node_add_plugin(struct node *node, const char *name)
{
	struct node_plugin *plugin = &node->plugins[node->plugin_count++];

	assert(node->plugin_count <= FAKE_PLUGINS_MAX);
	*plugin = (struct node_plugin){
		.version = "1.2.3",
		.live = true,
		.pid = 42,
		.uid = 1000,
		.attach_unix_ns = 1795390706830000000,
		.metric_count = 2,
		.param_count = 3,
		.revision = 17,
		.effective_revision = 16,
	};
	snprintf(plugin->name, sizeof plugin->name, "%s", name);
	return plugin;
}

struct node_metric *fake_node_add_metric(struct node *node, const char *plugin, const char *name,
					 enum fast_metric_kind kind)
{
	struct node_metric *metric = &node->metrics[node->metric_count++];

	assert(node->metric_count <= FAKE_METRICS_MAX);
	*metric = (struct node_metric){
		.plugin = plugin,
		.name = name,
		.unit = "",
		.help = "",
		.kind = kind,
		.live = true,
		.sampled = true,
		.time_unix_ns = 1795390766830000000,
		.age_ms = 12,
		.created_unix_ns = 1795390706830000000,
		.count = 1470,
		.value = 24.5,
		.sum = 60,
		.rate_instant = 25,
		.rate_window = 24.5,
		.rate_global = 24,
		.window_ms = 1000,
		.window = {.count = 25, .mean = 0.04, .p50 = 0.041, .p95 = 0.05, .p99 = 0.06},
		.revision_first = 16,
		.revision_last = 17,
	};
	return metric;
}

struct node_param *fake_node_add_param(struct node *node, const char *plugin, const char *name,
				       int64_t value)
{
	struct node_param *param = &node->params[node->param_count++];

	assert(node->param_count <= FAKE_PARAMS_MAX);
	*param = (struct node_param){
		.plugin = plugin,
		.name = name,
		.unit = "",
		.help = "",
		.type = FAST_PARAM_INT,
		.live = true,
		.initial = {.type = FAST_PARAM_INT, .u.integer = 1},
		.has_range = true,
		.min = 0,
		.max = 100,
		.step = 1,
		.desired = {.type = FAST_PARAM_INT, .u.integer = value},
		.revision = 17,
		.effective = {.type = FAST_PARAM_INT, .u.integer = value},
		.effective_revision = 17,
		.status = NODE_PARAM_APPLIED,
		.actor = "uid 1000 pid 4711 (test)",
		.set_unix_ns = 1795390766830000000,
		.lease_owner = "",
		.preempt_by = "",
		.plugin_revision = 17,
	};
	return param;
}

void fake_node_sample(struct node *node, int64_t time_unix_ns)
{
	node->listener.sampled(time_unix_ns, node->listener.arg);
}

void fake_node_change(struct node *node, struct node_param *param, int64_t value)
{
	pthread_mutex_lock(&node->lock);
	param->desired.u.integer = value;
	param->effective.u.integer = value;
	param->revision++;
	param->plugin_revision = param->revision;
	node->listener.param_changed(param, node->listener.arg);
	pthread_mutex_unlock(&node->lock);
}

static bool fits(const char *glob, const char *text)
{
	return glob == NULL || glob[0] == '\0' || fnmatch(glob, text, 0) == 0;
}

void node_each_plugin(struct node *node, const struct node_filter *filter, node_plugin_fn *fn,
		      void *arg)
{
	pthread_mutex_lock(&node->lock);
	for (size_t i = 0; i < node->plugin_count; i++) {
		const struct node_plugin *plugin = &node->plugins[i];

		if (fits(filter->plugin, plugin->name) && (plugin->live || filter->include_ended)) {
			fn(plugin, arg);
		}
	}
	pthread_mutex_unlock(&node->lock);
}

void node_each_metric(struct node *node, const struct node_filter *filter, node_metric_fn *fn,
		      void *arg)
{
	pthread_mutex_lock(&node->lock);
	for (size_t i = 0; i < node->metric_count; i++) {
		const struct node_metric *metric = &node->metrics[i];

		if (fits(filter->plugin, metric->plugin) && fits(filter->name, metric->name)) {
			fn(metric, arg);
		}
	}
	pthread_mutex_unlock(&node->lock);
}

void node_each_param(struct node *node, const struct node_filter *filter, node_param_fn *fn,
		     void *arg)
{
	pthread_mutex_lock(&node->lock);
	for (size_t i = 0; i < node->param_count; i++) {
		const struct node_param *param = &node->params[i];

		if (fits(filter->plugin, param->plugin) && fits(filter->name, param->name)) {
			fn(param, arg);
		}
	}
	pthread_mutex_unlock(&node->lock);
}

void node_status(struct node *node, struct node_status *out)
{
	pthread_mutex_lock(&node->lock);
	*out = node->status;
	pthread_mutex_unlock(&node->lock);
}

enum fast_status node_history(struct node *node, const struct node_past *past, node_metric_fn *fn,
			      void *arg)
{
	uint32_t given = 0;

	for (size_t i = 0; i < node->metric_count && given < past->limit; i++) {
		if (strcmp(past->plugin, node->metrics[i].plugin) == 0 &&
		    strcmp(past->metric, node->metrics[i].name) == 0) {
			fn(&node->metrics[i], arg);
			given++;
		}
	}
	return given == 0 ? FAST_NOT_FOUND : FAST_OK;
}

enum fast_status node_each_run(struct node *node, const char *plugin_glob, uint32_t limit,
			       node_run_fn *fn, void *arg)
{
	const struct node_run run = {
		.instance = "cam", .name = "cam", .pid = 7, .start_unix_ns = 5, .reason = "gone"};

	(void)node;
	if (limit > 0 && fits(plugin_glob, "cam")) {
		fn(&run, arg);
	}
	return FAST_OK;
}

enum fast_status node_each_event(struct node *node, const char *plugin_glob, uint64_t after,
				 uint32_t limit, node_event_fn *fn, void *arg)
{
	const struct node_event event = {
		.sequence = after + 1, .time_unix_ns = 5, .event = "end", .plugin = "cam"};

	(void)node;
	if (limit > 0 && fits(plugin_glob, "cam")) {
		fn(&event, arg);
	}
	return FAST_OK;
}

enum fast_status node_each_audit(struct node *node, const char *plugin_glob, uint64_t after,
				 uint32_t limit, node_audit_fn *fn, void *arg)
{
	const struct node_audit entry = {
		after + 1, 1795390766830000000, "uid 0 pid 1", "set", "cam", "res", "1", "2", 17, 0,
		"ok",
	};

	(void)node;
	if (limit > 0 && fits(plugin_glob, "cam")) {
		fn(&entry, arg);
	}
	return FAST_OK;
}

void node_set(struct node *node, const struct node_set *set, node_done_fn *done, void *arg)
{
	char text[64];

	snprintf(node->last, sizeof node->last,
		 "set %s %s=%s count %zu lease %u if %d dry %d by %s", set->plugin,
		 set->assignments[0].param,
		 node_value_text(&set->assignments[0].value, text, sizeof text), set->count,
		 (unsigned)set->lease_id, set->has_if_revision ? (int)set->if_revision : -1,
		 set->dry_run, set->actor);
	done(&node->result, arg);
}

void node_claim(struct node *node, const struct node_claim *claim, node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "claim %s %s count %zu ttl %u on_loss %d by %s",
		 claim->plugin, claim->count == 0 ? "" : claim->params[0], claim->count,
		 claim->terms.ttl_ms, (int)claim->terms.on_loss, claim->actor);
	done(&node->result, arg);
}

void node_renew(struct node *node, const struct node_lease_key *key, node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "renew %u", (unsigned)key->id);
	done(&node->result, arg);
}

void node_release(struct node *node, const struct node_lease_key *key, bool apply_on_loss,
		  const char *actor, node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "release %u apply %d by %s", (unsigned)key->id,
		 apply_on_loss, actor);
	done(&node->result, arg);
}

void node_claims_look(struct node *node)
{
	snprintf(node->last, sizeof node->last, "look");
}

/* ---- node_knobs.h ---- */

void node_bound(struct node *node, const struct node_bound *bound, node_done_fn *done, void *arg)
{
	char text[64] = "";

	if (bound->choice_count > 0) {
		node_value_text(&bound->choices[0], text, sizeof text);
	}
	snprintf(node->last, sizeof node->last,
		 "bound %s %s min %d %g max %d %g choices %zu %s by %s", bound->plugin,
		 bound->param, bound->has_min, bound->min, bound->has_max, bound->max,
		 bound->choice_count, text, bound->actor);
	done(&node->result, arg);
}

void node_unbound(struct node *node, const char *plugin, const char *param, const char *actor,
		  node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "unbound %s %s by %s", plugin, param, actor);
	done(&node->result, arg);
}

static const struct fast_page_value fake_choices[] = {{.type = FAST_PARAM_INT, .u.integer = 1},
						      {.type = FAST_PARAM_INT, .u.integer = 4}};

void node_each_bound(struct node *node, const char *instance, node_bound_fn *fn, void *arg)
{
	const struct node_bound range = {.plugin = "c*",
					 .param = "res",
					 .has_min = true,
					 .min = 2,
					 .actor = "operator",
					 .time_unix_ns = 5};
	const struct node_bound choices = {.plugin = "mic",
					   .param = "gain",
					   .choices = fake_choices,
					   .choice_count = 2,
					   .actor = "operator"};

	(void)node;
	if (fits("c*", instance == NULL || instance[0] == '\0' ? "c" : instance)) {
		fn(&range, arg);
	}
	if (fits("mic", instance == NULL || instance[0] == '\0' ? "mic" : instance)) {
		fn(&choices, arg);
	}
}

void node_profile_save(struct node *node, const struct node_profile_save *save, node_done_fn *done,
		       void *arg)
{
	snprintf(node->last, sizeof node->last, "save %s %s count %zu by %s", save->plugin,
		 save->name, save->count, save->actor);
	done(&node->result, arg);
}

void node_profile_apply(struct node *node, const char *name, const struct node_set *set,
			node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "apply %s %s lease %u ttl %u dry %d by %s",
		 set->plugin, name, (unsigned)set->lease_id, set->value_ttl_ms, set->dry_run,
		 set->actor);
	done(&node->result, arg);
}

void node_profile_delete(struct node *node, const char *plugin, const char *name, const char *actor,
			 node_done_fn *done, void *arg)
{
	snprintf(node->last, sizeof node->last, "delete %s %s by %s", plugin, name, actor);
	done(&node->result, arg);
}

void node_each_profile(struct node *node, const char *plugin, node_profile_fn *fn, void *arg)
{
	const struct node_assignment assignment = {
		.param = "res", .value = {.type = FAST_PARAM_INT, .u.integer = 3}};
	const struct node_profile profile = {.plugin = "cam",
					     .name = "night",
					     .assignments = &assignment,
					     .count = 1,
					     .actor = "operator",
					     .time_unix_ns = 5};

	(void)node;
	if (plugin == NULL || plugin[0] == '\0' || strcmp(plugin, "cam") == 0) {
		fn(&profile, arg);
	}
}

enum fast_status node_explain(struct node *node, const char *plugin, const char *param,
			      node_explain_fn *fn, void *arg)
{
	for (size_t i = 0; i < node->param_count; i++) {
		struct node_explanation explanation = node->explanation;

		explanation.param = &node->params[i];
		if (strcmp(plugin, node->params[i].plugin) == 0 &&
		    strcmp(param, node->params[i].name) == 0) {
			fn(&explanation, arg);
			return FAST_OK;
		}
	}
	return FAST_NOT_FOUND;
}

void fake_node_end(struct node *node, const char *plugin, uint64_t revision)
{
	pthread_mutex_lock(&node->lock);
	node->listener.plugin_ended(plugin, revision, node->listener.arg);
	pthread_mutex_unlock(&node->lock);
}

enum fast_status node_add_listener(struct node *node, const struct node_listener *listener)
{
	node->listener = *listener;
	return FAST_OK;
}
