#include "cli/watch_knobs.h"

#include "client/interrupt.h"
#include "client/quantity.h"
#include "client/value.h"

#include <fast/v1/param.fast.h>

/* How soon an interrupt is noticed. */
#define WAIT_MS 100
/* Nothing for so long: nothing matches. */
#define QUIET_MS 1000

#define MEMBER(name) offsetof(Fast__V1__ParamWatchResponse, name)

static void change_kind(const void *member, struct text *text)
{
	static const char *const names[] = {
		[FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_UNSPECIFIED] = "state",
		[FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_STATE] = "state",
		[FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_CHANGE] = "change",
		[FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_ENDED] = "ended",
		[FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_GAP] = "gap",
	};
	uint32_t kind = (uint32_t) * (const Fast__V1__ParamWatchKind *)member;

	text_add(text, "%s", kind < sizeof names / sizeof names[0] ? names[kind] : "?");
}

static void change_param(const void *member, struct text *text)
{
	const Fast__V1__ParamWatchResponse *change = member;

	if (change->param != NULL && change->param->spec != NULL) {
		text_add_clean(text, change->param->spec->name);
	} else {
		text_add(text, "-");
	}
}

static void change_desired(const void *member, struct text *text)
{
	const Fast__V1__ParamWatchResponse *change = member;

	value_add(text, change->param == NULL ? NULL : change->param->desired);
}

static void change_effective(const void *member, struct text *text)
{
	const Fast__V1__ParamWatchResponse *change = member;

	value_add(text, change->param == NULL ? NULL : change->param->effective);
}

static void change_status(const void *member, struct text *text)
{
	const Fast__V1__ParamWatchResponse *change = member;

	text_add(text, "%s",
		 change->param == NULL ? "-" : value_status_name(change->param->status));
}

static void change_actor(const void *member, struct text *text)
{
	const Fast__V1__ParamWatchResponse *change = member;

	text_add_clean(text, change->param == NULL || change->param->actor[0] == '\0'
				     ? "-"
				     : change->param->actor);
}

static const struct output_column columns[] = {
	{"KIND", MEMBER(kind), change_kind, false, 6},
	{"PLUGIN", MEMBER(plugin), output_string, false, 16},
	{"REVISION", MEMBER(revision), output_count, true, 8},
	{"PARAM", 0, change_param, false, 16},
	{"DESIRED", 0, change_desired, true, 10},
	{"EFFECTIVE", 0, change_effective, true, 10},
	{"STATUS", 0, change_status, false, 8},
	{"SET BY", 0, change_actor, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_STREAM,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code watch_changes(struct cli *cli, struct fast_stream *stream)
{
	uint64_t left = cli->options.count.given ? cli->options.count.value : UINT64_MAX;
	const int64_t quiet_ns = quantity_monotonic_now() + QUIET_MS * INT64_C(1000000);
	/* Whether a knob was shown, or said to be missing. From a revision on, silence is no news.
	 */
	bool said = cli->options.from_rev.given || cli->options.from_seq.given;

	while (left > 0 && !interrupt_seen() && !cli->output->failed) {
		const Fast__V1__ParamWatchResponse *change = NULL;
		enum fast_status status = fast_v1_param_watch_next(stream, WAIT_MS, &change);

		if (!said && (change != NULL || quantity_monotonic_now() > quiet_ns)) {
			said = true;
			if (change == NULL) {
				cli->output->note(cli->output, "no knob matches yet; waiting");
			}
		}
		if (status == FAST_OK && change != NULL) {
			if (change->kind == FAST__V1__PARAM_WATCH_KIND__PARAM_WATCH_KIND_GAP) {
				cli->output->note(cli->output,
						  "changes are missing; the present states follow");
			}
			cli->output->row(cli->output, change);
			left--;
		} else if (fast_stream_ended(stream)) {
			return status == FAST_OK ? EXIT_OK
						 : command_failed(cli, fast_stream_reply(stream));
		}
	}
	cli->output->tail(cli->output);
	return command_end(cli);
}

enum exit_code watch_knobs(struct cli *cli)
{
	Fast__V1__ParamWatchRequest request = FAST__V1__PARAM_WATCH_REQUEST__INIT;
	const struct options *options = &cli->options;
	struct fast_stream *stream;
	enum exit_code code = EXIT_OK;

	if (options->from_rev.given && options->from_seq.given) {
		return command_usage(cli, "give either --from-rev or --from-seq");
	}
	if (options->from_seq.given && !options->epoch.given) {
		return command_usage(cli, "--from-seq takes the --epoch that came with it");
	}
	request.plugin = command_plugin_glob(cli);
	request.epoch = options->epoch.value;
	if (options->from_seq.given) {
		request.start_case = FAST__V1__PARAM_WATCH_REQUEST__START_AFTER_SEQUENCE;
		request.after_sequence = options->from_seq.value;
	}
	if (options->from_rev.given) { /* of one plugin */
		code = command_plugin(cli);
		request.plugin = cli->plugin;
		request.start_case = FAST__V1__PARAM_WATCH_REQUEST__START_FROM_REVISION;
		request.from_revision = options->from_rev.value;
	}
	if (code != EXIT_OK) {
		return code;
	}
	interrupt_catch();
	if (fast_v1_param_watch(cli->client, NULL, &request, &stream) != FAST_OK) {
		return command_say(cli, EXIT_REFUSED, "no memory");
	}
	cli->output->head(cli->output, &view);
	code = watch_changes(cli, stream);
	fast_stream_close(stream);
	return code;
}
