#include "prof/proctree.h"

#include "prof/small.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STAT_FIELDS 22 /* of /proc/PID/stat after the name, from "state" on */

/* Indices into those fields. */
enum {
	STAT_PARENT = 1,
	STAT_MINFLT = 7,
	STAT_CMINFLT,
	STAT_MAJFLT,
	STAT_CMAJFLT,
	STAT_UTIME,
	STAT_STIME,
	STAT_CUTIME,
	STAT_CSTIME,
	STAT_THREADS = 17,
	STAT_RSS = 21
};

struct parentage {
	pid_t pid;
	pid_t parent;
};

/* The name may hold blanks and parentheses; what follows the last one is numbers. */
static bool stat_read(const char *root, pid_t pid, double *fields)
{
	char text[1024];
	char *at;

	if (!small_read(text, sizeof text, root, "/proc/%d/stat", (int)pid)) {
		return false;
	}
	at = strrchr(text, ')');
	if (at == NULL || at[1] == '\0' || at[2] == '\0') {
		return false;
	}
	at += 3; /* ") S" */
	fields[0] = 0;
	for (size_t i = 1; i < STAT_FIELDS; i++) {
		char *end;

		fields[i] = strtod(at, &end);
		if (end == at) {
			return false;
		}
		at = end;
	}
	return true;
}

void proctree_add_root(struct proctree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->root_count; i++) {
		if (tree->roots[i] == pid) {
			return;
		}
	}
	if (pid > 0 && tree->root_count < PROCTREE_ROOTS_MAX) {
		tree->roots[tree->root_count++] = pid;
	}
}

bool proctree_has(const struct proctree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->member_count; i++) {
		if (tree->members[i] == pid) {
			return true;
		}
	}
	return false;
}

static size_t processes_list(const char *root, struct parentage *all)
{
	char path[SMALL_PATH_BYTES_MAX];
	struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof path, "%s/proc", root);
	folder = opendir(path);
	if (folder == NULL) {
		return 0;
	}
	while (count < PROCTREE_PROCESSES_MAX && (entry = readdir(folder)) != NULL) {
		double fields[STAT_FIELDS];
		pid_t pid;

		if (!isdigit((unsigned char)entry->d_name[0])) {
			continue;
		}
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (stat_read(root, pid, fields)) {
			all[count++] = (struct parentage){pid, (pid_t)fields[STAT_PARENT]};
		}
	}
	closedir(folder);
	return count;
}

void proctree_look(struct proctree *tree)
{
	static struct parentage all[PROCTREE_PROCESSES_MAX];
	size_t count = processes_list(tree->root, all);
	bool grown = true;

	tree->member_count = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < tree->root_count; j++) {
			if (all[i].pid == tree->roots[j]) {
				tree->members[tree->member_count++] = all[i].pid;
				all[i].pid = 0;
				break;
			}
		}
	}
	while (grown) { /* as often as the tree is deep */
		grown = false;
		for (size_t i = 0; i < count; i++) {
			if (all[i].pid != 0 && proctree_has(tree, all[i].parent)) {
				tree->members[tree->member_count++] = all[i].pid;
				all[i].pid = 0;
				grown = true;
			}
		}
	}
}

static void add(double *sum, double more)
{
	if (!isnan(more)) {
		*sum = isnan(*sum) ? more : *sum + more;
	}
}

/* The switches of all threads: /proc/PID/status has those of the first only. */
static void read_switches(const char *root, pid_t pid, struct gauges *gauges)
{
	char path[SMALL_PATH_BYTES_MAX];
	char text[4096];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof path, "%s/proc/%d/task", root, (int)pid);
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !small_read(text, sizeof text, root, "/proc/%d/task/%.16s/status", (int)pid,
				entry->d_name)) {
			continue;
		}
		add(&gauges->values[GAUGE_PROC_SWITCHES_VOLUNTARY],
		    small_field(text, "voluntary_ctxt_switches"));
		add(&gauges->values[GAUGE_PROC_SWITCHES_FORCED],
		    small_field(text, "nonvoluntary_ctxt_switches"));
	}
	if (folder != NULL) {
		closedir(folder);
	}
}

/* CPU seconds of the process itself: finer than the ticks of /proc, where the kernel tells. */
static double own_cpu(const char *root, pid_t pid, const double *fields)
{
	struct timespec time;
	clockid_t clock;

	if (root[0] == '\0' && clock_getcpuclockid(pid, &clock) == 0 &&
	    clock_gettime(clock, &time) == 0) {
		return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
	}
	return (fields[STAT_UTIME] + fields[STAT_STIME]) / (double)sysconf(_SC_CLK_TCK);
}

static void read_member(const char *root, pid_t pid, struct gauges *gauges)
{
	double *values = gauges->values;
	double fields[STAT_FIELDS];
	double ticks = (double)sysconf(_SC_CLK_TCK);
	char text[4096];

	if (!stat_read(root, pid, fields)) {
		return; /* it has ended meanwhile */
	}
	add(&values[GAUGE_PROC_CPU],
	    own_cpu(root, pid, fields) + (fields[STAT_CUTIME] + fields[STAT_CSTIME]) / ticks);
	add(&values[GAUGE_PROC_FAULTS_MINOR], fields[STAT_MINFLT] + fields[STAT_CMINFLT]);
	add(&values[GAUGE_PROC_FAULTS_MAJOR], fields[STAT_MAJFLT] + fields[STAT_CMAJFLT]);
	add(&values[GAUGE_PROC_THREADS], fields[STAT_THREADS]);
	add(&values[GAUGE_PROC_MEMORY], fields[STAT_RSS] * (double)sysconf(_SC_PAGESIZE));
	add(&values[GAUGE_PROC_PROCESSES], 1);
	if (small_read(text, sizeof text, root, "/proc/%d/status", (int)pid)) {
		add(&values[GAUGE_PROC_MEMORY_PEAK], small_field(text, "VmHWM") * 1024);
	}
	if (small_read(text, sizeof text, root, "/proc/%d/io", (int)pid)) {
		add(&values[GAUGE_PROC_READ], small_field(text, "read_bytes"));
		add(&values[GAUGE_PROC_WRITE], small_field(text, "write_bytes"));
	}
	read_switches(root, pid, gauges);
}

void proctree_read(const struct proctree *tree, struct gauges *gauges)
{
	for (size_t i = 0; i < tree->member_count; i++) {
		read_member(tree->root, tree->members[i], gauges);
	}
}

void proctree_forget_peak(const struct proctree *tree)
{
	for (size_t i = 0; i < tree->member_count; i++) {
		char path[SMALL_PATH_BYTES_MAX];
		int fd;

		snprintf(path, sizeof path, "%s/proc/%d/clear_refs", tree->root,
			 (int)tree->members[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			/* A kernel that cannot keeps the older peak, which is a bound still. */
			ssize_t wrote = write(fd, "5", 1);

			(void)wrote;
			close(fd);
		}
	}
}

double proctree_cpu(const char *root, pid_t pid)
{
	double fields[STAT_FIELDS];

	if (pid <= 0 || !stat_read(root, pid, fields)) {
		return NAN;
	}
	return own_cpu(root, pid, fields);
}
