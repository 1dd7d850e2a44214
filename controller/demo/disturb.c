#include "demo/disturb.h"

#include <unistd.h>

enum fast_status disturb_start(struct disturbance *disturbance)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = cores < 1 ? DISTURB_PER_CORE : (size_t)cores * DISTURB_PER_CORE;

	if (wanted > DISTURB_MAX) {
		wanted = DISTURB_MAX;
	}
	while (disturbance->count < wanted) {
		enum fast_status status = process_start_hog(&disturbance->hogs[disturbance->count]);

		if (status != FAST_OK) {
			return status;
		}
		disturbance->count++;
	}
	return FAST_OK;
}

void disturb_stop(struct disturbance *disturbance)
{
	while (disturbance->count > 0) {
		process_stop(&disturbance->hogs[--disturbance->count], 1000);
	}
}
