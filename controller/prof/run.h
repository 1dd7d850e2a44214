/* prof/run.h - visits the settings, and measures. */
#ifndef PROF_RUN_H
#define PROF_RUN_H

#include "prof/visit.h"

/* Runs the command, and fills in the profile, which says how that ended; every ending leaves a
 * profile that can be written. started is called once the settings are known. */
void run(const struct options *options, const struct run_command *command, struct profile *profile,
	 void (*started)(const struct profile *profile, void *arg), void *arg);

#endif
