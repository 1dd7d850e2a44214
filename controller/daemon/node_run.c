/* Tells the store of runs and events. */
#include "node_impl.h"

#include <stdarg.h>
#include <stdio.h>

void node_event(struct node *node, const char *event, const char *instance, const char *format, ...)
{
	struct store_note note = {.verb = STORE_NOTE_EVENT};
	va_list args;

	note.u.event.time_unix_ns = node_now_unix_ns();
	(void)snprintf(note.u.event.event, sizeof note.u.event.event, "%s", event);
	(void)snprintf(note.u.event.instance, sizeof note.u.event.instance, "%s", instance);
	va_start(args, format);
	(void)vsnprintf(note.u.event.text, sizeof note.u.event.text, format, args);
	va_end(args);
	store_note(node->store, &note);
}

/* Without an opening of its own, a run is known by its attach. */
static int64_t plugin_opened(const struct plugin *plugin)
{
	return plugin->open_said_ns != 0 ? plugin->open_said_ns : plugin->attach_unix_ns;
}

void node_run_begin(struct node *node, const struct plugin *plugin)
{
	struct store_note note = {.verb = STORE_NOTE_RUN};
	struct store_run *run = &note.u.run;

	(void)snprintf(run->instance, sizeof run->instance, "%s", plugin->instance);
	(void)snprintf(run->name, sizeof run->name, "%s", plugin->name);
	(void)snprintf(run->version, sizeof run->version, "%s", plugin->version);
	(void)snprintf(run->parent, sizeof run->parent, "%s", plugin->parent);
	run->pid = plugin->pid;
	run->uid = plugin->uid;
	run->open_unix_ns = plugin_opened(plugin);
	run->start_unix_ns = plugin->attach_unix_ns;
	store_note(node->store, &note);
	node_event(node, plugin->reattached ? "reattach" : "attach", plugin->instance,
		   "pid %u uid %u", plugin->pid, plugin->uid);
}

void node_run_end(struct node *node, const struct plugin *plugin, const char *reason)
{
	struct store_note note = {.verb = STORE_NOTE_RUN_END};
	struct store_run *run = &note.u.run;

	(void)snprintf(run->instance, sizeof run->instance, "%s", plugin->instance);
	(void)snprintf(run->reason, sizeof run->reason, "%s", reason);
	run->open_unix_ns = plugin_opened(plugin);
	run->end_unix_ns = plugin->end_unix_ns;
	store_note(node->store, &note);
	node_event(node, "end", plugin->instance, "%s", reason);
}

void node_runs_start(struct node *node)
{
	struct store_note note = {.verb = STORE_NOTE_RUNS_LOST};

	note.u.run.end_unix_ns = node_now_unix_ns();
	(void)snprintf(note.u.run.reason, sizeof note.u.run.reason,
		       "it did not come back to the next fastd");
	store_note(node->store, &note);
	node_event(node, "start", "", "fastd has started");
}
