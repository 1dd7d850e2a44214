#include "demo/outcome.h"

#define BUSY 0.5 /* load per core at which others take a share that is felt */

const double outcome_fixed_res[OUTCOME_FIXED] = {1.0, 0.5, 0.25};

void outcome_judge(const struct record *record, struct outcome *outcome)
{
	static const enum phase phases[OUTCOME_FIXED] = {PHASE_FIXED_HIGH, PHASE_FIXED_MIDDLE,
							 PHASE_FIXED_LOW};

	judge_phase(record->points, record->count, PHASE_HOLD, outcome->goal, &outcome->hold);
	for (size_t i = 0; i < OUTCOME_FIXED; i++) {
		judge_phase(record->points, record->count, phases[i], outcome->goal,
			    &outcome->fixed[i]);
	}
	outcome->held = outcome->hold.held;
	outcome->convincing = outcome->held && !outcome->fixed[0].held && !outcome->fixed[1].held &&
			      outcome->hold.acc_mean > outcome->fixed[2].acc_mean;
}

static void print_row(FILE *file, const char *name, const struct verdict *verdict)
{
	fprintf(file, "  %-22s %6.1f %8.1f %9zu %8.0f %%  %6.3f  %s\n", name, verdict->fps_mean,
		verdict->fps_worst, verdict->windows, 100 * verdict->share, verdict->acc_mean,
		verdict->held ? "held" : "missed");
}

static void print_comparison(const struct outcome *outcome, FILE *file)
{
	const struct verdict *low = &outcome->fixed[OUTCOME_FIXED - 1];
	double gain = outcome->hold.acc_mean - low->acc_mean;

	if (outcome->convincing) {
		fprintf(file,
			"Neither 1.0 nor 0.5 holds the goal; 0.25 costs accuracy: the controller's "
			"acc is "
			"%.3f higher.\n",
			gain);
		return;
	}
	for (size_t i = 0; i < OUTCOME_FIXED; i++) {
		if (outcome->fixed[i].held &&
		    outcome->fixed[i].acc_mean >= outcome->hold.acc_mean) {
			fprintf(file,
				"Here the fixed setting %.2f does as well as the controller: it "
				"holds "
				"the goal with an acc of %.3f.\n",
				outcome_fixed_res[i], outcome->fixed[i].acc_mean);
			return;
		}
	}
	if (gain <= 0) {
		fprintf(file,
			"The controller's acc is not above that of 0.25 fixed (%.3f against "
			"%.3f).\n",
			outcome->hold.acc_mean, low->acc_mean);
	}
}

static void print_verdict(const struct outcome *outcome, FILE *file)
{
	const struct verdict *hold = &outcome->hold;

	if (outcome->held) {
		fprintf(file, "The goal was held in %zu of %zu windows (%.0f %%).\n", hold->met,
			hold->windows, 100 * hold->share);
	} else if (hold->windows == 0) {
		fputs("The goal was NOT held: no window could be judged; see the logs.\n", file);
	} else {
		fprintf(file,
			"The goal was NOT held: %zu of %zu windows reached it (%.0f %%; 90 %% are "
			"needed). The worst had %.1f frames/s.\n",
			hold->met, hold->windows, 100 * hold->share, hold->fps_worst);
	}
	if (!outcome->held && outcome->load > BUSY * outcome->cores) {
		fprintf(file,
			"The machine was busy before the demo began (load %.1f, %d cores), and may "
			"have been all\nthe while: what it can do is seen when nothing else "
			"runs.\n",
			outcome->load, outcome->cores);
	}
}

void outcome_print(const struct outcome *outcome, FILE *file)
{
	static const char *const names[OUTCOME_FIXED] = {"res fixed at 1.0", "res fixed at 0.5",
							 "res fixed at 0.25"};

	fprintf(file,
		"fastd demo: hold a frame rate on a disturbed machine\n\n"
		"A plugin finds pedestrians in a street video. Alone, at full resolution, it does\n"
		"%.1f frames/s. The goal is twice that: fps >= %.1f, with acc as high as it goes\n"
		"(acc is agreement with the full-resolution boxes, not with a ground truth).\n"
		"In the middle %d co-runners take the CPU (%d cores).\n\n",
		outcome->full_rate, outcome->goal, outcome->co_runners, outcome->cores);
	fprintf(file, "  %-22s %6s %8s %9s %10s  %6s  %s\n", "", "fps", "worst", "windows",
		"at goal", "acc", "");
	print_row(file, "controller", &outcome->hold);
	for (size_t i = 0; i < OUTCOME_FIXED; i++) {
		print_row(file, names[i], &outcome->fixed[i]);
	}
	fputs("\nOne-second windows; those that begin within two seconds of a step are left out.\n",
	      file);
	if (outcome->fastd_killed) {
		fprintf(file,
			"fastd was killed with SIGKILL and started again; the plugin's total went "
			"on from "
			"%llu to %llu.\n",
			(unsigned long long)outcome->beats_before_kill,
			(unsigned long long)outcome->beats_after_kill);
	}
	print_verdict(outcome, file);
	print_comparison(outcome, file);
}

bool outcome_write_report(const struct outcome *outcome, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		return false;
	}
	outcome_print(outcome, file);
	return fclose(file) == 0;
}
