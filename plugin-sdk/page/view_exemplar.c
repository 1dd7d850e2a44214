#include "page/view.h"

#include "page/view_impl.h"

#include <assert.h>
#include <math.h>

bool fast_page_view_exemplars_valid(const struct fast_page_view *view, enum fast_metric_kind kind,
				    uint32_t offset)
{
	uint32_t within = offset % FAST_PAGE_BYTES;

	return fast_page_exemplar_slots(kind) > 0 && offset / FAST_PAGE_BYTES < view->count &&
	       within % 64 == 0 && within >= FAST_PAGE_CELLS_OFFSET &&
	       within <= FAST_PAGE_BYTES - fast_page_exemplars_bytes(kind);
}

/* Copies the slot. False: its text has no such length. */
static bool slot_copy(const struct fast_page_exemplar *slot, struct fast_exemplar_reading *out)
{
	uint64_t bytes = page_load(&slot->bytes);

	if (bytes > FAST_PAGE_EXEMPLAR_TEXT_BYTES) {
		return false;
	}
	out->value = page_load_double(&slot->value);
	out->time_unix_ns = (int64_t)page_load(&slot->time_unix_ns);
	out->text.bytes = bytes;
	for (size_t i = 0; 8 * i < bytes; i++) {
		out->text.u.words[i] = page_load(&slot->text[i]);
	}
	return true;
}

enum fast_status fast_page_view_exemplar(const struct fast_page_view *view, uint32_t offset,
					 size_t slot, uint64_t seen,
					 struct fast_exemplar_reading *out)
{
	assert(offset / FAST_PAGE_BYTES < view->count);
	assert(slot < FAST_PAGE_EXEMPLARS);

	const struct fast_page_exemplars *cell = (const void *)view_at(view, offset);

	out->check = __atomic_load_n(&cell->checks[slot], __ATOMIC_ACQUIRE);
	if (out->check == seen) {
		return FAST_NOT_FOUND;
	}
	if (!slot_copy(&cell->slots[slot], out) ||
	    fast_page_exemplar_check(page_double_bits(out->value), (uint64_t)out->time_unix_ns,
				     &out->text) != out->check) {
		return FAST_ABORTED;
	}
	return isfinite(out->value) && out->time_unix_ns > 0 && fast_exemplar_valid(&out->text)
		       ? FAST_OK
		       : FAST_INVALID_ARGUMENT;
}
