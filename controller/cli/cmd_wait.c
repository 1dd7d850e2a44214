#include "cli/command.h"

#include <fast/v1/plugin.fast.h>
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

/* Whether one of them has declared what it has: it attaches first. */
static bool wait_any_declared(const Fast__V1__PluginListResponse *list)
{
	for (size_t i = 0; i < list->n_plugins; i++) {
		if (list->plugins[i]->metric_count + list->plugins[i]->param_count > 0) {
			return true;
		}
	}
	return false;
}

/* The plugins that have come, for programs. */
static const struct output_view view = {.shape = OUTPUT_TABLE, .key = "plugins"};

/* One look: EXIT_OK when a plugin matches, EXIT_LOST when none does yet. */
static enum exit_code wait_look(struct cli *cli, double left_s)
{
	const struct fast_call_options call = {.size = sizeof call,
					       .timeout_ms = (int64_t)(left_s * 1e3) + 1,
					       .wait_for_ready = true};
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_LOST;

	request.plugin = command_glob(cli, 0);
	if (fast_v1_plugin_list(cli->client, &call, &request, &reply) != FAST_OK) {
		code = command_failed(cli, &reply);
	} else if (cli->words.count == 0 ||
		   wait_any_declared(fast_v1_plugin_list_response(&reply))) {
		return command_answer(cli, cli->output->json ? &view : NULL, &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static enum exit_code wait_run(struct cli *cli)
{
	double patience_s = cli->options.patience_s.given ? cli->options.patience_s.value
							  : WAIT_PATIENCE_S_DEFAULT;
	double end_s = wait_now_s() + patience_s;
	enum exit_code code;

	while ((code = wait_look(cli, end_s - wait_now_s())) == EXIT_LOST) {
		if (wait_now_s() >= end_s) {
			return command_say(cli, EXIT_LOST,
					   "no plugin '%.64s' has attached within %g s",
					   cli->words.word[0], patience_s);
		}
		(void)poll(NULL, 0, WAIT_POLL_MS);
	}
	return code;
}

static const struct option options[] = {
	{"patience", OPTION_DURATION, offsetof(struct options, patience_s), "TIME",
	 "wait so long at most; 10", 0, 1e6},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_wait = {
	.name = "wait",
	.usage = "[PLUGIN] [--patience TIME]",
	.summary = "wait for the daemon, or a plugin",
	.help = "Waits until fastd answers and, with a name or a glob, until such a plugin is "
		"attached:\n"
		"for scripts that start both. Ends with 3 when there is no daemon in time, with 4 "
		"when\n"
		"there is no such plugin.\n\n"
		"  fastctl wait camera --patience 30\n"
		"  fastd & camera & fastctl wait camera && fastctl top",
	.options = options,
	.words_max = 1,
	.run = wait_run,
};
