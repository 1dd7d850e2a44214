#include "prof/outputs.h"

#include "client/message_json.h"
#include "prof/chart.h"

#include <math.h>
#include <string.h>

#define POINTS_MAX 2000 /* of a series in the file; more are joined to means */

static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static bool put_text(json_t *object, const char *key, const char *text)
{
	return text[0] == '\0' || put(object, key, message_json_string(text));
}

/* "fps" in Hz: numbers over all points, and the means of the points themselves. */
static json_t *points_json(const struct series *series)
{
	size_t join = (series->count + POINTS_MAX - 1) / POINTS_MAX;
	json_t *values = json_array();

	for (size_t i = 0; values != NULL && i < series->count; i += join) {
		double sum = 0;
		size_t count = 0;

		for (size_t j = i; j < i + join && j < series->count; j++, count++) {
			sum += series->points[j].value;
		}
		if (json_array_append_new(values, number_json(sum / (double)count)) != 0) {
			json_decref(values);
			return NULL;
		}
	}
	return values;
}

static json_t *series_json(const struct series *series, bool brief)
{
	const struct stats *stats = &series->stats;
	const struct {
		const char *key;
		double value;
	} numbers[] = {{"mean", stats->mean}, {"deviation", stats->deviation},
		       {"min", stats->min},   {"max", stats->max},
		       {"p50", stats->p50},   {"p95", stats->p95},
		       {"p99", stats->p99},   {"first", stats->first},
		       {"last", stats->last}};
	struct stats_interval sure = {NAN, NAN};
	json_t *object = json_object();
	json_t *values;
	bool good = put(object, "unit", message_json_string(series->unit)) &&
		    put(object, "source", json_string(source_name(series->source)));

	if (series->unsupported || stats->count == 0) {
		good = good && put(object, "unsupported", json_boolean(series->unsupported)) &&
		       put(object, "count", json_integer(0));
		goto out;
	}
	good = good && put(object, "count", json_integer((json_int_t)stats->count)) &&
	       put(object, "observations", json_integer((json_int_t)series->observations)) &&
	       put(object, "mixedWindows", json_integer((json_int_t)series->mixed));
	for (size_t i = 0; good && i < sizeof numbers / sizeof numbers[0]; i++) {
		good = put(object, numbers[i].key, number_json(numbers[i].value));
	}
	if (brief) {
		goto out;
	}
	values = points_json(series);
	if (good && values != NULL && json_array_size(values) > 0) {
		double plain[POINTS_MAX];
		size_t count = 0;

		for (size_t i = 0; i < json_array_size(values); i++) {
			plain[count++] = json_number_value(json_array_get(values, i));
		}
		good = stats_mean_interval(plain, count, &sure) == FAST_OK;
	}
	good = good && put(object, "meanLow", number_json(sure.low)) &&
	       put(object, "meanHigh", number_json(sure.high)) && put(object, "values", values);

out:
	if (!good) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *setting_json(const struct profile *profile, const struct setting *setting,
			    bool brief)
{
	json_t *object = json_object();
	json_t *knobs = json_object();
	json_t *metrics = json_object();
	bool good = true;

	for (size_t i = 0; i < profile->grid.column_count; i++) {
		good = good &&
		       put(knobs, table_name(&profile->grid, i),
			   message_json_string(table_cell(&profile->grid, setting->row, i)));
	}
	for (size_t i = 0; i < setting->count; i++) {
		good = good && put(metrics, setting->series[i].name,
				   series_json(&setting->series[i], brief));
	}
	good = good &&
	       put(object, "id", json_integer((json_int_t)profile_setting_id(profile, setting))) &&
	       put(object, "ending", json_string(setting_ending_name(setting))) &&
	       put_text(object, "reason", setting->reason) &&
	       put(object, "repeats", json_integer(setting->repeats)) &&
	       (!ending_is_failure(setting->ending) ||
		put(object, "exitStatus",
		    setting->exit_status < 0 ? json_null() : json_integer(setting->exit_status))) &&
	       message_json_add_time(object, "start", setting->start_ns) &&
	       message_json_add_time(object, "end", setting->end_ns);
	good = json_object_set_new(object, "knobs", knobs) == 0 && good;
	good = json_object_set_new(object, "metrics", metrics) == 0 && good;
	if (!good) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *run_json(const struct profile_run *run)
{
	const struct {
		const char *key;
		const char *text;
	} texts[] = {{"command", run->command},
		     {"plugin", run->plugin},
		     {"pluginVersion", run->plugin_version},
		     {"node", run->node},
		     {"kernel", run->kernel},
		     {"fastdVersion", run->fastd},
		     {"image", run->image},
		     {"imageDigest", run->image_digest},
		     {"repo", run->repo},
		     {"ref", run->ref},
		     {"commit", run->commit},
		     {"dataset", run->dataset},
		     {"strategy", run->strategy},
		     {"cgroup", run->cgroup}};
	json_t *object = json_object();
	bool good = object != NULL;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		good = good && put_text(object, texts[i].key, texts[i].text);
	}
	good = good && put(object, "warmupSeconds", json_real(run->warmup_s)) &&
	       put(object, "durationSeconds", json_real(run->duration_s)) &&
	       put(object, "beats", json_integer((json_int_t)run->beats)) &&
	       put(object, "repeat", json_integer(run->repeat)) &&
	       put(object, "exitStatus",
		   run->exit_status < 0 ? json_null() : json_integer(run->exit_status)) &&
	       message_json_add_time(object, "start", run->start_ns) &&
	       message_json_add_time(object, "end", run->end_ns);
	if (!good) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *goals_json(const struct profile *profile)
{
	static const char *const verdicts[] = {"unknown", "met", "missed"};
	json_t *goals = json_array();

	for (size_t i = 0; i < profile->aim_count; i++) {
		const struct aim *aim = &profile->aims[i];
		json_t *goal = json_pack("{s:o, s:s, s:I, s:o, s:o}", "goal",
					 message_json_string(aim->words), "verdict",
					 verdicts[aim->verdict], "metBy", (json_int_t)aim->met_by,
					 "best", number_json(aim->best), "bestSetting",
					 aim->best_setting == SIZE_MAX
						 ? json_null()
						 : json_integer((json_int_t)(profile->first_id +
									     aim->best_setting)));

		if (goal == NULL || json_array_append_new(goals, goal) != 0) {
			json_decref(goals);
			return NULL;
		}
	}
	return goals;
}

static json_t *choice_json(const struct profile *profile)
{
	struct chart_choice choice;

	chart_choose(profile, &choice);
	return choice.pick == NULL
		       ? json_null()
		       : json_integer((json_int_t)profile_setting_id(profile, choice.pick));
}

static json_t *unsupported_json(const struct profile *profile)
{
	const struct setting *first = profile_first(profile);
	json_t *names = json_array();

	for (size_t i = 0; first != NULL && i < first->count; i++) {
		if (first->series[i].unsupported) {
			json_array_append_new(names, json_string(first->series[i].name));
		}
	}
	return names;
}

static json_t *notes_json(const struct profile *profile)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < profile->note_count; i++) {
		json_array_append_new(notes, message_json_string(profile->notes[i]));
	}
	return notes;
}

static json_t *target_json(const struct profile *profile, bool brief)
{
	const struct overhead *overhead = &profile->overhead;
	json_t *root = json_object();
	json_t *settings = json_array();
	bool good = put(root, "name", json_string(profile->target)) &&
		    put(root, "ending", json_string(ending_name(profile->ending))) &&
		    put_text(root, "reason", profile->reason) &&
		    put(root, "exitCode", json_integer(profile_exit(profile))) &&
		    put(root, "run", run_json(&profile->run)) &&
		    put(root, "goals", goals_json(profile)) &&
		    put(root, "choice", choice_json(profile)) &&
		    put(root, "unsupported", unsupported_json(profile)) &&
		    put(root, "notes", notes_json(profile));

	good = good &&
	       put(root, "overhead",
		   json_pack("{s:f, s:o, s:I, s:f, s:f}", "fastprofCpuSeconds",
			     overhead->fastprof_cpu_s, "fastdCpuSeconds",
			     number_json(overhead->fastd_cpu_s), "fastdRssBytes",
			     (json_int_t)overhead->fastd_rss_bytes, "samplingSeconds",
			     overhead->sampling_s, "wallSeconds", overhead->wall_s)) &&
	       put(root, "pointsLost", json_integer((json_int_t)profile->points_lost));
	for (size_t i = 0; good && i < profile->setting_count; i++) {
		good = json_array_append_new(
			       settings, setting_json(profile, &profile->settings[i], brief)) == 0;
	}
	good = json_object_set_new(root, "settings", settings) == 0 && good;
	if (!good) {
		json_decref(root);
		return NULL;
	}
	return root;
}

static json_t *profiles_json(const struct profiles *profiles, bool brief)
{
	char reason[PROFILE_REASON_BYTES_MAX + PROFILE_TARGET_BYTES_MAX + 16];
	json_t *root = json_object();
	json_t *targets = json_array();
	bool good;

	profiles_reason(profiles, reason, sizeof reason);
	good = put(root, "schema", json_string(OUTPUTS_SCHEMA)) &&
	       put(root, "fastprofVersion", json_string(FASTPROF_VERSION)) &&
	       put(root, "ending", json_string(ending_name(profiles_worst(profiles)->ending))) &&
	       put_text(root, "reason", reason) &&
	       put(root, "exitCode", json_integer(profiles_exit(profiles)));
	for (size_t i = 0; good && i < profiles->count; i++) {
		good = json_array_append_new(targets, target_json(&profiles->all[i], brief)) == 0;
	}
	good = json_object_set_new(root, "targets", targets) == 0 && good;
	if (!good) {
		json_decref(root);
		return NULL;
	}
	return root;
}

static bool write_root(const struct profiles *profiles, FILE *file, bool brief)
{
	json_t *root = profiles_json(profiles, brief);
	bool written = root != NULL &&
		       json_dumpf(root, file, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;

	json_decref(root);
	return written && putc('\n', file) != EOF;
}

bool write_results(const struct profiles *profiles, FILE *file)
{
	return write_root(profiles, file, false);
}

bool write_results_brief(const struct profiles *profiles, FILE *file)
{
	return write_root(profiles, file, true);
}
