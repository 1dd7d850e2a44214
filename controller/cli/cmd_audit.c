#include "cli/command.h"

#include <fast/v1/param.fast.h>

#define MEMBER(name) offsetof(Fast__V1__AuditEntry, name)

static const struct output_column columns[] = {
	{"SEQ", MEMBER(sequence), output_u64, true, 0},
	{"TIME", MEMBER(time_unix_ns), output_time, false, 0},
	{"ACTOR", MEMBER(actor), output_string, false, 0},
	{"VERB", MEMBER(verb), output_string, false, 0},
	{"PLUGIN", MEMBER(plugin), output_string, false, 0},
	{"PARAM", MEMBER(param), output_string, false, 0},
	{"OLD", MEMBER(old_value), output_string, true, 0},
	{"NEW", MEMBER(new_value), output_string, true, 0},
	{"REV", MEMBER(revision), output_count, true, 0},
	{"LEASE", MEMBER(lease_id), output_count, true, 0},
	{"RESULT", MEMBER(result), output_string, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_TABLE,
	.key = "entries",
	.empty = "nothing has been changed",
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

static enum exit_code audit_run(struct cli *cli)
{
	Fast__V1__ParamAuditRequest request = FAST__V1__PARAM_AUDIT_REQUEST__INIT;
	struct fast_reply reply = {0};

	request.plugin = command_plugin_glob(cli);
	request.after = cli->options.after.value;
	request.limit = (uint32_t)cli->options.limit.value;
	(void)!fast_v1_param_audit(cli->client, &command_call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "GLOB", "of these plugins alone",
	 0, 0},
	{"after", OPTION_INTEGER, offsetof(struct options, after), "SEQ",
	 "newer than this one alone", 0, 0},
	{"limit", OPTION_INTEGER, offsetof(struct options, limit), "N", "the newest N; 100", 1,
	 10000},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_audit = {
	.name = "audit",
	.usage = "[--plugin GLOB] [--after SEQ] [--limit N]",
	.summary = "who turned which knob",
	.help = "Lists changes of knobs and leases, those that were refused too, newest last.\n\n"
		"  fastctl audit --limit 20\n"
		"  fastctl --json audit | jq '.entries[] | select(.result != \"ok\")'",
	.options = options,
	.run = audit_run,
};
