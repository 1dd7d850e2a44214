#include "cli/cmd_rpc.h"

#include "cli/rpc_headers.h"
#include "cli/rpc_load.h"
#include "cli/rpc_schema.h"
#include "client/interrupt.h"

#include "client/quantity.h"

#include <fast/v1/reflection.fast.h>
#include <stdlib.h>

#define RATE_DEFAULT       100
#define DURATION_S_DEFAULT 10
#define CONNECTIONS_MAX    64

static const struct {
	const char *title;
	const char *key;
	double share;
} percentiles[] = {
	{"p50", "p50", 0.5}, {"p90", "p90", 0.9}, {"p99", "p99", 0.99}, {"p99.9", "p999", 0.999}};
#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

static double achieved_rate(const struct rpc_load_result *result)
{
	return result->seconds > 0 ? (double)result->by_status[FAST_OK] / result->seconds : 0;
}

static enum exit_code load_json(struct cli *cli, const struct rpc_load_plan *plan,
				const struct rpc_load_result *result)
{
	json_t *latency = json_object(), *errors = json_object(), *report;

	for (size_t i = 0; i < PERCENTILES; i++) {
		json_object_set_new(
			latency, percentiles[i].key,
			json_real((double)rpc_load_percentile(result, percentiles[i].share) / 1e9));
	}
	json_object_set_new(latency, "max", json_real((double)result->max_ns / 1e9));
	for (unsigned i = 1; i < RPC_LOAD_STATUSES; i++) {
		if (result->by_status[i] > 0) {
			json_object_set_new(errors, fast_status_name((enum fast_status)i),
					    json_integer((json_int_t)result->by_status[i]));
		}
	}
	report = json_pack("{s:s,s:i,s:f,s:f,s:f,s:I,s:I,s:I,s:I,s:o,s:o}", "method",
			   plan->method->path, "connections", (int)plan->client_count, "targetRate",
			   plan->rate, "achievedRate", achieved_rate(result), "seconds",
			   result->seconds, "planned", (json_int_t)result->planned, "sent",
			   (json_int_t)result->sent, "ok", (json_int_t)result->by_status[FAST_OK],
			   "notSent", (json_int_t)result->not_sent, "errors", errors,
			   "latencySeconds", latency);
	if (report == NULL ||
	    json_dumpf(report, stdout,
		       JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)) != 0) {
		cli->output->failed = true;
	}
	json_decref(report);
	cli->output->failed |= puts("") < 0;
	return command_end(cli);
}

static void print_seconds(const char *title, int64_t ns)
{
	struct text text = {0};

	quantity_seconds(&text, (double)ns / 1e9);
	printf("%-9s %s\n", title, text_chars(&text));
	text_fini(&text);
}

static enum exit_code load_text(struct cli *cli, const struct rpc_load_plan *plan,
				const struct rpc_load_result *result)
{
	printf("%-9s %s, %zu connection%s\n", "calls", plan->method->path, plan->client_count,
	       plan->client_count == 1 ? "" : "s");
	printf("%-9s %.6g/s asked for, %.6g/s achieved in %.3g s\n", "rate", plan->rate,
	       achieved_rate(result), result->seconds);
	printf("%-9s %llu of %llu ended well\n", "answers",
	       (unsigned long long)result->by_status[FAST_OK], (unsigned long long)result->planned);
	for (unsigned i = 1; i < RPC_LOAD_STATUSES; i++) {
		if (result->by_status[i] > 0) {
			printf("%-9s %llu %s\n", "", (unsigned long long)result->by_status[i],
			       fast_status_name((enum fast_status)i));
		}
	}
	if (result->not_sent > 0) {
		printf("%-9s %llu not sent: too many were open\n", "",
		       (unsigned long long)result->not_sent);
	}
	for (size_t i = 0; i < PERCENTILES; i++) {
		print_seconds(percentiles[i].title,
			      rpc_load_percentile(result, percentiles[i].share));
	}
	print_seconds("max", result->max_ns);
	cli->output->failed |= fflush(stdout) != 0;
	return command_end(cli);
}

static void clients_close(struct fast_client **clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fast_client_close(clients[i]);
	}
}

/* Opens each connection by a call that changes nothing, so that no measured call pays for it. */
static enum exit_code clients_open(struct cli *cli, struct fast_client **clients, size_t count)
{
	const struct fast_client_options options = {
		.size = sizeof options, .agent = "fastctl", .tls = cli->tls};
	Fast__V1__ListServicesRequest request = FAST__V1__LIST_SERVICES_REQUEST__INIT;
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < count; i++) {
		struct fast_reply reply = {0};

		if (fast_client_open(cli->endpoint, &options, &clients[i]) != FAST_OK) {
			return command_say(cli, EXIT_REFUSED, "no memory");
		}
		if (fast_v1_reflection_list_services(clients[i], &command_call, &request, &reply) !=
		    FAST_OK) {
			code = command_failed(cli, &reply);
		}
		fast_reply_fini(&reply);
	}
	return code;
}

static enum exit_code load_measure(struct cli *cli, struct rpc_load_plan *plan)
{
	struct fast_client *clients[CONNECTIONS_MAX] = {NULL};
	struct rpc_load_result *result = calloc(1, sizeof *result);
	enum exit_code code = EXIT_REFUSED;

	plan->clients = clients;
	if (result == NULL) {
		return command_say(cli, EXIT_REFUSED, "no memory");
	}
	interrupt_catch();
	code = clients_open(cli, clients, plan->client_count);
	if (code == EXIT_OK && !rpc_load_run(plan, result)) {
		code = command_say(cli, EXIT_REFUSED, "no memory");
	} else if (code == EXIT_OK) {
		code = cli->output->json ? load_json(cli, plan, result)
					 : load_text(cli, plan, result);
		if (code == EXIT_OK && result->by_status[FAST_OK] < result->planned) {
			code = EXIT_REFUSED;
		}
	}
	clients_close(clients, plan->client_count);
	free(result);
	return code;
}

enum exit_code rpc_load(struct cli *cli)
{
	const struct options *options = &cli->options;
	struct rpc_load_plan plan = {
		.rate = options->rate.given ? options->rate.value : RATE_DEFAULT,
		.duration_s =
			options->duration_s.given ? options->duration_s.value : DURATION_S_DEFAULT,
		.client_count = options->connections.given ? options->connections.value : 1,
		.timeout_ms = options->timeout_s.given ? (int64_t)(options->timeout_s.value * 1e3)
						       : COMMAND_CALL_TIMEOUT_MS,
	};
	struct fast_schema *schema = NULL;
	struct fast_dynamic request = {0};
	struct rpc_headers headers;
	enum exit_code code;

	if (cli->words.count < 2) {
		return command_usage(cli, "load needs SERVICE/METHOD");
	}
	code = rpc_headers_read(cli, &headers);
	if (code != EXIT_OK) {
		return code;
	}
	plan.headers = &headers.metadata;
	code = rpc_schema_method(cli, cli->words.word[1], &schema, &plan.method);
	if (code != EXIT_OK) {
		return code;
	}
	if (plan.method->kind != FAST_METHOD_UNARY) {
		code = command_usage(cli, "%.200s is a stream; load calls methods of one answer",
				     plan.method->path);
	} else {
		code = rpc_schema_request(cli, 2, schema, plan.method, &request);
	}
	if (code == EXIT_OK) {
		plan.request = request.message;
		code = load_measure(cli, &plan);
	}
	fast_dynamic_fini(&request);
	fast_schema_free(schema);
	return code;
}
