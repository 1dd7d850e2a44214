#include <fast/param.h>

#include "param_rules.h"
#include "plugin_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fast_param *param_find(const struct fast_plugin *plugin, const char *name)
{
	for (size_t i = 0; i < plugin->param_count; i++) {
		if (strcmp(plugin->params[i]->rules.name, name) == 0) {
			return plugin->params[i];
		}
	}
	return NULL;
}

/* Makes a param in the next slot and announces it. The caller holds the lock. */
static struct fast_param *param_new(struct fast_plugin *plugin, const struct param_rules *rules,
				    size_t choice, enum fast_param_ack ack)
{
	uint32_t slot = (uint32_t)plugin->param_count;
	struct fast_param *param = malloc(sizeof *param);

	if (param == NULL) {
		return NULL;
	}
	if (slot / FAST_PAGE_PARAMS_MAX == plugin->segment_count &&
	    fast_segments_grow(plugin) != FAST_OK) {
		free(param);
		return NULL;
	}
	*param = (struct fast_param){
		.plugin = plugin,
		.slot = slot,
		.good = rules->initial,
		.choice = choice,
		.updating = ATOMIC_FLAG_INIT,
		.settled = FAST_PARAM_UNSETTLED,
		.rules = *rules,
		.explicit_ack = ack == FAST_PARAM_ACK_EXPLICIT,
	};
	fast_segments_connect(plugin, param);
	plugin->params[plugin->param_count++] = param;
	plugin->announce[plugin->announce_count++] = (struct announcement){.param = param};
	fast_plugin_wake(plugin);
	return param;
}

/* Finds or makes the param, under the lock. */
static enum fast_status param_declare(struct fast_plugin *plugin, const struct param_rules *rules,
				      size_t choice, enum fast_param_ack ack,
				      struct fast_param **out, char *reason)
{
	enum fast_status status = FAST_OK;
	struct fast_param *param;

	pthread_mutex_lock(&plugin->lock);
	param = param_find(plugin, rules->name);
	if (param != NULL && !fast_param_rules_equal(&param->rules, rules)) {
		(void)snprintf(
			reason, FAST_REASON_BYTES,
			"param \"%s\" is already declared in another way; declare it once, "
			"or with the same type, initial value, range, choices, unit and help",
			rules->name);
		status = FAST_ALREADY_EXISTS;
		goto out;
	}
	if (param == NULL && plugin->param_count == FAST_PLUGIN_PARAMS_MAX) {
		(void)snprintf(reason, FAST_REASON_BYTES,
			       "param \"%s\": the plugin has %d params already, the most there can "
			       "be",
			       rules->name, FAST_PLUGIN_PARAMS_MAX);
		status = FAST_RESOURCE_EXHAUSTED;
		goto out;
	}
	if (param == NULL) {
		param = param_new(plugin, rules, choice, ack);
	}
	if (param == NULL) {
		(void)snprintf(reason, FAST_REASON_BYTES, "param \"%s\": no memory", rules->name);
		status = FAST_RESOURCE_EXHAUSTED;
		goto out;
	}
	*out = param;

out:
	pthread_mutex_unlock(&plugin->lock);
	return status;
}

/* The spec of an older header ends before it. */
static enum fast_param_ack spec_ack(const struct fast_param_spec *spec)
{
	return spec->size >= sizeof *spec ? spec->ack : FAST_PARAM_ACK_READ;
}

enum fast_status fast_plugin_param(struct fast_plugin *plugin, const struct fast_param_spec *spec,
				   struct fast_param **out)
{
	assert(plugin != NULL);
	assert(spec != NULL);
	assert(out != NULL);

	char reason[FAST_REASON_BYTES];
	struct param_rules rules;
	size_t choice = 0;
	enum fast_status status = fast_param_rules_init(&rules, spec, reason);

	if (!fast_plugin_is_here(plugin)) {
		return FAST_UNAVAILABLE; /* nor may anything be locked in such a process */
	}
	if (status == FAST_OK) {
		(void)fast_param_rules_allow(&rules, &rules.initial, &choice);
		status = param_declare(plugin, &rules, choice, spec_ack(spec), out, reason);
	}
	return status == FAST_OK ? FAST_OK : fast_plugin_refuse(plugin, status, "%s", reason);
}
