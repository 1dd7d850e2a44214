#include "cli/command.h"

#include "client/value.h"

#include <fast/v1/param.fast.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES_BYTES_MAX 2048

#define MEMBER(name) offsetof(Fast__V1__ParamBound, name)

static void bound_allows(const void *member, struct text *text)
{
	const Fast__V1__ParamBound *bound = member;

	for (size_t i = 0; i < bound->n_choices; i++) {
		text_add(text, "%s", i == 0 ? "" : "|");
		value_add(text, bound->choices[i]);
	}
	if (bound->least_case == FAST__V1__PARAM_BOUND__LEAST_MIN) {
		text_add(text, "%s%.15g..", bound->n_choices > 0 ? " " : "", bound->min);
	} else if (bound->greatest_case == FAST__V1__PARAM_BOUND__GREATEST_MAX) {
		text_add(text, "%s..", bound->n_choices > 0 ? " " : "");
	}
	if (bound->greatest_case == FAST__V1__PARAM_BOUND__GREATEST_MAX) {
		text_add(text, "%.15g", bound->max);
	}
}

static const struct output_column columns[] = {
	{"PLUGINS", MEMBER(plugin), output_string, false, 0},
	{"PARAM", MEMBER(param), output_string, false, 0},
	{"ALLOWED", 0, bound_allows, false, 0},
	{"SET BY", MEMBER(actor), output_string, false, 0},
	{"SET AT", MEMBER(time_unix_ns), output_time, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "bounds",
	.empty = "no knob is bounded",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static char *bounds_plugins(const struct cli *cli)
{
	return (char *)(cli->options.plugin == NULL ? "*" : cli->options.plugin);
}

static enum exit_code bounds_list(struct cli *cli)
{
	Fast__V1__ParamListBoundsRequest request = FAST__V1__PARAM_LIST_BOUNDS_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	(void)!fast_v1_param_list_bounds(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

/* The choices of a bound as messages, which point into one another: it does not move. */
struct choices {
	size_t count;
	char chars[CHOICES_BYTES_MAX];
	Fast__V1__ParamValue values[OPTIONS_WORDS_MAX];
	Fast__V1__ParamValue *list[OPTIONS_WORDS_MAX];
};

/* As the knob's type wants it; a knob that nobody declares yet is taken for what it looks like. */
static void choice_guess(char *chars, Fast__V1__ParamValue *out)
{
	char *end;

	fast__v1__param_value__init(out);
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	out->int_value = strtoll(chars, &end, 10);
	if (chars[0] != '\0' && *end == '\0') {
		return;
	}
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_DOUBLE_VALUE;
	out->double_value = strtod(chars, &end);
	if (chars[0] != '\0' && *end == '\0') {
		return;
	}
	out->kind_case = FAST__V1__PARAM_VALUE__KIND_STRING_VALUE;
	out->string_value = chars;
	if (strcmp(chars, "true") == 0 || strcmp(chars, "false") == 0) {
		out->kind_case = FAST__V1__PARAM_VALUE__KIND_BOOL_VALUE;
		out->bool_value = chars[0] == 't';
	}
}

static enum exit_code choices_read(struct cli *cli, struct choices *choices,
				   const Fast__V1__ParamSpec *spec)
{
	char error[VALUE_ERROR_BYTES_MAX];
	char *rest = choices->chars;
	char *chars;

	if (strlen(cli->options.choices) >= sizeof choices->chars) {
		return command_usage(cli, "--choices is longer than %d bytes", CHOICES_BYTES_MAX);
	}
	memcpy(choices->chars, cli->options.choices, strlen(cli->options.choices) + 1);
	while ((chars = strsep(&rest, ",")) != NULL) {
		Fast__V1__ParamValue *value = &choices->values[choices->count];

		if (choices->count == OPTIONS_WORDS_MAX) {
			return command_usage(cli, "--choices has too many values");
		}
		if (spec == NULL) {
			choice_guess(chars, value);
		} else if (value_parse(spec, chars, value, error) != FAST_OK) {
			return command_usage(cli, "%s", error);
		}
		choices->list[choices->count++] = value;
	}
	return EXIT_OK;
}

static enum exit_code bound_send(struct cli *cli, Fast__V1__ParamBound *bound)
{
	Fast__V1__ParamBoundRequest request = FAST__V1__PARAM_BOUND_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.bound = bound;
	request.client = (char *)"fastctl bounds";
	(void)!fast_v1_param_bound(cli->client, &command_call, &request, &reply);
	return command_answer(cli, NULL, &reply);
}

static enum exit_code bounds_set(struct cli *cli)
{
	static struct choices choices; /* too large for a stack frame; main runs one command */
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	Fast__V1__ParamBound bound = FAST__V1__PARAM_BOUND__INIT;
	const struct options *options = &cli->options;
	const Fast__V1__ParamListResponse *known;
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_OK;

	bound.plugin = bounds_plugins(cli);
	bound.param = (char *)cli->words.word[1];
	if (options->min.given) {
		bound.least_case = FAST__V1__PARAM_BOUND__LEAST_MIN;
		bound.min = options->min.value;
	}
	if (options->max.given) {
		bound.greatest_case = FAST__V1__PARAM_BOUND__GREATEST_MAX;
		bound.max = options->max.value;
	}
	request.plugin = bound.plugin;
	request.param = bound.param;
	if (fast_v1_param_list(cli->client, &command_call, &request, &reply) != FAST_OK) {
		code = command_failed(cli, &reply);
	} else if (options->choices != NULL) {
		known = fast_v1_param_list_response(&reply);
		code = choices_read(cli, &choices,
				    known->n_params == 0 ? NULL : known->params[0]->spec);
		bound.choices = choices.list;
		bound.n_choices = choices.count;
	}
	fast_reply_fini(&reply);
	return code == EXIT_OK ? bound_send(cli, &bound) : code;
}

static enum exit_code bounds_clear(struct cli *cli)
{
	Fast__V1__ParamUnboundRequest request = FAST__V1__PARAM_UNBOUND_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = bounds_plugins(cli);
	request.param = (char *)cli->words.word[1];
	request.client = (char *)"fastctl bounds";
	(void)!fast_v1_param_unbound(cli->client, &command_call, &request, &reply);
	return command_answer(cli, NULL, &reply);
}

static enum exit_code bounds_run(struct cli *cli)
{
	const char *verb = cli->words.count == 0 ? "list" : cli->words.word[0];

	if (strcmp(verb, "set") != 0 &&
	    (cli->options.min.given || cli->options.max.given || cli->options.choices != NULL)) {
		return command_usage(cli, "--min, --max and --choices go with bounds set PARAM");
	}
	if (strcmp(verb, "list") == 0 && cli->words.count <= 1) {
		return bounds_list(cli);
	}
	if (strcmp(verb, "set") == 0 && cli->words.count == 2) {
		return bounds_set(cli);
	}
	if (strcmp(verb, "clear") == 0 && cli->words.count == 2) {
		return bounds_clear(cli);
	}
	return command_usage(cli, "usage: fastctl bounds %s", cli->command->usage);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB",
	 "the plugins; all. list: bounds that bear upon this one", 0, 0},
	{"min", OPTION_NUMBER, offsetof(struct options, min), "NUMBER", "the least value", 0, 0},
	{"max", OPTION_NUMBER, offsetof(struct options, max), "NUMBER", "the greatest value", 0, 0},
	{"choices", OPTION_TEXT, offsetof(struct options, choices), "A,B,...",
	 "the values that are allowed; one pins the knob", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_bounds = {
	.name = "bounds",
	.usage = "[list | set PARAM [--min X] [--max Y] [--choices A,B] | clear PARAM] [--plugin "
		 "GLOB]",
	.summary = "what an operator allows knobs to be",
	.help = "Bounds outrank every controller: no set, revert or profile leaves them, and what "
		"is outside\n"
		"is brought inside. They are kept until they are cleared, by the same glob.\n\n"
		"  fastctl bounds set res --plugin 'camera*' --max 1080\n"
		"  fastctl bounds set mode --choices safe\n"
		"  fastctl bounds clear res --plugin 'camera*'",
	.options = options,
	.words_max = 2,
	.run = bounds_run,
};
