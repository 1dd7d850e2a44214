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

/* Where a cell's buckets begin, in words; 0: it has none. */
static uint32_t buckets_of(enum fast_metric_kind kind)
{
	switch (kind) {
	case FAST_METRIC_HISTOGRAM:
	case FAST_METRIC_TIMER:
		return offsetof(struct fast_page_histogram, values.buckets) / 8;
	case FAST_METRIC_HEARTBEAT:
		return offsetof(struct fast_page_heartbeat, intervals.buckets) / 8;
	default:
		return 0;
	}
}

#define WORDS_TO_BUCKETS (offsetof(struct fast_page_distribution, buckets) / 8)
#define WORDS_TO_OCTAVES (offsetof(struct fast_page_distribution, octaves) / 8)
#define OCTAVE_WORDS     (1U << FAST_PAGE_SCALE)

/* All words but the buckets of octaves that hold nothing: most of a distribution. */
static bool cell_report(struct run *run, const struct report_cell *cell)
{
	const struct fast_page_map *map = &run->plugin->segments[cell->offset / FAST_PAGE_BYTES];
	const uint64_t *words =
		(const uint64_t *)(const void *)(map->base + cell->offset % FAST_PAGE_BYTES);
	uint32_t count = fast_page_cell_bytes(cell->kind) / 8;
	uint32_t buckets = buckets_of(cell->kind);
	uint64_t octaves =
		buckets == 0 ? 0 : page_load(&words[buckets - WORDS_TO_BUCKETS + WORDS_TO_OCTAVES]);
	bool good = true;

	for (uint32_t i = 0; i < count && good; i++) {
		bool bucket = buckets > 0 && i >= buckets && i < buckets + FAST_PAGE_BUCKETS;

		if (bucket && (octaves >> (i - buckets) / OCTAVE_WORDS & 1) == 0) {
			i += OCTAVE_WORDS - 1;
			continue;
		}
		good = word_report(run, cell->offset + 8 * i,
				   cell->kind == FAST_METRIC_HEARTBEAT && IS_TIME(i));
	}
	return good;
}

/* The slots that were ever written. One that is being written fits its check with the next report.
 */
static bool exemplars_report(struct run *run, const struct report_cell *cell)
{
	const struct fast_page_map *map = &run->plugin->segments[cell->offset / FAST_PAGE_BYTES];
	const struct fast_page_exemplars *exemplars =
		(const void *)(map->base + cell->offset % FAST_PAGE_BYTES);
	const uint32_t slots = (uint32_t)offsetof(struct fast_page_exemplars, slots);
	const uint32_t slot_bytes = (uint32_t)sizeof exemplars->slots[0];
	bool good = true;

	for (uint32_t i = 0; i < fast_page_exemplar_slots(cell->kind) && good; i++) {
		if (page_load(&exemplars->checks[i]) == 0) {
			continue;
		}
		good = word_report(run, cell->offset + 8 * i, false);
		for (uint32_t at = 0; at < slot_bytes && good; at += 8) {
			good = word_report(run, cell->offset + slots + i * slot_bytes + at, false);
		}
	}
	return good;
}

/* Learns what the plugin has by now, and has memory for it. */
static bool report_grow(struct report *report, struct fast_plugin *plugin, size_t *param_count)
{
	size_t segments;

	pthread_mutex_lock(&plugin->lock);
	segments = plugin->segment_count;
	*param_count = plugin->param_count;
	for (; report->announced < plugin->announce_count; report->announced++) {
		const struct announcement *next = &plugin->announce[report->announced];

		if (next->metric != NULL) {
			report->cells[report->cell_count++] = (struct report_cell){
				.kind = next->metric->kind,
				.exemplars = next->exemplars,
				.offset = next->exemplars ? next->metric->exemplars_offset
							  : next->metric->cell_offset,
			};
		}
	}
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
	size_t param_count;
	bool good = report_grow(report, plugin, &param_count);

	fast__v1__report__init(&report->message);
	report->message.offsets = report->offsets;
	report->message.words = report->words;
	report->message.time_offsets = report->time_offsets;
	report->message.times = report->times;
	for (size_t i = 0; good && i < report->cell_count; i++) {
		const struct report_cell *cell = &report->cells[i];

		good = cell->exemplars ? exemplars_report(&run, cell) : cell_report(&run, cell);
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
	report->announced = 0;
	report->cell_count = 0;
}
