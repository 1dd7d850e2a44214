#include "cli/command.h"
#include "cli/knob.h"

#include "client/quantity.h"
#include "client/value.h"

#include <fast/param.h>
#include <fast/v1/param.fast.h>
#include <inttypes.h>
#include <string.h>

/* --wait gives up after this; the daemon itself calls a knob late by then. */
#define WAIT_MS_MAX 5000

#define MEMBER(name) offsetof(Fast__V1__ParamState, name)

static const struct output_column columns[] = {
	{"PARAM", 0, knob_name, false, 0},
	{"DESIRED", MEMBER(desired), output_param_value, true, 0},
	{"EFFECTIVE", MEMBER(effective), output_param_value, true, 0},
	{"STATUS", MEMBER(status), knob_status, false, 0},
	{"REVISION", MEMBER(revision), output_count, true, 0},
};

static const void *set_part(const void *item, size_t index)
{
	const Fast__V1__ParamSetResponse *answer = item;

	return index < answer->n_params ? answer->params[index] : NULL;
}

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
	.part = set_part,
};

/* Of a dry run: desired is what would be. */
static const struct output_column columns_dry[] = {
	{"PARAM", 0, knob_name, false, 0},
	{"WOULD BE", MEMBER(desired), output_param_value, true, 0},
	{"EFFECTIVE", MEMBER(effective), output_param_value, true, 0},
};

static const struct output_view view_dry = {
	.shape = OUTPUT_TABLE,
	.columns = columns_dry,
	.column_count = sizeof columns_dry / sizeof columns_dry[0],
	.part = set_part,
};

/* The words PARAM=VALUE as messages, which point into one another: it does not move. */
struct assignments {
	size_t count;
	char names[OPTIONS_WORDS_MAX][FAST_PARAM_NAME_BYTES_MAX + 1];
	Fast__V1__ParamValue values[OPTIONS_WORDS_MAX];
	Fast__V1__ParamAssignment each[OPTIONS_WORDS_MAX];
	Fast__V1__ParamAssignment *list[OPTIONS_WORDS_MAX];
};

/* A param that the plugin does not have is sent as a text: the daemon says that it is unknown. */
static const Fast__V1__ParamSpec *spec_find(const Fast__V1__ParamListResponse *known,
					    const char *name)
{
	static const Fast__V1__ParamSpec unknown = FAST__V1__PARAM_SPEC__INIT;

	for (size_t i = 0; i < known->n_params; i++) {
		if (known->params[i]->spec != NULL &&
		    strcmp(known->params[i]->spec->name, name) == 0) {
			return known->params[i]->spec;
		}
	}
	return &unknown;
}

static enum exit_code assignments_add(struct cli *cli, struct assignments *set, const char *word,
				      const Fast__V1__ParamListResponse *known)
{
	const char *equals = strchr(word, '=');
	size_t bytes = equals == NULL ? 0 : (size_t)(equals - word);
	size_t i = set->count++;
	char error[VALUE_ERROR_BYTES_MAX];

	if (bytes == 0 || bytes > FAST_PARAM_NAME_BYTES_MAX) {
		return command_usage(cli, "'%.64s' should read PARAM=VALUE", word);
	}
	memcpy(set->names[i], word, bytes);
	set->names[i][bytes] = '\0';
	if (value_parse(spec_find(known, set->names[i]), equals + 1, &set->values[i], error) !=
	    FAST_OK) {
		return command_usage(cli, "%s", error);
	}
	fast__v1__param_assignment__init(&set->each[i]);
	set->each[i].param = set->names[i];
	set->each[i].value = &set->values[i];
	set->list[i] = &set->each[i];
	return EXIT_OK;
}

/* Reads the words by the types that the plugin's params have. */
static enum exit_code assignments_read(struct cli *cli, struct assignments *set)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_OK;

	request.plugin = cli->plugin;
	if (fast_v1_param_list(cli->client, &command_call, &request, &reply) != FAST_OK) {
		code = command_failed(cli, &reply);
	}
	for (size_t i = 0; code == EXIT_OK && i < cli->words.count; i++) {
		code = assignments_add(cli, set, cli->words.word[i],
				       fast_v1_param_list_response(&reply));
	}
	fast_reply_fini(&reply);
	return code;
}

/* The change stands all the same, which is the better half of the news. */
static enum exit_code wait_give_up(struct cli *cli, const char *param)
{
	return command_say(cli, EXIT_REFUSED,
			   "%s was accepted, but %s has not read it within %d s; it holds once it "
			   "does",
			   param, cli->plugin, WAIT_MS_MAX / 1000);
}

/* Whether this change tells how one of the knobs at hand ended; counts it. */
static enum exit_code wait_see(struct cli *cli, const struct assignments *set, uint64_t revision,
			       const Fast__V1__ParamState *state, bool *seen)
{
	for (size_t i = 0; state->spec != NULL && i < set->count; i++) {
		if (strcmp(set->names[i], state->spec->name) != 0) {
			continue;
		}
		if (state->effective_revision >= revision) {
			seen[i] = true;
		} else if (state->revision == revision &&
			   state->status == FAST__V1__PARAM_STATUS__PARAM_STATUS_TIMEOUT) {
			return wait_give_up(cli, set->names[i]);
		} else if (state->revision == revision &&
			   state->status == FAST__V1__PARAM_STATUS__PARAM_STATUS_FAILED) {
			return command_say(cli, EXIT_REFUSED,
					   "%s was accepted, but its status is '%s'", set->names[i],
					   value_status_name(state->status));
		}
	}
	return EXIT_OK;
}

/* The first knob that was not read yet; set->count: none. */
static size_t wait_first(const struct assignments *set, const bool *seen)
{
	size_t i = 0;

	while (i < set->count && seen[i]) {
		i++;
	}
	return i;
}

/* Waits until the plugin has read the knobs, or is known not to. */
static enum exit_code set_wait(struct cli *cli, const struct assignments *set, uint64_t revision)
{
	Fast__V1__ParamWatchRequest request = FAST__V1__PARAM_WATCH_REQUEST__INIT;
	const int64_t end_ns = quantity_monotonic_now() + WAIT_MS_MAX * INT64_C(1000000);
	bool seen[OPTIONS_WORDS_MAX] = {false};
	enum exit_code code = EXIT_OK;
	struct fast_stream *stream;

	request.plugin = cli->plugin;
	if (fast_v1_param_watch(cli->client, NULL, &request, &stream) != FAST_OK) {
		return command_say(cli, EXIT_REFUSED, "the param cannot be watched");
	}
	while (code == EXIT_OK && wait_first(set, seen) < set->count) {
		const Fast__V1__ParamWatchResponse *item = NULL;
		int64_t left_ms = (end_ns - quantity_monotonic_now()) / 1000000;
		enum fast_status status =
			fast_v1_param_watch_next(stream, left_ms < 0 ? 0 : left_ms, &item);

		if (status == FAST_OK && item != NULL) {
			code = item->param == NULL
				       ? EXIT_OK
				       : wait_see(cli, set, revision, item->param, seen);
		} else if (fast_stream_ended(stream)) {
			code = command_failed(cli, fast_stream_reply(stream));
		} else {
			code = wait_give_up(cli, set->names[wait_first(set, seen)]);
		}
	}
	fast_stream_close(stream);
	return code;
}

/* Shows the answer, with the knobs as they are by now. */
static enum exit_code set_show_waited(struct cli *cli, const Fast__V1__ParamSetResponse *answer)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	Fast__V1__ParamSetResponse now = *answer;
	Fast__V1__ParamState *states[OPTIONS_WORDS_MAX];
	const Fast__V1__ParamListResponse *list;
	struct fast_reply reply = {0};
	enum exit_code code;
	const void *item = &now;

	request.plugin = cli->plugin;
	if (fast_v1_param_list(cli->client, &command_call, &request, &reply) != FAST_OK) {
		code = command_failed(cli, &reply);
		goto out;
	}
	list = fast_v1_param_list_response(&reply);
	now.params = states;
	now.n_params = 0;
	for (size_t i = 0; i < answer->n_params && i < OPTIONS_WORDS_MAX; i++) {
		states[now.n_params] = answer->params[i];
		for (size_t j = 0; answer->params[i]->spec != NULL && j < list->n_params; j++) {
			if (list->params[j]->spec != NULL &&
			    strcmp(list->params[j]->spec->name, answer->params[i]->spec->name) ==
				    0) {
				states[now.n_params] = list->params[j];
			}
		}
		now.n_params++;
	}
	code = command_show(cli, &view, &item, 1);
out:
	fast_reply_fini(&reply);
	return code;
}

/* Shows the knobs as they would be. */
static enum exit_code set_show_dry(struct cli *cli, struct assignments *set,
				   const Fast__V1__ParamSetResponse *answer)
{
	static Fast__V1__ParamState states[OPTIONS_WORDS_MAX]; /* too large for a stack frame */
	Fast__V1__ParamState *list[OPTIONS_WORDS_MAX];
	Fast__V1__ParamSetResponse would = *answer;
	const void *item = &would;

	would.params = list;
	would.n_params = 0;
	for (size_t i = 0; i < answer->n_params && i < OPTIONS_WORDS_MAX; i++) {
		const Fast__V1__ParamState *state = answer->params[i];

		states[i] = *state;
		for (size_t j = 0; state->spec != NULL && j < set->count; j++) {
			if (strcmp(state->spec->name, set->names[j]) == 0) {
				states[i].desired = &set->values[j];
			}
		}
		list[would.n_params++] = &states[i];
	}
	cli->output->note(cli->output, set->count == 1
					       ? "the value would do; nothing was changed"
					       : "the values would do; nothing was changed");
	return command_show(cli, &view_dry, &item, 1);
}

static enum exit_code set_send(struct cli *cli, struct assignments *set)
{
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	const struct options *options = &cli->options;
	struct fast_reply reply = {0};
	enum exit_code code;

	request.plugin = cli->plugin;
	request.assignments = set->list;
	request.n_assignments = set->count;
	request.lease_id = options->lease.value;
	if (options->if_rev.given) {
		request.precondition_case = FAST__V1__PARAM_SET_REQUEST__PRECONDITION_IF_REVISION;
		request.if_revision = options->if_rev.value;
	}
	request.dry_run = options->dry_run;
	request.value_ttl_ms = (uint32_t)(options->for_s.value * 1e3);
	request.client = (char *)"fastctl set";
	if (fast_v1_param_set(cli->client, &command_call, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamSetResponse *answer = fast_v1_param_set_response(&reply);

		if (options->dry_run) {
			code = set_show_dry(cli, set, answer);
		} else if (options->wait) {
			code = set_wait(cli, set, answer->revision);
			code = code == EXIT_OK ? set_show_waited(cli, answer) : code;
		} else {
			code = command_show(cli, &view, &reply.message, 1);
		}
	} else {
		code = command_failed(cli, &reply);
	}
	fast_reply_fini(&reply);
	return code;
}

static enum exit_code set_run(struct cli *cli)
{
	static struct assignments set; /* too large for a stack frame; main runs one command */
	enum exit_code code = command_plugin(cli);

	if (code == EXIT_OK) {
		code = assignments_read(cli, &set);
	}
	return code == EXIT_OK ? set_send(cli, &set) : code;
}

static const struct option options_set[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{"if-rev", OPTION_INTEGER, offsetof(struct options, if_rev), "N",
	 "only if the plugin's newest revision is N", 0, 0},
	{"lease", OPTION_INTEGER, offsetof(struct options, lease), "ID", "under this lease", 0, 0},
	{"for", OPTION_DURATION, offsetof(struct options, for_s), "TIME", "then the knobs go back",
	 0.001, 604800},
	{"dry-run", OPTION_FLAG, offsetof(struct options, dry_run), NULL,
	 "check, and show what would be", 0, 0},
	{"wait", OPTION_FLAG, offsetof(struct options, wait), NULL,
	 "until the plugin has read it; 5 s at most", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_set = {
	.name = "set",
	.usage = "PARAM=VALUE... [--plugin NAME] [--wait] [--if-rev N] [--lease ID] [--for TIME] "
		 "[--dry-run]",
	.summary = "turn knobs",
	.help = "Turns one or more params of one plugin: all or none, and the plugin sees them "
		"together.\n"
		"A value that is not allowed is refused, with the nearest one that is.\n\n"
		"  fastctl set res=720 skip=1 --plugin camera --wait",
	.options = options_set,
	.words_min = 1,
	.words_max = OPTIONS_WORDS_MAX,
	.run = set_run,
};
