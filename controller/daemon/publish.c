#include "daemon/publish.h"
#include "daemon/convert.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_MODE 0660 /* of an ipc endpoint */

struct publish {
	const struct roles *roles;
	struct fast_publisher *publisher;
	struct scratch scratch;
	Fast__V1__Sample **samples; /* in scratch */
	size_t count;
};

static uint64_t groups_of(void *arg, const struct fast_peer *peer)
{
	return roles_groups_of_peer(arg, peer);
}

enum fast_status publish_open(const char *endpoint, const struct roles *roles, struct publish **out)
{
	struct publish *publish = calloc(1, sizeof *publish);
	enum fast_status status;

	if (publish == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	publish->roles = roles;
	status = fast_publisher_open_groups(endpoint, SOCKET_MODE, groups_of,
					    (void *)(uintptr_t)roles, &publish->publisher);
	if (status == FAST_OK) {
		status = fast_publisher_add_topic(publish->publisher, "metric.*",
						  &fast__v1__sample__descriptor);
	}
	if (status != FAST_OK) {
		publish_close(publish);
		return status;
	}
	*out = publish;
	return FAST_OK;
}

void publish_close(struct publish *publish)
{
	if (publish == NULL) {
		return;
	}
	fast_publisher_close(publish->publisher);
	scratch_fini(&publish->scratch);
	free(publish);
}

/* Under the node's lock. */
static void keep_sample(const struct node_metric *metric, void *arg)
{
	struct publish *publish = arg;
	Fast__V1__Sample **samples;
	Fast__V1__Sample *sample;

	if (!metric->sampled) {
		return;
	}
	sample = convert_sample(&publish->scratch, metric);
	samples = scratch_grow(&publish->scratch, publish->samples, publish->count);
	if (sample == NULL || samples == NULL) {
		return; /* the rest is left out; the next tick brings newer ones */
	}
	publish->samples = samples;
	publish->samples[publish->count++] = sample;
}

void publish_samples(struct publish *publish, struct node *node)
{
	const struct node_filter all = {0};
	char topic[FAST_PUBLISHER_TOPIC_BYTES_MAX + 1];
	struct fast_publisher_stats stats;

	fast_publisher_stats(publish->publisher, &stats);
	if (stats.subscribers == 0) {
		return;
	}
	publish->samples = NULL;
	publish->count = 0;
	node_each_metric(node, &all, keep_sample, publish);

	for (size_t i = 0; i < publish->count; i++) {
		const Fast__V1__Sample *sample = publish->samples[i];
		enum fast_status status;

		/* The topic has no labels: all series of a metric are one. */
		snprintf(topic, sizeof topic, "metric.%s.%.*s", sample->plugin,
			 (int)strcspn(sample->metric, "{"), sample->metric);
		status = fast_publisher_send_groups(
			publish->publisher, topic, &sample->base,
			roles_groups_of_plugin(publish->roles, sample->plugin));
		assert(status != FAST_INVALID_ARGUMENT); /* plugin and metric names are bounded */
	}
	scratch_reset(&publish->scratch);
}

const char *publish_endpoint(const struct publish *publish)
{
	return fast_publisher_endpoint(publish->publisher);
}

void publish_stats(const struct publish *publish, struct fast_publisher_stats *out)
{
	fast_publisher_stats(publish->publisher, out);
}
