/* fork - a child finds its handles empty: nothing is counted twice. The first verb or get that it
 * calls makes it a page and a thread of its own, and it attaches as an instance of its own. So a
 * child that only executes something else costs nothing and is not seen. */
#include "plugin_impl.h"

#include <fast/log.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHILD_NEVER (-1) /* there was no memory for a page */

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fast_plugin *list; /* guarded by list_lock */
static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;
static bool handlers_set; /* written once */

/* No plugin is half-way through anything while the process is copied. */
static void fork_prepare(void)
{
	pthread_mutex_lock(&list_lock);
	for (struct fast_plugin *plugin = list; plugin != NULL; plugin = plugin->next) {
		pthread_mutex_lock(&plugin->lock);
	}
}

static void fork_parent(void)
{
	for (struct fast_plugin *plugin = list; plugin != NULL; plugin = plugin->next) {
		pthread_mutex_unlock(&plugin->lock);
	}
	pthread_mutex_unlock(&list_lock);
}

static void descriptor_drop(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

/* What it will be called; the parent is the nearest forebear that fastd can know. */
static void names_inherit(struct fast_plugin *plugin)
{
	if (atomic_load(&plugin->child) == 0) {
		(void)snprintf(plugin->parent, sizeof plugin->parent, "%s",
			       plugin->instance[0] != '\0' ? plugin->instance : plugin->name);
	}
	(void)snprintf(plugin->instance, sizeof plugin->instance, "%s-%d", plugin->name,
		       (int)getpid());
}

static void plugin_orphan(struct fast_plugin *plugin)
{
	plugin->has_thread = false;
	atomic_store(&plugin->attached, false);
	plugin->refusal_logged = false;
	names_inherit(plugin);
	plugin->open_time_unix_ns = fast_plugin_unix_now_ns();
	descriptor_drop(&plugin->socket_fd); /* else fastd would not see the parent's end */
	descriptor_drop(&plugin->wake_fd);
	fast_plugin_changed_init(plugin); /* the parent's threads may sleep on the old one */
	if (atomic_load(&plugin->child) == 0) {
		for (size_t i = 0; i < plugin->segment_count; i++) {
			fast_page_map_inherit(&plugin->segments[i], plugin->inherited[i]);
		}
		plugin->map.base = NULL;
		plugin->map.fd = -1;
	}
	memset(plugin->handles->u.bytes, 0, sizeof plugin->handles->u.bytes);
	for (size_t i = 0; i < plugin->param_count; i++) {
		struct fast_param *param = plugin->params[i];

		atomic_flag_clear(&param->updating); /* its holder isn't here */
		atomic_store(&param->settled,
			     FAST_PARAM_UNSETTLED); /* another page, counted anew */
		param->failed_revision = 0;
		param->failure_unsent = false;
	}
	atomic_store(&plugin->child, getpid());
}

static void fork_child(void)
{
	for (struct fast_plugin *plugin = list; plugin != NULL; plugin = plugin->next) {
		plugin_orphan(plugin);
		pthread_mutex_unlock(&plugin->lock);
	}
	pthread_mutex_unlock(&list_lock);
}

/* Gives the child its page. The caller holds the lock. */
static enum fast_status plugin_revive(struct fast_plugin *plugin)
{
	enum fast_status status = fast_segments_open(plugin, plugin->segment_count);

	if (status != FAST_OK) {
		return status;
	}
	for (size_t i = 0; i < plugin->segment_count; i++) {
		fast_page_map_fill(&plugin->segments[i], plugin->inherited[i]);
	}
	for (size_t i = 0; i < plugin->param_count; i++) {
		fast_segments_connect(plugin, plugin->params[i]);
	}
	for (size_t i = 0; i < plugin->metric_count; i++) {
		if (plugin->metrics[i]->kind != FAST_METRIC_UNDECLARED) {
			fast_segments_bind(plugin, plugin->metrics[i]);
		}
	}
	fast_segments_publish(plugin);
	return fast_plugin_start(plugin);
}

bool fast_plugin_is_here(struct fast_plugin *plugin)
{
	const struct fast_page_params *const *word = &plugin->handles->u.wiped.params[0];

	if (region_load(word) != NULL) {
		return true;
	}
	if (atomic_load(&plugin->child) != getpid()) {
		return false; /* no fork handler has run: others may have held the lock */
	}
	pthread_mutex_lock(&plugin->lock);
	if (atomic_load(&plugin->child) == getpid()) {
		enum fast_status status = plugin_revive(plugin);

		atomic_store(&plugin->child, status == FAST_OK ? 0 : CHILD_NEVER);
		if (status != FAST_OK) {
			fast_log(FAST_LOG_WARNING,
				 "plugin \"%s\": a forked child has no memory for a page: it is "
				 "not seen",
				 plugin->name);
		}
	}
	pthread_mutex_unlock(&plugin->lock);
	return region_load(word) != NULL;
}

/* Not under list_lock: libc may hold a lock of its own while it runs handlers, which take ours. */
static void handlers_set_once(void)
{
	handlers_set = pthread_atfork(fork_prepare, fork_parent, fork_child) == 0;
}

enum fast_status fast_fork_register(struct fast_plugin *plugin)
{
	pthread_once(&handlers_once, handlers_set_once);
	if (!handlers_set) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_lock(&list_lock);
	plugin->next = list;
	list = plugin;
	pthread_mutex_unlock(&list_lock);
	return FAST_OK;
}

void fast_fork_forget(struct fast_plugin *plugin)
{
	pthread_mutex_lock(&list_lock);
	for (struct fast_plugin **link = &list; *link != NULL; link = &(*link)->next) {
		if (*link == plugin) {
			*link = plugin->next;
			break;
		}
	}
	pthread_mutex_unlock(&list_lock);
}
