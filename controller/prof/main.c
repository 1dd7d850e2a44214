/* fastprof: measures a plugin over the settings of its knobs. */
#include "prof/compare.h"
#include "prof/options.h"
#include "prof/outputs.h"
#include "prof/run.h"
#include "prof/source.h"

#include "client/interrupt.h"
#include "client/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is run: of one target, or before that is known, of the command line. */
static void describe_run(const struct options *options, char *const *argv, struct profile_run *run)
{
	size_t at = 0;

	for (size_t i = 0; argv[i] != NULL && at < sizeof run->command; i++) {
		int bytes = snprintf(run->command + at, sizeof run->command - at, "%s%s",
				     i > 0 ? " " : "", argv[i]);

		at += bytes > 0 ? (size_t)bytes : 0;
	}
	snprintf(run->strategy, sizeof run->strategy, "%.31s", options->strategy);
	snprintf(run->dataset, sizeof run->dataset, "%.500s",
		 options->dataset != NULL ? options->dataset : "");
	run->warmup_s = options->warmup_s;
	run->duration_s = options->duration_s;
	run->beats = (uint64_t)options->beats;
	run->repeat = (uint32_t)options->repeat;
}

static void started(const struct profile *profile, void *arg)
{
	const struct options *options = arg;
	struct text text = {0};

	if (options->quiet) {
		return;
	}
	if (profile->is_one_of_several) {
		text_add(&text, "target %s: ", profile->target);
	}
	text_add(&text, "%zu setting%s of ", profile->setting_count,
		 profile->setting_count == 1 ? "" : "s");
	text_add_clean(&text,
		       profile->run.plugin[0] != '\0' ? profile->run.plugin : profile->run.command);
	text_add(&text, ", about ");
	quantity_span(&text, (int64_t)((double)profile->setting_count * options->repeat *
				       (options->warmup_s + options->duration_s + 0.3) * 1e9));
	fprintf(stderr, "%s\n", text_chars(&text));
	text_fini(&text);
}

static void take_goals(const struct options *options, struct profile *profile)
{
	for (size_t i = 0; i < options->goal_count; i++) {
		char error[GOAL_ERROR_BYTES_MAX];

		if (aim_parse(options->goals[i], &profile->aims[profile->aim_count], error) ==
		    FAST_OK) { /* the options have checked it */
			profile->aim_count++;
		}
	}
	profile->merit = options->maximize != NULL ? options->maximize : options->minimize;
	profile->merit_less = options->maximize == NULL;
}

/* Makes a profile per target. What is common to all is known. */
static bool profiles_make(const struct options *options, const struct sage *sage,
			  const struct profile_run *run, struct profiles *profiles)
{
	size_t count = sage->target_count > 0 ? sage->target_count : 1;

	profiles_fini(profiles);
	if (profiles_begin(profiles, count) != FAST_OK) {
		fputs("fastprof: no memory\n", stderr);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(profiles->all[i].target, sizeof profiles->all[i].target, "%s",
			 sage->target_count > 0 ? sage->targets[i].name : "default");
		profiles->all[i].run = *run;
		take_goals(options, &profiles->all[i]);
	}
	return true;
}

/* Writes what there is; says it in a few lines. */
static int conclude(const struct options *options, struct profiles *profiles)
{
	char error[OUTPUTS_ERROR_BYTES_MAX] = "";
	char reason[OUTPUTS_ERROR_BYTES_MAX];

	if (!outputs_write(profiles, options->out, error)) {
		fprintf(stderr, "fastprof: %s\n", error);
		return PROFILE_EXIT_BROKEN;
	}
	if (!options->quiet) {
		(void)write_report(profiles, stdout);
		printf("\nresults.json, report.html and more are in %s/\n", options->out);
	}
	profiles_reason(profiles, reason, sizeof reason);
	if (reason[0] != '\0') {
		fprintf(stderr, "fastprof: %s\n", reason);
	}
	return (int)profiles_exit(profiles);
}

static void clear(void *arg)
{
	source_clear(arg);
}

/* Runs one target. */
static void perform(const struct options *options, struct source_command *source,
		    const struct sage_target *target, struct profile *profile)
{
	struct options own = *options; /* to which it adds its own */
	char run_log[1024];
	enum ending ending = source_target(source, &own, target, &profile->run);
	struct run_command command = {.argv = source->words.argv,
				      .folder = source->repo.dir[0] != '\0' ? source->repo.folder
									    : NULL,
				      .clear = clear,
				      .arg = source};

	if (ending != ENDING_RUNNING) {
		profile_end(profile, ending, "%.250s", source->error);
		return;
	}
	describe_run(&own, command.argv, &profile->run);
	if (own.dataset != NULL) {
		setenv("FASTPROF_DATASET", own.dataset, 1);
	} else {
		unsetenv("FASTPROF_DATASET");
	}
	if (own.run_log != NULL) {
		if (own.run_log[0] != '/' && getcwd(run_log, sizeof run_log - 256) != NULL) {
			snprintf(run_log + strlen(run_log), 256, "/%.250s", own.run_log);
			own.run_log = run_log; /* the plugin may run in another folder */
		}
		setenv("PYWAGGLE_LOG_DIR", own.run_log, 1);
	}
	run(&own, &command, profile, started, &own);
	source_clear(source);
	if (profile_finish(profile) != FAST_OK) {
		profile->ending = ENDING_BROKEN;
		snprintf(profile->reason, sizeof profile->reason, "no memory to judge the results");
	}
}

/* Whether the other targets are worth trying. */
static bool goes_on(const struct options *options, const struct profile *profile)
{
	return profile->ending == ENDING_DONE || profile->ending == ENDING_USAGE ||
	       ending_is_failure(profile->ending) ||
	       (profile->ending == ENDING_TIMEOUT && options->timeout_s <= 0);
}

static void perform_all(const struct options *options, struct source_command *source,
			struct profiles *profiles)
{
	int64_t begin_ns = quantity_monotonic_now();
	char error[OUTPUTS_ERROR_BYTES_MAX] = "";
	const struct profile *last = NULL;
	struct options left = *options;

	for (size_t i = 0; i < profiles->count; i++) {
		struct profile *profile = &profiles->all[i];

		if (last != NULL && !goes_on(options, last)) {
			profile_end(profile, last->ending, "not run any more: %.200s",
				    last->reason);
			continue;
		}
		if (last != NULL) {
			profile->first_id = last->first_id + last->setting_count;
		}
		if (options->timeout_s > 0) { /* it is that of all targets together */
			left.timeout_s = fmax(
				1e-3, options->timeout_s -
					      (double)(quantity_monotonic_now() - begin_ns) / 1e9);
		}
		perform(&left, source, &source->sage.targets[i], profile);
		last = profile;
		/* Killed later, it leaves this target's result. */
		if (i + 1 < profiles->count &&
		    !outputs_write_results(profiles, options->out, error)) {
			fprintf(stderr, "fastprof: %s\n", error);
		}
	}
}

static int run_command_line(const struct options *options, struct source_command *source,
			    struct profiles *profiles)
{
	struct profile_run run = {.exit_status = -1, .start_ns = quantity_unix_now()};
	char error[OUTPUTS_ERROR_BYTES_MAX] = "";
	enum ending ending;

	describe_run(options, options->command, &run);
	if (!profiles_make(options, &source->sage, &run, profiles)) {
		return PROFILE_EXIT_BROKEN;
	}
	/* Killed from now on, it leaves a result that says "running". */
	if (!outputs_open(options->out, error) ||
	    !outputs_write_results(profiles, options->out, error)) {
		fprintf(stderr, "fastprof: %s\n", error);
		return PROFILE_EXIT_BROKEN;
	}
	ending = source_open(source, options, &run);
	if (ending != ENDING_RUNNING) {
		profiles->all[0].run = run;
		profile_end(&profiles->all[0], ending, "%.250s", source->error);
	} else if (!profiles_make(options, &source->sage, &run, profiles)) {
		return PROFILE_EXIT_BROKEN;
	} else {
		perform_all(options, source, profiles);
	}
	return conclude(options, profiles);
}

int main(int argc, char **argv)
{
	struct source_command *source;
	struct profiles profiles = {0};
	struct options options;
	int code = 0;

	switch (options_parse(argc, argv, &options, &code)) {
	case OPTIONS_STOP:
		return code;
	case OPTIONS_COMPARE:
		return compare(&options);
	default:
		break;
	}
	interrupt_catch();
	source = calloc(1, sizeof *source);
	if (source == NULL) {
		fputs("fastprof: no memory\n", stderr);
		return PROFILE_EXIT_BROKEN;
	}
	code = run_command_line(&options, source, &profiles);
	source_close(source);
	free(source);
	profiles_fini(&profiles);
	return code;
}
