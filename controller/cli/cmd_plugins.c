#include "cli/command.h"

#include <fast/v1/plugin.fast.h>
#include <inttypes.h>

static void plugin_state(const void *member, struct text *text)
{
	bool live =
		*(const Fast__V1__PluginState *)member == FAST__V1__PLUGIN_STATE__PLUGIN_STATE_LIVE;

	text_add(text, "%s", live ? "live" : "ended");
}

static void plugin_revision(const void *member, struct text *text)
{
	const Fast__V1__PluginInfo *plugin = member;

	text_add(text, "%" PRIu64, plugin->revision);
	if (plugin->effective_revision < plugin->revision) {
		text_add(text, " (read: %" PRIu64 ")", plugin->effective_revision);
	}
}

/* A process of another host says nothing here; the host does. */
static void plugin_pid(const void *member, struct text *text)
{
	const Fast__V1__PluginInfo *plugin = member;

	if (plugin->host[0] == '\0') {
		text_add(text, "%" PRIu32, plugin->pid);
	} else {
		text_add(text, "at ");
		text_add_clean(text, plugin->host);
	}
}

static void plugin_uid(const void *member, struct text *text)
{
	const Fast__V1__PluginInfo *plugin = member;

	if (plugin->host[0] == '\0') {
		text_add(text, "%" PRIu32, plugin->uid);
	} else {
		text_add(text, "-");
	}
}

#define MEMBER(name) offsetof(Fast__V1__PluginInfo, name)

static const struct output_column columns[] = {
	{"PLUGIN", MEMBER(name), output_string, false, 0},
	{"STATE", MEMBER(state), plugin_state, false, 0},
	{"PID", 0, plugin_pid, true, 0},
	{"UID", 0, plugin_uid, true, 0},
	{"VERSION", MEMBER(version), output_string, false, 0},
	{"AGE", MEMBER(attach_time_unix_ns), output_since, true, 0},
	{"METRICS", MEMBER(metric_count), output_u32, true, 0},
	{"PARAMS", MEMBER(param_count), output_u32, true, 0},
	{"REVISION", 0, plugin_revision, false, 0},
};

static const struct output_view view_all = {
	.shape = OUTPUT_TABLE,
	.key = "plugins",
	.empty = "no plugin is attached",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static const struct output_view view_some = {
	.shape = OUTPUT_TABLE,
	.key = "plugins",
	.empty = "no plugin matches",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code plugins_run(struct cli *cli)
{
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_glob(cli, 0);
	request.include_ended = cli->options.all;
	(void)!fast_v1_plugin_list(cli->client, &command_call, &request, &reply);
	return command_answer(cli, cli->words.count == 0 ? &view_all : &view_some, &reply);
}

static const struct option options[] = {
	{"all", OPTION_FLAG, offsetof(struct options, all), NULL, "those that have ended too", 0,
	 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_plugins = {
	.name = "plugins",
	.usage = "[GLOB] [--all]",
	.summary = "the plugins of the node",
	.help = "Lists the plugins that are attached to fastd. REVISION is the newest change of "
		"their\n"
		"knobs, and in brackets the newest one that the plugin has read, if that is "
		"older.\n\n"
		"  fastctl plugins\n"
		"  fastctl plugins 'camera*' --all",
	.options = options,
	.words_max = 1,
	.run = plugins_run,
};
