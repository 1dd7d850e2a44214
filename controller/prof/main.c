/* fastprof: measures a plugin over the settings of its knobs. */
#include "prof/compare.h"
#include "prof/options.h"
#include "prof/outputs.h"
#include "prof/run.h"
#include "prof/source.h"

#include "client/interrupt.h"
#include "client/quantity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void describe_command(const struct options *options, char *const *argv,
			     struct profile_run *run)
{
	size_t at = 0;

	for (size_t i = 0; argv[i] != NULL && at < sizeof run->command; i++) {
		int bytes = snprintf(run->command + at, sizeof run->command - at, "%s%s",
				     i > 0 ? " " : "", argv[i]);

		at += bytes > 0 ? (size_t)bytes : 0;
	}
	snprintf(run->strategy, sizeof run->strategy, "%.31s", options->strategy);
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
	text_add(&text, "%zu setting%s of ", profile->setting_count,
		 profile->setting_count == 1 ? "" : "s");
	text_add_clean(&text, profile->run.plugin);
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
}

/* Writes what there is; says it in a few lines. */
static int conclude(const struct options *options, struct profile *profile)
{
	char error[OUTPUTS_ERROR_BYTES_MAX] = "";

	if (profile_finish(profile) != FAST_OK) {
		profile->ending = ENDING_BROKEN;
		snprintf(profile->reason, sizeof profile->reason, "no memory to judge the results");
	}
	if (!outputs_write(profile, options->out, error)) {
		fprintf(stderr, "fastprof: %s\n", error);
		return PROFILE_EXIT_BROKEN;
	}
	if (!options->quiet) {
		(void)write_report(profile, stdout);
		printf("\nresults.json, report.html and more are in %s/\n", options->out);
	}
	if (profile->ending != ENDING_DONE) {
		fprintf(stderr, "fastprof: %s\n", profile->reason);
	}
	return (int)profile_exit(profile);
}

/* Finds out what to run, and runs it. */
static void perform(struct options *options, struct profile *profile)
{
	struct source_command *source = calloc(1, sizeof *source);
	enum ending ending;

	if (source == NULL) {
		profile_end(profile, ENDING_BROKEN, "no memory");
		return;
	}
	ending = source_prepare(source, options, profile);
	if (ending != ENDING_RUNNING) {
		profile_end(profile, ending, "%.250s", source->error);
	} else {
		struct run_command command = {.argv = source->argv,
					      .folder = source->folder[0] != '\0' ? source->folder
										  : NULL};

		describe_command(options, command.argv, &profile->run);
		if (options->dataset != NULL) {
			setenv("FASTPROF_DATASET", options->dataset, 1);
		}
		run(options, &command, profile, started, options);
	}
	source_close(source);
	free(source);
}

static int run_command_line(struct options *options, struct profile *profile)
{
	char error[OUTPUTS_ERROR_BYTES_MAX] = "";

	profile->ending = ENDING_RUNNING;
	profile->run.exit_status = -1;
	profile->run.start_ns = quantity_unix_now();
	describe_command(options, options->command, &profile->run);
	take_goals(options, profile);
	profile->merit = options->maximize != NULL ? options->maximize : options->minimize;
	profile->merit_less = options->maximize == NULL;
	/* Killed from now on, it leaves a result that says "running". */
	if (!outputs_open(options->out, error) ||
	    !outputs_write_results(profile, options->out, error)) {
		fprintf(stderr, "fastprof: %s\n", error);
		return PROFILE_EXIT_BROKEN;
	}
	perform(options, profile);
	return conclude(options, profile);
}

int main(int argc, char **argv)
{
	struct profile *profile;
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
	profile = calloc(1, sizeof *profile);
	if (profile == NULL) {
		fputs("fastprof: no memory\n", stderr);
		return PROFILE_EXIT_BROKEN;
	}
	code = run_command_line(&options, profile);
	profile_fini(profile);
	free(profile);
	return code;
}
