/* prof/cgroup.h - the control group of a process: version 1, 2, or both side by side. */
#ifndef PROF_CGROUP_H
#define PROF_CGROUP_H

#include "prof/gauges.h"
#include "prof/small.h"

#include <sys/types.h>

enum cgroup_part { CGROUP_UNIFIED, CGROUP_CPU, CGROUP_MEMORY, CGROUP_IO, CGROUP_PARTS };

/* Zeroed memory is one that knows nothing. */
struct cgroup {
	const char *root;
	char folders[CGROUP_PARTS][SMALL_PATH_BYTES_MAX]; /* below root; "": there is none */
	char path[SMALL_PATH_BYTES_MAX];                  /* as the process names it */
};

/* Finds the group of a process, wherever cgroups are mounted. root is "" for the machine's own. */
void cgroup_find(struct cgroup *cgroup, const char *root, pid_t pid);

/* Fills in what the group's files say. */
void cgroup_read(const struct cgroup *cgroup, struct gauges *gauges);

/* Processes that were killed for want of memory: of the group, and of the whole machine. NaN:
 * nobody says. */
double cgroup_oom_kills(const struct cgroup *cgroup);
double cgroup_machine_oom_kills(const char *root);

#endif
