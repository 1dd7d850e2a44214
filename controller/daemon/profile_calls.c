/* Profiles: saved, applied, forgotten, listed; and the explanation of a knob. */
#include "change.h"
#include "job_put.h"

#include "page/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The plugin's name, for an instance that is known; otherwise it is the name. */
static const char *profile_plugin(const struct node *node, const char *plugin)
{
	const struct plugin *known = registry_find(&node->registry, plugin);

	return known == NULL ? plugin : known->name;
}

static enum fast_status profile_add(struct change *change, const struct plugin *plugin,
				    const char *name, struct profile *profile)
{
	const struct param *param = plugin_param(plugin, name);
	const struct fast_page_value *newest = record_newest(plugin->record, name);
	struct node_assignment *assignment = &profile->assignments[profile->count];
	char quoted[FAST_QUOTE_BYTES];

	if (param == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "plugin \"%s\" has no param \"%s\"",
				     plugin->instance, fast_quote(name, quoted));
	}
	if (param->read_only) {
		return change_refuse(change, FAST_FAILED_PRECONDITION,
				     "param \"%s\" is read-only: no profile can set it", name);
	}
	for (size_t i = 0; i < profile->count; i++) {
		if (strcmp(profile->assignments[i].param, name) == 0) {
			return change_refuse(change, FAST_INVALID_ARGUMENT,
					     "param \"%s\" is named twice; name it once", name);
		}
	}
	(void)snprintf(assignment->param, sizeof assignment->param, "%s", name);
	assignment->value = newest == NULL ? param->rules.initial : *newest;
	profile->count++;
	return FAST_OK;
}

static enum fast_status profile_fill(struct change *change, const struct node_profile_save *save,
				     struct profile *profile)
{
	const struct plugin *plugin = registry_find(&change->node->registry, save->plugin);
	enum fast_status status = FAST_OK;
	char quoted[FAST_QUOTE_BYTES];

	if (plugin == NULL) {
		return change_refuse(change, FAST_NOT_FOUND, "there is no plugin \"%s\"",
				     fast_quote(save->plugin, quoted));
	}
	if (!plugin->live) {
		return change_refuse(change, FAST_FAILED_PRECONDITION, "plugin \"%s\" has ended",
				     plugin->instance);
	}
	(void)snprintf(profile->plugin, sizeof profile->plugin, "%s", plugin->name);
	for (size_t i = 0; i < save->count && status == FAST_OK; i++) {
		status = profile_add(change, plugin, save->params[i], profile);
	}
	for (size_t i = 0; i < plugin->param_count && save->count == 0 && status == FAST_OK; i++) {
		if (!plugin->params[i].read_only) {
			status = profile_add(change, plugin, plugin->params[i].name, profile);
		}
	}
	if (status == FAST_OK && profile->count == 0) {
		status = change_refuse(change, FAST_FAILED_PRECONDITION,
				       "plugin \"%s\" has no knob that could be set",
				       plugin->instance);
	}
	return status;
}

static void save_settled(struct change *change, bool good)
{
	if (!good) {
		change->node->profiles.reserved--;
		return;
	}
	profiles_take(&change->node->profiles, change->payload);
	change->payload = NULL;
}

static bool save_run(struct change *change, const struct node_profile_save *save,
		     struct profile *profile)
{
	struct node *node = change->node;
	enum fast_status status;

	(void)snprintf(profile->name, sizeof profile->name, "%s", save->name);
	(void)snprintf(profile->actor, sizeof profile->actor, "%s", save->actor);
	profile->time_unix_ns = change->time_unix_ns;
	change->payload = profile;
	change->settled = save_settled;
	node_lock(node);
	status = profile_fill(change, save, profile);
	if (status == FAST_OK && profiles_reserve(&node->profiles) != FAST_OK) {
		status = change_refuse(change, FAST_RESOURCE_EXHAUSTED,
				       "there are as many profiles as fastd takes: %d",
				       PROFILES_MAX);
	} else if (status == FAST_OK) {
		job_put_profile(change->job, profile);
		change_audit(change, "save", profile->name, NULL, NULL, "ok");
		status = change_push(change);
		node->profiles.reserved -= status == FAST_OK ? 0 : 1;
	}
	node_unlock(node);
	return status == FAST_OK;
}

void node_profile_save(struct node *node, const struct node_profile_save *save, node_done_fn *done,
		       void *arg)
{
	struct node_result none = {.status = FAST_INVALID_ARGUMENT};
	struct change *change = NULL;
	struct profile *profile = NULL;

	if (save->count > NODE_SET_MAX) {
		(void)snprintf(none.text, sizeof none.text, "a plugin has at most %d params",
			       NODE_SET_MAX);
	} else if (fast_name_check("profile", save->name, NODE_PROFILE_BYTES_MAX, none.text,
				   sizeof none.text) == FAST_OK) {
		none.status = FAST_RESOURCE_EXHAUSTED;
		(void)snprintf(none.text, sizeof none.text, "fastd has no memory");
		change = change_new(node, save->plugin, save->actor, 0, 2 + NODE_SET_MAX);
		profile = calloc(1, sizeof *profile);
	}
	if (change == NULL || profile == NULL) {
		change_free(change);
		free(profile);
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!save_run(change, save, profile)) {
		change_finish(change);
	}
}

void node_profile_apply(struct node *node, const char *name, const struct node_set *set,
			node_done_fn *done, void *arg)
{
	struct node_result none = {.status = FAST_NOT_FOUND};
	struct node_set with = *set;
	struct node_assignment assignments[NODE_SET_MAX];
	const struct profile *profile;

	with.assignments = assignments;
	with.verb = "profile";
	node_lock(node);
	profile = profiles_find(&node->profiles, profile_plugin(node, set->plugin), name);
	with.count = profile == NULL ? 0 : profile->count;
	for (size_t i = 0; i < with.count; i++) {
		assignments[i] = profile->assignments[i];
	}
	node_unlock(node);
	if (with.count == 0) {
		(void)snprintf(none.text, sizeof none.text,
			       "plugin \"%.72s\" has no profile \"%.64s\"", set->plugin, name);
		done(&none, arg);
		return;
	}
	node_set(node, &with, done, arg);
}

static void delete_settled(struct change *change, bool good)
{
	const struct profile *profile = change->payload;

	if (good) {
		profiles_remove(&change->node->profiles, profile->plugin, profile->name);
	}
}

static bool delete_run(struct change *change, const char *plugin, const char *name)
{
	struct node *node = change->node;
	const struct profile *profile;
	struct profile *copy = malloc(sizeof *copy);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	node_lock(node);
	profile = profiles_find(&node->profiles, profile_plugin(node, plugin), name);
	if (copy == NULL) {
		(void)change_refuse(change, status, "fastd has no memory");
	} else if (profile == NULL) {
		status = change_refuse(change, FAST_NOT_FOUND,
				       "plugin \"%.72s\" has no profile \"%.64s\"", plugin, name);
	} else {
		struct store_profile_value *gone =
			&store_job_add(change->job, STORE_DELETE_PROFILE)->u.profile;

		*copy = *profile;
		(void)snprintf(gone->plugin, sizeof gone->plugin, "%s", profile->plugin);
		(void)snprintf(gone->profile, sizeof gone->profile, "%s", profile->name);
		change_audit(change, "delete", name, NULL, NULL, "ok");
		change->payload = copy;
		change->settled = delete_settled;
		copy = NULL;
		status = change_push(change);
	}
	node_unlock(node);
	free(copy);
	return status == FAST_OK;
}

void node_profile_delete(struct node *node, const char *plugin, const char *name, const char *actor,
			 node_done_fn *done, void *arg)
{
	const struct node_result none = {.status = FAST_RESOURCE_EXHAUSTED,
					 .text = "fastd has no memory"};
	struct change *change = change_new(node, plugin, actor, 0, 2);

	if (change == NULL) {
		done(&none, arg);
		return;
	}
	change->done = done;
	change->arg = arg;
	if (!delete_run(change, plugin, name)) {
		change_finish(change);
	}
}

void node_each_profile(struct node *node, const char *plugin, node_profile_fn *fn, void *arg)
{
	bool all = plugin == NULL || plugin[0] == '\0';

	node_lock(node);
	for (size_t i = 0; i < node->profiles.count; i++) {
		const struct profile *profile = node->profiles.items[i];
		const struct node_profile described = {
			.plugin = profile->plugin,
			.name = profile->name,
			.assignments = profile->assignments,
			.count = profile->count,
			.actor = profile->actor,
			.time_unix_ns = profile->time_unix_ns,
		};

		if (all || strcmp(profile->plugin, profile_plugin(node, plugin)) == 0) {
			fn(&described, arg);
		}
	}
	node_unlock(node);
}

/* ---- explain ---- */

static void explain_lease(const struct node *node, const struct param *param,
			  struct node_explanation *out)
{
	const struct lease *lease = param->lease;

	out->has_lease = true;
	out->principal = lease->principal;
	out->terms = lease->terms;
	out->tied = lease->tied;
	out->stays = !lease_lost_value(node, lease, param, &out->lost);
}

enum fast_status node_explain(struct node *node, const char *plugin, const char *param,
			      node_explain_fn *fn, void *arg)
{
	struct node_explanation explanation = {0};
	struct bounded_rules bounded;
	struct node_param described;
	const struct plugin *known;
	const struct param *knob;

	node_lock(node);
	known = registry_find(&node->registry, plugin);
	knob = known == NULL ? NULL : plugin_param(known, param);
	if (knob != NULL) {
		param_describe(node, known, knob, node_now_ns(), &described);
		explanation.param = &described;
		explanation.has_bounds =
			bounds_narrow(&node->bounds, plugin, param, &knob->rules, &bounded);
		if (explanation.has_bounds) {
			(void)param_rules_text(&bounded.rules, explanation.allowed,
					       sizeof explanation.allowed);
		}
		if (knob->lease != NULL) {
			explain_lease(node, knob, &explanation);
		}
		fn(&explanation, arg);
	}
	node_unlock(node);
	return knob == NULL ? FAST_NOT_FOUND : FAST_OK;
}
