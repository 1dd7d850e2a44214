#include "prof/alone.h"

#include "client/quantity.h"

#include <poll.h>
#include <string.h>

/* Lets time pass; with a setting, into that. ENDING_RUNNING: it has passed. */
static enum ending spend(struct visitor *visitor, struct setting *setting, uint32_t repeat,
			 double seconds)
{
	int64_t end_ns = quantity_monotonic_now() + (int64_t)(seconds * 1e9);
	struct gauges older, newer;
	enum ending ending = ENDING_RUNNING;

	system_read(&visitor->system, &older);
	while (ending == ENDING_RUNNING && quantity_monotonic_now() < end_ns) {
		(void)poll(NULL, 0, (int)(visitor->options->interval_s * 1000));
		ending = visit_check(visitor);
		progress_show(&visitor->progress, 0);
		if (setting != NULL && ending == ENDING_RUNNING) {
			system_read(&visitor->system, &newer);
			gauges_add(visitor->profile, setting, repeat, &older, &newer);
			runlog_read(&visitor->runlog, NULL, visitor->profile, setting, repeat);
			older = newer;
		}
	}
	return ending;
}

static enum ending measure(struct visitor *visitor, struct setting *setting, uint32_t repeat)
{
	enum ending ending = spend(visitor, NULL, repeat, visitor->options->warmup_s);

	if (ending != ENDING_RUNNING) {
		return ending;
	}
	proctree_forget_peak(&visitor->system.tree);
	runlog_skip(&visitor->runlog);
	ending = spend(visitor, setting, repeat, visitor->options->duration_s);
	setting->repeats += ending == ENDING_RUNNING;
	return ending;
}

/* A knob of the SDK's is in the run log, too. */
static bool has_metric(const struct setting *setting)
{
	for (size_t i = 0; i < setting->count; i++) {
		if (setting->series[i].source == SOURCE_RUNLOG &&
		    strstr(setting->series[i].name, "{kind=\"param\"}") == NULL) {
			return true;
		}
	}
	return false;
}

static void judge(struct visitor *visitor, struct setting *setting, enum ending ending)
{
	const struct options *options = visitor->options;
	struct profile *profile = visitor->profile;

	setting->ending = ending == ENDING_RUNNING ? ENDING_DONE : ending;
	setting->end_ns = quantity_unix_now();
	if (ending != ENDING_RUNNING) {
		setting->exit_status = visitor->stage.exit_status;
		snprintf(setting->reason, sizeof setting->reason, "%s", visitor->reason);
		profile_end(profile, ending, "%s", visitor->reason);
	} else if (has_metric(setting) && options->knob_count == 0 && options->beats == 0) {
		profile_sum_up(profile);
	} else {
		profile_end(profile, ENDING_NO_PLUGIN, "%s", visitor->reason);
	}
}

void alone_measure(struct visitor *visitor,
		   void (*started)(const struct profile *profile, void *arg), void *arg)
{
	const struct options *options = visitor->options;
	struct profile *profile = visitor->profile;
	enum ending ending = ENDING_RUNNING;
	struct setting *setting;
	char label[PROGRESS_LABEL_BYTES_MAX];

	if (profile_begin(profile, 1) != FAST_OK) {
		profile_end(profile, ENDING_BROKEN, "no memory");
		return;
	}
	profile_note(profile,
		     "the plugin declared no metric, or found no fastd: measured are its processes "
		     "and %s",
		     options->run_log != NULL ? "its run log"
					      : "not what it publishes (--run-log takes that)");
	setting = &profile->settings[0];
	setting->start_ns = quantity_unix_now();
	system_set_plugin(&visitor->system, visitor->stage.group);
	started(profile, arg);
	profile_label(profile, setting, label, sizeof label);
	progress_begin(&visitor->progress, options->quiet, (size_t)options->repeat,
		       options->warmup_s + options->duration_s);
	for (uint32_t i = 0; ending == ENDING_RUNNING && i < (uint32_t)options->repeat; i++) {
		progress_next(&visitor->progress, label);
		ending = measure(visitor, setting, i);
		progress_done(&visitor->progress, 0,
			      ending == ENDING_RUNNING ? "without a plugin" : ending_name(ending));
	}
	progress_end(&visitor->progress);
	judge(visitor, setting, ending);
}
