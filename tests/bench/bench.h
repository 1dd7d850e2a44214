/* bench.h - what the benchmarks share: options, clocks, rounds, medians and printing.
 *
 * A benchmark measures in short rounds, each of which holds a baseline and ours side by side, and
 * reports medians over the rounds: a neighbour's burst then spoils a round, not the result. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Options: [--json] [--quick] [NAME-PREFIX]. */
struct bench {
	bool json;          /* one object per line, else a table */
	bool quick;         /* fewer and shorter rounds: does it run at all */
	const char *prefix; /* rows whose name begins so are measured; NULL: all */
	int rounds;         /* 20, or 5 when quick */
	bool head_printed;
};

/* Parses the arguments; prints usage and exits with 2 when they are wrong, or with 0 for --help. */
void bench_init(struct bench *bench, int argc, char **argv);

/* Whether a row of this name was asked for. */
bool bench_wants(const struct bench *bench, const char *name);

/* Whether some row whose name begins with this family's may have been asked for. */
bool bench_wants_some(const struct bench *bench, const char *family);

/* CLOCK_MONOTONIC, in nanoseconds. */
int64_t bench_now_ns(void);

/* Tells the compiler that *pointer is used and memory may have changed: keeps a loop's work alive.
 */
#define bench_keep(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* A growing list of measurements. Zeroed memory is an empty one; no memory ends the program. */
struct bench_series {
	double *values;
	size_t count;
	size_t capacity;
};

void bench_series_add(struct bench_series *series, double value);
void bench_series_fini(struct bench_series *series);

/* Nearest-rank quantile, q from 0 to 1. Sorts the series. NaN when it is empty. */
double bench_quantile(struct bench_series *series, double q);

/* The quantile 0.5. */
double bench_median(struct bench_series *series);

/* Whether a baseline's rounds differ too much to trust the others: p90 / p10 > 1.5. */
bool bench_is_noisy(struct bench_series *baseline);

/* Prints a row, if it was asked for. n: operations or samples behind the value. */
void bench_print(struct bench *bench, const char *name, double value, const char *unit, uint64_t n,
		 bool noisy);

/* Says that a row, if it was asked for, cannot be measured here. */
void bench_skip(struct bench *bench, const char *name, const char *reason);

#endif
