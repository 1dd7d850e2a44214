#include "bench_peer.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void place_pin(pid_t pid, int cpu)
{
	char path[64];
	cpu_set_t one;
	DIR *tasks;
	struct dirent *entry;

	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	snprintf(path, sizeof path, "/proc/%d/task", pid == 0 ? getpid() : pid);
	tasks = opendir(path);
	if (tasks == NULL) {
		return;
	}
	while ((entry = readdir(tasks)) != NULL) {
		pid_t task = (pid_t)strtol(entry->d_name, NULL, 10);
		if (task > 0) {
			(void)sched_setaffinity(task, sizeof one, &one); /* it may have gone */
		}
	}
	closedir(tasks);
}

int place_cpus(int cpus[2])
{
	cpu_set_t allowed;
	int count = 0;

	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
		return 0;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++) {
		if (CPU_ISSET((size_t)cpu, &allowed)) {
			cpus[count++] = cpu;
		}
	}
	return count;
}

int64_t place_cpu_ns(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;

	if (pid != 0 && clock_getcpuclockid(pid, &clock) != 0) {
		return 0;
	}
	(void)clock_gettime(clock, &used);
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

int64_t place_memory_bytes(pid_t pid)
{
	char path[64];
	FILE *file;
	long pages = 0;

	snprintf(path, sizeof path, "/proc/%d/statm", pid == 0 ? getpid() : pid);
	file = fopen(path, "r");
	if (file == NULL) {
		return 0;
	}
	if (fscanf(file, "%*d %ld", &pages) != 1) {
		pages = 0;
	}
	fclose(file);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}
