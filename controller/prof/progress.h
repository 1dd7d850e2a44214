/* prof/progress.h - how far a run has come: one line that changes on a terminal, else a line per
 * setting. */
#ifndef PROF_PROGRESS_H
#define PROF_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LABEL_BYTES_MAX 200

/* Zeroed memory is one that says nothing. */
struct progress {
	bool shown;
	bool terminal;
	size_t total; /* visits */
	size_t done;
	double visit_s; /* expected of one */
	int64_t begin_ns;
	int64_t done_ns; /* when the last visit ended */
	int64_t shown_ns;
	char label[PROGRESS_LABEL_BYTES_MAX];
};

void progress_begin(struct progress *progress, bool quiet, size_t total, double visit_s);
/* The next visit begins. */
void progress_next(struct progress *progress, const char *label);
/* Draws the line anew, a few times a second at most. */
void progress_show(struct progress *progress, double rate);
/* The visit has ended; note says how, NULL: well. */
void progress_done(struct progress *progress, double rate, const char *note);
/* Gives the line back. */
void progress_end(struct progress *progress);

#endif
