/* prof/proctree.h - a tree of processes, as /proc tells of it. */
#ifndef PROF_PROCTREE_H
#define PROF_PROCTREE_H

#include "prof/gauges.h"

#include <sys/types.h>

#define PROCTREE_PROCESSES_MAX 4096 /* on the machine */
#define PROCTREE_ROOTS_MAX     4

/* Use from one thread at a time. */
struct proctree {
	const char *root; /* "" for the machine's own /proc; tests have another */
	pid_t roots[PROCTREE_ROOTS_MAX];
	size_t root_count;
	pid_t members[PROCTREE_PROCESSES_MAX]; /* at the last look */
	size_t member_count;
};

/* One more process whose descendants belong to the tree; nothing when it is there already. */
void proctree_add_root(struct proctree *tree, pid_t pid);

/* Looks who belongs to it now. */
void proctree_look(struct proctree *tree);
bool proctree_has(const struct proctree *tree, pid_t pid);

/* Fills in what is known of the members: CPU, I/O and faults include children that have ended and
 * were waited for. */
void proctree_read(const struct proctree *tree, struct gauges *gauges);

/* From now on the peak of memory is that since now; where the kernel lets us. */
void proctree_forget_peak(const struct proctree *tree);

/* CPU seconds of one process; NaN when it is gone. */
double proctree_cpu(const char *root, pid_t pid);

#endif
