#include "share.h"

#include <assert.h>
#include <stdlib.h>

struct share *share_hold(struct share **list, uint32_t uid, struct sketch_budget *series,
			 struct sketch_budget *sketches)
{
	struct share *share = *list;

	while (share != NULL && share->uid != uid) {
		share = share->next;
	}
	if (share == NULL) {
		share = calloc(1, sizeof *share);
		if (share == NULL) {
			return NULL;
		}
		share->uid = uid;
		share->series.parent = series;
		share->series.bytes_max = uid == 0 ? SIZE_MAX : SHARE_SERIES_BYTES_MAX;
		share->sketches.parent = sketches;
		share->sketches.bytes_max = uid == 0 ? SIZE_MAX : SHARE_SKETCH_BYTES_MAX;
		share->next = *list;
		*list = share;
	}
	share->plugins++;
	return share;
}

void share_release(struct share **list, struct share *share)
{
	if (share == NULL || --share->plugins > 0) {
		return;
	}
	assert(share->series.bytes == 0 && share->sketches.bytes == 0);
	while (*list != share) {
		list = &(*list)->next;
	}
	*list = share->next;
	free(share);
}
