#include "prof/gauges.h"

#include <math.h>

const struct gauge_kind gauge_kinds[GAUGE_COUNT] = {
	[GAUGE_PROC_CPU] = {"proc.cpu", "1", SOURCE_PROC, true},
	[GAUGE_PROC_MEMORY] = {"proc.memory", "By", SOURCE_PROC, false},
	[GAUGE_PROC_MEMORY_PEAK] = {"proc.memory_peak", "By", SOURCE_PROC, false},
	[GAUGE_PROC_READ] = {"proc.read", "By/s", SOURCE_PROC, true},
	[GAUGE_PROC_WRITE] = {"proc.write", "By/s", SOURCE_PROC, true},
	[GAUGE_PROC_FAULTS_MINOR] = {"proc.faults_minor", "Hz", SOURCE_PROC, true},
	[GAUGE_PROC_FAULTS_MAJOR] = {"proc.faults_major", "Hz", SOURCE_PROC, true},
	[GAUGE_PROC_SWITCHES_VOLUNTARY] = {"proc.switches_voluntary", "Hz", SOURCE_PROC, true},
	[GAUGE_PROC_SWITCHES_FORCED] = {"proc.switches_forced", "Hz", SOURCE_PROC, true},
	[GAUGE_PROC_PROCESSES] = {"proc.processes", "1", SOURCE_PROC, false},
	[GAUGE_PROC_THREADS] = {"proc.threads", "1", SOURCE_PROC, false},
	[GAUGE_CGROUP_CPU] = {"cgroup.cpu", "1", SOURCE_CGROUP, true},
	[GAUGE_CGROUP_THROTTLED] = {"cgroup.throttled", "1", SOURCE_CGROUP, true},
	[GAUGE_CGROUP_MEMORY] = {"cgroup.memory", "By", SOURCE_CGROUP, false},
	[GAUGE_CGROUP_MEMORY_PEAK] = {"cgroup.memory_peak", "By", SOURCE_CGROUP, false},
	[GAUGE_CGROUP_READ] = {"cgroup.read", "By/s", SOURCE_CGROUP, true},
	[GAUGE_CGROUP_WRITE] = {"cgroup.write", "By/s", SOURCE_CGROUP, true},
	[GAUGE_HOST_TEMPERATURE] = {"host.temperature", "Cel", SOURCE_HOST, false},
	[GAUGE_HOST_FREQUENCY] = {"host.frequency", "Hz", SOURCE_HOST, false},
	[GAUGE_GPU_USE] = {"gpu.use", "1", SOURCE_GPU, false},
	[GAUGE_GPU_MEMORY] = {"gpu.memory", "By", SOURCE_GPU, false},
	[GAUGE_GPU_POWER] = {"gpu.power", "W", SOURCE_GPU, false},
	[GAUGE_GPU_TEMPERATURE] = {"gpu.temperature", "Cel", SOURCE_GPU, false},
	[GAUGE_SELF_CPU] = {"fastprof.cpu", "1", SOURCE_SELF, true},
	[GAUGE_FASTD_CPU] = {"fastd.cpu", "1", SOURCE_SELF, true},
};

void gauges_clear(struct gauges *gauges)
{
	gauges->time_ns = 0;
	for (size_t i = 0; i < GAUGE_COUNT; i++) {
		gauges->values[i] = NAN;
	}
}

void gauges_add(struct profile *profile, struct setting *setting, uint32_t repeat,
		const struct gauges *older, const struct gauges *newer)
{
	double seconds = (double)(newer->time_ns - older->time_ns) / 1e9;

	for (size_t i = 0; i < GAUGE_COUNT; i++) {
		const struct gauge_kind *kind = &gauge_kinds[i];
		struct series *series =
			profile_series(setting, kind->name, kind->unit, kind->source);
		double value = newer->values[i];

		if (kind->flow) {
			value = (newer->values[i] - older->values[i]) / seconds;
		}
		if (series == NULL) {
			continue;
		}
		series->unsupported = series->count == 0 && isnan(value);
		/* What a process that has ended took along would count backwards. */
		if (isfinite(value) && !(kind->flow && value < 0)) {
			profile_add(profile, series,
				    (struct point){newer->time_ns, value, seconds, repeat});
		}
	}
}
