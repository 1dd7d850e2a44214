#include "prof/profile.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum profile_exit code;
} endings[ENDING_COUNT] = {
	[ENDING_DONE] = {"done", PROFILE_EXIT_MET},
	[ENDING_RUNNING] = {"running", PROFILE_EXIT_BROKEN},
	[ENDING_REFUSED] = {"refused", PROFILE_EXIT_MET},
	[ENDING_INTERRUPTED] = {"interrupted", PROFILE_EXIT_BROKEN},
	[ENDING_TIMEOUT] = {"timeout", PROFILE_EXIT_TIMEOUT},
	[ENDING_EXITED] = {"exited", PROFILE_EXIT_PLUGIN},
	[ENDING_CRASHED] = {"crashed", PROFILE_EXIT_PLUGIN},
	[ENDING_OUT_OF_MEMORY] = {"out_of_memory", PROFILE_EXIT_PLUGIN},
	[ENDING_HUNG] = {"hung", PROFILE_EXIT_PLUGIN},
	[ENDING_NO_PLUGIN] = {"no_plugin", PROFILE_EXIT_PLUGIN},
	[ENDING_FASTD] = {"fastd_lost", PROFILE_EXIT_BROKEN},
	[ENDING_DISK] = {"disk_full", PROFILE_EXIT_BROKEN},
	[ENDING_USAGE] = {"usage", PROFILE_EXIT_USAGE},
	[ENDING_BROKEN] = {"broken", PROFILE_EXIT_BROKEN},
};

const char *ending_name(enum ending ending)
{
	return endings[ending].name;
}

enum profile_exit ending_exit(enum ending ending)
{
	return endings[ending].code;
}

bool ending_is_failure(enum ending ending)
{
	return ending_exit(ending) == PROFILE_EXIT_PLUGIN;
}

const char *source_name(enum source source)
{
	static const char *const names[] = {"plugin", "proc", "cgroup", "host",
					    "gpu",    "self", "runlog"};

	return names[source];
}

void profile_fini(struct profile *profile)
{
	for (size_t i = 0; i < profile->setting_count; i++) {
		for (size_t j = 0; j < profile->settings[i].count; j++) {
			free(profile->settings[i].series[j].points);
		}
		free(profile->settings[i].series);
	}
	free(profile->settings);
	table_fini(&profile->grid);
	*profile = (struct profile){0};
}

enum fast_status profile_begin(struct profile *profile, size_t settings)
{
	profile->settings = calloc(settings + 1, sizeof *profile->settings);
	if (profile->settings == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	profile->setting_count = settings;
	for (size_t i = 0; i < settings; i++) {
		profile->settings[i].row = i;
		profile->settings[i].ending = ENDING_RUNNING;
		profile->settings[i].exit_status = -1;
	}
	return FAST_OK;
}

bool setting_is_measured(const struct setting *setting)
{
	return setting->repeats > 0 && !ending_is_failure(setting->ending);
}

const struct setting *profile_first(const struct profile *profile)
{
	for (size_t i = 0; i < profile->setting_count; i++) {
		if (setting_is_measured(&profile->settings[i])) {
			return &profile->settings[i];
		}
	}
	return profile->setting_count > 0 ? &profile->settings[0] : NULL;
}

const char *setting_ending_name(const struct setting *setting)
{
	return setting->start_ns == 0 ? "not_visited" : ending_name(setting->ending);
}

const struct series *profile_find(const struct setting *setting, const char *name)
{
	for (size_t i = 0; i < setting->count; i++) {
		if (strcmp(setting->series[i].name, name) == 0) {
			return &setting->series[i];
		}
	}
	return NULL;
}

struct series *profile_series(struct setting *setting, const char *name, const char *unit,
			      enum source source)
{
	struct series *all;
	struct series *series;

	for (size_t i = 0; i < setting->count; i++) {
		if (strcmp(setting->series[i].name, name) == 0) {
			return &setting->series[i];
		}
	}
	if (setting->count == PROFILE_SERIES_MAX) {
		return NULL;
	}
	all = realloc(setting->series, (setting->count + 1) * sizeof *all);
	if (all == NULL) {
		return NULL;
	}
	setting->series = all;
	series = &all[setting->count++];
	memset(series, 0, sizeof *series);
	snprintf(series->name, sizeof series->name, "%s", name);
	snprintf(series->unit, sizeof series->unit, "%s", unit);
	series->source = source;
	return series;
}

bool series_is_own(const struct series *series)
{
	return series->source == SOURCE_PLUGIN || series->source == SOURCE_RUNLOG;
}

void profile_add(struct profile *profile, struct series *series, struct point point)
{
	if (series->count == PROFILE_POINTS_MAX ||
	    profile->point_count == PROFILE_POINTS_TOTAL_MAX) {
		profile->points_lost++;
		return;
	}
	if (series->count == series->capacity) {
		size_t capacity = series->capacity == 0 ? 32 : series->capacity * 2;
		struct point *points = realloc(series->points, capacity * sizeof *points);

		if (points == NULL) {
			profile->points_lost++;
			return;
		}
		series->points = points;
		series->capacity = capacity;
	}
	series->points[series->count++] = point;
	profile->point_count++;
}

void profile_note(struct profile *profile, const char *format, ...)
{
	va_list args;

	if (profile->note_count == PROFILE_NOTES_MAX) {
		return;
	}
	va_start(args, format);
	vsnprintf(profile->notes[profile->note_count++], sizeof profile->notes[0], format, args);
	va_end(args);
}

void profile_end(struct profile *profile, enum ending ending, const char *format, ...)
{
	va_list args;

	if (profile->ending != ENDING_RUNNING) {
		return;
	}
	profile->ending = ending;
	va_start(args, format);
	vsnprintf(profile->reason, sizeof profile->reason, format, args);
	va_end(args);
}

void profile_sum_up(struct profile *profile)
{
	const struct setting *first = NULL;
	size_t failed = 0;
	char label[128];

	for (size_t i = 0; i < profile->setting_count; i++) {
		if (ending_is_failure(profile->settings[i].ending)) {
			first = first == NULL ? &profile->settings[i] : first;
			failed++;
		}
	}
	if (first == NULL) {
		profile_end(profile, ENDING_DONE, "%s", "");
	} else if (profile->setting_count == 1) {
		profile_end(profile, first->ending, "%s", first->reason);
	} else {
		profile_label(profile, first, label, sizeof label);
		profile_end(profile, first->ending,
			    "the plugin failed in %zu of %zu settings; at %.60s: %.140s", failed,
			    profile->setting_count, label, first->reason);
	}
}

static enum fast_status series_finish(struct series *series)
{
	double *values = malloc((2 * series->count + 1) * sizeof *values);
	double *weights;
	enum fast_status status;

	if (values == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	weights = values + series->count;
	for (size_t i = 0; i < series->count; i++) {
		values[i] = series->points[i].value;
		weights[i] = series->points[i].weight;
	}
	status = stats_of(values, weights, series->count, &series->stats);
	free(values);
	if (status == FAST_OK && series->observations > 0) {
		double count = (double)series->observations;

		if (series->stats.count == 0) { /* intervals come as windows alone */
			series->stats.count = (size_t)series->observations;
			series->stats.mean = series->mean_sum / count;
		}
		series->stats.p50 = series->p50_sum / count;
		series->stats.p95 = series->p95_sum / count;
		series->stats.p99 = series->p99_sum / count;
	}
	return status;
}

/* An aim is met when one setting at least meets it: that is the one to deploy. */
static void aim_judge(struct profile *profile, struct aim *aim)
{
	aim->verdict = AIM_UNKNOWN;
	aim->best = NAN;
	aim->best_setting = SIZE_MAX;
	aim->met_by = 0;
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct series *series = profile_find(&profile->settings[i], aim->goal.metric);
		char error[GOAL_ERROR_BYTES_MAX];
		struct aim fitted = *aim;
		double value;

		if (!setting_is_measured(&profile->settings[i]) || series == NULL ||
		    series->stats.count == 0) { /* half a measurement judges nothing */
			continue;
		}
		if (goal_fit(&fitted.goal, series->unit, error) != FAST_OK) {
			profile_note(profile, "%s", error);
			return;
		}
		aim->bound = fitted.goal.bound;
		value = aim_value(aim, &series->stats);
		if (aim_is_met(&fitted, value)) {
			aim->met_by++;
			profile->settings[i].aims_met++;
		}
		if (isnan(aim->best) ||
		    (aim->goal.at_most ? value < aim->best : value > aim->best)) {
			aim->best = value;
			aim->best_setting = i;
			aim->verdict = aim_is_met(&fitted, value) ? AIM_MET : AIM_MISSED;
		}
	}
}

enum fast_status profile_finish(struct profile *profile)
{
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < profile->setting_count; i++) {
		profile->settings[i].aims_met = 0;
		for (size_t j = 0; status == FAST_OK && j < profile->settings[i].count; j++) {
			status = series_finish(&profile->settings[i].series[j]);
		}
	}
	for (size_t i = 0; status == FAST_OK && i < profile->aim_count; i++) {
		aim_judge(profile, &profile->aims[i]);
	}
	return status;
}

enum profile_exit profile_exit(const struct profile *profile)
{
	if (profile->ending != ENDING_DONE) {
		return ending_exit(profile->ending);
	}
	for (size_t i = 0; i < profile->aim_count; i++) {
		if (profile->aims[i].verdict != AIM_MET) {
			return PROFILE_EXIT_MISSED;
		}
	}
	return PROFILE_EXIT_MET;
}

size_t profile_setting_id(const struct profile *profile, const struct setting *setting)
{
	return profile->first_id + setting->row;
}

void profile_file(const struct profile *profile, const char *name, const char *extension, char *out,
		  size_t out_bytes)
{
	bool several = profile->is_one_of_several;

	snprintf(out, out_bytes, "%s%s%s%s", name, several ? "-" : "",
		 several ? profile->target : "", extension);
}

void profile_label(const struct profile *profile, const struct setting *setting, char *out,
		   size_t out_bytes)
{
	size_t at = 0;

	snprintf(out, out_bytes, "as it is");
	for (size_t i = 0; i < profile->grid.column_count && at < out_bytes; i++) {
		int bytes = snprintf(out + at, out_bytes - at, "%s%s=%s", i > 0 ? " " : "",
				     table_name(&profile->grid, i),
				     table_cell(&profile->grid, setting->row, i));

		at += bytes > 0 ? (size_t)bytes : 0;
	}
}
