/* prof/alone.h - a command that runs, but whose plugin has not attached: it may have declared no
 * metric. */
#ifndef PROF_ALONE_H
#define PROF_ALONE_H

#include "prof/visit.h"

/* Measures its processes, and what its run log tells, as one setting, and ends the profile: done
 * when the run log has told a metric and nobody wants knobs turned or beats counted; else as
 * ENDING_NO_PLUGIN, with visitor->reason. started is called once there is a setting. */
void alone_measure(struct visitor *visitor,
		   void (*started)(const struct profile *profile, void *arg), void *arg);

#endif
