#include "plugin_save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Store thread, or the one that closes the store; no lock is held. */
static void saved(enum fast_status status, const char *error, void *arg)
{
	struct node *node = arg;

	(void)error; /* the store has said so */
	if (status != FAST_OK) {
		node_lock(node);
		node->save_failed = true;
		node_unlock(node);
	}
}

void plugin_unsaved(struct node *node, struct plugin *plugin)
{
	plugin->unsaved = true;
	node->unsaved = true;
}

static void plugin_put(struct store_job *job, const struct plugin *plugin)
{
	struct store_plugin *put = &store_job_add(job, STORE_PUT_PLUGIN)->u.plugin;

	(void)snprintf(put->instance, sizeof put->instance, "%s", plugin->instance);
	(void)snprintf(put->name, sizeof put->name, "%s", plugin->name);
	(void)snprintf(put->version, sizeof put->version, "%s", plugin->version);
	(void)snprintf(put->parent, sizeof put->parent, "%s", plugin->parent);
	(void)snprintf(put->host, sizeof put->host, "%s", plugin->host);
	put->pid = plugin->pid;
	put->uid = plugin->uid;
	put->open_unix_ns = plugin->open_said_ns;
	put->attach_unix_ns = plugin->attach_unix_ns;
	put->end_unix_ns = plugin->live ? 0 : plugin->end_unix_ns;
	put->effective_revision = plugin->effective_revision;
}

/* False: no memory. */
static bool declaration_put(struct store_job *job, const struct plugin *plugin, uint32_t position)
{
	const struct param *param = &plugin->params[position];
	unsigned char *packet = malloc(param->packet_bytes);
	struct store_declaration *put;

	if (packet == NULL) {
		return false;
	}
	memcpy(packet, param->packet, param->packet_bytes);
	put = &store_job_add(job, STORE_PUT_DECLARATION)->u.declaration;
	(void)snprintf(put->instance, sizeof put->instance, "%s", plugin->instance);
	(void)snprintf(put->param, sizeof put->param, "%s", param->name);
	put->position = position;
	put->packet = packet;
	put->packet_bytes = param->packet_bytes;
	put->has_effective = true;
	put->effective = param->effective;
	put->effective_revision = param->effective_revision;
	put->failure_revision = param->failure_revision;
	put->failure_value = param->failure_value;
	put->failure_unix_ns = param->failure_unix_ns;
	(void)snprintf(put->failure_reason, sizeof put->failure_reason, "%s",
		       param->failure_reason == NULL ? "" : param->failure_reason);
	return true;
}

void plugin_save(struct node *node, struct plugin *plugin)
{
	struct store_job *job;
	bool good;

	if (!plugin->unsaved) {
		return;
	}
	job = store_job_new(1 + plugin->param_count, saved, node);
	good = job != NULL;
	if (good) {
		plugin_put(job, plugin);
	}
	for (uint32_t i = 0; i < plugin->param_count && good; i++) {
		good = plugin->params[i].packet == NULL || declaration_put(job, plugin, i);
	}
	if (!good || store_push(node->store, job) != FAST_OK) {
		store_job_free(job);
		return;
	}
	plugin->unsaved = false;
}

void plugin_save_now(struct node *node, struct plugin *plugin)
{
	plugin_unsaved(node, plugin);
	if (store_is_idle(node->store)) { /* many that come and go keep no knob waiting */
		plugin_save(node, plugin);
	}
}

/* Those in the store that ended then or before. */
static void plugins_forget(struct node *node, int64_t end_unix_ns)
{
	struct store_job *job = store_job_new(1, NULL, NULL);

	if (job == NULL) {
		return;
	}
	store_job_add(job, STORE_FORGET_PLUGINS)->u.plugin.end_unix_ns = end_unix_ns;
	if (store_push(node->store, job) != FAST_OK) {
		store_job_free(job);
		return;
	}
	node->forget_unix_ns = 0; /* should it fail, the next one takes these along */
}

void plugins_save(struct node *node)
{
	bool unsaved = false;

	if ((!node->unsaved && !node->save_failed && node->forget_unix_ns == 0) ||
	    !store_is_idle(node->store)) {
		return;
	}
	if (node->forget_unix_ns != 0) {
		plugins_forget(node, node->forget_unix_ns);
	}
	for (size_t i = 0; i < node->registry.count; i++) {
		struct plugin *plugin = node->registry.plugins[i];

		plugin->unsaved = plugin->unsaved || node->save_failed;
		if (plugin->unsaved && store_is_idle(node->store)) {
			plugin_save(node, plugin);
		}
		unsaved = unsaved || plugin->unsaved;
	}
	node->unsaved = unsaved;
	node->save_failed = false;
}

void plugins_save_last(struct node *node)
{
	for (size_t i = 0; i < node->registry.count; i++) {
		struct plugin *plugin = node->registry.plugins[i];

		plugin->unsaved = plugin->unsaved || plugin->live;
		plugin_save(node, plugin);
	}
}

void plugins_lose(struct node *node)
{
	struct store_job *job = store_job_new(1, NULL, NULL);

	if (job == NULL) {
		return;
	}
	store_job_add(job, STORE_LOSE_PLUGINS)->u.plugin.end_unix_ns = node->lost_unix_ns;
	if (store_push(node->store, job) != FAST_OK) {
		store_job_free(job);
	}
}
