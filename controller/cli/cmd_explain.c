#include "cli/command.h"

#include <fast/v1/param.fast.h>

static const struct output_column columns[] = {
	{"WHY IT IS SO, AND WHAT COMES NEXT", 0, output_sentence, false, 0},
};

static const void *explain_part(const void *item, size_t index)
{
	const Fast__V1__ParamExplainResponse *answer = item;

	return index < answer->n_sentences ? answer->sentences[index] : NULL;
}

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
	.part = explain_part,
};

static enum exit_code explain_run(struct cli *cli)
{
	Fast__V1__ParamExplainRequest request = FAST__V1__PARAM_EXPLAIN_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code;

	if (cli->words.count == 2) {
		cli->options.plugin = cli->words.word[0];
	}
	code = command_plugin(cli);
	if (code != EXIT_OK) {
		return code;
	}
	request.plugin = cli->plugin;
	request.param = (char *)cli->words.word[cli->words.count - 1];
	(void)!fast_v1_param_explain(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_explain = {
	.name = "explain",
	.usage = "[PLUGIN] PARAM",
	.summary = "why a knob is as it is, and what comes next",
	.help = "Tells in words who set a param, under which lease and within which bounds, what "
		"is\n"
		"effective, and what happens next: when its lease or its time ends.\n\n"
		"  fastctl explain camera res\n"
		"  fastctl --json explain camera res | jq -r '.sentences[]'",
	.options = options,
	.words_min = 1,
	.words_max = 2,
	.run = explain_run,
};
