/* remote/report.h - a plugin's page as words that have changed. */
#ifndef FAST_REMOTE_REPORT_H
#define FAST_REMOTE_REPORT_H

#include "plugin_impl.h"

#include <fast/v1/session.pb-c.h>

/* A report is sent in messages of at most so many words. */
#define REPORT_WORDS_MAX 4096

/* A metric's place in the page, or its exemplars'; it keeps it. */
struct report_cell {
	enum fast_metric_kind kind;
	bool exemplars;
	uint32_t offset;
};

/* What was told so far: zeroed memory is nothing. One thread. */
struct report {
	/* Of what the plugin has announced. */
	struct report_cell cells[METRICS_SLOTS + FAST_EXEMPLAR_METRICS_MAX];
	size_t cell_count;
	size_t announced;                       /* announcements that were looked at for cells */
	uint64_t *told[FAST_PAGE_SEGMENTS_MAX]; /* by segment, as many words as it has; or NULL */
	Fast__V1__Report message;
	uint32_t offsets[REPORT_WORDS_MAX];
	uint64_t words[REPORT_WORDS_MAX];
	uint32_t time_offsets[REPORT_WORDS_MAX];
	uint64_t times[REPORT_WORDS_MAX];
};

/* Sends one message; false: it can't be. */
typedef bool report_send_fn(const Fast__V1__Report *message, void *arg);

/* Sends all words of cells and acknowledgements that differ from what was told. False: send failed,
 * or there is no memory; then what was told is not known, and the report is to be begun anew. */
bool report_run(struct report *report, struct fast_plugin *plugin, report_send_fn *send, void *arg);

/* Forgets what was told. */
void report_reset(struct report *report);

#endif
