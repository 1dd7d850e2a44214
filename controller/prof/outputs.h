/* prof/outputs.h - the files of a run, each written whole or not at all. */
#ifndef PROF_OUTPUTS_H
#define PROF_OUTPUTS_H

#include "prof/profiles.h"

#include <jansson.h>
#include <stdio.h>

#define OUTPUTS_ERROR_BYTES_MAX 512
#define OUTPUTS_SCHEMA          "fastprof/2"
/* Kept free in the folder until the end, so that a disk which fills up leaves room for a result. */
#define OUTPUTS_RESERVE_BYTES (512 * 1024)

/* Makes the folder, with its parents, keeps room in it, and takes results of an older run away.
 * False: error says why not. */
bool outputs_open(const char *folder, char *error);

/* Writes results.json alone, as of now. False: error says why not. */
bool outputs_write_results(const struct profiles *profiles, const char *folder, char *error);

/* Writes every file. When the disk is full, the profiles are marked so, and results.json is written
 * without its points into the room that was kept. False: error says what could not be written. */
bool outputs_write(struct profiles *profiles, const char *folder, char *error);

/* A file about all targets, and one about each. False: memory is short or it cannot be written. */
typedef bool outputs_write_fn(const struct profiles *profiles, FILE *file);
typedef bool outputs_write_one_fn(const struct profile *profile, FILE *file);

/* Writes folder/name by way of folder/name.tmp, fsync and rename. False: errno says why not. */
bool output_file(const char *folder, const char *name, const struct profiles *profiles,
		 outputs_write_fn *write);

outputs_write_fn write_results;
outputs_write_fn write_results_brief; /* without points */
outputs_write_fn write_samples;
outputs_write_fn write_junit;
outputs_write_fn write_benchmark;
outputs_write_fn write_report;
outputs_write_fn write_html;
outputs_write_one_fn write_knob_table;
outputs_write_one_fn write_measure_table;

/* Writes folder/profile.sqlite in the same manner. */
bool write_sqlite(const struct profiles *profiles, const char *folder, char *error);

/* The one number that stands for a series: its mean; of a peak, the greatest. */
double series_headline(const struct series *series);

/* Gives a number, or null for NaN and infinity. */
json_t *number_json(double number);

#endif
