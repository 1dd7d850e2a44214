#include "prof/cgroup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Controllers of version 1 and the part of ours that reads them. */
static const struct {
	const char *controller;
	enum cgroup_part part;
} controllers[] = {{"cpuacct", CGROUP_CPU}, {"memory", CGROUP_MEMORY}, {"blkio", CGROUP_IO}};
#define CONTROLLERS (sizeof controllers / sizeof controllers[0])

static bool list_has(const char *list, const char *name)
{
	size_t bytes = strlen(name);

	while (*list != '\0') {
		size_t part = strcspn(list, ",");

		if (part == bytes && strncmp(list, name, bytes) == 0) {
			return true;
		}
		list += part + (list[part] == ',');
	}
	return false;
}

/* The part that a mount serves; CGROUP_PARTS: none of ours. */
static void mount_take(struct cgroup *cgroup, const char *type, const char *options,
		       const char *mount_root, const char *mount_point,
		       char paths[CGROUP_PARTS][SMALL_PATH_BYTES_MAX])
{
	for (size_t part = 0; part < CGROUP_PARTS; part++) {
		bool serves = part == CGROUP_UNIFIED && strcmp(type, "cgroup2") == 0;
		size_t below = strlen(mount_root);
		const char *path = paths[part];

		for (size_t i = 0; i < CONTROLLERS; i++) {
			serves = serves ||
				 (controllers[i].part == part && strcmp(type, "cgroup") == 0 &&
				  list_has(options, controllers[i].controller));
		}
		if (!serves || path[0] == '\0') {
			continue;
		}
		/* A container sees its own group as the mount's root, or a path above it. */
		if (strcmp(mount_root, "/") != 0 && strncmp(path, mount_root, below) == 0) {
			path += below;
		}
		snprintf(cgroup->folders[part], sizeof cgroup->folders[part], "%.500s%.500s",
			 mount_point, strcmp(path, "/") == 0 ? "" : path);
	}
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPER-OPTIONS" */
static void mounts_read(struct cgroup *cgroup, char paths[CGROUP_PARTS][SMALL_PATH_BYTES_MAX])
{
	char *text = malloc(SMALL_FILE_BYTES_MAX);
	char *rest = text;

	if (text == NULL ||
	    !small_read(text, SMALL_FILE_BYTES_MAX, cgroup->root, "/proc/self/mountinfo")) {
		free(text);
		return;
	}
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char mount_root[512], point[512], type[32], options[256];
		char *tail = strstr(line, " - ");

		if (tail != NULL &&
		    sscanf(line, "%*s %*s %*s %511s %511s", mount_root, point) == 2 &&
		    sscanf(tail, " - %31s %*s %255s", type, options) == 2) {
			mount_take(cgroup, type, options, mount_root, point, paths);
		}
	}
	free(text);
}

/* "0::/unified/path" and "5:cpu,cpuacct:/path". */
static void groups_read(struct cgroup *cgroup, pid_t pid,
			char paths[CGROUP_PARTS][SMALL_PATH_BYTES_MAX])
{
	char text[8192];
	char *rest = text;

	(void)small_read(text, sizeof text, cgroup->root, "/proc/%d/cgroup", (int)pid);
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char *names = strchr(line, ':');
		char *path = names == NULL ? NULL : strchr(names + 1, ':');

		if (path == NULL) {
			continue;
		}
		*path++ = '\0';
		names++;
		if (names[0] == '\0') {
			snprintf(paths[CGROUP_UNIFIED], SMALL_PATH_BYTES_MAX, "%s", path);
		}
		for (size_t i = 0; i < CONTROLLERS; i++) {
			if (list_has(names, controllers[i].controller)) {
				snprintf(paths[controllers[i].part], SMALL_PATH_BYTES_MAX, "%s",
					 path);
			}
		}
		if (cgroup->path[0] == '\0' || names[0] == '\0') {
			snprintf(cgroup->path, sizeof cgroup->path, "%s", path);
		}
	}
}

void cgroup_find(struct cgroup *cgroup, const char *root, pid_t pid)
{
	char paths[CGROUP_PARTS][SMALL_PATH_BYTES_MAX] = {{0}};

	*cgroup = (struct cgroup){.root = root};
	groups_read(cgroup, pid, paths);
	mounts_read(cgroup, paths);
}

/* A number of one of the group's files: its first, or with a key that of the key. */
static double group_number(const struct cgroup *cgroup, enum cgroup_part part, const char *file,
			   const char *key)
{
	char text[4096];
	char *end;
	double number;

	if (cgroup->folders[part][0] == '\0' ||
	    !small_read(text, sizeof text, cgroup->root, "%s/%s", cgroup->folders[part], file)) {
		return NAN;
	}
	if (key != NULL) {
		return small_field(text, key);
	}
	number = strtod(text, &end);
	return end == text ? NAN : number;
}

/* Sum over devices of "rbytes=5" (version 2) or "8:0 Read 5" (version 1); an empty file says 0. */
static double group_io(const struct cgroup *cgroup, enum cgroup_part part, const char *file,
		       const char *key)
{
	char *text = malloc(SMALL_FILE_BYTES_MAX);
	double sum = 0;

	if (text == NULL || cgroup->folders[part][0] == '\0' ||
	    !small_read(text, SMALL_FILE_BYTES_MAX, cgroup->root, "%s/%s", cgroup->folders[part],
			file)) {
		free(text);
		return NAN;
	}
	for (const char *at = text; (at = strstr(at, key)) != NULL;) {
		at += strlen(key);
		sum += strtod(at, NULL);
	}
	free(text);
	return sum;
}

static double first_known(double a, double b)
{
	return isnan(a) ? b : a;
}

void cgroup_read(const struct cgroup *cgroup, struct gauges *gauges)
{
	double *values = gauges->values;

	values[GAUGE_CGROUP_CPU] =
		first_known(group_number(cgroup, CGROUP_UNIFIED, "cpu.stat", "usage_usec") / 1e6,
			    group_number(cgroup, CGROUP_CPU, "cpuacct.usage", NULL) / 1e9);
	values[GAUGE_CGROUP_THROTTLED] = first_known(
		group_number(cgroup, CGROUP_UNIFIED, "cpu.stat", "throttled_usec") / 1e6,
		group_number(cgroup, CGROUP_CPU, "cpu.stat", "throttled_time") / 1e9);
	values[GAUGE_CGROUP_MEMORY] =
		first_known(group_number(cgroup, CGROUP_UNIFIED, "memory.current", NULL),
			    group_number(cgroup, CGROUP_MEMORY, "memory.usage_in_bytes", NULL));
	values[GAUGE_CGROUP_MEMORY_PEAK] =
		first_known(group_number(cgroup, CGROUP_UNIFIED, "memory.peak", NULL),
			    group_number(cgroup, CGROUP_MEMORY, "memory.max_usage_in_bytes", NULL));
	values[GAUGE_CGROUP_READ] = first_known(
		group_io(cgroup, CGROUP_UNIFIED, "io.stat", "rbytes="),
		group_io(cgroup, CGROUP_IO, "blkio.throttle.io_service_bytes", "Read "));
	values[GAUGE_CGROUP_WRITE] = first_known(
		group_io(cgroup, CGROUP_UNIFIED, "io.stat", "wbytes="),
		group_io(cgroup, CGROUP_IO, "blkio.throttle.io_service_bytes", "Write "));
}

double cgroup_oom_kills(const struct cgroup *cgroup)
{
	return first_known(group_number(cgroup, CGROUP_UNIFIED, "memory.events", "oom_kill"),
			   group_number(cgroup, CGROUP_MEMORY, "memory.oom_control", "oom_kill"));
}

double cgroup_machine_oom_kills(const char *root)
{
	char *text = malloc(SMALL_FILE_BYTES_MAX);
	double kills = NAN;

	if (text != NULL && small_read(text, SMALL_FILE_BYTES_MAX, root, "/proc/vmstat")) {
		kills = small_field(text, "oom_kill");
	}
	free(text);
	return kills;
}
