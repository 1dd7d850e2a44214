#include "cli/command.h"
#include "cli/knob.h"

#include <fast/v1/param.fast.h>

#define MEMBER(name) offsetof(Fast__V1__ParamState, name)

static const struct output_column columns[] = {
	{"param", 0, knob_name, false, 0},
	{"plugin", MEMBER(plugin), output_string, false, 0},
	{"what", 0, knob_help, false, 0},
	{"type", 0, knob_type, false, 0},
	{"allowed", 0, knob_allowed, false, 0},
	{"desired", MEMBER(desired), output_param_value, false, 0},
	{"effective", MEMBER(effective), output_param_value, false, 0},
	{"status", MEMBER(status), knob_status, false, 0},
	{"revision", MEMBER(revision), output_count, false, 0},
	{"read", MEMBER(effective_revision), output_count, false, 0},
	{"set by", MEMBER(actor), output_string, false, 0},
	{"set at", MEMBER(set_time_unix_ns), output_time, false, 0},
	{"held by", 0, knob_holder, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_CARD,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code get_run(struct cli *cli)
{
	Fast__V1__ParamGetRequest request = FAST__V1__PARAM_GET_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code = command_plugin(cli);

	if (code != EXIT_OK) {
		return code;
	}
	request.plugin = cli->plugin;
	request.param = (char *)cli->words.word[0];
	if (fast_v1_param_get(cli->client, &command_call, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamGetResponse *answer = fast_v1_param_get_response(&reply);

		code = command_show(cli, &view, &answer->param, answer->param == NULL ? 0 : 1);
	} else {
		code = command_failed(cli, &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_get = {
	.name = "get",
	.usage = "PARAM [--plugin NAME]",
	.summary = "one knob in full",
	.help = "Shows one param: what was asked for, what the plugin has read, who set it.\n\n"
		"  fastctl get res --plugin camera",
	.options = options,
	.words_min = 1,
	.words_max = 1,
	.run = get_run,
};
