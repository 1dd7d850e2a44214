#include "prof/run.h"

#include "prof/visit.h"

#include "client/interrupt.h"
#include "client/quantity.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS     50
#define DECLARED_MS 300 /* after it has attached: for what it declares one by one */
#define CALL_MS     5000

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

static bool ended(struct visitor *visitor, enum ending ending)
{
	if (ending != ENDING_RUNNING) {
		profile_end(visitor->profile, ending, "%s", visitor->stage.error);
	}
	return ending != ENDING_RUNNING;
}

/* Lets time pass while nothing is sampled yet. False: the run is over. */
static bool idle(struct visitor *visitor, int wait_ms)
{
	(void)poll(NULL, 0, wait_ms);
	if (interrupt_seen()) {
		profile_end(visitor->profile, ENDING_INTERRUPTED, "interrupted by a signal");
		return false;
	}
	if (visitor->deadline_ns != 0 && quantity_monotonic_now() > visitor->deadline_ns) {
		profile_end(visitor->profile, ENDING_TIMEOUT, "the run took longer than --timeout");
		return false;
	}
	return !ended(visitor, stage_check(&visitor->stage, &visitor->system));
}

static bool wait_attached(struct visitor *visitor)
{
	int64_t end_ns = quantity_monotonic_now() + (int64_t)(visitor->options->attach_s * 1e9);
	struct profile_run *run = &visitor->profile->run;
	enum ending ending = ENDING_RUNNING;
	struct cgroup own;

	while (ending == ENDING_RUNNING) {
		if (!idle(visitor, LOOK_MS)) {
			return false;
		}
		ending = stage_find_plugin(&visitor->stage, visitor->options, &visitor->system);
		if (ending == ENDING_RUNNING && quantity_monotonic_now() > end_ns) {
			profile_end(visitor->profile, ENDING_NO_PLUGIN,
				    "no plugin has attached within %.3g s; see plugin.log",
				    visitor->options->attach_s);
			return false;
		}
	}
	if (ending != ENDING_DONE) {
		return !ended(visitor, ending);
	}
	snprintf(run->plugin, sizeof run->plugin, "%s", visitor->stage.plugin);
	snprintf(run->plugin_version, sizeof run->plugin_version, "%.64s", visitor->stage.version);
	system_set_plugin(&visitor->system, visitor->stage.plugin_pid);
	snprintf(run->cgroup, sizeof run->cgroup, "%.500s", visitor->system.cgroup.path);
	cgroup_find(&own, "", getpid());
	if (run->cgroup[0] != '\0' && strcmp(own.path, visitor->system.cgroup.path) == 0) {
		profile_note(visitor->profile,
			     "the plugin shares its cgroup with fastprof: cgroup.* "
			     "covers other processes too");
	}
	return idle(visitor, DECLARED_MS);
}

static bool choose_settings(struct visitor *visitor)
{
	const struct options *options = visitor->options;
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct grid_options grid = options->grid;
	struct profile *profile = visitor->profile;
	char left_out[GRID_ERROR_BYTES_MAX];
	char error[GRID_ERROR_BYTES_MAX];

	request.plugin = visitor->stage.plugin;
	if (fast_v1_param_list(visitor->stage.client, &call, &request, &visitor->params) !=
	    FAST_OK) {
		profile_end(profile, ENDING_FASTD, "the knobs cannot be listed: %.200s",
			    visitor->params.text);
		return false;
	}
	grid.narrow = options->knobs;
	grid.narrow_count = options->knob_count;
	if (grid_build(fast_v1_param_list_response(&visitor->params), &grid, &profile->grid,
		       left_out, error) != FAST_OK) {
		profile_end(profile, ENDING_USAGE, "%.250s", error);
		return false;
	}
	if (left_out[0] != '\0') {
		profile_note(profile, "left as they are: %.200s", left_out);
	}
	if (profile_begin(profile, profile->grid.column_count == 0 ? 1 : profile->grid.row_count) !=
	    FAST_OK) {
		profile_end(profile, ENDING_BROKEN, "no memory");
		return false;
	}
	return true;
}

static void visit_all(struct visitor *visitor)
{
	const struct options *options = visitor->options;
	struct profile *profile = visitor->profile;
	enum ending ending = visit_watch(visitor);
	size_t total = profile->setting_count * (size_t)options->repeat;

	progress_begin(&visitor->progress, options->quiet, total,
		       options->warmup_s + options->duration_s + 0.3);
	for (size_t i = 0; ending == ENDING_RUNNING && i < total; i++) {
		/* All settings, then all again: what drifts in the world touches all alike. */
		struct setting *setting = &profile->settings[i % profile->setting_count];
		char label[PROGRESS_LABEL_BYTES_MAX];

		profile_label(profile, setting, label, sizeof label);
		progress_next(&visitor->progress, label);
		ending = visit_setting(visitor, setting, (uint32_t)(i / profile->setting_count));
		progress_done(&visitor->progress, visitor->meter.rate,
			      ending == ENDING_DONE      ? NULL
			      : ending == ENDING_REFUSED ? setting->reason
							 : ending_name(ending));
		if (ending == ENDING_DONE || ending == ENDING_REFUSED) {
			ending = ENDING_RUNNING;
		}
	}
	progress_end(&visitor->progress);
	if (ending == ENDING_RUNNING) {
		profile_end(profile, ENDING_DONE, "%s", "");
	}
}

/* Series do not carry units over the wire; the declarations do. */
static void name_units(struct visitor *visitor)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *list;
	struct fast_reply reply = {0};

	request.plugin = visitor->stage.plugin;
	request.include_ended = true;
	if (visitor->stage.plugin[0] == '\0' || visitor->stage.client == NULL ||
	    fast_v1_metric_list(visitor->stage.client, &call, &request, &reply) != FAST_OK) {
		fast_reply_fini(&reply);
		return;
	}
	list = fast_v1_metric_list_response(&reply);
	for (size_t i = 0; i < list->n_metrics; i++) {
		const Fast__V1__MetricSpec *spec = list->metrics[i]->spec;

		for (size_t j = 0; spec != NULL && j < visitor->profile->setting_count; j++) {
			struct setting *setting = &visitor->profile->settings[j];

			for (size_t k = 0; k < setting->count; k++) {
				struct series *series = &setting->series[k];

				if (series->unit[0] == '\0' && series->source == SOURCE_PLUGIN &&
				    strcmp(series->name, spec->name) == 0) {
					snprintf(series->unit, sizeof series->unit, "%.16s",
						 spec->unit);
				}
			}
		}
	}
	fast_reply_fini(&reply);
}

static void perform(struct visitor *visitor, const struct run_command *command,
		    void (*started)(const struct profile *profile, void *arg), void *arg)
{
	if (ended(visitor, stage_open(&visitor->stage, visitor->options, visitor->profile))) {
		return;
	}
	visitor->system.fastd = visitor->stage.fastd.pid;
	if (ended(visitor, stage_start(&visitor->stage, command->argv, command->folder)) ||
	    !wait_attached(visitor) || !choose_settings(visitor)) {
		return;
	}
	started(visitor->profile, arg);
	visit_all(visitor);
	if (visitor->profile->ending != ENDING_FASTD) {
		name_units(visitor);
	}
}

void run(const struct options *options, const struct run_command *command, struct profile *profile,
	 void (*started)(const struct profile *profile, void *arg), void *arg)
{
	struct visitor *visitor = calloc(1, sizeof *visitor);
	int64_t begin_ns = quantity_monotonic_now();

	profile->run.start_ns = quantity_unix_now();
	if (visitor == NULL) {
		profile_end(profile, ENDING_BROKEN, "no memory");
		return;
	}
	visitor->options = options;
	visitor->profile = profile;
	if (options->timeout_s > 0) {
		visitor->deadline_ns = begin_ns + (int64_t)(options->timeout_s * 1e9);
	}
	visitor->stage.exit_status = -1;
	system_open(&visitor->system, "");
	if (visitor->system.gpu.count == 0) {
		profile_note(profile, "gpu: %s", visitor->system.gpu.reason);
	}
	perform(visitor, command, started, arg);
	fast_stream_close(visitor->stream);
	profile->run.exit_status = visitor->stage.exit_status;
	fast_reply_fini(&visitor->params);
	stage_close(&visitor->stage, profile);
	profile->overhead.sampling_s = visitor->system.spent_s;
	profile->overhead.wall_s = (double)(quantity_monotonic_now() - begin_ns) / 1e9;
	profile->run.end_ns = quantity_unix_now();
	system_close(&visitor->system);
	free(visitor);
}
