#include "prof/run.h"

#include "prof/alone.h"
#include "prof/attach.h"

#include "client/quantity.h"

#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 5000

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

static bool choose_settings(struct visitor *visitor)
{
	const struct options *options = visitor->options;
	struct grid_options grid = options->grid;
	struct profile *profile = visitor->profile;
	char left_out[GRID_ERROR_BYTES_MAX];
	char error[GRID_ERROR_BYTES_MAX];

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

/* The plugin has failed in the setting: that is a result, and another plugin goes on. */
static void setting_fail(struct visitor *visitor, struct setting *setting, enum ending ending)
{
	if (setting->start_ns == 0) { /* it did not come back after the one before */
		setting->start_ns = quantity_unix_now();
	}
	setting->end_ns = quantity_unix_now();
	setting->ending = ending;
	setting->exit_status = visitor->stage.exit_status;
	snprintf(setting->reason, sizeof setting->reason, "%s", visitor->reason);
	detach(visitor);
}

/* One visit, by a plugin that is started where none is left. ENDING_RUNNING: the next one. */
static enum ending visit_next(struct visitor *visitor, struct setting *setting, uint32_t repeat,
			      size_t *failures)
{
	bool there = visitor->stage.plugin[0] != '\0';
	enum ending ending = there ? ENDING_RUNNING : attach(visitor);

	visitor->meter.rate = 0;
	if (ending == ENDING_RUNNING) {
		ending = visit_setting(visitor, setting, repeat);
	}
	progress_done(&visitor->progress, visitor->meter.rate,
		      ending == ENDING_DONE       ? NULL
		      : ending == ENDING_REFUSED  ? setting->reason
		      : ending_is_failure(ending) ? visitor->reason
						  : ending_name(ending));
	if (ending_is_failure(ending)) {
		setting_fail(visitor, setting, ending);
		++*failures;
		return (double)*failures < visitor->options->failures ? ENDING_RUNNING : ending;
	}
	*failures = 0;
	return ending == ENDING_DONE || ending == ENDING_REFUSED ? ENDING_RUNNING : ending;
}

static void visit_all(struct visitor *visitor)
{
	const struct options *options = visitor->options;
	struct profile *profile = visitor->profile;
	enum ending ending = visit_open(visitor);
	size_t total = profile->setting_count * (size_t)options->repeat;
	size_t failures = 0; /* in a row */

	progress_begin(&visitor->progress, options->quiet, total,
		       options->warmup_s + options->duration_s + 0.3);
	for (size_t i = 0; ending == ENDING_RUNNING && i < total; i++) {
		/* All settings, then all again: what drifts in the world touches all alike. */
		struct setting *setting = &profile->settings[i % profile->setting_count];
		char label[PROGRESS_LABEL_BYTES_MAX];

		profile_label(profile, setting, label, sizeof label);
		progress_next(&visitor->progress, label);
		if (ending_is_failure(setting->ending)) {
			progress_done(&visitor->progress, 0, "not again, since it failed");
			continue;
		}
		ending = visit_next(visitor, setting, (uint32_t)(i / profile->setting_count),
				    &failures);
	}
	progress_end(&visitor->progress);
	if (ending_is_failure(ending) && failures > 1) {
		profile_end(profile, ending, "the plugin failed in %zu settings in a row: %.200s",
			    failures, visitor->reason);
	} else if (ending == ENDING_RUNNING || ending_is_failure(ending)) {
		profile_sum_up(profile);
	} else {
		profile_end(profile, ending, "%s", visitor->reason);
	}
}

/* Series do not carry units over the wire; the declarations do. */
static void name_units(struct visitor *visitor)
{
	Fast__V1__MetricListRequest request = FAST__V1__METRIC_LIST_REQUEST__INIT;
	const Fast__V1__MetricListResponse *list;
	struct fast_reply reply = {0};

	request.plugin = visitor->profile->run.plugin;
	request.include_ended = true;
	if (request.plugin[0] == '\0' || visitor->stage.client == NULL ||
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

static void perform(struct visitor *visitor,
		    void (*started)(const struct profile *profile, void *arg), void *arg)
{
	enum ending ending = stage_open(&visitor->stage, visitor->options, visitor->profile);

	if (ending != ENDING_RUNNING) {
		profile_end(visitor->profile, ending, "%s", visitor->stage.error);
		return;
	}
	visitor->system.fastd = visitor->stage.fastd.pid;
	ending = attach(visitor);
	/* A container's processes are not the command's. */
	if (ending == ENDING_NO_PLUGIN && visitor->stage.group != 0 &&
	    visitor->profile->run.image[0] == '\0') {
		alone_measure(visitor, started, arg);
		return;
	}
	if (ending != ENDING_RUNNING) {
		profile_end(visitor->profile, ending, "%s", visitor->reason);
		return;
	}
	if (!choose_settings(visitor)) {
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
	visitor->command = command;
	runlog_open(&visitor->runlog, options->run_log);
	if (options->timeout_s > 0) {
		visitor->deadline_ns = begin_ns + (int64_t)(options->timeout_s * 1e9);
	}
	visitor->stage.exit_status = -1;
	system_open(&visitor->system, "");
	if (visitor->system.gpu.count == 0) {
		profile_note(profile, "gpu: %s", visitor->system.gpu.reason);
	}
	perform(visitor, started, arg);
	visit_close(visitor);
	profile->run.exit_status = visitor->stage.exit_status;
	fast_reply_fini(&visitor->params);
	stage_close(&visitor->stage, profile);
	profile->overhead.sampling_s = visitor->system.spent_s;
	profile->overhead.wall_s = (double)(quantity_monotonic_now() - begin_ns) / 1e9;
	profile->run.end_ns = quantity_unix_now();
	system_close(&visitor->system);
	free(visitor);
}
