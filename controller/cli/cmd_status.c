#include "cli/command.h"

#include "client/quantity.h"

#include <fast/v1/plugin.fast.h>

static void status_cpu(const void *member, struct text *text)
{
	const Fast__V1__NodeStatusResponse *status = member;
	double up_s = (double)(quantity_unix_now() - status->start_time_unix_ns) / 1e9;

	quantity_seconds(text, status->cpu_seconds);
	if (up_s > 0) {
		text_add(text, " (%.2f %% of one core)", 100 * status->cpu_seconds / up_s);
	}
}

static void status_tick(const void *member, struct text *text)
{
	quantity_seconds(text, *(const uint32_t *)member / 1e3);
}

static void status_endpoints(const void *member, struct text *text)
{
	const Fast__V1__NodeStatusResponse *status = member;

	for (size_t i = 0; i < status->n_endpoints; i++) {
		text_add(text, "%s", i == 0 ? "" : "  ");
		text_add_clean(text, status->endpoints[i]);
	}
}

static void status_store(const void *member, struct text *text)
{
	const char *error = *(char *const *)member;

	text_add_clean(text, error[0] == '\0' ? "ok" : error);
}

static void status_spans(struct text *text, uint64_t count, double seconds, double seconds_max)
{
	if (count == 0) {
		text_add(text, "none yet");
		return;
	}
	quantity_seconds(text, seconds / (double)count);
	text_add(text, " (of late at most ");
	quantity_seconds(text, seconds_max);
	text_add(text, ")");
}

static void status_sampling(const void *member, struct text *text)
{
	const Fast__V1__NodeStatusResponse *status = member;

	status_spans(text, status->samplings, status->sampling_seconds,
		     status->sampling_seconds_max);
}

static void status_commits(const void *member, struct text *text)
{
	const Fast__V1__NodeStatusResponse *status = member;

	status_spans(text, status->store_commits, status->store_commit_seconds,
		     status->store_commit_seconds_max);
}

#define MEMBER(name) offsetof(Fast__V1__NodeStatusResponse, name)

static const struct output_column columns[] = {
	{"version", MEMBER(version), output_string, false, 0},
	{"pid", MEMBER(pid), output_u32, false, 0},
	{"started", MEMBER(start_time_unix_ns), output_time, false, 0},
	{"up", MEMBER(start_time_unix_ns), output_since, false, 0},
	{"boot", MEMBER(boot_id), output_hex64, false, 0},
	{"plugins", MEMBER(plugins_live), output_u32, false, 0},
	{"metrics", MEMBER(metrics), output_u32, false, 0},
	{"params", MEMBER(params), output_u32, false, 0},
	{"leases", MEMBER(leases), output_u32, false, 0},
	{"tick", MEMBER(tick_ms), status_tick, false, 0},
	{"cpu", 0, status_cpu, false, 0},
	{"memory", MEMBER(rss_bytes), output_bytes, false, 0},
	{"endpoints", 0, status_endpoints, false, 0},
	{"state", MEMBER(state_dir), output_string, false, 0},
	{"store", MEMBER(store_error), status_store, false, 0},
	{"dropped", MEMBER(dropped_items), output_u64, false, 0},
	{"sampling", 0, status_sampling, false, 0},
	{"commits", 0, status_commits, false, 0},
	{"missing", MEMBER(store_samples_dropped), output_u64, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_CARD,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code status_run(struct cli *cli)
{
	Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	struct fast_reply reply = {0};

	(void)!fast_v1_node_status(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_status = {
	.name = "status",
	.usage = "[--json]",
	.summary = "how the daemon is",
	.help = "Shows version, age, load and endpoints of fastd.\n\n"
		"  fastctl status\n"
		"  fastctl --json status | jq .pluginsLive",
	.options = options,
	.run = status_run,
};
