#include "cli/command.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <math.h>
#include <poll.h>
#include <time.h>

#define WAIT_PATIENCE_S_DEFAULT 10
#define WAIT_POLL_MS            50

static double wait_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct waiting {
	double end_s;
	bool answered; /* fastd has */
};

/* The call of one look, the first of which waits for the daemon, too. A daemon that has answered
 * answers again: a look at the last moment is no reason to call it gone. */
static struct fast_call_options wait_call(const struct waiting *waiting)
{
	double left_s = fmax(0, waiting->end_s - wait_now_s());
	int64_t left_ms = (int64_t)(left_s * 1e3) + 1;

	if (waiting->answered && left_ms < COMMAND_CALL_TIMEOUT_MS) {
		left_ms = COMMAND_CALL_TIMEOUT_MS;
	}
	return (struct fast_call_options){.size = sizeof(struct fast_call_options),
					  .timeout_ms = left_ms,
					  .wait_for_ready = true};
}

/* What a look came to: EXIT_LOST when it is not there yet. Releases the reply. */
static enum exit_code wait_judge(struct cli *cli, struct fast_reply *reply, bool there)
{
	enum exit_code code = there ? EXIT_OK : EXIT_LOST;

	if (reply->status != FAST_OK) {
		code = command_failed(cli, reply);
	}
	fast_reply_fini(reply);
	return code;
}

/* Whether one of them has declared something: it attaches first. */
static bool wait_any_declared(const Fast__V1__PluginListResponse *list)
{
	for (size_t i = 0; i < list->n_plugins; i++) {
		if (list->plugins[i]->metric_count + list->plugins[i]->param_count > 0) {
			return true;
		}
	}
	return false;
}

static enum exit_code look_plugin(struct cli *cli, const struct fast_call_options *call)
{
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	bool there;

	request.plugin = command_glob(cli, 0);
	there = fast_v1_plugin_list(cli->client, call, &request, &reply) == FAST_OK &&
		(cli->words.count == 0 || wait_any_declared(fast_v1_plugin_list_response(&reply)));
	return wait_judge(cli, &reply, there);
}

static enum exit_code look_param(struct cli *cli, const struct fast_call_options *call)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	bool there;

	request.plugin = command_glob(cli, 0);
	request.param = (char *)cli->options.param;
	there = fast_v1_param_list(cli->client, call, &request, &reply) == FAST_OK &&
		fast_v1_param_list_response(&reply)->n_params > 0;
	return wait_judge(cli, &reply, there);
}

static bool wait_any_sampled(const Fast__V1__MetricListResponse *list)
{
	for (size_t i = 0; i < list->n_metrics; i++) {
		if (list->metrics[i]->sample != NULL) {
			return true;
		}
	}
	return false;
}

static enum exit_code look_metric(struct cli *cli, const struct fast_call_options *call)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	bool there;

	request.plugin = command_glob(cli, 0);
	request.metric = (char *)cli->options.metric;
	there = fast_v1_metric_list(cli->client, call, &request, &reply) == FAST_OK &&
		wait_any_sampled(fast_v1_metric_list_response(&reply));
	return wait_judge(cli, &reply, there);
}

/* Looks until it is there. */
static enum exit_code wait_for(struct cli *cli, struct waiting *waiting,
			       enum exit_code (*look)(struct cli *,
						      const struct fast_call_options *))
{
	for (;;) {
		struct fast_call_options call = wait_call(waiting);
		enum exit_code code = look(cli, &call);

		if (code != EXIT_LOST || wait_now_s() >= waiting->end_s) {
			return code;
		}
		waiting->answered = true;
		(void)poll(NULL, 0, WAIT_POLL_MS);
	}
}

/* what: "param" or "metric". */
static enum exit_code wait_undeclared(struct cli *cli, const char *what, const char *name,
				      double patience_s)
{
	if (cli->words.count == 0) {
		return command_say(
			cli, EXIT_LOST,
			"no plugin has declared a %s '%.64s' within %g s; see 'fastctl %ss'", what,
			name, patience_s, what);
	}
	return command_say(cli, EXIT_LOST,
			   "'%.64s' has declared no %s '%.64s' within %g s; see 'fastctl %ss'",
			   cli->words.word[0], what, name, patience_s, what);
}

/* The plugins that have come, for programs. */
static enum exit_code wait_answer(struct cli *cli)
{
	static const struct output_view view = {.shape = OUTPUT_TABLE, .key = "plugins"};
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};

	if (!cli->output->json) {
		return EXIT_OK;
	}
	request.plugin = command_glob(cli, 0);
	(void)!fast_v1_plugin_list(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static enum exit_code wait_run(struct cli *cli)
{
	const struct options *options = &cli->options;
	double patience_s =
		options->patience_s.given ? options->patience_s.value : WAIT_PATIENCE_S_DEFAULT;
	struct waiting waiting = {.end_s = wait_now_s() + patience_s};
	enum exit_code code = wait_for(cli, &waiting, look_plugin);

	if (code == EXIT_LOST) {
		return command_say(
			cli, code,
			"no plugin '%.64s' has attached within %g s; see 'fastctl plugins'",
			cli->words.word[0], patience_s);
	}
	waiting.answered = true;
	if (code == EXIT_OK && options->param != NULL) {
		code = wait_for(cli, &waiting, look_param);
		if (code == EXIT_LOST) {
			return wait_undeclared(cli, "param", options->param, patience_s);
		}
	}
	if (code == EXIT_OK && options->metric != NULL) {
		code = wait_for(cli, &waiting, look_metric);
		if (code == EXIT_LOST) {
			return wait_undeclared(cli, "metric", options->metric, patience_s);
		}
	}
	return code == EXIT_OK ? wait_answer(cli) : code;
}

static const struct option options[] = {
	{"param", OPTION_TEXT, offsetof(struct options, param), "GLOB",
	 "until there is such a knob, too", 0, 0},
	{"metric", OPTION_TEXT, offsetof(struct options, metric), "GLOB",
	 "until there is such a metric, and a sample of it, too", 0, 0},
	{"patience", OPTION_DURATION, offsetof(struct options, patience_s), "TIME",
	 "wait so long at most; 10", 0, 1e6},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_wait = {
	.name = "wait",
	.usage = "[PLUGIN] [--param GLOB] [--metric GLOB] [--patience TIME]",
	.summary = "wait for the daemon, a plugin, a knob or a metric",
	.help = "Waits until fastd answers and, with a name or a glob, until such a plugin is "
		"attached\n"
		"and has declared something: for scripts that start both. A plugin may declare its "
		"knobs\n"
		"and metrics one by one; a script that needs one of them names it by --param or "
		"--metric.\n"
		"Ends with 3 when there is no daemon in time, with 4 when anything else is not "
		"there.\n\n"
		"  fastctl wait camera --param res --patience 30 && fastctl set res=0.5\n"
		"  fastd & camera & fastctl wait camera && fastctl top",
	.options = options,
	.words_max = 1,
	.run = wait_run,
};
