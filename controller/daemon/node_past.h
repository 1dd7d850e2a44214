/* daemon/node_past.h - what a node remembers of the past: samples, runs of plugins, events. */
#ifndef FASTD_NODE_PAST_H
#define FASTD_NODE_PAST_H

#include "node.h"

struct node_past {
	const char *plugin;
	const char *metric;
	int64_t since_unix_ns;
	uint32_t step_s; /* between two samples, at least; 0: as close as there are */
	uint32_t limit;  /* the newest ones */
};

/* Samples of the past from the ring and the store, in the order in which they were taken; under no
 * lock. NOT_FOUND: no such metric, neither live nor stored. */
FAST_MUST_CHECK enum fast_status node_history(struct node *node, const struct node_past *past,
					      node_metric_fn *fn, void *arg);

/* One run of a plugin, from its opening to its end. */
struct node_run {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	char parent[NODE_INSTANCE_BYTES_MAX + 1];
	uint32_t pid;
	uint32_t uid;
	int64_t start_unix_ns; /* attached first */
	int64_t end_unix_ns;   /* 0: it goes on */
	char reason[NODE_REASON_BYTES_MAX + 1];
};

/* Something that has happened: fast.v1.NodeEvent says what there is. */
struct node_event {
	uint64_t sequence;
	int64_t time_unix_ns;
	char event[16];
	char plugin[NODE_INSTANCE_BYTES_MAX + 1]; /* "": fastd itself */
	char text[NODE_REASON_BYTES_MAX + 1];
};

typedef void node_run_fn(const struct node_run *run, void *arg);
typedef void node_event_fn(const struct node_event *event, void *arg);

/* The newest runs of plugins that match, ended or not, oldest first; under no lock. */
FAST_MUST_CHECK enum fast_status node_each_run(struct node *node, const char *plugin_glob,
					       uint32_t limit, node_run_fn *fn, void *arg);
/* Events after a sequence number, at most limit and the newest ones, oldest first; under no lock.
 */
FAST_MUST_CHECK enum fast_status node_each_event(struct node *node, const char *plugin_glob,
						 uint64_t after, uint32_t limit, node_event_fn *fn,
						 void *arg);

#endif
