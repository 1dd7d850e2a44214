/* bench_report - how many samples a second remote plugins can get into fastd: what the SDK reports
 * of a page, as fast as fastd takes it instead of every FAST_PLUGIN_REPORT_MS. A sample is one
 * metric that has changed. The baseline takes the same reports over a bare socket. */
#include "node_world.h"
#include "reporter.h"

#include <fast/tls.h>
#include <fast/v1/metric.fast.h>
#include <fast/v1/plugin.fast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PLUGINS_MAX   16
#define NAME_BYTES    64
#define TICK_MS       "100"
#define TAKEN_WAIT_MS 10000
/* Samples of one round. */
#define SAMPLES       400000
#define SAMPLES_QUICK 100000
#define NS_PER_S      1e9

/* How plugins come, and how many. */
struct load {
	const char *infix;  /* of the rows' names */
	const char *scheme; /* of the endpoint */
	size_t plugins;
	size_t metrics; /* of each */
};

static const struct load loads[] = {
	{"", "tcp://", 1, CROWD_METRICS},
	{"16.", "tcp://", 16, CROWD_METRICS},
	{"wide.", "tcp://", 1, REPORTER_METRICS_MAX},
	{"tls.", "tls+tcp://", 1, CROWD_METRICS},
	{"tls16.", "tls+tcp://", 16, CROWD_METRICS},
};

/* What one load is measured with. */
struct field {
	const struct load *load;
	struct node_world world;
	struct report_sink *sink;
	struct fast_tls *tls;
	struct reporter *reporters[PLUGINS_MAX];
	uint64_t turns; /* reports of each plugin so far */
};

/* Where fastd serves what begins so. */
static void endpoint_find(const struct node_world *world, const char *scheme, char *out,
			  size_t bytes)
{
	Fast__V1__NodeStatusRequest request = FAST__V1__NODE_STATUS_REQUEST__INIT;
	const Fast__V1__NodeStatusResponse *response;
	struct fast_reply reply = {.status = FAST_OK};

	bench_check(fast_v1_node_status(world->client, NULL, &request, &reply), "fastd's status");
	response = fast_v1_node_status_response(&reply);
	*out = '\0';
	for (size_t i = 0; i < response->n_endpoints; i++) {
		if (strncmp(response->endpoints[i], scheme, strlen(scheme)) == 0) {
			(void)snprintf(out, bytes, "%s", response->endpoints[i]);
		}
	}
	fast_reply_fini(&reply);
	if (*out == '\0') {
		bench_die(scheme, "fastd does not serve it");
	}
}

static void tls_open(struct field *field, const char *certificates)
{
	char ca[256];
	char certificate[256];
	char key[256];
	char error[FAST_TLS_ERROR_BYTES] = "";
	const struct fast_tls_options options = {
		.size = sizeof options,
		.ca_file = ca,
		.certificate_file = certificate,
		.key_file = key,
	};

	(void)snprintf(ca, sizeof ca, "%s/ca.pem", certificates);
	(void)snprintf(certificate, sizeof certificate, "%s/client.pem", certificates);
	(void)snprintf(key, sizeof key, "%s/client.key", certificates);
	bench_check(fast_tls_new(&options, &field->tls, error, sizeof error), "certificates");
}

static void world_start(struct field *field, const char *certificates)
{
	char ca[256];
	char certificate[256];
	char key[256];
	const char *const tcp[] = {"--role", "tcp=plugin", "--listen", "tcp://127.0.0.1:0", NULL};
	const char *const tls[] = {"--role",     "name:*=plugin",
				   "--listen",   "tls+tcp://127.0.0.1:0",
				   "--tls-ca",   ca,
				   "--tls-cert", certificate,
				   "--tls-key",  key,
				   NULL};

	(void)snprintf(ca, sizeof ca, "%s/ca.pem", certificates);
	(void)snprintf(certificate, sizeof certificate, "%s/server.pem", certificates);
	(void)snprintf(key, sizeof key, "%s/server.key", certificates);
	node_world_start_with(&field->world, TICK_MS,
			      strcmp(field->load->scheme, "tcp://") == 0 ? tcp : tls);
}

static void field_open(struct field *field, const char *certificates)
{
	char endpoint[128];
	char name[32];

	world_start(field, certificates);
	if (strcmp(field->load->scheme, "tcp://") != 0) {
		tls_open(field, certificates);
	}
	endpoint_find(&field->world, field->load->scheme, endpoint, sizeof endpoint);
	for (size_t i = 0; i < field->load->plugins; i++) {
		(void)snprintf(name, sizeof name, "reporter-%zu", i);
		field->reporters[i] = reporter_open(&field->world, endpoint, field->tls, name,
						    field->load->metrics);
	}
}

static void field_close(struct field *field)
{
	for (size_t i = 0; i < field->load->plugins; i++) {
		reporter_close(field->reporters[i]);
	}
	fast_tls_free(field->tls);
	node_world_stop(&field->world);
}

/* So many turns of all plugins, to the sink or to fastd. At most FAST_STREAM_CREDIT reports of each
 * are on their way at the end. Gives the seconds. */
static double turns_run(struct field *field, struct report_sink *sink, uint64_t turns)
{
	int64_t begin_ns = bench_now_ns();

	for (uint64_t i = 0; i < turns; i++) {
		for (size_t n = 0; n < field->load->plugins; n++) {
			reporter_turn(field->reporters[n], sink, field->turns);
		}
		field->turns++;
	}
	if (sink != NULL) {
		report_sink_wait(sink);
	}
	return (double)(bench_now_ns() - begin_ns) / NS_PER_S;
}

/* Whether fastd shows all that was counted, in every plugin. */
static bool is_all_there(const struct field *field)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *response;
	struct fast_reply reply = {.status = FAST_OK};
	size_t whole = 0;

	request.metric = (char *)"metric_0";
	bench_check(fast_v1_metric_list(field->world.client, NULL, &request, &reply), "metrics");
	response = fast_v1_metric_list_response(&reply);
	for (size_t i = 0; i < response->n_metrics; i++) {
		whole += response->metrics[i]->sample->count == field->turns;
	}
	fast_reply_fini(&reply);
	return whole == field->load->plugins;
}

static void all_wait(const struct field *field)
{
	int64_t until_ns = bench_now_ns() + TAKEN_WAIT_MS * INT64_C(1000000);

	while (!is_all_there(field)) {
		if (bench_now_ns() > until_ns) {
			bench_die("reports", "fastd does not have all of them");
		}
	}
}

/* CPU time of this process so far, in seconds. */
static double own_cpu_s(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- rows ---- */

enum row { ROW_RATE, ROW_CPU, ROW_PLUGIN_CPU, ROW_RATIO, ROWS };
static const struct {
	const char *name;
	const char *unit;
} rows[ROWS] = {
	{"samples_per_s", "1/s"},
	{"cpu_ns", "ns"},
	{"plugin_cpu_ns", "ns"},
	{"vs_raw", "x"},
};

static void row_name(const struct load *load, enum row row, char name[NAME_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "fastd.report.%s%s", load->infix, rows[row].name);
}

static void load_measure(struct bench *bench, struct field *field)
{
	const struct load *load = field->load;
	double samples = bench->quick ? SAMPLES_QUICK : SAMPLES;
	uint64_t turns = (uint64_t)(samples / (double)(load->plugins * load->metrics));
	struct bench_series series[ROWS] = {{.values = NULL}};
	struct bench_series raw = {.values = NULL};
	char name[NAME_BYTES];

	samples = (double)(turns * load->plugins * load->metrics);
	(void)turns_run(field, NULL, turns / 4); /* warm */
	for (int i = 0; i < bench->rounds; i++) {
		double raw_s = turns_run(field, field->sink, turns);
		double fastd_cpu_s = node_world_cpu_s(&field->world);
		double plugin_cpu_s = own_cpu_s();
		double seconds = turns_run(field, NULL, turns);

		bench_series_add(&raw, raw_s);
		bench_series_add(&series[ROW_RATE], samples / seconds);
		bench_series_add(&series[ROW_RATIO], raw_s / seconds);
		bench_series_add(&series[ROW_CPU],
				 NS_PER_S / samples *
					 (node_world_cpu_s(&field->world) - fastd_cpu_s));
		bench_series_add(&series[ROW_PLUGIN_CPU],
				 NS_PER_S / samples * (own_cpu_s() - plugin_cpu_s));
	}
	all_wait(field);
	for (int row = 0; row < ROWS; row++) {
		row_name(load, (enum row)row, name);
		bench_print(bench, name, bench_median(&series[row]), rows[row].unit,
			    series[row].count, bench_is_noisy(&raw));
		bench_series_fini(&series[row]);
	}
	bench_series_fini(&raw);
}

static bool is_wanted(const struct bench *bench, const struct load *load)
{
	char name[NAME_BYTES];
	bool wanted = false;

	for (int row = 0; row < ROWS; row++) {
		row_name(load, (enum row)row, name);
		wanted = wanted || bench_wants(bench, name);
	}
	return wanted;
}

int main(int argc, char **argv)
{
	const char *certificates = getenv("BENCH_CERTIFICATES");
	struct report_sink sink = {.fd = -1};
	struct bench bench;

	bench_init(&bench, argc, argv);
	if (!bench_wants_some(&bench, "fastd.report.")) {
		return 0;
	}
	report_sink_start(&sink);
	for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
		struct field field = {.load = &loads[i], .sink = &sink};

		if (!is_wanted(&bench, &loads[i])) {
			continue;
		}
		if (strcmp(loads[i].scheme, "tcp://") != 0 && certificates == NULL) {
			bench_skip(&bench, "fastd.report.tls", "there are no certificates");
			continue;
		}
		field_open(&field, certificates != NULL ? certificates : "");
		load_measure(&bench, &field);
		field_close(&field);
	}
	report_sink_stop(&sink);
	return 0;
}
