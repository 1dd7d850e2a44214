/* Plugins that the store knows go back into the node: as ended, until they come back. */
#include "apply.h"
#include "node_load.h"
#include "param_declare.h"

#include "page/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_NS (NODE_ENDED_KEEP_MS * INT64_C(1000000))

/* Whether fastd may have written that. Otherwise reason says what is wrong. */
static bool row_check(const struct store_plugin *stored, char reason[FAST_REASON_BYTES])
{
	const char *name = stored->name;

	if (fast_plugin_name_check(name, reason, FAST_REASON_BYTES) != FAST_OK ||
	    fast_text_check("plugin", name, "version", stored->version,
			    FAST_PLUGIN_VERSION_BYTES_MAX, reason, FAST_REASON_BYTES) != FAST_OK ||
	    fast_text_check("plugin", name, "parent", stored->parent, NODE_INSTANCE_BYTES_MAX,
			    reason, FAST_REASON_BYTES) != FAST_OK ||
	    fast_text_check("plugin", name, "host", stored->host, NODE_HOST_BYTES_MAX, reason,
			    FAST_REASON_BYTES) != FAST_OK) {
		return false;
	}
	(void)snprintf(reason, FAST_REASON_BYTES, "it is no instance of %s", name);
	return registry_is_instance_of(stored->instance, name);
}

/* By the wall clock, which may have been set back: a plugin that has ended later than now has ended
 * now. False: it is not known as ended any more. */
static bool plugin_date_end(struct node *node, struct plugin *plugin, int64_t end_unix_ns)
{
	int64_t age_ns = 0;

	if (end_unix_ns == 0) {
		end_unix_ns = node->lost_unix_ns;
	} else if (end_unix_ns < node->lost_unix_ns) {
		age_ns = node->lost_unix_ns - (end_unix_ns > 0 ? end_unix_ns : 0);
	}
	plugin->end_unix_ns = end_unix_ns;
	plugin->end_ns = node_now_ns() - age_ns;
	if (age_ns >= KEEP_NS && end_unix_ns > node->forget_unix_ns) {
		node->forget_unix_ns = end_unix_ns;
	}
	return age_ns < KEEP_NS;
}

static struct plugin *plugin_of(const struct store_plugin *stored)
{
	struct plugin *plugin = plugin_new(stored->name);

	if (plugin != NULL) {
		(void)snprintf(plugin->instance, sizeof plugin->instance, "%s", stored->instance);
		(void)snprintf(plugin->version, sizeof plugin->version, "%s", stored->version);
		(void)snprintf(plugin->parent, sizeof plugin->parent, "%s", stored->parent);
		(void)snprintf(plugin->host, sizeof plugin->host, "%s", stored->host);
		plugin->pid = stored->pid;
		plugin->uid = stored->uid;
		plugin->open_said_ns = stored->open_unix_ns;
		plugin->attach_unix_ns = stored->attach_unix_ns;
	}
	return plugin;
}

bool node_load_plugin(const struct store_plugin *stored, void *arg)
{
	struct node *node = arg;
	struct registry *registry = &node->registry;
	char reason[FAST_REASON_BYTES];
	struct plugin *plugin;
	enum fast_status status;

	if (!row_check(stored, reason)) {
		node_note(node, FAST_LOG_WARNING, "plugin %.*s in the store is left out: %s",
			  NODE_INSTANCE_BYTES_MAX, stored->instance, reason);
		return true;
	}
	plugin = plugin_of(stored);
	if (plugin == NULL) {
		return false;
	}
	if (!plugin_date_end(node, plugin, stored->end_unix_ns) ||
	    registry->count >= NODE_PLUGINS_MAX + REGISTRY_ENDED_MAX) {
		plugin_free(plugin, registry);
		return true;
	}
	status = registry_add_ended(registry, plugin);
	if (status != FAST_OK) {
		plugin_free(plugin, registry);
		return status == FAST_ALREADY_EXISTS;
	}
	if (plugin->record != NULL && stored->effective_revision <= plugin->record->revision) {
		plugin->effective_revision = stored->effective_revision;
	}
	return true;
}

/* The declaration in the row; NULL: fastd has not written that, and the verdict says why. */
static const Fast__V1__DeclareParam *row_unpack(struct node *node,
						const struct store_declaration *stored,
						struct verdict *verdict)
{
	const char *reason = "it is too long";
	const Fast__V1__SessionUp *packet = NULL;

	if (stored->packet_bytes <= PARAM_PACKET_BYTES_MAX) {
		packet = packet_unpack(node->arena, stored->packet, stored->packet_bytes, &reason);
	}
	if (packet == NULL) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT, "%s", reason);
		return NULL;
	}
	if (packet->kind_case != FAST__V1__SESSION_UP__KIND_DECLARE_PARAM ||
	    packet->declare_param->spec == NULL ||
	    strcmp(packet->declare_param->spec->name, stored->param) != 0) {
		verdict_refuse(verdict, FAST_INVALID_ARGUMENT, "it declares something else");
		return NULL;
	}
	param_spec_check(packet->declare_param->spec, verdict);
	return verdict->status == FAST_OK ? packet->declare_param : NULL;
}

/* What the plugin has read last, and what it could not apply, as far as that makes sense. */
static void progress_restore(struct plugin *plugin, struct param *param,
			     const struct store_declaration *stored)
{
	struct node_result ignored = {0};
	struct fast_page_value value;
	char reason[FAST_REASON_BYTES];

	if (stored->has_effective && stored->effective_revision <= param->page_revision &&
	    param_value_check(&param->rules, param->name, &stored->effective, &value, &ignored) ==
		    FAST_OK) {
		param->effective = value;
		param->effective_revision = stored->effective_revision;
	}
	if (stored->failure_revision > 0 && stored->failure_value.type == param->rules.type &&
	    fast_text_check("param", param->name, "reason", stored->failure_reason,
			    FAST_PARAM_REASON_BYTES_MAX, reason, sizeof reason) == FAST_OK) {
		param->failure_revision = stored->failure_revision;
		param->failure_value = stored->failure_value;
		param->failure_unix_ns = stored->failure_unix_ns;
		param->failure_reason = strdup(stored->failure_reason);
	}
	if (param->unread && (param->effective_revision == param->page_revision ||
			      param->failure_revision == param->page_revision)) {
		param->unread = false;
		plugin->unread_count--;
	}
}

bool node_load_declaration(const struct store_declaration *stored, void *arg)
{
	struct node *node = arg;
	struct plugin *plugin = registry_find(&node->registry, stored->instance);
	const Fast__V1__DeclareParam *declare;
	struct verdict verdict = {FAST_OK, ""};
	struct param *param;

	if (plugin == NULL || plugin->param_count == FAST_PLUGIN_PARAMS_MAX ||
	    plugin_param(plugin, stored->param) != NULL) {
		return true;
	}
	declare = row_unpack(node, stored, &verdict);
	param = plugin_param_room(plugin);
	if (param == NULL) {
		return false;
	}
	if (declare != NULL) {
		param_declare(param, declare, &verdict);
	}
	if (verdict.status != FAST_OK) {
		node_note(node, FAST_LOG_WARNING,
			  "knob %s of plugin %s in the store is left out: %s", stored->param,
			  stored->instance, verdict.reason);
		return verdict.status != FAST_RESOURCE_EXHAUSTED;
	}
	plugin->param_count++;
	param->lease = leases_holder(&node->leases, plugin->instance, param->name);
	attempts_read(&node->attempts, plugin->instance, param->name, param->rules.type);
	param_apply(plugin, param, node_now_ns());
	progress_restore(plugin, param, stored);
	return true;
}
