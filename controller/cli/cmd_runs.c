#include "cli/command.h"

#include "client/quantity.h"

#include <fast/v1/plugin.fast.h>

#define MEMBER(name) offsetof(Fast__V1__PluginRun, name)

static void run_end(const void *member, struct text *text)
{
	const Fast__V1__PluginRun *run = member;

	if (run->end_time_unix_ns == 0) {
		text_add(text, "-");
	} else {
		output_time(&run->end_time_unix_ns, text);
	}
}

static void run_length(const void *member, struct text *text)
{
	const Fast__V1__PluginRun *run = member;
	int64_t end_ns = run->end_time_unix_ns == 0 ? quantity_unix_now() : run->end_time_unix_ns;

	quantity_seconds(text, (double)(end_ns - run->start_time_unix_ns) / 1e9);
}

static void run_reason(const void *member, struct text *text)
{
	const Fast__V1__PluginRun *run = member;

	text_add_clean(text, run->end_time_unix_ns == 0 ? "goes on" : run->reason);
}

static const struct output_column run_columns[] = {
	{"PLUGIN", MEMBER(plugin), output_string, false, 0},
	{"VERSION", MEMBER(version), output_string, false, 0},
	{"PID", MEMBER(pid), output_u32, true, 0},
	{"START", MEMBER(start_time_unix_ns), output_time, false, 0},
	{"END", 0, run_end, false, 0},
	{"LENGTH", 0, run_length, true, 0},
	{"HOW", 0, run_reason, false, 0},
};

static const struct output_view runs_view = {
	.shape = OUTPUT_TABLE,
	.key = "runs",
	.empty = "no plugin has run",
	.columns = run_columns,
	.column_count = sizeof run_columns / sizeof run_columns[0],
};

static enum exit_code runs_run(struct cli *cli)
{
	Fast__V1__PluginRunsRequest request = FAST__V1__PLUGIN_RUNS_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_glob(cli, 0);
	request.limit = (uint32_t)cli->options.limit.value;
	(void)!fast_v1_plugin_runs(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &runs_view, &reply);
}

#undef MEMBER
#define MEMBER(name) offsetof(Fast__V1__NodeEvent, name)

static const struct output_column event_columns[] = {
	{"SEQ", MEMBER(sequence), output_u64, true, 0},
	{"TIME", MEMBER(time_unix_ns), output_time, false, 0},
	{"EVENT", MEMBER(event), output_string, false, 0},
	{"PLUGIN", MEMBER(plugin), output_string, false, 0},
	{"TEXT", MEMBER(text), output_string, false, 0},
};

static const struct output_view events_view = {
	.shape = OUTPUT_TABLE,
	.key = "events",
	.empty = "nothing has happened",
	.columns = event_columns,
	.column_count = sizeof event_columns / sizeof event_columns[0],
};

static enum exit_code events_run(struct cli *cli)
{
	Fast__V1__NodeEventsRequest request = FAST__V1__NODE_EVENTS_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	request.after = cli->options.after.value;
	request.limit = (uint32_t)cli->options.limit.value;
	(void)!fast_v1_node_events(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &events_view, &reply);
}

static const struct option runs_options[] = {
	{"limit", OPTION_INTEGER, offsetof(struct options, limit), "N", "the newest N; 100", 1,
	 10000},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_runs = {
	.name = "runs",
	.usage = "[GLOB] [--limit N]",
	.summary = "which plugins have run, and how they ended",
	.help = "Lists runs of plugins, those of the past too, newest last.\n\n"
		"  fastctl runs camera\n"
		"  fastctl --json runs | jq '.runs[] | select(.endTimeUnixNs == \"0\")'",
	.options = runs_options,
	.words_max = 1,
	.run = runs_run,
};

static const struct option events_options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "of these plugins alone",
	 0, 0},
	{"after", OPTION_INTEGER, offsetof(struct options, after), "SEQ",
	 "newer than this one alone", 0, 0},
	{"limit", OPTION_INTEGER, offsetof(struct options, limit), "N", "the newest N; 100", 1,
	 10000},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_events = {
	.name = "events",
	.usage = "[--plugin GLOB] [--after SEQ] [--limit N]",
	.summary = "what has happened on the node",
	.help = "Lists starts and stops of fastd, plugins that came and went, counters that were\n"
		"reset, and trouble of the store, newest last.\n\n"
		"  fastctl events --plugin camera",
	.options = events_options,
	.run = events_run,
};
