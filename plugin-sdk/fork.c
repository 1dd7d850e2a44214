/* fork - a child gets memory of its own where the page was, so that every handle goes on working
 * and nothing is counted twice. It has no thread and is not attached. */
#include "plugin_impl.h"

#include <unistd.h>

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

static void plugin_orphan(struct fast_plugin *plugin)
{
	bool fresh = false; /* the page is new memory without a cell */

	plugin->has_thread = false;
	atomic_store(&plugin->attached, false);
	plugin->instance[0] = '\0';
	descriptor_drop(&plugin->socket_fd); /* else fastd would not see the parent's end */
	descriptor_drop(&plugin->wake_fd);
	fast_plugin_changed_init(plugin); /* the parent's threads may sleep on the old one */
	if (plugin->map.fd >= 0) {
		fresh = fast_page_map_replace(&plugin->map);
	}
	for (size_t i = 0; i < plugin->metric_count && fresh; i++) {
		fast_page_cell_init(&plugin->map, metric_kind(plugin->metrics[i]),
				    plugin->metrics[i]->cell_offset);
	}
	for (size_t i = 0; i < plugin->param_count; i++) {
		atomic_flag_clear(&plugin->params[i]->updating); /* its holder isn't here */
	}
}

static void fork_child(void)
{
	for (struct fast_plugin *plugin = list; plugin != NULL; plugin = plugin->next) {
		plugin_orphan(plugin);
		pthread_mutex_unlock(&plugin->lock);
	}
	pthread_mutex_unlock(&list_lock);
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
