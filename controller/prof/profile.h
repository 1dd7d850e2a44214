/* prof/profile.h - what a run has measured, in memory until it is written. */
#ifndef PROF_PROFILE_H
#define PROF_PROFILE_H

#include "client/table.h"
#include "prof/aim.h"
#include "prof/stats.h"

#include <stdint.h>

#define PROFILE_NAME_BYTES_MAX   255 /* of a series: a metric with its labels */
#define PROFILE_UNIT_BYTES_MAX   16
#define PROFILE_TARGET_BYTES_MAX 64
#define PROFILE_SERIES_MAX       512   /* of a setting */
#define PROFILE_POINTS_MAX       20000 /* of a series */
#define PROFILE_POINTS_TOTAL_MAX 5000000
#define PROFILE_AIMS_MAX         32
#define PROFILE_REASON_BYTES_MAX 256
#define PROFILE_TEXT_BYTES_MAX   512
#define PROFILE_NOTES_MAX        64

enum profile_exit {
	PROFILE_EXIT_MET = 0,
	PROFILE_EXIT_MISSED = 1,
	PROFILE_EXIT_USAGE = 2,
	PROFILE_EXIT_PLUGIN = 3,
	PROFILE_EXIT_TIMEOUT = 4,
	PROFILE_EXIT_BROKEN = 5,
};

/* How a setting, or the run, ended. */
enum ending {
	ENDING_DONE,
	ENDING_RUNNING, /* not yet */
	ENDING_REFUSED, /* fastd or the plugin did not take the knobs; the next setting follows */
	ENDING_INTERRUPTED, /* by a signal */
	ENDING_TIMEOUT,     /* --timeout */
	ENDING_EXITED,      /* the plugin ended by itself */
	ENDING_CRASHED,     /* by a signal that nobody of us sent */
	ENDING_OUT_OF_MEMORY,
	ENDING_HUNG, /* it is there, but makes no progress */
	ENDING_NO_PLUGIN,
	ENDING_FASTD, /* fastd is gone */
	ENDING_DISK,
	ENDING_USAGE,  /* a --knob that does not exist, too many settings */
	ENDING_BROKEN, /* anything else of the machine's */
	ENDING_COUNT,
};

const char *ending_name(enum ending ending);
enum profile_exit ending_exit(enum ending ending);
/* Whether it is the plugin that failed; of a setting, the others can be measured all the same. */
bool ending_is_failure(enum ending ending);

enum source {
	SOURCE_PLUGIN,
	SOURCE_PROC,
	SOURCE_CGROUP,
	SOURCE_HOST,
	SOURCE_GPU,
	SOURCE_SELF,
	SOURCE_RUNLOG
};

const char *source_name(enum source source);

struct point {
	int64_t time_ns; /* since 1970 */
	double value;
	double weight; /* seconds, or observations */
	uint32_t repeat;
};

/* One metric in one setting. */
struct series {
	char name[PROFILE_NAME_BYTES_MAX + 1];
	char unit[PROFILE_UNIT_BYTES_MAX + 1];
	enum source source;
	bool unsupported; /* it cannot be had here; it has no points */
	struct point *points;
	size_t count;
	size_t capacity;
	size_t mixed; /* windows left out, since another knob revision was in effect in part */
	/* The distribution of single observations, from fastd's windows; observations is 0 where
	 * there is none, and the points' own quantiles hold. */
	uint64_t observations;
	double p50_sum, p95_sum, p99_sum, mean_sum; /* times observations */
	struct stats stats;                         /* set by profile_finish() */
};

struct setting {
	size_t row; /* of the grid */
	enum ending ending;
	char reason[PROFILE_REASON_BYTES_MAX];
	int64_t start_ns; /* since 1970; 0: not begun */
	int64_t end_ns;
	uint32_t repeats; /* that were measured whole */
	int exit_status;  /* of the plugin that failed in it, as waitpid gives it; -1: none, or
			     unknown */
	size_t aims_met;  /* set by profile_finish() */
	struct series *series;
	size_t count;
};

/* What the run was, for the reader. */
struct profile_run {
	char command[PROFILE_TEXT_BYTES_MAX];
	char plugin[PROFILE_NAME_BYTES_MAX + 1];
	char plugin_version[65];
	char node[65];
	char kernel[130];
	char fastd[65];
	char image[PROFILE_TEXT_BYTES_MAX];
	char image_digest[160];
	char repo[PROFILE_TEXT_BYTES_MAX];
	char ref[256]; /* that was asked for; "": the repository's HEAD */
	char commit[65];
	char dataset[PROFILE_TEXT_BYTES_MAX];
	char strategy[32];
	char cgroup[PROFILE_TEXT_BYTES_MAX];
	double warmup_s, duration_s;
	uint64_t beats;
	uint32_t repeat;
	int64_t start_ns, end_ns;
	int exit_status; /* of the plugin's last start, as waitpid gives it; -1: it was ended by us
			  */
};

struct overhead {
	double fastprof_cpu_s, fastd_cpu_s;
	uint64_t fastd_rss_bytes;
	double sampling_s; /* spent reading /proc and cgroups */
	double wall_s;
};

/* Zeroed memory is a valid empty profile. */
struct profile {
	char target[PROFILE_TARGET_BYTES_MAX + 1]; /* "default" where nothing names it */
	bool is_one_of_several;                    /* then files are named after it */
	size_t first_id;                           /* of its settings: no two targets share one */
	struct profile_run run;
	struct table grid; /* a column per knob; no columns at all: one setting without knobs */
	struct setting *settings;
	size_t setting_count;
	struct aim aims[PROFILE_AIMS_MAX];
	const char *merit; /* what the report sets against speed; borrowed; NULL: it chooses */
	bool merit_less;   /* less of it is better */
	size_t aim_count;
	char notes[PROFILE_NOTES_MAX][PROFILE_REASON_BYTES_MAX];
	size_t note_count;
	enum ending ending;
	char reason[PROFILE_REASON_BYTES_MAX];
	struct overhead overhead;
	size_t point_count;
	size_t points_lost; /* past the limits */
};

void profile_fini(struct profile *profile);

/* Makes room for as many settings. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status profile_begin(struct profile *profile, size_t settings);

/* The series of this name, made when it is not there; NULL: no memory, or PROFILE_SERIES_MAX. Valid
 * until the next call for the setting. */
struct series *profile_series(struct setting *setting, const char *name, const char *unit,
			      enum source source);
/* Whether it was measured whole at least once, and the plugin never failed in it. */
bool setting_is_measured(const struct setting *setting);
/* The first one that was measured, or else begun: what is unsupported shows there. NULL: none. */
const struct setting *profile_first(const struct profile *profile);
/* How it ended; "not_visited" when it was not begun. */
const char *setting_ending_name(const struct setting *setting);
const struct series *profile_find(const struct setting *setting, const char *name);

/* Whether the plugin itself tells it. */
bool series_is_own(const struct series *series);

/* Past a limit the point is counted as lost. */
void profile_add(struct profile *profile, struct series *series, struct point point);

void profile_note(struct profile *profile, const char *format, ...) FAST_PRINTF(2, 3);

/* Sets how it ended, unless that was done; the first reason stays. */
void profile_end(struct profile *profile, enum ending ending, const char *format, ...)
	FAST_PRINTF(3, 4);

/* Sets how the run ended when every setting had its turn: done, or as the first that failed. */
void profile_sum_up(struct profile *profile);

/* Computes the stats of every series and judges the aims. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status profile_finish(struct profile *profile);

/* What the run comes to. */
enum profile_exit profile_exit(const struct profile *profile);

/* The setting's number among all targets'. */
size_t profile_setting_id(const struct profile *profile, const struct setting *setting);

/* "plugin.log"; "plugin-night.log" of the target night, where there are several. */
void profile_file(const struct profile *profile, const char *name, const char *extension, char *out,
		  size_t out_bytes);

/* "res=0.5 mode=fast"; "as it is" without knobs. */
void profile_label(const struct profile *profile, const struct setting *setting, char *out,
		   size_t out_bytes);

#endif
