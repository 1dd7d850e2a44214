#include "tests/controller/fake_fastd.h"
#include "tests/controller/fake_answers.h"
#include "tests/support/harness.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void on_status(struct fast_call *call, const Fast__V1__NodeStatusRequest *request, void *arg)
{
	Fast__V1__NodeStatusResponse status = FAST__V1__NODE_STATUS_RESPONSE__INIT;

	(void)request;
	(void)arg;
	status.version = (char *)"0.1.0";
	status.pid = 4711;
	status.boot_id = 0xabcdef;
	status.start_time_unix_ns = FAKE_EPOCH;
	status.plugins_live = 1;
	status.tick_ms = 100;
	status.rss_bytes = 8 << 20;
	fast_v1_node_status_reply(call, &status);
}

static void on_plugins(struct fast_call *call, const Fast__V1__PluginListRequest *request,
		       void *arg)
{
	Fast__V1__PluginListResponse answer = FAST__V1__PLUGIN_LIST_RESPONSE__INIT;
	Fast__V1__PluginInfo plugins[2];
	Fast__V1__PluginInfo *list[] = {&plugins[0], &plugins[1]};
	struct fake_fastd *fake = arg;

	(void)request;
	fake_plugin(&plugins[0], "camera");
	fake_plugin(&plugins[1], "weather");
	pthread_mutex_lock(&fake->lock);
	answer.n_plugins = fake->now.empty ? 0 : fake->now.two ? 2 : 1;
	pthread_mutex_unlock(&fake->lock);
	answer.plugins = list;
	fast_v1_plugin_list_reply(call, &answer);
}

static void on_metrics(struct fast_call *call, const Fast__V1__MetricListRequest *request,
		       void *arg)
{
	Fast__V1__MetricListResponse answer = FAST__V1__METRIC_LIST_RESPONSE__INIT;
	Fast__V1__MetricEntry entries[2], *list[2];
	Fast__V1__MetricSpec specs[2];
	Fast__V1__Sample samples[2];

	fake_samples(arg, samples);
	for (size_t i = 0; i < 2; i++) {
		fast__v1__metric_entry__init(&entries[i]);
		fast__v1__metric_spec__init(&specs[i]);
		specs[i].name = samples[i].metric;
		specs[i].kind = samples[i].kind;
		entries[i].spec = &specs[i];
		entries[i].sample = &samples[i];
		entries[i].state = FAST__V1__PLUGIN_STATE__PLUGIN_STATE_LIVE;
		if (request->metric[0] == '\0' || strcmp(request->metric, specs[i].name) == 0) {
			list[answer.n_metrics++] = &entries[i];
		}
	}
	answer.metrics = list;
	fast_v1_metric_list_reply(call, &answer);
}

/* Items as time passes, until nobody reads. */
static void on_watch(struct fast_call *call, const Fast__V1__MetricWatchRequest *request, void *arg)
{
	const struct timespec poll_interval = {.tv_nsec = (long)request->interval_ms * 1000000};
	Fast__V1__Sample samples[2], *list[] = {&samples[0], &samples[1]};
	Fast__V1__MetricWatchResponse item = FAST__V1__METRIC_WATCH_RESPONSE__INIT;
	enum fast_status status = FAST_OK;

	item.samples = list;
	item.n_samples = fake_seen(arg).empty ? 0 : 2;
	while (status == FAST_OK || status == FAST_RESOURCE_EXHAUSTED) {
		fake_samples(arg, samples);
		item.time_unix_ns = samples[0].time_unix_ns;
		status = fast_v1_metric_watch_send(call, &item);
		nanosleep(&poll_interval, NULL);
	}
	fast_call_finish(call);
}

static void on_history(struct fast_call *call, const Fast__V1__MetricHistoryRequest *request,
		       void *arg)
{
	Fast__V1__MetricHistoryResponse answer = FAST__V1__METRIC_HISTORY_RESPONSE__INIT;
	Fast__V1__Sample samples[2], *list[] = {&samples[0]};

	if (strcmp(request->metric, "fps") != 0) {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no metric \"%s\"", request->metric);
		return;
	}
	fake_samples(arg, samples);
	samples[0].time_unix_ns = FAKE_EPOCH;
	samples[0].count = 24;
	answer.samples = list;
	answer.n_samples = 1;
	fast_v1_metric_history_reply(call, &answer);
}

static void on_params(struct fast_call *call, const Fast__V1__ParamListRequest *request, void *arg)
{
	Fast__V1__ParamListResponse answer = FAST__V1__PARAM_LIST_RESPONSE__INIT;
	struct fake_knob knob;

	(void)request;
	fake_knob(arg, &knob);
	answer.params = knob.list;
	answer.n_params = 1;
	fast_v1_param_list_reply(call, &answer);
}

static void on_get(struct fast_call *call, const Fast__V1__ParamGetRequest *request, void *arg)
{
	Fast__V1__ParamGetResponse answer = FAST__V1__PARAM_GET_RESPONSE__INIT;
	struct fake_knob knob;

	if (strcmp(request->param, "res") != 0) {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no param \"%s\"", request->param);
		return;
	}
	fake_knob(arg, &knob);
	answer.param = &knob.state;
	fast_v1_param_get_reply(call, &answer);
}

static void set_refuse(struct fast_call *call)
{
	Fast__V1__ParamRefusal refusal = FAST__V1__PARAM_REFUSAL__INIT;
	Fast__V1__ParamValue nearest = FAST__V1__PARAM_VALUE__INIT;

	nearest.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	nearest.int_value = 720;
	refusal.param = (char *)"res";
	refusal.nearest = &nearest;
	fast_call_add_detail(call, &refusal.base);
	fast_call_fail(call, FAST_OUT_OF_RANGE, "it is not allowed");
}

static void on_set(struct fast_call *call, const Fast__V1__ParamSetRequest *request, void *arg)
{
	Fast__V1__ParamSetResponse answer = FAST__V1__PARAM_SET_RESPONSE__INIT;
	const Fast__V1__ParamAssignment *wanted = request->assignments[0];
	struct fake_fastd *fake = arg;
	struct fake_knob knob;
	size_t setting = 0;
	bool held, stale;

	if (strcmp(wanted->param, "res") != 0) {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no param \"%s\"", wanted->param);
		return;
	}
	while (setting < FAKE_SETTINGS && fake_heights[setting] != wanted->value->int_value) {
		setting++;
	}
	pthread_mutex_lock(&fake->lock);
	held = fake->now.held_by_other ||
	       (fake->now.lease != 0 && request->lease_id != fake->now.lease);
	stale = request->precondition_case ==
			FAST__V1__PARAM_SET_REQUEST__PRECONDITION_IF_REVISION &&
		request->if_revision != fake->now.revision;
	if (!held && !stale && setting < FAKE_SETTINGS && !request->dry_run) {
		fake_advance(fake);
		fake->now.setting = setting;
		fake->now.revision++;
		fake->now.sets++;
		fake->now.sets_without_lease += request->lease_id == 0;
	}
	pthread_mutex_unlock(&fake->lock);
	if (setting == FAKE_SETTINGS) {
		set_refuse(call);
	} else if (held) {
		fast_call_fail(call, FAST_FAILED_PRECONDITION,
			       "param \"res\" is held by " FAKE_OTHER);
	} else if (stale) {
		fast_call_fail(call, FAST_ABORTED, "the newest revision is another");
	} else {
		fake_knob(fake, &knob);
		answer.revision = knob.state.revision;
		answer.params = knob.list;
		answer.n_params = 1;
		fast_v1_param_set_reply(call, &answer);
	}
}

static void on_param_watch(struct fast_call *call, const Fast__V1__ParamWatchRequest *request,
			   void *arg)
{
	Fast__V1__ParamWatchResponse item = FAST__V1__PARAM_WATCH_RESPONSE__INIT;
	struct fake_knob knob;

	(void)request;
	fake_knob(arg, &knob);
	item.param = &knob.state;
	if (fast_v1_param_watch_send(call, &item) == FAST_OK) {
		fast_call_finish(call);
	} else {
		fast_call_fail(call, FAST_INTERNAL, "nobody reads");
	}
}

static void on_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request, void *arg)
{
	Fast__V1__ParamClaimResponse answer = FAST__V1__PARAM_CLAIM_RESPONSE__INIT;
	struct fake_fastd *fake = arg;
	bool free_to_take;

	(void)request;
	pthread_mutex_lock(&fake->lock);
	free_to_take = !fake->now.held_by_other && fake->now.lease == 0;
	if (free_to_take) {
		fake->now.lease = 40 + ++fake->now.claims;
	}
	answer.lease_id = fake->now.lease;
	answer.revision = fake->now.revision;
	pthread_mutex_unlock(&fake->lock);
	if (free_to_take) {
		fast_v1_param_claim_reply(call, &answer);
	} else {
		fast_call_fail(call, FAST_FAILED_PRECONDITION,
			       "param \"res\" is held by " FAKE_OTHER);
	}
}

static void on_renew(struct fast_call *call, const Fast__V1__ParamRenewRequest *request, void *arg)
{
	Fast__V1__ParamRenewResponse answer = FAST__V1__PARAM_RENEW_RESPONSE__INIT;
	struct fake_fastd *fake = arg;
	bool known;

	pthread_mutex_lock(&fake->lock);
	known = !fake->now.held_by_other && fake->now.lease != 0 &&
		request->lease_id == fake->now.lease;
	fake->now.renewals += known;
	pthread_mutex_unlock(&fake->lock);
	if (known) {
		fast_v1_param_renew_reply(call, &answer);
	} else {
		fast_call_fail(call, FAST_NOT_FOUND, "the lease has ended");
	}
}

static void on_release(struct fast_call *call, const Fast__V1__ParamReleaseRequest *request,
		       void *arg)
{
	Fast__V1__ParamReleaseResponse answer = FAST__V1__PARAM_RELEASE_RESPONSE__INIT;
	struct fake_fastd *fake = arg;
	bool known;

	pthread_mutex_lock(&fake->lock);
	known = fake->now.lease != 0 && request->lease_id == fake->now.lease;
	if (known) {
		fake->now.lease = 0;
		fake->now.releases++;
		fake->now.reverts += request->apply_on_loss != 0;
	}
	pthread_mutex_unlock(&fake->lock);
	if (known) {
		fast_v1_param_release_reply(call, &answer);
	} else {
		fast_call_fail(call, FAST_NOT_FOUND, "the lease has ended");
	}
}

static void on_audit(struct fast_call *call, const Fast__V1__ParamAuditRequest *request, void *arg)
{
	Fast__V1__ParamAuditResponse answer = FAST__V1__PARAM_AUDIT_RESPONSE__INIT;
	Fast__V1__AuditEntry entry = FAST__V1__AUDIT_ENTRY__INIT, *list[] = {&entry};

	(void)arg;
	entry.sequence = request->after + 1;
	entry.time_unix_ns = FAKE_EPOCH;
	entry.actor = (char *)"uid 0 pid 1 (fastctl set)";
	entry.verb = (char *)"set";
	entry.plugin = (char *)"camera";
	entry.param = (char *)"res";
	entry.old_value = (char *)"1080";
	entry.new_value = (char *)"720";
	entry.revision = 7;
	entry.result = (char *)"ok";
	answer.entries = list;
	answer.n_entries = 1;
	fast_v1_param_audit_reply(call, &answer);
}

void fake_fastd_open(struct fake_fastd *fake)
{
	static const struct fast_v1_node_handlers node = {.status = on_status};
	static const struct fast_v1_plugin_handlers plugin = {.list = on_plugins};
	static const struct fast_v1_metric_handlers metric = {
		.list = on_metrics, .watch = on_watch, .history = on_history};
	static const struct fast_v1_param_handlers param = {.list = on_params,
							    .get = on_get,
							    .set = on_set,
							    .watch = on_param_watch,
							    .claim = on_claim,
							    .renew = on_renew,
							    .release = on_release,
							    .audit = on_audit};

	if (fake->dir[0] == '\0') {
		strcpy(fake->dir, "/tmp/fastctl-test-XXXXXX");
		assert_non_null(mkdtemp(fake->dir));
		assert_int_equal(0, pthread_mutex_init(&fake->lock, NULL));
		fake_set(fake, slowness, 1);
	}
	snprintf(fake->endpoint, sizeof fake->endpoint, "ipc://%s/fastd.sock", fake->dir);
	fake_set(fake, beats_ns, fake_now_ns());
	assert_ok(fast_server_open(NULL, &fake->server));
	assert_ok(fast_server_add(fake->server, &fast_v1_node_service, &node, fake, 0));
	assert_ok(fast_server_add(fake->server, &fast_v1_plugin_service, &plugin, fake, 0));
	assert_ok(fast_server_add(fake->server, &fast_v1_metric_service, &metric, fake, 0));
	assert_ok(fast_server_add(fake->server, &fast_v1_param_service, &param, fake, 0));
	assert_ok(fast_server_listen(fake->server, fake->endpoint, 0600));
}

struct fake_state fake_seen(struct fake_fastd *fake)
{
	struct fake_state seen;

	pthread_mutex_lock(&fake->lock);
	seen = fake->now;
	pthread_mutex_unlock(&fake->lock);
	return seen;
}

void fake_fastd_close(struct fake_fastd *fake)
{
	fast_server_close(fake->server);
	fake->server = NULL;
}
