#include "daemon/self.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *self_version(void)
{
	return FASTD_VERSION;
}

int64_t self_now_unix_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void self_add_endpoint(struct self *self, const char *prefix, const char *text)
{
	size_t count = atomic_load(&self->endpoint_count);

	if (count < SELF_ENDPOINTS_MAX) {
		snprintf(self->endpoints[count], sizeof self->endpoints[count], "%s%s", prefix,
			 text);
		atomic_store(&self->endpoint_count, count + 1);
	}
}

static double cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* 0 where there is no /proc. */
static uint64_t rss_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t pages = 0;

	if (file == NULL) {
		return 0;
	}
	if (fscanf(file, "%*u %" SCNu64, &pages) != 1) {
		pages = 0;
	}
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* 0 where there is no /proc. */
static uint32_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint32_t count = 0;

	if (dir == NULL) {
		return 0;
	}
	while ((entry = readdir(dir)) != NULL) {
		count += entry->d_name[0] != '.';
	}
	closedir(dir);
	return count - 1; /* not the folder itself */
}

void self_read(const struct self *self, struct self_reading *out)
{
	memset(out, 0, sizeof *out);
	node_status(self->node, &out->node);
	watch_stats(self->watch, &out->watch);
	fast_server_stats(self->server, &out->server);
	if (self->publish != NULL) {
		publish_stats(self->publish, &out->publish);
	}
	out->dropped_items = out->watch.dropped + out->publish.dropped;
	out->cpu_seconds = cpu_seconds();
	out->rss_bytes = rss_bytes();
	out->open_files = open_files();
}
