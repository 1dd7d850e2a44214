/* protobuf_c ENDPOINT PLUGIN PARAM VALUE: fastd's Metric and Param by protoc-c's own stubs. Prints
 * the plugin's metrics, turns an integer knob, prints its state, and what a stream's call is told.
 */
#include <fast/protobuf_c.h>
#include <fast/v1/metric.pb-c.h>
#include <fast/v1/param.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

static void say_failure(const char *what)
{
	const struct fast_reply *reply = fast_closure_reply();

	printf("%s: %s: %s\n", what, fast_status_name(reply->status), reply->text);
	failures++;
}

static void on_list(const Fast__V1__MetricListResponse *response, void *arg)
{
	(void)arg;
	if (response == NULL) {
		say_failure("list");
		return;
	}
	for (size_t i = 0; i < response->n_metrics; i++) {
		printf("metric %s\n", response->metrics[i]->spec->name);
	}
}

static void on_set(const Fast__V1__ParamSetResponse *response, void *arg)
{
	(void)arg;
	if (response == NULL) {
		say_failure("set");
	}
}

static void on_get(const Fast__V1__ParamGetResponse *response, void *arg)
{
	(void)arg;
	if (response == NULL) {
		say_failure("get");
		return;
	}
	printf("param %s desires %" PRId64 "\n", response->param->spec->name,
	       response->param->desired->int_value);
}

static void on_watch(const Fast__V1__MetricWatchResponse *response, void *arg)
{
	(void)response;
	(void)arg;
	printf("watch: %s: %s\n", fast_status_name(fast_closure_reply()->status),
	       fast_closure_reply()->text);
}

static void ask_metric(ProtobufCService *metric, char *plugin)
{
	Fast__V1__MetricListRequest list = FAST__V1__METRIC_LIST_REQUEST__INIT;
	Fast__V1__MetricWatchRequest watch = FAST__V1__METRIC_WATCH_REQUEST__INIT;

	list.plugin = plugin;
	fast__v1__metric__list(metric, &list, on_list, NULL);
	fast__v1__metric__watch(metric, &watch, on_watch, NULL);
}

static void ask_param(ProtobufCService *param, char *plugin, char *name, int64_t number)
{
	Fast__V1__ParamGetRequest get = FAST__V1__PARAM_GET_REQUEST__INIT;
	Fast__V1__ParamSetRequest set = FAST__V1__PARAM_SET_REQUEST__INIT;
	Fast__V1__ParamAssignment assignment = FAST__V1__PARAM_ASSIGNMENT__INIT;
	Fast__V1__ParamAssignment *assignments[] = {&assignment};
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;

	value.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	value.int_value = number;
	assignment.param = name;
	assignment.value = &value;
	set.plugin = plugin;
	set.n_assignments = 1;
	set.assignments = assignments;
	fast__v1__param__set(param, &set, on_set, NULL);
	get.plugin = plugin;
	get.param = name;
	fast__v1__param__get(param, &get, on_get, NULL);
}

int main(int argc, char **argv)
{
	struct fast_client *client = NULL;
	ProtobufCService *metric = NULL;
	ProtobufCService *param = NULL;

	if (argc != 5 || fast_client_open(argv[1], NULL, &client) != FAST_OK ||
	    fast_client_service(client, &fast__v1__metric__descriptor, NULL, &metric) != FAST_OK ||
	    fast_client_service(client, &fast__v1__param__descriptor, NULL, &param) != FAST_OK) {
		fprintf(stderr, "usage: protobuf_c ENDPOINT PLUGIN PARAM VALUE\n");
		return 2;
	}
	ask_metric(metric, argv[2]);
	ask_param(param, argv[2], argv[3], strtoll(argv[4], NULL, 10));
	fast_client_close(client);
	protobuf_c_service_destroy(metric);
	protobuf_c_service_destroy(param);
	return failures == 0 ? 0 : 1;
}
