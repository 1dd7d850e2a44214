#include "claims.h"
#include "plugin_save.h"
#include "session.h"
#include "ties.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NS_PER_S                    1e9
#define TICK_MS_MIN                 10
#define TICK_MS_MAX                 1000
#define STORE_SAMPLES_BYTES_DEFAULT ((uint64_t)NODE_HISTORY_MIB_DEFAULT << 20)
#define STORE_SECONDS_AGE_S_DEFAULT (NODE_HISTORY_HOURS_DEFAULT * 3600)
#define STORE_MINUTES_AGE_S_DEFAULT (NODE_HISTORY_DAYS_DEFAULT * 86400)
#define DESCRIPTORS_PER_SESSION     2 /* socket and pidfd */
#define DESCRIPTORS_BESIDE          (512 + SESSION_DESCRIPTORS_MAX + CLOSER_MAX)

void node_lock(struct node *node)
{
	(void)pthread_mutex_lock(&node->lock);
}

void node_unlock(struct node *node)
{
	struct note notes[NODE_NOTES_MAX];
	size_t count = node->note_count;

	if (count > 0) {
		memcpy(notes, node->notes, count * sizeof *notes);
		node->note_count = 0;
	}
	(void)pthread_mutex_unlock(&node->lock);
	for (size_t i = 0; i < count; i++) {
		fast_log(notes[i].level, "%s", notes[i].text);
	}
}

void node_note(struct node *node, enum fast_log_level level, const char *format, ...)
{
	struct note *note = &node->notes[node->note_count];
	va_list args;

	if (node->note_count == NODE_NOTES_MAX) {
		return; /* a flood; the first ones tell */
	}
	note->level = level;
	va_start(args, format);
	(void)vsnprintf(note->text, sizeof note->text, format, args);
	va_end(args);
	node->note_count++;
}

/* ---- life ---- */

static enum fast_status node_store_open(struct node *node, const struct node_options *options,
					char *error)
{
	const struct store_options store = {
		.state_dir = options->state_dir,
		.renewed = node_resave,
		.renewed_arg = node,
		.samples_bytes_max = options->store_samples_bytes_max != 0
					     ? options->store_samples_bytes_max
					     : STORE_SAMPLES_BYTES_DEFAULT,
		.samples_age_s_max =
			{
				[STORE_SECONDS] = options->store_seconds_age_s_max != 0
							  ? options->store_seconds_age_s_max
							  : STORE_SECONDS_AGE_S_DEFAULT,
				[STORE_MINUTES] = options->store_minutes_age_s_max != 0
							  ? options->store_minutes_age_s_max
							  : STORE_MINUTES_AGE_S_DEFAULT,
			},
	};

	return store_open(&store, &node->store, error);
}

/* All but the store. */
static enum fast_status node_init(struct node *node, const struct node_options *options)
{
	node->tick_ms = options->tick_ms != 0 ? options->tick_ms : NODE_TICK_MS_DEFAULT;
	node->boot_id = options->boot_id;
	node->registry.budget.bytes_max = NODE_SKETCH_BYTES_MAX;
	node->registry.series_budget.bytes_max = NODE_SERIES_BYTES_MAX;
	node->ack_due_ns = INT64_MAX;
	node->expiry_ns = INT64_MAX;
	if (pthread_mutex_init(&node->lock, NULL) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	node->lock_made = true;
	node->arena = malloc(sizeof *node->arena);
	node->packet = malloc(PACKET_BYTES_MAX + 1);
	if (node->arena == NULL || node->packet == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	return loop_open(node);
}

enum fast_status node_open(const struct node_options *options, struct node **out, char *error)
{
	struct node *node = NULL;
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	assert(out != NULL);
	assert(error != NULL);
	if (options->tick_ms != 0 &&
	    (options->tick_ms < TICK_MS_MIN || options->tick_ms > TICK_MS_MAX)) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "the tick must be %d to %d ms, not %u",
			       TICK_MS_MIN, TICK_MS_MAX, options->tick_ms);
		return FAST_INVALID_ARGUMENT;
	}
	(void)snprintf(error, NODE_TEXT_BYTES_MAX, "fastd has no memory or descriptors left");
	node = calloc(1, sizeof *node);
	if (node == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	node->epoll_fd = -1;
	node->wake.fd = -1;
	node->timer.fd = -1;
	status = node_init(node, options);
	if (status == FAST_OK) {
		status = node_store_open(node, options, error);
	}
	if (status == FAST_OK) {
		status = node_load(node, error);
		node->sampler.seconds.newest = store_second_newest(node->store);
	}
	if (status != FAST_OK) {
		node_close(node);
		return status;
	}
	error[0] = '\0';
	*out = node;
	return FAST_OK;
}

enum fast_status node_listen(struct node *node, const char *path, char *error)
{
	assert(!node->started);
	return entrance_open(node, path, error);
}

enum fast_status node_add_listener(struct node *node, const struct node_listener *listener)
{
	assert(!node->started);
	if (node->listener_count == NODE_LISTENERS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	node->listeners[node->listener_count++] = *listener;
	return FAST_OK;
}

/* A thousand plugins need more descriptors than a process has by default. */
static void descriptors_raise(void)
{
	const rlim_t wanted = DESCRIPTORS_PER_SESSION * NODE_SESSIONS_MAX + DESCRIPTORS_BESIDE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
		return;
	}
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
		fast_log(FAST_LOG_WARNING, "only %llu descriptors; for %d plugins it takes %llu",
			 (unsigned long long)limit.rlim_cur, NODE_PLUGINS_MAX,
			 (unsigned long long)wanted);
	}
}

enum fast_status node_start(struct node *node)
{
	assert(!node->started);

	enum fast_status status = store_start(node->store);
	if (status != FAST_OK) {
		return status;
	}
	node_runs_start(node);
	plugins_lose(node);
	descriptors_raise();
	status = closer_open(&node->closer);
	if (status != FAST_OK) {
		return status;
	}
	node->sampler.slice_ns = node_now_ns();
	if (pthread_create(&node->thread, NULL, loop_run, node) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	node->started = true;
	return FAST_OK;
}

void node_close(struct node *node)
{
	if (node == NULL) {
		return;
	}
	if (node->started) {
		node_lock(node);
		node->stopping = true;
		node_unlock(node);
		loop_wake(node);
		(void)pthread_join(node->thread, NULL);
	}
	waiters_close(node);
	if (node->started) {
		node_event(node, "stop", "", "fastd was asked to stop");
		node_lock(node);
		plugins_save_last(node);
		node_unlock(node);
	}
	/* Now nothing but the store's thread is left; it finishes what was accepted. */
	sampler_fini(node);
	store_close(node->store);
	entrances_close(node);
	sessions_close(node);
	closer_close(node->closer);
	ties_close(node);
	loop_close(node);
	registry_fini(&node->registry);
	leases_fini(&node->leases);
	bounds_fini(&node->bounds);
	profiles_fini(&node->profiles);
	attempts_fini(&node->attempts);
	free(node->arena);
	free(node->packet);
	if (node->lock_made) {
		(void)pthread_mutex_destroy(&node->lock);
	}
	free(node);
}

void node_status(struct node *node, struct node_status *out)
{
	struct store_status store;

	*out = (struct node_status){.tick_ms = node->tick_ms, .epoch = node->boot_id};
	node_lock(node);
	for (size_t i = 0; i < node->registry.count; i++) {
		const struct plugin *plugin = node->registry.plugins[i];
		if (plugin->live) {
			out->plugins_live++;
			out->metrics += (uint32_t)plugin->metric_count;
			out->params += (uint32_t)plugin->param_count;
		}
	}
	out->leases = (uint32_t)node->leases.count;
	out->samplings = node->sampler.spans.count;
	out->sampling_seconds = (double)node->sampler.spans.total_ns / NS_PER_S;
	out->exemplars_rejected = node->exemplars_rejected;
	out->sampling_seconds_max = spans_max(&node->sampler.spans, node_now_ns());
	out->metric_bytes = node->registry.budget.bytes + node->registry.series_budget.bytes;
	node_unlock(node);
	store_error(node->store, out->store_error);
	store_status(node->store, &store);
	out->store_jobs_waiting = store.jobs_waiting;
	out->store_samples_waiting = store.samples_waiting;
	out->store_events_waiting = store.notes_waiting;
	out->store_samples_dropped = store.samples_dropped;
	out->store_events_dropped = store.notes_dropped;
	out->store_commits = store.commits;
	out->store_commit_seconds = store.commit_seconds;
	out->store_commit_seconds_max = store.commit_seconds_max;
}
