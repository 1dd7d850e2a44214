/* A Metric.Watch call: the samples of each moment that is due. */
#include "daemon/convert.h"
#include "daemon/watcher.h"

#include <fast/server.h>
#include <stdlib.h>
#include <string.h>

/* What a message needs besides its payload. */
#define PACKET_BYTES 1024

struct metric_watcher {
	struct watcher base;
	char *plugin;
	char *metric;
	uint32_t window_ms;
	int64_t interval_ns; /* 0: every tick */
	int64_t due_ns;
	uint64_t dropped; /* items since the last one that got through */
	struct scratch scratch;
	Fast__V1__MetricWatchResponse item; /* its samples are in scratch */
};

static void metric_free(struct watcher *base)
{
	struct metric_watcher *watcher = (struct metric_watcher *)base;

	free(watcher->plugin);
	free(watcher->metric);
	scratch_fini(&watcher->scratch);
	free(watcher);
}

/* Under the node's lock. */
static void keep_sample(const struct node_metric *metric, void *arg)
{
	struct metric_watcher *watcher = arg;
	Fast__V1__MetricWatchResponse *item = &watcher->item;
	Fast__V1__Sample *sample;

	if (!metric->sampled) {
		return;
	}
	sample = convert_sample(&watcher->scratch, metric);
	item->samples = scratch_grow(&watcher->scratch, item->samples, item->n_samples);
	if (item->samples == NULL) {
		item->n_samples = 0; /* and scratch has failed */
		return;
	}
	item->samples[item->n_samples++] = sample;
}

/* Keeps the phase: a late item does not make the next one late. */
static bool is_due(struct metric_watcher *watcher, int64_t now_ns)
{
	if (now_ns < watcher->due_ns) {
		return false;
	}
	watcher->due_ns += watcher->interval_ns;
	if (watcher->due_ns <= now_ns) {
		watcher->due_ns = now_ns + watcher->interval_ns;
	}
	return true;
}

static void metric_step(struct watcher *base, const struct watch_moment *moment,
			struct watch_step *out)
{
	struct metric_watcher *watcher = (struct metric_watcher *)base;
	const struct node_filter filter = {
		.plugin = watcher->plugin,
		.name = watcher->metric,
		.window_ms = watcher->window_ms,
	};

	if (!moment->ticked || !is_due(watcher, moment->now_ns)) {
		return;
	}
	scratch_reset(&watcher->scratch);
	fast__v1__metric_watch_response__init(&watcher->item);
	watcher->item.time_unix_ns = moment->time_unix_ns;
	watcher->item.dropped = watcher->dropped;
	node_each_metric(moment->node, &filter, keep_sample, watcher);

	if (watcher->scratch.failed || protobuf_c_message_get_packed_size(&watcher->item.base) >
					       FAST_MESSAGE_BYTES_MAX - PACKET_BYTES) {
		out->status = FAST_RESOURCE_EXHAUSTED;
		out->text =
			"so many metrics match that one item cannot hold them; narrow the globs";
		return;
	}
	out->status = fast_call_send(base->call, &watcher->item.base);
	if (out->status == FAST_RESOURCE_EXHAUSTED) {
		out->status = FAST_OK;
		out->dropped = 1;
		watcher->dropped++;
	} else if (out->status == FAST_OK) {
		watcher->dropped = 0;
	}
}

static const struct watcher_ops metric_ops = {
	.step = metric_step,
	.free = metric_free,
};

enum fast_status watch_metric_new(const struct node_filter *filter, uint32_t interval_ms,
				  struct watcher **out)
{
	struct metric_watcher *watcher = calloc(1, sizeof *watcher);

	if (watcher == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	watcher->base.ops = &metric_ops;
	watcher->plugin = strdup(filter->plugin);
	watcher->metric = strdup(filter->name);
	watcher->window_ms = filter->window_ms;
	watcher->interval_ns = (int64_t)interval_ms * 1000000;
	if (watcher->plugin == NULL || watcher->metric == NULL) {
		metric_free(&watcher->base);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = &watcher->base;
	return FAST_OK;
}
