/* cli/top_model.h - what `fastctl top` shows: plain data, taken from three answers of the daemon.
 */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

#include "cli/command.h"

#include <fast/metric.h>
#include <fast/param.h>
#include <fast/v1/metric.pb-c.h>
#include <fast/v1/param.pb-c.h>
#include <fast/v1/plugin.pb-c.h>

#define TOP_PLUGINS_MAX     64
#define TOP_METRICS_MAX     1024
#define TOP_KNOBS_MAX       512
#define TOP_HISTORY         40
#define TOP_OWNER_BYTES_MAX 128

struct top_metric {
	size_t plugin;                                                         /* index */
	char name[FAST_METRIC_NAME_BYTES_MAX + 2 + FAST_LABELS_BYTES_MAX + 1]; /* with labels */
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	Fast__V1__MetricKind kind;
	uint64_t count;
	double value;
	double rate; /* of what is counted, in hertz */
	bool stale;
	bool has_window;
	double mean, p50, p95, p99;
	double history[TOP_HISTORY]; /* oldest first; NaN: nothing */
};

struct top_knob {
	size_t plugin; /* index */
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	char desired[FAST_PARAM_STRING_BYTES_MAX + 1];
	char effective[FAST_PARAM_STRING_BYTES_MAX + 1];
	Fast__V1__ParamStatus status;
	char owner[TOP_OWNER_BYTES_MAX + 1]; /* "": free */
	uint32_t lease_ttl_ms;
};

struct top_plugin {
	char name[COMMAND_PLUGIN_BYTES_MAX + 1];
	uint32_t pid;
	int64_t attach_unix_ns;
	uint64_t revision;
};

struct top_model {
	char endpoint[CONNECT_ENDPOINT_BYTES_MAX];
	char trouble[CONNECT_SENTENCE_BYTES_MAX]; /* "": the daemon answers */
	int64_t now_unix_ns;
	size_t left_out; /* plugins, metrics and knobs past the limits */
	size_t plugin_count;
	size_t metric_count;
	size_t knob_count;
	struct top_plugin plugins[TOP_PLUGINS_MAX];
	struct top_metric metrics[TOP_METRICS_MAX];
	struct top_knob knobs[TOP_KNOBS_MAX];
};

/* Takes the answers of one moment; old is the model of the moment before, from which histories go
 * on. They are not the same. */
void top_model_take(struct top_model *model, const struct top_model *old,
		    const Fast__V1__PluginListResponse *plugins,
		    const Fast__V1__MetricListResponse *metrics,
		    const Fast__V1__ParamListResponse *params, int64_t now_unix_ns);

#endif
