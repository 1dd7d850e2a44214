/* A Param.Watch call: the states of all knobs, or what came after a revision or a sequence number,
 * then each change. Who falls so far behind that changes are lost is told so, and gets the states
 * again. */
#include "daemon/convert.h"
#include "daemon/watcher.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct param_watcher {
	struct watcher base;
	struct changes *changes;
	char *plugin; /* glob */
	uint64_t epoch;
	struct watch_start start; /* its plugin is not used */
	bool gap;                 /* to be told before anything else */
	bool begun;               /* next means something */
	uint64_t next;            /* number of the next change to send */
	struct scratch scratch;
	struct changed **states; /* in scratch: still to send before changes */
	size_t count;
	size_t sent; /* of states */
};

static void param_free(struct watcher *base)
{
	struct param_watcher *watcher = (struct param_watcher *)base;

	free(watcher->plugin);
	scratch_fini(&watcher->scratch);
	free(watcher);
}

/* Under the node's lock, so that no change falls between the states and changes_count(). */
static void keep_state(const struct node_param *param, void *arg)
{
	struct param_watcher *watcher = arg;
	struct changed *state = scratch_alloc(&watcher->scratch, sizeof *state);

	if (watcher->count == 0) {
		watcher->next = changes_count(watcher->changes);
	}
	watcher->states = scratch_grow(&watcher->scratch, watcher->states, watcher->count);
	if (state == NULL || watcher->states == NULL) {
		watcher->count = 0; /* and scratch has failed */
		return;
	}
	state->state = convert_param(&watcher->scratch, param);
	state->plugin = scratch_text(&watcher->scratch, param->plugin);
	state->revision = param->plugin_revision;
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

/* sequence 0: nobody can go on from here. */
static enum fast_status send_item(struct param_watcher *watcher, Fast__V1__ParamWatchKind kind,
				  const struct changed *changed, uint64_t sequence)
{
	Fast__V1__ParamWatchResponse item = FAST__V1__PARAM_WATCH_RESPONSE__INIT;

	item.kind = kind;
	item.param = (Fast__V1__ParamState *)changed->state;
	item.plugin = (char *)changed->plugin;
	item.revision = changed->revision;
	item.epoch = watcher->epoch;
	item.sequence = sequence;
	return fast_call_send(watcher->base.call, &item.base);
}

static enum fast_status send_states(struct param_watcher *watcher)
{
	const struct changed none = {.plugin = ""};

	if (watcher->gap) {
		enum fast_status status = send_item(
			watcher, FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_GAP, &none, 0);

		if (status != FAST_OK) {
			return status;
		}
		watcher->gap = false;
	}
	while (watcher->sent < watcher->count) {
		bool last = watcher->sent + 1 == watcher->count;
		enum fast_status status =
			send_item(watcher, FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_STATE,
				  watcher->states[watcher->sent], last ? watcher->next : 0);

		if (status != FAST_OK) {
			return status;
		}
		watcher->sent++;
	}
	return FAST_OK;
}

static bool is_wanted(const struct param_watcher *watcher, const struct changed *changed)
{
	return watcher->plugin[0] == '\0' || fnmatch(watcher->plugin, changed->plugin, 0) == 0;
}

static enum fast_status send_change(struct param_watcher *watcher, const struct changed *changed)
{
	if (!is_wanted(watcher, changed)) {
		return FAST_OK;
	}
	return send_item(watcher,
			 changed->state == NULL
				 ? FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_ENDED
				 : FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_CHANGE,
			 changed, watcher->next + 1);
}

/* Sends what it can. NOT_FOUND: a change is lost. */
static enum fast_status send_changes(struct param_watcher *watcher)
{
	while (watcher->next < changes_readable(watcher->changes)) {
		const struct changed *changed = changes_get(watcher->changes, watcher->next);
		enum fast_status status;

		if (changed == NULL) {
			watcher->gap = true;
			return FAST_NOT_FOUND;
		}
		status = send_change(watcher, changed);
		if (status != FAST_OK) {
			return status;
		}
		watcher->next++;
	}
	return FAST_OK;
}

static void keep_revision(const struct node_plugin *plugin, void *arg)
{
	*(uint64_t *)arg = plugin->revision;
}

static bool seek_revision(struct param_watcher *watcher, struct node *node)
{
	const struct watch_start *start = &watcher->start;
	const struct node_filter filter = {.plugin = watcher->plugin, .include_ended = true};
	uint64_t newest = 0;

	node_each_plugin(node, &filter, keep_revision, &newest);
	return (start->epoch == 0 || start->epoch == watcher->epoch) &&
	       changes_seek(watcher->changes, watcher->plugin, start->from_revision,
			    start->epoch == watcher->epoch, newest, &watcher->next);
}

/* What is no longer kept is found missing when it is to be sent. */
static bool seek_sequence(struct param_watcher *watcher)
{
	watcher->next = watcher->start.after_sequence;
	return watcher->start.epoch == watcher->epoch;
}

/* Begins where it was asked to; otherwise the states follow a gap. */
static void resume(struct param_watcher *watcher, struct node *node)
{
	struct watch_start *start = &watcher->start;

	watcher->begun =
		start->has_after_sequence ? seek_sequence(watcher) : seek_revision(watcher, node);
	watcher->gap = !watcher->begun;
	start->has_from_revision = false;
	start->has_after_sequence = false;
}

static void param_step(struct watcher *base, const struct watch_moment *moment,
		       struct watch_step *out)
{
	struct param_watcher *watcher = (struct param_watcher *)base;
	size_t sent_before = watcher->sent;
	uint64_t next_before = watcher->next;

	if (watcher->start.has_from_revision || watcher->start.has_after_sequence) {
		resume(watcher, moment->node);
	}
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

enum fast_status watch_param_new(const struct watch_start *start, uint64_t epoch,
				 struct changes *changes, struct watcher **out)
{
	struct param_watcher *watcher = calloc(1, sizeof *watcher);

	if (watcher == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	watcher->base.ops = &param_ops;
	watcher->changes = changes;
	watcher->epoch = epoch;
	watcher->start = *start;
	watcher->plugin = strdup(start->plugin);
	if (watcher->plugin == NULL) {
		param_free(&watcher->base);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = &watcher->base;
	return FAST_OK;
}
