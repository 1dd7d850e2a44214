#include "prof/options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 604800 /* a week */

static const char usage[] =
	"usage: fastprof run [OPTION]... -- COMMAND [ARGUMENT]...\n"
	"       fastprof run [OPTION]... --sage sage.yaml --image IMAGE\n"
	"       fastprof run [OPTION]... --repo URL[#REF]\n"
	"       fastprof compare [--json] BEFORE AFTER\n"
	"\n"
	"Runs a plugin, visits the settings of its knobs, and measures each: the plugin's own\n"
	"metrics, CPU, memory, I/O, temperature and GPU. Writes results for people, CI and\n"
	"schedulers to --out, and always some result, however the plugin ends.\n"
	"\n"
	"What is run, where:\n"
	"  --sage FILE           what to run, as its sage.yaml says; --image names its image\n"
	"  --image IMAGE         run in a container, by podman or docker\n"
	"  --engine-options '...'  words for its run: '--gpus all', '--ulimit nofile=1024:1024'\n"
	"  --repo URL[#REF]      clone with git, then run or build as its sage.yaml says\n"
	"  --keep-image          leave the image that was built of its Dockerfile\n"
	"  --ref REF             branch, tag or commit of it (default: as its sage.yaml says)\n"
	"  --target NAME         only this target of the sage.yaml; may be repeated\n"
	"  --run-log DIR         pywaggle's, whose numbers count too (default: $PYWAGGLE_LOG_DIR)\n"
	"  --dataset URL         given to the plugin as FASTPROF_DATASET\n"
	"  --endpoint URL        the node's fastd; without it, a private one is started\n"
	"  --plugin-socket PATH  where that fastd takes plugins (default: $FASTD_PLUGIN_SOCKET)\n"
	"  --plugin NAME         which plugin is meant, if the command attaches several\n"
	"  --bin DIR             where fastd is (default: beside fastprof)\n"
	"\n"
	"Which settings:\n"
	"  --knob NAME=V,V,...   only these values of the knob; may be repeated\n"
	"  --strategy S          exhaustive (default), endpoints, or selective:N%\n"
	"  --points N            values of a knob that has a range without few steps (default 5)\n"
	"\n"
	"How long, in seconds:\n"
	"  --warmup S            let each setting settle (default 1)\n"
	"  --duration S          measure each setting (default 5)\n"
	"  --beats N             measure until N beats instead, at most --duration times ten\n"
	"  --repeat N            visit all settings N times (default 1)\n"
	"  --interval S          between two samples (default 0.1)\n"
	"  --attach S            wait for the plugin to attach (default 30)\n"
	"  --hang S              a plugin without progress for so long has hung (default 10)\n"
	"  --failures N          give up when the plugin fails in N settings in a row (default 3)\n"
	"  --timeout S           for the whole run (default: none)\n"
	"\n"
	"What for:\n"
	"  --goal GOAL           'fps >= 24', 'p99(latency) <= 50ms'; may be repeated; met when\n"
	"                        one setting meets it\n"
	"  --maximize METRIC     what the report sets against speed, as accuracy\n"
	"  --minimize METRIC     the same, less being better, as gpu.power\n"
	"  --out DIR             where results go (default: fastprof-out)\n"
	"  --quiet               no progress\n"
	"  --json                compare: as JSON\n"
	"  --tolerance PERCENT   compare: a smaller difference is none (default 2)\n"
	"\n"
	"Exit status: 0 all goals met; 1 a goal missed; 2 usage; 3 the plugin failed; 4 timeout;\n"
	"5 anything else, as a fastd that died or a full disk. compare: 0 unless it cannot read.\n"
	"\n"
	"To begin:\n"
	"  fastprof run --goal 'fps >= 24' --duration 2 -- knob 20\n"
	"  xdg-open fastprof-out/report.html\n"
	"  fastctl hold 'fps >= 24' --maximize acc --table fastprof-out/measuretable.csv\n";

enum kind {
	KIND_WORD,
	KIND_SECONDS,
	KIND_COUNT,
	KIND_PERCENT,
	KIND_FLAG,
	KIND_KNOB,
	KIND_GOAL,
	KIND_TARGET,
	KIND_STRATEGY
};

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} table[] = {
	{"out", KIND_WORD, offsetof(struct options, out)},
	{"endpoint", KIND_WORD, offsetof(struct options, endpoint)},
	{"plugin-socket", KIND_WORD, offsetof(struct options, plugin_socket)},
	{"plugin", KIND_WORD, offsetof(struct options, plugin)},
	{"bin", KIND_WORD, offsetof(struct options, bin)},
	{"sage", KIND_WORD, offsetof(struct options, sage)},
	{"image", KIND_WORD, offsetof(struct options, image)},
	{"engine-options", KIND_WORD, offsetof(struct options, engine_options)},
	{"run-log", KIND_WORD, offsetof(struct options, run_log)},
	{"repo", KIND_WORD, offsetof(struct options, repo)},
	{"ref", KIND_WORD, offsetof(struct options, ref)},
	{"target", KIND_TARGET, 0},
	{"dataset", KIND_WORD, offsetof(struct options, dataset)},
	{"maximize", KIND_WORD, offsetof(struct options, maximize)},
	{"minimize", KIND_WORD, offsetof(struct options, minimize)},
	{"knob", KIND_KNOB, 0},
	{"goal", KIND_GOAL, 0},
	{"strategy", KIND_STRATEGY, 0},
	{"warmup", KIND_SECONDS, offsetof(struct options, warmup_s)},
	{"duration", KIND_SECONDS, offsetof(struct options, duration_s)},
	{"interval", KIND_SECONDS, offsetof(struct options, interval_s)},
	{"attach", KIND_SECONDS, offsetof(struct options, attach_s)},
	{"hang", KIND_SECONDS, offsetof(struct options, hang_s)},
	{"timeout", KIND_SECONDS, offsetof(struct options, timeout_s)},
	{"beats", KIND_COUNT, offsetof(struct options, beats)},
	{"repeat", KIND_COUNT, offsetof(struct options, repeat)},
	{"failures", KIND_COUNT, offsetof(struct options, failures)},
	{"points", KIND_COUNT, offsetof(struct options, points)},
	{"tolerance", KIND_PERCENT, offsetof(struct options, tolerance)},
	{"keep-image", KIND_FLAG, offsetof(struct options, keep_image)},
	{"quiet", KIND_FLAG, offsetof(struct options, quiet)},
	{"json", KIND_FLAG, offsetof(struct options, json)},
};
#define TABLE (sizeof table / sizeof table[0])

static const struct {
	double min, max;
	const char *what;
} numbers[] = {
	[KIND_SECONDS] = {0, SECONDS_MAX, "seconds, 0 to 604800"},
	[KIND_COUNT] = {1, 1e9, "a whole number greater than 0"},
	[KIND_PERCENT] = {0, 100, "a number from 0 to 100"},
};

static int option_complain(const char *name, const char *value, const char *what)
{
	fprintf(stderr, "fastprof: --%s is '%.100s'; it must be %s\n", name, value, what);
	return PROFILE_EXIT_USAGE;
}

static int option_number(size_t index, const char *value, struct options *out)
{
	enum kind kind = table[index].kind;
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end != '\0' ||
	    !(number >= numbers[kind].min && number <= numbers[kind].max) ||
	    (kind == KIND_COUNT && number != floor(number))) {
		return option_complain(table[index].name, value, numbers[kind].what);
	}
	*(double *)((char *)out + table[index].offset) = number;
	return 0;
}

static int option_goal(const char *value, struct options *out)
{
	char error[GOAL_ERROR_BYTES_MAX];
	struct aim aim;

	if (aim_parse(value, &aim, error) != FAST_OK) {
		fprintf(stderr, "fastprof: --goal '%.100s': %s\n", value, error);
		return PROFILE_EXIT_USAGE;
	}
	if (out->goal_count == PROFILE_AIMS_MAX) {
		return option_complain("goal", value, "one of at most 32");
	}
	out->goals[out->goal_count++] = value;
	return 0;
}

static int option_knob(const char *value, struct options *out)
{
	const char *equals = strchr(value, '=');

	if (equals == NULL || equals == value || equals[1] == '\0' ||
	    out->knob_count == OPTIONS_KNOBS_MAX) {
		return option_complain("knob", value, "NAME=VALUE,VALUE,..., at most 64 times");
	}
	out->knobs[out->knob_count++] = value;
	return 0;
}

static int option_take(size_t index, char *value, struct options *out)
{
	switch (table[index].kind) {
	case KIND_WORD:
		*(const char **)((char *)out + table[index].offset) = value;
		return 0;
	case KIND_FLAG:
		*(bool *)((char *)out + table[index].offset) = true;
		return 0;
	case KIND_KNOB:
		return option_knob(value, out);
	case KIND_GOAL:
		return option_goal(value, out);
	case KIND_TARGET:
		if (out->target_count == SAGE_TARGETS_MAX) {
			return option_complain("target", value, "one of at most 16");
		}
		out->targets[out->target_count++] = value;
		return 0;
	case KIND_STRATEGY:
		out->strategy = value;
		return grid_strategy_parse(value, &out->grid)
			       ? 0
			       : option_complain("strategy", value,
						 "exhaustive, endpoints or selective:N%, as in "
						 "selective:20%");
	default:
		return option_number(index, value, out);
	}
}

static int complain(const char *sentence)
{
	fprintf(stderr, "fastprof: %s; see fastprof --help\n", sentence);
	return PROFILE_EXIT_USAGE;
}

/* What a run needs. */
static int check_run(const struct options *options)
{
	bool command = options->command[0] != NULL;

	if (options->repo != NULL && (options->sage != NULL || options->image != NULL)) {
		return complain("--repo brings its own sage.yaml: leave out --sage and --image");
	}
	if (options->ref != NULL && options->repo == NULL && options->sage == NULL) {
		return complain("--ref says what of --repo is run; there is none");
	}
	if (!command && options->sage == NULL && options->image == NULL && options->repo == NULL) {
		return complain("nothing to run: give -- COMMAND, --image or --repo");
	}
	if (options->duration_s <= 0 || options->interval_s < 0.01 || options->interval_s > 60) {
		return complain("--duration must be above 0, --interval from 0.01 to 60");
	}
	return options->points < 2 ? complain("--points must be at least 2") : 0;
}

static int options_read(int argc, char **argv, struct options *out)
{
	struct option longs[TABLE + 2] = {{0}};
	int code = 0;
	int index;

	for (size_t i = 0; i < TABLE; i++) {
		longs[i] = (struct option){
			table[i].name, table[i].kind == KIND_FLAG ? no_argument : required_argument,
			NULL, (int)i + 256};
	}
	longs[TABLE] = (struct option){"help", no_argument, NULL, 'h'};
	while (code == 0 && (index = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (index == 'h') {
			fputs(usage, stdout);
			return -1;
		}
		code = index < 256 ? complain("that is not understood")
				   : option_take((size_t)index - 256, optarg, out);
	}
	return code;
}

static enum options_verb stop(int *code, int value)
{
	*code = value < 0 ? 0 : value;
	return OPTIONS_STOP;
}

enum options_verb options_parse(int argc, char **argv, struct options *out, int *code)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool run = strcmp(verb, "run") == 0;
	int result;

	*out = (struct options){.out = "fastprof-out",
				.run_log = getenv("PYWAGGLE_LOG_DIR"),
				.warmup_s = 1,
				.duration_s = 5,
				.attach_s = 30,
				.hang_s = 10,
				.interval_s = 0.1,
				.repeat = 1,
				.failures = OPTIONS_FAILURES_DEFAULT,
				.points = GRID_POINTS_DEFAULT,
				.strategy = "exhaustive",
				.tolerance = 2};
	if (strcmp(verb, "--version") == 0) {
		puts("fastprof " FASTPROF_VERSION);
		return stop(code, 0);
	}
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
		fputs(usage, stdout);
		return stop(code, 0);
	}
	if (!run && strcmp(verb, "compare") != 0) {
		return stop(code, complain("the first word must be run or compare, as in "
					   "fastprof run -- COMMAND"));
	}
	result = options_read(argc - 1, argv + 1, out);
	if (result != 0) {
		return stop(code, result);
	}
	out->command = argv + 1 + optind;
	out->grid.points = (size_t)out->points;
	if (run) {
		result = check_run(out);
		return result == 0 ? OPTIONS_RUN : stop(code, result);
	}
	if (argc - 1 - optind != 2) {
		return stop(code, complain("compare takes two: BEFORE and AFTER, each a "
					   "results.json or the folder that holds it"));
	}
	out->before = out->command[0];
	out->after = out->command[1];
	return OPTIONS_COMPARE;
}
