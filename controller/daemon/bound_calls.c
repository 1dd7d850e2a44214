/* Bounds: set, taken away, listed, enforced. */
#include "change.h"
#include "job_put.h"

#include "page/names.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the bound itself and its audit entry. */
#define BOUND_OPS 2

enum fast_status plugin_enforce_bounds(struct node *node, const struct plugin *plugin,
				       const char *actor)
{
	struct change *change;
	enum fast_status status = FAST_OK;

	if (node->bounds.count == 0 || !plugin->live) {
		return FAST_OK;
	}
	change = change_new(node, plugin->instance, actor, plugin->param_count, 0);
	if (change == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	change->keeps_back = true;
	for (size_t i = 0; i < plugin->param_count && status == FAST_OK; i++) {
		const struct param *param = &plugin->params[i];
		const struct fast_page_value *newest = record_newest(plugin->record, param->name);
		const struct fast_page_value now = newest == NULL ? param->rules.initial : *newest;
		struct fast_page_value inside;

		if (param->read_only ||
		    !bounds_value_fit(&node->bounds, plugin->instance, param->name, &param->rules,
				      &now, &inside) ||
		    param_value_equal(&now, &inside)) {
			continue;
		}
		status = change_item_add(change, "bound", param->name, &inside);
	}
	if (status != FAST_OK) {
		change_undo(change);
	} else if (change->count > 0) {
		status = change_push(change);
		change = status == FAST_OK ? NULL : change;
	}
	change_free(change);
	return status;
}

void bounds_enforce(struct node *node, const char *actor)
{
	node->unbounded = false;
	for (size_t i = 0; i < node->registry.count; i++) {
		if (plugin_enforce_bounds(node, node->registry.plugins[i], actor) != FAST_OK) {
			node->unbounded = true; /* the loop tries again */
		}
	}
}

static void bound_settled(struct change *change, bool good)
{
	struct node *node = change->node;

	if (!good) {
		node->bounds.reserved--;
		return;
	}
	bounds_take(&node->bounds, change->payload);
	change->payload = NULL;
	bounds_enforce(node, change->actor);
}

static const char *bound_wrong(const struct node_bound *bound)
{
	if (strlen(bound->plugin) > NODE_GLOB_BYTES_MAX || bound->plugin[0] == '\0') {
		return "the plugin's glob has 1 to 72 bytes; * means all";
	}
	if (!bound->has_min && !bound->has_max && bound->choice_count == 0) {
		return "a bound has a least value, a greatest one, or choices";
	}
	if (bound->choice_count > FAST_PARAM_CHOICES_MAX) {
		return "a bound has at most 32 choices";
	}
	if ((bound->has_min && !isfinite(bound->min)) ||
	    (bound->has_max && !isfinite(bound->max))) {
		return "a bound is finite";
	}
	if (bound->has_min && bound->has_max && bound->min > bound->max) {
		return "its least value is above its greatest";
	}
	return NULL;
}

static struct bound *bound_copy(const struct node_bound *from, int64_t time_unix_ns)
{
	struct bound *bound = calloc(1, sizeof *bound);

	if (bound == NULL) {
		return NULL;
	}
	(void)snprintf(bound->plugin, sizeof bound->plugin, "%s", from->plugin);
	(void)snprintf(bound->param, sizeof bound->param, "%s", from->param);
	(void)snprintf(bound->actor, sizeof bound->actor, "%s", from->actor);
	bound->has_min = from->has_min;
	bound->has_max = from->has_max;
	bound->min = from->min;
	bound->max = from->max;
	bound->choice_count = from->choice_count;
	for (size_t i = 0; i < from->choice_count; i++) {
		bound->choices[i] = from->choices[i];
	}
	bound->time_unix_ns = time_unix_ns;
	return bound;
}

/* "1 to 50", for the audit log. */
static struct fast_page_value bound_text(const struct bound *bound)
{
	struct fast_page_value text = {.type = FAST_PARAM_STRING};
	char low[32] = "";
	char high[32] = "";

	if (bound->has_min) {
		(void)snprintf(low, sizeof low, "%.9g", bound->min);
	}
	if (bound->has_max) {
		(void)snprintf(high, sizeof high, "%.9g", bound->max);
	}
	if (bound->choice_count > 0) {
		(void)snprintf(text.string, sizeof text.string, "%zu choices", bound->choice_count);
	} else {
		(void)snprintf(text.string, sizeof text.string, "%.30s..%.30s", low, high);
	}
	return text;
}

static bool bound_run(struct change *change, const struct node_bound *from)
{
	struct node *node = change->node;
	struct bound *bound = bound_copy(from, change->time_unix_ns);
	struct fast_page_value text;
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	node_lock(node);
	if (bound == NULL || bounds_reserve(&node->bounds) != FAST_OK) {
		free(bound);
		node_unlock(node);
		(void)change_refuse(change, status, "there are as many bounds as fastd takes: %d",
				    BOUNDS_MAX);
		return false;
	}
	job_put_bound(change->job, bound);
	text = bound_text(bound);
	change_audit(change, "bound", bound->param, NULL, &text, "ok");
	change->payload = bound;
	change->settled = bound_settled;
	status = change_push(change);
	if (status != FAST_OK) {
		node->bounds.reserved--;
	}
	node_unlock(node);
	return status == FAST_OK;
}

void node_bound(struct node *node, const struct node_bound *bound, node_done_fn *done, void *arg)
{
	struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED,
				   .text = "fastd has no memory"};
	const char *wrong = bound_wrong(bound);
	struct change *change = NULL;

	if (wrong != NULL) {
		none.status = FAST_INVALID_ARGUMENT;
		(void)snprintf(none.text, sizeof none.text, "%s", wrong);
	} else if (fast_name_check("param", bound->param, FAST_PARAM_NAME_BYTES_MAX, none.text,
				   sizeof none.text) != FAST_OK) {
		none.status = FAST_INVALID_ARGUMENT;
	} else {
		change = change_new(node, bound->plugin, bound->actor, 0,
				    BOUND_OPS + bound->choice_count);
	}
	if (change == NULL) {
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!bound_run(change, bound)) {
		change_finish(change);
	}
}

static void unbound_settled(struct change *change, bool good)
{
	const struct bound *bound = change->payload;

	if (good) {
		bounds_remove(&change->node->bounds, bound->plugin, bound->param);
		/* Those that are left may allow something again, now that this one contradicts them
		 * no longer. */
		bounds_enforce(change->node, change->actor);
	}
}

static bool unbound_run(struct change *change, const char *plugin, const char *param)
{
	struct node *node = change->node;
	const struct bound *bound;
	struct bound *copy = malloc(sizeof *copy);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	node_lock(node);
	bound = bounds_find(&node->bounds, plugin, param);
	if (copy == NULL) {
		(void)change_refuse(change, status, "fastd has no memory");
	} else if (bound == NULL) {
		status = change_refuse(change, FAST_NOT_FOUND,
				       "there is no bound of \"%.64s\" for plugins \"%.72s\"",
				       param, plugin);
	} else {
		struct store_bound *gone = &store_job_add(change->job, STORE_DELETE_BOUND)->u.bound;

		*copy = *bound;
		(void)snprintf(gone->plugin, sizeof gone->plugin, "%s", plugin);
		(void)snprintf(gone->param, sizeof gone->param, "%s", param);
		change_audit(change, "unbound", param, NULL, NULL, "ok");
		change->payload = copy;
		change->settled = unbound_settled;
		copy = NULL;
		status = change_push(change);
	}
	node_unlock(node);
	free(copy);
	return status == FAST_OK;
}

void node_unbound(struct node *node, const char *plugin, const char *param, const char *actor,
		  node_done_fn *done, void *arg)
{
	const struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED,
					 .text = "fastd has no memory"};
	struct change *change = change_new(node, plugin, actor, 0, BOUND_OPS);

	if (change == NULL) {
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!unbound_run(change, plugin, param)) {
		change_finish(change);
	}
}

void node_each_bound(struct node *node, const char *instance, node_bound_fn *fn, void *arg)
{
	bool all = instance == NULL || instance[0] == '\0';

	node_lock(node);
	for (size_t i = 0; i < node->bounds.count; i++) {
		const struct bound *bound = node->bounds.items[i];
		const struct node_bound described = {
			.plugin = bound->plugin,
			.param = bound->param,
			.has_min = bound->has_min,
			.has_max = bound->has_max,
			.min = bound->min,
			.max = bound->max,
			.choices = bound->choices,
			.choice_count = bound->choice_count,
			.actor = bound->actor,
			.time_unix_ns = bound->time_unix_ns,
		};

		if (all || fnmatch(bound->plugin, instance, 0) == 0) {
			fn(&described, arg);
		}
	}
	node_unlock(node);
}
