/* prof/runlog.h - pywaggle's run log (data.ndjson) as a source: what a plugin publishes now and
 * then. */
#ifndef PROF_RUNLOG_H
#define PROF_RUNLOG_H

#include "prof/meter.h"

#define RUNLOG_LINE_BYTES_MAX 4096  /* longer ones are passed over */
#define RUNLOG_READ_BYTES_MAX 65536 /* at a time; the rest follows */

/* Zeroed memory is none. Use from one thread at a time. */
struct runlog {
	char path[PROFILE_TEXT_BYTES_MAX]; /* "": there is none */
	int64_t offset;
	char line[RUNLOG_LINE_BYTES_MAX]; /* begun, its end has not been read */
	size_t used;
	bool is_too_long; /* that line */
};

/* The log is data.ndjson in this folder; it need not be there yet. NULL: none. */
void runlog_open(struct runlog *runlog, const char *folder);

/* Passes over what is in it so far. */
void runlog_skip(struct runlog *runlog);

/* Takes what was written since: numbers become points of the setting, at the time of reading, since
 * the log's own times have no zone. What fastd tells of as well, and finer, is left out; meter is
 * NULL where no plugin has attached. */
void runlog_read(struct runlog *runlog, const struct meter *meter, struct profile *profile,
		 struct setting *setting, uint32_t repeat);

#endif
