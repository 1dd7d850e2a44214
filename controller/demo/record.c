#include "demo/record.h"

#include <fast/stream.h>
#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *phase_name(enum phase phase)
{
	static const char *const names[PHASE_COUNT] = {
		"setup", "measure", "learn", "hold", "fixed-1.0", "fixed-0.5", "fixed-0.25",
	};
	return names[phase];
}

int64_t record_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void point_take(struct point *point, const Fast__V1__Sample *sample)
{
	if (strcmp(sample->metric, "fps") == 0) {
		point->beats = sample->count;
		point->time_ns = sample->time_unix_ns;
	} else if (strcmp(sample->metric, "acc") == 0) {
		point->acc = sample->value;
	} else if (strcmp(sample->metric, "objects") == 0) {
		point->objects = sample->value;
	} else if (strcmp(sample->metric, "latency") == 0 && sample->window != NULL) {
		point->latency_p50_s = sample->window->p50;
	}
}

static void record_append(struct record *record, const Fast__V1__MetricWatchResponse *item)
{
	struct point point = {
		.acc = NAN,
		.objects = NAN,
		.latency_p50_s = NAN,
		.res = NAN,
		.phase = (enum phase)atomic_load(&record->phase),
		.disturbed = atomic_load(&record->disturbed),
	};

	for (size_t i = 0; i < item->n_samples; i++) {
		point_take(&point, item->samples[i]);
	}
	if (point.time_ns == 0) {
		return; /* the heartbeat is not declared yet */
	}
	pthread_mutex_lock(&record->lock);
	if (record->count < RECORD_POINTS_MAX &&
	    (record->count == 0 || point.time_ns > record->points[record->count - 1].time_ns)) {
		record->points[record->count++] = point;
	}
	pthread_mutex_unlock(&record->lock);
}

/* Opens the watch, waiting for a fastd that is not there. */
static enum fast_status record_open(struct record *record)
{
	const struct fast_call_options options = {.size = sizeof options, .wait_for_ready = true};
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;
	struct fast_stream *stream = NULL;
	enum fast_status status;

	request.plugin = (char *)record->plugin;
	request.interval_ms = RECORD_INTERVAL_MS;
	status = fast_v1_metric_watch(record->client, &options, &request, &stream);
	if (status != FAST_OK) {
		return status;
	}
	pthread_mutex_lock(&record->lock);
	record->stream = stream;
	if (record->stopping) {
		fast_stream_cancel(stream);
	}
	pthread_mutex_unlock(&record->lock);
	return FAST_OK;
}

/* Reads to the end of the stream: how it ended. */
static enum fast_status record_read(struct record *record)
{
	const Fast__V1__MetricWatchResponse *item = NULL;
	enum fast_status status;

	for (;;) {
		status = fast_v1_metric_watch_next(record->stream, -1, &item);
		if (status != FAST_OK || item == NULL) {
			return status;
		}
		record_append(record, item);
	}
}

/* Watches until stopped; a fastd that was killed and comes back is watched again. */
static void *record_thread(void *arg)
{
	struct record *record = arg;
	bool stopping = false;

	while (!stopping && record_open(record) == FAST_OK) {
		enum fast_status status = record_read(record);

		pthread_mutex_lock(&record->lock);
		stopping = record->stopping || (status != FAST_UNAVAILABLE && status != FAST_OK);
		if (status != FAST_CANCELLED) {
			snprintf(record->error, sizeof record->error, "the watch ended: %.200s",
				 fast_stream_reply(record->stream)->text);
		}
		fast_stream_close(record->stream);
		record->stream = NULL;
		pthread_mutex_unlock(&record->lock);
	}
	return NULL;
}

enum fast_status record_start(struct record *record, struct fast_client *client, const char *plugin)
{
	memset(record, 0, sizeof *record);
	pthread_mutex_init(&record->lock, NULL);
	record->client = client;
	record->plugin = plugin;
	record->points = calloc(RECORD_POINTS_MAX, sizeof *record->points);
	record->changes = calloc(RECORD_CHANGES_MAX, sizeof *record->changes);
	if (record->points == NULL || record->changes == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (pthread_create(&record->thread, NULL, record_thread, record) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	record->running = true;
	return FAST_OK;
}

static void record_join(struct record *record)
{
	if (!record->running) {
		return;
	}
	pthread_mutex_lock(&record->lock);
	record->stopping = true;
	if (record->stream != NULL) {
		fast_stream_cancel(record->stream);
	}
	pthread_mutex_unlock(&record->lock);
	pthread_join(record->thread, NULL);
	record->running = false;
}

/* Fills in which value the knob had at each point. */
static void record_place_changes(struct record *record)
{
	size_t next = 0;
	double res = 1.0;

	for (size_t i = 0; i < record->count; i++) {
		while (next < record->change_count &&
		       record->changes[next].time_ns <= record->points[i].time_ns) {
			res = record->changes[next++].res;
		}
		record->points[i].res = res;
	}
}

static enum fast_status record_read_changes(struct record *record, const char *plugin)
{
	Fast__V1__ParamAuditRequest request = FAST__V1__PARAM_AUDIT_REQUEST__INIT;
	const Fast__V1__ParamAuditResponse *response;
	struct fast_reply reply = {0};
	enum fast_status status;

	request.plugin = (char *)plugin;
	request.limit = RECORD_CHANGES_MAX;
	status = fast_v1_param_audit(record->client, NULL, &request, &reply);
	if (status != FAST_OK) {
		snprintf(record->error, sizeof record->error,
			 "the audit log cannot be read: %.200s", reply.text);
		fast_reply_fini(&reply);
		return status;
	}
	response = fast_v1_param_audit_response(&reply);
	for (size_t i = 0; i < response->n_entries; i++) {
		const Fast__V1__AuditEntry *entry = response->entries[i];

		if (strcmp(entry->param, "res") != 0 || strcmp(entry->result, "ok") != 0 ||
		    entry->new_value[0] == '\0' || record->change_count == RECORD_CHANGES_MAX) {
			continue;
		}
		record->changes[record->change_count++] = (struct change){
			.time_ns = entry->time_unix_ns,
			.res = strtod(entry->new_value, NULL),
		};
	}
	fast_reply_fini(&reply);
	record_place_changes(record);
	return FAST_OK;
}

enum fast_status record_stop(struct record *record, const char *plugin)
{
	record_join(record);
	return record_read_changes(record, plugin);
}

void record_fini(struct record *record)
{
	record_join(record);
	free(record->points);
	free(record->changes);
	record->points = NULL;
	record->changes = NULL;
}

static double points_beats_at(const struct point *points, size_t count, int64_t time_ns)
{
	for (size_t i = 1; i < count; i++) {
		const struct point *a = &points[i - 1];
		const struct point *b = &points[i];

		if (a->time_ns <= time_ns && time_ns <= b->time_ns) {
			double share =
				(double)(time_ns - a->time_ns) / (double)(b->time_ns - a->time_ns);

			return (double)a->beats + share * ((double)b->beats - (double)a->beats);
		}
	}
	return NAN;
}

double record_beats_at(struct record *record, int64_t time_ns)
{
	double beats;

	pthread_mutex_lock(&record->lock);
	beats = points_beats_at(record->points, record->count, time_ns);
	pthread_mutex_unlock(&record->lock);
	return beats;
}

bool record_newest(struct record *record, struct point *out)
{
	bool any;

	pthread_mutex_lock(&record->lock);
	any = record->count > 0;
	if (any) {
		*out = record->points[record->count - 1];
	}
	pthread_mutex_unlock(&record->lock);
	return any;
}
