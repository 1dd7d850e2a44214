/* prof/small.h - small files of /proc and /sys, read whole. */
#ifndef PROF_SMALL_H
#define PROF_SMALL_H

#include <fast/status.h>
#include <stddef.h>

#define SMALL_PATH_BYTES_MAX 1024
#define SMALL_FILE_BYTES_MAX 65536

/* Reads root and the path that format makes, at most out_bytes - 1 bytes, and terminates them.
 * False: it cannot be read; out is "". */
bool small_read(char *out, size_t out_bytes, const char *root, const char *format, ...)
	FAST_PRINTF(4, 5);

/* The number after "KEY" at the beginning of a line ("VmHWM:   123 kB", "usage_usec 5"); NaN. */
double small_field(const char *text, const char *key);

/* The file's first number; NaN where there is none. */
double small_number(const char *root, const char *path);

#endif
