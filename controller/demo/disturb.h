/* demo/disturb.h - the disturbance: CPU-hungry co-runners, two per core, at nice 0. */
#ifndef DEMO_DISTURB_H
#define DEMO_DISTURB_H

#include "client/process.h"
#include <fast/status.h>

#define DISTURB_PER_CORE 2
#define DISTURB_MAX      64

struct disturbance {
	struct process hogs[DISTURB_MAX];
	size_t count;
};

FAST_MUST_CHECK enum fast_status disturb_start(struct disturbance *disturbance);
void disturb_stop(struct disturbance *disturbance);

#endif
