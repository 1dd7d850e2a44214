#include "cli/command.h"
#include "cli/hold_learn.h"
#include "cli/hold_loop.h"
#include "client/interrupt.h"

#include <errno.h>
#include <fast/v1/param.fast.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One run of the command. */
struct hold {
	struct cli *cli;
	struct hold_wish wish;
	struct hold_model model;
	struct hold_session session;
	struct table given;       /* read from the file, or learned */
	struct fast_reply params; /* the plugin's params as they were at the start */
	bool learning;            /* the knobs stand where nobody wished them */
};

static const Fast__V1__ParamListResponse *hold_params(const struct hold *hold)
{
	return fast_v1_param_list_response(&hold->params);
}

/* Reads the words and options that make the wish. */
static enum exit_code hold_read_wish(struct hold *hold)
{
	const struct options *options = &hold->cli->options;
	char error[GOAL_ERROR_BYTES_MAX];

	if (goal_parse(hold->cli->words.word[0], &hold->wish.goal, error) != FAST_OK) {
		return command_usage(hold->cli, "the goal '%.80s' is not understood: %s",
				     hold->cli->words.word[0], error);
	}
	if (options->maximize != NULL && options->minimize != NULL) {
		return command_usage(hold->cli, "--maximize and --minimize exclude each other: "
						"give one of them");
	}
	if (options->maximize == NULL && options->minimize == NULL) {
		return command_usage(hold->cli, "say what to --maximize or --minimize");
	}
	if (options->table == NULL && !options->learn) {
		return command_usage(hold->cli,
				     "a --table of configurations is needed, or --learn");
	}
	hold->wish.minimize = options->minimize != NULL;
	hold->wish.merit = hold->wish.minimize ? options->minimize : options->maximize;
	hold->wish.knobs = options->knobs;
	if (options->mean != NULL && strcmp(options->mean, "work") != 0 &&
	    strcmp(options->mean, "time") != 0) {
		return command_usage(hold->cli, "--mean takes work or time, not '%.64s'",
				     options->mean);
	}
	return EXIT_OK;
}

static enum exit_code hold_list_params(struct hold *hold)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;

	request.plugin = hold->cli->plugin;
	if (fast_v1_param_list(hold->cli->client, &command_call, &request, &hold->params) !=
	    FAST_OK) {
		return command_failed(hold->cli, &hold->params);
	}
	return EXIT_OK;
}

static enum exit_code hold_read_table(struct hold *hold)
{
	const char *path = hold->cli->options.table;
	char error[TABLE_ERROR_BYTES_MAX];
	FILE *file = fopen(path, "r");
	enum fast_status status;

	if (file == NULL) {
		return command_usage(hold->cli, "%s: %s", path, strerror(errno));
	}
	status = table_read(&hold->given, file, error);
	fclose(file);
	return status == FAST_OK ? EXIT_OK : command_usage(hold->cli, "%s: %s", path, error);
}

/* Writes beside the file first, so that no reader sees half of one. */
static enum exit_code hold_write_table(struct hold *hold)
{
	const char *path = hold->cli->options.table;
	char beside[4096];
	FILE *file;
	bool written;

	if (snprintf(beside, sizeof beside, "%s.tmp", path) >= (int)sizeof beside) {
		return command_usage(hold->cli, "the table's path is too long");
	}
	file = fopen(beside, "w");
	written = file != NULL && table_write(&hold->given, file) == FAST_OK;
	if (file != NULL) {
		written = fclose(file) == 0 && written;
	}
	if (!written || rename(beside, path) != 0) {
		enum exit_code code =
			command_say(hold->cli, EXIT_REFUSED, "%s: %s", path, strerror(errno));

		(void)unlink(beside);
		return code;
	}
	return EXIT_OK;
}

/* Chooses the knobs, and with a table builds the model at once. */
static enum exit_code hold_prepare(struct hold *hold)
{
	bool learn = hold->cli->options.learn;
	const struct table *table = learn ? NULL : &hold->given;
	char error[HOLD_ERROR_BYTES_MAX];
	enum fast_status status;

	status = hold_model_choose(&hold->model, &hold->wish, table, hold_params(hold), error);
	if (status == FAST_OK) {
		status =
			learn ? hold_model_grid(&hold->model, &hold->wish, hold_params(hold), error)
			      : hold_model_build(&hold->model, &hold->wish, table,
						 hold_params(hold), error);
	}
	return status == FAST_OK ? EXIT_OK : command_usage(hold->cli, "%s", error);
}

static enum exit_code hold_learn_model(struct hold *hold)
{
	const struct options *options = &hold->cli->options;
	uint32_t learn_ms =
		options->learn_ms.given ? (uint32_t)options->learn_ms.value : HOLD_LEARN_MS_DEFAULT;
	char error[HOLD_ERROR_BYTES_MAX];
	enum exit_code code;

	hold->learning = true;
	code = hold_learn(&hold->session, &hold->wish, learn_ms, &hold->given);
	if (code != EXIT_OK || interrupt_seen()) {
		return code;
	}
	if (options->table != NULL) {
		code = hold_write_table(hold);
		if (code != EXIT_OK) {
			return code;
		}
	}
	if (hold_model_build(&hold->model, &hold->wish, &hold->given, hold_params(hold), error) !=
	    FAST_OK) {
		return command_say(hold->cli, EXIT_REFUSED, "%s", error);
	}
	hold->learning = false;
	return EXIT_OK;
}

/* Finds the metrics; a table may know a merit that the plugin does not measure. */
static enum exit_code hold_find(struct hold *hold)
{
	char error[GOAL_ERROR_BYTES_MAX];
	enum exit_code code = EXIT_OK;

	if (hold->cli->options.learn) {
		hold->session.metric = hold->wish.merit;
		code = hold_session_find(&hold->session);
	}
	if (code == EXIT_OK) {
		hold->session.metric = hold->wish.goal.metric;
		code = hold_session_find(&hold->session);
	}
	if (code == EXIT_OK && goal_fit(&hold->wish.goal, hold->session.unit, error) != FAST_OK) {
		code = command_usage(hold->cli, "%s", error);
	}
	/* A gauge tells of a state that lasts, all else of work that is done. */
	hold->wish.mean = hold->session.kind == FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE
				  ? HULL_MEAN_TIME
				  : HULL_MEAN_WORK;
	if (hold->cli->options.mean != NULL) {
		hold->wish.mean = strcmp(hold->cli->options.mean, "time") == 0 ? HULL_MEAN_TIME
									       : HULL_MEAN_WORK;
	}
	return code;
}

/* What is done under the claim. */
static enum exit_code hold_under_claim(struct hold *hold)
{
	const struct options *options = &hold->cli->options;
	const struct hold_loop_options loop = {
		.goal = hold->cli->words.word[0],
		.margin = options->margin.given ? options->margin.value : HOLD_LAW_MARGIN_DEFAULT,
		.cycle_ns = (int64_t)(options->period_ms.given ? options->period_ms.value
							       : HOLD_LAW_CYCLE_MS_DEFAULT) *
			    1000000,
		.for_ns = (int64_t)(options->for_s.value * 1e9),
	};
	enum exit_code code = EXIT_OK;

	if (options->learn) {
		code = hold_learn_model(hold);
	}
	return code == EXIT_OK && !interrupt_seen() ? hold_loop(&hold->session, &hold->wish, &loop)
						    : code;
}

static enum exit_code hold_begin(struct hold *hold)
{
	static enum exit_code (*const steps[])(struct hold *) = {hold_list_params, hold_find,
								 hold_prepare};
	enum exit_code code = hold_read_wish(hold);

	if (code == EXIT_OK && !hold->cli->options.learn) {
		code = hold_read_table(hold);
	}
	if (code == EXIT_OK) {
		code = command_plugin(hold->cli);
	}
	for (size_t i = 0; code == EXIT_OK && i < sizeof steps / sizeof steps[0]; i++) {
		code = steps[i](hold);
	}
	return code;
}

static enum exit_code hold_run(struct cli *cli)
{
	const struct options *options = &cli->options;
	struct hold *hold = calloc(1, sizeof *hold); /* the hull is large */
	enum exit_code code;

	if (hold == NULL) {
		return command_say(cli, EXIT_REFUSED, "no memory");
	}
	hold->cli = cli;
	hold->session = (struct hold_session){
		.cli = cli,
		.model = &hold->model,
		.ttl_ms = options->ttl_ms.given ? (uint32_t)options->ttl_ms.value
						: HOLD_TTL_MS_DEFAULT,
		.patience_s = options->patience_s.given ? options->patience_s.value
							: HOLD_PATIENCE_S_DEFAULT,
	};
	interrupt_catch();
	code = hold_begin(hold);
	if (code == EXIT_OK) {
		code = hold_session_begin(&hold->session);
	}
	if (code == EXIT_OK) {
		code = hold_under_claim(hold);
	}
	if (hold->learning) {
		cli->output->note(cli->output, "learning did not come to its end: the knobs go "
					       "back to where they were");
	}
	hold_session_end(&hold->session, options->revert || hold->learning);
	hold_model_fini(&hold->model);
	table_fini(&hold->given);
	fast_reply_fini(&hold->params);
	free(hold);
	return code;
}

static const struct option options_hold[] = {
	{"maximize", OPTION_TEXT, offsetof(struct options, maximize), "METRIC",
	 "what shall be as great as the goal allows", 0, 0},
	{"minimize", OPTION_TEXT, offsetof(struct options, minimize), "METRIC",
	 "what shall be as small as the goal allows", 0, 0},
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{"knobs", OPTION_TEXT, offsetof(struct options, knobs), "A,B",
	 "turn these alone; else all that the table or the choices allow", 0, 0},
	{"table", OPTION_TEXT, offsetof(struct options, table), "FILE",
	 "CSV of configurations; with --learn it is written", 0, 0},
	{"learn", OPTION_FLAG, offsetof(struct options, learn), NULL,
	 "visit every configuration first", 0, 0},
	{"learn-ms", OPTION_INTEGER, offsetof(struct options, learn_ms), "MS",
	 "time for each of them; 1500", 100, 600000},
	{"margin", OPTION_NUMBER, offsetof(struct options, margin), "SHARE",
	 "how far above the goal to aim; 0.05", 0, 1},
	{"period", OPTION_INTEGER, offsetof(struct options, period_ms), "MS",
	 "time over which the mean meets the goal; 1000", HOLD_LAW_CYCLE_MS_MIN,
	 HOLD_LAW_CYCLE_MS_MAX},
	{"mean", OPTION_TEXT, offsetof(struct options, mean), "OF",
	 "work (a frame's accuracy) or time (a power); by the goal's metric", 0, 0},
	{"ttl", OPTION_INTEGER, offsetof(struct options, ttl_ms), "MS",
	 "time to live of the claim; 5000", 1000, 60000},
	{"for", OPTION_DURATION, offsetof(struct options, for_s), "TIME",
	 "hold so long: 90, 10m, 2h; else until interrupted", 0, 1e8},
	{"patience", OPTION_DURATION, offsetof(struct options, patience_s), "TIME",
	 "wait so long for a daemon that went away; 30", 0, 1e6},
	{"revert", OPTION_FLAG, offsetof(struct options, revert), NULL,
	 "put the knobs back at the end", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_hold = {
	.name = "hold",
	.usage = "'METRIC >= NUMBER' --maximize METRIC (--table FILE | --learn) [--plugin NAME]",
	.summary = "keep a goal by turning knobs",
	.help = "Keeps a metric at or above a goal (or, with <=, below), and among the "
		"configurations that do\n"
		"it uses those of most merit. It claims the knobs, so that nobody else turns them "
		"meanwhile,\n"
		"and gives them back when interrupted. A heartbeat or a counter means its rate, a "
		"timer its\n"
		"mean, a gauge its value.\n\n"
		"  fastctl hold 'fps >= 24' --maximize acc --learn --table camera.csv --plugin "
		"camera\n"
		"  fastctl hold 'frame_time <= 40 ms' --maximize acc --table camera.csv --for "
		"10m\n\n"
		"The table has a column per knob, the goal's metric and the merit:\n\n"
		"  res,skip,fps,acc\n"
		"  1080,0,11.9,0.91\n"
		"  720,0,26.3,0.87\n\n"
		"Ends with 4 when the goal was out of reach for most of the time, or the claim was "
		"lost.",
	.options = options_hold,
	.words_min = 1,
	.words_max = 1,
	.run = hold_run,
};
