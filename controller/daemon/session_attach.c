#include "session.h"

#include "plugin_save.h"

#include "page/names.h"
#include "page/page.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S       INT64_C(1000000000)
#define CLOCK_SLACK_NS NS_PER_S /* a clock is slewed back by less */

/* What the plugin says may be wrong, and the clock may have been set since: no plugin is older than
 * the machine, and one from the future may be as old, so that no rate is too high. */
static void plugin_date(struct plugin *plugin, int64_t open_unix_ns)
{
	int64_t now_ns = node_now_ns();
	int64_t now_unix_ns = node_now_unix_ns();
	struct timespec up;

	(void)clock_gettime(CLOCK_BOOTTIME, &up);
	int64_t up_ns = (int64_t)up.tv_sec * NS_PER_S + up.tv_nsec;
	plugin->open_said_ns = open_unix_ns;
	if (open_unix_ns < now_unix_ns - up_ns || open_unix_ns > now_unix_ns + CLOCK_SLACK_NS) {
		open_unix_ns = now_unix_ns - up_ns;
	} else if (open_unix_ns > now_unix_ns) {
		open_unix_ns = now_unix_ns;
	}
	plugin->open_unix_ns = open_unix_ns;
	plugin->open_ns = now_ns - (now_unix_ns - open_unix_ns);
	plugin->attach_unix_ns = now_unix_ns;
	plugin->session_ns = now_ns;
}

/* The words of Attach; false: refused. */
static bool attach_check(struct session *session, const Fast__V1__Attach *attach)
{
	char reason[FAST_REASON_BYTES];

	if (attach->page_version != FAST_PAGE_VERSION) {
		session_refuse(session, FAST_FAILED_PRECONDITION, "",
			       "page layout %u is not known; fastd knows %d", attach->page_version,
			       FAST_PAGE_VERSION);
		return false;
	}
	if (fast_plugin_name_check(attach->name, reason, sizeof reason) != FAST_OK ||
	    fast_text_check("plugin", attach->name, "version", attach->version,
			    FAST_PLUGIN_VERSION_BYTES_MAX, reason, sizeof reason) != FAST_OK ||
	    fast_text_check("plugin", attach->name, "parent", attach->parent,
			    NODE_INSTANCE_BYTES_MAX, reason, sizeof reason) != FAST_OK) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "", "%s", reason);
		return false;
	}
	return true;
}

/* Into the registry. The caller holds the lock. */
static enum fast_status plugin_enter(struct session *session, struct plugin *plugin,
				     const char *wanted)
{
	struct node *node = session->node;
	struct plugin *replaced;
	enum fast_status status = registry_add(&node->registry, plugin, wanted, &replaced);

	if (status != FAST_OK) {
		return status;
	}
	if (replaced != NULL && plugin->open_said_ns != 0 &&
	    replaced->open_said_ns == plugin->open_said_ns) {
		plugin->attach_unix_ns = replaced->attach_unix_ns;
		plugin->previous = replaced;
	} else {
		plugin_free(replaced, &node->registry);
	}
	plugin->page_held = plugin->record != NULL;
	plugin_unsaved(node, plugin);
	session->plugin = plugin;
	node->loose_count--;
	node_run_begin(node, plugin);
	node_note(node, FAST_LOG_INFO, "plugin %s has attached: pid %u uid %u", plugin->instance,
		  plugin->pid, plugin->uid);
	return FAST_OK;
}

static void attached_send(struct session *session)
{
	Fast__V1__SessionDown packet = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Attached attached = FAST__V1__ATTACHED__INIT;

	attached.instance = session->plugin->instance;
	attached.boot_id = session->node->boot_id;
	attached.page_revision = SESSION_REVISION;
	packet.kind_case = FAST__V1__SESSION_DOWN__KIND_ATTACHED;
	packet.attached = &attached;
	session_send(session, &packet);
}

/* Ends sessions of this plugin name whose process has gone, so that a plugin that starts again gets
 * its name back. */
static void sessions_end_dead(struct node *node, const char *name)
{
	for (struct session *session = node->sessions; session != NULL; session = session->next) {
		struct pollfd polls[] = {{.fd = session->process.fd, .events = POLLIN},
					 {.fd = session->socket.fd, .events = POLLIN}};

		if (session->socket.fd < 0 || session->plugin == NULL ||
		    strcmp(session->plugin->name, name) != 0 || poll(polls, 2, 0) <= 0) {
			continue;
		}
		if (polls[0].revents != 0 || (polls[1].revents & (POLLHUP | POLLERR)) != 0) {
			session_end(session, "its process has ended");
		}
	}
}

void session_attach(struct session *session, const Fast__V1__Attach *attach, int page_fd)
{
	struct node *node = session->node;
	struct plugin *plugin = NULL;
	struct fast_page_view *view = NULL;
	const char *reason = "";
	enum fast_status status;

	if (!attach_check(session, attach)) {
		return;
	}
	status = fast_page_view_open(page_fd, &view, &reason);
	if (status != FAST_OK) {
		session_refuse(session, status, "", "%s", reason);
		return;
	}
	plugin = plugin_new(attach->name);
	if (plugin == NULL) {
		fast_page_view_close(view);
		session_refuse(session, FAST_RESOURCE_EXHAUSTED, "", "fastd has no memory");
		return;
	}
	(void)snprintf(plugin->version, sizeof plugin->version, "%s", attach->version);
	(void)snprintf(plugin->parent, sizeof plugin->parent, "%s", attach->parent);
	plugin->view = view;
	plugin->pid = session->pid;
	plugin->uid = session->uid;
	if (session->pid == (uint32_t)getpid() && attach->host[0] != '\0') { /* our own bridge */
		(void)snprintf(plugin->host, sizeof plugin->host, "%s", attach->host);
		plugin->pid = 0;
	}
	plugin_date(plugin, attach->open_time_unix_ns);
	plugin->reattached = attach->instance[0] != '\0';
	sessions_end_dead(node, plugin->name);

	node_lock(node);
	status = plugin_enter(session, plugin, attach->instance);
	if (status != FAST_OK) {
		plugin_free(plugin, &node->registry);
	}
	node_unlock(node);
	if (status != FAST_OK) {
		session_refuse(session, status, "", "fastd has as many plugins as it can take: %d",
			       NODE_PLUGINS_MAX);
		return;
	}
	attached_send(session);
}
