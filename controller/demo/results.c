#include "demo/outcome.h"

#include <jansson.h>
#include <math.h>
#include <sys/utsname.h>

#define RESULTS_SCHEMA "fastd-demo/1"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *verdict_json(const char *setting, const struct verdict *verdict)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:b}", "setting", setting,
			 "phase", phase_name(verdict->phase), "windows",
			 (json_int_t)verdict->windows, "windowsAtGoal", (json_int_t)verdict->met,
			 "share", number(verdict->share), "fpsMean", number(verdict->fps_mean),
			 "fpsWorst", number(verdict->fps_worst), "accMean",
			 number(verdict->acc_mean), "held", verdict->held);
}

static json_t *machine_json(const struct outcome *outcome)
{
	struct utsname name;

	if (uname(&name) != 0) {
		return json_null();
	}
	return json_pack("{s:i, s:o, s:s, s:s}", "cores", outcome->cores, "loadBefore",
			 outcome->load < 0 ? json_null() : number(outcome->load), "kernel",
			 name.release, "machine", name.machine);
}

bool outcome_write_results(const struct outcome *outcome, const char *path)
{
	json_t *settings = json_array();
	json_t *root;
	bool written;

	json_array_append_new(settings, verdict_json("controller", &outcome->hold));
	for (size_t i = 0; i < OUTCOME_FIXED; i++) {
		char setting[32];

		snprintf(setting, sizeof setting, "res=%.2f", outcome_fixed_res[i]);
		json_array_append_new(settings, verdict_json(setting, &outcome->fixed[i]));
	}
	root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:b, s:b, s:o}", "schema", RESULTS_SCHEMA,
			 "machine", machine_json(outcome), "fullRate", number(outcome->full_rate),
			 "goal", number(outcome->goal), "margin", number(outcome->margin),
			 "coRunners", outcome->co_runners, "held", outcome->held, "convincing",
			 outcome->convincing, "settings", settings);
	written = root != NULL &&
		  json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;
	json_decref(root);
	return written;
}

bool outcome_write_samples(const struct record *record, const struct outcome *outcome,
			   const char *path)
{
	FILE *file = fopen(path, "w");
	bool written = file != NULL;

	for (size_t i = 0; written && i < record->count; i++) {
		const struct point *point = &record->points[i];
		json_t *line =
			json_pack("{s:I, s:o, s:s, s:b, s:I, s:o, s:o, s:o, s:o}", "timeUnixNs",
				  (json_int_t)point->time_ns, "t",
				  number((double)(point->time_ns - outcome->start_ns) / 1e9),
				  "phase", phase_name(point->phase), "disturbed", point->disturbed,
				  "beats", (json_int_t)point->beats, "acc", number(point->acc),
				  "objects", number(point->objects), "latencyP50Seconds",
				  number(point->latency_p50_s), "res", number(point->res));

		written = line != NULL &&
			  json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 &&
			  fputc('\n', file) != EOF;
		json_decref(line);
	}
	if (file != NULL && fclose(file) != 0) {
		written = false;
	}
	return written;
}
