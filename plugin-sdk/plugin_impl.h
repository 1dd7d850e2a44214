/* plugin_impl.h - what a plugin, a metric and a param are inside. */
#ifndef FAST_PLUGIN_IMPL_H
#define FAST_PLUGIN_IMPL_H

#include "page/exemplar.h"
#include "page/labels.h"
#include "page/map.h"
#include "page/names.h"
#include "page/page.h"

#include <fast/param_change.h>
#include <fast/plugin.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/un.h>

/* fastd may add a number to the plugin's name. */
#define FAST_INSTANCE_BYTES_MAX (FAST_PLUGIN_NAME_BYTES_MAX + 16)
#define FAST_ADDRESSES_MAX      2 /* the user's fastd, the node's */
#define FAST_PLUGIN_ERROR_BYTES 512
/* The author's metrics and the SDK's own (metric_overflow.c). */
#define METRICS_SLOTS (FAST_PLUGIN_METRICS_MAX + FAST_METRICS_RESERVED)
#define FAST_ANNOUNCE_MAX                                                                          \
	(METRICS_SLOTS + FAST_EXEMPLAR_METRICS_MAX + FAST_PLUGIN_PARAMS_MAX +                      \
	 FAST_PAGE_SEGMENTS_MAX)

_Static_assert(FAST_PLUGIN_PARAMS_MAX <= FAST_PAGE_SEGMENTS_MAX * FAST_PAGE_PARAMS_MAX,
	       "a slot for each param");
/* The end of a segment may be too short for what comes next. */
_Static_assert(FAST_PAGE_SEGMENTS_MAX *(FAST_PAGE_BYTES - FAST_PAGE_CELLS_OFFSET -
					sizeof(struct fast_page_exemplars)) >=
		       METRICS_SLOTS * sizeof(struct fast_page_heartbeat) +
			       FAST_EXEMPLAR_METRICS_MAX * sizeof(struct fast_page_exemplars),
	       "the segments hold the most metrics at their largest, and the most exemplars");

/* What the plugin's author holds: the address of the cell, which is aligned to 64 bytes, plus the
 * kind; 0: no verb yet, or not in this process. Set by release, after the cell is whole. */
struct fast_metric {
	uintptr_t bound;
};

#define FAST_METRIC_KIND_MASK    ((uintptr_t)63)
#define FAST_METRIC_KIND_NOWHERE 63 /* the handle of what was refused */
_Static_assert(offsetof(struct fast_metric, bound) == 0, "read inline by plugins");

/* All else about a metric. */
struct metric_info {
	struct fast_metric *handle;
	struct fast_plugin *plugin;
	atomic_flag reported; /* a verb that does not fit was reported */
	bool reserved;        /* one of the SDK's own */
	bool overflows; /* takes what there is no room for; kind: UNDECLARED for ever, or one */
	enum fast_metric_kind kind; /* guarded by the plugin's lock, as what follows, until bound */
	uint32_t cell_offset;       /* from the begin of the first segment */
	char name[FAST_METRIC_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	char help[FAST_METRIC_HELP_BYTES_MAX + 1];
	struct metric_info *family;             /* whose labels are bound; NULL: it has none */
	enum fast_metric_kind series_kind;      /* of the first series that has one */
	size_t series_count;                    /* with labels */
	size_t state_count;                     /* fixed once bound */
	char labels[FAST_LABELS_BYTES_MAX + 1]; /* fixed */
	char states[FAST_STATES_BYTES_MAX + 1]; /* fixed once bound */
	/* NULL: none yet. Read by any thread that has found the handle bound; set by release. */
	struct fast_page_exemplars *exemplars;
	uint32_t exemplars_offset; /* 0: none */
	bool exemplars_refused;    /* there was no room; atomic */
};

/* What points into the page. The kernel zeroes the first part in every child, whether it was made
 * by fork() or a bare clone(): a child finds that it has no page, and touches the parent's never.
 */
#define HANDLES_WIPED_BYTES 12288
struct handles {
	union {
		struct {
			struct fast_metric metrics[METRICS_SLOTS];
			const struct fast_page_params *params[FAST_PAGE_SEGMENTS_MAX];
		} wiped;
		unsigned char bytes[HANDLES_WIPED_BYTES];
	} u;
	struct metric_info *infos[METRICS_SLOTS]; /* as far behind as the part is long */
};
_Static_assert(sizeof(((struct handles *)0)->u) == HANDLES_WIPED_BYTES, "whole memory pages");
_Static_assert(sizeof(struct fast_metric) == sizeof(struct metric_info *), "side by side");

/* A value as a page slot holds it. */
struct param_value {
	uint64_t word; /* bool, int, the bits of a double; a string's length */
	uint64_t string[FAST_PAGE_STRING_BYTES / 8];
};

/* The spec, copied. Fixed once declared. */
struct param_rules {
	enum fast_param_type type;
	bool read_only;
	bool restart_required;
	uint32_t ack_timeout_ms; /* 0: fastd's own */
	struct param_value initial;
	double min;
	double max; /* max > min, or both 0: any */
	double step;
	size_t choice_count;
	struct param_value choices[FAST_PARAM_CHOICES_MAX];
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	char help[FAST_METRIC_HELP_BYTES_MAX + 1];
};

#define FAST_PARAM_SETTLED_STEP (2 * (uint64_t)FAST_PARAM_CHOICES_MAX)
#define FAST_PARAM_UNSETTLED    UINT64_MAX

struct fast_param {
	struct fast_plugin *plugin;
	/* Region A of the first segment, which has the generation, and of the param's own: words
	 * of the handles, NULL where this process has no page. */
	const struct fast_page_params *const *first;
	const struct fast_page_params *const *region;
	struct fast_page_ack *ack; /* as good as *region */
	uint32_t slot;             /* over all segments */
	/* The newest good value that a get has found: read by any thread as relaxed atomics,
	 * written by the one that has set `updating`. Who finds it set does without. */
	_Atomic uint64_t revision;
	struct param_value good;
	_Atomic size_t choice; /* ENUM: index of good in the choices */
	atomic_flag updating;
	/* ENUM: the page's generation that is known to hold good, times FAST_PARAM_SETTLED_STEP,
	 * plus choice; written as these are. */
	_Atomic uint64_t settled;
	_Atomic uint64_t reported; /* newest revision reported as impossible */
	struct param_rules rules;
	atomic_bool explicit_ack;        /* a get acknowledges nothing */
	_Atomic uint64_t dispatched;     /* newest revision that the callback was called for */
	fast_param_change_fn *on_change; /* guarded by the plugin's lock, as what follows */
	void *on_change_arg;
	uint64_t failed_revision; /* newest that could not be applied; 0: none */
	bool failure_unsent;      /* fastd has not been told of it */
	char failed_reason[FAST_PARAM_REASON_BYTES_MAX + 1];
};

/* What fastd is told of: a metric once its kind is known, or a param. */
struct announcement {
	const struct metric_info *metric; /* or NULL */
	bool exemplars;                   /* that the metric, announced before, now has */
	const struct fast_param *param;   /* or NULL */
	uint32_t segment;                 /* or 0 */
};

struct fast_plugin {
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	struct sockaddr_un addresses[FAST_ADDRESSES_MAX]; /* in this order; an empty path: none */
	char *endpoint; /* of a fastd elsewhere; NULL: the addresses */
	char *tls_ca;   /* NULL: none, as the two that follow */
	char *tls_certificate;
	char *tls_key;
	int64_t open_time_unix_ns;
	struct fast_page_map map; /* the first segment */
	struct handles *handles;
	pthread_t thread;
	bool refusal_logged; /* the thread's */
	atomic_bool attached;
	atomic_bool stopping;
	atomic_bool has_callbacks; /* some param had one: a dispatch takes the lock */
	_Atomic pid_t child;       /* this process, forked off and without a page yet; 0: not so */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool has_thread; /* false in a forked child, or when fastd can't have the page */
	int wake_fd;     /* eventfd: something new for the thread, or stopping */
	int socket_fd;   /* opened and closed by the thread; -1: no connection */
	uint32_t cells_end;
	size_t metric_count;
	size_t reserved_count; /* of these, the SDK's own */
	size_t param_count;
	size_t announce_count;
	size_t exemplar_count; /* metrics that have exemplars */
	size_t segment_count;
	struct fast_page_map segments[FAST_PAGE_SEGMENTS_MAX]; /* [0] is map */
	struct metric_info *metrics[METRICS_SLOTS];
	struct fast_param *params[FAST_PLUGIN_PARAMS_MAX];
	struct announcement announce[FAST_ANNOUNCE_MAX]; /* only grows */
	char instance[FAST_INSTANCE_BYTES_MAX + 1];      /* what fastd gave; "": nothing yet */
	char parent[FAST_INSTANCE_BYTES_MAX + 1];        /* a forked child's; "": none */
	char error[FAST_PLUGIN_ERROR_BYTES];

	/* A forked child's knobs as they were. */
	struct fast_page_slot inherited[FAST_PAGE_SEGMENTS_MAX][FAST_PAGE_PARAMS_MAX];

	struct fast_plugin *next; /* guarded by the list's lock, in fork.c */
};

/* Keeps the sentence for fast_plugin_error(). Gives status. Takes the lock. */
FAST_PRINTF(3, 4)
enum fast_status fast_plugin_refuse(struct fast_plugin *plugin, enum fast_status status,
				    const char *format, ...);

/* Nanoseconds since 1970. */
int64_t fast_plugin_unix_now_ns(void);

/* Tells the thread that there is something to do. The caller holds the lock. */
void fast_plugin_wake(struct fast_plugin *plugin);

/* Makes the condition variable: at open, and anew in a forked child. */
void fast_plugin_changed_init(struct fast_plugin *plugin);

/* The revision in the page at this moment; it need not be a good one (param_get.c). */
uint64_t fast_param_page_revision(const struct fast_param *param);

/* The value that the last get gave; acknowledges nothing (param_get.c). While another thread's get
 * is at it, the initial one. */
void fast_param_last(struct fast_param *param, struct fast_param_reading *out);

/* Wakes all who wait for a change, so that they look again (param_wait.c). */
void fast_plugin_wake_waiters(struct fast_plugin *plugin);

/* Finds the metric with the scratch's name and labels, or makes it (metric.c). The caller holds the
 * lock. RESOURCE_EXHAUSTED with a reason of FAST_REASON_BYTES. */
FAST_MUST_CHECK enum fast_status fast_metric_obtain(struct fast_plugin *plugin,
						    const struct metric_info *scratch,
						    struct metric_info **out, char *reason);
/* NULL: there is none. The caller holds the lock. */
struct metric_info *fast_metric_find(const struct fast_plugin *plugin, const char *name,
				     const char *labels);
/* Gives the metric its cell and announces it. The caller holds the lock. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_metric_place(struct metric_info *metric,
						   enum fast_metric_kind kind);

/* Finds room for so many bytes, in a new segment if need be. The caller holds the lock.
 * RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_cell_reserve(struct fast_plugin *plugin, uint32_t bytes,
						   uint32_t *offset);

/* Whether the author can have no more. The caller holds the lock. */
bool fast_metrics_are_full(const struct fast_plugin *plugin);
/* The series that takes what there is no room for, of this kind, or without one yet: its verbs go
 * to their kind's (metric_overflow.c). NULL: the kind has none, or no memory. The caller holds the
 * lock. */
struct metric_info *fast_metric_overflow(struct fast_plugin *plugin, enum fast_metric_kind kind);
/* Its handle. Takes the lock. */
struct fast_metric *fast_metric_overflow_handle(struct fast_plugin *plugin,
						enum fast_metric_kind kind);
/* Counts that something was folded. Takes the lock. */
void fast_metric_count_folded(struct fast_plugin *plugin);

/* Gives an undeclared metric its kind and cell; one that has a kind keeps it. Takes the lock. */
void fast_metric_bind(struct metric_info *metric, enum fast_metric_kind kind);

/* A page with the announced number of segments and nothing in it (segment.c). The caller holds the
 * lock, or is alone. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_segments_open(struct fast_plugin *plugin, size_t count);
void fast_segments_close(struct fast_plugin *plugin);
/* Lets all who read params see them: now the page is in this process. */
void fast_segments_publish(struct fast_plugin *plugin);
/* One more segment, announced. The caller holds the lock. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_segments_grow(struct fast_plugin *plugin);
/* Writes the cell's begin and lets the handle point to it. The caller holds the lock. */
void fast_segments_bind(struct fast_plugin *plugin, struct metric_info *metric);
/* Lets the metric keep exemplars, if it has room for them. The caller holds the lock. */
void fast_segments_bind_exemplars(struct fast_plugin *plugin, struct metric_info *metric);
/* Lets the param read and acknowledge. The caller holds the lock. */
void fast_segments_connect(struct fast_plugin *plugin, struct fast_param *param);

/* Makes memory for handles. NULL: there is none. */
struct handles *fast_handles_new(void);
void fast_handles_free(struct handles *handles);

/* Starts the housekeeping thread. The caller holds the lock. */
FAST_MUST_CHECK enum fast_status fast_plugin_start(struct fast_plugin *plugin);

/* Whether this process has a page; a forked child gets its own at the first call. False: never in
 * this process, which a bare clone() has made or which has no memory (fork.c). Takes the lock. */
bool fast_plugin_is_here(struct fast_plugin *plugin);

/* The thread's whole life (attach.c). arg is the plugin. */
void *fast_attach_run(void *arg);
/* The same for plugins with an endpoint (remote/remote.c), and which of its like they get; NULL:
 * nobody has set one. */
void *fast_remote_run(void *arg);
typedef void *fast_plugin_run_fn(void *arg);
void fast_plugin_set_remote(fast_plugin_run_fn *run);

/* What fastd says about being attached. instance NULL: the name stays. Takes the lock. */
void fast_plugin_set_attached(struct fast_plugin *plugin, bool attached, const char *instance);
/* Marks all failures as not told: this fastd does not know them. Takes the lock. */
void fast_plugin_resay_failures(struct fast_plugin *plugin);
/* Keeps and logs a refusal. whole: of the plugin, not of something in it. Takes the lock. */
void fast_plugin_keep_refusal(struct fast_plugin *plugin, bool whole, const char *name,
			      const char *message, uint32_t code);

/* The list of open plugins, for fork (fork.c). RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_fork_register(struct fast_plugin *plugin);
void fast_fork_forget(struct fast_plugin *plugin);

static inline struct metric_info *metric_info(const struct fast_metric *metric)
{
	const unsigned char *info = (const unsigned char *)metric + HANDLES_WIPED_BYTES;

	return *(struct metric_info *const *)(const void *)info;
}

static inline enum fast_metric_kind metric_kind(const struct fast_metric *metric)
{
	uintptr_t bound = __atomic_load_n(&metric->bound, __ATOMIC_ACQUIRE);

	return (enum fast_metric_kind)(bound & FAST_METRIC_KIND_MASK);
}

/* NULL: not in this process. */
static inline const struct fast_page_params *region_load(const struct fast_page_params *const *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

#endif
