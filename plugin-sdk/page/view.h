/* page/view.h - fastd's view of a plugin's page. Every byte of it is hostile: it is copied, then
 * checked; nothing read here can make the reader loop, fault or wait. */
#ifndef FAST_PAGE_VIEW_H
#define FAST_PAGE_VIEW_H

#include "page/exemplar.h"

#include <fast/metric.h>
#include <fast/param.h>
#include <fast/status.h>

/* A mapped page. One thread at a time; the caller locks. */
struct fast_page_view;

/* Buckets as read, already cumulative in time: since the plugin opened. */
struct fast_distribution {
	uint64_t count; /* sum of zero and buckets */
	uint64_t zero;
	double sum;
	double min; /* NaN when count is 0 */
	double max;
	uint64_t octaves;      /* bit i: one of buckets 8 i to 8 i + 7 may be above 0 */
	uint64_t buckets[512]; /* FAST_PAGE_BUCKETS */
};

/* What a cell held. */
struct fast_cell_reading {
	enum fast_metric_kind kind;
	uint64_t count;  /* counter, heartbeat: total; histogram, timer: observations */
	double value;    /* gauge */
	double work;     /* heartbeat: sum of work */
	int64_t last_ns; /* heartbeat: monotonic time of the last beat; 0: none */
	struct fast_distribution distribution; /* histogram, timer; heartbeat: intervals */
};

/* A param value in the page. */
struct fast_page_value {
	enum fast_param_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
	} u;
	char string[FAST_PARAM_STRING_BYTES_MAX + 1]; /* STRING, ENUM */
};

/* Checks descriptor fd (type, seals SHRINK, GROW and SEAL, size, head) and maps it; fd stays the
 * caller's. Gives *out, which the caller closes. INVALID_ARGUMENT: not a page of ours; *reason is
 * then a static sentence that says why. */
FAST_MUST_CHECK enum fast_status fast_page_view_open(int fd, struct fast_page_view **out,
						     const char **reason);
/* Adds the next segment of the page, checked as the first. INVALID_ARGUMENT, RESOURCE_EXHAUSTED
 * (the page has all it can have, or no memory), with *reason. */
FAST_MUST_CHECK enum fast_status fast_page_view_add(struct fast_page_view *view, int fd,
						    const char **reason);
size_t fast_page_view_segments(const struct fast_page_view *view);

/* NULL is allowed. */
void fast_page_view_close(struct fast_page_view *view);

/* Bytes that a cell of this kind takes; 0 for no kind. */
uint32_t fast_page_cell_bytes(enum fast_metric_kind kind);

/* Whether a cell of this kind may lie at offset in a page of one segment. Cells may overlap only to
 * the plugin's own harm. */
bool fast_page_cell_valid(enum fast_metric_kind kind, uint32_t offset);
/* Whether it may lie at offset in this page. */
bool fast_page_view_cell_valid(const struct fast_page_view *view, enum fast_metric_kind kind,
			       uint32_t offset);

/* Asks the processor for what is read of the cell first. The offset must be valid. */
void fast_page_view_prefetch(const struct fast_page_view *view, enum fast_metric_kind kind,
			     uint32_t offset);
/* The same for the buckets of a distribution, once that is there. */
void fast_page_view_prefetch_buckets(const struct fast_page_view *view, enum fast_metric_kind kind,
				     uint32_t offset);

/* Reads the cell. The offset must be valid. *out is zeroed memory or an earlier reading, whose
 * distribution is left alone by a kind that has none. */
void fast_page_view_read(const struct fast_page_view *view, enum fast_metric_kind kind,
			 uint32_t offset, struct fast_cell_reading *out);

/* Whether the exemplars of a metric of this kind may lie at offset in this page. */
bool fast_page_view_exemplars_valid(const struct fast_page_view *view, enum fast_metric_kind kind,
				    uint32_t offset);

/* An exemplar as read. */
struct fast_exemplar_reading {
	uint64_t check; /* of its slot: another one stands for another exemplar */
	double value;
	int64_t time_unix_ns; /* above 0 */
	struct fast_exemplar_text text;
};

/* Reads one of the exemplars at this offset, which must be valid. NOT_FOUND: its check is still the
 * one that was seen (0: none was). ABORTED: it is being written; look again later.
 * INVALID_ARGUMENT: it is none, and will not be before its check, which is in *out, is another one.
 */
FAST_MUST_CHECK enum fast_status fast_page_view_exemplar(const struct fast_page_view *view,
							 uint32_t offset, size_t slot,
							 uint64_t seen,
							 struct fast_exemplar_reading *out);

/* Newest revision that the plugin says it has read from this slot. */
uint64_t fast_page_view_ack(const struct fast_page_view *view, uint32_t slot);

/* Sets a param in the shadow of region A; nothing is visible before fast_page_view_commit(). */
void fast_page_view_set(struct fast_page_view *view, uint32_t slot, uint64_t revision,
			const struct fast_page_value *value);

/* Makes all sets since the last commit visible as one, and wakes waiters. A view begins with no
 * param set, whatever the page held: set each that has a value before the first commit. */
void fast_page_view_commit(struct fast_page_view *view);

/* Upper bound of a bucket: 2^((index + 1 + FAST_PAGE_BUCKET_FIRST) / 8). */
double fast_distribution_bound(size_t index);

/* Where its buckets are that may be above 0: from *first until before *end. */
void fast_distribution_span(const struct fast_distribution *distribution, size_t *first,
			    size_t *end);

/* Value at quantile q (0 to 1), interpolated within its bucket; NaN when empty. */
double fast_distribution_quantile(const struct fast_distribution *distribution, double q);

/* out = newer - older, per bucket; a bucket that went back counts as newer (a reset). out may be
 * either. min and max of out are NaN. */
void fast_distribution_difference(const struct fast_distribution *newer,
				  const struct fast_distribution *older,
				  struct fast_distribution *out);

#endif
