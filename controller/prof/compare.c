#include "prof/compare.h"

#include "client/text.h"
#include "prof/outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VALUES_MAX 4000

/* A comparison under way. */
struct comparison {
	const struct options *options;
	FILE *file;
	json_t *lines;   /* that were compared; NULL: they go to the file */
	json_t *missing; /* settings that only the first has */
	json_t *endings; /* settings that ended otherwise */
};

/* What is told of one metric in one setting. */
struct line {
	const char *target;
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

/* fastprof/1 knew one target, and had its settings at the top. */
static json_t *targets_wrap(json_t *root)
{
	return json_pack("{s:[{s:s, s:O}]}", "targets", "name", "default", "settings",
			 json_object_get(root, "settings"));
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
	if (schema != NULL && strcmp(schema, "fastprof/1") == 0) {
		json_t *wrapped = targets_wrap(root);

		json_decref(root);
		if (wrapped == NULL) {
			snprintf(error, COMPARE_ERROR_BYTES_MAX, "%.200s has no settings", file);
		}
		return wrapped;
	}
	if (schema == NULL || strcmp(schema, OUTPUTS_SCHEMA) != 0) {
		snprintf(error, COMPARE_ERROR_BYTES_MAX,
			 "%.200s: its schema is '%.50s', not " OUTPUTS_SCHEMA, file,
			 schema == NULL ? "" : schema);
		json_decref(root);
		return NULL;
	}
	return root;
}

/* The target with the same name, or the only one of both; NULL: there is none. */
static const json_t *target_like(const json_t *before, const json_t *after, const json_t *target)
{
	const json_t *all = json_object_get(after, "targets");

	if (json_array_size(all) == 1 && json_array_size(json_object_get(before, "targets")) == 1) {
		return json_array_get(all, 0);
	}
	for (size_t i = 0; i < json_array_size(all); i++) {
		if (json_equal(json_object_get(json_array_get(all, i), "name"),
			       json_object_get(target, "name"))) {
			return json_array_get(all, i);
		}
	}
	return NULL;
}

/* The setting with the same knobs; NULL: there is none. */
static const json_t *setting_like(const json_t *target, const json_t *setting)
{
	const json_t *all = json_object_get(target, "settings");
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

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "target",
			 line->target, "setting", line->setting, "metric", line->metric, "unit",
			 line->unit, "before", number_json(result->before), "after",
			 number_json(result->after), "change", number_json(result->change), "low",
			 number_json(result->low), "high", number_json(result->high), "verdict",
			 compare_verdict_name(result->verdict));
}

/* Compares the metrics of one setting. */
static bool compare_setting(const struct comparison *comparison, json_t *before, json_t *after,
			    const char *target, const char *name)
{
	static double first[VALUES_MAX], second[VALUES_MAX];
	json_t *metrics = json_object_get(before, "metrics");
	const char *metric;
	json_t *value;

	json_object_foreach(metrics, metric, value)
	{
		json_t *other = json_object_get(json_object_get(after, "metrics"), metric);
		const char *unit = json_string_value(json_object_get(value, "unit"));
		struct line line = {target, name, metric, unit == NULL ? "" : unit, {0}};
		size_t first_count = values_of(value, first);
		size_t second_count = values_of(other, second);

		if (first_count == 0 || second_count == 0) {
			continue;
		}
		if (compare_values(first, first_count, second, second_count,
				   comparison->options->tolerance / 100, &line.result) != FAST_OK) {
			return false;
		}
		if (comparison->lines == NULL) {
			line_write(&line, comparison->file);
		} else if (json_array_append_new(comparison->lines, line_json(&line)) != 0) {
			return false;
		}
	}
	return true;
}

/* One that ended well before and crashes now is the greatest difference of all. */
static bool compare_endings(const struct comparison *comparison, const json_t *before,
			    const json_t *after, const char *target, const char *name)
{
	json_t *first = json_object_get(before, "ending");
	json_t *second = json_object_get(after, "ending");

	if (json_equal(first, second) || !json_is_string(first) || !json_is_string(second)) {
		return true;
	}
	return json_array_append_new(comparison->endings,
				     json_pack("{s:s, s:s, s:O, s:O}", "target", target, "setting",
					       name, "before", first, "after", second)) == 0;
}

static bool append_missing(const struct comparison *comparison, const char *target,
			   const char *name)
{
	return json_array_append_new(comparison->missing, json_pack("{s:s, s:s}", "target", target,
								    "setting", name)) == 0;
}

/* The text under a key; "" when there is none. */
static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* after: NULL when it lacks the target. */
static bool compare_target(const struct comparison *comparison, const json_t *before,
			   const json_t *after)
{
	const json_t *settings = json_object_get(before, "settings");
	struct text target_name = {0};
	struct text name = {0};
	const char *target;
	bool good = true;

	text_add_clean(&target_name, word(before, "name"));
	target = text_chars(&target_name);
	for (size_t i = 0; good && i < json_array_size(settings); i++) {
		json_t *setting = json_array_get(settings, i);
		json_t *other = after == NULL ? NULL : (json_t *)setting_like(after, setting);

		setting_name(setting, &name);
		good = other == NULL ? append_missing(comparison, target, text_chars(&name))
				     : compare_endings(comparison, setting, other, target,
						       text_chars(&name)) &&
					       compare_setting(comparison, setting, other, target,
							       text_chars(&name));
	}
	text_fini(&name);
	text_fini(&target_name);
	return good;
}

static bool compare_targets(const struct comparison *comparison, const json_t *before,
			    const json_t *after)
{
	const json_t *targets = json_object_get(before, "targets");
	bool good = true;

	for (size_t i = 0; good && i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);

		if (comparison->lines == NULL && json_array_size(targets) > 1) {
			struct text clean = {0};

			text_add_clean(&clean, word(target, "name"));
			fprintf(comparison->file, "%starget %s\n", i > 0 ? "\n" : "",
				text_chars(&clean));
			text_fini(&clean);
		}
		good = compare_target(comparison, target, target_like(before, after, target));
	}
	return good;
}

/* What is not numbers. */
static void rest_write(const struct comparison *comparison)
{
	for (size_t i = 0; i < json_array_size(comparison->endings); i++) {
		struct text words = {0};

		text_add_clean(&words, word(json_array_get(comparison->endings, i), "before"));
		text_add(&words, " before, ");
		text_add_clean(&words, word(json_array_get(comparison->endings, i), "after"));
		fprintf(comparison->file, "%-30s was %s after (target %s)\n",
			word(json_array_get(comparison->endings, i), "setting"), text_chars(&words),
			word(json_array_get(comparison->endings, i), "target"));
		text_fini(&words);
	}
	for (size_t i = 0; i < json_array_size(comparison->missing); i++) {
		fprintf(comparison->file, "%-30s was visited before only (target %s)\n",
			word(json_array_get(comparison->missing, i), "setting"),
			word(json_array_get(comparison->missing, i), "target"));
	}
}

static bool json_write(const struct comparison *comparison)
{
	json_t *root = json_pack("{s:s, s:O, s:O, s:O}", "schema", "fastprof-compare/2",
				 "comparisons", comparison->lines, "endings", comparison->endings,
				 "onlyBefore", comparison->missing);
	bool good = root != NULL && json_dumpf(root, comparison->file, JSON_INDENT(1)) == 0 &&
		    putc('\n', comparison->file) != EOF;

	json_decref(root);
	return good;
}

bool compare_write(const json_t *before, const json_t *after, const struct options *options,
		   FILE *file)
{
	struct comparison comparison = {.options = options,
					.file = file,
					.lines = options->json ? json_array() : NULL,
					.missing = json_array(),
					.endings = json_array()};
	bool good;

	if (!options->json) {
		fprintf(file, "%-30s %-24s %12s %12s %-4s %9s  %s\n", "setting", "metric", "before",
			"after", "unit", "change", "difference, 95 %");
	}
	good = compare_targets(&comparison, before, after);
	if (good && options->json) {
		good = json_write(&comparison);
	} else if (good) {
		rest_write(&comparison);
	}
	json_decref(comparison.lines);
	json_decref(comparison.missing);
	json_decref(comparison.endings);
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
