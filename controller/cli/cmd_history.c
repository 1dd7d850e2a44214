#include "cli/command.h"
#include "cli/sample.h"

#include "client/quantity.h"

#include <fast/v1/metric.fast.h>

#define MEMBER(name) offsetof(Fast__V1__Sample, name)

static const struct output_column columns[] = {
	{"TIME", MEMBER(time_unix_ns), output_time, false, 0},
	{"VALUE", 0, sample_value, true, 0},
	{"RATE", 0, sample_rate, true, 0},
	{"P50", 0, sample_p50, true, 0},
	{"P95", 0, sample_p95, true, 0},
	{"P99", 0, sample_p99, true, 0},
	{"REVISION", 0, sample_revision, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "samples",
	.empty = "there are no samples of that time",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code history_run(struct cli *cli)
{
	Fast__V1__MetricHistoryRequest request = FAST__V1__METRIC_HISTORY_REQUEST__INIT;
	const struct option_number *since = &cli->options.since_s;
	struct fast_reply reply = {0};
	enum exit_code code = command_plugin(cli);

	if (code != EXIT_OK) {
		return code;
	}
	request.plugin = cli->plugin;
	request.metric = (char *)cli->words.word[0];
	request.limit = (uint32_t)cli->options.limit.value;
	request.step_ms = (uint32_t)(cli->options.step_s.value * 1e3);
	if (since->given) {
		request.since_unix_ns = quantity_unix_now() - (int64_t)(since->value * 1e9);
	}
	(void)!fast_v1_metric_history(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{"since", OPTION_DURATION, offsetof(struct options, since_s), "AGO",
	 "the last 90s, 10m, 2h, 1d alone", 0, 1e8},
	{"step", OPTION_DURATION, offsetof(struct options, step_s), "TIME",
	 "one sample each 10s, 1m, 1h alone", 1, 4e6},
	{"limit", OPTION_INTEGER, offsetof(struct options, limit), "N", "the newest N; 1000", 1,
	 10000},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_history = {
	.name = "history",
	.usage = "METRIC [--plugin NAME] [--since AGO] [--step TIME] [--limit N]",
	.summary = "samples of the past",
	.help = "Lists what one metric was, oldest first; a plugin that has ended has a past "
		"too.\nEach second of the last hour is kept, each minute of the last 30 days.\n\n"
		"  fastctl history fps --plugin camera --since 10m\n"
		"  fastctl history fps --plugin camera --since 7d --step 1h",
	.options = options,
	.words_min = 1,
	.words_max = 1,
	.run = history_run,
};
