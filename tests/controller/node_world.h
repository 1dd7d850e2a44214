/* controller/node_world.h - a node with a state directory and a plugin socket of its own. */
#ifndef FASTD_TEST_NODE_WORLD_H
#define FASTD_TEST_NODE_WORLD_H

#include "support/harness.h"

#include "daemon/node.h"

/* ThreadSanitizer knows no threads in a child that was forked off beside others. */
#if defined(__SANITIZE_THREAD__)
#define WORLD_TSAN true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WORLD_TSAN true
#endif
#endif
#ifndef WORLD_TSAN
#define WORLD_TSAN false
#endif

#define WORLD_TICK_MS 10
#define WORLD_WAIT_MS 10000

struct world {
	char dir[64];
	char socket[80];
	struct node *node;
	struct node_options options;
};

/* How a change ended. */
struct outcome {
	int done; /* atomic */
	struct node_result result;
};

/* A world with a running node. */
void world_init(struct world *world);
void world_fini(struct world *world);
/* Ends the node, and starts another one in the same directory. */
void world_restart(struct world *world);

/* Removes a directory and the files in it. */
void directory_remove(const char *path);

/* Each write of the process to a file fails, or none does any more. */
void disk_fail(bool fails);

/* Waits until condition(arg) holds; fails after WORLD_WAIT_MS. */
void wait_until(bool (*condition)(void *arg), void *arg);

/* A plugin of the SDK, attached. */
struct fast_plugin *world_plugin(struct world *world, const char *name);
/* One that need not be attached yet. */
struct fast_plugin *world_plugin_begin(struct world *world, const char *name);

/* Waits until the plugin's metric has been sampled with at least this count, and copies it. Its
 * texts are void. */
struct node_metric world_metric_wait(struct world *world, const char *plugin, const char *metric,
				     uint64_t count);
bool world_metric(struct world *world, const char *plugin, const char *metric,
		  struct node_metric *out);
bool world_plugin_info(struct world *world, const char *plugin, struct node_plugin *out);
/* Waits until it is there and live, or has ended. */
struct node_plugin world_plugin_wait(struct world *world, const char *plugin, bool live);
bool world_param(struct world *world, const char *plugin, const char *param,
		 struct node_param *out);
/* Waits until the knob has this status, and its plugin is there, unless it is to be pending. */
struct node_param world_param_wait(struct world *world, const char *plugin, const char *param,
				   enum node_param_status status);

void outcome_done(const struct node_result *result, void *arg);
/* Waits, and gives the result. */
struct node_result outcome_wait(struct outcome *outcome);

/* Sets one knob and waits. */
struct node_result world_set(struct world *world, const char *plugin, const char *param,
			     struct fast_page_value value, uint64_t lease_id);
struct node_result world_claim(struct world *world, const char *plugin, const char *param,
			       uint32_t ttl_ms, enum node_on_loss on_loss, const char *actor);

static inline struct fast_page_value value_int(int64_t integer)
{
	return (struct fast_page_value){.type = FAST_PARAM_INT, .u.integer = integer};
}

static inline struct fast_page_value value_double(double number)
{
	return (struct fast_page_value){.type = FAST_PARAM_DOUBLE, .u.number = number};
}

/* An int knob of 0 to 1000. */
struct fast_param *plugin_int_param(struct fast_plugin *plugin, const char *name, int64_t initial);
struct fast_metric *plugin_metric_of(struct fast_plugin *plugin, const char *name,
				     enum fast_metric_kind kind);

/* Audit entries of a plugin, as "verb param old>new result;" one after another. Returns out. */
char *world_audit(struct world *world, const char *plugin, char *out, size_t out_bytes);

#endif
