#include "node_impl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define NS_PER_S                    INT64_C(1000000000)
#define TICK_MS_MIN                 10
#define TICK_MS_MAX                 1000
#define STORE_SAMPLES_BYTES_DEFAULT (UINT64_C(64) << 20)
#define STORE_SAMPLES_AGE_S_DEFAULT 86400
#define DESCRIPTORS_PER_SESSION     2 /* socket and pidfd */
#define DESCRIPTORS_BESIDE          512

static int64_t clock_read(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t node_now_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t node_now_unix_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

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

/* ---- what was stored ---- */

static bool load_revision(const struct store_revision *revision, void *arg)
{
	struct node *node = arg;
	struct record *record = registry_record_obtain(&node->registry, revision->instance);

	if (record != NULL) {
		record->revision = revision->revision;
		record->allocated = revision->revision;
	}
	return record != NULL;
}

static bool load_param(const struct store_param *param, void *arg)
{
	struct node *node = arg;
	struct record *record = registry_record_obtain(&node->registry, param->instance);
	struct kept *kept = record == NULL ? NULL : record_kept_obtain(record, param->param);

	if (kept == NULL) {
		return false;
	}
	kept->set = true;
	kept->value = param->value;
	kept->revision = param->revision;
	kept->set_unix_ns = param->time_unix_ns;
	(void)snprintf(kept->actor, sizeof kept->actor, "%s", param->actor);
	return true;
}

/* After a restart a lease has one full time to live, in which its holder may renew it. */
static bool load_lease(const struct store_lease *stored, void *arg)
{
	struct node *node = arg;
	struct lease *lease = lease_new(stored->id, stored->instance, stored->owner, stored->ttl_ms,
					stored->on_loss, 0);

	if (lease == NULL || leases_add(&node->leases, lease) != FAST_OK) {
		lease_free(lease);
		return false;
	}
	lease_renew(lease, node_now_ns());
	return true;
}

static bool load_baseline(const struct store_baseline *baseline, void *arg)
{
	struct node *node = arg;
	struct lease *lease = leases_find(&node->leases, baseline->lease_id);

	if (lease == NULL || lease->count == NODE_SET_MAX) {
		return true;
	}
	return lease_add_param(lease, baseline->param,
			       baseline->has_value ? &baseline->value : NULL) == FAST_OK;
}

static enum fast_status node_load(struct node *node, char *error)
{
	const struct store_visitor visitor = {.revision = load_revision,
					      .param = load_param,
					      .lease = load_lease,
					      .baseline = load_baseline,
					      .arg = node};
	enum fast_status status = store_load(node->store, &visitor);

	if (status == FAST_UNAVAILABLE) {
		store_error(node->store, error);
	}
	if (status != FAST_OK && (status != FAST_UNAVAILABLE || error[0] == '\0')) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "the stored knobs can't be read: %s",
			       fast_status_sentence(status));
	}
	return status;
}

/* ---- life ---- */

static enum fast_status node_store_open(struct node *node, const struct node_options *options,
					char *error)
{
	const struct store_options store = {
		.state_dir = options->state_dir,
		.samples_bytes_max = options->store_samples_bytes_max != 0
					     ? options->store_samples_bytes_max
					     : STORE_SAMPLES_BYTES_DEFAULT,
		.samples_age_s_max = options->store_samples_age_s_max != 0
					     ? options->store_samples_age_s_max
					     : STORE_SAMPLES_AGE_S_DEFAULT,
	};

	return store_open(&store, &node->store, error);
}

/* All but the store. */
static enum fast_status node_init(struct node *node, const struct node_options *options)
{
	node->tick_ms = options->tick_ms != 0 ? options->tick_ms : NODE_TICK_MS_DEFAULT;
	node->boot_id = options->boot_id;
	node->registry.budget.bytes_max = NODE_SKETCH_BYTES_MAX;
	node->ack_due_ns = INT64_MAX;
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
	descriptors_raise();
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
	/* Now nothing but the store's thread is left; it finishes what was accepted. */
	sampler_fini(node);
	store_close(node->store);
	entrances_close(node);
	sessions_close(node);
	loop_close(node);
	registry_fini(&node->registry);
	leases_fini(&node->leases);
	free(node->arena);
	free(node->packet);
	if (node->lock_made) {
		(void)pthread_mutex_destroy(&node->lock);
	}
	free(node);
}

void node_status(struct node *node, struct node_status *out)
{
	*out = (struct node_status){.tick_ms = node->tick_ms};
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
	node_unlock(node);
	store_error(node->store, out->store_error);
}
