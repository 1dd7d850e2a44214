/* prof/gauges.h - what is sampled of the system beside the plugin's own metrics. */
#ifndef PROF_GAUGES_H
#define PROF_GAUGES_H

#include "prof/profile.h"

enum gauge {
	GAUGE_PROC_CPU,
	GAUGE_PROC_MEMORY,
	GAUGE_PROC_MEMORY_PEAK,
	GAUGE_PROC_READ,
	GAUGE_PROC_WRITE,
	GAUGE_PROC_FAULTS_MINOR,
	GAUGE_PROC_FAULTS_MAJOR,
	GAUGE_PROC_SWITCHES_VOLUNTARY,
	GAUGE_PROC_SWITCHES_FORCED,
	GAUGE_PROC_PROCESSES,
	GAUGE_PROC_THREADS,
	GAUGE_CGROUP_CPU,
	GAUGE_CGROUP_THROTTLED,
	GAUGE_CGROUP_MEMORY,
	GAUGE_CGROUP_MEMORY_PEAK,
	GAUGE_CGROUP_READ,
	GAUGE_CGROUP_WRITE,
	GAUGE_HOST_TEMPERATURE,
	GAUGE_HOST_FREQUENCY,
	GAUGE_GPU_USE,
	GAUGE_GPU_MEMORY,
	GAUGE_GPU_POWER,
	GAUGE_GPU_TEMPERATURE,
	GAUGE_SELF_CPU,
	GAUGE_FASTD_CPU,
	GAUGE_COUNT,
};

struct gauge_kind {
	const char *name;
	const char *unit; /* of what is reported */
	enum source source;
	bool flow; /* the reading only grows, and its growth per second is reported */
};

extern const struct gauge_kind gauge_kinds[GAUGE_COUNT];

/* A reading of all; NaN: it cannot be had. */
struct gauges {
	int64_t time_ns; /* since 1970 */
	double values[GAUGE_COUNT];
};

void gauges_clear(struct gauges *gauges);

/* Adds what two readings say to the setting: values of the newer one, and growth between the two.
 * What neither has is marked unsupported. */
void gauges_add(struct profile *profile, struct setting *setting, uint32_t repeat,
		const struct gauges *older, const struct gauges *newer);

#endif
