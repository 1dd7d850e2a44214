#include "daemon/scrape.h"
#include "daemon/openmetrics.h"

#include <stdio.h>
#include <string.h>

/* The families about fastd itself. */
struct own_value {
	struct family_spec spec;
	double value;
};

#define OWN(family, kind, unit_word, sentence, number)                                             \
	{                                                                                          \
		{"fastd_" family, FAMILY_##kind, unit_word, sentence, true}, (double)(number)      \
	}

static void add_values(struct families *families, const struct self *self,
		       const struct own_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct family_spec *spec = &values[i].spec;
		struct family *family = families_get(families, spec);
		bool counter = spec->type == FAMILY_COUNTER;

		if (family != NULL) {
			family_number(family, counter ? "_total" : "", "", values[i].value);
		}
		if (family != NULL && counter) {
			family_created(family, "", self->start_unix_ns);
		}
	}
}

/* What the node does: plugins, sampling, the store. */
static void add_node(struct families *families, const struct self *self,
		     const struct self_reading *now)
{
	const struct own_value values[] = {
		OWN("plugins", GAUGE, "", "Plugins attached.", now->node.plugins_live),
		OWN("metrics", GAUGE, "", "Metrics of attached plugins.", now->node.metrics),
		OWN("params", GAUGE, "", "Knobs of attached plugins.", now->node.params),
		OWN("leases", GAUGE, "", "Leases held on knobs.", now->node.leases),
		OWN("tick_seconds", GAUGE, "seconds", "Time between two samplings.",
		    now->node.tick_ms / 1e3),
		OWN("store_up", GAUGE, "", "1 while history and knobs are being stored.",
		    now->node.store_error[0] == '\0'),
		OWN("samplings", COUNTER, "", "Ticks in which the plugins were read.",
		    now->node.samplings),
		OWN("sampling_seconds", COUNTER, "seconds", "Time spent on reading the plugins.",
		    now->node.sampling_seconds),
		OWN("sampling_max_seconds", GAUGE, "seconds",
		    "Longest reading of all plugins in the last minute or two.",
		    now->node.sampling_seconds_max),
		OWN("metric_bytes", GAUGE, "bytes", "Memory of metrics, samples and distributions.",
		    now->node.metric_bytes),
		OWN("store_commits", COUNTER, "", "Transactions of the store.",
		    now->node.store_commits),
		OWN("store_commit_seconds", COUNTER, "seconds", "Time spent on transactions.",
		    now->node.store_commit_seconds),
		OWN("store_commit_max_seconds", GAUGE, "seconds",
		    "Longest transaction in the last minute or two.",
		    now->node.store_commit_seconds_max),
		OWN("exemplars_rejected", COUNTER, "",
		    "Exemplars that plugins wrote and that were none, or had no room.",
		    now->node.exemplars_rejected),
		OWN("store_jobs_waiting", GAUGE, "", "Changes of knobs that wait for the store.",
		    now->node.store_jobs_waiting),
		OWN("store_samples_waiting", GAUGE, "", "Samples that wait for the store.",
		    now->node.store_samples_waiting),
		OWN("store_events_waiting", GAUGE, "", "Runs and events that wait for the store.",
		    now->node.store_events_waiting),
		OWN("store_samples_dropped", COUNTER, "", "Samples missing from the history.",
		    now->node.store_samples_dropped),
		OWN("store_events_dropped", COUNTER, "", "Runs and events missing.",
		    now->node.store_events_dropped),
	};

	add_values(families, self, values, sizeof values / sizeof values[0]);
}

/* Whom it serves, and what it takes. */
static void add_process(struct families *families, const struct self *self,
			const struct self_reading *now)
{
	const struct own_value values[] = {
		OWN("watchers", GAUGE, "", "Open Watch calls.", now->watch.watchers),
		OWN("dropped_items", COUNTER, "", "Items that slow readers did not get.",
		    now->dropped_items),
		OWN("rpc_calls", COUNTER, "", "Calls received.", now->server.calls_total),
		OWN("rpc_calls_open", GAUGE, "", "Calls under way.", now->server.calls_open),
		OWN("rpc_calls_failed", COUNTER, "", "Calls that ended with an error.",
		    now->server.calls_failed),
		OWN("rpc_calls_refused", COUNTER, "", "Calls refused before they ran.",
		    now->server.calls_refused),
		OWN("rpc_connections", COUNTER, "", "Connections accepted.",
		    now->server.connections_total),
		OWN("rpc_connections_open", GAUGE, "", "Connections open.",
		    now->server.connections_open),
		OWN("rpc_packets_malformed", COUNTER, "", "Packets that broke the protocol.",
		    now->server.packets_malformed),
		OWN("publish_subscribers", GAUGE, "", "Subscribers connected.",
		    now->publish.subscribers),
		OWN("publish_samples", COUNTER, "", "Samples queued for subscribers.",
		    now->publish.sent),
		OWN("process_cpu_seconds", COUNTER, "seconds", "Processor time used.",
		    now->cpu_seconds),
		OWN("process_resident_memory_bytes", GAUGE, "bytes", "Memory resident.",
		    now->rss_bytes),
		OWN("process_open_files", GAUGE, "", "File descriptors open.", now->open_files),
		OWN("process_start_time_seconds", GAUGE, "seconds",
		    "When fastd started, since 1970.", (double)self->start_unix_ns / 1e9),
	};

	add_values(families, self, values, sizeof values / sizeof values[0]);
}

static void add_build(struct families *families)
{
	const struct family_spec spec = {
		"fastd_build", FAMILY_INFO, "", "Version of fastd, as a label.", true,
	};
	struct family *family = families_get(families, &spec);
	char labels[FAMILY_LABELS_BYTES_MAX + 1] = "";

	families_label(labels, "version", self_version());
	if (family != NULL) {
		family_count(family, "_info", labels, 1);
	}
}

/* Made first, so that a full page still has it; its sample comes last. */
static struct family *begin_rejected(struct families *families)
{
	const struct family_spec spec = {
		"fastd_series_rejected",
		FAMILY_GAUGE,
		"",
		"Series left out of this page: names that clash, or too many.",
		true,
	};

	return families_get(families, &spec);
}

/* The page while plugins are visited: a live plugin hides an ended one of its name. */
struct visit {
	struct families *families;
	char plugin[NODE_INSTANCE_BYTES_MAX + 1]; /* "": none yet */
	bool live;
};

static void visit_flush(struct visit *visit)
{
	if (visit->plugin[0] != '\0') {
		openmetrics_add_plugin(visit->families, visit->plugin, visit->live);
	}
}

/* These three run under the node's lock. */
static void visit_plugin(const struct node_plugin *plugin, void *arg)
{
	struct visit *visit = arg;

	if (plugin->live) {
		openmetrics_add_cost(visit->families, plugin);
	}
	if (strcmp(visit->plugin, plugin->name) == 0) {
		visit->live = visit->live || plugin->live;
		return;
	}
	visit_flush(visit);
	snprintf(visit->plugin, sizeof visit->plugin, "%s", plugin->name);
	visit->live = plugin->live;
}

static void visit_param(const struct node_param *param, void *arg)
{
	openmetrics_add_param(arg, param);
}

static void visit_metric(const struct node_metric *metric, void *arg)
{
	openmetrics_add_metric(arg, metric);
}

enum fast_status scrape_page(const struct self *self, enum families_format format, struct text *out)
{
	const struct node_filter everybody = {.include_ended = true};
	const struct node_filter live = {.with_distribution = true, .without_window = true};
	struct families *families = NULL;
	struct family *rejected;
	struct visit visit = {.plugin = ""};
	struct self_reading reading;
	enum fast_status status = families_new(format, &families);

	if (status != FAST_OK) {
		return status;
	}
	rejected = begin_rejected(families);
	self_read(self, &reading);
	add_build(families);
	add_node(families, self, &reading);
	add_process(families, self, &reading);
	visit.families = families;
	node_each_plugin(self->node, &everybody, visit_plugin, &visit);
	visit_flush(&visit);
	node_each_param(self->node, &live, visit_param, families);
	node_each_metric(self->node, &live, visit_metric, families);
	if (rejected != NULL) {
		family_count(rejected, "", "", families_rejected(families));
	}
	status = families_render(families, out);
	families_free(families);
	return status;
}
