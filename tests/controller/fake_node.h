/* controller/fake_node.h - a node that holds what a test puts into it. */
#ifndef FAKE_NODE_H
#define FAKE_NODE_H

#include "daemon/node.h"
#include "daemon/node_knobs.h"

#include <pthread.h>

#define FAKE_PLUGINS_MAX 8
#define FAKE_METRICS_MAX 32
#define FAKE_PARAMS_MAX  256

/* Filled by the test; under lock once another thread looks. */
struct node {
	pthread_mutex_t lock;
	size_t plugin_count;
	struct node_plugin plugins[FAKE_PLUGINS_MAX];
	size_t metric_count;
	struct node_metric metrics[FAKE_METRICS_MAX];
	size_t param_count;
	struct node_param params[FAKE_PARAMS_MAX];
	struct node_status status;
	struct node_listener listener;
	/* How the next change ends, and what it was. */
	struct node_result result;
	char last[NODE_TEXT_BYTES_MAX];
	struct node_explanation explanation; /* without its param */
};

void fake_node_init(struct node *node);
void fake_node_fini(struct node *node);

/* Adds one of each, with something in every field. */
struct node_plugin *fake_node_add_plugin(struct node *node, const char *name);
struct node_metric *fake_node_add_metric(struct node *node, const char *plugin, const char *name,
					 enum fast_metric_kind kind);
struct node_param *fake_node_add_param(struct node *node, const char *plugin, const char *name,
				       int64_t value);

/* As if new samples had been taken, and as if the knob had changed. */
void fake_node_sample(struct node *node, int64_t time_unix_ns);
void fake_node_end(struct node *node, const char *plugin, uint64_t revision);
void fake_node_change(struct node *node, struct node_param *param, int64_t value);

#endif
