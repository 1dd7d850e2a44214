/* prof/sage.h - what a sage.yaml says about a plugin, and how it wants to be profiled. */
#ifndef PROF_SAGE_H
#define PROF_SAGE_H

#include <fast/status.h>
#include <stddef.h>

#define SAGE_TEXT_BYTES_MAX  256
#define SAGE_NAME_BYTES_MAX  64
#define SAGE_WORDS_MAX       32 /* arguments, knobs, build arguments */
#define SAGE_TARGETS_MAX     16
#define SAGE_FILE_BYTES_MAX  (256 * 1024)
#define SAGE_ERROR_BYTES_MAX 512

struct sage_words {
	char all[SAGE_WORDS_MAX][SAGE_TEXT_BYTES_MAX];
	size_t count;
};

/* One way to run it for a profile. */
struct sage_target {
	char name[SAGE_NAME_BYTES_MAX + 1]; /* letters, digits, _ . -; else its number, from 1 */
	struct sage_words args;
	struct sage_words command; /* instead of the image's entry; none: that */
	struct sage_words knobs;   /* "res=1,0.5" */
	char dataset[SAGE_TEXT_BYTES_MAX];
	double timeout_s; /* 0: none */
};

/* Zeroed memory is an empty one. It is large: not for the stack. */
struct sage {
	char name[SAGE_TEXT_BYTES_MAX];
	char version[SAGE_TEXT_BYTES_MAX];
	char space[SAGE_TEXT_BYTES_MAX]; /* namespace */
	char url[SAGE_TEXT_BYTES_MAX];   /* of its repository; and where in that: */
	char branch[SAGE_TEXT_BYTES_MAX], tag[SAGE_TEXT_BYTES_MAX], commit[SAGE_TEXT_BYTES_MAX];
	char directory[SAGE_TEXT_BYTES_MAX];
	char dockerfile[SAGE_TEXT_BYTES_MAX];
	struct sage_words build_args; /* "KEY=value" */
	struct sage_words command;    /* baseCommand and arguments */
	struct sage_target targets[SAGE_TARGETS_MAX];
	size_t target_count;
};

/* Reads the file, and fastd.yaml beside it if it is there. How to profile stands in
 * metadata.fastd.profiling, testing, profiling, or fastd.yaml; the first that names something
 * counts. INVALID_ARGUMENT: error, SAGE_ERROR_BYTES_MAX bytes, begins with file:line. NOT_FOUND: it
 * cannot be read. */
FAST_MUST_CHECK enum fast_status sage_read(const char *path, struct sage *out, char *error);

#endif
