#include "prof/system.h"

#include "client/quantity.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define CPUS_MAX 256
#define LOOK_NS  INT64_C(500000000)

/* There may be gaps: a zone can go. */
static void find_zones(struct system *system)
{
	for (int i = 0; i < SYSTEM_ZONES_MAX; i++) {
		char path[SMALL_PATH_BYTES_MAX];

		snprintf(path, sizeof path, "%s/sys/class/thermal/thermal_zone%d", system->root, i);
		if (access(path, F_OK) == 0) {
			system->zones[system->zone_count++] = i;
		}
	}
}

void system_open(struct system *system, const char *root)
{
	memset(system, 0, sizeof *system);
	system->root = root;
	system->tree.root = root;
	system->cgroup.root = root;
	system->oom_kills = NAN;
	system->machine_oom_kills = NAN;
	find_zones(system);
	gpu_open(&system->gpu, GPU_LIBRARY);
}

void system_close(struct system *system)
{
	gpu_close(&system->gpu);
}

void system_set_plugin(struct system *system, pid_t pid)
{
	proctree_add_root(&system->tree, pid);
	proctree_look(&system->tree);
	cgroup_find(&system->cgroup, system->root, pid);
	system->oom_kills = cgroup_oom_kills(&system->cgroup);
	system->machine_oom_kills = cgroup_machine_oom_kills(system->root);
}

void system_forget_plugin(struct system *system)
{
	system->tree.root_count = 0;
	system->tree.member_count = 0;
	memset(&system->cgroup, 0, sizeof system->cgroup);
	system->cgroup.root = system->root;
}

/* The hottest zone. */
static double read_temperature(const struct system *system)
{
	double hottest = NAN;

	for (size_t i = 0; i < system->zone_count; i++) {
		char path[SMALL_PATH_BYTES_MAX];

		snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%d/temp",
			 system->zones[i]);
		hottest = fmax(hottest, small_number(system->root, path) / 1e3);
	}
	return hottest;
}

/* The mean over the processors: it falls when the machine is too hot. */
static double read_frequency(const char *root)
{
	double sum = 0;
	int count = 0;

	for (int i = 0; i < CPUS_MAX && i < (int)sysconf(_SC_NPROCESSORS_CONF); i++) {
		char path[SMALL_PATH_BYTES_MAX];
		double kilohertz;

		snprintf(path, sizeof path,
			 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", i);
		kilohertz = small_number(root, path);
		if (!isnan(kilohertz)) {
			sum += kilohertz * 1e3;
			count++;
		}
	}
	return count == 0 ? NAN : sum / count;
}

void system_read(struct system *system, struct gauges *out)
{
	int64_t begin = quantity_monotonic_now();

	gauges_clear(out);
	out->time_ns = quantity_unix_now();
	if (begin - system->looked_ns > LOOK_NS) { /* it reads of every process of the machine */
		proctree_look(&system->tree);
		system->looked_ns = begin;
	}
	proctree_read(&system->tree, out);
	cgroup_read(&system->cgroup, out);
	out->values[GAUGE_HOST_TEMPERATURE] = read_temperature(system);
	out->values[GAUGE_HOST_FREQUENCY] = read_frequency(system->root);
	gpu_read(&system->gpu, out);
	out->values[GAUGE_SELF_CPU] = proctree_cpu(system->root, getpid());
	out->values[GAUGE_FASTD_CPU] = proctree_cpu(system->root, system->fastd);
	system->spent_s += (double)(quantity_monotonic_now() - begin) / 1e9;
}

bool system_was_out_of_memory(const struct system *system)
{
	double kills = cgroup_oom_kills(&system->cgroup);

	if (!isnan(kills) && !isnan(system->oom_kills)) {
		return kills > system->oom_kills;
	}
	/* Without a group, or with one that went with its container. */
	return cgroup_machine_oom_kills(system->root) > system->machine_oom_kills;
}
