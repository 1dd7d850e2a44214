/* page/exemplar.h - exemplars in the page: the text of their labels, and writing a slot. Reading
 * one is the view's (page/view.h). */
#ifndef FAST_PAGE_EXEMPLAR_H
#define FAST_PAGE_EXEMPLAR_H

#include "page/page.h"

#include <fast/exemplar.h>

/* Labels as a slot holds them. */
struct fast_exemplar_text {
	size_t bytes;
	union {
		char chars[FAST_PAGE_EXEMPLAR_TEXT_BYTES];
		uint64_t words[FAST_PAGE_EXEMPLAR_TEXT_BYTES / 8]; /* the last one zero-padded */
	} u;
};

/* Slots of a metric of this kind; 0: it has no exemplars. */
size_t fast_page_exemplar_slots(enum fast_metric_kind kind);

/* Bytes of their cell. */
uint32_t fast_page_exemplars_bytes(enum fast_metric_kind kind);

/* The slot for an exemplar of this value. */
size_t fast_page_exemplar_slot(enum fast_metric_kind kind, double value);

/* Writes the labels as text. INVALID_ARGUMENT with a sentence in reason, cut to fit. */
FAST_MUST_CHECK enum fast_status fast_exemplar_write(const char *metric,
						     const struct fast_label *labels, size_t count,
						     struct fast_exemplar_text *out, char *reason,
						     size_t reason_bytes);

/* Whether the text is what fast_exemplar_write() would write. */
bool fast_exemplar_valid(const struct fast_exemplar_text *text);

/* Takes the next label off the text, from *at on, which begins at 0. False: there are no more. */
bool fast_exemplar_next(const char *text, size_t bytes, size_t *at, struct fast_label *out);

/* Writes the slot. Any thread; one that meets another there, or comes too soon after it, does
 * nothing. */
void fast_page_exemplar_put(struct fast_page_exemplars *cell, size_t slot, double value,
			    int64_t time_unix_ns, const struct fast_exemplar_text *text);

/* The check of a slot that holds this, not 0: what another writing has touched meanwhile has
 * another one. */
uint64_t fast_page_exemplar_check(uint64_t value, uint64_t time_unix_ns,
				  const struct fast_exemplar_text *text);

#endif
