/* prof/options.h - the command line of fastprof. */
#ifndef PROF_OPTIONS_H
#define PROF_OPTIONS_H

#include "prof/grid.h"
#include "prof/profile.h"
#include "prof/sage.h"

#define OPTIONS_KNOBS_MAX        64
#define OPTIONS_FAILURES_DEFAULT 3

struct options {
	/* run */
	const char *out;
	const char *endpoint;      /* NULL: a private fastd */
	const char *plugin_socket; /* of that endpoint's fastd; NULL: as the environment says */
	const char *plugin;        /* instance or name; NULL: whichever the command attaches */
	const char *bin;           /* where fastd is; NULL: beside this program, else in $PATH */
	const char *knobs[OPTIONS_KNOBS_MAX];
	size_t knob_count;
	struct grid_options grid; /* narrow is set from knobs by the run */
	const char *strategy;
	const char *goals[PROFILE_AIMS_MAX];
	size_t goal_count;
	double warmup_s, duration_s, timeout_s, attach_s, hang_s, interval_s;
	double beats, repeat, points, failures;
	const char *sage;
	const char *image;
	const char *engine_options; /* words for the engine's run; NULL: none */
	const char *run_log;        /* folder of pywaggle's; NULL: none */
	const char *repo;
	const char *ref; /* branch, tag or commit of it; NULL: as it says itself */
	const char *targets[SAGE_TARGETS_MAX]; /* those of the sage.yaml that are run; none: all */
	size_t target_count;
	bool timeout_is_targets; /* the sage.yaml's, not the command line's */
	const char *dataset;
	const char *maximize; /* what the report sets against speed; NULL: it chooses */
	const char *minimize; /* the same, less being better */
	char **command;       /* NULL-terminated; of length 0 where sage or repo say it */
	bool keep_image;      /* that was built from a Dockerfile */
	bool quiet;
	/* compare */
	const char *before;
	const char *after;
	bool json;
	double tolerance;
};

enum options_verb { OPTIONS_RUN, OPTIONS_COMPARE, OPTIONS_STOP };

/* Reads the command line; what is wrong, or asked for, is printed. OPTIONS_STOP: end with *code. */
enum options_verb options_parse(int argc, char **argv, struct options *out, int *code);

#endif
