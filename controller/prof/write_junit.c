#include "prof/outputs.h"

#include "client/text.h"
#include "prof/markup.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* "p99(latency) <= 50ms" as "p99_latency_at_most_50ms": a name that Jenkins can keep history of. */
static void case_name(FILE *file, const char *words)
{
	bool gap = false;

	for (const char *at = words; *at != '\0'; at++) {
		if (strncmp(at, ">=", 2) == 0 || strncmp(at, "<=", 2) == 0) {
			fputs(*at == '>' ? "_at_least" : "_at_most", file);
			gap = true;
			at++;
		} else if (isalnum((unsigned char)*at) || *at == '.') {
			fprintf(file, "%s%c", gap ? "_" : "", *at);
			gap = false;
		} else if (at[0] != ')') {
			gap = at[1 + strspn(at + 1, " ")] != '>' &&
			      at[1 + strspn(at + 1, " ")] != '<';
		}
	}
}

static void attribute(FILE *file, const char *name, const char *value)
{
	fprintf(file, " %s=\"", name);
	markup_escape(file, value);
	putc('"', file);
}

static void property(FILE *file, const char *name, const char *value)
{
	if (value[0] == '\0') {
		return;
	}
	fputs("      <property", file);
	attribute(file, "name", name);
	attribute(file, "value", value);
	fputs("/>\n", file);
}

static void write_goal(const struct profile *profile, const struct aim *aim, double seconds,
		       FILE *file)
{
	char label[256] = "no setting";

	fputs("    <testcase classname=\"fastprof.goal\" name=\"", file);
	case_name(file, aim->words);
	fprintf(file, "\" time=\"%.3f\">", seconds);
	if (aim->best_setting != SIZE_MAX) {
		profile_label(profile, &profile->settings[aim->best_setting], label, sizeof label);
	}
	if (aim->verdict == AIM_MISSED) {
		char message[480];

		snprintf(message, sizeof message, "%s: the best is %.6g, at %s", aim->words,
			 aim->best, label);
		fputs("<failure type=\"goal\"", file);
		attribute(file, "message", message);
		fputs(">see report.html</failure>", file);
	} else if (aim->verdict == AIM_UNKNOWN) {
		fputs("<error type=\"goal\"", file);
		attribute(file, "message", "the metric was not measured");
		fputs("/>", file);
	}
	fputs("</testcase>\n", file);
}

static void write_failed(const struct profile *profile, const struct setting *setting, FILE *file)
{
	char name[256];

	profile_label(profile, setting, name, sizeof name);
	fputs("    <testcase classname=\"fastprof.setting\"", file);
	attribute(file, "name", name);
	fprintf(file, " time=\"%.3f\"><error type=\"%s\"",
		fmax(0, (double)(setting->end_ns - setting->start_ns) / 1e9),
		ending_name(setting->ending));
	attribute(file, "message", setting->reason);
	fputs("/></testcase>\n", file);
}

static void write_run(const struct profile *profile, double seconds, FILE *file)
{
	fprintf(file, "    <testcase classname=\"fastprof.run\" name=\"completes\" time=\"%.3f\">",
		seconds);
	if (profile->ending != ENDING_DONE) {
		fprintf(file, "<error type=\"%s\"", ending_name(profile->ending));
		attribute(file, "message", profile->reason);
		fputs("/>", file);
	}
	fputs("</testcase>\n", file);
}

static void write_suite(const struct profile *profile, FILE *file)
{
	double seconds = fmax(0, (double)(profile->run.end_ns - profile->run.start_ns) / 1e9);
	time_t start = (time_t)(profile->run.start_ns / 1000000000);
	size_t missed = 0, failed = 0, unknown = profile->ending == ENDING_DONE ? 0 : 1;
	char name[PROFILE_NAME_BYTES_MAX + PROFILE_TARGET_BYTES_MAX + 32];
	char when[32] = "";
	struct tm utc;

	for (size_t i = 0; i < profile->setting_count; i++) {
		failed += ending_is_failure(profile->settings[i].ending);
	}
	for (size_t i = 0; i < profile->aim_count; i++) {
		missed += profile->aims[i].verdict == AIM_MISSED;
		unknown += profile->aims[i].verdict == AIM_UNKNOWN;
	}
	if (gmtime_r(&start, &utc) != NULL) {
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
	}
	snprintf(name, sizeof name, "fastprof.%s%s%s",
		 profile->run.plugin[0] != '\0' ? profile->run.plugin : "unknown",
		 profile->is_one_of_several ? "." : "",
		 profile->is_one_of_several ? profile->target : "");
	fputs("  <testsuite", file);
	attribute(file, "name", name);
	fprintf(file,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"%.3f\" "
		"timestamp=\"%s\"",
		profile->aim_count + 1 + failed, missed, unknown + failed, seconds, when);
	attribute(file, "hostname", profile->run.node);
	fputs(">\n    <properties>\n", file);
	property(file, "command", profile->run.command);
	property(file, "image", profile->run.image);
	property(file, "target", profile->target);
	property(file, "commit", profile->run.commit);
	property(file, "fastd", profile->run.fastd);
	fputs("    </properties>\n", file);
	write_run(profile, seconds, file);
	for (size_t i = 0; i < profile->setting_count; i++) {
		if (ending_is_failure(profile->settings[i].ending)) {
			write_failed(profile, &profile->settings[i], file);
		}
	}
	for (size_t i = 0; i < profile->aim_count; i++) {
		write_goal(profile, &profile->aims[i], seconds, file);
	}
	fputs("    <system-out>results.json</system-out>\n  </testsuite>\n", file);
}

bool write_junit(const struct profiles *profiles, FILE *file)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", file);
	for (size_t i = 0; i < profiles->count; i++) {
		write_suite(&profiles->all[i], file);
	}
	fputs("</testsuites>\n", file);
	return !ferror(file);
}
