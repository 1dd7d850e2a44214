#include "prof/runlog.h"

#include "client/quantity.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void runlog_open(struct runlog *runlog, const char *folder)
{
	*runlog = (struct runlog){.offset = 0};
	if (folder != NULL && folder[0] != '\0') {
		snprintf(runlog->path, sizeof runlog->path, "%.480s/data.ndjson", folder);
	}
}

void runlog_skip(struct runlog *runlog)
{
	struct stat info;

	runlog->offset = stat(runlog->path, &info) == 0 ? info.st_size : 0;
	runlog->used = 0;
	runlog->is_too_long = false;
}

/* "latency.p95" is one of latency's too. */
static bool is_known(const struct meter *meter, const char *name)
{
	size_t bytes = strlen(name);
	size_t base = bytes > 4 && strcmp(name + bytes - 4, ".p95") == 0 ? bytes - 4 : bytes;

	for (size_t i = 0; meter != NULL && i < meter->count; i++) {
		const char *metric = meter->marks[i].metric;
		size_t length = strcspn(metric, "{");

		if ((length == bytes || length == base) && strncmp(metric, name, length) == 0) {
			return true;
		}
	}
	return false;
}

/* A metric with its labels: env.temp{camera="left"}. False: it is too long. */
static bool series_name(json_t *meta, const char *name, char *out, size_t out_bytes)
{
	size_t at = (size_t)snprintf(out, out_bytes, "%s", name);
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach(meta, key, value)
	{
		if (json_is_string(value) && at < out_bytes) {
			at += (size_t)snprintf(out + at, out_bytes - at, "%s%s=\"%s\"",
					       count++ == 0 ? "{" : ",", key,
					       json_string_value(value));
		}
	}
	if (count > 0 && at < out_bytes) {
		at += (size_t)snprintf(out + at, out_bytes - at, "}");
	}
	return at < out_bytes;
}

static void line_take(const char *line, size_t bytes, const struct meter *meter,
		      struct profile *profile, struct setting *setting, uint32_t repeat)
{
	struct point point = {.time_ns = quantity_unix_now(), .weight = 1, .repeat = repeat};
	json_t *record = json_loadb(line, bytes, 0, NULL);
	json_t *value = json_object_get(record, "value");
	const char *name = json_string_value(json_object_get(record, "name"));
	char metric[PROFILE_NAME_BYTES_MAX + 1];
	struct series *series = NULL;

	point.value = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
	if (name != NULL && (json_is_number(value) || json_is_boolean(value)) &&
	    isfinite(point.value) && !is_known(meter, name) &&
	    series_name(json_object_get(record, "meta"), name, metric, sizeof metric)) {
		series = profile_series(setting, metric, "", SOURCE_RUNLOG);
	}
	if (series != NULL) {
		profile_add(profile, series, point);
	}
	json_decref(record);
}

void runlog_read(struct runlog *runlog, const struct meter *meter, struct profile *profile,
		 struct setting *setting, uint32_t repeat)
{
	static char chunk[RUNLOG_READ_BYTES_MAX];
	struct stat info;
	ssize_t got;
	int fd;

	/* Until fastd has told of the plugin's metrics nobody knows what would be told twice. */
	if (runlog->path[0] == '\0' || (meter != NULL && meter->count == 0)) {
		return;
	}
	fd = open(runlog->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return;
	}
	if (fstat(fd, &info) == 0 && info.st_size < runlog->offset) { /* begun anew */
		runlog->offset = 0;
		runlog->used = 0;
	}
	got = pread(fd, chunk, sizeof chunk, (off_t)runlog->offset);
	close(fd);
	for (ssize_t i = 0; i < got; i++) {
		if (chunk[i] == '\n') {
			if (!runlog->is_too_long) {
				line_take(runlog->line, runlog->used, meter, profile, setting,
					  repeat);
			}
			runlog->used = 0;
			runlog->is_too_long = false;
		} else if (runlog->used < sizeof runlog->line) {
			runlog->line[runlog->used++] = chunk[i];
		} else {
			runlog->is_too_long = true;
		}
	}
	runlog->offset += got > 0 ? got : 0;
}
