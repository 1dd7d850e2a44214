#include "cli/command.h"
#include "cli/sample.h"

#include "client/quantity.h"

#include <fast/v1/metric.fast.h>

/* Prints a part of an entry's sample; before the first sample there is none. */
static void entry_print(const void *member, struct text *text,
			void (*print)(const void *sample, struct text *text))
{
	const Fast__V1__MetricEntry *entry = member;

	if (entry->sample == NULL) {
		text_add(text, "-");
	} else {
		print(entry->sample, text);
	}
}

static void entry_plugin(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	text_add_clean(text, entry->plugin[0] != '\0' || entry->sample == NULL
				     ? entry->plugin
				     : entry->sample->plugin); /* an older fastd */
	if (entry->state == FAST__V1__PLUGIN_STATE__PLUGIN_STATE_ENDED) {
		text_add(text, " (ended)");
	}
}

static void entry_name(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	text_add_clean(text, entry->spec == NULL ? "?" : entry->spec->name);
}

static void entry_kind(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	if (entry->spec != NULL) {
		sample_kind(&entry->spec->kind, text);
	}
}

static void entry_value(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	if (entry->sample == NULL || entry->spec == NULL) {
		text_add(text, "-");
	} else {
		sample_add_value(text, entry->sample, entry->spec->unit);
	}
}

static void entry_rate(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	if (entry->sample == NULL || entry->spec == NULL) {
		text_add(text, "-");
	} else {
		sample_add_rate(text, entry->sample, entry->spec->unit);
	}
}

static void entry_p50(const void *member, struct text *text)
{
	entry_print(member, text, sample_p50);
}

static void entry_p95(const void *member, struct text *text)
{
	entry_print(member, text, sample_p95);
}

static void entry_p99(const void *member, struct text *text)
{
	entry_print(member, text, sample_p99);
}

static void entry_age(const void *member, struct text *text)
{
	const Fast__V1__MetricEntry *entry = member;

	if (entry->sample == NULL) {
		text_add(text, "-");
	} else {
		quantity_seconds(text, entry->age_ms / 1e3);
	}
}

static const struct output_column columns[] = {
	{"PLUGIN", 0, entry_plugin, false, 0}, {"METRIC", 0, entry_name, false, 0},
	{"KIND", 0, entry_kind, false, 0},     {"VALUE", 0, entry_value, true, 0},
	{"RATE", 0, entry_rate, true, 0},      {"P50", 0, entry_p50, true, 0},
	{"P95", 0, entry_p95, true, 0},        {"P99", 0, entry_p99, true, 0},
	{"AGE", 0, entry_age, true, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "metrics",
	.empty = "no metric matches",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code metrics_run(struct cli *cli)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	request.metric = command_glob(cli, 0);
	request.include_ended = cli->options.all;
	request.window_ms = (uint32_t)cli->options.window_ms.value;
	(void)!fast_v1_metric_list(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "of these plugins alone",
	 0, 0},
	{"window", OPTION_INTEGER, offsetof(struct options, window_ms), "MS",
	 "time that rates and percentiles cover; 1000", 10, 60000},
	{"all", OPTION_FLAG, offsetof(struct options, all), NULL, "of ended plugins too", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[GLOB] [--plugin GLOB] [--window MS] [--all]",
	.summary = "what plugins measure, now",
	.help = "Lists metrics with their newest sample. RATE and percentiles are those of the "
		"last\n"
		"second; a heartbeat's and a timer's percentiles are durations. With --json each\n"
		"window also has its mean, least and greatest value and standard deviation.\n\n"
		"  fastctl metrics\n"
		"  fastctl metrics 'frame*' --plugin camera",
	.options = options,
	.words_max = 1,
	.run = metrics_run,
};
