/* prof/outputs.h - the files of a run, each written whole or not at all. */
#ifndef PROF_OUTPUTS_H
#define PROF_OUTPUTS_H

#include "prof/profile.h"

#include <jansson.h>
#include <stdio.h>

#define OUTPUTS_ERROR_BYTES_MAX 512
#define OUTPUTS_SCHEMA          "fastprof/1"
/* Kept free in the folder until the end, so that a disk which fills up leaves room for a result. */
#define OUTPUTS_RESERVE_BYTES (512 * 1024)

/* Makes the folder, with its parents, keeps room in it, and takes results of an older run away.
 * False: error says why not. */
bool outputs_open(const char *folder, char *error);

/* Writes results.json alone, as of now. False: error says why not. */
bool outputs_write_results(const struct profile *profile, const char *folder, char *error);

/* Writes every file. When the disk is full, the profile is marked so, and results.json is written
 * without its points into the room that was kept. False: error says what could not be written. */
bool outputs_write(struct profile *profile, const char *folder, char *error);

/* Writes folder/name by way of folder/name.tmp, fsync and rename. False: errno says why not. */
bool output_file(const char *folder, const char *name, const struct profile *profile,
		 bool (*write)(const struct profile *profile, FILE *file));

/* What the files hold; each returns false when memory is short or the file cannot be written. */
bool write_results(const struct profile *profile, FILE *file);
bool write_results_brief(const struct profile *profile, FILE *file); /* without points */
bool write_samples(const struct profile *profile, FILE *file);
bool write_knob_table(const struct profile *profile, FILE *file);
bool write_measure_table(const struct profile *profile, FILE *file);
bool write_junit(const struct profile *profile, FILE *file);
bool write_benchmark(const struct profile *profile, FILE *file);
bool write_report(const struct profile *profile, FILE *file);
bool write_html(const struct profile *profile, FILE *file);

/* Writes folder/profile.sqlite in the same manner. */
bool write_sqlite(const struct profile *profile, const char *folder, char *error);

/* The one number that stands for a series: its mean; of a peak, the greatest. */
double series_headline(const struct series *series);

/* Gives a number, or null for NaN and infinity. */
json_t *number_json(double number);

#endif
