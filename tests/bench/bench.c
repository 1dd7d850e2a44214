#include "bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS       20
#define ROUNDS_QUICK 5
#define NOISY_RATIO  1.5

static void usage_print(FILE *stream, const char *program)
{
	fprintf(stream,
		"usage: %s [--json] [--quick] [NAME-PREFIX]\n"
		"  --json       one JSON object per line: name, value, unit, n, noisy\n"
		"  --quick      fewer and shorter rounds\n"
		"  NAME-PREFIX  only rows whose name begins so\n",
		program);
}

void bench_init(struct bench *bench, int argc, char **argv)
{
	*bench = (struct bench){.rounds = ROUNDS};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			bench->json = true;
		} else if (strcmp(argv[i], "--quick") == 0) {
			bench->quick = true;
			bench->rounds = ROUNDS_QUICK;
		} else if (strcmp(argv[i], "--help") == 0) {
			usage_print(stdout, argv[0]);
			exit(0);
		} else if (argv[i][0] != '-' && bench->prefix == NULL) {
			bench->prefix = argv[i];
		} else {
			usage_print(stderr, argv[0]);
			exit(2);
		}
	}
}

bool bench_wants(const struct bench *bench, const char *name)
{
	return bench->prefix == NULL || strncmp(name, bench->prefix, strlen(bench->prefix)) == 0;
}

bool bench_wants_some(const struct bench *bench, const char *family)
{
	size_t n = bench->prefix == NULL ? 0 : strlen(bench->prefix);

	return n == 0 || strncmp(family, bench->prefix, n) == 0 ||
	       strncmp(family, bench->prefix, strlen(family)) == 0;
}

int64_t bench_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bench_series_add(struct bench_series *series, double value)
{
	if (series->count == series->capacity) {
		size_t capacity = series->capacity == 0 ? 64 : 2 * series->capacity;
		double *values = realloc(series->values, capacity * sizeof *values);
		if (values == NULL) {
			fprintf(stderr, "no memory for %zu measurements\n", capacity);
			exit(1);
		}
		series->values = values;
		series->capacity = capacity;
	}
	series->values[series->count++] = value;
}

void bench_series_fini(struct bench_series *series)
{
	free(series->values);
	*series = (struct bench_series){0};
}

static int double_compare(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

double bench_quantile(struct bench_series *series, double q)
{
	if (series->count == 0) {
		return NAN;
	}
	qsort(series->values, series->count, sizeof *series->values, double_compare);
	return series->values[(size_t)lround(q * (double)(series->count - 1))];
}

double bench_median(struct bench_series *series)
{
	return bench_quantile(series, 0.5);
}

bool bench_is_noisy(struct bench_series *baseline)
{
	return bench_quantile(baseline, 0.9) > NOISY_RATIO * bench_quantile(baseline, 0.1);
}

void bench_print(struct bench *bench, const char *name, double value, const char *unit, uint64_t n,
		 bool noisy)
{
	if (!bench_wants(bench, name)) {
		return;
	}
	if (bench->json) {
		printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"n\":%" PRIu64 "%s}\n",
		       name, value, unit, n, noisy ? ",\"noisy\":true" : "");
		fflush(stdout);
		return;
	}
	if (!bench->head_printed) {
		printf("%-44s %12s %-8s %12s\n", "name", "value", "unit", "n");
		bench->head_printed = true;
	}
	printf("%-44s %12.2f %-8s %12" PRIu64 "%s\n", name, value, unit, n, noisy ? "  noisy" : "");
	fflush(stdout);
}

void bench_skip(struct bench *bench, const char *name, const char *reason)
{
	if (!bench_wants_some(bench, name)) {
		return;
	}
	if (bench->json) {
		printf("{\"name\":\"%s\",\"skipped\":\"%s\"}\n", name, reason);
	} else {
		printf("%-40s skipped: %s\n", name, reason);
	}
	fflush(stdout);
}
