#include "cli/command.h"
#include "cli/knob.h"

#include <fast/v1/param.fast.h>

#define MEMBER(name) offsetof(Fast__V1__ParamState, name)

static const struct output_column columns[] = {
	{"PLUGIN", MEMBER(plugin), output_string, false, 0},
	{"PARAM", 0, knob_name, false, 0},
	{"TYPE", 0, knob_type, false, 0},
	{"DESIRED", MEMBER(desired), output_param_value, true, 0},
	{"EFFECTIVE", MEMBER(effective), output_param_value, true, 0},
	{"STATUS", MEMBER(status), knob_status, false, 0},
	{"ALLOWED", 0, knob_allowed, false, 0},
	{"HELD BY", 0, knob_holder, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "params",
	.empty = "no param matches",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code params_run(struct cli *cli)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	request.param = command_glob(cli, 0);
	request.include_ended = cli->options.all;
	(void)!fast_v1_param_list(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "of these plugins alone",
	 0, 0},
	{"all", OPTION_FLAG, offsetof(struct options, all), NULL, "of ended plugins too", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_params = {
	.name = "params",
	.usage = "[GLOB] [--plugin GLOB] [--all]",
	.summary = "the knobs that plugins offer",
	.help = "Lists params: what was asked for (DESIRED), what the plugin has read (EFFECTIVE), "
		"what\n"
		"is allowed, and who holds the knob.\n\n"
		"  fastctl params\n"
		"  fastctl --json params res | jq '.params[].desired'",
	.options = options,
	.words_max = 1,
	.run = params_run,
};
