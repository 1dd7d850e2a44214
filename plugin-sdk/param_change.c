/* What a plugin says about changes: applied or failed, by itself or by its callbacks. */
#include <fast/param_change.h>

#include "page/atomic.h"
#include "page/names.h"
#include "plugin_impl.h"

#include <stdio.h>
#include <string.h>

void fast_param_applied(struct fast_param *param, uint64_t revision)
{
	if (fast_plugin_is_here(param->plugin)) {
		page_store(&param->ack->revision, revision);
	}
}

/* Copies a reason as fastd will take it: whole characters of UTF-8 in one line. */
static void reason_copy(char *out, const char *reason)
{
	size_t bytes = strnlen(reason, FAST_PARAM_REASON_BYTES_MAX);

	while (bytes > 0 && !fast_utf8_valid(reason, bytes)) {
		bytes--;
	}
	for (size_t i = 0; i < bytes; i++) {
		bool control = (unsigned char)reason[i] < ' ' || reason[i] == 0x7f;

		out[i] = control ? ' ' : reason[i];
	}
	out[bytes] = '\0';
}

void fast_param_failed(struct fast_param *param, uint64_t revision, const char *reason)
{
	struct fast_plugin *plugin = param->plugin;

	if (!fast_plugin_is_here(plugin)) {
		return;
	}
	pthread_mutex_lock(&plugin->lock);
	param->failed_revision = revision;
	param->failure_unsent = true;
	reason_copy(param->failed_reason, reason == NULL ? "" : reason);
	fast_plugin_wake(plugin);
	pthread_mutex_unlock(&plugin->lock);
}

void fast_param_on_change(struct fast_param *param, fast_param_change_fn *fn, void *arg)
{
	pthread_mutex_lock(&param->plugin->lock);
	param->on_change = fn;
	param->on_change_arg = arg;
	atomic_store(&param->explicit_ack, fn != NULL);
	if (fn != NULL) {
		atomic_store(&param->plugin->has_callbacks, true);
	}
	pthread_mutex_unlock(&param->plugin->lock);
}

/* A param whose callback is due; fn NULL: none is. */
struct due {
	struct fast_param *param;
	fast_param_change_fn *fn;
	void *arg;
};

/* The next one from the index on, which is moved past it. Takes the lock. */
static struct due due_next(struct fast_plugin *plugin, size_t *index)
{
	struct due due = {0};

	pthread_mutex_lock(&plugin->lock);
	while (*index < plugin->param_count && due.fn == NULL) {
		struct fast_param *param = plugin->params[(*index)++];

		if (param->on_change != NULL) {
			due = (struct due){param, param->on_change, param->on_change_arg};
		}
	}
	pthread_mutex_unlock(&plugin->lock);
	return due;
}

/* Calls the callback, if the param has changed. */
static bool due_call(const struct due *due)
{
	struct fast_param *param = due->param;
	char reason[FAST_PARAM_REASON_BYTES_MAX + 1] = "";
	struct fast_param_reading reading;
	bool whole = fast_param_snapshot(&param, 1, &reading) == FAST_OK;

	if (!whole || atomic_exchange(&param->dispatched, reading.revision) == reading.revision) {
		return false;
	}
	if (due->fn(param, reason, due->arg) == FAST_OK) {
		fast_param_applied(param, reading.revision);
	} else {
		fast_param_failed(param, reading.revision, reason);
	}
	return true;
}

size_t fast_plugin_dispatch(struct fast_plugin *plugin)
{
	size_t called = 0;
	size_t index = 0;

	if (!atomic_load(&plugin->has_callbacks)) {
		return 0;
	}
	for (struct due due = due_next(plugin, &index); due.fn != NULL;
	     due = due_next(plugin, &index)) {
		called += due_call(&due);
	}
	return called;
}
