#include "cli/hold_session.h"

#include "client/interrupt.h"

#include "client/quantity.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define MS              INT64_C(1000000)
#define CALL_TIMEOUT_MS 1000
#define RETRY_MS_MIN    50
#define RETRY_MS_MAX    500
#define CLIENT_NAME     "fastctl hold"

static const struct fast_call_options hold_call = {.size = sizeof hold_call,
						   .timeout_ms = CALL_TIMEOUT_MS};

/* A heartbeat and a counter mean their rates, a timer is in seconds, all else as declared. */
static void session_take_unit(struct hold_session *session, const Fast__V1__MetricSpec *spec)
{
	bool plain = spec->unit[0] == '\0' || spec->unit[0] == '{' || strcmp(spec->unit, "1") == 0;
	const char *unit = spec->unit;
	const char *per = "";

	if (spec->kind == FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT) {
		unit = "Hz";
	} else if (spec->kind == FAST__V1__METRIC_KIND__METRIC_KIND_TIMER) {
		unit = "s";
	} else if (spec->kind == FAST__V1__METRIC_KIND__METRIC_KIND_COUNTER) {
		unit = plain ? "Hz" : spec->unit;
		per = plain ? "" : "/s";
	}
	snprintf(session->unit, sizeof session->unit, "%.*s%s", FAST_METRIC_UNIT_BYTES_MAX, unit,
		 per);
}

enum exit_code hold_session_find(struct hold_session *session)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *list;
	struct fast_reply reply = {0};
	struct cli *cli = session->cli;
	enum exit_code code = EXIT_OK;

	request.plugin = cli->plugin;
	request.metric = (char *)session->metric;
	if (fast_v1_metric_list(cli->client, &command_call, &request, &reply) != FAST_OK) {
		code = command_failed(cli, &reply);
		goto out;
	}
	list = fast_v1_metric_list_response(&reply);
	if (list->n_metrics == 1 && list->metrics[0]->spec != NULL) {
		session->kind = list->metrics[0]->spec->kind;
		session_take_unit(session, list->metrics[0]->spec);
	} else {
		code = command_say(cli, EXIT_REFUSED,
				   "there is no live plugin '%s' with a metric '%s'; see 'fastctl "
				   "metrics'",
				   cli->plugin, session->metric);
	}
out:
	fast_reply_fini(&reply);
	return code;
}

/* Claims; the reply is the caller's. */
static enum fast_status session_claim(struct hold_session *session, struct fast_reply *reply)
{
	Fast__V1__ParamClaimRequest request = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	char *names[HOLD_KNOBS_MAX];

	for (size_t i = 0; i < session->model->knob_count; i++) {
		names[i] = (char *)session->model->knobs[i].name;
	}
	request.plugin = session->cli->plugin;
	request.params = names;
	request.n_params = session->model->knob_count;
	request.ttl_ms = session->ttl_ms;
	request.on_loss = FAST__V1__ON_LOSS__ON_LOSS_REVERT;
	request.client = (char *)CLIENT_NAME;
	if (fast_v1_param_claim(session->cli->client, &hold_call, &request, reply) == FAST_OK) {
		session->lease_id = fast_v1_param_claim_response(reply)->lease_id;
		session->renew_ns = quantity_monotonic_now() + session->ttl_ms * MS / 3;
	}
	return reply->status;
}

static enum fast_status session_renew(struct hold_session *session)
{
	Fast__V1__ParamRenewRequest request = FAST__V1__PARAM_RENEW_REQUEST__INIT;
	struct fast_reply reply = {0};
	enum fast_status status;

	request.lease_id = session->lease_id;
	status = fast_v1_param_renew(session->cli->client, &hold_call, &request, &reply);
	fast_reply_fini(&reply);
	if (status == FAST_OK) {
		session->renew_ns = quantity_monotonic_now() + session->ttl_ms * MS / 3;
	}
	return status;
}

static enum fast_status session_watch(struct hold_session *session)
{
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;

	fast_stream_close(session->stream);
	session->stream = NULL;
	request.plugin = session->cli->plugin;
	request.interval_ms = HOLD_WATCH_INTERVAL_MS;
	session->heard_ns = quantity_monotonic_now();
	return fast_v1_metric_watch(session->cli->client, NULL, &request, &session->stream);
}

enum exit_code hold_session_begin(struct hold_session *session)
{
	struct fast_reply reply = {0};
	enum exit_code code = EXIT_OK;

	if (session_claim(session, &reply) != FAST_OK) {
		code = command_failed(session->cli, &reply);
	} else if (session_watch(session) != FAST_OK) {
		code = command_say(session->cli, EXIT_REFUSED, "the metrics cannot be watched");
	}
	fast_reply_fini(&reply);
	return code;
}

bool hold_session_may_return(enum fast_status status)
{
	return status == FAST_UNAVAILABLE || status == FAST_DEADLINE_EXCEEDED ||
	       status == FAST_NOT_FOUND || status == FAST_FAILED_PRECONDITION ||
	       status == FAST_CANCELLED;
}

enum fast_status hold_session_set(struct hold_session *session, size_t row)
{
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	Fast__V1__ParamAssignment each[HOLD_KNOBS_MAX];
	Fast__V1__ParamAssignment *list[HOLD_KNOBS_MAX];
	Fast__V1__ParamValue values[HOLD_KNOBS_MAX];
	struct fast_reply reply = {0};
	enum fast_status status;

	for (size_t i = 0; i < session->model->knob_count; i++) {
		hold_model_value(session->model, row, i, &values[i]);
		fast__v1__param_assignment__init(&each[i]);
		each[i].param = (char *)session->model->knobs[i].name;
		each[i].value = &values[i];
		list[i] = &each[i];
	}
	request.plugin = session->cli->plugin;
	request.assignments = list;
	request.n_assignments = session->model->knob_count;
	request.lease_id = session->lease_id;
	request.client = (char *)CLIENT_NAME;
	status = fast_v1_param_set(session->cli->client, &hold_call, &request, &reply);
	if (status == FAST_OK) {
		session->revision = fast_v1_param_set_response(&reply)->revision;
		session->trouble_ns = 0;
	} else if (!hold_session_may_return(status)) {
		(void)command_failed(session->cli, &reply);
	}
	fast_reply_fini(&reply);
	return status;
}

enum fast_status hold_session_next(struct hold_session *session, int64_t wait_ms,
				   const Fast__V1__MetricWatchResponse **item)
{
	enum fast_status status;
	int64_t now_ns;

	*item = NULL;
	if (session->stream == NULL) {
		return FAST_UNAVAILABLE;
	}
	status = fast_v1_metric_watch_next(session->stream, wait_ms, item);
	now_ns = quantity_monotonic_now();
	if (fast_stream_ended(session->stream)) {
		if (status != FAST_OK && !hold_session_may_return(status)) {
			(void)command_failed(session->cli, fast_stream_reply(session->stream));
		}
		return status == FAST_OK ? FAST_UNAVAILABLE : status;
	}
	if (*item != NULL) {
		session->heard_ns = now_ns;
	} else if (now_ns - session->heard_ns > HOLD_SILENCE_MS_MAX * MS) {
		return FAST_UNAVAILABLE;
	}
	if (now_ns >= session->renew_ns) {
		return session_renew(session) == FAST_OK ? FAST_OK : FAST_UNAVAILABLE;
	}
	return FAST_OK;
}

/* Whether one of the knobs is in another's hands; owner names whose. */
static bool session_is_robbed(struct hold_session *session, char *owner, size_t owner_bytes)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	const Fast__V1__ParamListResponse *list;
	struct fast_reply reply = {0};
	bool robbed = false;

	request.plugin = session->cli->plugin;
	(void)fast_v1_param_list(session->cli->client, &hold_call, &request, &reply);
	list = fast_v1_param_list_response(&reply);
	for (size_t i = 0; list != NULL && i < list->n_params; i++) {
		const Fast__V1__ParamState *state = list->params[i];

		for (size_t j = 0; state->spec != NULL && j < session->model->knob_count; j++) {
			if (strcmp(state->spec->name, session->model->knobs[j].name) == 0 &&
			    state->lease_id != 0 && state->lease_id != session->lease_id) {
				snprintf(owner, owner_bytes, "%s", state->lease_owner);
				robbed = true;
			}
		}
	}
	fast_reply_fini(&reply);
	return robbed;
}

/* One try. FAST_OK: all is well again. */
static enum fast_status session_try(struct hold_session *session, struct fast_reply *reply)
{
	enum fast_status status = session_renew(session);

	if (status == FAST_NOT_FOUND || status == FAST_FAILED_PRECONDITION ||
	    status == FAST_PERMISSION_DENIED) {
		status = session_claim(session, reply);
	}
	return status == FAST_OK ? session_watch(session) : status;
}

enum exit_code hold_session_return(struct hold_session *session)
{
	int64_t pause_ms = RETRY_MS_MIN;
	char owner[128] = "";

	if (session->trouble_ns == 0) {
		session->trouble_ns = quantity_monotonic_now();
	}
	while (!interrupt_seen()) {
		struct timespec pause = {.tv_nsec = (long)(pause_ms * MS)};
		struct fast_reply reply = {0};
		enum fast_status status;
		bool over;

		nanosleep(&pause, NULL);
		status = session_try(session, &reply);
		over = (double)(quantity_monotonic_now() - session->trouble_ns) >
		       session->patience_s * 1e9;
		if (status == FAST_OK && !over) {
			fast_reply_fini(&reply);
			return EXIT_OK;
		}
		if (status == FAST_FAILED_PRECONDITION &&
		    session_is_robbed(session, owner, sizeof owner)) {
			fast_reply_fini(&reply);
			session->lease_id = 0;
			return command_say(session->cli, EXIT_LOST,
					   "the claim is lost: %s holds the knobs of %s", owner,
					   session->cli->plugin);
		}
		if (over) {
			(void)command_say(
				session->cli, EXIT_LOST,
				"the claim on %s is lost: for %.0f s there was no way back (%s)",
				session->cli->plugin, session->patience_s,
				reply.text[0] != '\0' ? reply.text : fast_status_sentence(status));
			fast_reply_fini(&reply);
			session->lease_id = 0; /* there is nobody to give it back to */
			return EXIT_LOST;
		}
		fast_reply_fini(&reply);
		pause_ms = pause_ms * 2 < RETRY_MS_MAX ? pause_ms * 2 : RETRY_MS_MAX;
	}
	return EXIT_OK;
}

void hold_session_end(struct hold_session *session, bool revert)
{
	Fast__V1__ParamReleaseRequest request = FAST__V1__PARAM_RELEASE_REQUEST__INIT;
	struct fast_reply reply = {0};

	fast_stream_close(session->stream);
	session->stream = NULL;
	if (session->lease_id == 0) {
		return;
	}
	request.lease_id = session->lease_id;
	request.apply_on_loss = revert;
	if (fast_v1_param_release(session->cli->client, &hold_call, &request, &reply) != FAST_OK) {
		session->cli->output->note(
			session->cli->output,
			"the claim could not be given back; it runs out by itself");
	}
	fast_reply_fini(&reply);
	session->lease_id = 0;
}

const Fast__V1__Sample *hold_session_sample(const struct hold_session *session,
					    const Fast__V1__MetricWatchResponse *item,
					    const char *metric)
{
	for (size_t i = 0; i < item->n_samples; i++) {
		if (strcmp(item->samples[i]->metric, metric) == 0 &&
		    strcmp(item->samples[i]->plugin, session->cli->plugin) == 0) {
			return item->samples[i];
		}
	}
	return NULL;
}
