#include "cli/command.h"

#include <fast/v1/param.fast.h>
#include <stdlib.h>
#include <string.h>

#define TTL_MS_DEFAULT 30000
/* A lease of lower priority has up to 10 s of notice. */
#define CLAIM_TIMEOUT_MS 15000

static const struct {
	const char *name;
	Fast__V1__OnLoss number;
} policies[] = {
	{"revert", FAST__V1__ON_LOSS__ON_LOSS_REVERT},
	{"default", FAST__V1__ON_LOSS__ON_LOSS_DEFAULT},
	{"hold", FAST__V1__ON_LOSS__ON_LOSS_HOLD},
	{"hold-then-default", FAST__V1__ON_LOSS__ON_LOSS_HOLD_THEN_DEFAULT},
};

#define MEMBER(name) offsetof(Fast__V1__ParamClaimResponse, name)

static const struct output_column columns[] = {
	{"lease", MEMBER(lease_id), output_u64, false, 0},
	{"revision", MEMBER(revision), output_u64, false, 0},
};

static const struct output_view view = {
	.shape = OUTPUT_CARD,
	.columns = columns,
	.column_count = sizeof columns / sizeof columns[0],
};

/* Unknown names give UNSPECIFIED. */
static Fast__V1__OnLoss claim_policy(const char *name)
{
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		if (strcmp(policies[i].name, name) == 0) {
			return policies[i].number;
		}
	}
	return FAST__V1__ON_LOSS__ON_LOSS_UNSPECIFIED;
}

static enum exit_code claim_run(struct cli *cli)
{
	const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CLAIM_TIMEOUT_MS};
	Fast__V1__ParamClaimRequest request = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	const struct options *options = &cli->options;
	struct fast_reply reply = {0};
	enum exit_code code;

	if (options->on_loss != NULL) {
		request.on_loss = claim_policy(options->on_loss);
		if (request.on_loss == FAST__V1__ON_LOSS__ON_LOSS_UNSPECIFIED) {
			return command_usage(cli,
					     "--on-loss takes revert, default, hold or "
					     "hold-then-default, not '%.64s'",
					     options->on_loss);
		}
	}
	if (options->hold_ms.given !=
	    (request.on_loss == FAST__V1__ON_LOSS__ON_LOSS_HOLD_THEN_DEFAULT)) {
		return command_usage(cli, "--on-loss hold-then-default and --hold MS go together");
	}
	code = command_plugin(cli);
	if (code != EXIT_OK) {
		return code;
	}
	request.plugin = cli->plugin;
	request.params = (char **)cli->words.word;
	request.n_params = cli->words.count;
	request.ttl_ms = options->ttl_ms.given ? (uint32_t)options->ttl_ms.value : TTL_MS_DEFAULT;
	request.hold_ms = (uint32_t)options->hold_ms.value;
	request.priority = (uint32_t)options->priority.value;
	request.notice_ms = (uint32_t)options->notice_ms.value;
	request.outlive_process = true; /* it ends right away, and others set under the lease */
	request.client = (char *)"fastctl claim";
	(void)!fast_v1_param_claim(cli->client, &call, &request, &reply);
	return command_answer(cli, &view, &reply);
}

static const struct option options_claim[] = {
	{"plugin", OPTION_TEXT, offsetof(struct options, plugin), "NAME",
	 "the plugin; not needed when only one is live", 0, 0},
	{"ttl", OPTION_INTEGER, offsetof(struct options, ttl_ms), "MS", "time to live; 30000", 1000,
	 60000},
	{"on-loss", OPTION_TEXT, offsetof(struct options, on_loss), "POLICY",
	 "when it runs out: revert (as before, the default), default, hold, or hold-then-default",
	 0, 0},
	{"hold", OPTION_INTEGER, offsetof(struct options, hold_ms), "MS",
	 "hold-then-default: before the default", 1, 604800000},
	{"priority", OPTION_INTEGER, offsetof(struct options, priority), "N",
	 "takes knobs from lower ones, after their notice; 0", 0, 100},
	{"notice", OPTION_INTEGER, offsetof(struct options, notice_ms), "MS",
	 "before a higher priority takes them; 2000", 100, 10000},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_claim = {
	.name = "claim",
	.usage = "[PARAM...] [--plugin NAME] [--ttl MS] [--on-loss POLICY] [--priority N]",
	.summary = "take knobs for a while",
	.help = "Takes params (all of the plugin's when none is named), so that nobody else turns "
		"them,\n"
		"and prints the lease under which 'set --lease' may. The lease ends after its time "
		"to live.\n\n"
		"  fastctl claim res --plugin camera --ttl 60000",
	.options = options_claim,
	.words_max = OPTIONS_WORDS_MAX,
	.run = claim_run,
};

static enum exit_code release_run(struct cli *cli)
{
	Fast__V1__ParamReleaseRequest request = FAST__V1__PARAM_RELEASE_REQUEST__INIT;
	struct fast_reply reply = {0};
	const char *word = cli->words.word[0];
	char *end;

	request.lease_id = strtoull(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || request.lease_id == 0) {
		return command_usage(
			cli, "'%.64s' is no lease; give its number, as claim has shown it", word);
	}
	request.apply_on_loss = cli->options.revert;
	(void)!fast_v1_param_release(cli->client, &command_call, &request, &reply);
	return command_answer(cli, NULL, &reply);
}

static const struct option options_release[] = {
	{"revert", OPTION_FLAG, offsetof(struct options, revert), NULL,
	 "the knobs go where the claim's --on-loss says", 0, 0},
	{NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0},
};

const struct command command_release = {
	.name = "release",
	.usage = "LEASE [--revert]",
	.summary = "give a claim back",
	.help = "Ends a lease; the knobs keep their values, unless --revert is given.\n\n"
		"  fastctl release 7",
	.options = options_release,
	.words_min = 1,
	.words_max = 1,
	.run = release_run,
};
