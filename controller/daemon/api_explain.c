/* Explain: why a knob is as it is and what happens to it next, as a message and in words. */
#include "daemon/api_change.h"
#include "daemon/convert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ENTRIES_SHOWN    5
#define ENTRIES_SEARCHED 1000
#define SENTENCE_BYTES   1024
#define VALUE_BYTES      (FAST_PARAM_STRING_BYTES_MAX + 1)

struct answer {
	const char *param;
	struct scratch scratch;
	Fast__V1__ParamExplainResponse response;
};

FAST_PRINTF(2, 3)
static void say(struct answer *answer, const char *format, ...)
{
	Fast__V1__ParamExplainResponse *response = &answer->response;
	char sentence[SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	response->sentences =
		scratch_grow(&answer->scratch, response->sentences, response->n_sentences);
	if (response->sentences == NULL) {
		response->n_sentences = 0; /* and scratch has failed */
		return;
	}
	response->sentences[response->n_sentences++] = scratch_text(&answer->scratch, sentence);
}

/* "2026-11-23 05:16:06 UTC" */
static const char *time_text(int64_t unix_ns, char out[32])
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
		out[0] = '\0';
	}
	return out;
}

static void say_value(struct answer *answer, const struct node_param *param)
{
	char desired[VALUE_BYTES];
	char effective[VALUE_BYTES];
	char time[32];

	node_value_text(&param->desired, desired, sizeof desired);
	node_value_text(&param->effective, effective, sizeof effective);
	if (param->revision == 0) {
		say(answer, "Nobody has set it: it has its declared initial value, %s.", desired);
		return;
	}
	say(answer, "%s set it to %s on %s (revision %" PRIu64 ").", param->actor, desired,
	    time_text(param->set_unix_ns, time), param->revision);
	switch (param->status) {
	case NODE_PARAM_APPLIED:
		say(answer, "The plugin has read it: %s is effective.", effective);
		break;
	case NODE_PARAM_PENDING:
		say(answer, "It is pending: the plugin %s; %s was effective last.",
		    param->live ? "takes it only when it starts again" : "has ended", effective);
		break;
	case NODE_PARAM_FAILED:
		say(answer,
		    "It has failed: the plugin's present declaration does not allow it; %s "
		    "is effective.",
		    effective);
		break;
	case NODE_PARAM_TIMEOUT:
		say(answer, "The plugin did not read it in time; %s is effective until it does.",
		    effective);
		break;
	case NODE_PARAM_APPLYING:
	case NODE_PARAM_UNSET:
		say(answer, "The plugin has not read it yet; %s is effective until it does.",
		    effective);
		break;
	}
}

static void say_back(struct answer *answer, const struct node_param *param)
{
	char back[VALUE_BYTES];

	if (param->value_ttl_ms == 0) {
		return;
	}
	node_value_text(param->has_back ? &param->back : &param->initial, back, sizeof back);
	say(answer, "In %.1f s it goes back to %s%s, unless it is set anew.",
	    (double)param->value_ttl_ms / 1e3, param->has_back ? "" : "its initial value, ", back);
}

static void say_lost(struct answer *answer, const struct node_explanation *explanation)
{
	char lost[VALUE_BYTES];
	const char *ends = explanation->tied ? "its time runs out or its holder's process ends"
					     : "its time runs out";

	if (explanation->stays) {
		say(answer, "When %s, the knob stays as it is.", ends);
		return;
	}
	node_value_text(&explanation->lost, lost, sizeof lost);
	if (explanation->terms.on_loss == NODE_ON_LOSS_HOLD_THEN_DEFAULT) {
		say(answer, "When %s, the knob stays for %.1f s and then goes to %s.", ends,
		    explanation->terms.hold_ms / 1e3, lost);
	} else {
		say(answer, "When %s, the knob goes to %s.", ends, lost);
	}
}

static void say_lease(struct answer *answer, const struct node_explanation *explanation)
{
	const struct node_param *param = explanation->param;

	if (param->read_only) {
		say(answer, "It is read-only: nobody can set or claim it.");
		return;
	}
	if (!explanation->has_lease) {
		say(answer, "No lease holds it: whoever may turn knobs can set it.");
		return;
	}
	say(answer,
	    "%s holds it by lease %" PRIu64 " (epoch %" PRIu64 ", priority %u) for another %.1f s, "
	    "unless it renews.",
	    param->lease_owner, param->lease_id, param->lease_epoch, param->lease_priority,
	    param->lease_ttl_ms / 1e3);
	say_lost(answer, explanation);
	if (param->preempt_ms > 0) {
		say(answer, "In %.1f s %s takes it, whose claim has a higher priority.",
		    param->preempt_ms / 1e3, param->preempt_by);
	}
}

static void say_failed(struct answer *answer, const struct node_attempt *attempt)
{
	char wanted[VALUE_BYTES];
	char time[32];

	if (attempt != NULL) {
		say(answer, "The last attempt that failed was %s's, on %s, to set it to %s: %s.",
		    attempt->actor, time_text(attempt->time_unix_ns, time),
		    node_value_text(&attempt->value, wanted, sizeof wanted), attempt->reason);
	}
}

/* Under the node's lock. */
static void keep_explanation(const struct node_explanation *explanation, void *arg)
{
	struct answer *answer = arg;
	Fast__V1__ParamExplainResponse *response = &answer->response;
	const struct node_param *param = explanation->param;

	response->param = convert_param(&answer->scratch, param);
	if (explanation->has_lease) {
		response->on_loss = (Fast__V1__OnLoss)explanation->terms.on_loss;
		response->hold_ms = explanation->terms.hold_ms;
		if (!explanation->stays) {
			response->lost_value = convert_value(&answer->scratch, &explanation->lost);
		}
	}
	say_value(answer, param);
	say_back(answer, param);
	say_lease(answer, explanation);
	if (explanation->has_bounds) {
		say(answer, "Operators bound it; with its declaration that leaves %s.",
		    explanation->allowed);
	}
	if (param->restart_required) {
		say(answer, "The plugin takes new values only when it starts again.");
	}
	say_failed(answer, param->last_refused);
}

/* Under the node's lock. */
static void keep_bound(const struct node_bound *bound, void *arg)
{
	struct answer *answer = arg;
	Fast__V1__ParamExplainResponse *response = &answer->response;

	if (strcmp(bound->param, answer->param) != 0) {
		return;
	}
	response->bounds = scratch_grow(&answer->scratch, response->bounds, response->n_bounds);
	if (response->bounds == NULL) {
		response->n_bounds = 0; /* and scratch has failed */
		return;
	}
	response->bounds[response->n_bounds++] = convert_bound(&answer->scratch, bound);
}

/* Keeps the newest few. */
static void keep_entry(const struct node_audit *entry, void *arg)
{
	struct answer *answer = arg;
	Fast__V1__ParamExplainResponse *response = &answer->response;

	if (strcmp(entry->param, answer->param) != 0) {
		return;
	}
	if (response->n_entries == ENTRIES_SHOWN) {
		memmove(&response->entries[0], &response->entries[1],
			(ENTRIES_SHOWN - 1) * sizeof response->entries[0]);
		response->n_entries--;
	}
	response->entries = scratch_grow(&answer->scratch, response->entries, response->n_entries);
	if (response->entries == NULL) {
		response->n_entries = 0; /* and scratch has failed */
		return;
	}
	response->entries[response->n_entries++] = convert_audit(&answer->scratch, entry);
}

void api_param_explain(struct fast_call *call, const Fast__V1__ParamExplainRequest *request,
		       void *arg)
{
	struct api *api = arg;
	struct answer answer = {.param = request->param,
				.response = FAST__V1__PARAM_EXPLAIN_RESPONSE__INIT};

	if (!api_check_name(call, "plugin", request->plugin) ||
	    !api_check_name(call, "param", request->param)) {
		return;
	}
	if (node_explain(api->node, request->plugin, request->param, keep_explanation, &answer) !=
	    FAST_OK) {
		scratch_fini(&answer.scratch);
		api_fail_missing(api, call, "param", request->plugin, request->param);
		return;
	}
	node_each_bound(api->node, request->plugin, keep_bound, &answer);
	/* What the log can't tell, because the disk fails, is left out. */
	if (node_each_audit(api->node, request->plugin, 0, ENTRIES_SEARCHED, keep_entry, &answer) !=
	    FAST_OK) {
		answer.response.n_entries = 0;
	}
	answer.response.epoch = api->self->boot_id;
	api_reply(call, &answer.scratch, &answer.response.base);
}
