#include "record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept *record_kept(const struct record *record, const char *param)
{
	for (size_t i = 0; record != NULL && i < record->kept_count; i++) {
		if (strcmp(record->kept[i].param, param) == 0) {
			return &record->kept[i];
		}
	}
	return NULL;
}

struct kept *record_kept_obtain(struct record *record, const char *param)
{
	struct kept *kept = record_kept(record, param);

	if (kept != NULL || record->kept_count >= RECORD_KEPT_MAX) {
		return kept;
	}
	kept = realloc(record->kept, (record->kept_count + 1) * sizeof *kept);
	if (kept == NULL) {
		return NULL;
	}
	record->kept = kept;
	kept = &record->kept[record->kept_count++];
	*kept = (struct kept){0};
	(void)snprintf(kept->param, sizeof kept->param, "%s", param);
	return kept;
}

void record_kept_forget(struct record *record, const char *param)
{
	struct kept *kept = record_kept(record, param);

	if (kept == NULL) {
		return;
	}
	assert(kept->pending == 0);
	*kept = record->kept[--record->kept_count];
}

const struct fast_page_value *record_newest(const struct record *record, const char *param)
{
	const struct kept *kept = record_kept(record, param);

	if (kept == NULL || (!kept->set && kept->pending == 0)) {
		return NULL;
	}
	if (kept->pending > 0) {
		return kept->accepted_forget ? NULL : &kept->accepted;
	}
	return &kept->value;
}

const struct kept_back *record_newest_back(const struct record *record, const char *param)
{
	const struct kept *kept = record_kept(record, param);
	const struct kept_back *back;

	if (record_newest(record, param) == NULL) {
		return NULL;
	}
	back = kept->pending > 0 ? &kept->accepted_back : &kept->back;
	return back->expires_ns == 0 ? NULL : back;
}

uint64_t record_newest_revision(const struct record *record)
{
	if (record == NULL) {
		return 0;
	}
	return record->pending > 0 ? record->allocated : record->revision;
}
