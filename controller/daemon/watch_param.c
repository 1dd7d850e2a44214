/* A Param.Watch call: the states of all knobs, then each change. Who falls so far behind that
 * changes are lost gets the states again. */
#include "daemon/convert.h"
#include "daemon/watcher.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct param_watcher {
	struct watcher base;
	struct changes *changes;
	char *plugin;  /* glob */
	bool begun;    /* next means something */
	uint64_t next; /* number of the next change to send */
	struct scratch scratch;
	Fast__V1__ParamState **states; /* in scratch: still to send before changes */
	size_t count;
	size_t sent; /* of states */
};

static void param_free(struct watcher *base)
{
	struct param_watcher *watcher = (struct param_watcher *)base;

	changes_remove_reader(watcher->changes);
	free(watcher->plugin);
	scratch_fini(&watcher->scratch);
	free(watcher);
}

/* Under the node's lock, so that no change falls between the states and changes_count(). */
static void keep_state(const struct node_param *param, void *arg)
{
	struct param_watcher *watcher = arg;
	Fast__V1__ParamState *state = convert_param(&watcher->scratch, param);

	if (watcher->count == 0) {
		watcher->next = changes_count(watcher->changes);
	}
	watcher->states = scratch_grow(&watcher->scratch, watcher->states, watcher->count);
	if (state == NULL || watcher->states == NULL) {
		watcher->count = 0; /* and scratch has failed */
		return;
	}
	watcher->states[watcher->count++] = state;
}

static enum fast_status take_states(struct param_watcher *watcher, struct node *node)
{
	const struct node_filter filter = {.plugin = watcher->plugin};

	scratch_reset(&watcher->scratch);
	watcher->states = NULL;
	watcher->count = 0;
	watcher->sent = 0;
	watcher->next = changes_count(watcher->changes);
	node_each_param(node, &filter, keep_state, watcher);
	watcher->begun = true;
	return watcher->scratch.failed ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}

static enum fast_status send_state(struct param_watcher *watcher, const Fast__V1__ParamState *state)
{
	Fast__V1__ParamWatchResponse item = FAST__V1__PARAM_WATCH_RESPONSE__INIT;

	item.param = (Fast__V1__ParamState *)state;
	return fast_call_send(watcher->base.call, &item.base);
}

static enum fast_status send_states(struct param_watcher *watcher)
{
	while (watcher->sent < watcher->count) {
		enum fast_status status = send_state(watcher, watcher->states[watcher->sent]);

		if (status != FAST_OK) {
			return status;
		}
		watcher->sent++;
	}
	return FAST_OK;
}

static bool is_wanted(const struct param_watcher *watcher, const Fast__V1__ParamState *state)
{
	return watcher->plugin[0] == '\0' || fnmatch(watcher->plugin, state->plugin, 0) == 0;
}

/* Sends what it can. NOT_FOUND: a change is lost. */
static enum fast_status send_changes(struct param_watcher *watcher)
{
	while (watcher->next < changes_readable(watcher->changes)) {
		const Fast__V1__ParamState *state = changes_get(watcher->changes, watcher->next);
		enum fast_status status;

		if (state == NULL) {
			return FAST_NOT_FOUND;
		}
		status = is_wanted(watcher, state) ? send_state(watcher, state) : FAST_OK;
		if (status != FAST_OK) {
			return status;
		}
		watcher->next++;
	}
	return FAST_OK;
}

static void param_step(struct watcher *base, const struct watch_moment *moment,
		       struct watch_step *out)
{
	struct param_watcher *watcher = (struct param_watcher *)base;
	size_t sent_before = watcher->sent;
	uint64_t next_before = watcher->next;

	out->status = FAST_NOT_FOUND;
	if (watcher->begun) {
		out->status = send_states(watcher);
	}
	if (watcher->begun && out->status == FAST_OK) {
		out->status = send_changes(watcher);
	}
	if (out->status == FAST_NOT_FOUND) {
		if (take_states(watcher, moment->node) != FAST_OK) {
			out->status = FAST_RESOURCE_EXHAUSTED;
			out->text = "so many knobs match that memory is short; narrow the glob";
			return;
		}
		sent_before = 0;
		out->status = send_states(watcher);
	}
	if (out->status == FAST_RESOURCE_EXHAUSTED) {
		out->status = FAST_OK;
		out->again = watcher->sent != sent_before || watcher->next != next_before;
	}
}

static const struct watcher_ops param_ops = {
	.step = param_step,
	.free = param_free,
};

enum fast_status watch_param_new(const char *plugin_glob, struct changes *changes,
				 struct watcher **out)
{
	struct param_watcher *watcher = calloc(1, sizeof *watcher);

	if (watcher == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	watcher->base.ops = &param_ops;
	watcher->changes = changes;
	changes_add_reader(changes);
	watcher->plugin = strdup(plugin_glob);
	if (watcher->plugin == NULL) {
		param_free(&watcher->base);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = &watcher->base;
	return FAST_OK;
}
