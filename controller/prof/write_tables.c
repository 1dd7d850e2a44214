#include "prof/outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEASURES_MAX (TABLE_COLUMNS_MAX - 1)

static char *quoted(const char *text)
{
	json_t *string = json_string(text);
	char *out = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY);

	json_decref(string);
	return out;
}

static bool write_series(const struct profile *profile, const struct setting *setting,
			 const struct series *series, FILE *file)
{
	char *metric = quoted(series->name);

	if (metric == NULL) {
		return false;
	}
	for (size_t i = 0; i < series->count; i++) {
		fprintf(file,
			"{\"timeUnixNs\":\"%lld\",\"target\":\"%s\",\"setting\":%zu,\"repeat\":%u,"
			"\"metric\":%s,\"value\":%.9g}\n",
			(long long)series->points[i].time_ns, profile->target,
			profile_setting_id(profile, setting), series->points[i].repeat, metric,
			series->points[i].value);
	}
	free(metric);
	return true;
}

bool write_samples(const struct profiles *profiles, FILE *file)
{
	for (size_t i = 0; i < profiles->count; i++) {
		const struct profile *profile = &profiles->all[i];

		for (size_t j = 0; j < profile->setting_count; j++) {
			const struct setting *setting = &profile->settings[j];

			for (size_t k = 0; k < setting->count; k++) {
				if (!write_series(profile, setting, &setting->series[k], file)) {
					return false;
				}
			}
		}
	}
	return !ferror(file);
}

/* The knobs of a row, after what was written of it before. */
static size_t knob_cells(const struct profile *profile, size_t row, const char **cells,
			 size_t count)
{
	for (size_t i = 0; i < profile->grid.column_count; i++) {
		cells[count++] = row == SIZE_MAX ? table_name(&profile->grid, i)
						 : table_cell(&profile->grid, row, i);
	}
	return count;
}

/* A column of ours, beside knobs that may have any name without capitals. */
static const char *own_name(const struct profile *profile, const char *name, const char *other)
{
	return table_column(&profile->grid, name) == TABLE_NO_COLUMN ? name : other;
}

bool write_knob_table(const struct profile *profile, FILE *file)
{
	const char *cells[TABLE_COLUMNS_MAX] = {own_name(profile, "setting", "Setting")};
	struct table table = {0};
	size_t count = knob_cells(profile, SIZE_MAX, cells, 1);
	enum fast_status status;

	cells[count++] = own_name(profile, "ending", "Ending");
	status = table_begin(&table, cells, count);

	for (size_t i = 0; status == FAST_OK && i < profile->setting_count; i++) {
		char id[32];

		snprintf(id, sizeof id, "%zu", profile_setting_id(profile, &profile->settings[i]));
		cells[0] = id;
		(void)knob_cells(profile, profile->settings[i].row, cells, 1);
		cells[count - 1] = setting_ending_name(&profile->settings[i]);
		status = table_add(&table, cells);
	}
	status = status == FAST_OK ? table_write(&table, file) : status;
	table_fini(&table);
	return status == FAST_OK;
}

/* A name that is a column: not too long, no knob's. */
static bool is_column(const struct profile *profile, const struct series *series)
{
	return strlen(series->name) <= TABLE_CELL_BYTES_MAX && !series->unsupported &&
	       table_column(&profile->grid, series->name) == TABLE_NO_COLUMN;
}

/* What was measured in any setting, the plugin's own first. */
static size_t measure_names(const struct profile *profile, const char **names, size_t max)
{
	size_t count = 0;

	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < profile->setting_count; i++) {
			const struct setting *setting = &profile->settings[i];

			for (size_t j = 0; setting_is_measured(setting) && j < setting->count;
			     j++) {
				const struct series *series = &setting->series[j];
				bool known = false;

				for (size_t k = 0; k < count; k++) {
					known = known || strcmp(names[k], series->name) == 0;
				}
				if (!known && count < max && is_column(profile, series) &&
				    series_is_own(series) == (own == 1)) {
					names[count++] = series->name;
				}
			}
		}
	}
	return count;
}

bool write_measure_table(const struct profile *profile, FILE *file)
{
	const char *names[MEASURES_MAX];
	const char *cells[TABLE_COLUMNS_MAX];
	char numbers[MEASURES_MAX][32];
	struct table table = {0};
	size_t knobs = knob_cells(profile, SIZE_MAX, cells, 0);
	size_t measures = measure_names(profile, names, MEASURES_MAX - knobs);
	enum fast_status status = FAST_OK;

	if (knobs + measures == 0) {
		return true; /* nothing was measured: an empty file */
	}
	memcpy(cells + knobs, names, measures * sizeof *names);
	status = table_begin(&table, cells, knobs + measures);
	for (size_t i = 0; status == FAST_OK && i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (!setting_is_measured(setting)) {
			continue;
		}
		(void)knob_cells(profile, setting->row, cells, 0);
		for (size_t j = 0; j < measures; j++) {
			const struct series *series = profile_find(setting, names[j]);
			double value = series == NULL || series->stats.count == 0
					       ? NAN
					       : series_headline(series);

			snprintf(numbers[j], sizeof numbers[j], "%.9g", value);
			cells[knobs + j] = isfinite(value) ? numbers[j] : "";
		}
		status = table_add(&table, cells);
	}
	status = status == FAST_OK ? table_write(&table, file) : status;
	table_fini(&table);
	return status == FAST_OK;
}
