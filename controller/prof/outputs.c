#include "prof/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024

/* One file about all targets, or one about each. */
static const struct {
	const char *name;
	const char *extension;
	outputs_write_fn *write;
	outputs_write_one_fn *write_one;
} files[] = {
	{"samples", ".ndjson", write_samples, NULL},
	{"knobtable", ".csv", NULL, write_knob_table},
	{"measuretable", ".csv", NULL, write_measure_table},
	{"junit", ".xml", write_junit, NULL},
	{"benchmark", ".json", write_benchmark, NULL},
	{"report", ".txt", write_report, NULL},
	{"report", ".html", write_html, NULL},
};
#define FILES (sizeof files / sizeof files[0])

/* Of an older run: it would speak of another one. */
static const char *const stale[] = {
	"samples.ndjson", "knobtable*.csv", "measuretable*.csv", "junit.xml",   "benchmark.json",
	"report.txt",     "report.html",    "profile.sqlite",    "plugin*.log", "fastd*.log"};

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
	snprintf(out, PATH_BYTES_MAX, "%.800s/%.120s%.20s", folder, name, suffix);
}

/* What is written: about all, or about one. */
struct matter {
	const struct profiles *profiles;
	outputs_write_fn *write;
	const struct profile *profile;
	outputs_write_one_fn *write_one;
};

static bool matter_write(const struct matter *matter, FILE *file)
{
	return matter->write != NULL ? matter->write(matter->profiles, file)
				     : matter->write_one(matter->profile, file);
}

static bool file_put(const char *folder, const char *name, const struct matter *matter)
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
	written = matter_write(matter, file) && fflush(file) == 0 && fsync(fileno(file)) == 0;
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

bool output_file(const char *folder, const char *name, const struct profiles *profiles,
		 outputs_write_fn *write)
{
	return file_put(folder, name, &(struct matter){.profiles = profiles, .write = write});
}

/* name: gets that of the file that is written, for complaints. */
static bool files_put(const struct profiles *profiles, const char *folder, size_t index, char *name,
		      size_t name_bytes)
{
	bool written = true;

	if (files[index].write != NULL) {
		snprintf(name, name_bytes, "%s%s", files[index].name, files[index].extension);
		return output_file(folder, name, profiles, files[index].write);
	}
	for (size_t i = 0; written && i < profiles->count; i++) {
		struct matter one = {.profile = &profiles->all[i],
				     .write_one = files[index].write_one};

		profile_file(one.profile, files[index].name, files[index].extension, name,
			     name_bytes);
		written = file_put(folder, name, &one);
	}
	return written;
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

static void remove_like(const char *pattern)
{
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			(void)unlink(found.gl_pathv[i]);
		}
		globfree(&found);
	}
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
	for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
		path_make(path, folder, stale[i], "");
		remove_like(path);
	}
	return true;
}

static void reserve_free(const char *folder)
{
	char path[PATH_BYTES_MAX];

	path_make(path, folder, reserve_name, "");
	(void)unlink(path);
}

bool outputs_write_results(const struct profiles *profiles, const char *folder, char *error)
{
	if (!output_file(folder, "results.json", profiles, write_results)) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s/results.json: %s", folder,
			 strerror(errno));
		return false;
	}
	return true;
}

/* The disk is full: what is least is written first. */
static void write_brief(struct profiles *profiles, const char *folder)
{
	for (size_t i = 0; i < profiles->count; i++) {
		struct profile *profile = &profiles->all[i];

		if (profile->ending == ENDING_DONE) {
			profile->ending = ENDING_DISK;
			snprintf(profile->reason, sizeof profile->reason,
				 "the results could not be written whole: the disk is full");
		}
		profile_note(profile, "the disk is full: points and further files are missing");
	}
	reserve_free(folder);
	(void)output_file(folder, "results.json", profiles, write_results_brief);
	(void)output_file(folder, "junit.xml", profiles, write_junit);
}

bool outputs_write(struct profiles *profiles, const char *folder, char *error)
{
	char name[128] = "results.json";
	bool written = true;

	for (size_t i = 0; written && i < FILES; i++) {
		written = files_put(profiles, folder, i, name, sizeof name);
	}
	if (written) {
		snprintf(name, sizeof name, "results.json");
		written = output_file(folder, name, profiles, write_results);
	}
	if (!written) {
		snprintf(error, OUTPUTS_ERROR_BYTES_MAX, "%.300s/%s: %s", folder, name,
			 strerror(errno));
	}
	written = written && write_sqlite(profiles, folder, error);
	if (!written) {
		write_brief(profiles, folder);
		return false;
	}
	reserve_free(folder);
	return true;
}
