#include "cli/command.h"

#include "client/value.h"

#include <fast/v1/param.fast.h>
#include <string.h>

#define MEMBER(name) offsetof(Fast__V1__ParamProfile, name)

static void profile_values(const void *member, struct text *text)
{
	const Fast__V1__ParamProfile *profile = member;

	for (size_t i = 0; i < profile->n_assignments; i++) {
		text_add(text, "%s", i == 0 ? "" : " ");
		text_add_clean(text, profile->assignments[i]->param);
		text_add(text, "=");
		value_add(text, profile->assignments[i]->value);
	}
}

static const struct output_column columns[] = {
	{"PLUGIN", MEMBER(plugin), output_string, false, 0},
	{"PROFILE", MEMBER(name), output_string, false, 0},
	{"VALUES", 0, profile_values, false, 0},
	{"SAVED BY", MEMBER(actor), output_string, false, 0},
	{"SAVED AT", MEMBER(time_unix_ns), output_time, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "profiles",
	.empty = "no profile is kept",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static const struct output_column columns_applied[] = {
	{"revision", offsetof(Fast__V1__ParamApplyProfileResponse, revision), output_u64, false, 0},
};

static const struct output_view view_applied = {
	.shape = OUTPUT_CARD,
	.columns = columns_applied,
	.column_count = sizeof columns_applied / sizeof columns_applied[0],
};

static enum exit_code profile_list(struct cli *cli)
{
	Fast__V1__ParamListProfilesRequest request = FAST__V1__PARAM_LIST_PROFILES_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	(void)!fast_v1_param_list_profiles(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static enum exit_code profile_save(struct cli *cli)
{
	Fast__V1__ParamSaveProfileRequest request = FAST__V1__PARAM_SAVE_PROFILE_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code;

	request.plugin = cli->plugin;
	request.name = (char *)cli->words.word[1];
	request.params = (char **)&cli->words.word[2];
	request.n_params = cli->words.count - 2;
	request.client = (char *)"fastctl profile";
	if (fast_v1_param_save_profile(cli->client, &command_call, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamSaveProfileResponse *saved =
			fast_v1_param_save_profile_response(&reply);

		code = command_show(cli, &view, &saved->profile, saved->profile == NULL ? 0 : 1);
	} else {
		code = command_failed(cli, &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static enum exit_code profile_apply(struct cli *cli)
{
	Fast__V1__ParamApplyProfileRequest request = FAST__V1__PARAM_APPLY_PROFILE_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = cli->plugin;
	request.name = (char *)cli->words.word[1];
	request.lease_id = cli->options.lease.value;
	request.value_ttl_ms = (uint32_t)(cli->options.for_s.value * 1e3);
	request.dry_run = cli->options.dry_run;
	request.client = (char *)"fastctl profile";
	(void)!fast_v1_param_apply_profile(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view_applied, &reply);
}

static enum exit_code profile_delete(struct cli *cli)
{
	Fast__V1__ParamDeleteProfileRequest request = FAST__V1__PARAM_DELETE_PROFILE_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = cli->plugin;
	request.name = (char *)cli->words.word[1];
	request.client = (char *)"fastctl profile";
	(void)!fast_v1_param_delete_profile(cli->client, &command_call, &request, &reply);
	return command_answer(cli, NULL, &reply);
}

static const struct {
	const char *name;
	bool takes_params;
	enum exit_code (*run)(struct cli *cli);
} verbs[] = {
	{"save", true, profile_save},
	{"apply", false, profile_apply},
	{"delete", false, profile_delete},
};

static enum exit_code profile_run(struct cli *cli)
{
	const char *verb = cli->words.count == 0 ? "list" : cli->words.word[0];

	if (strcmp(verb, "apply") != 0 &&
	    (cli->options.lease.given || cli->options.for_s.given || cli->options.dry_run)) {
		return command_usage(cli,
				     "--lease, --for and --dry-run go with profile apply NAME");
	}
	if (strcmp(verb, "list") == 0 && cli->words.count <= 1) {
		return profile_list(cli);
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && cli->words.count >= 2; i++) {
		if (strcmp(verb, verbs[i].name) == 0 &&
		    (verbs[i].takes_params || cli->words.count == 2)) {
			enum exit_code code = command_plugin(cli);

			return code == EXIT_OK ? verbs[i].run(cli) : code;
		}
	}
	return command_usage(cli, "usage: fastctl profile %s", cli->command->usage);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{"lease", OPTION_INTEGER, offsetof(struct options, lease), "ID", "apply: under this lease",
	 0, 0},
	{"for", OPTION_DURATION, offsetof(struct options, for_s), "TIME",
	 "apply: then the knobs go back", 0.001, 604800},
	{"dry-run", OPTION_FLAG, offsetof(struct options, dry_run), NULL, "apply: check alone", 0,
	 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_profile = {
	.name = "profile",
	.usage = "[list | save NAME [PARAM...] | apply NAME | delete NAME] [--plugin NAME]",
	.summary = "named values of a plugin's knobs",
	.help = "Keeps what is desired of a plugin's knobs under a name, for all plugins of its "
		"name, and\n"
		"brings it back: all knobs or none.\n\n"
		"  fastctl profile save night --plugin camera\n"
		"  fastctl profile apply night --plugin camera --for 8h",
	.options = options,
	.words_max = OPTIONS_WORDS_MAX,
	.run = profile_run,
};
