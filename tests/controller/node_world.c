#include "controller/node_world.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TEXTS_KEPT 16

void directory_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[400];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		(void)unlink(file);
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	(void)rmdir(path);
}

static bool node_has_sampled(void *arg)
{
	struct node_status status;

	node_status(arg, &status);
	return status.samplings > 0;
}

/* Returns when the node's threads have started and rest: a test may fork, and a child of a process
 * in which a thread just starts finds a sanitizer's locks held for ever. */
static void world_open(struct world *world)
{
	char error[NODE_TEXT_BYTES_MAX];

	assert_ok(node_open(&world->options, &world->node, error));
	assert_string_equal("", error);
	assert_ok(node_listen(world->node, world->socket, error));
	assert_ok(node_start(world->node));
	wait_until(node_has_sampled, world->node);
}

void world_init(struct world *world)
{
	*world = (struct world){.dir = "/tmp/fastd-test-XXXXXX"};
	assert_non_null(mkdtemp(world->dir));
	(void)snprintf(world->socket, sizeof world->socket, "%s/p.sock", world->dir);
	world->options = (struct node_options){
		.state_dir = world->dir, .tick_ms = WORLD_TICK_MS, .boot_id = 1};
	world_open(world);
}

void world_fini(struct world *world)
{
	node_close(world->node);
	directory_remove(world->dir);
}

void world_restart(struct world *world)
{
	node_close(world->node);
	world->node = NULL;
	world->options.boot_id++;
	world_open(world);
}

void disk_fail(bool fails)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = fails ? 0 : limit.rlim_max;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

void wait_until(bool (*condition)(void *arg), void *arg)
{

	for (int i = 0; i < WORLD_WAIT_MS; i++) {
		if (condition(arg)) {
			return;
		}
		(void)poll(NULL, 0, 1);
	}
	fail_msg("what was waited for did not come");
}

struct fast_plugin *world_plugin_begin(struct world *world, const char *name)
{
	const struct fast_plugin_options options = {
		.size = sizeof options, .socket = world->socket, .version = "1.2"};
	struct fast_plugin *plugin = NULL;

	assert_ok(fast_plugin_open(name, &options, &plugin));
	return plugin;
}

struct fast_plugin *world_plugin(struct world *world, const char *name)
{
	struct fast_plugin *plugin = world_plugin_begin(world, name);

	assert_ok(fast_plugin_wait_attached(plugin, WORLD_WAIT_MS));
	return plugin;
}

/* What is looked for, and what was found. */
struct search {
	struct world *world;
	const char *plugin;
	const char *name;
	uint64_t count;
	bool live;
	enum node_param_status status;
	bool found;
	struct node_metric metric;
	struct node_plugin info;
	struct node_param param;
};

static void metric_copy(const struct node_metric *metric, void *arg)
{
	struct search *search = arg;

	search->found = true;
	search->metric = *metric;
	search->metric.distribution = NULL;
}

static void plugin_copy(const struct node_plugin *plugin, void *arg)
{
	struct search *search = arg;

	search->found = true;
	search->info = *plugin;
}

/* A text that the node may free once its lock is left; valid until so many more are kept. */
static const char *text_keep(const char *text)
{
	static _Thread_local char kept[TEXTS_KEPT][NODE_TEXT_BYTES_MAX];
	static _Thread_local unsigned count;
	char *copy = kept[count++ % TEXTS_KEPT];

	(void)snprintf(copy, sizeof kept[0], "%s", text);
	return copy;
}

static void param_copy(const struct node_param *param, void *arg)
{
	struct search *search = arg;

	search->found = true;
	search->param = *param;
	search->param.actor = text_keep(param->actor);
	search->param.lease_owner = text_keep(param->lease_owner);
	search->param.preempt_by = text_keep(param->preempt_by);
	search->param.failure_reason = text_keep(param->failure_reason);
}

bool world_metric(struct world *world, const char *plugin, const char *metric,
		  struct node_metric *out)
{
	const struct node_filter filter = {.plugin = plugin, .name = metric, .include_ended = true};
	struct search search = {0};

	node_each_metric(world->node, &filter, metric_copy, &search);
	*out = search.metric;
	return search.found;
}

bool world_plugin_info(struct world *world, const char *plugin, struct node_plugin *out)
{
	const struct node_filter filter = {.plugin = plugin, .include_ended = true};
	struct search search = {0};

	node_each_plugin(world->node, &filter, plugin_copy, &search);
	*out = search.info;
	return search.found;
}

bool world_param(struct world *world, const char *plugin, const char *param, struct node_param *out)
{
	const struct node_filter filter = {.plugin = plugin, .name = param, .include_ended = true};
	struct search search = {0};

	node_each_param(world->node, &filter, param_copy, &search);
	*out = search.param;
	return search.found;
}

static bool metric_has_count(void *arg)
{
	struct search *search = arg;

	return world_metric(search->world, search->plugin, search->name, &search->metric) &&
	       search->metric.sampled && search->metric.count >= search->count;
}

struct node_metric world_metric_wait(struct world *world, const char *plugin, const char *metric,
				     uint64_t count)
{
	struct search search = {.world = world, .plugin = plugin, .name = metric, .count = count};

	wait_until(metric_has_count, &search);
	return search.metric;
}

static bool plugin_is(void *arg)
{
	struct search *search = arg;

	return world_plugin_info(search->world, search->plugin, &search->info) &&
	       search->info.live == search->live;
}

struct node_plugin world_plugin_wait(struct world *world, const char *plugin, bool live)
{
	struct search search = {.world = world, .plugin = plugin, .live = live};

	wait_until(plugin_is, &search);
	return search.info;
}

static bool param_is(void *arg)
{
	struct search *search = arg;

	return world_param(search->world, search->plugin, search->name, &search->param) &&
	       search->param.status == search->status &&
	       (search->param.live || search->status == NODE_PARAM_PENDING);
}

struct node_param world_param_wait(struct world *world, const char *plugin, const char *param,
				   enum node_param_status status)
{
	struct search search = {.world = world, .plugin = plugin, .name = param, .status = status};

	wait_until(param_is, &search);
	return search.param;
}

void outcome_done(const struct node_result *result, void *arg)
{
	struct outcome *outcome = arg;

	outcome->result = *result;
	assert_int_equal(0, __atomic_fetch_add(&outcome->done, 1, __ATOMIC_RELEASE));
}

static bool outcome_is_done(void *arg)
{
	const struct outcome *outcome = arg;

	return __atomic_load_n(&outcome->done, __ATOMIC_ACQUIRE) > 0;
}

struct node_result outcome_wait(struct outcome *outcome)
{
	wait_until(outcome_is_done, outcome);
	return outcome->result;
}

struct node_result world_set(struct world *world, const char *plugin, const char *param,
			     struct fast_page_value value, uint64_t lease_id)
{
	struct outcome outcome = {0};
	struct node_assignment assignment = {.value = value};
	const struct node_set set = {.plugin = plugin,
				     .assignments = &assignment,
				     .count = 1,
				     .lease_id = lease_id,
				     .actor = "tester"};

	(void)snprintf(assignment.param, sizeof assignment.param, "%s", param);
	node_set(world->node, &set, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

struct node_result world_claim(struct world *world, const char *plugin, const char *param,
			       uint32_t ttl_ms, enum node_on_loss on_loss, const char *actor)
{
	struct outcome outcome = {0};
	const struct node_claim claim = {.plugin = plugin,
					 .params = &param,
					 .count = param == NULL ? 0 : 1,
					 .terms = {.ttl_ms = ttl_ms, .on_loss = on_loss},
					 .actor = actor};

	node_claim(world->node, &claim, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

struct fast_param *plugin_int_param(struct fast_plugin *plugin, const char *name, int64_t initial)
{
	const struct fast_param_spec spec = {.size = sizeof spec,
					     .name = name,
					     .type = FAST_PARAM_INT,
					     .initial.integer = initial,
					     .min = 0,
					     .max = 1000};
	struct fast_param *param = NULL;

	assert_ok(fast_plugin_param(plugin, &spec, &param));
	return param;
}

struct fast_metric *plugin_metric_of(struct fast_plugin *plugin, const char *name,
				     enum fast_metric_kind kind)
{
	const struct fast_metric_spec spec = {.size = sizeof spec, .name = name, .kind = kind};
	struct fast_metric *metric = NULL;

	assert_ok(fast_plugin_metric(plugin, &spec, &metric));
	return metric;
}

/* Text that grows in place. */
struct line {
	char *bytes;
	size_t size;
	size_t used;
};

static void audit_append(const struct node_audit *entry, void *arg)
{
	struct line *line = arg;

	line->used += (size_t)snprintf(line->bytes + line->used, line->size - line->used,
				       "%s %s %s>%s %s;", entry->verb, entry->param,
				       entry->old_value, entry->new_value, entry->result);
	assert_true(line->used < line->size);
}

char *world_audit(struct world *world, const char *plugin, char *out, size_t out_bytes)
{
	struct line line = {out, out_bytes, 0};

	out[0] = '\0';
	assert_ok(node_each_audit(world->node, plugin, 0, 100, audit_append, &line));
	return out;
}
