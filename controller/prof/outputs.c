#include "prof/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024

static const struct {
	const char *name;
	bool (*write)(const struct profile *profile, FILE *file);
} files[] = {
	{"samples.ndjson", write_samples},
	{"knobtable.csv", write_knob_table},
	{"measuretable.csv", write_measure_table},
	{"junit.xml", write_junit},
	{"benchmark.json", write_benchmark},
	{"report.txt", write_report},
	{"report.html", write_html},
};
#define FILES (sizeof files / sizeof files[0])

static const char reserve_name[] = ".reserve";

double series_headline(const struct series *series)
{
	size_t bytes = strlen(series->name);

	return bytes > 5 && strcmp(series->name + bytes - 5, "_peak") == 0 ? series->stats.max
									   : series->stats.mean;
}

json_t *number_json(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

static void path_make(char *out, const char *folder, const char *name, const char *suffix)
{
	snprintf(out, PATH_BYTES_MAX, "%.800s/%.100s%.20s", folder, name, suffix);
}

bool output_file(const char *folder, const char *name, const struct profile *profile,
		 bool (*write)(const struct profile *profile, FILE *file))
{
	char beside[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
	bool written = false;
	FILE *file;
	int why;

	path_make(beside, folder, name, ".tmp");
	path_make(path, folder, name, "");
	file = fopen(beside, "we");
	if (file == NULL) {
		return false;
	}
	errno = 0;
	written = write(profile, file) && fflush(file) == 0 && fsync(fileno(file)) == 0;
	why = errno;
	written = fclose(file) == 0 && written;
	if (written && rename(beside, path) == 0) {
		return true;
	}
	why = why != 0 ? why : errno != 0 ? errno : ENOMEM;
	(void)unlink(beside);
	errno = why;
	return false;
}

static bool make_folders(const char *folder)
{
	char path[PATH_BYTES_MAX];

	snprintf(path, sizeof path, "%.1000s", folder);
	for (char *at = path + 1; *at != '\0'; at++) {
		if (*at == '/') {
			*at = '\0';
			(void)mkdir(path, 0755);
			*at = '/';
		}
	}
	return mkdir(path, 0755) == 0 || errno == EEXIST;
}

bool outputs_open(const char *folder, char *error)
{
	char path[PATH_BYTES_MAX];
	int fd = -1;
	int why = 0;

	if (make_folders(folder)) {
		path_make(path, folder, reserve_name, "");
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	if (fd >= 0) {
		why = posix_fallocate(fd, 0, OUTPUTS_RESERVE_BYTES);
		close(fd);
		errno = why;
	}
	if (fd < 0 || why != 0) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s: %s", folder, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < FILES; i++) {
		path_make(path, folder, files[i].name, "");
		(void)unlink(path); /* it would speak of another run */
	}
	path_make(path, folder, "profile.sqlite", "");
	(void)unlink(path);
	return true;
}

static void reserve_free(const char *folder)
{
	char path[PATH_BYTES_MAX];

	path_make(path, folder, reserve_name, "");
	(void)unlink(path);
}

bool outputs_write_results(const struct profile *profile, const char *folder, char *error)
{
	if (!output_file(folder, "results.json", profile, write_results)) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s/results.json: %s", folder,
			 strerror(errno));
		return false;
	}
	return true;
}

/* The disk is full: what is least is written first. */
static void write_brief(struct profile *profile, const char *folder)
{
	if (profile->ending == ENDING_DONE) {
		profile->ending = ENDING_DISK;
		snprintf(profile->reason, sizeof profile->reason,
			 "the results could not be written whole: the disk is full");
	}
	profile_note(profile, "the disk is full: points and further files are missing");
	reserve_free(folder);
	(void)output_file(folder, "results.json", profile, write_results_brief);
	(void)output_file(folder, "junit.xml", profile, write_junit);
}

bool outputs_write(struct profile *profile, const char *folder, char *error)
{
	const char *name = "results.json";
	bool written = true;

	for (size_t i = 0; written && i < FILES; i++) {
		name = files[i].name;
		written = output_file(folder, name, profile, files[i].write);
	}
	if (written) {
		name = "results.json";
		written = output_file(folder, name, profile, write_results);
	}
	if (written) {
		written = write_sqlite(profile, folder, error);
		if (!written) {
			write_brief(profile, folder);
			return false;
		}
	} else {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s/%s: %s", folder, name,
			 strerror(errno));
		write_brief(profile, folder);
	}
	reserve_free(folder);
	return written;
}
