#include "report.h"

#include "page/atomic.h"
#include "page/view.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENT_WORDS (FAST_PAGE_BYTES / 8)

/* Words of a heartbeat that are times on this host's clock. */
#define IS_TIME(word)                                                                              \
	((word) == offsetof(struct fast_page_heartbeat, first_ns) / 8 ||                           \
	 (word) == offsetof(struct fast_page_heartbeat, last_ns) / 8)

/* What report_run() works with. */
struct run {
	struct report *report;
	struct fast_plugin *plugin;
	report_send_fn *send;
	void *arg;
};

/* Sends what has gathered. */
static bool run_flush(struct run *run)
{
	Fast__V1__Report *message = &run->report->message;
	bool sent = true;

	if (message->n_words > 0 || message->n_times > 0) {
		message->clock_ns = fast_metric_now();
		sent = run->send(message, run->arg);
	}
	message->n_offsets = message->n_words = 0;
	message->n_time_offsets = message->n_times = 0;
	return sent;
}

/* One word, if it has changed. */
static bool word_report(struct run *run, uint32_t offset, bool is_time)
{
	struct report *report = run->report;
	Fast__V1__Report *message = &report->message;
	const struct fast_page_map *map = &run->plugin->segments[offset / FAST_PAGE_BYTES];
	uint64_t *told = &report->told[offset / FAST_PAGE_BYTES][offset % FAST_PAGE_BYTES / 8];
	uint64_t word =
		page_load((const uint64_t *)(const void *)(map->base + offset % FAST_PAGE_BYTES));

	if (word == *told) {
		return true;
	}
	*told = word;
	if (is_time) {
		report->time_offsets[message->n_time_offsets++] = offset;
		report->times[message->n_times++] = word;
	} else {
		report->offsets[message->n_offsets++] = offset;
		report->words[message->n_words++] = word;
	}
	return message->n_words < REPORT_WORDS_MAX && message->n_times < REPORT_WORDS_MAX
		       ? true
		       : run_flush(run);
}

static bool cell_report(struct run *run, enum fast_metric_kind kind, uint32_t offset)
{
	uint32_t words = fast_page_cell_bytes(kind) / 8;
	bool good = true;

	for (uint32_t i = 0; i < words && good; i++) {
		good = word_report(run, offset + 8 * i,
				   kind == FAST_METRIC_HEARTBEAT && IS_TIME(i));
	}
	return good;
}

/* The metric as far as it is bound. False: there are no more. */
static bool metric_at(struct fast_plugin *plugin, size_t i, enum fast_metric_kind *kind,
		      uint32_t *offset)
{
	bool there;

	pthread_mutex_lock(&plugin->lock);
	there = i < plugin->metric_count;
	if (there) {
		*kind = plugin->metrics[i]->kind;
		*offset = plugin->metrics[i]->cell_offset;
	}
	pthread_mutex_unlock(&plugin->lock);
	return there;
}

/* Memory for what is told of each segment. */
static bool told_grow(struct report *report, struct fast_plugin *plugin, size_t *param_count)
{
	size_t segments;

	pthread_mutex_lock(&plugin->lock);
	segments = plugin->segment_count;
	*param_count = plugin->param_count;
	pthread_mutex_unlock(&plugin->lock);
	for (size_t i = 0; i < segments; i++) {
		if (report->told[i] == NULL) {
			report->told[i] = calloc(SEGMENT_WORDS, sizeof(uint64_t));
		}
		if (report->told[i] == NULL) {
			return false;
		}
	}
	return true;
}

bool report_run(struct report *report, struct fast_plugin *plugin, report_send_fn *send, void *arg)
{
	struct run run = {report, plugin, send, arg};
	enum fast_metric_kind kind;
	uint32_t offset;
	size_t param_count;
	bool good = told_grow(report, plugin, &param_count);

	fast__v1__report__init(&report->message);
	report->message.offsets = report->offsets;
	report->message.words = report->words;
	report->message.time_offsets = report->time_offsets;
	report->message.times = report->times;
	for (size_t i = 0; good && metric_at(plugin, i, &kind, &offset); i++) {
		/* A segment that was opened since is for the next time. */
		if (kind != FAST_METRIC_UNDECLARED &&
		    report->told[offset / FAST_PAGE_BYTES] != NULL) {
			good = cell_report(&run, kind, offset);
		}
	}
	for (uint32_t slot = 0; good && slot < param_count; slot++) {
		uint32_t segment = slot / FAST_PAGE_PARAMS_MAX;

		good = word_report(&run,
				   segment * FAST_PAGE_BYTES +
					   FAST_PAGE_ACK_OFFSET(slot % FAST_PAGE_PARAMS_MAX),
				   false);
	}
	return good && run_flush(&run);
}

void report_reset(struct report *report)
{
	for (size_t i = 0; i < FAST_PAGE_SEGMENTS_MAX; i++) {
		free(report->told[i]);
		report->told[i] = NULL;
	}
}
