#include "prof/outputs.h"

#include "client/message_json.h"

#include <math.h>
#include <string.h>

/* Thresholds of the Benchmark plugin, for a goal over a mean; NULL: none is about this series. They
 * stand at the best setting alone: a build fails at each that is crossed, a goal is met by one. */
static json_t *thresholds_json(const struct profile *profile, size_t setting,
			       const struct series *series)
{
	json_t *thresholds = NULL;

	for (size_t i = 0; i < profile->aim_count; i++) {
		const struct aim *aim = &profile->aims[i];
		struct goal goal = aim->goal;
		char error[GOAL_ERROR_BYTES_MAX];

		if (aim->best_setting != setting ||
		    goal_fit(&goal, series->unit, error) != FAST_OK) {
			continue;
		}
		if (strcmp(aim->goal.metric, series->name) != 0 ||
		    strcmp(aim->statistic, "mean") != 0) {
			continue;
		}
		if (thresholds == NULL) {
			thresholds = json_array();
		}
		json_array_append_new(thresholds,
				      json_pack("{s:s, s:f}", "method", "absolute",
						goal.at_most ? "maximum" : "minimum", goal.bound));
	}
	return thresholds;
}

static json_t *results_json(const struct profile *profile, size_t index)
{
	const struct setting *setting = &profile->settings[index];
	json_t *results = json_array();

	for (size_t i = 0; i < setting->count; i++) {
		const struct series *series = &setting->series[i];
		json_t *thresholds;
		json_t *result;

		if (series->stats.count == 0 || !isfinite(series_headline(series))) {
			continue;
		}
		result = json_pack("{s:o, s:o, s:f}", "name", message_json_string(series->name),
				   "unit", message_json_string(series->unit), "dblValue",
				   series_headline(series));
		thresholds = thresholds_json(profile, index, series);
		if (thresholds != NULL) {
			json_object_set_new(result, "thresholds", thresholds);
		}
		if (json_array_append_new(results, result) != 0) {
			json_decref(results);
			return NULL;
		}
	}
	return results;
}

static json_t *parameters_json(const struct profile *profile)
{
	json_t *parameters = json_array();

	for (size_t i = 0; i < profile->grid.column_count; i++) {
		json_array_append_new(parameters,
				      json_pack("{s:s, s:s}", "name", table_name(&profile->grid, i),
						"value", "varies"));
	}
	return parameters;
}

static json_t *group_json(const struct profile *profile)
{
	char name[PROFILE_NAME_BYTES_MAX + PROFILE_TARGET_BYTES_MAX + 2];
	json_t *tests = json_array();

	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];
		char label[256];

		if (setting_is_measured(setting)) {
			profile_label(profile, setting, label, sizeof label);
			json_array_append_new(
				tests, json_pack("{s:o, s:o}", "name", message_json_string(label),
						 "results", results_json(profile, i)));
		}
	}
	snprintf(name, sizeof name, "%s%s%s", profile->run.plugin,
		 profile->is_one_of_several ? " " : "",
		 profile->is_one_of_several ? profile->target : "");
	return json_pack("{s:o, s:s, s:o, s:o}", "name", message_json_string(name), "description",
			 "fastprof run", "parameters", parameters_json(profile), "tests", tests);
}

bool write_benchmark(const struct profiles *profiles, FILE *file)
{
	json_t *groups = json_array();
	bool written = groups != NULL;
	json_t *root;

	for (size_t i = 0; written && i < profiles->count; i++) {
		written = json_array_append_new(groups, group_json(&profiles->all[i])) == 0;
	}
	root = json_pack("{s:o}", "groups", groups);
	written = written && root != NULL &&
		  json_dumpf(root, file, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;
	json_decref(root);
	return written && putc('\n', file) != EOF;
}
