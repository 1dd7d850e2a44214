#include "prof/visit.h"

#include "client/interrupt.h"
#include "client/quantity.h"
#include "prof/turn.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS    INT64_C(1000000000)
#define CALL_MS      5000
#define WAIT_MS      50
#define RATE_STEPS   10  /* of a measurement, at least */
#define RATE_STEP_S  1.0 /* and at most so long */
#define WINDOW_MS    60000
#define WINDOWS_MS   3000 /* in which the last windows must come */
#define BEATS_FACTOR 10   /* of --duration, at most, for --beats */

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

static enum fast_status open_watch(struct visitor *visitor, uint32_t window_ms,
				   struct fast_stream **out)
{
	Fast__V1__MetricWatchRequest request = FAST__V1__METRIC_WATCH_REQUEST__INIT;

	request.plugin = visitor->stage.plugin;
	request.interval_ms = (uint32_t)(visitor->options->interval_s * 1000);
	request.window_ms = window_ms;
	return fast_v1_metric_watch(visitor->stage.client, NULL, &request, out);
}

enum ending visit_end(struct visitor *visitor, enum ending ending, const char *sentence)
{
	snprintf(visitor->reason, sizeof visitor->reason, "%.250s", sentence);
	return ending;
}

enum ending visit_check(struct visitor *visitor)
{
	enum ending ending;

	if (interrupt_seen()) {
		return visit_end(visitor, ENDING_INTERRUPTED, "interrupted by a signal");
	}
	if (visitor->deadline_ns != 0 && quantity_monotonic_now() > visitor->deadline_ns) {
		return visit_end(
			visitor, ENDING_TIMEOUT,
			visitor->options->timeout_is_targets
				? "the target took longer than the timeout in its sage.yaml"
				: "the run took longer than --timeout");
	}
	ending = stage_check(&visitor->stage, &visitor->system);
	return ending == ENDING_RUNNING ? ending : visit_end(visitor, ending, visitor->stage.error);
}

enum ending visit_check_at_once(struct visitor *visitor)
{
	visitor->stage.looked_ns = 0;
	return visit_check(visitor);
}

enum ending visit_open(struct visitor *visitor)
{
	uint32_t interval_ms = (uint32_t)(visitor->options->interval_s * 1000);
	char error[CLAIM_ERROR_BYTES_MAX];
	enum ending ending;

	if (claim_take(&visitor->claim, visitor->stage.client, visitor->stage.plugin,
		       &visitor->profile->grid, error) != FAST_OK) {
		ending = visit_check_at_once(visitor);
		return ending != ENDING_RUNNING ? ending : visit_end(visitor, ENDING_BROKEN, error);
	}
	if (open_watch(visitor, interval_ms, &visitor->stream) != FAST_OK) {
		return visit_end(visitor, ENDING_FASTD, "fastd does not tell its samples");
	}
	return ENDING_RUNNING;
}

void visit_close(struct visitor *visitor)
{
	fast_stream_close(visitor->stream);
	visitor->stream = NULL;
	claim_release(&visitor->claim, visitor->stage.client);
}

/* Waits for what comes within wait_ms, and looks whether all is well. *item: NULL when nothing has
 * come. */
static enum ending visit_wait(struct visitor *visitor, int64_t wait_ms,
			      const Fast__V1__MetricWatchResponse **item)
{
	enum fast_status status;
	bool over;
	enum ending ending;

	*item = NULL;
	status = fast_v1_metric_watch_next(visitor->stream, wait_ms, item);
	over = *item == NULL && fast_stream_ended(visitor->stream);
	ending = over ? visit_check_at_once(visitor) : visit_check(visitor);
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	if (over) {
		return visit_end(visitor, ENDING_FASTD,
				 status == FAST_OK ? "fastd has ended the stream of samples"
						   : fast_stream_reply(visitor->stream)->text);
	}
	claim_renew(&visitor->claim, visitor->stage.client);
	return ENDING_RUNNING;
}

/* Waits until the plugin has read its knobs. One that does not, and makes no progress, has hung. */
static enum ending wait_applied(struct visitor *visitor, struct setting *setting, uint64_t revision)
{
	int64_t hang_ns = (int64_t)(visitor->options->hang_s * 1e9);
	int64_t begin_ns = quantity_monotonic_now();
	const Fast__V1__MetricWatchResponse *item;
	enum ending ending;

	meter_begin(&visitor->meter, revision, RATE_STEP_S);
	for (;;) {
		int64_t now_ns;

		ending = turn_status(visitor, setting, revision);
		if (ending != ENDING_RUNNING) {
			return ending;
		}
		ending = visit_wait(visitor, WAIT_MS, &item);
		if (ending != ENDING_RUNNING) {
			return ending;
		}
		if (item != NULL) {
			meter_take(&visitor->meter, item, visitor->profile, NULL, 0);
		}
		now_ns = quantity_monotonic_now();
		if (now_ns - begin_ns < hang_ns) {
			continue;
		}
		if (now_ns - visitor->meter.moved_ns < hang_ns / 2) {
			snprintf(setting->reason, sizeof setting->reason,
				 "the plugin has not read its knobs for %.3g s",
				 visitor->options->hang_s);
			return ENDING_REFUSED;
		}
		return visit_end(visitor, ENDING_HUNG,
				 "the plugin neither reads its knobs nor makes progress");
	}
}

/* A plugin that stands still may have hung, or have nothing to do in this setting: in the second
 * case it still reads its knobs. */
static enum ending probe(struct visitor *visitor, struct setting *setting)
{
	uint64_t revision = 0;
	enum ending ending;

	if (visitor->profile->grid.column_count == 0) {
		return visit_end(visitor, ENDING_HUNG, "the plugin makes no progress");
	}
	ending = turn_knobs(visitor, setting, &revision);
	if (ending == ENDING_RUNNING) {
		ending = wait_applied(visitor, setting, revision);
	}
	if (ending == ENDING_DONE) {
		snprintf(setting->reason, sizeof setting->reason,
			 "the plugin makes no progress in this setting");
		return ENDING_REFUSED;
	}
	return ending;
}

/* One that made progress in the beginning, but not lately, is slow when it still reads its knobs.
 */
static enum ending look_again(struct visitor *visitor, struct setting *setting)
{
	enum ending ending;

	if (visitor->profile->grid.column_count == 0) {
		return ENDING_DONE;
	}
	ending = probe(visitor, setting);
	if (ending == ENDING_REFUSED) {
		setting->reason[0] = '\0';
		ending = ENDING_DONE;
	}
	return ending;
}

/* Lets time pass; with measure set, into the setting. */
static enum ending spend(struct visitor *visitor, struct setting *setting, uint32_t repeat,
			 bool measure, double seconds)
{
	int64_t begin_ns = quantity_monotonic_now();
	int64_t hang_ns = (int64_t)(visitor->options->hang_s * 1e9);
	uint64_t beats = measure ? (uint64_t)visitor->options->beats : 0;
	struct gauges older, newer;

	system_read(&visitor->system, &older);
	if (beats > 0) {
		seconds *= BEATS_FACTOR;
	}
	for (;;) {
		const Fast__V1__MetricWatchResponse *item;
		enum ending ending = visit_wait(visitor, WAIT_MS, &item);
		int64_t now_ns = quantity_monotonic_now();

		if (ending != ENDING_RUNNING) {
			return ending;
		}
		if (item != NULL) {
			meter_take(&visitor->meter, item, visitor->profile,
				   measure ? setting : NULL, repeat);
			progress_show(&visitor->progress, visitor->meter.rate);
		}
		if (measure && item != NULL) {
			system_read(&visitor->system, &newer);
			gauges_add(visitor->profile, setting, repeat, &older, &newer);
			runlog_read(&visitor->runlog, &visitor->meter, visitor->profile, setting,
				    repeat);
			older = newer;
		}
		/* One that stood still all the time is waited for: it may have hung. */
		if ((now_ns - begin_ns >= (int64_t)(seconds * 1e9) ||
		     (beats > 0 && visitor->meter.beats >= beats)) &&
		    (!measure || visitor->meter.moved_ns > begin_ns)) {
			return !measure || now_ns - visitor->meter.moved_ns <
						       (now_ns - begin_ns) / 2
				       ? ENDING_DONE
				       : look_again(visitor, setting);
		}
		if (now_ns - visitor->meter.moved_ns > hang_ns) {
			return probe(visitor, setting);
		}
	}
}

/* The distributions over the whole measurement, as fastd keeps them. */
static void take_windows(struct visitor *visitor, struct setting *setting, int64_t begin_ns)
{
	int64_t passed_ms = (quantity_monotonic_now() - begin_ns) / 1000000;
	const Fast__V1__MetricWatchResponse *item = NULL;
	struct fast_stream *stream = NULL;

	if (passed_ms > WINDOW_MS) {
		profile_note(
			visitor->profile,
			"percentiles of single observations are of each setting's last minute");
		passed_ms = WINDOW_MS;
	}
	if (open_watch(visitor, passed_ms < 10 ? 10 : (uint32_t)passed_ms, &stream) != FAST_OK) {
		return;
	}
	if (fast_v1_metric_watch_next(stream, WINDOWS_MS, &item) == FAST_OK && item != NULL) {
		meter_take_windows(&visitor->meter, item, setting);
	}
	fast_stream_close(stream);
}

static uint64_t revision_now(struct visitor *visitor)
{
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	uint64_t revision = 0;

	request.plugin = visitor->stage.plugin;
	if (fast_v1_plugin_list(visitor->stage.client, &call, &request, &reply) == FAST_OK &&
	    fast_v1_plugin_list_response(&reply)->n_plugins > 0) {
		revision = fast_v1_plugin_list_response(&reply)->plugins[0]->effective_revision;
	}
	fast_reply_fini(&reply);
	return revision;
}

enum ending visit_setting(struct visitor *visitor, struct setting *setting, uint32_t repeat)
{
	const struct options *options = visitor->options;
	uint64_t revision = revision_now(visitor);
	enum ending ending = ENDING_DONE;
	int64_t begin_ns;

	if (setting->start_ns == 0) {
		setting->start_ns = quantity_unix_now();
	}
	if (visitor->profile->grid.column_count > 0) {
		ending = turn_knobs(visitor, setting, &revision);
		ending = ending == ENDING_RUNNING ? wait_applied(visitor, setting, revision)
						  : ending;
	}
	meter_begin(&visitor->meter, revision,
		    fmin(RATE_STEP_S, fmax(options->interval_s, options->duration_s / RATE_STEPS)));
	if (ending == ENDING_DONE) {
		ending = spend(visitor, setting, repeat, false, options->warmup_s);
	}
	if (ending == ENDING_DONE) {
		visitor->meter.beats = 0;
		visitor->meter.beats_s = 0;
		proctree_forget_peak(&visitor->system.tree);
		runlog_skip(&visitor->runlog);
		begin_ns = quantity_monotonic_now();
		ending = spend(visitor, setting, repeat, true, options->duration_s);
		if (ending == ENDING_DONE) {
			take_windows(visitor, setting, begin_ns);
			setting->repeats++;
		}
	}
	setting->ending = ending;
	setting->end_ns = quantity_unix_now();
	return ending;
}
