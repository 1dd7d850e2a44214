/* What can be read: Metric, Plugin, Node, and the half of Param that changes nothing. */
#include "tests/controller/api_world.h"
#include "tests/support/harness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void metrics_are_listed_with_their_newest_sample(void **state)
{
	struct api_world *world = *state;
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *response;

	api_metric_handlers.list(&world->call, &request, &world->api);
	assert_status(FAST_OK, world->call.status);
	response = (const Fast__V1__MetricListResponse *)world->call.reply;
	assert_int_equal(2, response->n_metrics);
	assert_string_equal("fps", response->metrics[0]->spec->name);
	assert_int_equal(12, response->metrics[0]->age_ms);
	assert_int_equal(1470, response->metrics[0]->sample->count);
	assert_true(response->metrics[0]->sample->window->p95 == 0.05);
	assert_null(response->metrics[1]->sample);
	assert_string_equal("cam", response->metrics[1]->plugin);
}

static void exemplars_are_listed_with_their_labels(void **state)
{
	struct api_world *world = *state;
	static const char text[] = "trace_id\0004bf92f35\0frame\0";
	const struct node_exemplar exemplar = {
		.text = text, .bytes = sizeof text, .value = 0.5, .time_unix_ns = 7};
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *response;
	const Fast__V1__Exemplar *listed;

	world->node.metrics[0].exemplars = &exemplar;
	world->node.metrics[0].exemplar_count = 1;
	api_metric_handlers.list(&world->call, &request, &world->api);
	assert_status(FAST_OK, world->call.status);
	response = (const Fast__V1__MetricListResponse *)world->call.reply;
	assert_int_equal(1, response->metrics[0]->n_exemplars);
	assert_int_equal(0, response->metrics[1]->n_exemplars);
	listed = response->metrics[0]->exemplars[0];
	assert_float_equal(0.5, listed->value, 0);
	assert_int_equal(7, listed->time_unix_ns);
	assert_int_equal(2, listed->n_labels);
	assert_string_equal("trace_id", listed->labels[0]->name);
	assert_string_equal("4bf92f35", listed->labels[0]->value);
	assert_string_equal("frame", listed->labels[1]->name);
	assert_string_equal("", listed->labels[1]->value);
}

static void globs_that_cost_too_much_are_refused(void **state)
{
	struct api_world *world = *state;
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	char glob[300];

	request.plugin = (char *)"*a*a*a*a*a*a*a*a*";
	api_metric_handlers.list(&world->call, &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "plugin has 9 stars; give at most 8");

	snprintf(glob, sizeof glob, "%0256d", 0);
	request.plugin = (char *)"";
	request.metric = glob;
	api_metric_handlers.list(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "metric has 256 bytes; give at most 255");
}

static void a_watch_with_a_silly_interval_is_refused(void **state)
{
	struct api_world *world = *state;
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;

	request.interval_ms = 5;
	api_metric_handlers.watch(&world->call, &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "interval_ms is 5; give 10 to 60000");

	request.interval_ms = 0;
	request.window_ms = 60001;
	api_metric_handlers.watch(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "window_ms is 60001; give 10 to 60000");
}

static void a_watch_gets_items(void **state)
{
	struct api_world *world = *state;
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;

	api_metric_handlers.watch(&world->call, &request, &world->api);
	fake_node_sample(&world->node, 1000);
	assert_true(fake_call_wait_items(&world->call, 1));
}

static void a_watch_of_knobs_from_what_has_not_been_is_refused(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamWatchRequest request = FAST__V1__PARAM_WATCH_REQUEST__INIT;

	request.plugin = (char *)"cam";
	request.start_case = FAST__V1__PARAM_WATCH_REQUEST__START_FROM_REVISION;
	request.from_revision = 18;
	api_param_handlers.watch(&world->call, &request, &world->api);
	assert_refused(world, FAST_OUT_OF_RANGE, "from_revision is 18; the newest of 'cam' is 17");
	request.epoch = world->self.boot_id;
	api_param_handlers.watch(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_OUT_OF_RANGE, "from_revision is 18; the newest of 'cam' is 17");

	request.plugin = (char *)"c*";
	request.start_case = FAST__V1__PARAM_WATCH_REQUEST__START_AFTER_SEQUENCE;
	request.after_sequence = 1;
	api_param_handlers.watch(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_OUT_OF_RANGE, "after_sequence is 1; the newest is 0");
	request.epoch = 0;
	api_param_handlers.watch(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT,
		       "after_sequence has no epoch; give the one that came with it");
}

static void a_watch_of_knobs_from_a_number_of_another_epoch_gets_the_states(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamWatchRequest request = FAST__V1__PARAM_WATCH_REQUEST__INIT;

	request.plugin = (char *)"cam";
	request.start_case = FAST__V1__PARAM_WATCH_REQUEST__START_FROM_REVISION;
	request.from_revision = 9999;
	request.epoch = world->self.boot_id + 1;
	api_param_handlers.watch(&world->call, &request, &world->api);
	assert_true(fake_call_wait_items(&world->call, 3)); /* a gap and two knobs */
}

static void a_series_with_long_labels_is_named_whole(void **state)
{
	static const char series[] =
		"frames{camera=\"the one above the gate of the northern yard\",lens=\"wide, "
		"the second of three\"}";
	struct api_world *world = *state;
	Fast__V1__MetricHistoryRequest request = FAST__V1__METRIC_HISTORY_REQUEST__INIT;
	char expected[256];

	fake_node_add_metric(&world->node, "mic", series, FAST_METRIC_COUNTER);
	request.plugin = (char *)"mic";
	request.metric = (char *)"frames";
	api_metric_handlers.history(api_world_call(world), &request, &world->api);
	snprintf(expected, sizeof expected, "plugin 'mic' has no metric 'frames'; there is %s",
		 series);
	assert_refused(world, FAST_NOT_FOUND, expected);
}

static void history_says_what_is_missing_and_what_was_meant(void **state)
{
	static const char *const cases[][3] = {
		{"cam", "fsp", "plugin 'cam' has no metric 'fsp'; did you mean fps?"},
		{"cam", "acceleration",
		 "plugin 'cam' has no metric 'acceleration'; there is fps, late"},
		{"mic", "fps", "plugin 'mic' has no metric 'fps'; it has no metric"},
		{"cma", "fps", "there is no plugin 'cma'; did you mean cam?"},
		{"thermometer", "fps", "there is no plugin 'thermometer'; there is cam, mic"},
	};
	struct api_world *world = *state;
	Fast__V1__MetricHistoryRequest request = FAST__V1__METRIC_HISTORY_REQUEST__INIT;

	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		request.plugin = (char *)cases[i][0];
		request.metric = (char *)cases[i][1];
		api_metric_handlers.history(api_world_call(world), &request, &world->api);
		assert_refused(world, FAST_NOT_FOUND, cases[i][2]);
	}
	world->node.plugin_count = 0;
	api_metric_handlers.history(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_NOT_FOUND,
		       "there is no plugin 'thermometer'; none has attached");
}

static void history_is_checked_and_answered(void **state)
{
	struct api_world *world = *state;
	Fast__V1__MetricHistoryRequest request = FAST__V1__METRIC_HISTORY_REQUEST__INIT;

	request.plugin = (char *)"cam";
	api_metric_handlers.history(&world->call, &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "metric is empty; give its name");
	request.metric = (char *)"f*";
	api_metric_handlers.history(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT,
		       "metric is 'f*'; globs do not work here, give one whole name");
	request.metric = (char *)"fps";
	request.limit = 10001;
	api_metric_handlers.history(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "limit is 10001; give 1 to 10000");
	request.limit = 0;
	api_metric_handlers.history(api_world_call(world), &request, &world->api);
	assert_status(FAST_OK, world->call.status);
	assert_int_equal(1,
			 ((const Fast__V1__MetricHistoryResponse *)world->call.reply)->n_samples);
}

static void one_knob_can_be_read(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamGetRequest request = FAST__V1__PARAM_GET_REQUEST__INIT;
	const Fast__V1__ParamGetResponse *response;

	request.plugin = (char *)"cam";
	request.param = (char *)"skip";
	api_param_handlers.get(&world->call, &request, &world->api);
	assert_status(FAST_OK, world->call.status);
	response = (const Fast__V1__ParamGetResponse *)world->call.reply;
	assert_int_equal(2, response->param->desired->int_value);
	assert_true(response->param->spec->range->max == 100);

	request.param = (char *)"skp";
	api_param_handlers.get(api_world_call(world), &request, &world->api);
	assert_refused(world, FAST_NOT_FOUND,
		       "plugin 'cam' has no param 'skp'; did you mean skip?");
}

static void the_audit_log_can_be_read(void **state)
{
	struct api_world *world = *state;
	Fast__V1__ParamAuditRequest request = FAST__V1__PARAM_AUDIT_REQUEST__INIT;
	const Fast__V1__ParamAuditResponse *response;

	request.after = 40;
	api_param_handlers.audit(&world->call, &request, &world->api);
	response = (const Fast__V1__ParamAuditResponse *)world->call.reply;
	assert_int_equal(1, response->n_entries);
	assert_int_equal(41, response->entries[0]->sequence);
	assert_string_equal("set", response->entries[0]->verb);
}

static void the_past_can_be_read(void **state)
{
	struct api_world *world = *state;
	Fast__V1__PluginRunsRequest runs_request = FAST__V1__PLUGIN_RUNS_REQUEST__INIT;
	Fast__V1__NodeEventsRequest events_request = FAST__V1__NODE_EVENTS_REQUEST__INIT;
	const Fast__V1__PluginRunsResponse *runs;
	const Fast__V1__NodeEventsResponse *events;

	runs_request.plugin = (char *)"c*";
	api_plugin_handlers.runs(&world->call, &runs_request, &world->api);
	runs = (const Fast__V1__PluginRunsResponse *)world->call.reply;
	assert_int_equal(1, runs->n_runs);
	assert_string_equal("cam", runs->runs[0]->plugin);
	assert_string_equal("gone", runs->runs[0]->reason);
	events_request.after = 40;
	api_node_handlers.events(api_world_call(world), &events_request, &world->api);
	events = (const Fast__V1__NodeEventsResponse *)world->call.reply;
	assert_int_equal(1, events->n_events);
	assert_int_equal(41, events->events[0]->sequence);
	assert_string_equal("end", events->events[0]->event);
	events_request.limit = 10001;
	api_node_handlers.events(api_world_call(world), &events_request, &world->api);
	assert_refused(world, FAST_INVALID_ARGUMENT, "limit is 10001; give 1 to 10000");
}

static void plugins_and_the_daemon_tell_of_themselves(void **state)
{
	struct api_world *world = *state;
	Fast__V1__PluginListRequest list = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	const Fast__V1__PluginListResponse *plugins;
	const Fast__V1__NodeStatusResponse *status;

	list.plugin = (char *)"c*";
	api_plugin_handlers.list(&world->call, &list, &world->api);
	plugins = (const Fast__V1__PluginListResponse *)world->call.reply;
	assert_int_equal(1, plugins->n_plugins);
	assert_string_equal("cam", plugins->plugins[0]->name);
	assert_int_equal(FAST__V1__PLUGIN_STATE__PLUGIN_STATE_LIVE, plugins->plugins[0]->state);

	snprintf(world->node.status.store_error, sizeof world->node.status.store_error, "full");
	api_node_handlers.status(api_world_call(world), &request, &world->api);
	status = (const Fast__V1__NodeStatusResponse *)world->call.reply;
	assert_string_equal(self_version(), status->version);
	assert_int_equal(77, status->boot_id);
	assert_int_equal(getpid(), status->pid);
	assert_true(status->cpu_seconds > 0);
	assert_true(status->rss_bytes > 0);
	assert_string_equal("/state", status->state_dir);
	assert_string_equal("ipc:///x", status->endpoints[0]);
	assert_string_equal("full", status->store_error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_set_up, api_world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(metrics_are_listed_with_their_newest_sample),
		TEST(exemplars_are_listed_with_their_labels),
		TEST(globs_that_cost_too_much_are_refused),
		TEST(a_watch_with_a_silly_interval_is_refused),
		TEST(a_watch_gets_items),
		TEST(a_watch_of_knobs_from_what_has_not_been_is_refused),
		TEST(a_watch_of_knobs_from_a_number_of_another_epoch_gets_the_states),
		TEST(a_series_with_long_labels_is_named_whole),
		TEST(history_says_what_is_missing_and_what_was_meant),
		TEST(history_is_checked_and_answered),
		TEST(one_knob_can_be_read),
		TEST(the_audit_log_can_be_read),
		TEST(the_past_can_be_read),
		TEST(plugins_and_the_daemon_tell_of_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
