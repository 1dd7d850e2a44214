/* fastd-demo: the main job, end to end, on a real video. */
#include "demo/options.h"
#include "demo/outcome.h"
#include "demo/stage.h"

#include <fast/status.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_HELD   0
#define EXIT_MISSED 1
#define EXIT_BROKEN 3

#define MEASURE_RUNS      5
#define MEASURE_SETTLE_S  1.0
#define MEASURE_RUN_S     1.0
#define HOLD_CALM_S       10.0
#define HOLD_DISTURBED_S  10.0
#define FIXED_CALM_S      3.0
#define FIXED_DISTURBED_S 6.0
#define GOAL_FACTOR       2.0

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* On a terminal the real live view; elsewhere a plain line per second. */
static void show_line(struct stage *stage, double goal)
{
	struct point newest;
	int64_t now = record_now_ns();
	double rate = record_beats_at(&stage->record, now - 150000000) -
		      record_beats_at(&stage->record, now - 1150000000);

	if (stage->viewer.pid != 0 || !record_newest(&stage->record, &newest)) {
		return;
	}
	printf("%-10s fps %6.1f", phase_name(newest.phase), rate);
	if (goal > 0) {
		printf(" (goal %.1f)", goal);
	}
	printf("  res %.2f  acc %.3f  objects %2.0f%s\n", stage_get_res(stage), newest.acc,
	       newest.objects, newest.disturbed ? "  [co-runners]" : "");
	fflush(stdout);
}

/* Lets the players play. False: interrupted, or one of them has gone. */
static bool play(struct stage *stage, enum phase phase, bool disturbed, double seconds, double goal)
{
	int64_t end = record_now_ns() + (int64_t)(seconds * stage->options->scale * 1e9);
	int64_t next_line = record_now_ns() + 1000000000;
	int status = 0;

	atomic_store(&stage->record.phase, phase);
	atomic_store(&stage->record.disturbed, disturbed);
	while (record_now_ns() < end) {
		if (interrupted || !process_is_running(&stage->plugin, &status)) {
			snprintf(stage->error, sizeof stage->error, "%s",
				 interrupted ? "interrupted"
					     : "the plugin has ended; see street.log");
			return false;
		}
		(void)poll(NULL, 0, 50);
		if (record_now_ns() >= next_line) {
			show_line(stage, goal);
			next_line += 1000000000;
		}
	}
	return true;
}

static bool measure(struct stage *stage, struct outcome *outcome)
{
	double rates[MEASURE_RUNS];

	puts("\nHow fast is the plugin alone, at full resolution?");
	if (stage_set_res(stage, 1.0) != FAST_OK ||
	    !play(stage, PHASE_SETUP, false, MEASURE_SETTLE_S, 0)) {
		return false;
	}
	for (size_t i = 0; i < MEASURE_RUNS; i++) {
		int64_t from = record_now_ns() - 150000000;

		if (!play(stage, PHASE_MEASURE, false, MEASURE_RUN_S, 0)) {
			return false;
		}
		int64_t to = record_now_ns() - 150000000;

		rates[i] = (record_beats_at(&stage->record, to) -
			    record_beats_at(&stage->record, from)) /
			   ((double)(to - from) / 1e9);
	}
	outcome->full_rate = judge_median(rates, MEASURE_RUNS);
	outcome->goal = GOAL_FACTOR * outcome->full_rate;
	printf("full resolution: %.1f frames/s; the goal is fps >= %.1f\n", outcome->full_rate,
	       outcome->goal);
	return outcome->goal > 0;
}

static bool learn(struct stage *stage, const struct outcome *outcome)
{
	puts("\nThe controller visits each setting of the knob (fastctl hold --learn).");
	atomic_store(&stage->record.phase, PHASE_LEARN);
	return stage_learn(stage, outcome->goal) == FAST_OK;
}

/* fastd dies as badly as it can and comes back; the plugin must not notice. */
static bool kill_fastd(struct stage *stage, struct outcome *outcome)
{
	struct point newest = {0};
	int status = 0;

	(void)record_newest(&stage->record, &newest);
	outcome->beats_before_kill = newest.beats;
	kill(stage->fastd.pid, SIGKILL);
	if (process_wait(&stage->fastd, 5000, &status) != FAST_OK ||
	    stage_start_fastd(stage) != FAST_OK) {
		return false;
	}
	outcome->fastd_killed = true;
	return true;
}

static void viewer_start(struct stage *stage)
{
	char top[STAGE_PATH_BYTES_MAX + 16];
	const char *const argv[] = {top, "top", "--plugin", STAGE_PLUGIN, NULL};

	snprintf(top, sizeof top, "%s/fastctl", stage->bin);
	if (isatty(STDOUT_FILENO) &&
	    process_start(&stage->viewer, "fastctl top", argv, NULL, NULL) != FAST_OK) {
		puts("the live view cannot be started");
	}
}

static bool hold_parts(struct stage *stage, struct outcome *outcome)
{
	if (!play(stage, PHASE_HOLD, false, HOLD_CALM_S, outcome->goal)) {
		return false;
	}
	if (disturb_start(&stage->disturbance) != FAST_OK) {
		snprintf(stage->error, sizeof stage->error, "the co-runners cannot be started");
		return false;
	}
	outcome->co_runners = (int)stage->disturbance.count;
	if (!play(stage, PHASE_HOLD, true, HOLD_DISTURBED_S, outcome->goal)) {
		return false;
	}
	disturb_stop(&stage->disturbance);
	if (stage->options->kill_fastd && !kill_fastd(stage, outcome)) {
		return false;
	}
	return play(stage, PHASE_HOLD, false, HOLD_CALM_S, outcome->goal);
}

static bool hold(struct stage *stage, struct outcome *outcome)
{
	int exit_status = 0;
	double seconds = (2 * HOLD_CALM_S + HOLD_DISTURBED_S) * stage->options->scale + 2;
	struct point newest;
	bool played;

	printf("\nThe controller holds the goal: fastctl hold 'fps >= %.1f' --maximize acc\n",
	       outcome->goal);
	if (stage_hold(stage, outcome->goal, seconds) != FAST_OK) {
		return false;
	}
	viewer_start(stage);
	outcome->start_ns = record_now_ns();
	played = hold_parts(stage, outcome);
	disturb_stop(&stage->disturbance);
	atomic_store(&stage->record.phase, PHASE_SETUP);
	process_stop(&stage->viewer, 2000);
	if (!played) {
		return false;
	}
	if (record_newest(&stage->record, &newest)) {
		outcome->beats_after_kill = newest.beats;
	}
	if (process_wait(&stage->controller, 10000, &exit_status) != FAST_OK || exit_status != 0) {
		snprintf(stage->error, sizeof stage->error,
			 "fastctl hold did not end well; see hold.log");
		return false;
	}
	return true;
}

static bool fixed(struct stage *stage, struct outcome *outcome)
{
	static const enum phase phases[OUTCOME_FIXED] = {PHASE_FIXED_HIGH, PHASE_FIXED_MIDDLE,
							 PHASE_FIXED_LOW};

	puts("\nThe same disturbance with the knob fixed.");
	for (size_t i = 0; i < OUTCOME_FIXED; i++) {
		bool played = stage_set_res(stage, outcome_fixed_res[i]) == FAST_OK &&
			      play(stage, phases[i], false, FIXED_CALM_S, outcome->goal) &&
			      disturb_start(&stage->disturbance) == FAST_OK &&
			      play(stage, phases[i], true, FIXED_DISTURBED_S, outcome->goal);

		disturb_stop(&stage->disturbance);
		if (!played) {
			return false;
		}
	}
	return true;
}

static bool write_results(struct stage *stage, const struct outcome *outcome)
{
	char path[STAGE_PATH_BYTES_MAX];

	return outcome_write_report(outcome,
				    stage_out_path(stage, "report.txt", path, sizeof path)) &&
	       outcome_write_results(outcome,
				     stage_out_path(stage, "results.json", path, sizeof path)) &&
	       outcome_write_samples(&stage->record, outcome,
				     stage_out_path(stage, "samples.ndjson", path, sizeof path)) &&
	       outcome_write_timeline(&stage->record, outcome,
				      stage_out_path(stage, "timeline.svg", path, sizeof path));
}

static int demo_run(struct stage *stage, const struct demo_options *options)
{
	struct outcome outcome = {.margin = STAGE_MARGIN,
				  .cores = (int)sysconf(_SC_NPROCESSORS_ONLN)};

	if (getloadavg(&outcome.load, 1) != 1) {
		outcome.load = -1;
	}
	if (stage_open(stage, options) != FAST_OK || !measure(stage, &outcome) ||
	    !learn(stage, &outcome) || !hold(stage, &outcome) || !fixed(stage, &outcome)) {
		return EXIT_BROKEN;
	}
	if (record_stop(&stage->record, STAGE_PLUGIN) != FAST_OK) {
		snprintf(stage->error, sizeof stage->error, "%s", stage->record.error);
		return EXIT_BROKEN;
	}
	outcome_judge(&stage->record, &outcome);
	if (!write_results(stage, &outcome)) {
		snprintf(stage->error, sizeof stage->error, "%s: the results cannot be written",
			 options->out);
		return EXIT_BROKEN;
	}
	putchar('\n');
	outcome_print(&outcome, stdout);
	printf("\nreport.txt, results.json, samples.ndjson and timeline.svg are in %s/\n",
	       options->out);
	return outcome.held ? EXIT_HELD : EXIT_MISSED;
}

int main(int argc, char **argv)
{
	struct demo_options options;
	struct stage stage;
	int code = options_parse(argc, argv, &options);

	if (code >= 0) {
		return code;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	code = demo_run(&stage, &options);
	stage_close(&stage);
	if (code == EXIT_BROKEN) {
		fprintf(stderr, "fastd-demo: %s\n",
			stage.error[0] != '\0' ? stage.error : "failed");
	}
	return code;
}
