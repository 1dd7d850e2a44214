/* plugin_impl.h - what a plugin, a metric and a param are inside. */
#ifndef FAST_PLUGIN_IMPL_H
#define FAST_PLUGIN_IMPL_H

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
#define FAST_PLUGIN_ERROR_BYTES 512
#define FAST_ANNOUNCE_MAX       (FAST_PLUGIN_METRICS_MAX + FAST_PLUGIN_PARAMS_MAX)

_Static_assert(FAST_PLUGIN_PARAMS_MAX == FAST_PAGE_PARAMS_MAX, "a slot for each param");
_Static_assert(FAST_PAGE_CELLS_OFFSET +
			       FAST_PLUGIN_METRICS_MAX * sizeof(struct fast_page_heartbeat) <=
		       FAST_PAGE_BYTES,
	       "the page holds the most metrics at their largest, so no cell is ever refused");

struct fast_metric {
	/* Address of the cell, which is aligned to 64 bytes, plus the kind; 0: no verb yet. Set
	 * once, by release, after the cell is whole. */
	uintptr_t bound;
	struct fast_plugin *plugin;
	atomic_flag reported; /* a verb that does not fit was reported */
	uint32_t cell_offset; /* guarded by the plugin's lock; fixed once bound */
	char name[FAST_METRIC_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1]; /* guarded; fixed once bound */
	char help[FAST_METRIC_HELP_BYTES_MAX + 1]; /* guarded; fixed once bound */
};

#define FAST_METRIC_KIND_MASK ((uintptr_t)63)
_Static_assert(offsetof(struct fast_metric, bound) == 0, "read inline by plugins");

/* A value as a page slot holds it. */
struct param_value {
	uint64_t word; /* bool, int, the bits of a double; a string's length */
	uint64_t string[FAST_PAGE_STRING_BYTES / 8];
};

/* The spec, copied. Fixed once declared. */
struct param_rules {
	enum fast_param_type type;
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

struct fast_param {
	struct fast_plugin *plugin;
	const struct fast_page_params *params; /* region A */
	struct fast_page_ack *ack;
	uint32_t slot;
	/* The newest good value that a get has found: read by any thread as relaxed atomics,
	 * written by the one that has set `updating`. Who finds it set does without. */
	_Atomic uint64_t revision;
	struct param_value good;
	_Atomic size_t choice; /* ENUM: index of good in the choices */
	atomic_flag updating;
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
	const struct fast_metric *metric; /* or NULL */
	const struct fast_param *param;   /* or NULL */
};

struct fast_plugin {
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	struct sockaddr_un address;
	int64_t open_time_unix_ns;
	struct fast_page_map map;
	pthread_t thread;
	bool refusal_logged; /* the thread's */
	atomic_bool attached;
	atomic_bool stopping;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool has_thread; /* false in a forked child, or when fastd can't have the page */
	int wake_fd;     /* eventfd: something new for the thread, or stopping */
	int socket_fd;   /* opened and closed by the thread; -1: no connection */
	uint32_t cells_end;
	size_t metric_count;
	size_t param_count;
	size_t announce_count;
	struct fast_metric *metrics[FAST_PLUGIN_METRICS_MAX];
	struct fast_param *params[FAST_PLUGIN_PARAMS_MAX];
	struct announcement announce[FAST_ANNOUNCE_MAX]; /* only grows */
	char instance[FAST_INSTANCE_BYTES_MAX + 1];      /* what fastd gave; "": nothing yet */
	char error[FAST_PLUGIN_ERROR_BYTES];

	struct fast_plugin *next; /* guarded by the list's lock, in fork.c */
};

/* Keeps the sentence for fast_plugin_error(). Gives status. Takes the lock. */
FAST_PRINTF(3, 4)
enum fast_status fast_plugin_refuse(struct fast_plugin *plugin, enum fast_status status,
				    const char *format, ...);

/* Tells the thread that there is something to do. The caller holds the lock. */
void fast_plugin_wake(struct fast_plugin *plugin);

/* Makes the condition variable: at open, and anew in a forked child. */
void fast_plugin_changed_init(struct fast_plugin *plugin);

/* The revision in the page at this moment; it need not be a good one (param_get.c). */
uint64_t fast_param_page_revision(const struct fast_param *param);

/* Wakes all who wait for a change, so that they look again (param_wait.c). */
void fast_plugin_wake_waiters(struct fast_plugin *plugin);

/* Gives an undeclared metric its kind and cell; one that has a kind keeps it. Takes the lock. */
void fast_metric_bind(struct fast_metric *metric, enum fast_metric_kind kind);

/* The thread's whole life (attach.c). arg is the plugin. */
void *fast_attach_run(void *arg);

/* The list of open plugins, for fork (fork.c). RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_fork_register(struct fast_plugin *plugin);
void fast_fork_forget(struct fast_plugin *plugin);

static inline enum fast_metric_kind metric_kind(const struct fast_metric *metric)
{
	uintptr_t bound = __atomic_load_n(&metric->bound, __ATOMIC_ACQUIRE);

	return (enum fast_metric_kind)(bound & FAST_METRIC_KIND_MASK);
}

#endif
