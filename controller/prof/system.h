/* prof/system.h - all that is sampled of the machine, in one reading. */
#ifndef PROF_SYSTEM_H
#define PROF_SYSTEM_H

#include "prof/cgroup.h"
#include "prof/gpu.h"
#include "prof/proctree.h"

#define SYSTEM_ZONES_MAX 64

/* Use from one thread at a time. It is large: not for the stack. */
struct system {
	const char *root;
	struct proctree tree;
	struct cgroup cgroup;
	struct gpu gpu;
	int zones[SYSTEM_ZONES_MAX]; /* thermal, that were there in the beginning */
	size_t zone_count;
	int64_t looked_ns; /* monotonic: when the tree's processes were last listed */
	pid_t fastd;       /* 0: not a process of this machine */
	double spent_s;    /* reading so far */
	double oom_kills;  /* of the group, at the beginning */
	double machine_oom_kills;
};

/* root is "" for the machine's own /proc and /sys. */
void system_open(struct system *system, const char *root);
void system_close(struct system *system);

/* The plugin is this process: its group is read from now on. */
void system_set_plugin(struct system *system, pid_t pid);

/* It has ended: what is read until the next one is set is the machine's alone. */
void system_forget_plugin(struct system *system);

void system_read(struct system *system, struct gauges *out);

/* Whether somebody was killed for want of memory since the plugin was set. */
bool system_was_out_of_memory(const struct system *system);

#endif
