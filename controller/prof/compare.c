#include "prof/compare.h"

#include "client/text.h"
#include "prof/outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VALUES_MAX 4000

/* What is told of one metric in one setting. */
struct line {
	const char *setting;
	const char *metric;
	const char *unit;
	struct compare_result result;
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
	static const char *const names[] = {"same", "higher", "lower", "too noisy to tell"};

	return names[verdict];
}

static double mean_of(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += values[i];
	}
	return count == 0 ? NAN : sum / (double)count;
}

enum fast_status compare_values(const double *before, size_t before_count, const double *after,
				size_t after_count, double tolerance, struct compare_result *out)
{
	struct stats_interval interval;
	enum fast_status status;
	double allowed;

	status = stats_difference(before, before_count, after, after_count, &interval);
	if (status != FAST_OK) {
		return status;
	}
	*out = (struct compare_result){.verdict = COMPARE_UNCERTAIN,
				       .before = mean_of(before, before_count),
				       .after = mean_of(after, after_count),
				       .low = interval.low,
				       .high = interval.high};
	out->change = (out->after - out->before) / fabs(out->before);
	allowed = tolerance * fabs(out->before);
	/* Certain is what holds over the whole interval. */
	if (interval.low >= -allowed && interval.high <= allowed) {
		out->verdict = COMPARE_SAME;
	} else if (interval.low > 0 && out->after - out->before > allowed) {
		out->verdict = COMPARE_HIGHER;
	} else if (interval.high < 0 && out->before - out->after > allowed) {
		out->verdict = COMPARE_LOWER;
	}
	return FAST_OK;
}

json_t *compare_read(const char *path, char *error)
{
	char file[1024];
	const char *schema;
	json_error_t why;
	struct stat info;
	json_t *root;

	snprintf(file, sizeof file, "%.900s%s", path,
		 stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? "/results.json" : "");
	root = json_load_file(file, 0, &why);
	if (root == NULL) {
		snprintf(error, COMPARE_ERROR_BYTES_MAX, "%.200s:%d: %.150s", file,
			 why.line < 0 ? 0 : why.line, why.text);
		return NULL;
	}
	schema = json_string_value(json_object_get(root, "schema"));
	if (schema == NULL || strcmp(schema, OUTPUTS_SCHEMA) != 0) {
		snprintf(error, COMPARE_ERROR_BYTES_MAX,
			 "%.200s: its schema is '%.50s', not " OUTPUTS_SCHEMA, file,
			 schema == NULL ? "" : schema);
		json_decref(root);
		return NULL;
	}
	return root;
}

/* The setting with the same knobs; NULL: there is none. */
static const json_t *setting_like(const json_t *root, const json_t *setting)
{
	const json_t *all = json_object_get(root, "settings");
	const json_t *knobs = json_object_get(setting, "knobs");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *other = json_array_get(all, i);

		if (json_equal(json_object_get(other, "knobs"), knobs)) {
			return other;
		}
	}
	return NULL;
}

static size_t values_of(const json_t *metric, double *out)
{
	const json_t *values = json_object_get(metric, "values");
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(values) && count < VALUES_MAX; i++) {
		const json_t *value = json_array_get(values, i);

		if (json_is_number(value)) {
			out[count++] = json_number_value(value);
		}
	}
	return count;
}

static void setting_name(json_t *setting, struct text *out)
{
	json_t *knobs = json_object_get(setting, "knobs");
	const char *key;
	json_t *value;

	text_clear(out);
	json_object_foreach(knobs, key, value)
	{
		text_add(out, "%s", out->bytes > 0 ? " " : "");
		text_add_clean(out, key);
		text_add(out, "=");
		text_add_clean(out, json_is_string(value) ? json_string_value(value) : "?");
	}
	if (out->bytes == 0) {
		text_add(out, "as it is");
	}
}

static void line_write(const struct line *line, FILE *file)
{
	const struct compare_result *result = &line->result;
	struct text metric = {0};

	text_add_clean(&metric, line->metric);
	fprintf(file, "%-30s %-24s %12.5g %12.5g %-4s %+7.1f %%  [%+.4g, %+.4g]  %s\n",
		line->setting, text_chars(&metric), result->before, result->after, line->unit,
		result->change * 100, result->low, result->high,
		compare_verdict_name(result->verdict));
	text_fini(&metric);
}

static json_t *line_json(const struct line *line)
{
	const struct compare_result *result = &line->result;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "setting", line->setting,
			 "metric", line->metric, "unit", line->unit, "before",
			 number_json(result->before), "after", number_json(result->after), "change",
			 number_json(result->change), "low", number_json(result->low), "high",
			 number_json(result->high), "verdict",
			 compare_verdict_name(result->verdict));
}

/* Compares the metrics of one setting. lines: gets JSON; NULL: lines go to the file. */
static bool compare_setting(json_t *before, json_t *after, const char *name,
			    const struct options *options, json_t *lines, FILE *file)
{
	static double first[VALUES_MAX], second[VALUES_MAX];
	json_t *metrics = json_object_get(before, "metrics");
	const char *metric;
	json_t *value;

	json_object_foreach(metrics, metric, value)
	{
		json_t *other = json_object_get(json_object_get(after, "metrics"), metric);
		const char *unit = json_string_value(json_object_get(value, "unit"));
		struct line line = {name, metric, unit == NULL ? "" : unit, {0}};
		size_t first_count = values_of(value, first);
		size_t second_count = values_of(other, second);

		if (first_count == 0 || second_count == 0) {
			continue;
		}
		if (compare_values(first, first_count, second, second_count,
				   options->tolerance / 100, &line.result) != FAST_OK) {
			return false;
		}
		if (lines == NULL) {
			line_write(&line, file);
		} else if (json_array_append_new(lines, line_json(&line)) != 0) {
			return false;
		}
	}
	return true;
}

static bool compare_all(const json_t *before, const json_t *after, const struct options *options,
			json_t *lines, json_t *missing, FILE *file)
{
	const json_t *settings = json_object_get(before, "settings");
	struct text name = {0};
	bool good = true;

	for (size_t i = 0; good && i < json_array_size(settings); i++) {
		json_t *setting = json_array_get(settings, i);
		json_t *other = (json_t *)setting_like(after, setting);

		setting_name(setting, &name);
		if (other != NULL) {
			good = compare_setting(setting, other, text_chars(&name), options, lines,
					       file);
		} else {
			good = json_array_append_new(missing, json_string(text_chars(&name))) == 0;
		}
	}
	text_fini(&name);
	return good;
}

bool compare_write(const json_t *before, const json_t *after, const struct options *options,
		   FILE *file)
{
	json_t *lines = options->json ? json_array() : NULL;
	json_t *missing = json_array();
	bool good;

	if (!options->json) {
		fprintf(file, "%-30s %-24s %12s %12s %-4s %9s  %s\n", "setting", "metric", "before",
			"after", "unit", "change", "difference, 95 %");
	}
	good = compare_all(before, after, options, lines, missing, file);
	if (good && options->json) {
		json_t *root = json_pack("{s:s, s:O, s:O}", "schema", "fastprof-compare/1",
					 "comparisons", lines, "onlyBefore", missing);

		good = root != NULL && json_dumpf(root, file, JSON_INDENT(1)) == 0 &&
		       putc('\n', file) != EOF;
		json_decref(root);
	}
	for (size_t i = 0; good && !options->json && i < json_array_size(missing); i++) {
		fprintf(file, "%-30s was visited before only\n",
			json_string_value(json_array_get(missing, i)));
	}
	json_decref(lines);
	json_decref(missing);
	return good && fflush(file) == 0 && !ferror(file);
}

int compare(const struct options *options)
{
	char error[COMPARE_ERROR_BYTES_MAX] = "the comparison cannot be written";
	json_t *before = compare_read(options->before, error);
	json_t *after = before == NULL ? NULL : compare_read(options->after, error);
	bool good = after != NULL && compare_write(before, after, options, stdout);

	if (!good) {
		fprintf(stderr, "fastprof: %s\n", error);
	}
	json_decref(before);
	json_decref(after);
	return good ? PROFILE_EXIT_MET : PROFILE_EXIT_BROKEN;
}
