#include "reporter.h"

#include "remote/report.h"
#include "session.h"

#include <fast/v1/plugin.fast.h>
#include <stdio.h>
#include <stdlib.h>

#define PUT_WAIT_MS 10000

/* One plugin: a page that nobody shares, and the stream that it is reported on. */
struct reporter {
	struct fast_plugin *plugin;
	struct fast_metric *metrics[REPORTER_METRICS_MAX];
	size_t metric_count;
	struct report report;
	struct fast_client *client;
	struct fast_stream *stream;
	struct report_sink *sink; /* of this turn */
};

static enum fast_metric_kind kind_of(size_t i)
{
	static const enum fast_metric_kind kinds[CROWD_METRICS] = {
		FAST_METRIC_COUNTER,   FAST_METRIC_COUNTER,   FAST_METRIC_COUNTER,
		FAST_METRIC_COUNTER,   FAST_METRIC_GAUGE,     FAST_METRIC_GAUGE,
		FAST_METRIC_HISTOGRAM, FAST_METRIC_HISTOGRAM, FAST_METRIC_HEARTBEAT,
		FAST_METRIC_HEARTBEAT,
	};

	return kinds[i % CROWD_METRICS];
}

static bool up_send(struct reporter *reporter, Fast__V1__SessionUp *up)
{
	Fast__V1__PluginAttachRequest request = FAST__V1__PLUGIN_ATTACH_REQUEST__INIT;

	request.up = up;
	if (reporter->sink != NULL) {
		report_sink_send(reporter->sink, &request);
	} else {
		bench_check(fast_v1_plugin_attach_put(reporter->stream, PUT_WAIT_MS, &request),
			    "a report");
	}
	return true;
}

static bool report_send(const Fast__V1__Report *message, void *arg)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;

	up.kind_case = FAST__V1__SESSION_UP__KIND_REPORT;
	up.report = (Fast__V1__Report *)message;
	return up_send(arg, &up);
}

static void packet_send(struct reporter *reporter, const uint8_t *packet, size_t bytes)
{
	Fast__V1__SessionUp *up = fast_session_unpack(packet, bytes);

	bench_check(up != NULL ? FAST_OK : FAST_RESOURCE_EXHAUSTED, "a packet");
	(void)up_send(reporter, up);
	fast__v1__session_up__free_unpacked(up, NULL);
}

static void metrics_declare(struct reporter *reporter, size_t count)
{
	reporter->metric_count = count;
	for (size_t i = 0; i < count; i++) {
		char name[32];
		struct fast_metric_spec spec = {
			.size = sizeof spec, .name = name, .kind = kind_of(i)};

		(void)snprintf(name, sizeof name, "metric_%zu", i);
		bench_check(fast_plugin_metric(reporter->plugin, &spec, &reporter->metrics[i]),
			    "a metric");
	}
}

static void reporter_attach(struct reporter *reporter)
{
	struct fast_plugin *plugin = reporter->plugin;
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];

	bench_check(fast_v1_plugin_attach(reporter->client, NULL, &reporter->stream), "a stream");
	packet_send(reporter, packet, fast_session_pack_attach(plugin, "", packet));
	for (size_t i = 0; i < plugin->announce_count; i++) {
		packet_send(reporter, packet,
			    fast_session_pack_announcement(&plugin->announce[i], packet));
	}
}

struct reporter *reporter_open(const struct node_world *world, const char *endpoint,
			       struct fast_tls *tls, const char *name, size_t metrics)
{
	struct fast_client_options client = {
		.size = sizeof client, .agent = "bench", .tls = tls, .own_sockets = true};
	char nowhere[NODE_PATH_MAX]; /* its own thread is to find no fastd */
	struct fast_plugin_options options = {.size = sizeof options, .socket = nowhere};
	struct reporter *reporter = calloc(1, sizeof *reporter);

	bench_check(reporter != NULL ? FAST_OK : FAST_RESOURCE_EXHAUSTED, "a reporter");
	(void)snprintf(nowhere, sizeof nowhere, "%s/nowhere", world->folder);
	bench_check(fast_plugin_open(name, &options, &reporter->plugin), "a plugin");
	metrics_declare(reporter, metrics);
	bench_check(fast_client_open(endpoint, &client, &reporter->client), "a client");
	reporter_attach(reporter);
	return reporter;
}

void reporter_close(struct reporter *reporter)
{
	fast_stream_close(reporter->stream);
	fast_client_close(reporter->client);
	report_reset(&reporter->report);
	fast_plugin_close(reporter->plugin);
	free(reporter);
}

void reporter_turn(struct reporter *reporter, struct report_sink *sink, uint64_t turn)
{
	reporter->sink = sink;
	for (size_t i = 0; i < reporter->metric_count; i++) {
		switch (kind_of(i)) {
		case FAST_METRIC_GAUGE:
			fast_metric_set(reporter->metrics[i], (double)turn);
			break;
		case FAST_METRIC_HISTOGRAM:
			fast_metric_observe(reporter->metrics[i],
					    0.01 + 0.001 * (double)(turn % 40));
			break;
		default:
			fast_metric_inc(reporter->metrics[i]);
		}
	}
	if (!report_run(&reporter->report, reporter->plugin, report_send, reporter)) {
		bench_die("a report", "no memory");
	}
}
