/* prof/compare.h - two runs side by side: what has changed, and what is too noisy to tell. */
#ifndef PROF_COMPARE_H
#define PROF_COMPARE_H

#include "prof/options.h"

#include <jansson.h>
#include <stdio.h>

#define COMPARE_ERROR_BYTES_MAX 400

enum compare_verdict {
	COMPARE_SAME,      /* any difference is below the tolerance */
	COMPARE_HIGHER,    /* after is higher */
	COMPARE_LOWER,     /* after is lower */
	COMPARE_UNCERTAIN, /* too noisy to tell */
};

struct compare_result {
	enum compare_verdict verdict;
	double before, after; /* means */
	double low, high;     /* 95 % interval of the difference */
	double change;        /* (after - before) / before */
};

const char *compare_verdict_name(enum compare_verdict verdict);

/* Judges two series of points; tolerance is a share of before's mean. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status compare_values(const double *before, size_t before_count,
						const double *after, size_t after_count,
						double tolerance, struct compare_result *out);

/* Reads a results.json, or the one in a folder. Gives a reference; NULL: error,
 * COMPARE_ERROR_BYTES_MAX bytes, says why not. */
json_t *compare_read(const char *path, char *error);

/* Compares every metric of every setting that both have; writes lines, or JSON. False: no memory,
 * or nothing could be written. */
bool compare_write(const json_t *before, const json_t *after, const struct options *options,
		   FILE *file);

/* The command. Returns its exit status. */
int compare(const struct options *options);

#endif
